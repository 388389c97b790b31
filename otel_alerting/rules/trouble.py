"""A trouble is one thing that a built-in rule tells of: how often it was seen, how fast, and its last signal."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from otel_alerting.model import Alert, Labels, Severity, Signal
from otel_alerting.rules.attributes import failure_of
from otel_alerting.rules.facts import facts_of, text_of
from otel_alerting.rules.failures import redacted

_PARTS = 4
"""Sub-buckets of the burst's window: it may be noticed a quarter late, never early."""


Place: TypeAlias = tuple[str, str, str]
"""Tenant, rule and service: what a limit is for, and what a message is about."""


class Trouble:
    """Counts, and says when that is news. The count costs well under a microsecond: it is paid for every log record."""

    __slots__ = (
        "_bucket",
        "_buckets",
        "_burst_at",
        "_recent",
        "_width",
        "alert_identity",
        "count",
        "is_over",
        "key",
        "labels",
        "last",
        "mild",
        "moved",
        "place",
        "seen_at",
        "severity",
        "started_at",
    )

    def __init__(self, key: object, place: Place, labels: Labels, signal: Signal, window: int) -> None:
        self.key, self.place, self.labels = key, place, labels
        self.started_at, self.last = signal.at, signal
        self.count, self.seen_at = 0, 0
        self.mild = self.severity = Severity.DEBUG
        """The worst that was seen; and that, raised while there is a burst."""
        self.moved, self.is_over = False, False
        self.alert_identity = ""
        self._width = max(1, window // _PARTS)
        self._bucket, self._buckets, self._recent, self._burst_at = 0, [0] * _PARTS, 0, 0

    def see(self, signal: Signal, severity: Severity, now: int, burst: int) -> bool:
        """Count a signal; True when that is worth telling at once: the first, a worse one, the beginning of a burst."""
        self.count += 1
        self.last, self.seen_at = signal, now
        if self.started_at > now:
            self.started_at = now  # the clock of whoever saw it is ahead of ours
        bucket = now // self._width
        if bucket != self._bucket:
            self._roll(bucket)
        self._buckets[bucket % _PARTS] += 1
        self._recent += 1
        if self._recent >= burst:
            self._burst_at = now
        elif severity <= self.mild and not self._burst_at and self.count > 1:
            return False
        before = self.severity
        self.mild = max(self.mild, severity)
        self.severity = self.mild.raised() if self._burst_at else self.mild
        return self.severity > before or self.count == 1

    def calm(self, now: int, quiet: int) -> bool:
        """Forget a burst that is long over; True when that changed the severity."""
        if not self._burst_at or now - self._burst_at < quiet:
            return False
        before, self.severity, self._burst_at = self.severity, self.mild, 0
        return before is not self.severity

    def move(self, by: int, now: int) -> None:
        """Go on after time itself was moved: its quiet and its burst are as long ago as they were."""
        self.seen_at = min(self.seen_at + by, now)
        self._burst_at = self._burst_at and min(self._burst_at + by, now)
        self.started_at = min(self.started_at, now)
        self._roll(now // self._width)

    def resume(self, alert: Alert, now: int) -> None:
        """Go on from an alert that was told before a restart; it was seen last when somebody looks again."""
        self.started_at, self.count, self.seen_at = alert.started_at, alert.count, now
        self.mild = self.severity = alert.severity
        self.alert_identity = alert.identity

    def alert(self, now: int, redact: Callable[[str], str] | None) -> Alert:
        """The alert as it is now."""
        last = self.last
        failure = failure_of(last)
        text = text_of(last)
        facts = facts_of(last, self.labels)
        if redact is not None:
            text, failure = redact(text), redacted(failure, redact)
            facts = {name: redact(value) if isinstance(value, str) else value for name, value in facts.items()}
        alert = Alert(
            tenant=self.place[0],
            name=self.place[1],
            labels=self.labels,
            severity=self.severity,
            started_at=self.started_at,
            updated_at=now,
            count=self.count,
            template="exception" if self.place[1] == "UnhandledException" else "default",
            text=text,
            facts=facts,
            failure=failure,
            trace_id=last.trace_id,
            correlation_id=last.correlation_id,
            identity=self.alert_identity,
        )
        self.alert_identity = alert.identity
        self.moved = False
        return alert

    def _roll(self, bucket: int) -> None:
        """Go on to another sub-bucket; those in between saw nothing."""
        if bucket < self._bucket:
            self._buckets = [0] * _PARTS
        for gone in range(max(self._bucket + 1, bucket - _PARTS + 1), bucket + 1):
            self._buckets[gone % _PARTS] = 0
        self._bucket = bucket
        self._recent = sum(self._buckets)
