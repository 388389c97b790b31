"""otel-alerting: the telemetry a program already has becomes alerts that people read in Slack.

Importing this package loads nothing heavy; every public name below is loaded when it is first used.
"""

from __future__ import annotations

import atexit
import importlib
import sys
from typing import TYPE_CHECKING

from otel_alerting import inbox as _inbox

if TYPE_CHECKING:
    from otel_alerting.background import flush
    from otel_alerting.context import bind
    from otel_alerting.errors import AlertingError, ConfigurationError, TemplateError
    from otel_alerting.manager import AlertManager
    from otel_alerting.model import Alert, Message, Notification, Receipt, Severity, Signal
    from otel_alerting.render.locales import LocaleManager
    from otel_alerting.render.templates import TemplateEngine
    from otel_alerting.rules.warnings import WarningProcessor
    from otel_alerting.slack import SlackNotifier

__version__ = "0.1.0"

_HOME = {
    "Alert": "otel_alerting.model",
    "AlertManager": "otel_alerting.manager",
    "AlertingError": "otel_alerting.errors",
    "ConfigurationError": "otel_alerting.errors",
    "LocaleManager": "otel_alerting.render.locales",
    "Message": "otel_alerting.model",
    "Notification": "otel_alerting.model",
    "Receipt": "otel_alerting.model",
    "Severity": "otel_alerting.model",
    "Signal": "otel_alerting.model",
    "SlackNotifier": "otel_alerting.slack",
    "TemplateEngine": "otel_alerting.render.templates",
    "TemplateError": "otel_alerting.errors",
    "WarningProcessor": "otel_alerting.rules.warnings",
    "bind": "otel_alerting.context",
    "flush": "otel_alerting.background",
}

__all__ = [
    "Alert",
    "AlertManager",
    "AlertingError",
    "ConfigurationError",
    "LocaleManager",
    "Message",
    "Notification",
    "Receipt",
    "Severity",
    "Signal",
    "SlackNotifier",
    "TemplateEngine",
    "TemplateError",
    "WarningProcessor",
    "__version__",
    "bind",
    "flush",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


def _start(inbox: _inbox.Inbox) -> None:
    """Get a reader going for a shared inbox; this is where the floors below meet the one above."""
    from otel_alerting import background

    background.start(inbox)


_inbox.reader_starts_with(_start)


def _end() -> None:
    """Drain at the interpreter's exit, if anything ever began."""
    if "otel_alerting.background" in sys.modules:
        importlib.import_module("otel_alerting.background")  # a thread that runs on may be in the middle of it
    _inbox.end()


# Registered at import, which is nearly always before OpenTelemetry's providers register theirs: exit hooks run last in,
# first out, so ours runs after the providers have flushed their last spans, records and points into our inbox.
atexit.register(_end)
