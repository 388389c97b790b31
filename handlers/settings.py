"""Settings are the keyword arguments of a handler or exporter, and the switches of the environment.

A constructor never raises and never blocks: what is wrong is said once on the real stderr, and the rest holds.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Mapping

from otel_alerting.inbox import Inbox, shared
from otel_alerting.telemetry import complain

KNOWN = (
    "config",
    "locale",
    "rules",
    "slack_api_url",
    "slack_channel",
    "slack_token",
    "slack_webhook_url",
    "store",
    "timezone",
)
"""What a handler or an exporter may be given; each is also a variable, `OTEL_ALERTING_…`."""


def is_enabled(environ: Mapping[str, str] = os.environ) -> bool:
    """Has nobody switched us off, with `OTEL_ALERTING_ENABLED=false` or, as the whole SDK, `OTEL_SDK_DISABLED=true`?"""
    enabled = environ.get("OTEL_ALERTING_ENABLED", "").strip().lower()
    disabled = environ.get("OTEL_SDK_DISABLED", "").strip().lower()
    return enabled != "false" and disabled != "true"


def inbox_for(owner: str, settings: Mapping[str, object]) -> Inbox:
    """This process's inbox for these settings; names that nobody knows are complained about and left out."""
    unknown = sorted(set(settings) - set(KNOWN))
    if unknown:
        complain(f"{owner} knows no {', '.join(unknown)}; it knows {', '.join(KNOWN)}")
    return shared(**{name: _written(settings[name]) for name in KNOWN if name in settings})


def is_ours(scope: str) -> bool:
    """Does a logger or instrumentation scope of this name belong to otel-alerting itself?"""
    return scope == "otel_alerting" or scope.startswith("otel_alerting.")


def level_of(said: object, owner: str = "AlertHandler") -> int:
    """A level of `logging`, from its name, number or a severity's name; WARNING where it is none of these."""
    if isinstance(said, int):
        return int(said)
    word = str(said).strip().upper()
    if word.isdigit():
        return int(word)
    number = logging.getLevelName(word)
    if isinstance(number, int):
        return number
    from otel_alerting.model import Severity

    try:
        return (Severity.parse(word) - 1) // 4 * 10
    except ValueError as error:
        complain(f"{owner}: level: {error}; WARNING holds")
        return logging.WARNING


def _written(value: object) -> object:
    """As the environment would say it: several values with commas between them."""
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        return ",".join(map(str, value))
    return value
