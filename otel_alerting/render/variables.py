"""Variables are what a template may name: the views of a notification's alerts, and what all of them have in common."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import overload

from otel_alerting.model import Alert, Notification
from otel_alerting.render import words
from otel_alerting.render.clusters import headline
from otel_alerting.render.sandbox import Plain
from otel_alerting.render.view import AlertView, Telling

_PARTS = 50
"""Groups of a digest that its template can go through; twenty are listed."""


def variables(notification: Notification, telling: Telling, alerts: Sequence[AlertView]) -> dict[str, object]:
    """Everything a template may name."""
    first = alerts[0] if alerts else None
    total = max(notification.firing + notification.resolved, len(notification.alerts))
    ended_at = max((alert.ended_at for alert in notification.alerts), default=0) or notification.at
    return {
        **(first.variables() if first else {}),
        "alert": first,
        "alerts": alerts,
        "annotations": first.annotations if first else {},
        "service": first.service if first else "",
        "environment": first.environment if first else "",
        "tenant": notification.tenant,
        "receiver": notification.receiver,
        "reason": notification.reason.value,
        "at": notification.at,
        "severity": notification.severity.word,
        "severity_name": telling.voice.gettext(words.SEVERITIES[notification.severity]),
        "over": notification.over,
        "several": total > 1 or bool(notification.parts),
        "total": total,
        "firing": notification.firing,
        "resolved": notification.resolved,
        "occurrences": notification.occurrences or sum(alert.count for alert in notification.alerts),
        "started_at": notification.started_at,
        "ended_at": ended_at,
        "lasted": max(0, (ended_at if notification.over else notification.at) - notification.started_at),
        "names": shared_names(notification, telling),
        "parts": [PartView(part, telling) for part in notification.parts[:_PARTS]],
        "number_of_parts": len(notification.parts),
        "trace_url": first.trace_url if first else "",
    }


class PartView(Plain):
    """One group of a digest as templates see it."""

    def __init__(self, part: Notification, telling: Telling) -> None:
        alerts = AlertViews(part.alerts, telling)
        self.emoji = words.RESOLVED_EMOJI if part.over else words.EMOJI[part.severity]
        self.state = telling.voice.gettext(words.state(part))
        self.total = max(part.firing + part.resolved, len(part.alerts))
        self.firing, self.resolved, self.over = part.firing, part.resolved, part.over
        self.occurrences = part.occurrences
        self.alert = alerts[0] if part.alerts else None
        self.names = shared_names(part, telling)
        self.several = self.total > 1


class AlertViews(Sequence[AlertView]):
    """Views that are made when a template looks at them: of fifty alerts, twenty may fit."""

    def __init__(self, alerts: Sequence[Alert], telling: Telling) -> None:
        self._alerts, self._telling = alerts, telling
        self._made: dict[int, AlertView] = {}

    def __len__(self) -> int:
        return len(self._alerts)

    @overload
    def __getitem__(self, index: int) -> AlertView: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[AlertView]: ...
    def __getitem__(self, index: int | slice) -> AlertView | Sequence[AlertView]:
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(len(self)))]
        at = range(len(self))[index]
        if at not in self._made:
            self._made[at] = AlertView(self._alerts[at], self._telling)
        return self._made[at]

    def __iter__(self) -> Iterator[AlertView]:
        return (self[index] for index in range(len(self)))


def shared_names(notification: Notification, telling: Telling) -> Sequence[str]:
    """What all alerts of a group have in common: the alert's name, the service, and the other group labels."""
    names = {alert.name for alert in notification.alerts}
    labels = dict(notification.group_labels)
    name = labels.pop("alertname", "") or (names.pop() if len(names) == 1 else "")
    shown = [words.alert_name(telling.voice.language, name)] if name else []
    redacted = (str(telling.redactor.redact_value(key, value)) for key, value in labels.items() if key != "tenant")
    return [headline(text) for text in (*shown, *redacted) if text]
