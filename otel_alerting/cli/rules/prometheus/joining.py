"""Joining is how the two sides of an operator find each other: the groups that both must have."""

from __future__ import annotations

from dataclasses import replace

from otel_alerting.cli.rules.prometheus.condition import RISING as _RISING
from otel_alerting.cli.rules.prometheus.condition import Condition, Say
from otel_alerting.cli.rules.prometheus.measure import SERIES, WORST, CannotSay, Groups, Measure, by, without
from otel_alerting.cli.rules.prometheus.syntax import Matching, Place
from otel_alerting.cli.rules.prometheus.vector import Vector


def aligned(left: Vector, right: Vector, matching: Matching, place: Place, say: Say) -> tuple[Vector, Vector]:
    """Both sides in groups of the same labels.

    Raises:
        CannotSay: they have none.
    """
    if left.groups is None or right.groups is None:
        return left, right
    if matching.many == "left":
        return _many(left, right, matching, place, say)
    if matching.many == "right":
        one, many = _many(right, left, matching, place, say)
        return many, one
    groups = _shared(left.groups, right.groups, matching, place)
    return regrouped(left, groups), regrouped(right, groups)


def _shared(left: Groups, right: Groups, matching: Matching, place: Place) -> Groups:
    if matching.on:
        return by(matching.labels)
    return _common(_less(left, matching.labels), _less(right, matching.labels), place)


def _less(groups: Groups, labels: tuple[str, ...]) -> Groups:
    """These groups without some labels."""
    if not labels:
        return groups
    if groups.kind == "by":
        return by(name for name in groups.names if name not in labels)
    return without((*groups.names, *labels))


def _common(left: Groups, right: Groups, place: Place) -> Groups:
    """Series match when all their labels agree, so groups by different labels never do."""
    if left == right or right == SERIES:
        return left
    if left == SERIES:
        return right
    if "by" in (left.kind, right.kind) and left.kind != right.kind:
        listed, other = (left, right) if left.kind == "by" else (right, left)
        if not listed.labels & other.labels:
            return listed
    raise CannotSay(place, f"its sides have {_shown(left)} and {_shown(right)}: those never match")


def _shown(groups: Groups) -> str:
    if groups.kind == "series":
        return "all labels"
    names = ", ".join(groups.names) or "no labels"
    return names if groups.kind == "by" else f"all labels but {names}"


def _many(many: Vector, one: Vector, matching: Matching, place: Place, say: Say) -> tuple[Vector, Vector]:
    """Several series stand against one: the worst of them stands for all, in one alert."""
    assert many.groups is not None
    assert one.groups is not None
    groups = by(matching.labels) if matching.on else _less(_listed(one.groups, many.groups), matching.labels)
    if many.groups != groups:
        if any(_is_joined(measure) for measure in many.form.measures if measure.metric):
            raise CannotSay(place, f"it joins groups by {_shown(many.groups)} to fewer by {_shown(groups)}")
        say(f"one alert for each {_shown(groups)}, of the worst series, and not one for each series")
    return regrouped(many, groups, worst=True), regrouped(one, groups)


def _listed(one: Groups, many: Groups) -> Groups:
    """Of two, those whose labels are known."""
    return many if one == SERIES else one


def _is_joined(measure: Measure) -> bool:
    return measure.groups != SERIES or bool(measure.across)


def regrouped(vector: Vector, groups: Groups, *, worst: bool = False) -> Vector:
    """The same by other labels; with `worst`, of several series that which is nearest to the limit."""

    def change(measure: Measure) -> Measure:
        if not measure.metric or measure.groups == groups:
            return measure
        across = WORST if worst and not measure.across else measure.across
        return replace(measure, groups=groups, across=across)

    return replace(vector, form=vector.form.mapped(change))


def beside(condition: Condition, groups: Groups | None, matching: Matching, place: Place) -> Condition:
    """A condition of the right side of `and` or `unless`, as it stands beside a rule with these groups."""
    if condition.on is not None:
        return condition
    if matching.on:
        return replace(_narrowed(condition, by(matching.labels)), on=matching.labels)
    if matching.labels:
        own = _less(condition.groups, matching.labels)
        return replace(_narrowed(condition, own), on=own.names if own.kind == "by" else None)
    if groups is None or groups == condition.groups or SERIES in (groups, condition.groups):
        return condition
    return condition.mapped(lambda measure: replace(measure, groups=_common(condition.groups, groups, place)))


def _narrowed(condition: Condition, groups: Groups) -> Condition:
    """By fewer labels: one number of several series is enough, the one that is nearest to the limit."""
    if condition.groups != SERIES or not condition.is_single:
        return condition
    lead = condition.lead
    if lead.across == "count":
        return replace(condition, lead=replace(lead, groups=groups))
    if condition.word in ("equals", "not_equals", None):
        return condition
    across = lead.across or ("max" if condition.word in _RISING else "min")
    return replace(condition, lead=replace(lead, groups=groups, across=across))
