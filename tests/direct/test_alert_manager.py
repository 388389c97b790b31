"""AlertManager: the names and arguments that people asked for, on a real background thread and the simulator."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

import otel_alerting
from otel_alerting import AlertManager
from otel_alerting.errors import AlertingError
from otel_alerting.inbox import Inbox
from otel_alerting.model import Alert, Point
from otel_alerting.testing import SlackSimulator


@pytest.fixture
def slack() -> Iterator[SlackSimulator]:
    with SlackSimulator(channels=("#ops",)) as simulator:
        yield simulator


def manager(slack: SlackSimulator, tenant: str | None = "spotify_tenant_1") -> AlertManager:
    return AlertManager(tenant_id=tenant, slack_webhook_url=slack.webhook_url)


def taken(inbox: Inbox) -> list[object]:
    return [make(*arguments) for make, arguments in inbox.take()]


def test_a_warning_is_in_slack_and_in_the_history(slack: SlackSimulator) -> None:
    """The example of the people who asked for it, word for word."""
    alerts = manager(slack)
    identity = alerts.send_warning(
        level="WARNING",
        message="High latency detected",
        context={"service": "ml_inference", "latency": "2.5s"},
    )
    assert alerts.flush(10)
    (message,) = slack.messages()
    assert "High latency detected" in message.words
    assert "2.5s" in message.words
    (entry,) = alerts.get_alert_history(tenant_id="spotify_tenant_1", limit=50)
    assert (entry["identity"], entry["state"], entry["message"]) == (identity, "firing", "High latency detected")


def test_a_custom_alert_uses_its_template(slack: SlackSimulator) -> None:
    """Texts are labels, numbers are facts, words are the template's."""
    alerts = manager(slack)
    data = {"model_name": "recommendation_v2", "drift_score": 0.85, "threshold": 0.70}
    alerts.send_custom_alert(template="ml_model_drift", severity="HIGH", data=data)
    assert alerts.flush(10)
    (message,) = slack.messages()
    assert "recommendation_v2" in message.words
    assert "0.85" in message.words
    (entry,) = alerts.get_alert_history()
    assert entry["labels"] == {"model_name": "recommendation_v2"}


def test_the_same_alert_raised_again_is_counted() -> None:
    """Identity is tenant, name and texts; a number that moved is the same alert."""
    inbox = Inbox()
    alerts = AlertManager("acme", inbox=inbox)
    first = alerts.send_custom_alert("ml_model_drift", "HIGH", {"model_name": "r2", "drift_score": 0.85})
    again = alerts.send_custom_alert("ml_model_drift", "CRITICAL", {"model_name": "r2", "drift_score": 0.95})
    other = alerts.send_custom_alert("ml_model_drift", "HIGH", {"model_name": "r3", "drift_score": 0.85})
    assert first == again != other


def test_numbers_feed_rules_and_opentelemetry() -> None:
    """track_metric is a gauge point for rules and a histogram for the SDK; track_counter a sum and a counter."""
    reader = InMemoryMetricReader()
    provider = MeterProvider(metric_readers=[reader])
    inbox = Inbox()
    alerts = AlertManager("acme", inbox=inbox)
    alerts._instruments.update(
        {
            "api_response_time": provider.get_meter("t").create_histogram("api_response_time"),
            "errors_total": provider.get_meter("t").create_counter("errors_total"),
        }
    )
    alerts.track_metric("api_response_time", 150, tags={"endpoint": "/predict"})
    alerts.track_counter("errors_total", tags={"service": "ml_inference"})
    first, second = taken(inbox)
    assert isinstance(first, Point)
    assert isinstance(second, Point)
    assert (first.name, first.kind, first.value, first.attributes) == (
        "api_response_time",
        "gauge",
        150,
        {"endpoint": "/predict"},
    )
    assert (second.kind, second.monotonic, second.temporality, second.value) == ("sum", True, "delta", 1)
    data = reader.get_metrics_data()
    assert data is not None
    names = {metric.name for metric in data.resource_metrics[0].scope_metrics[0].metrics}
    assert names == {"api_response_time", "errors_total"}
    assert metrics.get_meter_provider() is not provider


def test_the_bound_tenant_and_correlation_id_hold_where_none_is_named() -> None:
    """One AlertManager for a program of many tenants."""
    inbox = Inbox()
    with otel_alerting.bind(tenant="globex", correlation_id="order-9"):
        AlertManager(inbox=inbox).send_warning(level="ERROR", message="declined")
    (alert,) = taken(inbox)
    assert isinstance(alert, Alert)
    assert (alert.tenant, alert.correlation_id, alert.name) == ("globex", "order-9", "LoggedError")


def test_another_tenants_history_is_refused() -> None:
    """No call made for one tenant can read another."""
    with pytest.raises(AlertingError, match="globex"):
        AlertManager("acme", inbox=Inbox()).get_alert_history(tenant_id="globex")


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda alerts: alerts.send_warning(level="loud", message="x"), "'loud' is not a severity"),
        (lambda alerts: alerts.track_counter("n", -1), "only grows"),
        (lambda alerts: alerts.track_metric("n", "fast"), "a number is needed"),
        (lambda alerts: alerts.send_custom_alert("t", "HIGH", None), "a mapping"),
        (lambda alerts: alerts.get_alert_history(limit=-1), "0 or more"),
    ],
)
def test_a_wrong_argument_says_what_would_be_right(call, says: str) -> None:
    """A typing error in a direct call is seen at once, by whoever made it."""
    with pytest.raises((ValueError, TypeError), match=says):
        call(AlertManager("acme", inbox=Inbox()))
