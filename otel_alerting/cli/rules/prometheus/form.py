"""A form is a value as PromQL computes it: measures times factors and a constant, perhaps divided by another such sum.

That is all the arithmetic that a condition can be solved for, so that `100 - x / y * 100 < 10` becomes `x / y > 0.9`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Literal, TypeAlias

from otel_alerting.cli.rules.prometheus.measure import COUNTED, CannotSay, Groups, Measure
from otel_alerting.cli.rules.prometheus.syntax import Place

Wrap: TypeAlias = Literal["", "abs", "max", "min", "distinct", "highest", "lowest"]
"""What is still to be done when it is compared: its size, the worst of several series, or of some time (`span`)."""


@dataclass(frozen=True)
class Sum:
    """Measures times factors, and a constant."""

    terms: Mapping[Measure, Fraction] = field(default_factory=dict)
    constant: Fraction = Fraction(0)

    def plus(self, other: Sum, factor: Fraction = Fraction(1)) -> Sum:
        """This and so many times the other; what cancels is gone."""
        terms = dict(self.terms)
        for measure, number in other.terms.items():
            terms[measure] = terms.get(measure, Fraction(0)) + factor * number
        return Sum({one: number for one, number in terms.items() if number}, self.constant + factor * other.constant)

    def times(self, factor: Fraction) -> Sum:
        """So many times this."""
        return Sum().plus(self, factor)


ONE = Sum(constant=Fraction(1))


@dataclass(frozen=True)
class Form:
    """`top / bottom`."""

    top: Sum
    bottom: Sum = ONE
    wrap: Wrap = ""
    span: int = 0
    """Nanoseconds of which `highest` or `lowest` is meant."""
    place: Place = field(default=Place(0, 0), compare=False)

    @property
    def is_constant(self) -> bool:
        """Is it the same number always?"""
        return not self.top.terms and not self.bottom.terms

    @property
    def constant(self) -> Fraction:
        """That number."""
        return self.top.constant

    @property
    def measures(self) -> tuple[Measure, ...]:
        """All that it is made of."""
        return (*self.top.terms, *self.bottom.terms)

    @property
    def is_one(self) -> bool:
        """Is it the number 1, which changes nothing that is multiplied by it?"""
        return self.is_constant and self.constant == 1

    @property
    def is_counted(self) -> bool:
        """Is it for how many series a condition holds?"""
        return any(one.aggregate == COUNTED for one in self.top.terms)

    @property
    def single(self) -> Measure | None:
        """Its measure, when there is only one."""
        return self.measures[0] if len(self.measures) == 1 and not self.bottom.terms else None

    @property
    def groups(self) -> Groups | None:
        """By what it is one of several; None for a constant."""
        return next((one.groups for one in self.measures if one.metric), None)

    def mapped(self, change: Callable[[Measure], Measure]) -> Form:
        """The same of other measures."""
        return replace(self, top=_mapped(self.top, change), bottom=_mapped(self.bottom, change))


def _mapped(old: Sum, change: Callable[[Measure], Measure]) -> Sum:
    new = Sum(constant=old.constant)
    for measure, factor in old.terms.items():
        new = new.plus(Sum({change(measure): factor}))
    return new


def number(value: float, place: Place) -> Form:
    """A constant, exact as it was written: 0.1 is a tenth."""
    if not math.isfinite(value):
        raise CannotSay(place, "it is no finite number")
    return Form(Sum(constant=Fraction(repr(value))), place=place)


def of(measure: Measure) -> Form:
    """One measure."""
    return Form(Sum({measure: Fraction(1)}), place=measure.place)


def negative(form: Form) -> Form:
    """`-form`."""
    return _scaled(form, Fraction(-1))


def combined(word: str, left: Form, right: Form, place: Place) -> Form:
    """`left word right`, for the operators of arithmetic.

    Raises:
        CannotSay: what comes of it is no form.
    """
    if left.is_constant and right.is_constant:
        return Form(Sum(constant=_computed(word, left.constant, right.constant, place)), place=place)
    if word == "^" and not left.is_constant and right.is_constant and right.constant == 1:
        return left
    if left.wrap or right.wrap:
        _refuse_wrapped(word, left, right, place)
    made = _ARITHMETIC.get(word, _no_form)(left, right, place)
    span = left.span or right.span
    return replace(made, wrap=left.wrap or right.wrap, span=span, place=place)


def _refuse_wrapped(word: str, left: Form, right: Form, place: Place) -> None:
    """The worst of several, or a size, may be scaled by something positive; anything else is another number."""
    other = right if left.wrap else left
    is_positive = other.is_constant and other.constant > 0 and (word == "*" or (word == "/" and bool(left.wrap)))
    if not is_positive or "distinct" in (left.wrap, right.wrap):
        said = left.wrap or right.wrap
        raise CannotSay(place, f"it computes with the {said} of a computed number")


def _computed(word: str, left: Fraction, right: Fraction, place: Place) -> Fraction:
    try:
        value = _CONSTANTS[word](left, right)
        return Fraction(value if isinstance(value, Fraction) else repr(float(value)))
    except (ZeroDivisionError, OverflowError, ValueError):
        raise CannotSay(place, "it is no finite number") from None


def _modulo(left: Fraction, right: Fraction) -> Fraction:
    """With the sign of the left side, as in Go and not as in Python."""
    return abs(left) % abs(right) * (-1 if left < 0 else 1)


_CONSTANTS: Mapping[str, Callable[[Fraction, Fraction], Fraction | float]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": lambda left, right: left / right,
    "%": _modulo,
    "^": lambda left, right: float(left) ** float(right),
    "atan2": math.atan2,
}


def _no_form(left: Form, right: Form, place: Place) -> Form:
    raise CannotSay(place, "our rules add, subtract, divide and scale; this operator they do not know for measures")


def _added(left: Form, right: Form, place: Place) -> Form:
    if left.bottom == right.bottom:
        return replace(left, top=left.top.plus(right.top))
    for one, other in ((left, right), (right, left)):
        if other.bottom == ONE and (not other.top.terms):
            return replace(one, top=one.top.plus(one.bottom, other.top.constant))
    raise CannotSay(place, "it adds ratios of different measures; a rule divides once")


def _scaled(form: Form, factor: Fraction) -> Form:
    wraps: Mapping[Wrap, Wrap] = {"max": "min", "min": "max", "highest": "lowest", "lowest": "highest"}
    wrap = wraps.get(form.wrap, form.wrap) if factor < 0 else form.wrap
    return replace(form, top=form.top.times(factor), wrap=wrap)


def _multiplied(left: Form, right: Form, place: Place) -> Form:
    for one, other in ((left, right), (right, left)):
        if other.is_constant:
            return _scaled(one, other.constant)
    for one, other in ((left, right), (right, left)):
        if one.bottom != ONE and one.bottom == other.top and other.bottom == ONE:
            return replace(one, bottom=ONE)
    raise CannotSay(place, "it multiplies two measures")


def _divided(left: Form, right: Form, place: Place) -> Form:
    if right.is_constant:
        if not right.constant:
            raise CannotSay(place, "it divides by 0")
        return _scaled(left, 1 / right.constant)
    if left.bottom == right.bottom:
        return Form(left.top, right.top)
    if right.bottom == ONE and left.bottom.terms:
        raise CannotSay(place, "it divides a ratio by a measure; a rule divides once")
    if left.is_constant:
        return Form(right.bottom.times(left.constant), right.top)
    raise CannotSay(place, "it divides by a ratio; a rule divides once")


_ARITHMETIC: Mapping[str, Callable[[Form, Form, Place], Form]] = {
    "+": _added,
    "-": lambda left, right, place: _added(left, negative(right), place),
    "*": _multiplied,
    "/": _divided,
}


def terms(one: Sum) -> Iterator[tuple[Measure, Fraction]]:
    """Its terms, those of the text's beginning first."""
    yield from sorted(one.terms.items(), key=lambda term: term[0].place.start)
