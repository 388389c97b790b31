"""Eagerness is to tell on an event what the next edge could not but find: a count, sum or maximum that is too much.

Only a rule about one number can be eager, and only where that number cannot become less until its edge.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from otel_alerting.model import Point, Signal
from otel_alerting.rules.condition import RISING
from otel_alerting.rules.frame import weight
from otel_alerting.rules.group import Group, Look
from otel_alerting.rules.judging import Judging
from otel_alerting.rules.operand import Operand
from otel_alerting.rules.rule import Rule
from otel_alerting.rules.threshold import Step

GROWING = frozenset(("count", "sum", "max", "new"))
"""Measures that one more signal cannot make smaller."""

Gain: TypeAlias = Callable[[Signal, float, float], float]
"""How much nearer to a limit a signal of a value can have brought a number, at most."""


class Reached(NamedTuple):
    """A step that is reached before its edge."""

    level: int
    look: Look


class Eager:
    """Looks at a group only when its number may have come near enough to the next limit."""

    def __init__(self, rule: Rule, judging: Judging) -> None:
        self._judging = judging
        self._gain = _gain_of(rule)

    def reached(self, group: Group, signal: Signal, value: float, edge: int) -> Reached | None:
        """The step that a signal, just taken in, has brought a group to; None where that is no news."""
        if group.looked_at == edge:
            group.slack -= self._gain(signal, value, group.limit)
            if group.slack > 0:
                return None
        look = group.look(edge)
        group.looked_at, group.limit = edge, _limit(group)
        group.slack = _slack(group.limit, look.value or 0.0)
        level = self._level(group, edge, look)
        return Reached(level, look) if level > group.level else None

    def _level(self, group: Group, edge: int, look: Look) -> int:
        """The highest step that fires without waiting."""
        verdict = self._judging.verdict(group, edge, look)
        if verdict is None or isinstance(verdict, bool):
            return -1
        steps = group.threshold.steps
        return max((index for index, one in enumerate(steps) if _fires_at_once(one) and one.holds(verdict)), default=-1)


def eager_of(rule: Rule, judging: Judging) -> Eager | None:
    """What may make a rule's alerts fire on events alone; None where nothing may.

    Not where series join so that one more may lower the number, nor where more is asked than whether it is too much.
    """
    grows = rule.measure in GROWING and rule.across in (None, "sum", "max", "count")
    if not grows or rule.new_group_delay or rule.require_full_window or not judging.is_simple:
        return None
    return Eager(rule, judging) if any(map(_fires_at_once, rule.threshold("").steps)) else None


def _gain_of(operand: Operand) -> Gain:
    if operand.across == "count" or operand.measure == "new":
        return lambda signal, value, limit: 1.0
    if operand.measure == "count":
        return lambda signal, value, limit: weight(signal)
    return _gain_of_sum if operand.measure == "sum" else _gain_of_maximum


def _gain_of_sum(signal: Signal, value: float, limit: float) -> float:
    return max(0.0, value)


def _gain_of_maximum(signal: Signal, value: float, limit: float) -> float:
    high = signal.high if isinstance(signal, Point) and signal.buckets is not None else value
    return math.inf if high is not None and high >= limit else 0.0


def _fires_at_once(one: Step) -> bool:
    return one.hold == 0 and one.comparison in RISING


def _limit(group: Group) -> float:
    """What the number must reach for an event to raise the group's level."""
    steps = group.threshold.steps[group.level + 1 :]
    return min((one.limit for one in steps if _fires_at_once(one)), default=math.inf)


def _slack(limit: float, value: float) -> float:
    """By how much a number may grow before it is worth another look; a little less, for sums are rounded."""
    return limit if math.isinf(limit) else limit - value - abs(limit) * 1e-9
