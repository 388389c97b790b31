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


def facts_of(signal: Signal, labels: Labels) -> Mapping[str, Fact]:
    """At most 12 attributes, in their order, that are no labels already; values cut at 256 characters."""
    facts: dict[str, Fact] = {}
    for name, value in signal.attributes.items():
        if len(facts) == MOST:
            break
        if value is not None and name not in labels and not name.startswith(_NOISE):
            facts[name[:LENGTH]] = value if isinstance(value, int | float) else str(value)[:LENGTH]
    return facts


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
