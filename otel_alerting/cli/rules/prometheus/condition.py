"""A condition is one number of ours and what it is held against."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Literal, TypeAlias

from otel_alerting.cli.rules.prometheus.measure import CannotSay, Groups, Measure
from otel_alerting.cli.rules.prometheus.syntax import Place

Word: TypeAlias = Literal["above", "below", "at_least", "at_most", "equals", "not_equals"]

WORDS: Mapping[str, Word] = {
    ">": "above",
    "<": "below",
    ">=": "at_least",
    "<=": "at_most",
    "==": "equals",
    "!=": "not_equals",
}
TURNED: Mapping[Word, Word] = {
    "above": "below",
    "below": "above",
    "at_least": "at_most",
    "at_most": "at_least",
    "equals": "equals",
    "not_equals": "not_equals",
}
"""The same seen from the other side: `a < b` is `b > a`."""
OPPOSITE: Mapping[Word, Word] = {
    "above": "at_most",
    "below": "at_least",
    "at_least": "below",
    "at_most": "above",
    "equals": "not_equals",
    "not_equals": "equals",
}
HOLDS: Mapping[Word, Callable[[Fraction, Fraction], bool]] = {
    "above": operator.gt,
    "below": operator.lt,
    "at_least": operator.ge,
    "at_most": operator.le,
    "equals": operator.eq,
    "not_equals": operator.ne,
}
RISING = ("above", "at_least")

Say: TypeAlias = Callable[[str], None]
"""Takes a note about what is not quite the same."""


@dataclass(frozen=True)
class Condition:
    """`(lead - minus) / divide_by`, or how far `lead` is from what it was, held against a limit."""

    lead: Measure
    word: Word | None
    """None for what needs no comparison: `absent`."""
    limit: Fraction = Fraction(0)
    minus: Measure | None = None
    divide_by: Measure | None = None
    change: tuple[int, Literal["percent", "absolute"]] | None = None
    """Held against what it was so many nanoseconds ago."""
    value: str | None = field(default="value", compare=False)
    """The expression's value in terms of ours, in Jinja; None where it cannot be told."""
    on: tuple[str, ...] | None = None
    """Of a further condition: the labels in which it must agree."""
    place: Place = field(default=Place(0, 0), compare=False)

    @property
    def groups(self) -> Groups:
        """By what it is one of several."""
        return self.lead.groups

    @property
    def measures(self) -> tuple[Measure, ...]:
        """All that its number is made of."""
        return tuple(one for one in (self.lead, self.minus, self.divide_by) if one is not None)

    @property
    def is_ratio(self) -> bool:
        """Is its number a share that people write in percent?"""
        return self.divide_by is not None or (self.change is not None and self.change[1] == "percent")

    @property
    def is_single(self) -> bool:
        """Is its number one measure as it is?"""
        return self.minus is None and self.divide_by is None and self.change is None

    def negated(self) -> Condition:
        """Holds when this does not, of the same numbers."""
        if self.word is None:
            raise CannotSay(self.place, "the opposite of something that is absent")
        return replace(self, word=OPPOSITE[self.word])

    def mapped(self, change: Callable[[Measure], Measure]) -> Condition:
        """The same of other measures."""
        return replace(
            self,
            lead=change(self.lead),
            minus=self.minus and change(self.minus),
            divide_by=self.divide_by and change(self.divide_by),
        )
