"""The words that code says: names of severities, states, well-known labels and reasons. Sentences are in templates.

`N_` marks a word for the translators without translating it: that happens when the reader's language is known.
"""

from __future__ import annotations

from collections.abc import Mapping

from otel_alerting.model import Notification, Reason, Severity
from otel_alerting.render.language import Language


def N_(message: str) -> str:  # noqa: N802 - the name that extractors of messages know
    """The message itself."""
    return message


# TRANSLATORS: The severities, from the worst to the least. Shown alone, as the value of the field "Severity".
SEVERITIES: Mapping[Severity, str] = {
    Severity.CRITICAL: N_("Critical"),
    Severity.HIGH: N_("High"),
    Severity.WARNING: N_("Warning"),
    Severity.INFO: N_("Info"),
    Severity.DEBUG: N_("Debug"),
}

EMOJI: Mapping[Severity, str] = {
    Severity.CRITICAL: "🚨",
    Severity.HIGH: "🔴",
    Severity.WARNING: "🟠",
    Severity.INFO: "🔵",
    Severity.DEBUG: "⚪",
}
COLORS: Mapping[Severity, str] = {
    Severity.CRITICAL: "#D93025",
    Severity.HIGH: "#EA4335",
    Severity.WARNING: "#E8710A",
    Severity.INFO: "#1A73E8",
    Severity.DEBUG: "#80868B",
}
RESOLVED_EMOJI, RESOLVED_COLOR = "🟢", "#188038"

_STATES: Mapping[Reason, str] = {
    # TRANSLATORS: State of an alert at the start of a title: "Firing: error rate". It is wrong now.
    Reason.FIRST: N_("Firing"),
    # TRANSLATORS: State of an alert at the start of a title: it has become more severe.
    Reason.ESCALATED: N_("Worse"),
    # TRANSLATORS: State of an alert at the start of a title: told again because it has not ended for hours.
    Reason.REPEAT: N_("Still firing"),
    # TRANSLATORS: State of an alert at the start of a title: it is over.
    Reason.RESOLVED: N_("Resolved"),
}

ALERTS: Mapping[str, str] = {
    # TRANSLATORS: Name of a built-in alert: the program logged a warning.
    "LoggedWarning": N_("Warning in the log"),
    # TRANSLATORS: Name of a built-in alert: the program logged an error.
    "LoggedError": N_("Error in the log"),
    # TRANSLATORS: Name of a built-in alert: the program raised an exception that nobody handled.
    "UnhandledException": N_("Unhandled exception"),
    # TRANSLATORS: Name of a built-in alert: an operation (an OpenTelemetry span) ended with an error.
    "SpanFailed": N_("Failed operation"),
    # TRANSLATORS: Name of a built-in alert: rules in the configuration have mistakes in them and are not used.
    "RulesLeftOut": N_("Rules with mistakes"),
    # TRANSLATORS: Name of a built-in alert: a rule has met more groups than it can keep apart.
    "TooManySeries": N_("Too many series for a rule"),
}

_LABELS: Mapping[str, str] = {
    "service.name": N_("Service"),
    "service": N_("Service"),
    # TRANSLATORS: Where a service runs: production, staging, test.
    "deployment.environment.name": N_("Environment"),
    "deployment.environment": N_("Environment"),
    "environment": N_("Environment"),
    "env": N_("Environment"),
    # TRANSLATORS: A computer.
    "host.name": N_("Host"),
    "host": N_("Host"),
    # TRANSLATORS: One running copy of a service.
    "service.instance.id": N_("Instance"),
    "instance": N_("Instance"),
    # TRANSLATORS: The part of the program that wrote a log record, such as "shop.payments".
    "logger": N_("Logger"),
    "logger.name": N_("Logger"),
    # TRANSLATORS: The kind of an exception, such as ValueError.
    "exception.type": N_("Exception"),
    # TRANSLATORS: One step of a program's work, an OpenTelemetry span, such as "GET /cart".
    "span.name": N_("Operation"),
    # TRANSLATORS: The pattern of a web address that a program answers, such as /users/{id}.
    "http.route": N_("Route"),
    "http.request.method": N_("HTTP method"),
    "http.method": N_("HTTP method"),
    "http.response.status_code": N_("HTTP status"),
    "http.status_code": N_("HTTP status"),
    "url.full": N_("URL"),
    "http.url": N_("URL"),
    # TRANSLATORS: A part of a web address: what stands behind the host, such as /cart/7.
    "url.path": N_("URL path"),
    "http.target": N_("URL path"),
    # TRANSLATORS: A part of a web address: http or https.
    "url.scheme": N_("URL scheme"),
    "http.scheme": N_("URL scheme"),
    # TRANSLATORS: The computer or service that answers a request, by its name or address.
    "server.address": N_("Server"),
    "http.host": N_("Server"),
    "http.server_name": N_("Server"),
    "net.host.name": N_("Server"),
    "net.peer.name": N_("Server"),
    # TRANSLATORS: The number of the port that a server listens on.
    "server.port": N_("Server port"),
    "net.host.port": N_("Server port"),
    "net.peer.port": N_("Server port"),
    # TRANSLATORS: Whoever sends a request, by address.
    "client.address": N_("Client"),
    "http.client_ip": N_("Client"),
    # TRANSLATORS: An address of a web API that is called, such as /predict.
    "endpoint": N_("Endpoint"),
    "k8s.pod.name": N_("Pod"),
    "k8s.namespace.name": N_("Namespace"),
    "db.system.name": N_("Database"),
    "db.system": N_("Database"),
    "db.namespace": N_("Database"),
    "db.name": N_("Database"),
    # TRANSLATORS: What a database is asked, such as an SQL statement.
    "db.query.text": N_("Query"),
    "db.statement": N_("Query"),
    "db.operation.name": N_("Operation"),
    "db.operation": N_("Operation"),
    # TRANSLATORS: A queue of messages or tasks.
    "messaging.destination.name": N_("Queue"),
    "messaging.destination": N_("Queue"),
    "queue": N_("Queue"),
    # TRANSLATORS: How long something took to answer.
    "latency": N_("Latency"),
    # TRANSLATORS: How long something took.
    "duration": N_("Duration"),
    "error": N_("Error"),
    # TRANSLATORS: A machine learning model.
    "model": N_("Model"),
    "model_name": N_("Model"),
    "model_version": N_("Model version"),
    # TRANSLATORS: How far a machine learning model has moved away from what it was trained on, a number.
    "drift_score": N_("Drift score"),
    # TRANSLATORS: The value that must not be passed.
    "threshold": N_("Threshold"),
    # TRANSLATORS: One input of a machine learning model, such as "age".
    "feature": N_("Feature"),
    # TRANSLATORS: A set of data that a machine learning model learns from or is tested with.
    "dataset": N_("Dataset"),
    "metric": N_("Metric"),
    # TRANSLATORS: How much of an error budget (of a service level objective) is left, a percentage.
    "budget_left": N_("Budget left"),
    # TRANSLATORS: What a service promises, such as "99.9% / 30d".
    "objective": N_("Objective"),
    # TRANSLATORS: The two spans of time that were measured, such as "1h / 5m".
    "windows": N_("Windows"),
    "region": N_("Region"),
    "cloud.region": N_("Region"),
    "version": N_("Version"),
    "service.version": N_("Version"),
}

