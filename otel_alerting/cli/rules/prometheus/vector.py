"""A vector is what an expression of PromQL gives: a value, under conditions. `or` makes several of one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TypeAlias

from otel_alerting.cli.rules.prometheus.condition import Condition
from otel_alerting.cli.rules.prometheus.form import Form, Sum
from otel_alerting.cli.rules.prometheus.measure import SERIES, CannotSay, Groups, Measure
from otel_alerting.cli.rules.prometheus.syntax import Place


@dataclass(frozen=True)
class Vector:
    """A value there is while all of `needs` and none of `unless` holds."""

    form: Form
    needs: tuple[Condition, ...] = ()
    unless: tuple[Condition, ...] = ()
    truth: Condition | None = None
    """The value is 1 while this holds, else 0: what `bool` makes."""
    hold: int = 0
    """For how long all of that must have held, in nanoseconds."""
    linger: int = 0
    """For how long it goes on after all of that held."""

    @property
    def is_free(self) -> bool:
        """Is it there without any condition?"""
        return not (self.needs or self.unless or self.truth)

    @property
    def is_constant(self) -> bool:
        """Is it the same number always?"""
        return self.is_free and self.form.is_constant

    @property
    def groups(self) -> Groups | None:
        """By what it is one of several; None for a constant."""
        found = self.form.groups
        return self.needs[0].groups if found is None and self.needs else found

    def mapped(self, change: Callable[[Measure], Measure]) -> Vector:
        """The same of other measures."""
        return replace(
            self,
            form=self.form.mapped(change),
            needs=tuple(one.mapped(change) for one in self.needs),
            unless=tuple(one.mapped(change) for one in self.unless),
            truth=self.truth and self.truth.mapped(change),
        )

    @property
    def is_timed(self) -> bool:
        """Is it about how long something holds?"""
        return bool(self.hold or self.linger)

    def under(self, *needs: Condition, unless: Sequence[Condition] = ()) -> Vector:
        """The same under further conditions."""
        return replace(self, needs=(*self.needs, *needs), unless=(*self.unless, *unless))


Cases: TypeAlias = tuple[Vector, ...]
"""One of them, as `or` says it."""

MOST_CASES = 8
"""Of one expression: each becomes a rule of its own."""


def free(form: Form) -> Cases:
    """One value without conditions."""
    return (Vector(form),)


def one_of(cases: Cases, place: Place, what: str) -> Vector:
    """The only case.

    Raises:
        CannotSay: there are several.
    """
    if len(cases) != 1:
        raise CannotSay(place, f"{what} of what `or` puts together")
    return cases[0]


def exists(vector: Vector, place: Place) -> Condition:
    """That there is a value at all."""
    measures = [one for one in vector.form.measures if one.metric]
    if not measures:
        raise CannotSay(place, "it asks whether there is something that is no metric")
    lead = measures[0]
    if lead.groups == SERIES:
        lead = Measure(lead.metric, lead.matchers, offset=lead.offset, place=lead.place)
    counted = replace(lead, aggregate="last", window=0, across="count", ahead=0)
    if counted.offset:
        raise CannotSay(place, "it asks whether there was something in the past")
    return Condition(counted, "at_least", Fraction(1), value=None, place=place)


def conditions(vector: Vector, place: Place) -> tuple[tuple[Condition, ...], tuple[Condition, ...]]:
    """What must and must not hold for it to be there."""
    if vector.truth is not None:
        raise CannotSay(place, "a comparison with bool is there whether it holds or not")
    if vector.needs or vector.is_constant:
        return vector.needs, vector.unless
    return (exists(vector, place),), vector.unless


CONSTANT_ONE = Form(Sum(constant=Fraction(1)))
