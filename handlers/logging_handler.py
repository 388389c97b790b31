"""The logging handler: warnings and errors of the standard library's `logging` become log signals.

```python
logging.config.dictConfig({
    "version": 1,
    "handlers": {"alerts": {"class": "otel_alerting.handlers.AlertHandler", "level": "WARNING"}},
    "root": {"handlers": ["alerts"]},
})
```

What happens on the caller's thread is measured in `tests/bench/handlers.py`: the record goes into the inbox together
with a copy of the context, and that is all. Words, attributes, tenant and trace are read later, on the reader's thread.
Two things cannot wait: arguments that may change (the message is put together at once) and a live exception (its
traceback would hold every local variable of the program).
"""

from __future__ import annotations

import logging
import time as clock
import weakref
from contextvars import Context, copy_context
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import UUID

from otel_alerting.context import CORRELATION_KEYS, TENANT_KEYS, Origin, first_of, origin_unless_quiet, stamp
from otel_alerting.handlers import misfit
from otel_alerting.handlers.failures import Captured, captured, failure_of
from otel_alerting.handlers.plain import attributes_of, attributes_of_event, plain, text
from otel_alerting.handlers.seen import SEEN, Door
from otel_alerting.handlers.settings import is_ours, level_of
from otel_alerting.handlers.way import Way
from otel_alerting.telemetry import complain

if TYPE_CHECKING:  # loads msgspec, which is needed only once there is something to tell
    from otel_alerting.inbox import Inbox
    from otel_alerting.model import Log
    from otel_alerting.ports import Sink

_SETTLED = frozenset(
    (str, int, float, bool, type(None), bytes, complex, Decimal, UUID, date, datetime, time, timedelta)
)
"""Types whose values read the same later."""
_NOT_EXTRA = frozenset(vars(logging.makeLogRecord({}))) | {
    "asctime",
    "color_message",  # uvicorn's, the message once more with colours
    "message",
    "otelServiceName",  # the OpenTelemetry instrumentation's; the trace is read below
    "otelSpanID",
    "otelTraceID",
    "otelTraceSampled",
    "taskName",
}
_LATEST = 4e9
"""Seconds since the epoch: the year 2096. What claims to be from later was not made by a clock."""
_COPY_OF = "_otel_alerting_copy_of"


class AlertHandler(logging.Handler):
    """Puts records of `level` and worse where they become alerts; costs about a microsecond and never raises.

    Args:
        level: name or number; what is below it is not looked at.
        sink: takes the signals in place of the process's inbox; they are made at once. A test passes `list.append`.
        tenant: whose the records are that do not say it themselves.
        settings: `config`, `slack_webhook_url`, `slack_token`, `slack_channel`, `slack_api_url`, `locale`, `timezone`,
            `rules`, `store`. Without any, the variables `OTEL_ALERTING_…` hold.

    It has no lock, its `flush` returns at once, and after `close` it goes on working: `dictConfig` closes every
    handler of the process, also those that stay. It formats nothing, so a formatter given to it is not used.
    """

    def __init__(
        self,
        level: str | int = "WARNING",
        *,
        sink: Sink | Inbox | None = None,
        tenant: str | None = None,
        **settings: object,
    ) -> None:
        super().__init__(level_of(level))
        self._way = Way("AlertHandler", "logging", settings, sink=sink, tenant=tenant)
        self._enabled = self._way.enabled
        self._later = self._way.sink is None
        self._rest = (self._way.door, self._way.tenant)

    def handle(self, record: logging.LogRecord) -> bool:
        """Take a record that passes the filters. Overridden because the original holds a lock meanwhile."""
        if self.filters:
            passed: object = self.filter(record)
            if not passed:
                return False
            if isinstance(passed, logging.LogRecord):  # since 3.12 a filter may put another in its place
                record = passed
        self.emit(record)
        return True

    def emit(self, record: logging.LogRecord) -> None:
        """Take a record; everything slow waits for the reader's thread."""
        if not self._enabled:
            return
        try:
            args = record.args
            settled = type(record.msg) is str and not record.exc_info
            if settled and args:
                settled = type(args) is tuple
                for value in args if settled else ():
                    if type(value) not in _SETTLED:
                        settled = False
                        break
            if settled and self._later:
                self._way.inbox.defer(log_of_record, record, copy_context(), None, None, *self._rest)
            else:
                self._way.put(log_of_record, *taken_now(record), *self._rest)
        except Exception as error:  # noqa: BLE001 - a program never fails for its alerts
            self._way.complain(error)

    def flush(self) -> None:
        """Return at once: `dictConfig` calls it while it holds the lock of `logging`."""

    def close(self) -> None:
        """Do nothing: whoever closed it may go on using it."""

    def createLock(self) -> None:  # noqa: N802 - the name is logging's
        """Have none: an append to the inbox needs none, and a lock would be held when the process forks."""
        self.lock = None


class ContextFilter(logging.Filter):
    """Writes `tenant` and `correlation_id` on every record, so that a program's own log lines can show them.

    ```python
    handler.addFilter(ContextFilter())
    handler.setFormatter(logging.Formatter("%(levelname)s %(tenant)s %(correlation_id)s %(message)s"))
    ```

    What a record says already stays. The tenant is empty where nobody named one; a correlation id is made where there
    is none, and holds for the rest of that thread or task. Never rejects a record.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Write both; let the record pass."""
        fields = record.__dict__
        if "tenant" in fields and "correlation_id" in fields:
            return True
        try:
            tenant, correlation_id = stamp()
        except Exception as error:  # noqa: BLE001 - a program never fails for its alerts
            complain(f"cannot stamp a record: {type(error).__name__}: {error}")
            tenant = correlation_id = ""
        fields.setdefault("tenant", tenant)
        fields.setdefault("correlation_id", correlation_id)
        return True


