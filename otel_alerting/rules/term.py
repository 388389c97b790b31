"""A term is one operand with all that is needed to keep its number: what it takes, what it reads, what it measures.

A rule has one, or more where its number is made of several; so has each of its further conditions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol, runtime_checkable

from otel_alerting.model import Point, Signal
from otel_alerting.ports import Measure
from otel_alerting.rules import attributes, measures
from otel_alerting.rules.frame import Frame, is_gauge, measurements
from otel_alerting.rules.matching import narrow, part, takes
from otel_alerting.rules.operand import WINDOW, Number, Operand
from otel_alerting.rules.portion import Portion
from otel_alerting.rules.reading import number_of, unit_of
from otel_alerting.rules.rule import Rule
from otel_alerting.rules.subject import SIGHTS
from otel_alerting.rules.window import Shape

ZERO = frozenset(("count", "rate", "increase", "sum", "unique")) | SIGHTS
"""Measures for which nothing is 0, so that a guard must be asked for."""
_JOINED = frozenset(("count", "rate", "sum", "ratio", "fraction", "unique")) | SIGHTS
"""Measures that need one series for all sources of a group, unless `across` says otherwise."""
_APART = frozenset(("last", "age", "forecast", "changes"))
"""Measures that are of one source each."""
_SUMMED = frozenset(("count", "rate", "increase", "sum", "ratio", "changes"))
"""Measures that add up over the sources of a group, unless `across` says otherwise."""
_RAW = _APART | SIGHTS | {"unique"}
"""Measures of metrics that take points as they are, and not the steps between them."""


@runtime_checkable
class Remembering(Protocol):
    """What knows more than a window holds, and must not forget it with the process."""

    def kept(self) -> bytes:
        """What it knows."""
        ...

    def resume(self, kept: bytes, away: int) -> None:
        """Go on from what was known, `away` nanoseconds after it was."""
        ...


class Term:
    """One for all groups of a rule.

    Args:
        operand: complete: its window is the rule's where it has none.
        rule: whose term it is, for its interval and what it does about values that are gone.
    """

    def __init__(self, operand: Operand, rule: Rule) -> None:
        self.operand = operand
        self.takes = takes(operand.kind, operand.span or operand.log, operand.where, operand.alternatives)
        self.narrow = narrow(operand.kind, operand.span or operand.log, operand.where)
        """A value that all signals have that it takes."""
        self.number = number_of(operand)
        self.shape = Shape(int(operand.window or WINDOW), rule.every, rule.late)
        is_value = operand.measure != "absent" and (operand.measure != "age" or operand.kind == "metric")
        stale = int(rule.no_data_after) if is_value else operand.remembers
        self.horizon = stale if operand.measure in ("last", "age") else self.shape.window
        """How long a signal can matter."""
        self.is_raw = operand.measure in _RAW
        self.observations: Callable[[Signal], int] = _one if self.is_raw else measurements
        """How many things a signal tells of."""
        self._make = measures.maker(operand.measure)
        where = operand.of if isinstance(operand.of, Mapping) else {}
        self._frame = Frame(
            shape=self.shape,
            share=measures.share_of(operand.measure),
            part=part(operand.kind, where) if operand.measure == "ratio" else None,
            portion=Portion.parse(where) if operand.measure == "fraction" else None,
            read=attributes.reader(operand.of) if isinstance(operand.of, str) else None,
            ahead=int(operand.ahead or self.shape.window),
            stale=stale,
        )
        self.signature = (operand, rule.every, rule.late, int(rule.no_data_after))
        """Terms with equal ones keep the same numbers of the same signals."""

    def empty(self) -> Measure:
        """A measure that has seen nothing."""
        return self._make(self._frame)

    def resumed(self, kept: bytes, away: int) -> Measure:
        """A measure that knows what one knew before a time in which nobody looked."""
        measure = self.empty()
        if kept and isinstance(measure, Remembering):
            measure.resume(kept, away)
        return measure

    def unit(self, signal: Signal) -> str:
        """The unit of its numbers, as the signal tells it."""
        return unit_of(self.operand, signal)

    def across(self, signal: Signal) -> str:
        """How several series of a group join."""
        if self.operand.across is not None:
            return self.operand.across
        measure = self.operand.measure
        is_level = not isinstance(signal, Point) or is_gauge(signal) or measure == "age"
        return "max" if is_level and measure not in _SUMMED else "sum"

    def is_apart(self, point: Point) -> bool:
        """Is a point's series kept apart from others of its group?"""
        measure = self.operand.measure
        if self.operand.across is not None or measure in _APART:
            return True
        return is_gauge(point) and measure not in _JOINED

    @property
    def is_shared(self) -> bool:
        """Are all signals of a group in one series, whatever they are?"""
        operand = self.operand
        return operand.kind != "metric" or (operand.across is None and operand.measure in _JOINED)


def terms_of(number: Number, rule: Rule) -> tuple[Term, ...]:
    """The terms of a rule or of one of its further conditions: its own, then `minus` and `divide_by`."""
    window = number.window or rule.window
    operands = (number, *(operand for _, operand in number.further_operands))
    return tuple(Term(_complete(operand, window), rule) for operand in operands)


def _complete(operand: Operand, window: int) -> Operand:
    """The operand alone, without what is said around it, and with a window."""
    said = {name: getattr(operand, name) for name in Operand.__struct_fields__}
    return Operand(**{**said, "window": operand.window or window})


def _one(signal: Signal) -> int:
    return 1
