"""The span exporter: finished spans become span signals.

`OTEL_TRACES_EXPORTER=otlp,alerting`, or in code `BatchSpanProcessor(AlertSpanExporter())`. An export hands the spans
over and returns: under a `SimpleSpanProcessor` it runs on the program's own thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from otel_alerting.context import CORRELATION_KEYS, TENANT_KEYS, first_of
from otel_alerting.handlers.seen import SEEN, Door
from otel_alerting.handlers.settings import is_ours
from otel_alerting.handlers.way import Way

if TYPE_CHECKING:
    from otel_alerting.inbox import Inbox
    from otel_alerting.model import Failure, Span, SpanEvent
    from otel_alerting.ports import Sink


class AlertSpanExporter(SpanExporter):
    """Hands spans to where they become alerts. The constructor does nothing, `export` never waits, nothing raises.

    Args:
        sink: takes the signals in place of the process's inbox; they are made at once. A test passes `list.append`.
        tenant: whose the spans are that do not say it themselves.
        settings: as for `AlertHandler`; in a declarative configuration they are the keys under `alerting:`.
    """

    def __init__(self, *, sink: Sink | Inbox | None = None, tenant: str | None = None, **settings: object) -> None:
        self._way = Way("AlertSpanExporter", "otel", settings, sink=sink, tenant=tenant)
        self._over = False
        self._way.begin()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Take finished spans. FAILURE after `shutdown`, as the specification asks."""
        if self._over:
            return SpanExportResult.FAILURE
        way = self._way
        for span in spans:
            way.put(span_of, span, way.door, way.tenant)
        return SpanExportResult.SUCCESS

    def shutdown(self, timeout_millis: float = 30_000) -> None:
        """Take no more. What was taken is told at the program's end, by whoever reads the inbox."""
        self._over = True
        self._way.end()

    def force_flush(self, timeout_millis: float = 30_000) -> bool:
        """Wait until what was taken has been told, within the time given and at most five seconds."""
        return self._way.flush(timeout_millis)


def span_of(span: ReadableSpan, door: Door | None = None, tenant: str = "") -> Span | None:
    """The signal of a finished span; None where it is our own or came in by another door. The reader's verb."""
    scope = span.instrumentation_scope.name if span.instrumentation_scope else ""
    context = span.get_span_context()
    if is_ours(scope) or context is None:
        return None
    if door is not None and not SEEN.is_new(door, ("span", context.trace_id, context.span_id)):
        return None
    from otel_alerting.handlers.plain import attributes_of
    from otel_alerting.handlers.resource import resource_of
    from otel_alerting.model import Span

    attributes, resource = attributes_of(span.attributes or {}), resource_of(span.resource)
    trace_id = f"{context.trace_id:032x}"
    ended_at = span.end_time or span.start_time or 0
    return Span(
        at=ended_at,
        tenant=first_of(TENANT_KEYS, attributes) or tenant or first_of(TENANT_KEYS, resource),
        correlation_id=first_of(CORRELATION_KEYS, attributes) or trace_id,
        trace_id=trace_id,
        span_id=f"{context.span_id:016x}",
        attributes=attributes,
        resource=resource,
        scope=scope,
        door="otel",
        name=span.name,
        kind=span.kind.name.lower(),  # type: ignore[arg-type] # the enum's names are the literal's
        started_at=span.start_time or ended_at,
        status=span.status.status_code.name.lower(),  # type: ignore[arg-type] # the same
        status_message=span.status.description or "",
        parent_id=f"{span.parent.span_id:016x}" if span.parent else "",
        events=tuple(_events(span)),
        failures=tuple(_failures(span)),
    )


def _events(span: ReadableSpan) -> list[SpanEvent]:
    from otel_alerting.handlers.failures import is_failure
    from otel_alerting.handlers.plain import attributes_of
    from otel_alerting.model import SpanEvent

    return [
        SpanEvent(name=event.name, at=event.timestamp, attributes=attributes_of(event.attributes or {}))
        for event in span.events
        if not is_failure(event.name, event.attributes or {})
    ]


def _failures(span: ReadableSpan) -> list[Failure]:
    from otel_alerting.handlers.failures import failure_in, is_failure

    found = (
        failure_in(event.attributes or {}) for event in span.events if is_failure(event.name, event.attributes or {})
    )
    return [failure for failure in found if failure is not None]
