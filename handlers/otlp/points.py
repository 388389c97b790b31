"""The metric points of an OTLP/JSON request as signals: one for each point of each metric."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TypedDict

from otel_alerting.handlers.otlp import shapes
from otel_alerting.handlers.otlp.values import Origin, attributes_of, correlation_of, id_of
from otel_alerting.handlers.settings import is_ours
from otel_alerting.model import Buckets, ExponentialBuckets, Point
from otel_alerting.model.signal import PointKind, Temporality

_NO_RECORDED_VALUE = 1
_DELTA = (1, "AGGREGATION_TEMPORALITY_DELTA")


class Numbers(TypedDict, total=False):
    """What a point says beside whose and when it is."""

    kind: PointKind
    value: float
    count: int
    low: float | None
    high: float | None
    temporality: Temporality
    monotonic: bool
    buckets: Buckets | ExponentialBuckets | None
    quantiles: tuple[tuple[float, float], ...]


def points_in(request: shapes.Request, tenant: str) -> Iterator[Point]:
    """Every point but those of our own instruments."""
    for group in request.resource_metrics or ():
        of_resource = Origin.of(group.resource, None, tenant)
        for batch in group.scope_metrics or ():
            origin = of_resource.within(batch.scope)
            if not is_ours(origin.scope):
                for metric in batch.metrics or ():
                    for point, numbers in _numbers(metric):
                        yield _point(metric, point, numbers, origin)


def _point(metric: shapes.Metric, point: shapes.DataPoint, numbers: Numbers, origin: Origin) -> Point:
    attributes = attributes_of(point.attributes)
    trace_id, span_id = _exemplar(point) if point.exemplars else ("", "")
    return Point(
        at=point.time_unix_nano or 0,
        tenant=origin.tenant(attributes),
        correlation_id=correlation_of(attributes, trace_id),
        trace_id=trace_id,
        span_id=span_id,
        attributes=attributes,
        resource=origin.resource,
        scope=origin.scope,
        door="otel",
        name=metric.name or "",
        unit=metric.unit or "",
        started_at=point.start_time_unix_nano or 0,
        absent=bool((point.flags or 0) & _NO_RECORDED_VALUE),
        **numbers,
    )


def _numbers(metric: shapes.Metric) -> Iterator[tuple[shapes.DataPoint, Numbers]]:
    if metric.gauge is not None:
        for number in metric.gauge.data_points or ():
            yield number, {"kind": "gauge", "value": _number(number)}
    if metric.sum is not None:
        kind: Numbers = {"kind": "sum", "temporality": _temporality(metric.sum.aggregation_temporality)}
        for number in metric.sum.data_points or ():
            yield number, {**kind, "monotonic": bool(metric.sum.is_monotonic), "value": _number(number)}
    if metric.histogram is not None:
        for spread in metric.histogram.data_points or ():
            yield spread, _spread(spread, _temporality(metric.histogram.aggregation_temporality))
    if metric.exponential_histogram is not None:
        for fine in metric.exponential_histogram.data_points or ():
            yield fine, _fine(fine, _temporality(metric.exponential_histogram.aggregation_temporality))
    if metric.summary is not None:
        for summary in metric.summary.data_points or ():
            yield summary, _summary(summary)


def _number(point: shapes.NumberDataPoint) -> float:
    """A point without a number is no number, as one that says that its stream has ended."""
    value = point.as_int if point.as_double is None else point.as_double
    return math.nan if value is None else float(value)


def _spread(point: shapes.HistogramDataPoint, temporality: Temporality) -> Numbers:
    bounds, counts = tuple(point.explicit_bounds or ()), tuple(point.bucket_counts or ())
    return {
        "kind": "histogram",
        "temporality": temporality,
        "value": point.sum or 0.0,
        "count": point.count or 0,
        "low": _finite(point.min),
        "high": _finite(point.max),
        "buckets": Buckets(bounds=bounds, counts=counts) if len(counts) == len(bounds) + 1 else None,
    }


def _fine(point: shapes.ExponentialHistogramDataPoint, temporality: Temporality) -> Numbers:
    positive, negative = point.positive or shapes.Side(), point.negative or shapes.Side()
    return {
        "kind": "exponential_histogram",
        "temporality": temporality,
        "value": point.sum or 0.0,
        "count": point.count or 0,
        "low": _finite(point.min),
        "high": _finite(point.max),
        "buckets": ExponentialBuckets(
            scale=point.scale or 0,
            zero_count=point.zero_count or 0,
            zero_threshold=point.zero_threshold or 0.0,
            positive_offset=positive.offset or 0,
            positive=tuple(positive.bucket_counts or ()),
            negative_offset=negative.offset or 0,
            negative=tuple(negative.bucket_counts or ()),
        ),
    }


def _summary(point: shapes.SummaryDataPoint) -> Numbers:
    return {
        "kind": "summary",
        "temporality": "cumulative",
        "value": point.sum or 0.0,
        "count": point.count or 0,
        "quantiles": tuple((one.quantile or 0.0, one.value or 0.0) for one in point.quantile_values or ()),
    }


def _temporality(said: shapes.Enum) -> Temporality:
    return "delta" if said in _DELTA else "cumulative"


def _finite(number: float | None) -> float | None:
    return number if number is not None and math.isfinite(number) else None


def _exemplar(point: shapes.DataPoint) -> tuple[str, str]:
    """Trace and span of the largest measurement made inside a sampled span; of a plain number's, the newest."""
    traced = [one for one in point.exemplars or () if id_of(one.trace_id, 32)]
    if not traced:
        return "", ""
    is_spread = not isinstance(point, shapes.NumberDataPoint)
    shown = max(traced, key=lambda one: (one.size if is_spread else 0, one.time_unix_nano or 0))
    return id_of(shown.trace_id, 32), id_of(shown.span_id, 16)
