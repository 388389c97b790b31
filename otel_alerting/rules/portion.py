"""A portion is which values a fraction counts: those on one side of a limit, or between two."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Literal, TypeAlias, get_args

import msgspec

from otel_alerting.rules.matching import AttributeMatcher, Where
from otel_alerting.rules.quantity import Quantity

Side: TypeAlias = Literal["above", "at_least", "below", "at_most"]
SIDES: tuple[Side, ...] = get_args(Side)
Limits: TypeAlias = tuple[tuple[Side, float], ...]
"""All of them must hold."""

_HOLDS: Mapping[Side, Callable[[float, float], bool]] = {
    "above": operator.gt,
    "at_least": operator.ge,
    "below": operator.lt,
    "at_most": operator.le,
}
_RIGHT = "which values, as {above: 800ms}, or {ATTRIBUTE: {above: 10}} for those of an attribute"


class Portion(msgspec.Struct, frozen=True, kw_only=True):
    """Whose values, and on which side of which limits."""

    attribute: str = ""
    """Empty for a metric's own values, and for a span's duration."""
    limits: tuple[tuple[Side, Quantity], ...]

    @classmethod
    def parse(cls, of: Where) -> Portion:
        """Read `{above: 800ms}`, `{above: 1s, at_most: 2s}` or `{ATTRIBUTE: {above: 10}}`.

        Raises:
            ValueError: with what would be right.
        """
        if of and set(of) <= set(SIDES):
            return cls(limits=_limits({side: of[side].equals for side in SIDES if side in of}))
        if len(of) != 1:
            raise ValueError(_RIGHT)
        ((attribute, matcher),) = of.items()
        said = {side: limit for side in SIDES if (limit := getattr(matcher, side)) is not None}
        if not said or matcher != AttributeMatcher(**said):
            raise ValueError(_RIGHT)
        return cls(attribute="" if attribute == "duration" else attribute, limits=_limits(said))

    def within(self, unit: str) -> Limits:
        """Its limits for values in this unit."""
        return tuple((side, limit.within(unit)) for side, limit in self.limits)


def lies_within(limits: Limits, value: float) -> bool:
    """Does a value lie on the right side of all limits?"""
    return all(_HOLDS[side](value, limit) for side, limit in limits)


def _limits(said: Mapping[Side, object]) -> tuple[tuple[Side, Quantity], ...]:
    return tuple((side, Quantity.parse(str(limit))) for side, limit in said.items())
