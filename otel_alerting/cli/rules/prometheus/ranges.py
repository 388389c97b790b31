"""Functions over a range of time: what each is among our aggregates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, TypeAlias

from otel_alerting.cli.rules.prometheus import form as forms
from otel_alerting.cli.rules.prometheus.condition import Condition
from otel_alerting.cli.rules.prometheus.form import Form, Sum, Wrap
from otel_alerting.cli.rules.prometheus.measure import CannotSay, Measure
from otel_alerting.cli.rules.prometheus.selecting import plain
from otel_alerting.cli.rules.prometheus.syntax import Call, Expr, Selector, Subquery
from otel_alerting.cli.rules.prometheus.vector import CONSTANT_ONE, Cases, Vector, free, one_of
from otel_alerting.model.duration import MINUTE, SECOND

if TYPE_CHECKING:
    from otel_alerting.cli.rules.prometheus.translate import Translation

Reader: TypeAlias = "Callable[[Translation, Call], Cases]"

_COUNTERS = ("_total",)
"""How counters are called; of those our aggregates over time take the steps, and not the heights."""
STALE = 5 * MINUTE


def windowed(translation: Translation, node: Call, place: int = 0) -> Measure:
    """The range that a function is called with, as the measure of its newest value with that window.

    Raises:
        CannotSay: it is computed.
    """
    argument = _argument(node, place)
    if isinstance(argument, Selector) and argument.window and argument.name not in translation.records:
        return replace(plain(translation, argument), window=argument.window)
    if isinstance(argument, Subquery) and isinstance(argument.inner, Selector) and not argument.inner.window:
        vector = one_of(translation.cases(argument.inner), argument.place, node.name)
        measure = vector.form.single
        if measure is not None and vector.is_free and vector.form == forms.of(measure) and measure.is_plain:
            translation.say(f"{node.name} over every value of the window, and not only over one for each step")
            return replace(measure, window=argument.window, offset=measure.offset + argument.shift.offset)
    if isinstance(argument, Subquery) or (isinstance(argument, Selector) and argument.window):
        raise CannotSay(
            argument.place, f"{node.name} over computed numbers; a rule measures signals, not other measures"
        )
    raise CannotSay(argument.place, f"{node.name} takes a range, as x[5m]")


def _argument(node: Call, place: int) -> Expr:
    if len(node.arguments) <= place:
        raise CannotSay(node.place, f"{node.name} takes a range, as x[5m]")
    return node.arguments[place]


def _rate(translation: Translation, node: Call) -> Cases:
    if node.name == "irate":
        translation.say("irate as rate: over the whole window, and not between its last two values")
    return free(forms.of(replace(windowed(translation, node), aggregate="rate", place=node.place)))


def _increase(translation: Translation, node: Call) -> Cases:
    return free(forms.of(replace(windowed(translation, node), aggregate="increase", place=node.place)))


def _delta(translation: Translation, node: Call) -> Cases:
    """How far a level is from what it was at the window's beginning."""
    measure = windowed(translation, node)
    if measure.offset:
        raise CannotSay(node.place, "it looks at the past alone; a rule compares now with then")
    now = replace(measure, window=0, place=node.place)
    translation.say("delta as the difference from the value a window ago, without extrapolation")
    then = replace(now, offset=measure.window)
    return free(Form(Sum({now: Fraction(1), then: Fraction(-1)}), place=node.place))


def _deriv(translation: Translation, node: Call) -> Cases:
    """The slope of the line through the window: what two points of it are apart, one window from each other."""
    measure = replace(windowed(translation, node), aggregate="forecast", place=node.place)
    near, far = (replace(measure, ahead=times * measure.window) for times in (1, 2))
    width = 1 / Fraction(measure.window, SECOND)
    return free(Form(Sum({far: width, near: -width}), place=node.place))


def _predict_linear(translation: Translation, node: Call) -> Cases:
    measure = windowed(translation, node)
    _refuse_counter(node, measure)
    ahead = one_of(translation.cases(_argument(node, 1)), node.place, node.name).form
    if not ahead.is_constant or ahead.constant <= 0:
        raise CannotSay(node.arguments[1].place, "a forecast reaches a fixed time ahead")
    made = replace(measure, aggregate="forecast", ahead=round(ahead.constant * SECOND), place=node.place)
    return free(forms.of(made))


def _changes(translation: Translation, node: Call) -> Cases:
    measure = windowed(translation, node)
    if node.name == "changes":
        _refuse_counter(node, measure)
    else:
        translation.say("resets as changes, which of a counter are its restarts")
    return free(forms.of(replace(measure, aggregate="changes", place=node.place)))


