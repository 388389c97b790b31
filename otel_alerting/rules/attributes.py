"""Attributes are what signals say about themselves; rules name them, wherever in the signal they stand.

A name is looked up in the signal's own attributes, then among what every signal of its kind has (`logger.name`,
`span.name`, `exception.type`, `fingerprint`), then in the resource. `resource.` and `scope.` say exactly where.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TypeAlias

from otel_alerting.model import Failure, Log, Point, Severity, Signal, Span
from otel_alerting.rules.fingerprint import fingerprint_of

Read: TypeAlias = Callable[[Signal], object]
"""Takes a signal, gives the value there; None where it has none."""

LENGTH = 256
"""Characters of a value that count; more would let one client fill the memory with labels."""


def reader(name: str) -> Read:
    """How to read the attribute of this name from any signal."""
    if name.startswith("resource."):
        return _of_resource(name.removeprefix("resource."))
    if name == "scope.name":
        return _scope
    own = _OWN.get(name)

    def read(signal: Signal) -> object:
        value = signal.attributes.get(name)
        if value is None and own is not None:
            value = own(signal)
        return signal.resource.get(name) if value is None else value

    return read


def text(value: object) -> str:
    """A value as labels and matchers see it: at most 256 characters, booleans as `true`, 1.0 as `1`."""
    if isinstance(value, str):
        return value[:LENGTH]
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)[:LENGTH]


def number(value: object) -> float | None:
    """A value as a number, where it is one. NaN is none, and neither is an integer too large for a float."""
    if not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return None if math.isnan(found) else found


def failure_of(signal: Signal) -> Failure | None:
    """The exception a signal carries; of a span with several, the last, which is the one that left it."""
    if isinstance(signal, Log):
        return signal.failure
    if isinstance(signal, Span) and signal.failures:
        return signal.failures[-1]
    return None


def _of_resource(name: str) -> Read:
    return lambda signal: signal.resource.get(name)


def _scope(signal: Signal) -> object:
    return signal.scope or None


def _logger(signal: Signal) -> object:
    return signal.scope or None if isinstance(signal, Log) else None


def _exception(signal: Signal) -> object:
    failure = failure_of(signal)
    return failure.bare_type if failure else None


def _fingerprint(signal: Signal) -> object:
    if isinstance(signal, Log):
        return fingerprint_of(signal)
    return signal.name if isinstance(signal, Span) else None


def _severity(signal: Signal) -> object:
    return Severity.of_number(signal.severity).word if isinstance(signal, Log) else None


_OWN: Mapping[str, Read] = {
    "logger.name": _logger,
    "exception.type": _exception,
    "fingerprint": _fingerprint,
    "severity": _severity,
    "span.name": lambda signal: signal.name if isinstance(signal, Span) else None,
    "span.kind": lambda signal: signal.kind if isinstance(signal, Span) else None,
    "span.status": lambda signal: signal.status if isinstance(signal, Span) else None,
    "metric.name": lambda signal: signal.name if isinstance(signal, Point) else None,
}
