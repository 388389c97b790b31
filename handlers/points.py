"""Points are what a collection of the SDK's metrics says: one signal for each attribute set of each instrument."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias, TypedDict

from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    ExponentialHistogram,
    ExponentialHistogramDataPoint,
    Histogram,
    HistogramDataPoint,
    Metric,
    MetricsData,
    NumberDataPoint,
    Sum,
)
from opentelemetry.sdk.resources import Resource

from otel_alerting.context import CORRELATION_KEYS, TENANT_KEYS, first_of
from otel_alerting.handlers.settings import is_ours

if TYPE_CHECKING:
    from otel_alerting.model import Buckets, ExponentialBuckets, Point
    from otel_alerting.model.signal import PointKind, Temporality

DataPoint: TypeAlias = NumberDataPoint | HistogramDataPoint | ExponentialHistogramDataPoint
Found: TypeAlias = tuple[Resource, str, Metric, DataPoint]
"""Whose, measured by which scope, under which name, and the numbers: what `point_of` is made from."""


def points_in(metrics: MetricsData) -> Iterator[Found]:
    """Every point of a collection but those of our own instruments, which rules have already."""
    for of_resource in metrics.resource_metrics:
        for of_scope in of_resource.scope_metrics:
            scope = of_scope.scope.name
            if is_ours(scope):
                continue
            for metric in of_scope.metrics:
                for point in metric.data.data_points:
                    yield of_resource.resource, scope, metric, point


def point_of(resource: Resource, scope: str, metric: Metric, point: DataPoint, tenant: str = "") -> Point | None:
    """The signal of one point; None for a kind that nobody knows yet. The reader's verb."""
    from otel_alerting.handlers.plain import attributes_of
    from otel_alerting.handlers.resource import resource_of
    from otel_alerting.model import Point

    numbers = _numbers(metric, point)
    if numbers is None:
        return None
    attributes, about = attributes_of(point.attributes or {}), resource_of(resource)
    trace_id, span_id = _exemplar(point)
    return Point(
        at=point.time_unix_nano,
        tenant=first_of(TENANT_KEYS, attributes) or tenant or first_of(TENANT_KEYS, about),
        correlation_id=first_of(CORRELATION_KEYS, attributes) or trace_id,
        trace_id=trace_id,
        span_id=span_id,
        attributes=attributes,
        resource=about,
        scope=scope,
        door="otel",
        name=metric.name,
        unit=metric.unit or "",
        started_at=point.start_time_unix_nano or 0,
        **numbers,
    )


class _Kind(TypedDict):
    kind: PointKind


class _Numbers(_Kind, total=False):
    value: float
    count: int
    low: float | None
    high: float | None
    temporality: Temporality
    monotonic: bool
    buckets: Buckets | ExponentialBuckets


def _numbers(metric: Metric, point: DataPoint) -> _Numbers | None:
    data = metric.data
    if isinstance(point, NumberDataPoint):
        if isinstance(data, Sum):
            temporality = _temporality(data.aggregation_temporality)
            return {
                "kind": "sum",
                "value": float(point.value),
                "temporality": temporality,
                "monotonic": data.is_monotonic,
            }
        return {"kind": "gauge", "value": float(point.value)}
    if isinstance(data, Histogram | ExponentialHistogram):
        return {**_spread(point), "temporality": _temporality(data.aggregation_temporality)}
    return None


def _spread(point: HistogramDataPoint | ExponentialHistogramDataPoint) -> _Numbers:
    from otel_alerting.model import Buckets, ExponentialBuckets

    kind: PointKind = "histogram" if isinstance(point, HistogramDataPoint) else "exponential_histogram"
    buckets: Buckets | ExponentialBuckets
    if isinstance(point, HistogramDataPoint):
        buckets = Buckets(bounds=tuple(map(float, point.explicit_bounds)), counts=tuple(point.bucket_counts))
    else:
        buckets = ExponentialBuckets(
            scale=point.scale,
            zero_count=point.zero_count,
            positive_offset=point.positive.offset,
            positive=tuple(point.positive.bucket_counts),
            negative_offset=point.negative.offset,
            negative=tuple(point.negative.bucket_counts),
        )
    return {
        "kind": kind,
        "value": float(point.sum),
        "count": point.count,
        "low": _finite(point.min),
        "high": _finite(point.max),
        "buckets": buckets,
    }


def _temporality(said: AggregationTemporality) -> Temporality:
    return "delta" if said is AggregationTemporality.DELTA else "cumulative"


def _finite(number: float | None) -> float | None:
    """The SDK says infinite where there was no measurement."""
    return float(number) if number is not None and math.isfinite(number) else None


def _exemplar(point: DataPoint) -> tuple[str, str]:
    """Trace and span of the largest measurement made inside a sampled span: the one that somebody wants to look at.

    A gauge's and a counter's are of one size or of no meaning; there it is the newest.
    """
    traced = [exemplar for exemplar in point.exemplars if exemplar.trace_id]
    if not traced:
        return "", ""
    is_spread = not isinstance(point, NumberDataPoint)
    shown = max(traced, key=lambda one: (one.value if is_spread else 0, one.time_unix_nano))
    return f"{shown.trace_id:032x}", f"{shown.span_id or 0:016x}"
