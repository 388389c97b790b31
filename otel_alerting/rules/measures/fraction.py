"""fraction: which share of the window's values lies on one side of a limit, `of: {above: 800ms}`. Of nothing: false."""

from __future__ import annotations

import math

from otel_alerting.model import Point, Signal
from otel_alerting.rules.frame import Frame, is_spread
from otel_alerting.rules.portion import Limits, lies_within
from otel_alerting.rules.sketch import share_within
from otel_alerting.rules.window import Total


class Fraction:
    """Values are a gauge's points, a histogram's measurements, a span's duration, or what an attribute says.

    Inside a histogram's bucket values are where a quantile would find them, so the fraction above a limit that is one
    of its bounds is exact.
    """

    def __init__(self, frame: Frame) -> None:
        self._whole, self._part = Total(frame.shape), Total(frame.shape)
        self._portion = frame.portion
        self._limits: dict[str, Limits] = {}

    def add(self, at: int, signal: Signal, value: float) -> None:
        """Take one value, or one histogram point, in."""
        limits = self._within(signal.unit if isinstance(signal, Point) else "")
        if not isinstance(signal, Point) or not is_spread(signal):
            self._take(at, 1.0, float(lies_within(limits, value)))
        elif signal.buckets is not None:
            self._take(at, *share_within(signal.buckets, limits))

    def value(self, at: int) -> float:
        """The share in the window that ends at `at`; NaN, which no condition holds for, when there are no values."""
        total = self._whole.sum(at)
        return self._part.sum(at) / total if total > 0 else math.nan

    def samples(self, at: int) -> int:
        """Values in the window that ends at `at`."""
        return int(self._whole.sum(at))

    def _take(self, at: int, number: float, part: float) -> None:
        self._whole.add(at, number)
        if part:
            self._part.add(at, part)

    def _within(self, unit: str) -> Limits:
        """The limits in a unit, worked out once."""
        limits = self._limits.get(unit)
        if limits is None:
            limits = self._portion.within(unit) if self._portion is not None else ()
            self._limits[unit] = limits
        return limits
