"""ratio: which share of the window's signals is of a kind, `of: {status: error}`. Of nothing it is no number: false."""

from __future__ import annotations

import math

from otel_alerting.model import Signal
from otel_alerting.rules.frame import Frame, measurements, weight
from otel_alerting.rules.window import Window


class Ratio:
    """The part by the whole, both over the same window."""

    def __init__(self, frame: Frame) -> None:
        self._whole, self._part = Window(frame.shape), Window(frame.shape)
        self._takes = frame.part

    def add(self, at: int, signal: Signal, value: float) -> None:
        """Take one signal, or a counter's step, into the whole, and into the part when it is of that kind."""
        is_part = self._takes is None or self._takes(signal)
        size, count = weight(signal), measurements(signal)
        self._whole.add(at, size, count=count)
        if is_part:
            self._part.add(at, size, count=count)

    def value(self, at: int) -> float:
        """The share in the window that ends at `at`; NaN, which no condition holds for, when the whole is nothing."""
        whole = self._whole.sum(at)
        return self._part.sum(at) / whole if whole > 0 else math.nan

    def samples(self, at: int) -> int:
        """How much the whole is, in the window that ends at `at`."""
        return self._whole.count(at)
