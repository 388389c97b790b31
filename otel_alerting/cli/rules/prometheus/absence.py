"""Absence: what `absent` and `absent_over_time` ask."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from otel_alerting.cli.rules.prometheus.condition import RISING, Condition
from otel_alerting.cli.rules.prometheus.measure import SWITCHES, CannotSay, Measure, by
from otel_alerting.cli.rules.prometheus.ranges import STALE, windowed
from otel_alerting.cli.rules.prometheus.syntax import Call, Selector, Subquery
from otel_alerting.cli.rules.prometheus.vector import CONSTANT_ONE, Cases, Vector

if TYPE_CHECKING:
    from otel_alerting.cli.rules.prometheus.translate import Translation

Reader: TypeAlias = "Callable[[Translation, Call], Cases]"


def _absent(translation: Translation, node: Call) -> Cases:
    """None of several is there only if each is not there."""
    if len(node.arguments) != 1:
        raise CannotSay(node.place, f"{node.name} takes one thing")
    argument = node.arguments[0]
    if isinstance(argument, Selector | Subquery) and argument.window:
        return (Vector(CONSTANT_ONE, (_missing(windowed(translation, node), node),)),)
    vectors = translation.cases(argument)
    if len(vectors) == 1 and len(vectors[0].needs) == 1 and not vectors[0].unless:
        return _nowhere(vectors[0].needs[0], node)
    return (Vector(CONSTANT_ONE, tuple(_missing(_missed(one, node), node) for one in vectors)),)


def _nowhere(condition: Condition, node: Call) -> Cases:
    """`absent(up == 1)`: there is no series, or of those that are the best does not hold it."""
    lead = condition.lead
    is_switch = lead.metric in SWITCHES and condition.word == "equals" and condition.limit == 1
    word = "at_least" if is_switch else condition.word
    if not condition.is_single or not lead.is_plain or word not in ("above", "at_least", "below", "at_most"):
        raise CannotSay(node.arguments[0].place, "it asks whether something computed is absent; a rule misses signals")
    across = "max" if word in RISING else "min"
    best = replace(condition, word=word, lead=replace(lead, groups=by(()), across=across), value="1").negated()
    return Vector(CONSTANT_ONE, (_missing(lead, node),)), Vector(CONSTANT_ONE, (best,))


def _missed(vector: Vector, node: Call) -> Measure:
    measure = vector.form.single
    if measure is None or not vector.is_free or measure.aggregate not in ("last", "rate", "increase"):
        raise CannotSay(node.arguments[0].place, "it asks whether something computed is absent; a rule misses signals")
    return measure


def _missing(measure: Measure, node: Call) -> Condition:
    if measure.offset:
        raise CannotSay(node.place, "it asks what was absent in the past")
    lead = replace(
        measure, aggregate="absent", window=measure.window or STALE, groups=by(()), across="", place=node.place
    )
    return Condition(lead, None, value="1", place=node.place)


ABSENCES: Mapping[str, Reader] = {"absent": _absent, "absent_over_time": _absent}
