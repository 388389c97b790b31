"""The spans of an OTLP/JSON request as signals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from otel_alerting.handlers.failures import failure_in, is_failure
from otel_alerting.handlers.otlp import shapes
from otel_alerting.handlers.otlp.values import Origin, attributes_of, correlation_of, id_of
from otel_alerting.handlers.plain import text
from otel_alerting.handlers.settings import is_ours
from otel_alerting.model import Failure, Span, SpanEvent
from otel_alerting.model.signal import SpanKind, SpanStatus

_KINDS: Mapping[int | str | None, SpanKind] = {
    2: "server", "SPAN_KIND_SERVER": "server",
    3: "client", "SPAN_KIND_CLIENT": "client",
    4: "producer", "SPAN_KIND_PRODUCER": "producer",
    5: "consumer", "SPAN_KIND_CONSUMER": "consumer",
}  # fmt: skip
"""All others are internal, as an unspecified kind may be taken for."""
_STATUSES: Mapping[int | str | None, SpanStatus] = {
    1: "ok", "STATUS_CODE_OK": "ok",
    2: "error", "STATUS_CODE_ERROR": "error",
}  # fmt: skip


def spans_in(request: shapes.Request, tenant: str) -> Iterator[Span]:
    """Every span but our own."""
    for group in request.resource_spans or ():
        of_resource = Origin.of(group.resource, None, tenant)
        for batch in group.scope_spans or ():
            origin = of_resource.within(batch.scope)
            if not is_ours(origin.scope):
                for span in batch.spans or ():
                    yield _span(span, origin)


def _span(span: shapes.Span, origin: Origin) -> Span:
    attributes, trace_id = attributes_of(span.attributes), id_of(span.trace_id, 32)
    ended_at = span.end_time_unix_nano or span.start_time_unix_nano or 0
    events, failures = _happened(span.events) if span.events else ((), ())
    status = span.status
    return Span(
        at=ended_at,
        tenant=origin.tenant(attributes),
        correlation_id=correlation_of(attributes, trace_id),
        trace_id=trace_id,
        span_id=id_of(span.span_id, 16),
        attributes=attributes,
        resource=origin.resource,
        scope=origin.scope,
        door="otel",
        name=span.name or "",
        kind=_KINDS.get(span.kind, "internal"),
        started_at=span.start_time_unix_nano or ended_at,
        status=_STATUSES.get(status.code, "unset") if status else "unset",
        status_message=text(status.message) if status and status.message else "",
        parent_id=id_of(span.parent_span_id, 16),
        events=events,
        failures=failures,
    )


def _happened(events: list[shapes.Event]) -> tuple[tuple[SpanEvent, ...], tuple[Failure, ...]]:
    others, failures = [], []
    for event in events:
        name, attributes = event.name or "", attributes_of(event.attributes)
        failure = failure_in(attributes) if is_failure(name, attributes) else None
        if failure is not None:
            failures.append(failure)
        else:
            others.append(SpanEvent(name=name, at=event.time_unix_nano or 0, attributes=attributes))
    return tuple(others), tuple(failures)
