"""A composition is how a number is made of its terms: the first, less `minus`, divided by `divide_by`.

All terms have the same groups. A group is judged once it has seen something of each of them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from otel_alerting.rules.group import Group, Look
from otel_alerting.rules.operand import Number, Operand
from otel_alerting.rules.reading import subject_of
from otel_alerting.rules.rule import Compare
from otel_alerting.rules.term import ZERO
from otel_alerting.rules.threshold import Threshold

_NOTHING = Look(None, 0)
_SIGNS = {"minus": "-", "divide_by": "/"}


class Composition:
    """What a number is and what it is in, for all groups of a rule or of a further condition."""

    def __init__(self, number: Number, compare: Compare | None = None) -> None:
        self._number, self._compare = number, compare
        self._words = tuple(word for word, _ in number.further_operands)
        self.is_plain = not self._words
        """Is it made of one term?"""
        self.is_zero = self.is_plain and number.measure in ZERO
        """Is it known of nothing?"""
        self.of_nothing = float(self.is_plain and number.measure == "absent")
        """What it is of nothing, where that is known."""
        self.guard = number.min_count or (0 if self.is_zero or not self.is_plain else 1)
        """How many observations there must be."""

    def look(self, group: Group, edge: int) -> Look:
        """The number of a group at an edge; its samples are those of the divisor where there is one.

        Where a term has no number there is none; but what is divided by 0 or by nothing is NaN, for which no condition
        holds.
        """
        if self.is_plain:
            return group.look(edge)
        value, samples, _ = group.look(edge)
        for word, part in zip(self._words, group.others, strict=True):
            other = _NOTHING if part is None else part.look(edge)
            if word == "minus":
                value = None if value is None or other.value is None else value - other.value
            else:
                value = None if value is None else _quotient(value, other.value)
                samples = other.samples
        return Look(value, samples)

    def is_sure(self, threshold: Threshold, value: float) -> bool:
        """May a number be judged whose windows are not full? A count that is too high already may, a ratio may."""
        if self.of_nothing:
            return not value
        return threshold.rises_above(value) if self.is_zero else self.is_plain

    def unit(self, units: Sequence[str]) -> str:
        """The unit of the number, from those of its terms: what is divided by its like has none."""
        if self._compare is not None and self._compare.as_ == "percent":
            return "ratio"
        return "" if "divide_by" in self._words and units[-1] else units[0]

    def text(self) -> str:
        """What is measured, for readers: `rate(http.errors) / rate(http.requests)`, `count(span) Δ 7d`."""
        said = _called(self._number)
        for word, operand in self._number.further_operands:
            if word == "divide_by" and self._number.minus is not None:
                said = f"({said})"
            said = f"{said} {_SIGNS[word]} {_called(operand)}"
        return said if self._compare is None else f"{said} Δ {self._compare.to}"


def _called(operand: Operand) -> str:
    return f"{operand.measure}({subject_of(operand)})"


def _quotient(value: float, divisor: float | None) -> float:
    return value / divisor if divisor else math.nan
