"""An indicator says how much happened with a signal, and how much of it was bad."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from otel_alerting.model import Point, Signal
from otel_alerting.rules.frame import is_spread, weight
from otel_alerting.rules.matching import Takes, part
from otel_alerting.rules.portion import Limits, Portion, lies_within
from otel_alerting.rules.sketch import share_within
from otel_alerting.rules.slo.objective import Sli, is_portion
from otel_alerting.rules.slo.tiers import Tally

Indicate: TypeAlias = Callable[[Signal], Tally]
"""Takes a signal that is meant, of a counter its step. Raises `Undecided`, as matching does."""


def indicator_of(sli: Sli) -> Indicate:
    """What a signal of the indicator's own kind and name says.

    Where a second counter counts the good, everything here is bad until that counter says otherwise.
    """
    if sli.counter is not None:
        return _whole if sli.bad is not None else _wholly_bad
    judges = [_judge(sli, index) for index in range(len(sli.outcome))]
    judge = judges[0] if len(judges) == 1 else _worst(judges)
    return judge if sli.bad is not None else _opposite(judge)


def counter_of(sli: Sli) -> Indicate:
    """What a signal of the second counter says."""
    sign = 1.0 if sli.bad is not None else -1.0
    return lambda signal: Tally(0.0, sign * weight(signal))


def _whole(signal: Signal) -> Tally:
    return Tally(weight(signal), 0.0)


def _wholly_bad(signal: Signal) -> Tally:
    return Tally(weight(signal), weight(signal))


def _judge(sli: Sli, index: int) -> Indicate:
    """How much of a signal one of the mappings covers."""
    where = sli.outcome[index]
    if is_portion(sli.kind, where):
        return _Spread(Portion.parse(where))
    return _by_attributes(part(sli.kind, where))


def _by_attributes(takes: Takes) -> Indicate:
    def indicate(signal: Signal) -> Tally:
        size = weight(signal)
        return Tally(size, size if takes(signal) else 0.0)

    return indicate


def _worst(judges: list[Indicate]) -> Indicate:
    """What any of several covers. Of a histogram, of which each may cover a share, the largest share."""
    return lambda signal: max((judge(signal) for judge in judges), key=lambda tally: tally.bad)


def _opposite(judge: Indicate) -> Indicate:
    def indicate(signal: Signal) -> Tally:
        total, good = judge(signal)
        return Tally(total, total - good)

    return indicate


class _Spread:
    """Which of a metric's own values lie beyond a limit: of a histogram the share of its buckets."""

    def __init__(self, portion: Portion) -> None:
        self._portion = portion
        self._limits: dict[str, Limits] = {}

    def __call__(self, signal: Signal) -> Tally:
        if not isinstance(signal, Point):
            return Tally(0.0, 0.0)
        limits = self._limits.get(signal.unit)
        if limits is None:
            limits = self._limits[signal.unit] = self._portion.within(signal.unit)
        if not is_spread(signal):
            return Tally(1.0, float(lies_within(limits, signal.value)))
        return Tally(0.0, 0.0) if signal.buckets is None else Tally(*share_within(signal.buckets, limits))
