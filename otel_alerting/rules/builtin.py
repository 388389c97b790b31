"""The built-in rules are there without any: what a program logs as wrong, its exceptions, its failed spans.

    LoggedWarning, LoggedError   by service.name, logger.name and the message's fingerprint
    UnhandledException           by service.name, exception.type and the innermost frame of the program's own code
    SpanFailed                   by service.name and span.name, where no exception says more

They fire on the event and end after five quiet minutes; a burst makes them one severity worse.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from itertools import count as counting

from otel_alerting.handlers.endings import UNCAUGHT
from otel_alerting.model import Alert, Failure, Labels, Log, Severity, Signal, Span
from otel_alerting.model.duration import MINUTE, SECOND
from otel_alerting.rules.attributes import text
from otel_alerting.rules.failures import culprit
from otel_alerting.rules.fingerprint import LONGEST, fingerprint_of
from otel_alerting.rules.trouble import Place, Trouble

REFRESH = SECOND
"""How long a count may be behind, so that a storm is told with its number and not as one."""
_ALIASES = 20_000
_TWICE = 10_000
"""Exceptions remembered, to recognise one that a log record and a span both tell."""
_HIGH = int(Severity.HIGH)
_ASGI_EVENT = "asgi.event.type"
"""On a span about one message of a request (opentelemetry-instrumentation-asgi); the request has its own."""


class BuiltinRules:
    """Signals in, alerts out, without a word of configuration.

    Args:
        level: log records and spans below it are not alerts.
        quiet: an alert is over after this long without another signal.
        burst: this many within `burst_window` are one severity worse.
        burst_window: the time in which a burst is counted.
        limit: alerts of one tenant, rule and service at once; what is beyond is counted in one with `overflow="true"`.
        redact: takes secrets out of a text before it gets into an alert.
    """

    def __init__(
        self,
        level: Severity = Severity.WARNING,
        *,
        quiet: int = 5 * MINUTE,
        burst: int = 100,
        burst_window: int = MINUTE,
        limit: int = 100,
        redact: Callable[[str], str] | None = None,
    ) -> None:
        self._level, self._quiet, self._burst, self._burst_window = level, quiet, burst, burst_window
        self._limit, self._redact = limit, redact
        self._troubles: dict[Hashable, Trouble] = {}
        self._aliases: dict[Hashable, Trouble] = {}
        """By what can be read without any work: how a repeated record finds its trouble."""
        self._numbers: Counter[Place] = Counter()
        self._services: Counter[tuple[str, str]] = Counter()
        self._ends: list[tuple[int, int, Trouble]] = []
        self._order = counting()
        self._moved: list[Trouble] = []
        self._refresh_at = 0
        self._told_by: dict[tuple[str, str, str], type] = {}
        self._left: dict[tuple[str, ...], None] = {}
        """Exceptions that spans ended with, each by the span around it, or by its service where there is none."""

    def observe(self, signal: Signal, now: int) -> list[Alert]:
        """Take a signal in; its alert when that is news."""
        if isinstance(signal, Log):
            if (signal.severity or 9) < self._level:
                return []
            return self._log(signal, now) if signal.failure is None else self._failure(signal, signal.failure, now)
        return self._span(signal, now) if isinstance(signal, Span) else []

    def evaluate(self, now: int) -> list[Alert]:
        """The alerts whose count moved since they were told, and those that are over."""
        changed = [trouble.alert(now, self._redact) for trouble in self._moved if self._is_worth_telling(trouble, now)]
        self._moved = []
        while self._ends and self._ends[0][0] <= now:
            _, _, trouble = heapq.heappop(self._ends)
            end_at = trouble.seen_at + self._quiet
            if end_at > now:
                heapq.heappush(self._ends, (end_at, next(self._order), trouble))
            else:
                changed.append(self._over(trouble, end_at))
        return changed

    def next_at(self) -> int | None:
        """When `evaluate` has something to do; None while everything is quiet."""
        ends = self._ends[0][0] if self._ends else None
        if not self._moved:
            return ends
        return self._refresh_at if ends is None else min(self._refresh_at, ends)

    def told(self) -> tuple[Alert, ...]:
        """The alerts that fire, as they are: to outlive the process."""
        alerts = []
        for trouble in self._troubles.values():
            is_moved = trouble.moved
            alerts.append(trouble.alert(trouble.seen_at, self._redact))
            trouble.moved = is_moved
        return tuple(alerts)

    def resume(self, alerts: Iterable[Alert], now: int) -> None:
        """Go on with what was told before a restart; it ends when nothing more is seen for as long as always."""
        for alert in alerts:
            trouble = self._resumed(alert)
            trouble.resume(alert, now)
            heapq.heappush(self._ends, (now + self._quiet, next(self._order), trouble))

    def take_over(self, old: BuiltinRules) -> None:
        """Go on where others are, that may have had other settings."""
        self._troubles, self._aliases, self._told_by = old._troubles, old._aliases, old._told_by
        self._numbers, self._services = old._numbers, old._services
        self._order, self._moved, self._refresh_at = old._order, old._moved, old._refresh_at
        self._ends = [(trouble.seen_at + self._quiet, order, trouble) for _, order, trouble in old._ends]
        heapq.heapify(self._ends)

    def move(self, by: int, now: int) -> None:
        """Go on after time itself was moved, forward by a sleep of the machine, back by somebody's hand."""
        for trouble in self._troubles.values():
            trouble.move(by, now)
        self._ends = [(trouble.seen_at + self._quiet, order, trouble) for _, order, trouble in self._ends]
        heapq.heapify(self._ends)
        self._refresh_at = min(self._refresh_at, now)

    # By kind

    def _log(self, log: Log, now: int) -> list[Alert]:
        is_error = log.severity >= _HIGH
        said = log.template if log.template and log.template != log.body else log.body[:LONGEST]
        alias = (log.tenant, log.resource.get("service.name"), log.scope, said, is_error)
        trouble = self._aliases.get(alias)
        if trouble is None or trouble.is_over:
            trouble = self._alias(alias, self._logged(log, is_error))
        return self._see(trouble, log, Severity.of_number(log.severity), now)

    def _logged(self, log: Log, is_error: bool) -> Trouble:
        said = fingerprint_of(log)
        if self._redact is not None:
            said = self._redact(said)
        labels = {"service.name": log.service, "logger.name": log.scope, "fingerprint": said}
        return self._trouble("LoggedError" if is_error else "LoggedWarning", labels, log)

    def _span(self, span: Span, now: int) -> list[Alert]:
        """A failed span by its exception if it has one; an exception in a span that did not fail is a warning."""
        failed = span.status == "error"
        severity = Severity.HIGH if failed else Severity.WARNING
        if severity < self._level or not (failed or span.failures):
            return []
        if span.failures:
            return self._failure(span, span.failures[-1], now, severity)
        if _ASGI_EVENT in span.attributes:
            return []
        labels = {"service.name": span.service, "span.name": span.name}
        return self._see(self._trouble("SpanFailed", labels, span), span, severity, now)

    def _failure(self, signal: Signal, failure: Failure, now: int, severity: Severity | None = None) -> list[Alert]:
        if self._is_told(signal, failure):
            return []
        labels = {"service.name": signal.service, "exception.type": failure.bare_type, "origin": culprit(failure)}
        worst = Severity.of_number(signal.severity) if isinstance(signal, Log) else severity or Severity.HIGH
        return self._see(self._trouble("UnhandledException", labels, signal), signal, worst, now)

    def _is_told(self, signal: Signal, failure: Failure) -> bool:
        """Was this exception told already, by a span that it left before, or by a signal of another kind?

        The same kind again is another exception.
        """
        if self._came_out_of(signal, failure):
            return True
        if not signal.trace_id:
            return False
        key = (signal.trace_id, signal.span_id, failure.bare_type)
        first = self._told_by.setdefault(key, type(signal))
        if len(self._told_by) > _TWICE:
            del self._told_by[next(iter(self._told_by))]
        return first is not type(signal)

    def _came_out_of(self, signal: Signal, failure: Failure) -> bool:
        """Every span that an exception leaves records it, and so does the end of the program or thread."""
        what = (signal.tenant, failure.bare_type, failure.message)
        if isinstance(signal, Log):
            return signal.scope == UNCAUGHT and (*what, signal.service) in self._left
        is_told = (*what, signal.trace_id, signal.span_id) in self._left if signal.span_id else False
        parent = getattr(signal, "parent_id", "")
        self._left[(*what, signal.trace_id, parent) if parent else (*what, signal.service)] = None
        if len(self._left) > _TWICE:
            del self._left[next(iter(self._left))]
        return is_told

    # Troubles

    def _trouble(self, name: str, labels: Labels, signal: Signal) -> Trouble:
        """The trouble of these labels, new or known; that of all others once there are too many."""
        said = {label: text(value) for label, value in labels.items() if value}
        key: Hashable = (signal.tenant, name, *said.items())
        trouble = self._troubles.get(key)
        if trouble is not None:
            return trouble
        place = self._place((signal.tenant, name, said.get("service.name", "")))
        if self._numbers[place] >= self._limit:
            key = (*place, "overflow")
            said = {"service.name": place[2], "overflow": "true"} if place[2] else {"overflow": "true"}
            trouble = self._troubles.get(key)
        return self._new_trouble(key, place, said, signal) if trouble is None else trouble

    def _resumed(self, alert: Alert) -> Trouble:
        """A trouble whose last signal says what the alert said."""
        signal = Log(
            at=alert.started_at,
            tenant=alert.tenant,
            severity=int(alert.severity),
            body=alert.text,
            attributes=alert.facts,
            failure=alert.failure,
            trace_id=alert.trace_id,
            correlation_id=alert.correlation_id,
        )
        if "overflow" not in alert.labels:
            return self._trouble(alert.name, alert.labels, signal)
        place = self._place((alert.tenant, alert.name, alert.labels.get("service.name", "")))
        return self._new_trouble((*place, "overflow"), place, alert.labels, signal)

    def _new_trouble(self, key: Hashable, place: Place, labels: Labels, signal: Signal) -> Trouble:
        self._numbers[place] += 1
        trouble = self._troubles[key] = Trouble(key, place, labels, signal, self._burst_window)
        return trouble

    def _place(self, place: Place) -> Place:
        """The service's own place, so that what overflows is told in the service's own message; else everybody's."""
        tenant, name, _ = place
        if place in self._numbers or self._services[tenant, name] < self._limit:
            self._services[tenant, name] += place not in self._numbers and place[2] != ""
            return place
        return tenant, name, ""

    def _alias(self, alias: Hashable, trouble: Trouble) -> Trouble:
        if len(self._aliases) >= _ALIASES:
            self._aliases.clear()
        self._aliases[alias] = trouble
        return trouble

    def _see(self, trouble: Trouble, signal: Signal, severity: Severity, now: int) -> list[Alert]:
        is_new = not trouble.count
        if trouble.see(signal, severity, now, self._burst):
            if is_new:
                heapq.heappush(self._ends, (now + self._quiet, next(self._order), trouble))
            return [trouble.alert(now, self._redact)]
        if not trouble.moved:
            trouble.moved = True
            if not self._moved:
                self._refresh_at = now + REFRESH
            self._moved.append(trouble)
        return []

    def _is_worth_telling(self, trouble: Trouble, now: int) -> bool:
        return trouble.calm(now, self._quiet) or trouble.moved

    def _over(self, trouble: Trouble, at: int) -> Alert:
        trouble.is_over = True
        del self._troubles[trouble.key]
        self._numbers[trouble.place] -= 1
        if not self._numbers[trouble.place]:
            del self._numbers[trouble.place]
            self._services[trouble.place[:2]] -= trouble.place[2] != ""
        return trouble.alert(at, self._redact).resolved(at, "quiet")
