"""ratio: which share of the window's signals is of a kind, `of: {status: error}`. Of nothing it is no number: false."""

from __future__ import annotations

import math

from otel_alerting.model import Signal
from otel_alerting.rules.frame import Frame, weight, whole
from otel_alerting.rules.window import Total


class Ratio:
    """The part by the whole, both over the same window."""

    def __init__(self, frame: Frame) -> None:
        self._whole, self._part = Total(frame.shape), Total(frame.shape)
        self._takes = frame.part

    def add(self, at: int, signal: Signal, value: float) -> None:
        """Take one signal, or a counter's step, into the whole, and into the part when it is of that kind."""
        is_part = self._takes is None or self._takes(signal)
        self._whole.add(at, weight(signal))
        if is_part:
            self._part.add(at, weight(signal))

    def value(self, at: int) -> float:
        """The share in the window that ends at `at`; NaN, which no condition holds for, when the whole is nothing."""
        total = self._whole.sum(at)
        return self._part.sum(at) / total if total > 0 else math.nan

    def samples(self, at: int) -> int:
        """How much the whole is, in the window that ends at `at`."""
        return whole(self._whole.sum(at))
