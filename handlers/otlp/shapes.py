"""The shapes of OTLP/JSON: messages of `opentelemetry/proto/*/v1/*.proto`, as far as a signal needs them.

Names are lowerCamelCase on the wire and nothing else, as OTLP's specification asks. Enums may be numbers or names,
64-bit integers numbers or text. Whatever is null or missing is the default of Protocol Buffers.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

Enum: TypeAlias = int | str | None
"""A number, or a name."""
Moment: TypeAlias = int | None
"""Nanoseconds since the epoch; 0 and None are unknown."""


class Shape(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """A message of the protocol."""


class AnyValue(Shape, frozen=True):
    """One of these, or none at all."""

    string_value: str | None = None
    bool_value: bool | None = None
    int_value: int | None = None
    double_value: float | None = None
    array_value: ArrayValue | None = None
    kvlist_value: KeyValueList | None = None
    bytes_value: str | None = None
    """In base64."""


class ArrayValue(Shape, frozen=True):
    """A list."""

    values: list[AnyValue] | None = None


class KeyValue(Shape, frozen=True):
    """An attribute."""

    key: str = ""
    value: AnyValue | None = None


class KeyValueList(Shape, frozen=True):
    """A mapping."""

    values: list[KeyValue] | None = None


class Resource(Shape, frozen=True):
    """Who says it."""

    attributes: list[KeyValue] | None = None


class Scope(Shape, frozen=True):
    """Which library or logger."""

    name: str | None = None


# Spans


class Event(Shape, frozen=True):
    """Something that happened inside a span."""

    time_unix_nano: Moment = None
    name: str | None = None
    attributes: list[KeyValue] | None = None


class Status(Shape, frozen=True):
    """How a span ended."""

    code: Enum = None
    message: str | None = None


class Span(Shape, frozen=True):
    """A finished span."""

    trace_id: str | None = None
    span_id: str | None = None
    parent_span_id: str | None = None
    name: str | None = None
    kind: Enum = None
    start_time_unix_nano: Moment = None
    end_time_unix_nano: Moment = None
    attributes: list[KeyValue] | None = None
    events: list[Event] | None = None
    status: Status | None = None


class ScopeSpans(Shape, frozen=True):
    """The spans of one library."""

    scope: Scope | None = None
    spans: list[Span] | None = None


class ResourceSpans(Shape, frozen=True):
    """The spans of one program."""

    resource: Resource | None = None
    scope_spans: list[ScopeSpans] | None = None


# Log records


class LogRecord(Shape, frozen=True):
    """A log record."""

    time_unix_nano: Moment = None
    observed_time_unix_nano: Moment = None
    severity_number: Enum = None
    severity_text: str | None = None
    body: AnyValue | None = None
    attributes: list[KeyValue] | None = None
    trace_id: str | None = None
    span_id: str | None = None
    event_name: str | None = None


class ScopeLogs(Shape, frozen=True):
    """The records of one logger."""

    scope: Scope | None = None
    log_records: list[LogRecord] | None = None


class ResourceLogs(Shape, frozen=True):
    """The records of one program."""

    resource: Resource | None = None
    scope_logs: list[ScopeLogs] | None = None


# Metrics


class Exemplar(Shape, frozen=True):
    """One measurement of many, and the span it was made in."""

    time_unix_nano: Moment = None
    as_double: float | None = None
    as_int: int | None = None
    trace_id: str | None = None
    span_id: str | None = None

    @property
    def size(self) -> float:
        """What was measured."""
        return self.as_double if self.as_double is not None else float(self.as_int or 0)


class DataPoint(Shape, frozen=True):
    """What points of all kinds have."""

    attributes: list[KeyValue] | None = None
    start_time_unix_nano: Moment = None
    time_unix_nano: Moment = None
    exemplars: list[Exemplar] | None = None
    flags: int | None = None


class NumberDataPoint(DataPoint, frozen=True):
    """A number."""

    as_double: float | None = None
    as_int: int | None = None


class HistogramDataPoint(DataPoint, frozen=True):
    """Counts between explicit bounds."""

    count: int | None = None
    sum: float | None = None
    bucket_counts: list[int] | None = None
    explicit_bounds: list[float] | None = None
    min: float | None = None
    max: float | None = None


class Side(Shape, frozen=True):
    """The buckets of the positive or of the negative numbers."""

    offset: int | None = None
    bucket_counts: list[int] | None = None


class ExponentialHistogramDataPoint(DataPoint, frozen=True):
    """Counts between powers of a base."""

    count: int | None = None
    sum: float | None = None
    scale: int | None = None
    zero_count: int | None = None
    zero_threshold: float | None = None
    positive: Side | None = None
    negative: Side | None = None
    min: float | None = None
    max: float | None = None


class ValueAtQuantile(Shape, frozen=True):
    """A quantile that somebody else worked out."""

    quantile: float | None = None
    value: float | None = None


class SummaryDataPoint(DataPoint, frozen=True):
    """Count and sum since the start, with quantiles of some time."""

    count: int | None = None
    sum: float | None = None
    quantile_values: list[ValueAtQuantile] | None = None


class Gauge(Shape, frozen=True):
    """A level."""

    data_points: list[NumberDataPoint] | None = None


class Sum(Shape, frozen=True):
    """What adds up."""

    data_points: list[NumberDataPoint] | None = None
    aggregation_temporality: Enum = None
    is_monotonic: bool | None = None


class Histogram(Shape, frozen=True):
    """A distribution."""

    data_points: list[HistogramDataPoint] | None = None
    aggregation_temporality: Enum = None


class ExponentialHistogram(Shape, frozen=True):
    """A distribution."""

    data_points: list[ExponentialHistogramDataPoint] | None = None
    aggregation_temporality: Enum = None


class Summary(Shape, frozen=True):
    """A distribution, summed up by a client of Prometheus."""

    data_points: list[SummaryDataPoint] | None = None


class Metric(Shape, frozen=True):
    """One instrument: exactly one of the five says its points."""

    name: str | None = None
    unit: str | None = None
    gauge: Gauge | None = None
    sum: Sum | None = None
    histogram: Histogram | None = None
    exponential_histogram: ExponentialHistogram | None = None
    summary: Summary | None = None


class ScopeMetrics(Shape, frozen=True):
    """The metrics of one library."""

    scope: Scope | None = None
    metrics: list[Metric] | None = None


class ResourceMetrics(Shape, frozen=True):
    """The metrics of one program."""

    resource: Resource | None = None
    scope_metrics: list[ScopeMetrics] | None = None


class Request(Shape, frozen=True):
    """The body of any of the three export requests."""

    resource_spans: list[ResourceSpans] | msgspec.UnsetType | None = msgspec.UNSET
    resource_metrics: list[ResourceMetrics] | msgspec.UnsetType | None = msgspec.UNSET
    resource_logs: list[ResourceLogs] | msgspec.UnsetType | None = msgspec.UNSET

    @property
    def is_foreign(self) -> bool:
        """Has it nothing that an export request has?"""
        unset = msgspec.UNSET
        return self.resource_spans is unset and self.resource_metrics is unset and self.resource_logs is unset
