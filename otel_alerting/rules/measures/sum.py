"""sum: all values of the window added up; of a counter, its exact steps. Nothing is 0."""

from __future__ import annotations

from otel_alerting.model import Signal
from otel_alerting.rules.frame import Frame, measurements
from otel_alerting.rules.window import Window


class Sum:
    """The values added up."""

    def __init__(self, frame: Frame) -> None:
        self._window = Window(frame.shape)

    def add(self, at: int, signal: Signal, value: float) -> None:
        """Take one value in; of a histogram, the sum it carries."""
        self._window.add(at, value, count=measurements(signal))

    def value(self, at: int) -> float:
        """The sum over the window that ends at `at`."""
        return self._window.sum(at)

    def samples(self, at: int) -> int:
        """Values in the window that ends at `at`."""
        return self._window.count(at)