def _refuse_counter(node: Call, measure: Measure) -> None:
    if measure.metric.endswith(_COUNTERS):
        raise CannotSay(node.place, f"{node.name} of a counter's height; rules know a counter by its steps")


_OVER_TIME: Mapping[str, str] = {
    "avg_over_time": "avg",
    "min_over_time": "min",
    "max_over_time": "max",
    "sum_over_time": "sum",
    "count_over_time": "count",
    "last_over_time": "last",
}


_EXTREMES: Mapping[str, Wrap] = {"min_over_time": "lowest", "max_over_time": "highest"}


def _over_time(translation: Translation, node: Call) -> Cases:
    argument = _argument(node, 0)
    if isinstance(argument, Selector) and argument.name in translation.records:
        window, shift = argument.window, argument.shift
        inner = replace(argument, window=0)
        argument = Subquery(inner=inner, window=window, shift=shift, place=argument.place)
    if isinstance(argument, Subquery) and not _is_bare(translation, argument.inner):
        return _over_computed(translation, node, argument)
    measure = windowed(translation, node)
    if node.name != "last_over_time":
        _refuse_counter(node, measure)
    return free(forms.of(_over(measure, _OVER_TIME[node.name], node)))


def _over(measure: Measure, aggregate: str, node: Call) -> Measure:
    window = 0 if aggregate == "last" and measure.window <= STALE else measure.window
    return replace(measure, aggregate=aggregate, window=window, place=node.place)


def _is_bare(translation: Translation, inner: Expr) -> bool:
    return isinstance(inner, Selector) and not inner.window and inner.name not in translation.records


def _over_computed(translation: Translation, node: Call, argument: Subquery) -> Cases:
    """A mean is linear: that of scaled values is the scaled mean, that of rates the rate over the whole window."""
    vector = one_of(translation.cases(argument.inner), node.place, node.name)
    if node.name == "last_over_time" and argument.window <= STALE:
        return (vector,)
    is_mean = node.name == "avg_over_time" and not vector.form.bottom.terms
    if not vector.is_free or vector.form.wrap or vector.form.is_constant or argument.shift.moves:
        raise CannotSay(argument.place, f"{node.name} over what is there only sometimes")
    if node.name in _EXTREMES:
        form = replace(vector.form, wrap=_EXTREMES[node.name], span=argument.window, place=node.place)
        return (Vector(form),)
    if not is_mean:
        why = f"{node.name} over computed numbers; a rule measures signals, not other measures"
        raise CannotSay(argument.place, why)

    def over(measure: Measure) -> Measure:
        if measure.aggregate == "rate":
            translation.say("the mean of rates as the rate over the whole window")
            return replace(measure, window=argument.window, place=node.place)
        if measure.aggregate != "last" or measure.window or measure.across in ("max", "min", "count"):
            raise CannotSay(argument.place, f"{node.name} over {measure.aggregate}; a rule measures signals")
        translation.say("the mean of each series over the window first, and then what joins them")
        return replace(measure, aggregate="avg", window=argument.window, place=node.place)

    return (Vector(replace(vector.form.mapped(over), place=node.place)),)


def _quantile_over_time(translation: Translation, node: Call) -> Cases:
    measure = windowed(translation, node, 1)
    _refuse_counter(node, measure)
    return free(forms.of(replace(measure, aggregate=share(translation, node), place=node.place)))


def share(translation: Translation, node: Call) -> str:
    """`p99` for 0.99.

    Raises:
        CannotSay: it is no fixed share, or one that has no name.
    """
    form = one_of(translation.cases(_argument(node, 0)), node.place, node.name).form
    if not form.is_constant or not 0 <= form.constant <= 1:
        raise CannotSay(node.arguments[0].place, "a quantile is a fixed share from 0 to 1")
    return f"p{float(form.constant * 100):.6g}"


def _present(translation: Translation, node: Call) -> Cases:
    """1 for every series that was seen."""
    measure = windowed(translation, node)
    made = replace(measure, aggregate="count", place=node.place)
    return (Vector(CONSTANT_ONE, (Condition(made, "above", place=node.place, value="1"),)),)


RANGES: Mapping[str, Reader] = {
    "rate": _rate,
    "irate": _rate,
    "increase": _increase,
    "delta": _delta,
    "deriv": _deriv,
    "predict_linear": _predict_linear,
    "changes": _changes,
    "resets": _changes,
    "quantile_over_time": _quantile_over_time,
    "present_over_time": _present,
    **dict.fromkeys(_OVER_TIME, _over_time),
}
