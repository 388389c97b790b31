"""AlertManager: the names and arguments that people asked for, on a real background thread and the simulator."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

import otel_alerting
from otel_alerting import AlertManager
from otel_alerting.config.read import read
from otel_alerting.errors import AlertingError
from otel_alerting.inbox import Inbox
from otel_alerting.model import Alert, Point, Severity
from otel_alerting.model.duration import SECOND
from otel_alerting.rules.rule import RuleFile
from otel_alerting.rules.ruleset import RuleSet
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


def measured() -> tuple[AlertManager, Inbox, InMemoryMetricReader]:
    reader, inbox = InMemoryMetricReader(), Inbox()
    return AlertManager("acme", inbox=inbox, meter_provider=MeterProvider(metric_readers=[reader])), inbox, reader


def instruments(reader: InMemoryMetricReader) -> dict[str, tuple[str, str]]:
    data = reader.get_metrics_data()
    assert data is not None
    metrics = [metric for scope in data.resource_metrics[0].scope_metrics for metric in scope.metrics]
    return {metric.name: (type(metric.data).__name__, metric.unit) for metric in metrics}


def test_numbers_feed_rules_and_opentelemetry() -> None:
    """track_metric is a gauge point for rules and a histogram for the SDK; track_counter a sum and a counter."""
    alerts, inbox, reader = measured()
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
    assert instruments(reader) == {"api_response_time": ("Histogram", ""), "errors_total": ("Sum", "")}


def test_a_unit_goes_to_rules_and_to_opentelemetry() -> None:
    """Who names the unit has limits converted to it, and it stands on the instrument."""
    alerts, inbox, reader = measured()
    alerts.track_metric("model.latency", 150, unit="ms")
    alerts.track_counter("model.sent", 2_048, {"model": "ranking"}, "By")
    assert [point.unit for point in taken(inbox) if isinstance(point, Point)] == ["ms", "By"]
    assert instruments(reader) == {"model.latency": ("Histogram", "ms"), "model.sent": ("Sum", "By")}


@pytest.mark.parametrize(("unit", "value", "fires"), [("ms", 900, True), ("ms", 700, False), ("", 0.9, True)])
def test_a_limit_is_converted_to_the_unit_and_taken_in_seconds_without_one(
    unit: str, value: float, fires: bool
) -> None:
    """What the documentation says of `800ms`."""
    text = "rules: [{alert: Slow, metric: model.latency, above: 800ms, interval: 15s, lateness: 0s}]"
    inbox = Inbox()
    AlertManager("acme", inbox=inbox).track_metric("model.latency", value, unit=unit)
    (point,) = taken(inbox)
    assert isinstance(point, Point)
    rules = RuleSet(read(f"version: 1\n{text}", RuleFile, "rules.yaml").complete(), started_at=point.at)
    alerts = [*rules.observe(point, point.at), *rules.evaluate(point.at + 60 * SECOND)]
    assert bool(alerts) is fires


def test_one_name_may_be_a_histogram_and_a_counter() -> None:
    """A slip of the tongue costs nothing but OpenTelemetry's own warning."""
    alerts, inbox, _ = measured()
    alerts.track_metric("answers", 1)
    alerts.track_counter("answers")
    assert len(taken(inbox)) == 2


def test_numbers_of_other_libraries_are_numbers() -> None:
    """Models and shops measure in their own types; truth values and texts are none."""
    alerts, inbox, _ = measured()
    for value in (Fraction(3, 2), Decimal("1.5"), 3 * 10**30):
        alerts.track_metric("n", value)  # type: ignore[arg-type]
    assert [point.value for point in taken(inbox) if isinstance(point, Point)] == [1.5, 1.5, 3e30]


def test_a_level_may_be_a_number_of_logging_or_a_severity() -> None:
    """`logging.WARNING` is 30, which on OpenTelemetry's scale would be beyond critical."""
    inbox = Inbox()
    alerts = AlertManager("acme", inbox=inbox)
    for level in (logging.WARNING, logging.ERROR, Severity.CRITICAL, "high"):
        alerts.send_warning(level, "slow")
    told = [alert.severity for alert in taken(inbox) if isinstance(alert, Alert)]
    assert told == [Severity.WARNING, Severity.HIGH, Severity.CRITICAL, Severity.HIGH]


