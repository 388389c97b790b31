"""The log records of an OTLP/JSON request as signals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from otel_alerting.handlers.failures import OF_FAILURES, failure_in
from otel_alerting.handlers.otlp import shapes
from otel_alerting.handlers.otlp.values import Origin, attributes_of, correlation_of, id_of, value_of
from otel_alerting.handlers.plain import plain, text
from otel_alerting.handlers.settings import is_ours
from otel_alerting.model import Log, Severity

_NUMBERS: Mapping[str, int] = {
    f"SEVERITY_NUMBER_{word}{step or ''}": first + max(0, step - 1)
    for word, first in (("TRACE", 1), ("DEBUG", 5), ("INFO", 9), ("WARN", 13), ("ERROR", 17), ("FATAL", 21))
    for step in (0, 2, 3, 4)
}


def logs_in(request: shapes.Request, tenant: str) -> Iterator[Log]:
    """Every log record but our own."""
    for group in request.resource_logs or ():
        of_resource = Origin.of(group.resource, None, tenant)
        for batch in group.scope_logs or ():
            origin = of_resource.within(batch.scope)
            if not is_ours(origin.scope):
                for record in batch.log_records or ():
                    yield _log(record, origin)


def _log(record: shapes.LogRecord, origin: Origin) -> Log:
    given, trace_id = attributes_of(record.attributes), id_of(record.trace_id, 32)
    attributes = {name: value for name, value in given.items() if name not in OF_FAILURES}
    return Log(
        at=record.time_unix_nano or record.observed_time_unix_nano or 0,
        tenant=origin.tenant(attributes),
        correlation_id=correlation_of(attributes, trace_id),
        trace_id=trace_id,
        span_id=id_of(record.span_id, 16),
        attributes=attributes,
        resource=origin.resource,
        scope=origin.scope,
        door="otel",
        severity=_severity(record.severity_number, record.severity_text),
        body=_body(record.body),
        event_name=record.event_name or "",
        failure=failure_in(given),
    )


def _severity(number: shapes.Enum, said: str | None) -> int:
    """Its SeverityNumber; where a receiver left it out, that of the word it was logged with."""
    known = _NUMBERS.get(number, 0) if isinstance(number, str) else number or 0
    if known or not said:
        return known
    try:
        return int(Severity.parse(said))
    except ValueError:
        return 0


def _body(body: shapes.AnyValue | None) -> str:
    value = value_of(body)
    return text(value if isinstance(value, str) else "" if value is None else plain(value))
