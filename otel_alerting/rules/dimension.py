"""A dimension is what a number is a number of, where that is known beforehand: a share, a time, a count.

A limit of another dimension can never be meant. What a metric is in, only its points say.
"""

from __future__ import annotations

from collections.abc import Iterator

from otel_alerting.rules.condition import RISING, Comparing, Problems
from otel_alerting.rules.operand import Number
from otel_alerting.rules.quantity import Quantity

_SHARES = frozenset(("ratio", "fraction"))
_COUNTS = frozenset(("count", "rate", "increase", "unique", "changes"))
_SIGHTS = frozenset(("absent", "new"))

_RIGHT = {
    "ratio": "a share from 0% to 100%",
    "s": "a time, as 800ms, or a number of seconds",
    "": "a number without a unit",
}


def dimension_of(number: Number) -> str | None:
    """`ratio`, `s`, empty for a plain number; None where only what is measured says it."""
    measure = number.measure
    if number.divide_by is not None or measure in _SIGHTS:
        return None
    if measure in _SHARES:
        return "ratio"
    if measure == "age":
        return "s"
    if number.kind == "metric":
        return "" if measure in ("count", "unique", "changes") else None
    if measure in _COUNTS:
        return ""
    return "s" if number.kind == "span" and number.of in (None, "duration") else None


def misfits(dimension: str | None, conditions: Iterator[tuple[str, Comparing]]) -> Problems:
    """Limits of another dimension than the number's, each with its path."""
    if dimension is None:
        return
    for path, condition in conditions:
        limits = [*condition.given(), ("recover", getattr(condition, "recover", None))]
        for word, limit in limits:
            if isinstance(limit, Quantity) and not _fits(word, limit, dimension):
                yield f"{path}{word}", str(limit), _RIGHT[dimension] + _guess(limit, dimension)


def _fits(word: str, limit: Quantity, dimension: str) -> bool:
    """May it be meant? A share is never above all of it; what always holds may be somebody's wish."""
    is_never = dimension == "ratio" and word in RISING and limit.value > 1
    return limit.unit in ("", dimension) and not is_never


def _guess(limit: Quantity, dimension: str) -> str:
    is_percent = dimension == "ratio" and not limit.unit and 1 < limit.value <= 100
    return f" (did you mean {limit.value:g}%?)" if is_percent else ""
