"""count: how many there were in the window: signals, a histogram's measurements, a counter's steps. Nothing is 0."""

from __future__ import annotations

from otel_alerting.model import Signal
from otel_alerting.rules.frame import Frame, weight, whole
from otel_alerting.rules.window import Total


class Count:
    """How many things happened, whatever they measured."""

    def __init__(self, frame: Frame) -> None:
        self._window = Total(frame.shape)

    def add(self, at: int, signal: Signal, value: float) -> None:
        """Take one signal in; its value does not matter."""
        self._window.add(at, weight(signal))

    def value(self, at: int) -> float:
        """How many, in the window that ends at `at`."""
        return self._window.sum(at)

    def samples(self, at: int) -> int:
        """How many, in the window that ends at `at`."""
        return whole(self._window.sum(at))