def test_an_unknown_template_is_told_with_the_default_one_and_named(
    slack: SlackSimulator, capfd: pytest.CaptureFixture[str]
) -> None:
    """Templates are found when something is told, perhaps by tenant; the line says which ones there are."""
    alerts = manager(slack)
    alerts.send_custom_alert("ml_modle_drift", "HIGH", {"model_name": "ranking"})
    assert alerts.flush(10)
    (message,) = slack.messages()
    assert "ranking" in message.words
    (line,) = capfd.readouterr().err.splitlines()
    assert "slack/ml_modle_drift.j2: no such template; there are " in line
    assert "ml_model_drift" in line


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
    ("call", "kind", "says"),
    [
        (lambda alerts: alerts.send_warning("loud", "x"), ValueError, "'loud' is not a severity"),
        (lambda alerts: alerts.send_warning(None, "x"), TypeError, "level: a text is needed; found None"),
        (lambda alerts: alerts.send_warning("WARNING", None), TypeError, "message: a text is needed; found None"),
        (lambda alerts: alerts.send_warning("ERROR", KeyError("x")), TypeError, "message: .*found KeyError"),
        (lambda alerts: alerts.send_warning("ERROR", "x", ["a"]), TypeError, "context: a mapping .* found"),
        (lambda alerts: alerts.send_custom_alert("t", "HIGH", None), TypeError, "data: a mapping"),
        (lambda alerts: alerts.send_custom_alert("t", 30, {}), TypeError, "severity: a text"),
        (lambda alerts: alerts.send_custom_alert("", "HIGH", {}), ValueError, "template: .*says nothing"),
        (lambda alerts: alerts.track_metric("", 1), ValueError, "metric_name: "),
        (lambda alerts: alerts.track_metric("two words", 1), ValueError, "metric_name: letters"),
        (lambda alerts: alerts.track_metric(5, 1), TypeError, "metric_name: a text"),
        (lambda alerts: alerts.track_metric("n", "fast"), TypeError, "value: a number is needed; found 'fast'"),
        (lambda alerts: alerts.track_metric("n", True), TypeError, "value: a number"),
        (lambda alerts: alerts.track_metric("n", None), TypeError, "value: a number"),
        (lambda alerts: alerts.track_metric("n", float("nan")), ValueError, "value: a finite number.*nan"),
        (lambda alerts: alerts.track_metric("n", -float("inf")), ValueError, "value: a finite number.*inf"),
        (lambda alerts: alerts.track_metric("n", Decimal("sNaN")), ValueError, "value: a finite number"),
        (lambda alerts: alerts.track_metric("n", 1, 5), TypeError, "tags: a mapping"),
        (lambda alerts: alerts.track_metric("n", 1, unit=None), TypeError, "unit: a text"),
        (lambda alerts: alerts.track_metric("n", 1, unit="µs"), ValueError, "unit: .*UCUM"),
        (lambda alerts: alerts.track_counter("n", -1), ValueError, "only grows"),
        (lambda alerts: alerts.get_alert_history(limit=-1), ValueError, "limit: 0 or more"),
        (lambda alerts: alerts.get_alert_history(limit="all"), TypeError, "limit: a whole number"),
        (lambda alerts: alerts.get_alert_history(tenant_id=5), TypeError, "tenant_id: a text"),
        (lambda alerts: alerts.flush(timeout="5s"), TypeError, "timeout: a number"),
        (lambda _: AlertManager(tenant_id=5), TypeError, "tenant_id: a text is needed; found 5"),  # type: ignore[arg-type]
        (lambda _: AlertManager(slack_webhok_url="x"), TypeError, "knows no slack_webhok_url; it knows config"),
    ],
)
def test_a_wrong_argument_says_what_would_be_right(
    call: Callable[[AlertManager], object], kind: type[Exception], says: str
) -> None:
    """A typing error in a direct call is seen at once, by whoever made it; and nothing of it is taken in."""
    inbox = Inbox()
    with pytest.raises(kind, match=says):
        call(AlertManager("acme", inbox=inbox))
    assert not taken(inbox)
