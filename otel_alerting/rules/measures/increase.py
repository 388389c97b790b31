"""increase: by how much it grew within the window: a counter's exact steps, restarts included. Nothing is 0."""

from __future__ import annotations

from otel_alerting.model import Point, Signal
from otel_alerting.rules.frame import Frame, is_gauge, weight, whole
from otel_alerting.rules.window import Total


class Increase:
    """The positive steps added up: what a counter counted, a histogram measured, how far a level rose each time.

    A level's fall is no restart: only its rises are counted, and one that comes out of order is none.
    """

    def __init__(self, frame: Frame) -> None:
        self._window = Total(frame.shape)
        self._level_at, self._level = 0, 0.0

    def add(self, at: int, signal: Signal, value: float) -> None:
        """Take one signal, or one counter's step, in."""
        if isinstance(signal, Point) and is_gauge(signal):
            self._rise(at, value)
        else:
            self._window.add(at, weight(signal))

    def value(self, at: int) -> float:
        """The growth in the window that ends at `at`."""
        return self._window.sum(at)

    def samples(self, at: int) -> int:
        """The same in whole things."""
        return whole(self._window.sum(at))

    def _rise(self, at: int, value: float) -> None:
        if at <= self._level_at:
            return
        if self._level_at and value > self._level:
            self._window.add(at, value - self._level)
        self._level_at, self._level = at, value
