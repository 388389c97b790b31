"""Aggregating joins series of one group: what of that `by` and `across` can say."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from otel_alerting.cli.rules.prometheus import form as forms
from otel_alerting.cli.rules.prometheus.condition import RISING, Condition
from otel_alerting.cli.rules.prometheus.form import Form, Sum
from otel_alerting.cli.rules.prometheus.measure import (
    COUNTED,
    SERIES,
    SWITCHES,
    TIME,
    CannotSay,
    Groups,
    Measure,
    by,
    without,
)
from otel_alerting.cli.rules.prometheus.syntax import Aggregation, Expr, Matcher, Text
from otel_alerting.cli.rules.prometheus.vector import CONSTANT_ONE, Cases, Vector, conditions
from otel_alerting.model.duration import MINUTE

if TYPE_CHECKING:
    from otel_alerting.cli.rules.prometheus.translate import Translation

_ACROSS = frozenset(["sum", "avg", "min", "max", "count"])
_PROCESSORS = ("node_cpu_seconds_total", "windows_cpu_time_total")
"""Metrics that have one series for each processor and `mode`."""
_SEEN = 5 * MINUTE
"""For so long a value counts in Prometheus, too."""


def aggregated(translation: Translation, node: Aggregation) -> Cases:
    """`sum by (a) (inner)` and its like.

    Raises:
        CannotSay: the series are joined in a way that rules do not know.
    """
    if node.word in ("topk", "bottomk", "limitk"):
        translation.say(f"without {node.word}: every series for which the condition holds is told, up to `limit`")
        return translation.cases(node.inner)
    if node.word == "count" and _counts_values(node.inner):
        return _distinct(translation, node)
    if node.word not in (*_ACROSS, "group"):
        raise CannotSay(node.place, f"{node.word} of several series; a rule joins them by {', '.join(sorted(_ACROSS))}")
    return tuple(_joined(translation, node, one) for one in translation.cases(node.inner))


def _joined(translation: Translation, node: Aggregation, vector: Vector) -> Vector:
    groups = without(node.labels) if node.without else by(node.labels)
    if node.word == "group":
        needs, unless = conditions(vector, node.inner.place)
        return Vector(CONSTANT_ONE).under(*_fewer_each(needs, groups), unless=_fewer_each(unless, groups))
    if vector.truth is not None:
        return Vector(_of_switches(translation, node, vector, groups))
    if not vector.is_free:
        return _of_some(translation, node, vector, groups)
    if vector.form.is_constant:
        raise CannotSay(node.inner.place, "it joins a number that no series has")
    return Vector(_form(translation, node, vector.form, groups))


def _form(translation: Translation, node: Aggregation, form: Form, groups: Groups) -> Form:
    measure = form.single
    if measure is not None and (made := _single(node.word, measure, groups)) is not None:
        return _scaled(node, form, measure, made)
    if node.word in ("max", "min"):
        if form.wrap not in ("", node.word):
            raise CannotSay(node.place, f"the {node.word} of the {form.wrap} of several computed numbers")
        return replace(form, wrap="max" if node.word == "max" else "min")
    if measure is not None and node.word == "sum" and _is_of_modes(measure, groups):
        return _of_modes(translation, node, form, measure, groups)
    if not form.bottom.terms and node.word in ("sum", "avg") and not form.wrap:
        return _distributed(translation, node, form, groups)
    raise CannotSay(node.place, f"the {node.word} of {_what(form)}; a rule first joins series and then computes")


def _is_of_modes(measure: Measure, groups: Groups) -> bool:
    return (
        measure.metric in _PROCESSORS
        and measure.across == "avg"
        and measure.groups == by((*groups.names, "mode"))
        and not any(one.label == "cpu" for one in measure.matchers)
    )


def _of_modes(translation: Translation, node: Aggregation, form: Form, measure: Measure, groups: Groups) -> Form:
    """`sum by (host) (avg by (host, mode) (x))`: every mode has as many series as there are processors."""
    translation.say(f"the sum of means by mode as the sum by the number of processors, which {measure.metric} has")
    idle = frozenset((Matcher("mode", "=", "idle"),))
    processors = replace(
        measure, groups=groups, aggregate="last", window=0, across="count", matchers=_unmoded(measure) | idle
    )
    joined = Sum({replace(measure, groups=groups, across="sum"): form.top.terms[measure]})
    return Form(joined.plus(Sum({processors: form.top.constant})), Sum({processors: Fraction(1)}), place=node.place)


def _unmoded(measure: Measure) -> frozenset[Matcher]:
    return frozenset(one for one in measure.matchers if one.label != "mode")


def _what(form: Form) -> str:
    if form.bottom.terms:
        return "ratios of single series"
    joined = [one for one in form.measures if one.across]
    return f"what was joined by {joined[0].across} before" if joined else "computed numbers"


def _single(word: str, measure: Measure, groups: Groups) -> Measure | None:
    """The series of one measure, joined; None where they have been joined in another way before."""
    if measure.groups == SERIES and not measure.across:
        return replace(measure, groups=groups, across=word)
    if word == "count" and measure.groups.kind == groups.kind == "by":
        return _different(measure, groups)
    if measure.across == word and word in ("sum", "min", "max") and _is_coarser(groups, measure.groups):
        return replace(measure, groups=groups)
    if (measure.across, word) == ("count", "sum") and _is_coarser(groups, measure.groups):
        return replace(measure, groups=groups)
    return measure if groups == measure.groups and word != "count" else None


def _different(measure: Measure, groups: Groups) -> Measure | None:
    """How many different values one label has: `count by (a) (count by (a, b) (x))`."""
    more = measure.groups.labels - groups.labels
    if len(more) != 1 or not groups.labels <= measure.groups.labels or measure.aggregate != "last":
        return None
    return replace(measure, groups=groups, aggregate="unique", of=next(iter(more)), window=_SEEN, across="")


def _is_coarser(groups: Groups, than: Groups) -> bool:
    if groups.kind == than.kind == "by":
        return groups.labels <= than.labels
    return groups.kind == than.kind == "without" and groups.labels >= than.labels


def _scaled(node: Aggregation, form: Form, measure: Measure, made: Measure) -> Form:
    """Joining series that are all scaled alike is scaling what they are joined to."""
    factor, constant = form.top.terms[measure], form.top.constant
    if node.word == "count":
        return forms.of(made)
    if constant and node.word == "sum":
        return Form(Sum({made: factor, replace(made, across="count", aggregate="last", window=0): constant}))
    if factor < 0 and made.across in ("max", "min") and node.word in ("max", "min"):
        made = replace(made, across="min" if made.across == "max" else "max")
    return replace(form, top=Sum({made: factor}, constant), place=node.place)


def _distributed(translation: Translation, node: Aggregation, form: Form, groups: Groups) -> Form:
    """The sum of differences is the difference of the sums."""
    if TIME in form.top.terms or (form.top.constant and node.word == "sum"):
        raise CannotSay(node.place, f"the {node.word} of {_what(form)}; a rule first joins series and then computes")
    made = Sum(constant=form.top.constant)
    for measure, factor in form.top.terms.items():
        joined = _single(node.word, measure, groups)
        if joined is None:
            raise CannotSay(
                node.place, f"the {node.word} of {_what(form)}; a rule first joins series and then computes"
            )
        made = made.plus(Sum({joined: factor}))
    translation.say(
        f"each measure is joined by {node.word} before they are subtracted: series that only one has count too"
    )
    return Form(made, place=node.place)


# Series for which a condition holds


def _of_some(translation: Translation, node: Aggregation, vector: Vector, groups: Groups) -> Vector:
    only = vector.needs[0] if len(vector.needs) == 1 and not vector.unless else None
    if only is not None and _is_switch(only) and only.lead == vector.form.single and node.word == "count":
        translation.say("a metric that is 1 or 0, counted: where Prometheus has no series, there is a 0 here")
        return Vector(_switched(node, only, groups))
    if only is not None and node.word == "sum" and _leaves_out_zeros(vector, only):
        translation.say(f"the sum of {only.lead.metric} with its zeros, which add nothing")
        return Vector(_form(translation, node, vector.form, groups))
    needs, unless = _fewer_each(vector.needs, groups), _fewer_each(vector.unless, groups)
    if any(one.groups != groups for one in needs[:1]):
        translation.say(f"one alert for each series, and not for their {node.word}")
    if node.word == "count" or (node.word == "sum" and _is_positive(vector)):
        return Vector(
            Form(Sum({Measure("", groups=groups, aggregate=COUNTED): Fraction(1)}), place=node.place), needs, unless
        )
    if node.word in ("max", "min", "avg"):
        return Vector(_form(translation, node, vector.form, groups), needs, unless)
    raise CannotSay(node.place, "the sum of those series for which a condition holds")


def _is_positive(vector: Vector) -> bool:
    """Is each value that is there above 0, so that their sum says that there is one?"""
    return any(one.lead == vector.form.single and one.is_single and _keeps_above_zero(one) for one in vector.needs) or (
        vector.form.is_constant and vector.form.constant > 0
    )


def _keeps_above_zero(one: Condition) -> bool:
    return (one.word == "above" and one.limit >= 0) or (one.word in ("at_least", "equals") and one.limit > 0)


def _leaves_out_zeros(vector: Vector, only: Condition) -> bool:
    return (
        only.word in ("above", "not_equals") and not only.limit and only.is_single and only.lead == vector.form.single
    )


def _is_switch(only: Condition) -> bool:
    return only.lead.metric in SWITCHES and only.lead.is_plain and only.word == "equals" and only.limit in (0, 1)


def _of_switches(translation: Translation, node: Aggregation, vector: Vector, groups: Groups) -> Form:
    """How many of several comparisons hold, where they ask whether a switch is on or off."""
    truth = vector.truth
    if truth is None or vector.needs or vector.unless or not _is_switch(truth) or node.word not in ("sum", "avg"):
        raise CannotSay(node.inner.place, "it joins what a comparison with bool gives")
    return _switched(node, truth, groups)


def _switched(node: Aggregation, only: Condition, groups: Groups) -> Form:
    """How many of several switches are on, or off; their share with `avg`."""
    joined = "avg" if node.word == "avg" else "sum"
    on, every = (replace(only.lead, groups=groups, across=word) for word in (joined, "count"))
    if only.limit == 1:
        return Form(Sum({on: Fraction(1)}), place=node.place)
    whole = Sum(constant=Fraction(1)) if node.word == "avg" else Sum({every: Fraction(1)})
    return Form(whole.plus(Sum({on: Fraction(-1)})), place=node.place)


def _fewer_each(some: tuple[Condition, ...], groups: Groups) -> tuple[Condition, ...]:
    return tuple(_fewer(one, groups) for one in some)


def _fewer(condition: Condition, groups: Groups) -> Condition:
    """A condition on series as one on groups, where one series is enough to hold it."""
    lead = condition.lead
    if condition.on is not None or not condition.is_single or lead.groups != SERIES:
        return condition
    if lead.across == "count":
        return replace(condition, lead=replace(lead, groups=groups))
    if lead.across or condition.word not in (*RISING, "below", "at_most"):
        return condition
    return replace(condition, lead=replace(lead, groups=groups, across="max" if condition.word in RISING else "min"))


# Different values


def _counts_values(inner: Expr) -> bool:
    return isinstance(inner, Aggregation) and inner.word == "count_values"


def _distinct(translation: Translation, node: Aggregation) -> Cases:
    """`count(count_values("v", x)) > 1`: the highest and the lowest are not the same."""
    inner = node.inner
    assert isinstance(inner, Aggregation)
    groups = by(name for name in node.labels if not _is_text(inner.parameter, name))
    if node.without or inner.without:
        raise CannotSay(node.place, "it counts different values by all labels but some")
    found = translation.cases(inner.inner)
    measure = found[0].form.single if len(found) == 1 and found[0].is_free else None
    if measure is None or measure.groups != SERIES:
        raise CannotSay(inner.inner.place, "it counts the different values of a computed number")
    high, low = (replace(measure, groups=groups, across=word) for word in ("max", "min"))
    form = Form(Sum({high: Fraction(1), low: Fraction(-1)}), wrap="distinct", place=node.place)
    return (Vector(form),)


def _is_text(parameter: Expr | None, name: str) -> bool:
    return isinstance(parameter, Text) and parameter.value == name
