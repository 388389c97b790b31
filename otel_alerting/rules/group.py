"""A group is what a rule keeps about one tenant's signals of the same label values: their measures and watch."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from otel_alerting.model import Alert, Labels, Signal
from otel_alerting.ports import Measure
from otel_alerting.rules.threshold import QUIET, Phase, Threshold, Watch, moved
from otel_alerting.rules.window import added

_JOIN: Mapping[str, Callable[[Sequence[float]], float]] = {
    "sum": added,
    "avg": lambda values: added(values) / len(values),
    "min": min,
    "max": max,
    "count": lambda values: float(len(values)),
}


class Look(NamedTuple):
    """What a group holds at an edge."""

    value: float | None
    """The number over the window; None when there is none, NaN when there is one that no condition holds for."""
    samples: int
    """Observations in the window."""


@dataclass(slots=True)
class Series:
    """One source's numbers in a group."""

    measure: Measure
    seen_at: int = 0


@dataclass(slots=True, kw_only=True)
class Group:
    """The moving part of a rule, one for each set of label values."""

    tenant: str
    labels: Labels
    born_at: int
    unit: str
    """Of its numbers, UCUM."""
    threshold: Threshold
    across: str
    """How its series join."""
    crowded: bool = False
    """Is it told as part of its rule's overflow alert?"""
    series: dict[Hashable, Series] = field(default_factory=dict)
    watch: Watch = QUIET
    """As of the last edge."""
    level: int = -1
    """The step that is told; -1 while nothing is. On an event it may be ahead of the watch."""
    ahead_at: int = 0
    """The edge that an event did not wait for; 0 when there is none."""
    started_at: int = 0
    """When what is told began."""
    looked_at: int = 0
    """The edge an event last looked at; by `slack` its number may still grow before it is worth another look."""
    slack: float = 0.0
    limit: float = math.inf
    """The number that it would be told for."""
    cleared_at: int = 0
    """When a gap emptied its windows: until they are full again, nothing in them is no sign of anything."""
    is_moved: bool = False
    """Has it seen something since it was told on an event?"""
    seen_at: int = 0
    """When its newest signal happened."""
    last: Signal | None = None
    """Its newest signal, for words."""
    total: int = 0
    """Observations since it was born."""
    before: int = 0
    """Those of them from before what it tells of began."""
    alert: Alert | None = None
    """As it was last told, while it fires and is told on its own."""

    @property
    def count(self) -> int:
        """Observations behind what it tells of."""
        return max(1, self.total - self.before)

    @property
    def is_overflow(self) -> bool:
        """Does it stand for all groups that there is no room for?"""
        return self.labels.get("overflow") == "true"

    @property
    def is_idle(self) -> bool:
        """Is there nothing to tell, nor soon?"""
        return self.watch.phase is Phase.QUIET and self.level < 0

    def add(self, at: int, signal: Signal, value: float, series: Series, count: int) -> None:
        """Take one observation in."""
        series.measure.add(at, signal, value)
        series.seen_at = max(series.seen_at, at)
        self.total += count
        self.born_at = min(self.born_at, at)
        if at >= self.seen_at:
            self.seen_at, self.last = at, signal

    def look(self, edge: int) -> Look:
        """The number over the window that ends at an edge, and what it is made of."""
        if len(self.series) == 1:
            (only,) = self.series.values()
            value = only.measure.value(edge)
            joined = 1.0 if self.across == "count" and value is not None else value
            return Look(joined, only.measure.samples(edge))
        return Look(self._joined(edge), sum(one.measure.samples(edge) for one in self.series.values()))

    def forget_series(self, before: int) -> int:
        """Forget the series that have said nothing since a moment, while there are others; how many."""
        if len(self.series) < 2:
            return 0
        gone = [key for key, one in self.series.items() if one.seen_at <= before][: len(self.series) - 1]
        for key in gone:
            del self.series[key]
        return len(gone)

    def move(self, by: int, now: int, empty: Callable[[], Measure]) -> None:
        """Go on after time itself was moved: windows begin anew, timers where they stopped."""
        for one in self.series.values():
            one.measure, one.seen_at = empty(), min(one.seen_at + by, now)
        self.watch = moved(self.watch, by, now)
        if self.ahead_at and not self.watch.firing:
            self.watch = Watch(phase=Phase.FIRING, level=self.level, active_at=min(self.started_at, now), at=now)
        self.born_at = self.cleared_at = now
        self.seen_at = min(self.seen_at + by, now)
        self.started_at = min(self.started_at, now)
        self.ahead_at = self.looked_at = 0
        self.is_moved = False

    def _joined(self, edge: int) -> float | None:
        values = [value for one in self.series.values() if (value := one.measure.value(edge)) is not None]
        known = [value for value in values if not math.isnan(value)]
        return _JOIN[self.across](known) if known else math.nan if values else None
