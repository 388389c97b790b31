"""A further condition, running: groups of its own, and the question whether it holds for a group of its rule.

It is judged at the rule's edges, once for all groups, and remembers nothing between them. Its groups and the rule's
belong together where they agree in the labels they are joined on; where several of its groups do, one that holds is
enough.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TypeAlias, cast

from otel_alerting.model import Severity
from otel_alerting.rules.composition import Composition
from otel_alerting.rules.condition import step_of
from otel_alerting.rules.excess import Excess
from otel_alerting.rules.group import Group
from otel_alerting.rules.grouping import Grouping, Plan
from otel_alerting.rules.operand import FurtherCondition
from otel_alerting.rules.reading import By
from otel_alerting.rules.room import Room
from otel_alerting.rules.rule import Rule
from otel_alerting.rules.term import terms_of
from otel_alerting.rules.threshold import Threshold

Joint: TypeAlias = tuple[object, ...]
"""What two groups must both have to belong together."""
Join: TypeAlias = Callable[[Hashable], Joint]
"""Takes the key of a group, gives its values of the labels that are joined on; empty where it has none."""


class Further:
    """One condition of `and` or `unless`.

    Args:
        condition: as it is written.
        rule: whose.
        room: how many series there may be in the process.
        excess: is told of signals that there was no group for.
        is_wanted: must it hold (`and`), or must it not (`unless`)?
    """

    def __init__(self, condition: FurtherCondition, rule: Rule, room: Room, excess: Excess, *, is_wanted: bool) -> None:
        self._condition, self._is_wanted = condition, is_wanted
        self._composition = Composition(condition)
        by = _by(condition, rule)
        self.groups = Grouping(
            Plan(
                terms=terms_of(condition, rule),
                by=by,
                max_series=rule.max_series,
                threshold=self._threshold,
                unit=self._composition.unit,
            ),
            room,
            excess,
        )
        self._inside, self._outside = _joins(condition.on, by, rule.by)
        self._signature = (condition, [term.signature for term in self.groups.plan.terms], by)
        self._found: dict[str, dict[Joint, bool | None]] = {}

    def begin(self, now: int) -> None:
        """Somebody looks from now on; what is absent is so when a whole window has passed."""
        if self._composition.of_nothing:
            self.groups.cleared_at = now

    def judge(self, edge: int) -> None:
        """Find out where it holds, at an edge."""
        self._found = {}
        for group in self.groups:
            there, joint = self._found.setdefault(group.tenant, {}), self._inside(group.key)
            there[joint] = _either(there.get(joint, False), self._verdict(group, edge))

    def take_over(self, old: Sequence[Further], now: int) -> None:
        """Go on with the groups of the same condition before a change; of another, nothing is known for a window."""
        if old and old[0]._signature == self._signature:
            self.groups.take_over(old[0].groups)
        else:
            self.groups.cleared_at = now

    def is_met(self, group: Group, edge: int) -> bool | None:
        """Does it let a group of the rule pass, at the edge that was judged last? None where nobody can know."""
        holds = self._holds(group, edge)
        return holds if holds is None or self._is_wanted else not holds

    def _holds(self, group: Group, edge: int) -> bool | None:
        there, joint = self._found.get(group.tenant, {}), self._outside(group.key)
        if joint in there:
            return there[joint]
        if len(there) == 1:
            ((only, found),) = there.items()
            if not any(only):  # its signals have none of the labels: it is about all of the tenant
                return found
        return self._of_nothing(edge)

    def _of_nothing(self, edge: int) -> bool | None:
        """A count of nothing is 0, and nothing is absent, unless nobody could have seen anything."""
        if edge - self.groups.plan.horizon < self.groups.cleared_at:
            return None
        holds = self.groups.threshold("").steps[0].holds(self._composition.of_nothing)
        return self._composition.is_zero and not self._composition.guard and holds

    def _verdict(self, group: Group, edge: int) -> bool | None:
        if not group.is_whole:
            return False
        value, samples = self._composition.look(group, edge)[:2]
        if value is None and self._composition.of_nothing:
            value = self._composition.of_nothing
        is_partial = edge - self.groups.plan.horizon < group.cleared_at
        if value is None or math.isnan(value) or samples < self._composition.guard:
            return None if is_partial else False
        if is_partial and not self._composition.is_sure(group.threshold, value):
            return None
        return group.threshold.steps[0].holds(value)

    def _threshold(self, unit: str) -> Threshold:
        return Threshold(steps=(step_of(self._condition, Severity.WARNING, unit),))


def _either(one: bool | None, other: bool | None) -> bool | None:
    return True if one or other else None if one is None or other is None else False


def _by(condition: FurtherCondition, rule: Rule) -> By:
    """What its groups are: its own `by`, else the rule's; but a rule's series are no groups of spans or logs."""
    if condition.by is not None:
        return condition.by
    return rule.by if rule.by != "series" or condition.kind == "metric" else ()


def _joins(on: Sequence[str] | None, by: By, rule_by: By) -> tuple[Join, Join]:
    """How to join: on the labels said, else on those that both sides group by, else, of series, on all."""
    if on is None and by == rule_by == "series":
        return _whole, _whole
    names = _shared(by, rule_by) if on is None else on
    return _join(by, names), _join(rule_by, names)


def _shared(by: By, rule_by: By) -> Sequence[str]:
    ours, theirs = ([] if one == "series" else [group.attribute for group in one] for one in (by, rule_by))
    if by == "series" or rule_by == "series":
        return ours or theirs
    return [name for name in ours if name in theirs]


def _join(by: By, names: Sequence[str]) -> Join:
    if by == "series":
        return lambda key: _named(dict(cast("Sequence[tuple[str, str]]", _whole(key))), names)
    known = [one.attribute for one in by]
    return lambda key: _named(dict(zip(known, _whole(key), strict=False)), names)


def _named(labels: Mapping[str, object], names: Sequence[str]) -> Joint:
    return tuple([labels.get(name, "") for name in names])


def _whole(key: Hashable) -> Joint:
    """The values of a key; none of the group that stands for all others."""
    return key if isinstance(key, tuple) else ()
