"""Keeping is how the groups of a rule outlive its process: a state is made of them, and they are made of it again.

What is kept is how each group stands and what was told of it; its windows are empty afterwards, and nothing in them is
a sign of anything until they are full again. After an hour in which nobody looked, all that is left of a group is what
it has learned (for `compare`, `baseline` and the like), and what was told of it is over.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias, cast

import msgspec

from otel_alerting.model import Alert
from otel_alerting.rules.baseline import judge_of
from otel_alerting.rules.excess import Excess
from otel_alerting.rules.group import Group, Part
from otel_alerting.rules.grouping import Grouping
from otel_alerting.rules.history import History, Packed
from otel_alerting.rules.reading import By
from otel_alerting.rules.rule import Rule
from otel_alerting.rules.state import FORGOTTEN, RuleState
from otel_alerting.rules.telling import Teller
from otel_alerting.rules.term import Remembering
from otel_alerting.rules.threshold import Watch, graced, moved, rebased, relevelled

Place: TypeAlias = int
"""Where an alert stands among those of the state; -1 for none."""


class PartState(msgspec.Struct, frozen=True, array_like=True):
    """Of one term of a group."""

    across: str
    own_unit: str
    seen_at: int
    memory: bytes
    """What its measure knows beyond its window; empty for nothing."""


class GroupState(msgspec.Struct, frozen=True, array_like=True):
    """Of one group."""

    tenant: str
    key: str | tuple[str | tuple[str, str], ...]
    born_at: int
    parts: tuple[PartState | None, ...]
    watch: Watch
    level: int
    alert: Place
    started_at: int
    total: int
    before: int
    is_crowded: bool
    is_expected: bool
    history: Packed | None
    learned: bytes
    """What is expected of it; empty for nothing."""

    @property
    def knows(self) -> bool:
        """Is there anything that is true however long nobody has looked?"""
        return self.history is not None or bool(self.learned) or any(part and part.memory for part in self.parts)


class Kept(msgspec.Struct, frozen=True, array_like=True):
    """Of one rule, beside its alerts."""

    by: str | tuple[str, ...]
    labels: Mapping[str, str]
    """The rule's own."""
    severities: tuple[int, ...]
    """Of its steps: levels and watches speak of them by their place."""
    groups: tuple[GroupState, ...]
    crowds: Mapping[str, tuple[Place, int]]
    """By tenant: the overflow alert, and the observations of those of it that are over."""
    excess: Mapping[str, tuple[Place, int, int]]
    """By tenant: the alert about too many series, when there were last too many, and for how many signals."""


