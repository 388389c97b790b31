"""An operand is one thing that is measured: which signals, what of them, over which window.

A rule's number is one operand, or several: `divide_by` and `minus` name a second one, and so do further conditions.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

from otel_alerting.model.duration import DAY, MINUTE, Duration
from otel_alerting.rules import measures, subject
from otel_alerting.rules.condition import Comparing, Problems, apart
from otel_alerting.rules.matching import AttributeMatcher, Kind, LogPattern, SpanPattern, Where, unreadable
from otel_alerting.rules.quantity import Quantity
from otel_alerting.rules.threshold import Comparison

WINDOW = Duration(5 * MINUTE)

MEMORIES: Mapping[str, Duration] = {"absent": Duration(DAY), "age": Duration(14 * DAY), "new": Duration(14 * DAY)}
"""How long measures remember that remember anything beyond their window."""

_UNCUT = frozenset(("absent", "age", "last"))
"""Measures that keep no sub-buckets of their window."""

MOST_BUCKETS = 10_000
"""Sub-buckets of a window: 41 hours at 15 seconds. Every group keeps them all."""


class Operand(msgspec.Struct, frozen=True, kw_only=True):
    """Which signals, and what is measured of them."""

    metric: str | None = None
    span: SpanPattern | None = None
    log: LogPattern | None = None
    where: Mapping[str, AttributeMatcher] = {}
    any_where: tuple[Mapping[str, AttributeMatcher], ...] | Mapping[str, AttributeMatcher] = ()
    """A list of `where`s of which one must hold; written as one mapping, one of its attributes must."""
    aggregate: str | None = None
    """`last` for metrics, else `count`, by default."""
    of: str | Mapping[str, AttributeMatcher] | None = None
    """What is measured: `duration` or an attribute; of a ratio what its numerator takes, of a fraction which values."""
    across: Literal["sum", "avg", "min", "max", "count"] | None = None
    """How several series of one group join. Counters and histograms are added up, of levels the highest counts."""
    window: Duration | None = None
    """Of a second measure or a further condition, the rule's by default; of a rule, 5m."""
    ahead: Duration | None = None
    """Of a forecast: how long after the window's end; by default as long as the window."""
    memory: Duration | None = None
    """How long what was seen is remembered: 14d by `new` and `age`, 24h or two windows by `absent`."""

    @property
    def kind(self) -> Kind:
        """The kind of signal it is about."""
        return "metric" if self.metric is not None else "span" if self.span is not None else "log"

    @property
    def measure(self) -> str:
        """`aggregate`, or what it is when nobody says it."""
        return self.aggregate or ("last" if self.kind == "metric" else "count")

    @property
    def remembers(self) -> int:
        """`memory`, or what it is when nobody says it; 0 of measures that have none."""
        if self.memory is not None:
            return int(self.memory)
        return max(MEMORIES[self.measure], 2 * (self.window or WINDOW)) if self.measure in MEMORIES else 0

    @property
    def alternatives(self) -> tuple[Where, ...]:
        """`any_where` as a list of `where`s."""
        if isinstance(self.any_where, tuple):
            return self.any_where
        return tuple({name: matcher} for name, matcher in self.any_where.items())

    def problems(self) -> Problems:
        """What the types cannot say."""
        yield from apart(
            self._unclear_signal,
            self._unclear_where,
            self._unclear_measure,
            self._unclear_spans,
            self._unclear_series,
            self._unclear_window,
        )

    def unfit(self, interval: Duration) -> Problems:
        """A window that an evaluation interval does not divide, or divides into too many."""
        if self.window is None or self.window <= 0:
            return
        if self.window % interval:
            yield "window", str(self.window), f"a multiple of the interval, {interval}"
        if self.measure not in _UNCUT and self.window > MOST_BUCKETS * interval:
            yield "window", str(self.window), f"at most {MOST_BUCKETS} intervals of {interval}, or a longer interval"

    def _unclear_signal(self) -> Problems:
        given = [word for word in ("metric", "span", "log") if getattr(self, word) is not None]
        if len(given) != 1:
            yield (given[1] if given else ""), " and ".join(given) or "no signal", "exactly one of metric, span, log"
        if self.metric == "":
            yield "metric", "nothing", "the metric's name"

    def _unclear_where(self) -> Problems:
        for path, where in (("where", self.where), *(("any_where", one) for one in self.alternatives)):
            for name, found, right in unreadable("metric", where):
                yield f"{path}.{name}", found, right

    def _unclear_measure(self) -> Problems:
        name = self.measure
        if not measures.knows(name):
            yield "aggregate", repr(name), "one of " + ", ".join(measures.names())
            return
        yield from subject.unclear(name, self.kind, self.of)

    def _unclear_series(self) -> Problems:
        if self.across and self.kind != "metric":
            yield "across", "series", "metrics only: spans and logs have no series"

    def _unclear_window(self) -> Problems:
        if self.window is not None and self.window <= 0:
            yield "window", "0", "more than 0"

    def _unclear_spans(self) -> Problems:
        if not measures.knows(self.measure):
            return
        for key, takers in (("ahead", ("forecast",)), ("memory", tuple(MEMORIES))):
            said = getattr(self, key)
            if said is not None and self.measure not in takers:
                yield key, f"{key} of {self.measure}", f"no {key}: only {', '.join(takers)} have one"
            elif said is not None and said <= 0:
                yield key, "0", "more than 0"
        if self.measure == "absent" and self.memory is not None and self.memory <= (self.window or WINDOW):
            yield "memory", str(self.memory), "more than the window, or it is forgotten before it is missed"


