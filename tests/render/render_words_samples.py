"""Notifications whose own values hold no word of any language, so that every word in the message is a template's."""

from __future__ import annotations

from collections.abc import Mapping

from otel_alerting.model import Alert, Failure, Frame, Message, Notification, Reading, Reason, Severity
from otel_alerting.model.duration import HOUR, MINUTE, SECOND
from otel_alerting.model.notification import digest
from otel_alerting.render.locales import LocaleManager
from otel_alerting.render.renderer import Links, Renderer
from otel_alerting.render.templates import TemplateEngine

AT = 1_764_000_000 * SECOND
LOCALES = LocaleManager()
RENDERER = Renderer(TemplateEngine((), LOCALES), LOCALES)
LINKS = Links(trace_url="https://traces.example/{trace_id}")
BROKEN = "{{ no_such_name }}"
LOST = {
    "inbox_full": 1_204,
    "queue_full": 1,
    "expired": 2,
    "late": 3,
    "unreadable": 11,
    "unknown_tenant": 100,
    "shutdown": 1_000_000,
}

_OF_TEMPLATES: Mapping[str, Mapping[str, object]] = {
    "default": {"name": "LoggedWarning"},
    "threshold": {
        "name": "Zq1",
        "text": "",
        "reading": Reading(
            value=0.073, threshold=0.02, comparison="above", unit="ratio", measure="zq.ratio", window=5 * MINUTE
        ),
    },
    "exception": {
        "name": "UnhandledException",
        "failure": Failure(type="zq.Q7", message="zq 7", frames=(Frame(file="zq.py", line=7, function="zq"),)),
    },
    "ml_model_drift": {
        "name": "Zq2",
        "text": "",
        "facts": {"model_name": "zq_v2", "drift_score": 0.85, "threshold": 0.7, "feature": "zq3", "zq4": 4},
    },
    "nobody": {"name": "LoggedError", "annotations": {"summary": BROKEN}},
}
TEMPLATES = tuple(_OF_TEMPLATES)
"""`nobody` is one that is not there: the default one stands in and says so."""


def alert(template: str = "default", **changes: object) -> Alert:
    """An alert that is told with a template."""
    fields: dict[str, object] = {
        "tenant": "zq",
        "labels": {"service.name": "zq5", "deployment.environment.name": "zq6", "logger": "zq.zq"},
        "severity": Severity.HIGH,
        "started_at": AT - 5 * HOUR,
        "updated_at": AT,
        "template": template,
        "text": "zq zq 8",
        "count": 3,
        "annotations": {"runbook_url": "https://zq.example/r", "dashboard_url": "https://zq.example/d"},
        "trace_id": "a" * 32,
        "correlation_id": "zq-9",
        **_OF_TEMPLATES[template],
    }
    return Alert(**{**fields, **changes})  # type: ignore[arg-type]


def told(*alerts: Alert, reason: Reason = Reason.FIRST, **changes: object) -> Notification:
    """A notification about alerts; resolved ones for `Reason.RESOLVED`."""
    members = [one.resolved(AT, "quiet") if reason is Reason.RESOLVED else one for one in alerts]
    names = {one.name for one in members}
    fields: dict[str, object] = {
        "tenant": "zq",
        "receiver": "zq",
        "group": "zq",
        "group_labels": {"alertname": names.pop()} if len(names) == 1 else {},
        "reason": reason,
        "seq": 1,
        "at": AT,
        "alerts": tuple(members),
        "firing": sum(one.firing for one in members),
        "resolved": sum(not one.firing for one in members),
        "occurrences": sum(one.count for one in members),
        "severity": max(one.severity for one in members),
        "started_at": min(one.started_at for one in members),
    }
    return Notification(**{**fields, **changes})  # type: ignore[arg-type]


def situations(template: str, reason: Reason) -> list[Notification]:
    """One alert, fifty, and a digest, with all that can go wrong on the way."""
    one = alert(template)
    many = [alert(template, labels={"service.name": f"zq{n}"}, count=n + 1) for n in range(50)]
    ended = alert(template).resolved(AT, "stale")
    mixed = many if reason is Reason.RESOLVED else [*many, ended]
    single = told(one, reason=reason, lost=LOST, unknown_tenant="zq")
    group = told(*mixed, reason=reason)
    return [single, group, digest([single, group, told(ended, reason=Reason.RESOLVED)])]


def render(notification: Notification, locale: str = "en", format: str = "text") -> Message:  # noqa: A002
    """Its message."""
    return RENDERER.render(notification, locale=locale, format=format, links=LINKS)


def pieces(message: Message) -> list[str]:
    """Everything that a reader sees of it."""
    fields = [text for field in message.fields for text in (field.label, field.value)]
    buttons = [action.label for action in message.actions]
    return [
        message.text,
        message.title,
        message.summary,
        message.details,
        *fields,
        *message.lines,
        *message.context,
        *buttons,
    ]
