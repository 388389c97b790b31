"""A group is what a rule keeps about one tenant's signals of the same label values: their measures and watch."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from otel_alerting.model import Alert, Labels, Point, Signal
from otel_alerting.ports import Measure
from otel_alerting.rules.baseline import Judge
from otel_alerting.rules.history import History
from otel_alerting.rules.threshold import QUIET, Comparison, Phase, Threshold, Watch, moved
from otel_alerting.rules.window import added

_JOIN: Mapping[str, Callable[[Sequence[float]], float]] = {
    "sum": added,
    "avg": lambda values: added(values) / len(values),
    "min": min,
    "max": max,
    "count": lambda values: float(len(values)),
}


class Bound(NamedTuple):
    """What a number is held against where nobody wrote a limit."""

    comparison: Comparison
    limit: float
    over: int
    """Nanoseconds that the number is the mean of; 0 where it is the rule's own."""


class Look(NamedTuple):
    """What a group holds at an edge."""

    value: float | None
    """The number over the window; None when there is none, NaN when there is one that no condition holds for."""
    samples: int
    """Observations in the window."""
    bound: Bound | None = None
    """What it is held against, if that is not the rule's threshold."""


@dataclass(slots=True)
class Series:
    """One source's numbers in a group."""

    measure: Measure
    seen_at: int = 0


@dataclass(slots=True, kw_only=True)
class Part:
    """What a group keeps for one term of its rule's number."""

    across: str
    """How its series join."""
    own_unit: str
    """Of its numbers, UCUM."""
    series: dict[Hashable, Series] = field(default_factory=dict)
    seen_at: int = 0
    """When its newest signal happened."""

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

    def clear(self, by: int, now: int, empty: Callable[[], Measure]) -> None:
        """Begin all windows anew, as of a time that was moved."""
        for one in self.series.values():
            one.measure, one.seen_at = empty(), min(one.seen_at + by, now)
        self.seen_at = min(self.seen_at + by, now)

    def _joined(self, edge: int) -> float | None:
        values = [value for one in self.series.values() if (value := one.measure.value(edge)) is not None]
        known = [value for value in values if not math.isnan(value)]
        return _JOIN[self.across](known) if known else math.nan if values else None


@dataclass(slots=True, kw_only=True)
class Group(Part):
    """The moving part of a rule, one for each set of label values. It is itself the part of the rule's own term."""

    tenant: str
    key: Hashable
    """The values of its labels as signals have them."""
    labels: Labels
    born_at: int
    unit: str
    """Of its rule's number, which may be made of several; UCUM."""
    threshold: Threshold
    is_expected: bool = False
    """Is it missed whether or not it was ever seen?"""
    others: tuple[Part | None, ...] = ()
    """The parts of the rule's further terms; None where no signal of one has been seen."""
    crowded: bool = False
    """Is it told as part of its rule's overflow alert?"""
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
    last: Signal | None = None
    """Its newest signal, for words."""
    traced: Point | None = None
    """Its newest point that names a trace: the next one may have no exemplar, and a link is a link."""
    total: int = 0
    """Observations since it was born."""
    before: int = 0
    """Those of them from before what it tells of began."""
    alert: Alert | None = None
    """As it was last told, while it fires and is told on its own."""
    history: History | None = None
    """What its number was, for a rule that compares it with that."""
    judge: Judge | None = None
    """What knows its baseline, for a rule that has one."""

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

    @property
    def is_whole(self) -> bool:
        """Has it seen something of every term? What it has never seen, it does not judge."""
        return not self.others or (bool(self.seen_at) and None not in self.others)

    @property
    def heard_at(self) -> int:
        """When the newest signal of any term happened."""
        return max(part.seen_at for part in self.parts()) if self.others else self.seen_at

    @property
    def silent_since(self) -> int:
        """When the newest signal of that term happened that has been silent for longest."""
        return min(part.seen_at for part in self.parts()) if self.others else self.seen_at

    def parts(self) -> Iterator[Part]:
        """Those of all terms that have seen something."""
        yield self
        yield from filter(None, self.others)

    def add(self, at: int, signal: Signal, value: float, series: Series, count: int) -> None:
        """Take one observation of the rule's own term in."""
        series.measure.add(at, signal, value)
        series.seen_at = max(series.seen_at, at)
        self.total += count
        self.born_at = min(self.born_at, at)
        if at >= self.seen_at:
            self.seen_at, self.last = at, signal
            if signal.trace_id and isinstance(signal, Point):
                self.traced = signal

    def add_further(self, at: int, signal: Signal, value: float, series: Series, part: Part) -> None:
        """Take one observation of a further term, or of a further condition, in."""
        series.measure.add(at, signal, value)
        series.seen_at = max(series.seen_at, at)
        part.seen_at = max(part.seen_at, at)
        self.born_at = min(self.born_at, at)

    def forget_series(self, before: int) -> int:
        """Forget the series of all terms that have said nothing since a moment; how many."""
        gone = Part.forget_series(self, before) if len(self.series) > 1 else 0
        if self.others:
            gone += sum(part.forget_series(before) for part in self.others if part is not None)
        return gone

    def move(self, by: int, now: int) -> None:
        """Go on after time itself was moved: timers where they stopped. Windows are `clear`ed beside."""
        self.watch = moved(self.settled(), by, now)
        self.born_at = self.cleared_at = now
        self.started_at = min(self.started_at, now)
        self.ahead_at = self.looked_at = 0
        self.is_moved = False

    def settled(self) -> Watch:
        """Its watch, in which what an event told, ahead of its edge, fires."""
        if not self.ahead_at or self.watch.firing:
            return self.watch
        return Watch(phase=Phase.FIRING, level=self.level, active_at=self.started_at, at=self.watch.at)

    def forget_told(self) -> None:
        """Nothing is told of it any more; it stands as it does."""
        self.watch, self.ahead_at, self.looked_at = self.settled(), 0, 0
        self.level, self.alert, self.crowded = -1, None, self.is_overflow
