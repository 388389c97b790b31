"""avg: the mean of the window's values. Of nothing there is none."""

from __future__ import annotations

from otel_alerting.model import Signal
from otel_alerting.rules.frame import Frame, measurements
from otel_alerting.rules.window import Window


class Avg:
    """Sum by count, so that a histogram point of a thousand measurements weighs a thousand times one."""

    def __init__(self, frame: Frame) -> None:
        self._window = Window(frame.shape)

    def add(self, at: int, signal: Signal, value: float) -> None:
        """Take one value in; of a histogram, the sum it carries with its count."""
        self._window.add(at, value, count=measurements(signal))

    def value(self, at: int) -> float | None:
        """The mean over the window that ends at `at`."""
        count = self._window.count(at)
        return self._window.sum(at) / count if count else None

    def samples(self, at: int) -> int:
        """Values in the window that ends at `at`."""
        return self._window.count(at)
