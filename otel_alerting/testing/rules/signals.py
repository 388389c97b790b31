"""What is seen in a test: series of metrics, and spans and log records, one by one or again and again.

Moments count from the test's start. What a program would send late `arrives` later than it happened.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from typing import Annotated, Literal, NamedTuple, TypeAlias

import msgspec
from msgspec import Meta

from otel_alerting.model import Buckets, Failure, Log, Point, Severity, Signal, Span, SpanEvent
from otel_alerting.model.duration import MINUTE, SECOND, Duration
from otel_alerting.model.signal import PointKind, SpanKind, SpanStatus, Temporality
from otel_alerting.rules.play import Arrival
from otel_alerting.testing.rules.histogram import Histogram
from otel_alerting.testing.rules.notation import MOST, SeriesName, Stale, Values

Times: TypeAlias = Annotated[int, Meta(ge=1, le=MOST)]
Attributes: TypeAlias = Mapping[str, object]
Problems: TypeAlias = Iterator[tuple[str, str, str]]

TENANT = "default"
INTERVAL = Duration(MINUTE)
"""Between the values of a series, where nobody says another; promtool's."""
_N = "{n}"
_COUNTS = re.compile(r".*_total")
"""Names that OpenMetrics has for counters only."""


class Moment(int):
    """Nanoseconds since the epoch, read from `2026-01-31T12:00:00Z` or seconds; without a zone it is UTC."""

    MAY_BE_A_NUMBER = True

    @classmethod
    def parse(cls, said: str | int | float) -> Moment:
        """Read a moment.

        Raises:
            ValueError: with what would be right.
        """
        try:
            seconds = float(said) if isinstance(said, int | float) else _seconds(said)
            return cls(_after(0, round(seconds * 1_000) * (SECOND // 1_000)))
        except (ValueError, OverflowError):
            raise ValueError("a moment after 1970 as 2026-01-31T12:00:00Z, or in seconds") from None


class Stage(NamedTuple):
    """What a test is played on."""

    start: int
    """What its moments count from."""
    interval: int
    """Between the values of series that say no other."""
    counters: frozenset[str] = frozenset()
    """Metrics that are counters where nobody says what they are."""


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What all signals have."""

    at: Duration = Duration(0)
    """When it first happened."""
    arrives: Duration | None = None
    """When that came; at once by default. What is repeated is as late every time."""
    tenant: str = TENANT
    resource: Attributes = {}
    scope: str = ""
    """The logger's or instrumentation's name."""

    @property
    def delay(self) -> int:
        """How late it comes."""
        return 0 if self.arrives is None else self.arrives - self.at

    def problems(self) -> Problems:
        """What the types cannot say."""
        if self.delay < 0:
            yield "arrives", f"before it happens at {self.at}", "a later moment"


class Measured(Seen, frozen=True, kw_only=True):
    """What a series says, value by value."""

    values: Values
    kind: Literal["gauge", "counter", "histogram"] | None = None
    """Without it: a histogram by its values; a counter by its name when that ends in `_total`, or when a rule takes its
    rate or increase; else a gauge."""
    unit: str = ""
    """UCUM, as OpenTelemetry writes it: `s`, `ms`, `By`, `1`."""
    temporality: Temporality = "cumulative"
    """Of a counter or histogram: does each value hold all since the beginning, or what came since the last?"""
    started_at: Duration | None = None
    """When the counter began to count; unknown by default, and then its first value is where it stood before."""

    def problems(self) -> Problems:
        """Numbers and histograms in one series, or others than its kind has."""
        yield from super().problems()
        if self.values.has_numbers and (self.values.has_histograms or self.kind == "histogram"):
            yield "values", "numbers", "histograms only, as {{bounds:[0.5 1] counts:[7 2 1]}}"
        elif self.values.has_histograms and self.kind not in (None, "histogram"):
            yield "values", "histograms", f"numbers, as a {self.kind} has them"

    def points(self, metric: str, attributes: Attributes, stage: Stage, every: int) -> Iterator[Signal]:
        """The points of the series."""
        counts = metric in stage.counters or _COUNTS.fullmatch(metric)
        kind = self.kind or ("counter" if counts else "gauge")
        blank = Point(
            at=stage.start,
            tenant=self.tenant,
            name=metric,
            kind="sum" if kind == "counter" else "gauge",
            unit=self.unit,
            monotonic=kind == "counter",
            temporality=self.temporality,
            started_at=0 if self.started_at is None else stage.start + self.started_at,
            attributes=attributes,
            resource=self.resource,
            scope=self.scope,
        )
        for number, sample in enumerate(self.values):
            if sample is not None:
                yield _point(blank, sample, stage.start + self.at + number * every)


class InputSeries(Measured, frozen=True, kw_only=True):
    """A series as promtool writes it; a value every `interval` of the test."""

    series: SeriesName
    """The metric and its attributes: `queue.length{queue="mail"}`."""

    def signals(self, stage: Stage) -> Iterator[Signal]:
        """Its points."""
        return self.points(self.series.metric, self.series.attributes, stage, stage.interval)


class SeenMetric(Measured, frozen=True, kw_only=True):
    """Points of one series."""

    metric: str
    every: Duration | None = None
    """Between its values; the test's `interval` by default."""
    attributes: Attributes = {}

    def signals(self, stage: Stage) -> Iterator[Signal]:
        """Its points."""
        every = stage.interval if self.every is None else int(self.every)
        return self.points(self.metric, self.attributes, stage, every)


class Repeated(Seen, frozen=True, kw_only=True):
    """What happens once, or again and again. `{n}` in its attributes is the number of the time, from 1 on."""

    every: Duration = Duration(0)
    times: Times = 1
    attributes: Attributes = {}
    trace_id: str = ""
    correlation_id: str = ""

    def signals(self, stage: Stage) -> Iterator[Signal]:
        """It, as often as it happens."""
        first = self.signal(stage.start + self.at)
        numbered = {name: value for name, value in self.attributes.items() if isinstance(value, str) and _N in value}
        for number in range(self.times):
            signal = _moved(first, number * self.every) if number else first
            yield _numbered(signal, numbered, str(number + 1)) if numbered else signal

    def signal(self, at: int) -> Signal:
        """It, once."""
        raise NotImplementedError


class Thrown(msgspec.Struct, frozen=True, kw_only=True):
    """An exception."""

    type: str
    message: str = ""

    @classmethod
    def parse(cls, said: str | int | float) -> Thrown:
        """The type alone."""
        return cls(type=str(said))


class SeenSpan(Repeated, frozen=True, kw_only=True):
    """A finished span; `at` is its end."""

    span: str
    """Its name."""
    kind: SpanKind = "internal"
    status: SpanStatus = "unset"
    status_message: str = ""
    duration: Duration = Duration(0)
    events: tuple[str, ...] = ()
    exception: Thrown | None = None

    def signal(self, at: int) -> Span:
        """It, once."""
        failure = _failure(self.exception)
        return Span(
            at=at,
            started_at=at - self.duration,
            name=self.span,
            kind=self.kind,
            status=self.status,
            status_message=self.status_message,
            events=tuple(SpanEvent(name=name, at=at) for name in self.events),
            failures=(failure,) if failure else (),
            tenant=self.tenant,
            attributes=self.attributes,
            resource=self.resource,
            scope=self.scope,
            trace_id=self.trace_id,
            correlation_id=self.correlation_id,
        )


class SeenLog(Repeated, frozen=True, kw_only=True):
    """A log record."""

    log: Severity
    """How bad it says it is."""
    body: str = ""
    template: str = ""
    """The message before its values were put in."""
    event_name: str = ""
    exception: Thrown | None = None

    def signal(self, at: int) -> Log:
        """It, once."""
        return Log(
            at=at,
            severity=int(self.log),
            body=self.body,
            template=self.template,
            event_name=self.event_name,
            failure=_failure(self.exception),
            tenant=self.tenant,
            attributes=self.attributes,
            resource=self.resource,
            scope=self.scope,
            trace_id=self.trace_id,
            correlation_id=self.correlation_id,
        )


AnySeen: TypeAlias = InputSeries | SeenMetric | SeenSpan | SeenLog


def arrivals(seen: Sequence[AnySeen], stage: Stage) -> Iterator[Arrival]:
    """All that is seen in the order in which it comes; at one moment, in the order in which it is written."""
    return heapq.merge(*(_arrivals(one, stage) for one in seen), key=lambda arrival: arrival[0])


def _arrivals(one: AnySeen, stage: Stage) -> Iterable[Arrival]:
    return ((signal.at + one.delay, signal) for signal in one.signals(stage))


def _point(blank: Point, sample: float | Histogram | Stale, at: int) -> Point:
    if isinstance(sample, Stale):
        return msgspec.structs.replace(blank, at=at, absent=True)
    if isinstance(sample, float):
        return msgspec.structs.replace(blank, at=at, value=sample)
    kind: PointKind = "histogram" if isinstance(sample.buckets, Buckets) else "exponential_histogram"
    return msgspec.structs.replace(
        blank, at=at, kind=kind, monotonic=True, value=sample.sum, count=sample.count, buckets=sample.buckets
    )


def _moved(signal: Signal, by: int) -> Signal:
    if isinstance(signal, Span):
        return msgspec.structs.replace(signal, at=signal.at + by, started_at=signal.started_at + by)
    return msgspec.structs.replace(signal, at=signal.at + by)


def _numbered(signal: Signal, attributes: Mapping[str, str], number: str) -> Signal:
    said = {name: value.replace(_N, number) for name, value in attributes.items()}
    return msgspec.structs.replace(signal, attributes={**signal.attributes, **said})


def _failure(thrown: Thrown | None) -> Failure | None:
    return Failure(type=thrown.type, message=thrown.message) if thrown else None


def _seconds(said: str) -> float:
    if re.fullmatch(r"\d+(\.\d+)?", said.strip()):
        return float(said)
    moment = datetime.fromisoformat(said.strip().replace("Z", "+00:00"))
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()


def _after(least: int, moment: int) -> int:
    if moment <= least:
        raise ValueError("too early")
    return moment
