"""A group is what a rule keeps about one tenant's signals of the same label values: their measures and watch."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field

from otel_alerting.model import Alert, Labels, Signal
from otel_alerting.ports import Measure
from otel_alerting.rules.threshold import QUIET, Threshold, Watch

_JOIN: Mapping[str, Callable[[Sequence[float]], float]] = {
    "sum": math.fsum,
    "avg": lambda values: math.fsum(values) / len(values),
    "min": min,
    "max": max,
    "count": lambda values: float(len(values)),
}


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

    def add(self, at: int, signal: Signal, value: float, series: Series, count: int) -> None:
        """Take one observation in."""
        series.measure.add(at, signal, value)
        series.seen_at = max(series.seen_at, at)
        self.total += count
        self.born_at = min(self.born_at, at)
        if at >= self.seen_at:
            self.seen_at, self.last = at, signal

    def value(self, at: int) -> float | None:
        """The number over the window that ends at an edge; NaN when there is one that no condition holds for."""
        if len(self.series) == 1:
            (only,) = self.series.values()
            value = only.measure.value(at)
            return 1.0 if self.across == "count" and value is not None else value
        values = [value for one in self.series.values() if (value := one.measure.value(at)) is not None]
        known = [value for value in values if not math.isnan(value)]
        return _JOIN[self.across](known) if known else math.nan if values else None

    def samples(self, at: int) -> int:
        """Observations in the window that ends at an edge."""
        return sum(one.measure.samples(at) for one in self.series.values())

    def forget_series(self, before: int) -> None:
        """Forget the series that have said nothing since a moment, while there are others."""
        if len(self.series) > 1:
            gone = [key for key, one in self.series.items() if one.seen_at <= before]
            for key in gone[: len(self.series) - 1]:
                del self.series[key]
