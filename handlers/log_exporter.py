"""The log exporter: OpenTelemetry's log records become log signals.

`OTEL_LOGS_EXPORTER=otlp,alerting`, or in code `BatchLogRecordProcessor(AlertLogExporter())`. A record of the standard
library that an `AlertHandler` took already is told once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from otel_alerting.context import CORRELATION_KEYS, TENANT_KEYS, first_of
from otel_alerting.handlers.sdk import (
    LogRecordExporter,
    LogRecordExportResult,
    ReadableLogRecord,
    ReadWriteLogRecord,
)
from otel_alerting.handlers.seen import SEEN, Door
from otel_alerting.handlers.settings import is_ours
from otel_alerting.handlers.way import Way

if TYPE_CHECKING:
    from otel_alerting.inbox import Inbox
    from otel_alerting.model import Log
    from otel_alerting.ports import Sink

_WIRE = ("httpx", "httpcore")
_WARNING = 13


class AlertLogExporter(LogRecordExporter):
    """Hands log records to where they become alerts. The constructor is inert, `export` never waits, nothing raises.

    Args:
        sink: takes the signals in place of the process's inbox; they are made at once. A test passes `list.append`.
        tenant: whose the records are that do not say it themselves.
        settings: as for `AlertHandler`; in a declarative configuration they are the keys under `alerting:`.
    """

    def __init__(self, *, sink: Sink | Inbox | None = None, tenant: str | None = None, **settings: object) -> None:
        self._way = Way("AlertLogExporter", "otel", settings, sink=sink, tenant=tenant)
        self._over = False
        self._way.begin()

    def export(self, batch: Sequence[ReadableLogRecord]) -> LogRecordExportResult:
        """Take records. FAILURE after `shutdown`, as the specification asks."""
        if self._over:
            return LogRecordExportResult.FAILURE
        way = self._way
        for record in batch:
            way.put(log_of, record, way.door, way.tenant)
        return LogRecordExportResult.SUCCESS

    def shutdown(self, timeout_millis: float = 30_000) -> None:
        """Take no more. What was taken is told at the program's end, by whoever reads the inbox."""
        self._over = True
        self._way.end()

    def force_flush(self, timeout_millis: float = 30_000) -> bool:
        """Wait until what was taken has been told, within the time given and at most five seconds."""
        return self._way.flush(timeout_millis)


def identity_of(readable: ReadableLogRecord | ReadWriteLogRecord) -> tuple[str, int, str]:
    """What tells a record from others, whichever door it comes through: that it is one, when it was made, and where."""
    record = readable.log_record
    scope = readable.instrumentation_scope.name if readable.instrumentation_scope else ""
    return "log", record.timestamp or record.observed_timestamp or 0, scope


def log_of(readable: ReadableLogRecord | ReadWriteLogRecord, door: Door | None = None, tenant: str = "") -> Log | None:
    """The signal of a log record; None where it is our own or came in by another door. The reader's verb."""
    record = readable.log_record
    scope = readable.instrumentation_scope.name if readable.instrumentation_scope else ""
    severity = record.severity_number.value if record.severity_number is not None else 0
    if is_ours(scope) or (scope.partition(".")[0] in _WIRE and severity < _WARNING):
        return None  # the client that talks to Slack says a line for every request
    from otel_alerting.handlers.failures import OF_FAILURES, failure_in
    from otel_alerting.handlers.plain import attributes_of, plain, text
    from otel_alerting.handlers.resource import resource_of
    from otel_alerting.model import Log

    body = record.body if isinstance(record.body, str) else text(plain(record.body))
    _, at, _ = identity = identity_of(readable)
    if door is not None:
        new = SEEN.is_new(door, identity)
        told = SEEN.is_noted(door, thread=None, logger=scope, level=severity, text=body, at=at)
        if told or not new:
            return None
    given = record.attributes or {}
    attributes = attributes_of({name: value for name, value in given.items() if name not in OF_FAILURES})
    resource = resource_of(readable.resource)
    trace_id = f"{record.trace_id:032x}" if record.trace_id else ""
    return Log(
        at=at,
        tenant=first_of(TENANT_KEYS, attributes) or tenant or first_of(TENANT_KEYS, resource),
        correlation_id=first_of(CORRELATION_KEYS, attributes) or trace_id,
        trace_id=trace_id,
        span_id=f"{record.span_id:016x}" if record.span_id else "",
        attributes=attributes,
        resource=resource,
        scope=scope,
        door="otel",
        severity=severity,
        body=text(body),
        event_name=record.event_name or "",
        failure=failure_in(given),
    )
