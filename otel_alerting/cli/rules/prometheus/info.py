"""An info metric is always 1 and is there for its labels; multiplying by it changes no value."""

from __future__ import annotations

from fractions import Fraction

from otel_alerting.cli.rules.prometheus.condition import Say
from otel_alerting.cli.rules.prometheus.form import Form
from otel_alerting.cli.rules.prometheus.joining import beside, regrouped
from otel_alerting.cli.rules.prometheus.measure import Measure, by
from otel_alerting.cli.rules.prometheus.syntax import Binary, Matcher
from otel_alerting.cli.rules.prometheus.vector import Vector, exists

_NAMES = ("_info", "_label", "_labels", "_owner", "_meta", "_annotations", "_metadata")


def without_info(left: Vector, right: Vector, node: Binary, say: Say) -> Vector | None:
    """The product without the side that is 1 wherever it is; None when neither side is."""
    for one, other in ((right, left), (left, right)):
        is_right = one is right
        if node.matching.many == ("right" if is_right else "left") and not _is_one(one):
            continue
        if one.is_constant or other.is_constant or not _is_one(one):
            continue
        return _joined(other, one, node, say)
    return None


def _joined(kept: Vector, info: Vector, node: Binary, say: Say) -> Vector:
    place = (node.right if info.form is not kept.form else node.left).place
    if not node.matching.many and node.matching.on and kept.groups is not None:
        kept = regrouped(kept, by(node.matching.labels))
    needs = info.needs
    measure = info.form.single
    if not needs and measure is not None:
        if not any(map(_narrows, measure.matchers)):
            say(f"without the join with {measure.metric}: labels that only it has are not on the alert")
            return kept
        needs = (exists(info, place),)
    if node.matching.include:
        say(f"the labels {', '.join(node.matching.include)} of the joined metric are not on the alert")
    beneath = [beside(one, kept.groups, node.matching, place) for one in needs]
    return kept.under(*beneath, unless=[beside(one, kept.groups, node.matching, place) for one in info.unless])


def _is_one(vector: Vector) -> bool:
    """Is its value 1 wherever there is one?"""
    if vector.truth is not None:
        return False
    if vector.form.is_one and vector.needs:
        return True
    measure = vector.form.single
    if measure is None or vector.form.top.terms[measure] != 1 or vector.form.top.constant:
        return False
    return _is_info(vector.form, measure) or any(
        one.word == "equals" and one.limit == Fraction(1) and one.is_single and one.lead == measure
        for one in vector.needs
    )


def _is_info(form: Form, measure: Measure) -> bool:
    if measure.aggregate != "last" or measure.across in ("sum", "count") or form.wrap:
        return False
    return measure.metric.endswith(_NAMES)


def _narrows(matcher: Matcher) -> bool:
    """Does it leave out anything that has the label?"""
    return (matcher.word, matcher.value) not in (("=~", ".+"), ("=~", ".*"), ("!=", ""))
