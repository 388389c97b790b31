"""A history is what happened to a tenant's alerts and messages, as it happened.

Two streams a tenant in the store, one of alert changes and one of deliveries, bounded by count. The store keeps bytes;
this is the one place that knows what they mean.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from otel_alerting.model import Alert, Delivery, Severity, State
from otel_alerting.ports import Store

_encode = msgspec.json.Encoder().encode
_decode_alert = msgspec.json.Decoder(Alert).decode
_decode_delivery = msgspec.json.Decoder(Delivery).decode
_KEPT = 10_000
"""Entries a stream; at 600 bytes each, 6 MB."""


class History:
    """What happened to every tenant's alerts. One thread writes, any thread reads."""

    def __init__(self, store: Store, *, kept: int = _KEPT) -> None:
        self._store = store
        self._kept = kept
        self._last: dict[str, tuple[State, Severity]] = {}

    def saw(self, alert: Alert) -> bool:
        """Note an alert; True when it began, got better or worse, or ended, and not only its count moved."""
        after = (alert.state, alert.severity)
        if self._last.get(alert.identity) == after:
            return False
        if alert.firing:
            self._last[alert.identity] = after
        else:
            self._last.pop(alert.identity, None)
        self._append(f"alerts/{alert.tenant}", _encode(alert))
        return True

    def told(self, delivery: Delivery) -> None:
        """Note what became of a message."""
        self._append(f"deliveries/{delivery.tenant}", _encode(delivery))

    def alerts(self, tenant: str, limit: int) -> Sequence[Alert]:
        """The last changes of one tenant's alerts, newest first, each as the alert was then."""
        return [_decode_alert(raw) for _, raw in self._store.newest(f"alerts/{tenant}", limit)]

    def deliveries(self, tenant: str, limit: int) -> Sequence[Delivery]:
        """What became of the last messages to one tenant, newest first."""
        return [_decode_delivery(raw) for _, raw in self._store.newest(f"deliveries/{tenant}", limit)]

    def _append(self, stream: str, entry: bytes) -> None:
        position = self._store.append(stream, [entry])
        if position > self._kept and position % 256 == 0:  # trimming at every entry would double the work
            self._store.trim(stream, position - self._kept)


def plain(alert: Alert) -> Mapping[str, object]:
    """An alert as plain data, under the names that people know from messages; moments stay nanoseconds."""
    return {
        "alert": alert.name,
        "identity": alert.identity,
        "tenant": alert.tenant,
        "labels": dict(alert.labels),
        "severity": alert.severity.word,
        "state": alert.state.value,
        "at": alert.updated_at,
        "started_at": alert.started_at,
        "ended_at": alert.ended_at or None,
        "count": alert.count,
        "message": alert.text,
        "value": alert.reading.value if alert.reading else None,
        "facts": dict(alert.facts),
        "correlation_id": alert.correlation_id,
        "trace_id": alert.trace_id,
    }
