"""min: the smallest value in the window. Of nothing there is none."""

from __future__ import annotations

from otel_alerting.model import Point, Signal
from otel_alerting.rules.frame import Frame, is_spread, measurements
from otel_alerting.rules.window import Extremes


class Min:
    """The smallest value; of histograms the smallest they tell, which only delta histograms do."""

    def __init__(self, frame: Frame) -> None:
        self._window = Extremes(frame.shape, largest=False)

    def add(self, at: int, signal: Signal, value: float) -> None:
        """Take one value in; a histogram without its own smallest has none to give."""
        if isinstance(signal, Point) and is_spread(signal):
            if signal.low is None:
                return
            value = signal.low
        self._window.add(at, value, count=measurements(signal))

    def value(self, at: int) -> float | None:
        """The smallest in the window that ends at `at`."""
        return self._window.value(at)

    def samples(self, at: int) -> int:
        """Values in the window that ends at `at`."""
        return self._window.count(at)
