"""A signal is what was seen: one log record, one finished span or one metric point."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec

Attributes: TypeAlias = Mapping[str, object]
"""Plain data by name: str, int, float, bool, None, lists and mappings of them, under OpenTelemetry's names."""

SpanKind: TypeAlias = Literal["internal", "server", "client", "producer", "consumer"]
SpanStatus: TypeAlias = Literal["unset", "ok", "error"]
PointKind: TypeAlias = Literal["gauge", "sum", "histogram", "exponential_histogram", "summary"]
Temporality: TypeAlias = Literal["delta", "cumulative"]


class Frame(msgspec.Struct, frozen=True, array_like=True):
    """One line of a traceback, without its source text."""

    file: str
    line: int
    function: str


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """An exception as plain data."""

    type: str
    """`module.Class`, or the bare class name where the source gives no more."""
    message: str = ""
    frames: tuple[Frame, ...] = ()
    """Outermost first, as Python prints them; empty when only `stacktrace` is known."""
    stacktrace: str = ""
    """The text as the program printed or exported it; empty when `frames` are known."""
    cause: Failure | None = None
    """What it was raised from."""

    @property
    def bare_type(self) -> str:
        """The class name alone, so that `shop.errors.CardDeclined` and `CardDeclined` are one."""
        return self.type.rpartition(".")[2]


class Signal(msgspec.Struct, frozen=True, kw_only=True, tag_field="signal"):
    """What all signals have. `tenant` is empty when nobody named one: the pipeline puts the default."""

    at: int
    """When it happened, by the clock of whoever saw it."""
    tenant: str = ""
    correlation_id: str = ""
    trace_id: str = ""
    """32 hexadecimal digits, or empty."""
    span_id: str = ""
    """16 hexadecimal digits, or empty."""
    attributes: Attributes = {}
    resource: Attributes = {}
    scope: str = ""
    """The logger's or the instrumentation scope's name."""
    door: str = ""
    """The way in: `logging`, `structlog`, `otel`, `api`."""

    @property
    def service(self) -> str:
        """`service.name` of the resource, or empty."""
        return str(self.resource.get("service.name", ""))


class Log(Signal, frozen=True, kw_only=True, tag="log"):
    """One log record."""

    severity: int
    """OpenTelemetry's SeverityNumber; 0 when unspecified."""
    body: str
    """The message as the program would print it."""
    template: str = ""
    """The message before its values were put in (`"user %s not found"`, structlog's `event`); empty when unknown."""
    event_name: str = ""
    failure: Failure | None = None


class SpanEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened inside a span."""

    name: str
    at: int
    attributes: Attributes = {}


class Span(Signal, frozen=True, kw_only=True, tag="span"):
    """One finished span; `at` is its end."""

    name: str
    kind: SpanKind = "internal"
    started_at: int
    status: SpanStatus = "unset"
    status_message: str = ""
    parent_id: str = ""
    events: tuple[SpanEvent, ...] = ()
    """All but exceptions."""
    failures: tuple[Failure, ...] = ()
    """Its `exception` events."""

    @property
    def duration(self) -> int:
        """Nanoseconds from start to end."""
        return self.at - self.started_at


class Buckets(msgspec.Struct, frozen=True, kw_only=True, tag="explicit"):
    """A histogram with explicit bounds: `counts` has one more member than `bounds`; bucket i ends at bounds[i]."""

    bounds: tuple[float, ...]
    counts: tuple[int, ...]


class ExponentialBuckets(msgspec.Struct, frozen=True, kw_only=True, tag="exponential"):
    """A base-2 exponential histogram; bucket i of a side covers (base**(offset+i), base**(offset+i+1)]."""

    scale: int
    zero_count: int = 0
    zero_threshold: float = 0.0
    positive_offset: int = 0
    positive: tuple[int, ...] = ()
    negative_offset: int = 0
    negative: tuple[int, ...] = ()


class Point(Signal, frozen=True, kw_only=True, tag="point"):
    """One point of one metric stream; `at` is the end of what it covers."""

    name: str
    kind: PointKind
    unit: str = ""
    """UCUM, as OpenTelemetry writes it: `s`, `ms`, `By`, `1`, `{request}`."""
    started_at: int = 0
    """The start of what it covers; 0 when unknown."""
    temporality: Temporality = "delta"
    monotonic: bool = False
    value: float = 0.0
    """Of a gauge or sum; of a histogram or summary, its sum."""
    count: int = 1
    """Measurements behind it: of a histogram or summary its count, else 1."""
    low: float | None = None
    """The smallest measurement, where a histogram says it."""
    high: float | None = None
    buckets: Buckets | ExponentialBuckets | None = None
    quantiles: tuple[tuple[float, float], ...] = ()
    """Of a summary, what somebody else worked out over a time that nobody knows: share (0..1) and value."""
    absent: bool = False
    """OTLP's NoRecordedValue: the stream says that it has ended."""
