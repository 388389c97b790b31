"""Timing chooses how often a rule is evaluated: its windows must be multiples of that."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from otel_alerting.cli.rules.prometheus.condition import Condition, Say
from otel_alerting.cli.rules.prometheus.measure import CannotSay
from otel_alerting.cli.rules.prometheus.syntax import Place
from otel_alerting.model.duration import SECOND, Duration
from otel_alerting.rules.operand import MOST_BUCKETS, WINDOW
from otel_alerting.rules.rule import INTERVAL

_LEAST_INTERVAL = SECOND


def times(conditions: Sequence[Condition], interval: int, place: Place, say: Say) -> dict[str, object]:
    """An interval that divides all windows, where the one that there would be does not."""
    said: dict[str, object] = {}
    lead = conditions[0].lead
    if lead.aggregate == "last" and lead.window:
        said["no_data_after"] = str(Duration(lead.window))
    every = _interval([*_spans(conditions)], interval or INTERVAL, place)
    if every != INTERVAL:
        said["interval"] = str(Duration(every))
        if interval and every != interval:
            say(f"evaluated every {Duration(every)}, which divides its windows, and not every {Duration(interval)}")
    return said


def _spans(conditions: Sequence[Condition]) -> Iterator[tuple[int, bool]]:
    """Windows and other times that must be multiples of the interval, and whether they are cut into intervals."""
    yield conditions[0].lead.window or WINDOW, False
    for one in conditions:
        for measure in (one.lead, one.minus, one.divide_by):
            if measure is not None and measure.window:
                yield measure.window, measure.aggregate not in ("absent", "age")
        if one.change is not None:
            yield one.change[0], False


def _interval(spans: Sequence[tuple[int, bool]], wanted: int, place: Place) -> int:
    shared = math.gcd(*(span for span, _ in spans))
    least = max((-(-span // MOST_BUCKETS) for span, is_cut in spans if is_cut), default=0)
    fitting = [every for every in _divisors(shared) if every >= max(least, _LEAST_INTERVAL)]
    if not fitting:
        raise CannotSay(place, "no interval divides its windows, or into too many parts")
    below = [every for every in fitting if every <= wanted]
    return max(below) if below else min(fitting)


def _divisors(number: int) -> Iterator[int]:
    """Whole seconds that divide a duration, and the duration itself."""
    yield number
    whole, rest = divmod(number, SECOND)
    if not rest:
        yield from (part * SECOND for part in range(1, math.isqrt(whole) + 1) if whole % part == 0)
        yield from (whole // part * SECOND for part in range(1, math.isqrt(whole) + 1) if whole % part == 0)
