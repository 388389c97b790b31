"""A sample is a notification made from plain data: what `preview` shows and `SlackNotifier.send_rich_message` sends."""

from __future__ import annotations

import json
from collections.abc import Mapping

from otel_alerting.model import Alert, Notification, Reason, Severity
from otel_alerting.model.alert import Fact

_ADDRESSES = ("runbook_url", "dashboard_url")


def notification_of(
    template: str,
    data: Mapping[str, object],
    *,
    at: int,
    severity: Severity = Severity.INFO,
    tenant: str = "default",
    receiver: str = "",
    over: bool = False,
) -> Notification:
    """A notification about one alert whose facts are `data`, to be rendered with `template`.

    Args:
        template: the template's name; it is the alert's name too unless `data` has a `title`.
        data: facts by name; what is no text, number or truth value is shown as JSON. `message` is what the program
            said; `runbook_url` and `dashboard_url` become buttons.
        at: the alert's moment.
        severity: decides emoji and colour.
        tenant: whose it is.
        receiver: who is told; only a name.
        over: an alert that has ended by itself.
    """
    facts = {name: _fact(value) for name, value in data.items()}
    annotations: dict[str, str] = {name: str(facts.pop(name)) for name in _ADDRESSES if name in facts}
    text = str(facts.pop("message", "") or "")
    alert = Alert(
        tenant=tenant,
        name=str(facts.pop("title", "") or template),
        severity=severity,
        started_at=at,
        updated_at=at,
        template=template,
        text=text,
        facts=facts,
        annotations=annotations,
    )
    shown = alert.resolved(at) if over else alert
    return Notification(
        tenant=tenant,
        receiver=receiver,
        group=alert.identity,
        group_labels={"alertname": alert.name},
        reason=Reason.RESOLVED if over else Reason.FIRST,
        seq=1,
        at=at,
        alerts=(shown,),
        firing=0 if over else 1,
        resolved=1 if over else 0,
        occurrences=1,
        severity=severity,
        started_at=at,
    )


def _fact(value: object) -> Fact:
    if value is None or isinstance(value, (str, int, float)):
        return value
    return json.dumps(value, ensure_ascii=False, default=str)