class Number(Comparing, Operand, frozen=True, kw_only=True):
    """What is measured, in one or several terms, and what it is held against."""

    above: Quantity | None = None
    below: Quantity | None = None
    at_least: Quantity | None = None
    at_most: Quantity | None = None
    equals: Quantity | None = None
    not_equals: Quantity | None = None
    minus: Operand | None = None
    """A second measure that is taken away, in groups of the same labels."""
    divide_by: Operand | None = None
    """A second measure that the number, less `minus`, is divided by, in groups of the same labels."""
    min_count: int | None = None
    """Fewer observations in the window, of what it is divided by if it is: the condition is false."""

    def trigger(self) -> tuple[Comparison, Quantity] | None:
        """The comparison and its limit; what is absent or new is wrong without one."""
        if self.measure in subject.SIGHTS and not self.given():
            return "above", Quantity(0.0)
        return super().trigger()

    @property
    def further_operands(self) -> tuple[tuple[str, Operand], ...]:
        """`minus` and `divide_by`, as far as they are said, by their keys."""
        both = (("minus", self.minus), ("divide_by", self.divide_by))
        return tuple((key, operand) for key, operand in both if operand is not None)

    def problems(self) -> Problems:
        """What the types cannot say."""
        yield from apart(super().problems, self._unclear_count, self.unclear)

    def _unclear_count(self) -> Problems:
        if self.min_count is not None and self.min_count < 1:
            yield "min_count", str(self.min_count), "at least 1"

    def unfit(self, interval: Duration) -> Problems:
        """Windows that an evaluation interval does not divide, or divides into too many."""
        yield from apart(partial(super().unfit, interval), partial(self._further_unfit, interval))

    def _further_unfit(self, interval: Duration) -> Problems:
        for key, operand in self.further_operands:
            for path, found, right in operand.unfit(interval):
                yield f"{key}.{path}", found, right


class GroupAttribute(msgspec.Struct, frozen=True, kw_only=True):
    """An attribute to group by, and what stands for it where a signal has none."""

    attribute: str
    default: str = ""

    @classmethod
    def parse(cls, said: str | int | float) -> GroupAttribute:
        """A plain name."""
        return cls(attribute=str(said))


GroupAttributes: TypeAlias = Annotated[tuple[GroupAttribute, ...], Meta(extra={"single": True})]
"""Attributes to group by; a single plain name need not be in a list."""


class FurtherCondition(Number, frozen=True, kw_only=True):
    """A condition beside a rule's own: it holds for the rule's groups whose labels it shares."""

    by: GroupAttributes | Literal["series"] | None = None
    """Its own groups; the rule's `by` by default."""
    on: tuple[str, ...] | None = None
    """The labels in which its groups and the rule's must agree; by default those that both have. `[]` for none."""

    def problems(self) -> Problems:
        """What the types cannot say."""
        yield from apart(super().problems, self._unclear_by, self._unclear_condition)

    def _unclear_by(self) -> Problems:
        if self.by == "series" and self.kind != "metric":
            yield "by", "series", "metrics only: spans and logs have no series"

    def _unclear_condition(self) -> Problems:
        if not self.given() and self.trigger() is None:
            yield "", "no condition", "one of above, below, at_least, at_most, equals, not_equals"
