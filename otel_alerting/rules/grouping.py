"""The grouping of a rule is the groups it keeps, each with its series; what there is no room for shares one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator

from otel_alerting.model import Alert, Labels, Point, Signal
from otel_alerting.rules import measures
from otel_alerting.rules.crowd import LABELS as OVERFLOW
from otel_alerting.rules.excess import Excess
from otel_alerting.rules.frame import Frame, is_gauge
from otel_alerting.rules.group import Group, Series
from otel_alerting.rules.reading import key_of, labels_of, unit_of
from otel_alerting.rules.room import Room
from otel_alerting.rules.rule import Rule
from otel_alerting.rules.streams import stream_key
from otel_alerting.rules.threshold import Threshold

_ADDED = frozenset(("count", "rate", "sum", "ratio"))
"""Measures that add up over all series of a group, unless `across` says otherwise."""


class Grouping:
    """Finds the group of a signal, and lets go of groups that nothing is left of.

    Args:
        rule: whose groups these are.
        frame: what its measures are made from.
        room: how many series there may be in the process.
        horizon: how long a signal can matter.
    """

    def __init__(self, rule: Rule, frame: Frame, room: Room, horizon: int) -> None:
        self._rule, self._frame, self._room, self._horizon = rule, frame, room, horizon
        self._idle = max(horizon, int(rule.no_data_after) if rule.no_data == "alert" else 0)
        self._make = measures.maker(rule.measure)
        self._key = key_of(rule)
        self._own = {name: value for name, value in rule.labels.items() if name != "severity"}
        self._thresholds: dict[str, Threshold] = {}
        self._groups: dict[Hashable, Group] = {}
        self._numbers: Counter[str] = Counter()
        self._excess = Excess(rule.alert, rule.max_series, horizon)

    def __iter__(self) -> Iterator[Group]:
        """The groups, which may be let go of meanwhile."""
        return iter(list(self._groups.values()))

    @property
    def is_empty(self) -> bool:
        """Is there nothing that another edge could change?"""
        return not self._groups and not self._excess

    def group(self, signal: Signal, at: int) -> Group | None:
        """The group of a signal, known or new; None where there is no room at all."""
        values = self._key(signal)
        key: Hashable = (signal.tenant, values)
        group = self._groups.get(key)
        if group is not None:
            return group
        labels = labels_of(self._rule, values)
        crowded = self._numbers[signal.tenant] >= self._rule.max_series or self._room.is_full
        if crowded:
            key, labels = (signal.tenant, "overflow"), OVERFLOW
            group = self._groups.get(key)
        if group is None and not self._room.is_over:
            group = self._groups[key] = self._born(signal, labels, at, crowded)
            self._numbers[signal.tenant] += not crowded
        return group

    def knows(self, signal: Signal) -> bool:
        """Is there a group for a signal already?"""
        return (signal.tenant, self._key(signal)) in self._groups

    def series(self, group: Group, signal: Signal, at: int) -> tuple[Series, list[Alert]]:
        """The signal's series, of which what can be added up needs only one; and the alert if there are too many."""
        key = stream_key(signal) if isinstance(signal, Point) and self._is_apart(signal) else None
        is_shared = group.is_overflow
        series = group.series.get(key)
        if series is None and group.series and (len(group.series) >= self._rule.max_series or self._room.is_full):
            key, is_shared = None, True
            series = group.series.get(key)
        if series is None:
            series = group.series[key] = Series(self._make(self._frame))
            self._room.take()
        return series, self._excess.note(group.tenant, at) if is_shared else []

    def forget(self, edge: int) -> list[Alert]:
        """Let go of groups that are quiet and have nothing in any window; they are born again when they come back.

        The alerts are those about the rule itself.
        """
        for key, group in list(self._groups.items()):
            self._room.give(group.forget_series(edge - self._horizon))
            if group.is_idle and edge >= self._over_at(group):
                del self._groups[key]
                self._room.give(len(group.series))
                self._numbers[group.tenant] -= not group.is_overflow
        return self._excess.evaluate(edge)

    def _over_at(self, group: Group) -> int:
        """From when on a group that is quiet cannot become anything else without another signal."""
        delayed = group.born_at + self._rule.new_group_delay
        return max(group.seen_at + self._idle, group.cleared_at and group.cleared_at + 2 * self._horizon, delayed)

    def move(self, by: int, now: int) -> None:
        """Go on after time itself was moved."""
        for group in self._groups.values():
            group.move(by, now, lambda: self._make(self._frame))
        self._excess.move(by, now)

    def _born(self, signal: Signal, labels: Labels, at: int, crowded: bool) -> Group:
        unit = unit_of(self._rule, signal)
        if unit not in self._thresholds:
            self._thresholds[unit] = self._rule.threshold(unit)
        counts = self._rule.measure in _ADDED or (isinstance(signal, Point) and not is_gauge(signal))
        return Group(
            tenant=signal.tenant,
            labels={**self._own, **labels},  # what groups differ by stays, or two of them would be one alert
            born_at=at,
            unit=unit,
            threshold=self._thresholds[unit],
            across=self._rule.across or ("sum" if counts else "max"),
            crowded=crowded,
        )

    def _is_apart(self, point: Point) -> bool:
        """Is a point's series kept apart from others of its group?"""
        measure = self._rule.measure
        return self._rule.across is not None or measure == "last" or (is_gauge(point) and measure not in _ADDED)
