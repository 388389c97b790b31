"""A subject is what `of` names: the attribute that is measured, or which part of the whole a share is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from otel_alerting.rules.condition import Problems
from otel_alerting.rules.matching import AttributeMatcher, Kind, unreadable
from otel_alerting.rules.portion import Portion

Subject: TypeAlias = "str | Mapping[str, AttributeMatcher] | None"

SIGHTS = frozenset(("absent", "new"))
"""Measures of whether a signal was there, whatever it says; they need no comparison either."""
_COUNTED = frozenset(("count", "rate", "increase", "age")) | SIGHTS
"""Measures that need no value."""
_SHARES = frozenset(("ratio", "fraction"))


def unclear(measure: str, kind: Kind, of: Subject) -> Problems:
    """What is wrong with the `of` of a measure."""
    if measure in _SHARES:
        yield from _unclear_share(measure, kind, of)
    elif isinstance(of, Mapping):
        right = f"duration or an attribute; only ratio and fraction take a mapping, and this is {measure}"
        yield "of", "a mapping", right
    elif measure == "unique":
        if of is None:
            yield "of", "nothing", "the attribute whose different values are counted"
    elif of is not None and (measure in SIGHTS or measure == "age"):
        yield "of", repr(of), f"no `of`: {measure} is about the signal itself"
    elif kind == "metric" and of is not None:
        yield "of", repr(of), "no `of`: a metric has its own value"
    elif of is None and ((kind == "log" and measure not in _COUNTED) or (kind == "span" and measure == "changes")):
        yield "of", "nothing", f"the attribute whose {measure} is meant"


def _unclear_share(measure: str, kind: Kind, of: Subject) -> Problems:
    if measure == "ratio":
        if not isinstance(of, Mapping):
            yield "of", "no numerator", "what the numerator takes, as {status: error}"
            return
        for name, found, right in unreadable(kind, of):
            yield f"of.{name}", found, right
        return
    try:
        portion = Portion.parse(of if isinstance(of, Mapping) else {})
    except ValueError as error:
        yield "of", "no comparison" if isinstance(of, Mapping) else repr(of) if of else "nothing", str(error)
        return
    if kind == "metric" and portion.attribute:
        yield "of", repr(portion.attribute), "a comparison alone, as {above: 800ms}: a metric has its own value"
    for side, limit in portion.limits:
        if kind == "span" and not portion.attribute and limit.unit not in ("", "s"):
            yield "of", f"{side}: {limit}", "a time, as 800ms, or a number of seconds"
    if kind == "log" and not portion.attribute:
        yield "of", "a comparison alone", "whose values are meant, as {ATTRIBUTE: {above: 10}}"
