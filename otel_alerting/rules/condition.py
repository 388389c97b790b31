"""A condition is what a number is held against: one comparison, and where what fires ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import TypeAlias

import msgspec

from otel_alerting.model import Severity
from otel_alerting.model.duration import Duration
from otel_alerting.rules.quantity import Quantity
from otel_alerting.rules.threshold import COMPARISONS, Comparison, Step

Problems: TypeAlias = Iterator[tuple[str, str, str]]
"""Path below the value, what was found there, what would be right."""

RISING: tuple[Comparison, ...] = ("above", "at_least")
FALLING: tuple[Comparison, ...] = ("below", "at_most")


def apart(*checks: Callable[[], Problems]) -> Problems:
    """What several checks say, each by itself: where one falls over a value, the others still speak.

    The reader puts stand-ins in the place of values that could not be read; whoever looks at one raises.
    """
    fallen: Exception | None = None
    for check in checks:
        try:
            yield from check()
        except Exception as error:  # noqa: BLE001, PERF203 - it is raised when all have spoken
            fallen = fallen or error
    if fallen is not None:
        raise fallen


class Comparing:
    """What everything can say that has the six comparisons as fields."""

    __slots__ = ()

    def trigger(self) -> tuple[Comparison, Quantity] | None:
        """The comparison and its limit; None when there is none, or more than one."""
        given = self.given()
        return given[0] if len(given) == 1 else None

    def given(self) -> list[tuple[Comparison, Quantity]]:
        """All comparisons that are said."""
        return [(word, limit) for word in COMPARISONS if (limit := getattr(self, word)) is not None]

    def unclear(self) -> Problems:
        """What is wrong with the comparison and `recover`."""
        yield from apart(self._unclear_comparison, self._unclear_recover)

    def _unclear_comparison(self) -> Problems:
        given = self.given()
        if len(given) > 1:
            yield given[1][0], " and ".join(word for word, _ in given), "one of them"

    def _unclear_recover(self) -> Problems:
        trigger, recover = self.trigger(), getattr(self, "recover", None)
        if isinstance(recover, Quantity) and trigger is not None:
            yield from _unclear_recovery(recover, *trigger)


class Condition(Comparing, msgspec.Struct, frozen=True, kw_only=True):
    """Exactly one comparison, and where what fires ends."""

    above: Quantity | None = None
    below: Quantity | None = None
    at_least: Quantity | None = None
    at_most: Quantity | None = None
    equals: Quantity | None = None
    not_equals: Quantity | None = None
    recover: Quantity | None = None
    """The limit at which a firing alert ends; without it, the trigger itself."""


class SeverityStep(Condition, frozen=True, kw_only=True):
    """One severity of several, with its own trigger."""

    for_: Duration | None = msgspec.field(name="for", default=None)
    """How long the trigger must hold; the rule's `for` by default."""

    def problems(self) -> Problems:
        """What the types cannot say."""
        if not self.given():
            yield "", "no condition", "one of " + ", ".join(COMPARISONS)
        yield from self.unclear()


def unclear_steps(steps: Mapping[Severity, SeverityStep]) -> Problems:
    """What is wrong between the steps of one rule: they go one way, and a worse one needs more."""
    if not steps:
        yield "severity", "no step", "a severity, or steps as {warning: {above: 5}}"
    triggers = [(severity, steps[severity].trigger()) for severity in sorted(steps)]
    for (_, mild), (severity, bad) in pairwise(triggers):
        if mild is None or bad is None:
            continue
        path, rising = f"severity.{severity.word}", mild[0] in RISING
        if (mild[0] in FALLING, rising) != (bad[0] in FALLING, bad[0] in RISING):
            yield path, f"{bad[0]} after {mild[0]}", "all steps in one direction"
        elif bad[1].value < mild[1].value if rising else bad[1].value > mild[1].value:
            side = "more" if rising else "less"
            yield path, f"{bad[1].value:g}", f"{side} than the milder step's {mild[1].value:g}"


def step_of(condition: Comparing, severity: Severity, unit: str, hold: int = 0) -> Step:
    """The same for the state machine, where the numbers come in a unit.

    Raises:
        ValueError: when the condition has no comparison.
    """
    trigger = condition.trigger()
    if trigger is None:
        raise ValueError("a condition needs exactly one of " + ", ".join(COMPARISONS))
    word, limit = trigger
    recover = getattr(condition, "recover", None)
    return Step(
        severity=severity,
        comparison=word,
        limit=limit.within(unit),
        recover=recover.within(unit) if isinstance(recover, Quantity) else None,
        hold=hold,
    )


def _unclear_recovery(recover: Quantity, word: Comparison, limit: Quantity) -> Problems:
    if word not in RISING + FALLING:
        yield "recover", f"recover with {word}", f"no recover: what no longer {word} has recovered"
    elif recover.unit != limit.unit and recover.value:
        yield "recover", "another unit than the trigger's", "the same unit"
    elif (recover.value > limit.value) if word in RISING else (recover.value < limit.value):
        side = "at most" if word in RISING else "at least"
        yield "recover", f"{recover.value:g}", f"{side} the trigger's {limit.value:g}, or an alert would never fire"
