"""A sample is an alert that never happened, to see what a template makes of it."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from otel_alerting.model import Alert, Failure, Frame, Notification, Reading, Reason, Severity, State
from otel_alerting.model.alert import Fact
from otel_alerting.model.duration import MINUTE
from otel_alerting.model.notification import digest

SAMPLES: Mapping[str, Mapping[str, Fact]] = {
    "ml_model_drift": {"model_name": "recommendation_v2", "drift_score": 0.85, "threshold": 0.7},
    "default": {"http.route": "/api/checkout", "http.response.status_code": 503, "attempt": 3},
}
"""Facts by template; `default` for templates that are not here."""


def sample(
    template: str,
    *,
    at: int,
    tenant: str = "default",
    severity: Severity = Severity.HIGH,
    facts: Mapping[str, Fact] | None = None,
    text: str = "Payment provider answered 503 after 3 attempts",
    over: bool = False,
) -> Notification:
    """A notification about one alert that would be told with this template; a digest is about several groups."""
    if template == "digest":
        groups = [
            sample(name, at=at, tenant=tenant, severity=level, text=words, over=over) for name, level, words in _GROUPS
        ]
        return digest(msgspec.structs.replace(group, group=f"preview {seq}") for seq, group in enumerate(groups))
    alert = Alert(
        tenant=tenant,
        name=_NAMES.get(template, "LoggedError" if template == "default" else template),
        labels={"service.name": "checkout"},
        severity=severity,
        state=State.RESOLVED if over else State.FIRING,
        started_at=at - 12 * MINUTE,
        updated_at=at,
        ended_at=at if over else 0,
        count=42,
        template=template,
        text=text,
        facts=SAMPLES.get(template, SAMPLES["default"]) if facts is None else facts,
        reading=_READING if template == "threshold" else None,
        failure=_FAILURE if template == "exception" else None,
        trace_id="4bf92f3577b34da6a3ce929d0e0e4736",
        correlation_id="req-7f3a",
    )
    return Notification(
        tenant=tenant,
        receiver="preview",
        group="preview",
        group_labels={"alertname": alert.name, "service.name": "checkout"},
        reason=Reason.RESOLVED if over else Reason.FIRST,
        seq=2 if over else 1,
        at=at,
        alerts=(alert,),
        firing=0 if over else 1,
        resolved=1 if over else 0,
        occurrences=alert.count,
        severity=severity,
        started_at=alert.started_at,
    )


_GROUPS = (
    ("exception", Severity.CRITICAL, "charging the card failed"),
    ("threshold", Severity.HIGH, ""),
    ("default", Severity.WARNING, "only 4 left of beans, order more"),
    ("default", Severity.WARNING, "the recommendations are two hours old"),
)
_NAMES = {"threshold": "SlowRequests", "exception": "UnhandledException"}
_READING = Reading(
    value=1.24,
    threshold=0.8,
    comparison="above",
    unit="s",
    measure="p99(http.server.request.duration)",
    window=5 * MINUTE,
    samples=1370,
)
_FAILURE = Failure(
    type="shop.errors.CardDeclined",
    message="insufficient funds",
    frames=(
        Frame(file="/app/shop/views.py", line=42, function="checkout"),
        Frame(file="/app/shop/payments.py", line=118, function="charge"),
    ),
)
