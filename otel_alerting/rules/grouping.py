"""A grouping is the groups that a rule, or a further condition of one, keeps; what there is no room for shares one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from otel_alerting.model import Alert, Labels, Point, Signal
from otel_alerting.rules.crowd import LABELS as OVERFLOW
from otel_alerting.rules.excess import Excess
from otel_alerting.rules.group import Group, Part, Series
from otel_alerting.rules.reading import By, key_of, labels_of
from otel_alerting.rules.room import Room
from otel_alerting.rules.streams import stream_key
from otel_alerting.rules.term import Term
from otel_alerting.rules.threshold import Threshold

CROWD = "overflow"
"""The key of the group that there is no room beside; keys of all others are tuples."""
_REFUSED = 100
"""Groups that are made room for, at most, from one edge to the next."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a grouping is told about its groups."""

    terms: tuple[Term, ...]
    by: By
    max_series: int
    threshold: Callable[[str], Threshold]
    """By the unit of the number."""
    unit: Callable[[Sequence[str]], str]
    """The unit of the number by those of its terms."""
    labels: Labels = field(default_factory=dict)
    """Of the rule itself; what groups differ by stays, or two of them would be one alert."""
    patience: int = 0
    """How long a group that is quiet is kept after its newest signal, if that is longer than signals matter."""
    delay: int = 0
    """`new_group_delay`."""

    @cached_property
    def horizon(self) -> int:
        """How long a signal can matter."""
        return max(term.horizon for term in self.terms)


