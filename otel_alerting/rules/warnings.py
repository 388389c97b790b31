"""The warning processor makes of a log record the signal that alerts are made of: fingerprinted, redacted, enriched.

It is what the built-in rules do with a record, for those who want to do it themselves: in a handler of their own, in a
queue's consumer, before a `Sink`.
"""

from __future__ import annotations

import logging
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping

import msgspec

from otel_alerting.handlers.logging_handler import log_of_record, taken_now
from otel_alerting.model import Log, Severity
from otel_alerting.model.duration import MINUTE
from otel_alerting.rules.failures import redacted
from otel_alerting.rules.fingerprint import MASK, fingerprint, fingerprint_of

__all__ = ["MASK", "WarningProcessor", "fingerprint"]

_REMEMBERED = 2_000
"""Fingerprints whose bursts are counted; the one unseen for longest is forgotten."""


class WarningProcessor:
    """Takes records of the standard library's `logging`, or log signals, and gives log signals.

    ```python
    processor = WarningProcessor(redact=lambda said: said.replace(secret, "***"), enrich={"region": "eu"})
    signal = processor.process(record)
    ```

    Not for several threads at once: it counts.

    Args:
        level: what is below it gives None.
        redact: takes secrets out of a text; applied to the body, the exception and the texts among the attributes.
        enrich: attributes to add, or a callable that makes them of the signal; what the signal has already stays.
        burst: this many of one fingerprint within `burst_window` are one severity worse.
        burst_window: the time in which a burst is counted, in nanoseconds.
        fingerprint: makes of a message what stays the same in it.
    """

    def __init__(
        self,
        *,
        level: Severity | str = Severity.WARNING,
        redact: Callable[[str], str] | None = None,
        enrich: Mapping[str, object] | Callable[[Log], Mapping[str, object]] | None = None,
        burst: int = 100,
        burst_window: int = MINUTE,
        fingerprint: Callable[[str], str] | None = None,
    ) -> None:
        self._level = Severity.parse(level)
        self._redact, self._enrich = redact, enrich
        self._burst, self._burst_window = burst, burst_window
        self._fingerprint = fingerprint
        self._seen: OrderedDict[tuple[str, str, str, str], deque[int]] = OrderedDict()

    def process(self, record: logging.LogRecord | Log) -> Log | None:
        """The signal of a record, its `template` being the fingerprint; None below the level.

        The severity is the record's own, one step worse while its fingerprint comes in a burst.
        """
        log = record if isinstance(record, Log) else log_of_record(*taken_now(record))
        if log is None or Severity.of_number(log.severity) < self._level:
            return None
        log = self._enriched(log)
        if self._redact is not None:
            log = _redacted(log, self._redact)
        template = self.fingerprint(log)
        return msgspec.structs.replace(log, template=template, severity=self._severity(log, template))

    def fingerprint(self, log: Log) -> str:
        """What stays the same in the record's message: its template where it is known, else the masked text."""
        if self._fingerprint is None:
            return fingerprint_of(log)
        return self._fingerprint(log.template or log.body)

    def _enriched(self, log: Log) -> Log:
        more = self._enrich(log) if callable(self._enrich) else self._enrich
        return msgspec.structs.replace(log, attributes={**more, **log.attributes}) if more else log

    def _severity(self, log: Log, template: str) -> int:
        """The record's SeverityNumber, raised by one range when it is the `burst`th within the window or later."""
        key = (log.tenant, log.service, log.scope, template)
        times = self._seen.setdefault(key, deque(maxlen=self._burst))
        self._seen.move_to_end(key)
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)
        times.append(log.at)
        is_burst = len(times) == self._burst and times[-1] - times[0] < self._burst_window
        return int(Severity.of_number(log.severity).raised()) if is_burst else log.severity


def _redacted(log: Log, redact: Callable[[str], str]) -> Log:
    return msgspec.structs.replace(
        log,
        body=redact(log.body),
        template=redact(log.template),
        failure=redacted(log.failure, redact),
        attributes={name: redact(value) if isinstance(value, str) else value for name, value in log.attributes.items()},
    )