def taken_now(record: logging.LogRecord) -> tuple[logging.LogRecord, Context, Captured | None, str]:
    """What of a record cannot wait, as the first arguments of `log_of_record`; nothing in it keeps frames alive."""
    failure, body = _captured(record), _body(record)
    if record.exc_info or isinstance(record.msg, dict):
        fields = {**vars(record), "exc_info": None, _COPY_OF: weakref.ref(record)}
        if isinstance(record.msg, dict):
            fields["msg"] = {**record.msg, "exc_info": None}
        record = logging.makeLogRecord(fields)
    return record, copy_context(), failure, body


def log_of_record(
    record: logging.LogRecord,
    context: Context,
    failure: Captured | None = None,
    body: str | None = None,
    door: Door | None = None,
    tenant: str = "",
) -> Log | None:
    """The signal of a record; None where it is our own doing, or came in by another door. The reader's verb.

    Args:
        record: unchanged since it was taken, but for what formatters and filters write on it.
        context: the context it was made in: bound values, baggage and the current span are read from it.
        failure: its exception.
        body: its message, where that had to be put together at once.
        door: where it came in; without one it is not compared with what came in by others.
        tenant: whose it is when it does not say so itself.
    """
    name = text(record.name)
    if is_ours(name):
        return None
    here = context.run(origin_unless_quiet)
    if here is None:
        return None
    said = _body(record) if body is None else body
    at = _moment(record.created)
    severity = severity_number(record.levelno)
    if door is not None:
        # the reference to one object is one object itself, and stays it when the record is gone
        if door.repeats(vars(record).get(_COPY_OF) or weakref.ref(record)):
            return None
        new = SEEN.is_new(door, ("log", at, name))
        told = SEEN.is_noted(door, thread=record.thread, logger=name, level=severity, text=said, at=at)
        if told or not new:
            return None
    return _log(record, here, said, at, severity, failure, tenant)


def severity_number(level: int) -> int:
    """OpenTelemetry's SeverityNumber of a level: WARNING 30 is 13, 31 is 14, ERROR 40 is 17; as the bridge says it."""
    if level < logging.DEBUG:
        return 0
    return min(24, min(level // 10, 5) * 4 + 1 + min(level - min(level // 10, 5) * 10, 3))


def _log(
    record: logging.LogRecord, here: Origin, body: str, at: int, severity: int, failure: Captured | None, tenant: str
) -> Log:
    from otel_alerting.handlers.resource import own_resource
    from otel_alerting.model import Log

    fields = dict(vars(record))
    if failure is not None:
        here = here.completed(failure.bound)
    attributes = attributes_of(here.facts) if here.facts else {}
    for field, value in fields.items():
        if field not in _NOT_EXTRA and not field.startswith("_"):
            attributes[text(field)] = plain(value)
    template = text(record.msg) if type(record.msg) is str and _says(record.msg) else ""
    if isinstance(record.msg, dict):  # structlog, rendered by a formatter
        attributes.update(attributes_of_event(record.msg))
        template = text(record.msg.get("event", ""))
    own_tenant = first_of(TENANT_KEYS, attributes)
    correlation_id = first_of(CORRELATION_KEYS, attributes)
    event_name = text(attributes.pop("otel.event.name", ""))
    attributes.update(_code(record))
    for key in (*TENANT_KEYS, *CORRELATION_KEYS):
        if attributes.get(key) == "":  # the filter's way to say that nobody named one
            del attributes[key]
    resource = own_resource()
    trace_id = here.trace_id or _trace(fields.get("otelTraceID"))
    return Log(
        at=at,
        tenant=own_tenant or tenant or here.tenant or first_of(TENANT_KEYS, resource),
        correlation_id=correlation_id or here.correlation_id or trace_id,
        trace_id=trace_id,
        span_id=here.span_id or _trace(fields.get("otelSpanID")),
        attributes=attributes,
        resource=resource,
        scope=text(record.name),
        door="logging",
        severity=severity,
        body=body,
        template=template,
        event_name=event_name,
        failure=None if failure is None else failure_of(failure),
    )


def _moment(created: float) -> int:
    """Exactly as OpenTelemetry's bridge computes it, so that the same record has the same time; now, if it is none."""
    return int(created * 1e9) if 0 <= created < _LATEST else clock.time_ns()


def _body(record: logging.LogRecord) -> str:
    if isinstance(record.msg, dict) and "event" in record.msg:
        return text(record.msg["event"])
    try:
        return text(record.getMessage())
    except Exception:  # noqa: BLE001 - arguments that do not fit the template: logging itself only prints an error
        return misfit.told(record.msg, record.args)


def _captured(record: logging.LogRecord) -> Captured | None:
    told: object = record.exc_info
    if not told and isinstance(record.msg, dict):
        told = record.msg.get("exc_info")
    return captured(told)


def _says(template: str) -> bool:
    """Are there words in it besides its values? `"%s"`, of `warnings` and of many a wrapper, has none."""
    return template.strip() not in ("%s", "%r", "%s %s", "%s: %s", "")


def _code(record: logging.LogRecord) -> dict[str, object]:
    return {
        "code.file.path": plain(record.pathname),
        "code.line.number": plain(record.lineno),
        "code.function.name": plain(record.funcName),
    }


def _trace(said: object) -> str:
    """A trace or span id that the OpenTelemetry instrumentation wrote on the record; "0" is none."""
    return said if isinstance(said, str) and said.strip("0") else ""
