"""The structlog processor: every event carries tenant and correlation id, warnings and errors become log signals.

```python
structlog.configure(processors=[
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    otel_alerting.handlers.AlertProcessor(),
    structlog.processors.JSONRenderer(),
])
```

Put it before the renderer and before `format_exc_info`. The event goes on as it came, with the two keys added.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping, MutableMapping
from contextvars import Context, copy_context
from typing import TYPE_CHECKING, TypeAlias

from otel_alerting.context import CORRELATION_KEYS, TENANT_KEYS, first_of, origin_unless_quiet, stamp
from otel_alerting.handlers.failures import Captured, captured, failure_of, failure_printed
from otel_alerting.handlers.logging_handler import log_of_record, severity_number, taken_now
from otel_alerting.handlers.plain import attributes_of, attributes_of_event, text
from otel_alerting.handlers.seen import SEEN, Event
from otel_alerting.handlers.settings import is_ours, level_of
from otel_alerting.handlers.way import Way

if TYPE_CHECKING:
    from otel_alerting.inbox import Inbox
    from otel_alerting.model import Log
    from otel_alerting.ports import Sink

EventDict: TypeAlias = "MutableMapping[str, object]"
_LEVELS = {
    "debug": 10,
    "info": 20,
    "warn": 30,
    "warning": 30,
    "err": 40,
    "error": 40,
    "exception": 40,
    "critical": 50,
    "fatal": 50,
}


class AlertProcessor:
    """A structlog processor; costs some microseconds and never raises.

    Args:
        level: name or number; events below it are stamped and go on.
        sink: takes the signals in place of the process's inbox; they are made at once. A test passes `list.append`.
        tenant: whose the events are that do not say it themselves.
        settings: as for `AlertHandler`.

    `tenant` (where one is known) and `correlation_id` are written on every event that does not have them. An event
    that structlog hands on to the standard library, where an `AlertHandler` sees it again, is told once.
    """

    def __init__(
        self,
        level: str | int = "WARNING",
        *,
        sink: Sink | Inbox | None = None,
        tenant: str | None = None,
        **settings: object,
    ) -> None:
        self._level = level_of(level, "AlertProcessor")
        self._way = Way("AlertProcessor", "structlog", settings, sink=sink, tenant=tenant)
        self._last = threading.local()

    def __call__(self, logger: object, method_name: str, event_dict: EventDict) -> EventDict:
        """Stamp the event, take it if it is bad enough, and hand it on."""
        if not self._way.enabled:
            return event_dict
        try:
            self._stamp(event_dict)
            level = _level(method_name, event_dict)
            if level >= self._level:
                self._take(logger, level, event_dict)
        except Exception as error:  # noqa: BLE001 - a program never fails for its alerts
            self._way.complain(error)
        return event_dict

    def _stamp(self, event_dict: EventDict) -> None:
        if "correlation_id" in event_dict and "tenant" in event_dict:
            return
        tenant, correlation_id = stamp()
        if tenant or self._way.tenant:
            event_dict.setdefault("tenant", self._way.tenant or tenant)
        event_dict.setdefault("correlation_id", correlation_id)

    def _take(self, logger: object, level: int, event_dict: EventDict) -> None:
        record = event_dict.get("_record")
        if isinstance(record, logging.LogRecord):  # the standard library's, on its way through a ProcessorFormatter
            self._take_record(record, text(event_dict.get("event", "")))
            return
        at, name = time.time_ns(), _name(logger, event_dict)
        severity = severity_number(level)
        if isinstance(logger, logging.Logger) and SEEN.has_several_doors:
            said = text(event_dict.get("event", ""))
            thread = threading.get_ident()
            SEEN.note(Event(door=self._way.door, thread=thread, logger=name, level=severity, text=said, at=at))
        failure = captured(event_dict.get("exc_info"))
        event = {**event_dict, "exc_info": None}
        self._way.put(log_of_event, event, copy_context(), failure, at, severity, name, self._way.tenant)

    def _take_record(self, record: logging.LogRecord, body: str) -> None:
        """Every formatter of the same record comes by here, with a copy whose arguments are gone into the event."""
        key = (record.created, record.name, record.thread)
        if getattr(self._last, "key", None) == key:
            return
        self._last.key = key
        still, context, failure, _ = taken_now(
            logging.makeLogRecord(vars(record))
        )  # the formatter goes on writing on it
        self._way.put(log_of_record, still, context, failure, body, self._way.door, self._way.tenant)


def log_of_event(
    event: Mapping[str, object],
    context: Context,
    failure: Captured | None,
    at: int,
    severity: int,
    scope: str,
    tenant: str = "",
) -> Log | None:
    """The signal of a structlog event; None where it is our own doing. The reader's verb."""
    here = context.run(origin_unless_quiet)
    if here is None or is_ours(scope):
        return None
    from otel_alerting.handlers.resource import own_resource
    from otel_alerting.model import Log

    if failure is not None:
        here = here.completed(failure.bound)
    attributes = {**attributes_of(here.facts), **attributes_of_event(event)}
    said, resource = text(event.get("event", "")), own_resource()
    printed = event.get("exception")
    return Log(
        at=at,
        tenant=first_of(TENANT_KEYS, attributes) or tenant or here.tenant or first_of(TENANT_KEYS, resource),
        correlation_id=first_of(CORRELATION_KEYS, attributes) or here.correlation_id,
        trace_id=here.trace_id,
        span_id=here.span_id,
        attributes=attributes,
        resource=resource,
        scope=scope,
        door="structlog",
        severity=severity,
        body=said,
        template=said,
        failure=failure_of(failure) if failure else failure_printed(printed) if isinstance(printed, str) else None,
    )


def _level(method_name: str, event_dict: Mapping[str, object]) -> int:
    known = _LEVELS.get(method_name)
    if known is not None:
        return known
    said = event_dict.get("level")
    return said if isinstance(said, int) else _LEVELS.get(str(said).lower(), 0)


def _name(logger: object, event_dict: Mapping[str, object]) -> str:
    name = getattr(logger, "name", None) or event_dict.get("logger") or ""
    return name if isinstance(name, str) else ""
