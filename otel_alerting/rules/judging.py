"""Judging is how a rule finds what to tell its state machine about a group: a number, a bare verdict, or nothing.

its terms -> the number -> what it was before (`compare`) or is expected to be (`baseline`) -> `and`, `unless`
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from otel_alerting.model import Point
from otel_alerting.rules.absence import Absence
from otel_alerting.rules.baseline import Baseline, Judgement, judge_of
from otel_alerting.rules.composition import Composition
from otel_alerting.rules.further import Further
from otel_alerting.rules.group import Bound, Group, Look
from otel_alerting.rules.history import History
from otel_alerting.rules.rule import Compare, Rule

Verdict: TypeAlias = float | bool | None
"""The number to hold against the rule's threshold; True or False where only that is known; None where nothing is."""


class Judging:
    """How the groups of one rule are judged.

    Args:
        rule: with its thresholds, and what it does about values that are gone.
        composition: how its number is made.
        further: its further conditions, that are judged at the same edges.
        horizon: how long a signal can matter; until so long after a gap, windows are not full.
        absence: who is missed, of a rule about that.
    """

    def __init__(
        self,
        rule: Rule,
        composition: Composition,
        further: Sequence[Further],
        horizon: int,
        absence: Absence | None = None,
    ) -> None:
        self._rule, self._composition, self._further, self._horizon = rule, composition, further, horizon
        self._absence, self._is_plain, self._guard = absence, composition.is_plain, composition.guard
        self._is_limited = bool(rule.given()) or isinstance(rule.severity, Mapping)
        self.is_simple = composition.is_plain and rule.compare is None and rule.baseline is None and not further
        """Is it about one number, that is held against nothing but a limit?"""

    def prepare(self, edge: int) -> None:
        """Find out, once for all groups, where the further conditions hold."""
        for one in self._further:
            one.judge(edge)

    def judged(self, group: Group, edge: int) -> tuple[Look, Verdict]:
        """What a group holds at an edge, and what to tell the state machine of it."""
        look = group.look(edge) if self._is_plain else self._composition.look(group, edge)
        if self._absence is not None:
            look = self._absence.look(group, look)
        verdict = self.verdict(group, edge, look)
        if self.is_simple:
            return look, verdict
        if self._rule.compare is not None:
            look, verdict = self._compared(self._rule.compare, group, edge, look, verdict)
        if self._rule.baseline is not None:
            look, verdict = self._expected(self._rule.baseline, group, edge, look, verdict)
        if self._further and verdict is not None:
            verdict = self._joined(group, edge, verdict)
        return look, verdict

    def verdict(self, group: Group, edge: int, look: Look) -> Verdict:
        """What to say of the number alone."""
        rule, value = self._rule, look.value
        is_partial = edge - self._horizon < group.cleared_at
        if value is None and (is_partial or not (rule.min_count and rule.no_data == "ok")):
            if edge - group.silent_since < rule.no_data_after and not is_ended(group):
                return None
            return None if rule.no_data == "keep" else rule.no_data == "alert"
        if value is None or look.samples < self._guard or math.isnan(value):
            return None if is_partial else False
        if is_partial and not self._composition.is_sure(group.threshold, value):
            return None
        return value

    def _compared(
        self, compare: Compare, group: Group, edge: int, look: Look, verdict: Verdict
    ) -> tuple[Look, Verdict]:
        """The same for how far the number is from what it was; before there is a past, nothing is known."""
        if group.history is None:
            group.history = History(int(compare.to), self._rule.every)
        is_known = verdict is not None and look.value is not None and not math.isnan(look.value)
        group.history.put(edge, look.value if is_known else None)
        past = group.history.at(edge - compare.to)
        if verdict is None or isinstance(verdict, bool):
            return look, verdict
        if past is None:
            return Look(None, look.samples), None
        change = _change(compare, verdict, past)
        return Look(change, look.samples), False if math.isnan(change) else change

    def _expected(
        self, baseline: Baseline, group: Group, edge: int, look: Look, verdict: Verdict
    ) -> tuple[Look, Verdict]:
        """The same for what the number is expected to be; a limit beside it must be passed too."""
        if group.judge is None:
            group.judge = judge_of(baseline)
        found = group.judge.judge(edge, None if isinstance(verdict, bool) else verdict)
        if verdict is None or isinstance(verdict, bool):
            return look, verdict
        look = Look(look.value if found.value is None else found.value, look.samples, _bound(found))
        return look, verdict if found.unusual and self._is_limited else found.unusual

    def _joined(self, group: Group, edge: int, verdict: float | bool) -> Verdict:
        """The verdict where the further conditions let it pass; what nobody can know changes nothing, if it matters."""
        met = [one.is_met(group, edge) for one in self._further]
        if False in met:
            return False
        if None in met and _matters(group, verdict):
            return None
        return verdict


def is_ended(group: Group) -> bool:
    """Did the newest signal say that its stream has ended?"""
    return isinstance(group.last, Point) and group.last.absent


def _matters(group: Group, verdict: float | bool) -> bool:
    """Would it fire, or fire on?"""
    return verdict if isinstance(verdict, bool) else any(one.stays(verdict) for one in group.threshold.steps)


def _bound(found: Judgement) -> Bound | None:
    """The bound that was passed, or that would be next."""
    if found.low is not None and (found.high is None or (found.value is not None and found.value < found.low)):
        return Bound("below", found.low, found.over)
    return None if found.high is None else Bound("above", found.high, found.over)


def _change(compare: Compare, value: float, past: float) -> float:
    """How far it is from what it was; of nothing there is no share."""
    if compare.as_ == "absolute":
        return value - past
    return (value - past) / abs(past) if past else math.nan
