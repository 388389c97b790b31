"""The SDK processors of zero-code mode: stamp who a span or record belongs to, and take ended spans at once.

Baggage and bound values are gone when an exporter sees a span or a record, so they are written on it as attributes
while the context is there. All of this runs on the program's own threads: nothing waits, nothing raises.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from opentelemetry import baggage
from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor

from otel_alerting.context import CORRELATION_KEYS, TENANT_KEYS, bound, first_of
from otel_alerting.handlers.sdk import LogRecordProcessor, ReadWriteLogRecord
from otel_alerting.handlers.span_exporter import span_of
from otel_alerting.handlers.way import Way
from otel_alerting.telemetry import complain

if TYPE_CHECKING:
    from otel_alerting.inbox import Inbox
    from otel_alerting.ports import Sink


class StampingSpanProcessor(SpanProcessor):
    """Writes `tenant.id` and `correlation_id` on every span that starts where they are known."""

    def __init__(self) -> None:
        self.on = True
        """The SDK cannot take a processor away again; switched off, it does nothing."""

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Stamp a span; what it says already stays."""
        if not self.on:
            return
        try:
            for name, value in _who(parent_context):
                if name not in (span.attributes or {}):
                    span.set_attribute(name, value)
        except Exception as error:  # noqa: BLE001 - a program never fails for its alerts
            complain(f"cannot stamp a span: {type(error).__name__}")


class StampingLogProcessor(LogRecordProcessor):
    """Writes `tenant.id` and `correlation_id` on every log record that is emitted where they are known.

    Args:
        look: called with every record when it is stamped; cheap.
    """

    def __init__(self, look: Callable[[ReadWriteLogRecord], None] = lambda _: None) -> None:
        self.on = True
        self._look = look

    def on_emit(self, log_record: ReadWriteLogRecord) -> None:
        """Stamp a record; what it says already stays."""
        if not self.on:
            return
        try:
            attributes = log_record.log_record.attributes
            for name, value in _who(None):
                if attributes is not None and name not in attributes:
                    attributes[name] = value  # type: ignore[index] # the SDK makes it a mutable mapping before
            self._look(log_record)
        except Exception as error:  # noqa: BLE001 - a program never fails for its alerts
            complain(f"cannot stamp a record: {type(error).__name__}")

    def shutdown(self) -> None:
        """Nothing is held."""

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Nothing is held."""
        return True


class DirectSpanProcessor(SpanProcessor):
    """Takes spans as they end, where a batch processor would hold them for up to five seconds."""

    def __init__(self, *, sink: Sink | Inbox | None = None, **settings: object) -> None:
        self.on = True
        self._way = Way("DirectSpanProcessor", "otel", settings, sink=sink)

    def on_end(self, span: ReadableSpan) -> None:
        """Take a span."""
        if self.on:
            self._way.put(span_of, span, self._way.door)

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Wait until what was taken has been told, within the time given and at most five seconds."""
        return self._way.flush(timeout_millis)


def _who(context: Context | None) -> list[tuple[str, str]]:
    here, carried = bound(), baggage.get_all(context)
    if not (here.tenant or here.correlation_id or carried):
        return []
    tenant = here.tenant or first_of(TENANT_KEYS, carried)
    correlation_id = here.correlation_id or first_of(CORRELATION_KEYS, carried)
    both = ((TENANT_KEYS[0], tenant), (CORRELATION_KEYS[0], correlation_id))
    return [(name, value) for name, value in both if value]
