"""Facts are what an alert shows beside its labels: the attributes of the signal behind it that a reader can use."""

from __future__ import annotations

from collections.abc import Mapping

from otel_alerting.model import Labels, Log, Signal, Span
from otel_alerting.model.alert import Fact
from otel_alerting.rules.attributes import LENGTH, failure_of

MOST = 12
"""Facts of one alert; a message has room for ten."""

_NOISE = (
    *("code.", "exception.", "process.", "telemetry.", "thread.", "tenant", "log.record.", "otel."),
    *("net.", "network.", "server.", "client.", "user_agent.", "url.scheme", "correlation_id", "correlation.id"),
    *("http.flavor", "http.host", "http.scheme", "http.server_name", "http.target", "http.user_agent"),
)
"""What every signal of a program says alike, how a request travelled, or what the alert says elsewhere."""

_PLACES = (
    ("service.name", ("service.name", "service", "job")),
    ("deployment.environment.name", ("deployment.environment.name", "deployment.environment", "environment", "env")),
)
"""What of a resource says where something went wrong, and all names it goes by."""
_UNNAMED = "unknown_service"
"""What OpenTelemetry's SDK calls a service that nobody named."""


def facts_of(signal: Signal, labels: Labels) -> Mapping[str, Fact]:
    """At most 12: the service and where it runs, then attributes in their order; values cut at 256 characters.

    What is a label already is none; the service of what stands for many groups would be that of any of them.
    """
    facts = {} if "overflow" in labels else _places(signal, labels)
    for name, value in signal.attributes.items():
        if len(facts) == MOST:
            break
        if value is not None and name not in labels and not name.startswith(_NOISE):
            facts[name[:LENGTH]] = value if isinstance(value, int | float) else str(value)[:LENGTH]
    return facts


def _places(signal: Signal, labels: Labels) -> dict[str, Fact]:
    """Where it happened, as far as neither the labels nor the signal's own attributes say so."""
    found: dict[str, Fact] = {}
    for name, names in _PLACES:
        if any(one in labels or one in signal.attributes for one in names):
            continue
        value = next((str(signal.resource[one]) for one in names if signal.resource.get(one)), "")
        if value and not value.startswith(_UNNAMED):
            found[name] = value[:LENGTH]
    return found


def text_of(signal: Signal) -> str:
    """What the program itself said: the log's message, the span's exception, else its name and status."""
    if isinstance(signal, Log):
        return signal.body
    if not isinstance(signal, Span):
        return ""
    failure = failure_of(signal)
    if failure and failure.message:
        return failure.message
    return f"{signal.name}: {signal.status_message}" if signal.status_message else signal.name
