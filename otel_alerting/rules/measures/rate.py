"""rate: how many a second, over the window; of a counter, its exact steps. Nothing is 0, nothing is extrapolated."""

from __future__ import annotations

from otel_alerting.model import Signal
from otel_alerting.model.duration import SECOND
from otel_alerting.rules.frame import Frame, weight, whole
from otel_alerting.rules.window import Total


class Rate:
    """The sum of what was seen, divided by the window's length even while the window is young."""

    def __init__(self, frame: Frame) -> None:
        self._window = Total(frame.shape)
        self._seconds = frame.shape.window / SECOND

    def add(self, at: int, signal: Signal, value: float) -> None:
        """Take one signal, or one counter's step, in."""
        self._window.add(at, weight(signal))

    def value(self, at: int) -> float:
        """How many a second, in the window that ends at `at`."""
        return self._window.sum(at) / self._seconds

    def samples(self, at: int) -> int:
        """How many, in the window that ends at `at`."""
        return whole(self._window.sum(at))
