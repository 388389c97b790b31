"""A frame is what a rule tells its measures: how long the window is, which quantile, which part of the whole."""

from __future__ import annotations

from dataclasses import dataclass

from otel_alerting.model import Point, Signal
from otel_alerting.rules.attributes import Read
from otel_alerting.rules.matching import Takes
from otel_alerting.rules.portion import Portion
from otel_alerting.rules.window import Shape


@dataclass(frozen=True)
class Frame:
    """One for all groups of a rule."""

    shape: Shape
    share: float = 0.0
    """Of a quantile: 0.99 for p99."""
    part: Takes | None = None
    """Of a ratio: which signals are in the numerator."""
    portion: Portion | None = None
    """Of a fraction: which values are counted."""
    read: Read | None = None
    """Of `unique` and `changes`: how to read the attribute they are about; None where it is a metric's value."""
    ahead: int = 0
    """Of a forecast: how many nanoseconds after the window's end."""
    stale: int = 0
    """After how many nanoseconds a last value is none any more."""


def weight(signal: Signal) -> float:
    """How much happened: one for a log record, span or gauge point, a counter's step, a histogram's count."""
    if not isinstance(signal, Point):
        return 1.0
    return signal.value if signal.kind == "sum" and signal.monotonic else float(signal.count)


def measurements(signal: Signal) -> int:
    """The same in whole things, as a traffic guard counts them: a counter's step of 50 is 50 requests."""
    return whole(weight(signal))


def whole(size: float) -> int:
    """A count of things from a sum of weights; a part of one is one: counters of seconds are seen too."""
    return int(size) if size >= 1 else int(size > 0)


def is_spread(signal: Signal) -> bool:
    """Is it many measurements told as one, whose value is their sum?"""
    return isinstance(signal, Point) and signal.kind not in ("gauge", "sum")


def is_gauge(point: Point) -> bool:
    """Is it a level, which must not be added up over time, rather than a count or a change?"""
    if point.kind == "sum":
        return not point.monotonic and point.temporality == "cumulative"
    return point.kind == "gauge"
