"""The public API as users write it: checked by mypy --strict, never run."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

import structlog

import otel_alerting
from otel_alerting import AlertManager, LocaleManager, Signal, SlackNotifier, TemplateEngine, WarningProcessor
from otel_alerting.handlers import (
    AlertHandler,
    AlertingASGIMiddleware,
    AlertingWSGIMiddleware,
    AlertLogExporter,
    AlertMetricReader,
    AlertProcessor,
    AlertSpanExporter,
    ContextFilter,
)
from otel_alerting.model import Receipt
from otel_alerting.testing import CapturingNotifier, ManualClock, SlackSimulator


def logging_handler() -> None:
    seen: list[Signal] = []
    handler = AlertHandler(sink=seen.append)
    handler.addFilter(ContextFilter())
    logging.getLogger().addHandler(handler)
    logging.getLogger().addHandler(AlertHandler("ERROR", slack_webhook_url="https://hooks.slack.com/services/T/B/x"))


def structlog_processor() -> None:
    structlog.configure(processors=[AlertProcessor(), structlog.processors.JSONRenderer()])


@otel_alerting.bind(tenant="acme")
def bound() -> int:
    with otel_alerting.bind(correlation_id="order-1", region="eu"):
        return 1


@otel_alerting.bind(tenant="acme")
async def bound_async() -> int:
    async with otel_alerting.bind(correlation_id="order-1"):
        return bound()


def direct() -> Sequence[Mapping[str, object]]:
    alerts = AlertManager(tenant_id="spotify_tenant_1")
    identity: str = alerts.send_warning(level="WARNING", message="High latency detected", context={"latency": "2.5s"})
    alerts.send_custom_alert(template="ml_model_drift", severity="HIGH", data={"drift_score": 0.85, "model": identity})
    alerts.track_metric("api_response_time", 150, tags={"endpoint": "/predict"}, unit="ms")
    alerts.track_counter("errors_total", tags={"service": "ml_inference"})
    return alerts.get_alert_history(tenant_id="spotify_tenant_1", limit=50)


def slack() -> Receipt:
    notifier = SlackNotifier(token="xoxb-1", channel="#ops")
    for outcome in notifier.send_batch(["one", {"message": "two", "channel": "#dev"}]):
        print(outcome)
    notifier.send_rich_message("ml_model_drift", {"model_name": "r2"})
    return notifier.send_notification("three", "#ops", [{"color": "#D93025", "text": "four"}])


def words() -> str:
    locales = LocaleManager(default="fr")
    TemplateEngine(locales=locales)
    return locales.language("fr-CA").percent(0.5)


def ways_in() -> None:
    AlertSpanExporter(locale="de")
    AlertLogExporter()
    AlertMetricReader(interval_millis=1000)
    WarningProcessor()


def middleware(app: object) -> None:
    AlertingASGIMiddleware(app, tenant_header="X-Tenant")  # type: ignore[arg-type]
    AlertingWSGIMiddleware(app, tenant_header="X-Tenant")  # type: ignore[arg-type]


def testing_kit() -> None:
    ManualClock()
    CapturingNotifier()
    with SlackSimulator() as simulator:
        print(simulator.api_url)
    print(otel_alerting.flush(3.0))