_LOSSES: Mapping[str, str] = {
    # TRANSLATORS: Why signals were lost, shown in "12 signals were lost (…)": more came in than could be taken.
    "inbox_full": N_("too many at once"),
    # TRANSLATORS: Why messages were lost: too many were waiting to be sent.
    "queue_full": N_("queue full"),
    # TRANSLATORS: Why messages were lost: they waited too long to be sent.
    "expired": N_("waited too long"),
    # TRANSLATORS: Why signals were lost: they came long after they happened.
    "late": N_("arrived too late"),
    # TRANSLATORS: Why measurements were lost: more counters report than are remembered.
    "streams": N_("too many counters"),
    # TRANSLATORS: Why signals were not judged one by one: a rule has more groups than are tracked.
    "series": N_("too many series"),
    # TRANSLATORS: Why signals were not judged: a rule's regular expression took too long on them.
    "regex": N_("pattern took too long"),
    # TRANSLATORS: Why signals were lost: they were damaged.
    "unreadable": N_("unreadable"),
    # TRANSLATORS: Why signals were lost: they named a tenant (a customer) that is not configured.
    "unknown_tenant": N_("unknown tenant"),
    # TRANSLATORS: Why messages were lost: the program ended.
    "shutdown": N_("program ended"),
}

_ENDINGS: Mapping[str, str] = {
    # TRANSLATORS: Why an alert is over: it was not seen again for a while.
    "quiet": N_("Not seen again"),
    # TRANSLATORS: Why an alert is over: the measurements behind it stopped coming.
    "stale": N_("No more data"),
    # TRANSLATORS: Why an alert is over: nobody raised it again within the time it was given.
    "expired": N_("Not raised again"),
    # TRANSLATORS: Why an alert is over: somebody has taken its rule out of the configuration.
    "removed": N_("Rule removed"),
    # TRANSLATORS: Why an alert is over: somebody has changed its rule in the configuration.
    "changed": N_("Rule changed"),
    # TRANSLATORS: Why an alert is over: the program began anew, and what the alert was about is not known any more.
    "forgotten": N_("Not known after a restart"),
}

COMPARISONS: Mapping[str, str] = {
    "above": ">",
    "at_least": "≥",
    "below": "<",
    "at_most": "≤",
    "equals": "=",
    "not_equals": "≠",
}
"""Signs, the same in every language."""


def state(notification: Notification) -> str:
    """The English word for the state of a group: over, worse, told again, or wrong."""
    if notification.over:
        return _STATES[Reason.RESOLVED]
    return _STATES.get(notification.reason, _STATES[Reason.FIRST])


def label_name(language: Language, name: str) -> str:
    """A label's or fact's name for people; a name that is not well known stays as it is."""
    return language.gettext(_LABELS[name]) if name in _LABELS else name


# TRANSLATORS: Stands for all alerts of a rule beyond the limit of those that are listed one by one.
OTHERS = N_("All others of this kind")


def alert_name(language: Language, name: str) -> str:
    """An alert's name for people: a built-in one in their language, a rule author's as written."""
    return language.gettext(ALERTS[name]) if name in ALERTS else name


def loss(language: Language, reason: str) -> str:
    """Why something was lost."""
    return language.gettext(_LOSSES[reason]) if reason in _LOSSES else reason


def ending(language: Language, because: str) -> str:
    """Why an alert ended; empty when that is plain."""
    return language.gettext(_ENDINGS[because]) if because in _ENDINGS else because