class Grouping:
    """Finds the group of a signal, and lets go of groups that nothing is left of.

    Args:
        plan: what is kept.
        room: how many series there may be in the process.
        excess: is told of signals that there was no group for.
    """

    def __init__(self, plan: Plan, room: Room, excess: Excess) -> None:
        self.plan = plan
        self.cleared_at = 0
        """When a gap emptied all windows; nobody could have seen anything before."""
        self._room, self._excess = room, excess
        self._key = key_of(plan.by)
        self._thresholds: dict[str, Threshold] = {}
        self._groups: dict[tuple[str, Hashable], Group] = {}
        self._numbers: Counter[str] = Counter()
        self._refused: dict[str, set[Hashable]] = {}
        """By tenant: the keys of some of the groups that there was no room for since the last edge."""

    def __iter__(self) -> Iterator[Group]:
        """The groups, which may be let go of meanwhile."""
        return iter(list(self._groups.values()))

    def __bool__(self) -> bool:
        """Are there any?"""
        return bool(self._groups)

    def group(self, signal: Signal, at: int) -> Group | None:
        """The group of a signal, known or new; None where there is no room at all."""
        values = self._key(signal)
        group = self._groups.get((signal.tenant, values))
        if group is not None:
            return group
        key: Hashable = values
        crowded = self._numbers[signal.tenant] >= self.plan.max_series or self._room.is_full
        if crowded:
            self._refuse(signal.tenant, values)
            key = CROWD
            group = self._groups.get((signal.tenant, key))
        if group is None and not self._room.is_over:
            group = self.put(signal.tenant, key, at)
        return group

    def knows(self, signal: Signal) -> bool:
        """Is there a group for a signal already?"""
        return self.find(signal) is not None

    def find(self, signal: Signal) -> Group | None:
        """The group of a signal, if there is one already."""
        return self._groups.get((signal.tenant, self._key(signal)))

    def put(self, tenant: str, key: Hashable, at: int) -> Group:
        """A new group, without anything in it."""
        crowded = key == CROWD
        group = self._groups[tenant, key] = Group(
            tenant=tenant,
            key=key,
            labels=self._labels(key),
            born_at=at,
            unit="",
            own_unit="",
            across="",
            threshold=self.threshold(""),
            others=(None,) * (len(self.plan.terms) - 1),
            crowded=crowded,
            cleared_at=self.cleared_at,
        )
        self._numbers[tenant] += not crowded
        return group

    def expect(self, tenant: str, at: int) -> Group:
        """A group without labels, that is missed although nobody has seen anything of it."""
        group = self.put(tenant, (), at)
        group.is_expected, group.across, group.cleared_at = True, "max", at
        group.series[None] = Series(self.plan.terms[0].empty())
        self._room.take()
        return group

    def known(self, tenant: str, key: Hashable) -> Group | None:
        """The group of a key, if there is one."""
        return self._groups.get((tenant, key))

    def drop(self, tenant: str, key: Hashable) -> None:
        """Let go of a group, if there is one."""
        group = self._groups.pop((tenant, key), None)
        if group is not None:
            self._room.give(sum(len(part.series) for part in group.parts()))
            self._numbers[group.tenant] -= not group.is_overflow

    def take_over(self, old: Grouping) -> None:
        """Take the groups of another rule, with all that is in them."""
        for group in self:
            self.drop(group.tenant, group.key)
        self.cleared_at = old.cleared_at
        for group in old:
            self._groups[group.tenant, group.key] = group
            self._numbers[group.tenant] += not group.is_overflow
            self._room.give(-sum(len(part.series) for part in group.parts()))
            group.labels = self._labels(group.key)
            self.measure(group)

    def resume(self, group: Group, index: int, seen_at: int, memory: bytes, away: int) -> Part:
        """Let a group have seen something of a term, as long ago as it was when somebody looked last."""
        part, term = self.part(group, index), self.plan.terms[index]
        part.seen_at = seen_at and seen_at + away
        if term.is_shared:
            self._room.give(len(part.series))
            part.series = {None: Series(term.resumed(memory, away), part.seen_at)}
            self._room.take()
        return part

    def part(self, group: Group, index: int) -> Part:
        """A group's part of a term, by its place among the plan's."""
        if not index:
            return group
        part = group.others[index - 1]
        if part is None:
            part = Part(across="", own_unit="")
            group.others = (*group.others[: index - 1], part, *group.others[index:])
        return part

    def series(self, group: Group, part: Part, term: Term, signal: Signal, at: int) -> tuple[Series, list[Alert]]:
        """The signal's series, of which what can be added up needs only one; and the alert if there are too many."""
        key = stream_key(signal) if isinstance(signal, Point) and term.is_apart(signal) else None
        is_shared = group.is_overflow
        series = part.series.get(key)
        if series is None:
            if part.series and (len(part.series) >= self.plan.max_series or self._room.is_full):
                key, is_shared = None, True
            series = part.series.get(key) or self._new_series(group, part, term, signal, key)
        return series, self._excess.note(group.tenant, at) if is_shared else []

    def threshold(self, unit: str) -> Threshold:
        """What numbers in a unit are held against."""
        if unit not in self._thresholds:
            self._thresholds[unit] = self.plan.threshold(unit)
        return self._thresholds[unit]

    def forget(self, edge: int) -> None:
        """Let go of groups that are quiet and have nothing in any window; they are born again when they come back."""
        horizon = self.plan.horizon
        for key, group in list(self._groups.items()):
            self._room.give(group.forget_series(edge - horizon))
            if group.is_idle and not group.is_expected and edge >= self._over_at(group):
                self.drop(*key)
        self._make_room(edge)

    def move(self, by: int, now: int) -> None:
        """Go on after time itself was moved: windows begin anew."""
        self.cleared_at = now
        for group in self._groups.values():
            for part, term in zip((group, *group.others), self.plan.terms, strict=True):
                if part is not None:
                    part.clear(by, now, term.empty)
            group.move(by, now)

    def measure(self, group: Group) -> None:
        """Find out what a group's number is in, and so what it is held against, from what its terms are in."""
        group.unit = self.plan.unit([part.own_unit if part is not None else "" for part in (group, *group.others)])
        group.threshold = self.threshold(group.unit)

    def _new_series(self, group: Group, part: Part, term: Term, signal: Signal, key: Hashable) -> Series:
        if not part.across:  # the first signal of all says what its numbers are in, and how those of its series join
            part.own_unit, part.across = term.unit(signal), term.across(signal)
            self.measure(group)
        series = part.series[key] = Series(term.empty())
        self._room.take()
        return series

    def _over_at(self, group: Group) -> int:
        """From when on a group that is quiet cannot become anything else without another signal."""
        plan = self.plan
        cleared = group.cleared_at and group.cleared_at + 2 * plan.horizon
        return max(group.heard_at + max(plan.horizon, plan.patience), cleared, group.born_at + plan.delay)

    def _refuse(self, tenant: str, key: Hashable) -> None:
        refused = self._refused.setdefault(tenant, set())
        if len(refused) < _REFUSED:
            refused.add(key)

    def _make_room(self, edge: int) -> None:
        """Where there was none for new groups, let go of those that are only remembered, the longest silent first."""
        for tenant, refused in self._refused.items():
            resting = [one for one in self if one.tenant == tenant and self._rests(one, edge)]
            for group in sorted(resting, key=lambda one: one.heard_at)[: len(refused)]:
                self.drop(tenant, group.key)
        self._refused.clear()

    def _rests(self, group: Group, edge: int) -> bool:
        return group.is_idle and not group.is_expected and edge - group.heard_at >= self.plan.horizon

    def _labels(self, key: Hashable) -> Labels:
        return {**self.plan.labels, **(labels_of(self.plan.by, key) if isinstance(key, tuple) else OVERFLOW)}