class Keeper:
    """Makes a state of a rule's groups, and groups of a state or of those of the rule before it."""

    def __init__(self, rule: Rule, groups: Grouping, teller: Teller, excess: Excess) -> None:
        self._rule, self._groups, self._teller, self._excess = rule, groups, teller, excess
        self._severities = tuple(int(step.severity) for step in rule.threshold("").steps)

    def state(self) -> RuleState:
        """The state as it is now."""
        alerts: list[Alert] = []

        def place(alert: Alert | None) -> Place:
            alerts.extend(() if alert is None else (alert,))
            return -1 if alert is None else len(alerts) - 1

        kept = Kept(
            by=_named(self._rule.by),
            labels=self._groups.plan.labels,
            severities=self._severities,
            groups=tuple(_state_of(group, place(group.alert)) for group in self._groups),
            crowds={tenant: (place(alert), ended) for tenant, (alert, ended) in self._teller.kept().items()},
            excess={tenant: (place(alert), at, number) for tenant, (alert, at, number) in self._excess.kept().items()},
        )
        return RuleState(alerts=tuple(alerts), kept=msgspec.Raw(msgspec.msgpack.encode(kept)))

    def restore(self, state: RuleState, now: int, away: int) -> list[Alert]:
        """Make groups of a state; the alerts that are over, because the rule is another or because it is long ago."""
        try:
            kept = msgspec.msgpack.decode(state.kept, type=Kept)
        except msgspec.MsgspecError:  # of another version of this program
            return over(state.alerts, now, "forgotten")
        if kept.by != _named(self._rule.by):
            return over(state.alerts, now, "changed")
        for one in kept.groups:
            if self._is_meant(one.tenant) and (away <= FORGOTTEN or one.knows):
                self._put(one, now, away)
        if away > FORGOTTEN:
            return over(state.alerts, now, "forgotten")
        return self._resumed(kept, state.alerts, now, away)

    def take_over(self, old: Keeper, now: int) -> list[Alert]:
        """Take the groups of the rule before, with all that is in them; the alerts that are over by it.

        The two rules keep the same numbers of the same groups.
        """
        if self._rule == msgspec.structs.replace(old._rule, annotations=self._rule.annotations):
            self._groups.take_over(old._groups)
            self._teller.take_over(old._teller)
            self._excess.take_over(old._excess)
            return []
        state = old.state()
        self._groups.take_over(old._groups)
        for group in self._groups:
            group.forget_told()
        return self._resumed(msgspec.msgpack.decode(state.kept, type=Kept), state.alerts, now, 0)

    def _resumed(self, kept: Kept, alerts: Sequence[Alert], now: int, away: int) -> list[Alert]:
        """Let all groups stand as they did; the alerts that are none of this rule's any more."""
        is_renamed = kept.labels != self._groups.plan.labels
        for place, seen_at, number in kept.excess.values():
            self._excess.resume(alerts[place], min(seen_at + away, now), number)
        for tenant, (place, ended) in kept.crowds.items():
            if not is_renamed and self._is_meant(tenant):
                self._teller.resume_crowd(tenant, alerts[place] if place >= 0 else None, ended)
        steps = self._steps_before(kept)
        for one in kept.groups:
            if not self._is_meant(one.tenant):
                self._groups.drop(one.tenant, one.key)
                continue
            group = self._resume(one, steps, now, away)
            if one.level >= 0 and not is_renamed:
                group.level, group.crowded = relevelled(one.level, steps), one.is_crowded
                group.alert = alerts[one.alert] if one.alert >= 0 else None
                self._teller.resume(group)
        return over([alert for alert in alerts if self._is_theirs(alert, is_renamed=is_renamed)], now, "changed")

    def _resume(self, one: GroupState, steps: Sequence[int], now: int, away: int) -> Group:
        """A group that stands as it did; that nothing is told of yet."""
        group = self._groups.known(one.tenant, one.key) or self._put(one, now, away)
        group.watch, group.started_at = rebased(one.watch, steps), min(one.started_at, now)
        group.total, group.before = one.total, one.before
        if group.cleared_at == now:  # its windows are empty
            group.watch = graced(moved(group.watch, away, now), group.threshold, now + 2 * self._rule.every)
        return group

    def _put(self, one: GroupState, now: int, away: int) -> Group:
        """A group that has seen what it had seen, as far as its windows do not matter."""
        groups = self._groups
        group = groups.known(one.tenant, one.key) or groups.put(one.tenant, one.key, min(one.born_at + away, now))
        group.cleared_at, group.is_expected = now, one.is_expected
        group.born_at = min(group.born_at, one.born_at + away)
        for place, part in enumerate(one.parts):
            if part is not None:
                resumed = groups.resume(group, place, part.seen_at, part.memory, away)
                resumed.across, resumed.own_unit = part.across, part.own_unit
        groups.measure(group)
        if one.history is not None and self._rule.compare is not None:
            group.history = History(int(self._rule.compare.to), self._rule.every)
            group.history.unpack(one.history)
        if one.learned and self._rule.baseline is not None:
            group.judge = judge_of(self._rule.baseline)
            if isinstance(group.judge, Remembering):
                group.judge.resume(one.learned, away)
        return group

    def _steps_before(self, kept: Kept) -> Sequence[int]:
        """By step, which one it was; -1 for none. As many as there were are the same under other names."""
        if len(kept.severities) == len(self._severities):
            return range(len(self._severities))
        return [_index(kept.severities, severity) for severity in self._severities]

    def _is_theirs(self, alert: Alert, *, is_renamed: bool) -> bool:
        """Is an alert of the rule before none of this rule's?"""
        return not self._is_meant(alert.tenant) or (is_renamed and alert.name == self._rule.alert)

    def _is_meant(self, tenant: str) -> bool:
        return self._rule.tenants is None or tenant in self._rule.tenants


def over(alerts: Iterable[Alert], now: int, because: str) -> list[Alert]:
    """The same alerts, resolved."""
    return [alert.resolved(now, because) for alert in alerts]


def _state_of(group: Group, alert: Place) -> GroupState:
    return GroupState(
        tenant=group.tenant,
        key=cast("str | tuple[str | tuple[str, str], ...]", group.key),
        born_at=group.born_at,
        parts=tuple(map(_part_state_of, (group, *group.others))),
        watch=group.settled(),
        level=group.level,
        alert=alert,
        started_at=group.started_at,
        total=group.total,
        before=group.before,
        is_crowded=group.crowded,
        is_expected=group.is_expected,
        history=None if group.history is None else group.history.packed(),
        learned=_memory_of(group.judge),
    )


def _part_state_of(part: Part | None) -> PartState | None:
    if part is None or not part.across:
        return None
    shared = part.series.get(None)
    memory = _memory_of(None if shared is None else shared.measure)
    return PartState(across=part.across, own_unit=part.own_unit, seen_at=part.seen_at, memory=memory)


def _memory_of(one: object) -> bytes:
    return one.kept() if isinstance(one, Remembering) else b""


def _named(by: By) -> str | tuple[str, ...]:
    return by if by == "series" else tuple(one.attribute for one in by)


def _index(severities: Sequence[int], severity: int) -> int:
    return severities.index(severity) if severity in severities else -1
