"""A problem is told in one sentence: `alerting.yaml:12: route.receiver: found 'opps'; expected one of dev, ops`."""

from __future__ import annotations

import re

from otel_alerting.config.shapes import close
from otel_alerting.dispatch.matcher import Matcher
from otel_alerting.model.severity import Severity
from otel_alerting.telemetry import without_credentials

_LONGEST = 80
_PASSWORD = re.compile(r"(\w://)[^/@\s]+@")
_NO_SUCH = re.compile(r"(.+) is (not an? [\w ]+); (.+)", re.DOTALL)
_MATCHER = 'a matcher as service = api, severity >= high or host =~ "web-.*"'


def quoted(said: str) -> str:
    """A text as it was written, without credentials in it and not too long."""
    safe = _PASSWORD.sub(r"\1***@", without_credentials(said))
    return repr(safe if len(safe) <= _LONGEST else safe[: _LONGEST - 1] + "…")


def expected(wanted: object, said: str, error: Exception) -> str:
    """What a type that refused a text would take, said so that it reads on behind `expected`."""
    if wanted is Severity:
        return _severity(said)
    if wanted is Matcher:
        return f"{_MATCHER} ({str(error).partition('; a matcher as ')[0]})"
    return str(error)


def unravelled(found: str, right: str) -> tuple[str, str]:
    """A complaint that is a sentence of its own, `'x' is not a severity; one of …`, put where each half belongs."""
    complaint = _NO_SUCH.fullmatch(right)
    return (f"{complaint[1]}, which is {complaint[2]}", complaint[3]) if complaint else (found, right)


def _severity(said: str) -> str:
    words = ", ".join(one.word for one in Severity)
    meant = close(said.lower(), [word for one in Severity for word in one.spellings])
    guess = f" (did you mean {meant[0]!r}?)" if meant else ""
    return f"one of {words}, or an alias as warn, error, fatal, page{guess}"
