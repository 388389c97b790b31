"""Histograms: Prometheus scrapes one as `x_bucket`, `x_sum` and `x_count`; OpenTelemetry sends it as one metric `x`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, TypeAlias

from otel_alerting.cli.rules.prometheus import form as forms
from otel_alerting.cli.rules.prometheus.condition import Condition, Say
from otel_alerting.cli.rules.prometheus.form import Form
from otel_alerting.cli.rules.prometheus.measure import CannotSay, Measure, by
from otel_alerting.cli.rules.prometheus.ranges import share
from otel_alerting.cli.rules.prometheus.solving import linear
from otel_alerting.cli.rules.prometheus.syntax import Call, Matcher
from otel_alerting.cli.rules.prometheus.vector import Cases, free, one_of
from otel_alerting.model.duration import SECOND

if TYPE_CHECKING:
    from otel_alerting.cli.rules.prometheus.translate import Translation

Reader: TypeAlias = "Callable[[Translation, Call], Cases]"

_STEPS = ("rate", "increase")


# Calls


def _quantile(translation: Translation, node: Call) -> Cases:
    return free(forms.of(_whole(translation, node, 1, share(translation, node))))


def _avg(translation: Translation, node: Call) -> Cases:
    return free(forms.of(_whole(translation, node, 0, "avg")))


def _count(translation: Translation, node: Call) -> Cases:
    return free(forms.of(_whole(translation, node, 0, "")))


def _sum(translation: Translation, node: Call) -> Cases:
    steps = _whole(translation, node, 0, "")
    seconds = Fraction(1) if steps.aggregate == "increase" else 1 / Fraction(steps.window, SECOND)
    return tuple(
        replace(one, form=forms.combined("*", one.form, Form(_constant(seconds)), node.place))
        for one in free(forms.of(replace(steps, aggregate="sum")))
    )


def _constant(value: Fraction) -> forms.Sum:
    return forms.Sum(constant=value)


def _fraction(translation: Translation, node: Call) -> Cases:
    low, high = (one_of(translation.cases(one), node.place, node.name).form for one in node.arguments[:2])
    if not (low.is_constant and high.is_constant) or low.constant > 0:
        raise CannotSay(node.place, "a fraction is of the values up to a fixed limit")
    return free(forms.of(replace(_whole(translation, node, 2, "fraction"), of=_shown(high.constant))))


def _whole(translation: Translation, node: Call, place: int, aggregate: str) -> Measure:
    """The histogram that a function is called with, measured otherwise."""
    if len(node.arguments) <= place:
        raise CannotSay(node.place, f"{node.name} takes a histogram")
    argument = node.arguments[place]
    vector = one_of(translation.cases(argument), node.place, node.name)
    measure = vector.form.single
    if measure is None or not vector.is_free or vector.form.top.constant:
        raise CannotSay(argument.place, "a histogram that is computed")
    if measure.aggregate not in _STEPS:
        raise CannotSay(argument.place, f"{node.name} since each process began; a rule has a window, as rate(x[5m])")
    if measure.across not in ("", "sum"):
        raise CannotSay(argument.place, f"histograms are joined by sum, and not by {measure.across}")
    groups = (
        by(name for name in measure.groups.names if name != "le") if measure.groups.kind == "by" else measure.groups
    )
    metric = measure.metric.removesuffix("_bucket")
    return replace(
        measure, metric=metric, groups=groups, across="", aggregate=aggregate or measure.aggregate, place=node.place
    )


HISTOGRAMS: Mapping[str, Reader] = {
    "histogram_quantile": _quantile,
    "histogram_avg": _avg,
    "histogram_count": _count,
    "histogram_sum": _sum,
    "histogram_fraction": _fraction,
}


# Names


def renamed(condition: Condition, say: Say) -> Condition:
    """The same of histograms under the names that OpenTelemetry sends them by."""
    joined = _mean(condition) or _below(condition)
    if joined is not None:
        say(f"{joined.lead.metric} is read as one histogram, as OpenTelemetry sends it")
        return joined
    if not condition.is_single:
        return condition.mapped(lambda measure: _counted(measure, say))
    lead = condition.lead
    if lead.aggregate in _STEPS and lead.metric.endswith("_sum"):
        return _summed(condition, say)
    return condition.mapped(lambda measure: _counted(measure, say))


def _mean(condition: Condition) -> Condition | None:
    """`rate(x_sum) / rate(x_count)`."""
    top, bottom = condition.lead, condition.divide_by
    if bottom is None or condition.minus or top.aggregate not in _STEPS or not top.metric.endswith("_sum"):
        return None
    name = top.metric.removesuffix("_sum")
    if bottom != replace(top, metric=f"{name}_count") or top.across not in ("", "sum"):
        return None
    return replace(condition, lead=replace(top, metric=name, aggregate="avg", across=""), divide_by=None)


def _below(condition: Condition) -> Condition | None:
    """`rate(x_bucket{le="0.3"}) / rate(x_count)`: the share of values up to 0.3."""
    top, bottom = condition.lead, condition.divide_by
    if bottom is None or condition.minus or top.aggregate not in _STEPS or not top.metric.endswith("_bucket"):
        return None
    name, limits = top.metric.removesuffix("_bucket"), [one for one in top.matchers if one.label == "le"]
    if len(limits) != 1 or limits[0].word != "=" or top.across not in ("", "sum"):
        return None
    rest = top.matchers - set(limits)
    every = {f"{name}_count": rest, f"{name}_bucket": rest | {Matcher("le", "=", "+Inf")}}
    if bottom != replace(top, metric=bottom.metric, matchers=every.get(bottom.metric, frozenset())):
        return None
    lead = replace(top, metric=name, matchers=rest, aggregate="fraction", of=limits[0].value, across="")
    return replace(condition, lead=lead, divide_by=None)


def _counted(measure: Measure, say: Say) -> Measure:
    if measure.aggregate not in _STEPS:
        return measure
    for ending in ("_count", "_bucket"):
        name = measure.metric.removesuffix(ending)
        rest = measure.matchers - {Matcher("le", "=", "+Inf")}
        if name != measure.metric and (ending == "_count" or rest != measure.matchers):
            say(f"{measure.metric} is read as the count of the histogram {name}, as OpenTelemetry sends it")
            return replace(measure, metric=name, matchers=rest)
    if measure.metric.endswith(("_sum", "_bucket")):
        raise CannotSay(measure.place, f"{measure.metric} is one part of a histogram, which is one metric here")
    return measure


def _summed(condition: Condition, say: Say) -> Condition:
    """What a histogram's values add up to."""
    lead = condition.lead
    name = lead.metric.removesuffix("_sum")
    say(f"{lead.metric} is read as the sum of the histogram {name}, as OpenTelemetry sends it")
    seconds = Fraction(lead.window, SECOND) if lead.aggregate == "rate" else Fraction(1)
    value = condition.value and condition.value.replace("value", linear("value", 1 / seconds, Fraction(0)))
    made = replace(lead, metric=name, aggregate="sum")
    return replace(condition, lead=made, limit=condition.limit * seconds, value=value)


def _shown(value: Fraction) -> str:
    return f"{float(value):.12g}"
