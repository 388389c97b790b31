"""A call is a function of PromQL: what it makes of a range, or of a vector."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, TypeAlias

from otel_alerting.cli.rules.prometheus import form as forms
from otel_alerting.cli.rules.prometheus.absence import ABSENCES
from otel_alerting.cli.rules.prometheus.form import Form, Sum
from otel_alerting.cli.rules.prometheus.histograms import HISTOGRAMS
from otel_alerting.cli.rules.prometheus.measure import TIME, CannotSay
from otel_alerting.cli.rules.prometheus.ranges import RANGES
from otel_alerting.cli.rules.prometheus.syntax import Call, Expr, Text
from otel_alerting.cli.rules.prometheus.vector import Cases, Vector, free, one_of

if TYPE_CHECKING:
    from otel_alerting.cli.rules.prometheus.translate import Translation

Reader: TypeAlias = "Callable[[Translation, Call], Cases]"

_CLOCKS = frozenset(["hour", "minute", "month", "year", "day_of_month", "day_of_week", "day_of_year", "days_in_month"])


def called(translation: Translation, node: Call) -> Cases:
    """What a function gives.

    Raises:
        CannotSay: rules do not know it.
    """
    reader = _FUNCTIONS.get(node.name)
    if reader is not None:
        return reader(translation, node)
    if node.name in _CLOCKS:
        raise CannotSay(node.place, "it asks what time it is; here routes are muted at times")
    raise CannotSay(node.place, f"{node.name} is no aggregate of ours")


def _time(_: Translation, node: Call) -> Cases:
    return free(replace(forms.of(TIME), place=node.place))


def _pi(_: Translation, node: Call) -> Cases:
    return free(forms.number(3.141592653589793, node.place))


def _vector(translation: Translation, node: Call) -> Cases:
    return translation.cases(_only(node))


def _scalar(translation: Translation, node: Call) -> Cases:
    vector = one_of(translation.cases(_only(node)), node.place, "the one value")
    groups = vector.groups
    if groups is not None and not (groups.kind == "by" and not groups.labels):
        raise CannotSay(node.place, "it stands for a number that no group has; join its series without labels")
    return (vector,)


def _abs(translation: Translation, node: Call) -> Cases:
    made = one_of(translation.cases(_only(node)), node.place, "the size")
    if made.form.is_constant:
        return (replace(made, form=Form(Sum(constant=abs(made.form.constant)))),)
    if made.form.wrap:
        raise CannotSay(node.place, f"the size of the {made.form.wrap} of several computed numbers")
    return (replace(made, form=replace(made.form, wrap="abs")),)


def _rounded(translation: Translation, node: Call) -> Cases:
    vectors = translation.cases(_first(node))
    if not all(one.form.is_constant for one in vectors):
        translation.say(f"without {node.name}: a limit may be passed by less than the rounding")
    return vectors


def _clamped(translation: Translation, node: Call) -> Cases:
    translation.say(f"without {node.name}")
    return translation.cases(_first(node))


def _sorted(translation: Translation, node: Call) -> Cases:
    return translation.cases(_first(node))


def _labelled(translation: Translation, node: Call) -> Cases:
    made = node.arguments[1] if len(node.arguments) > 1 else None
    if not isinstance(made, Text):
        raise CannotSay(node.place, f"{node.name} takes the name of a label")
    vectors = translation.cases(_first(node))
    translation.made_labels.add(made.value)
    translation.say(f"without {node.name}: the label {made.value} is on the alert only if signals have it")
    return vectors


def _timestamp(_: Translation, node: Call) -> Cases:
    raise CannotSay(node.place, "it asks when a value was scraped; `aggregate: absent` fires when nothing came")


def _first(node: Call) -> Expr:
    if not node.arguments:
        raise CannotSay(node.place, f"{node.name} takes something")
    return node.arguments[0]


def _only(node: Call) -> Expr:
    if len(node.arguments) != 1:
        raise CannotSay(node.place, f"{node.name} takes one thing")
    return node.arguments[0]


def _squared(translation: Translation, node: Call) -> Cases:
    vector = one_of(translation.cases(_only(node)), node.place, node.name)
    if not vector.form.is_constant or vector.form.constant < 0:
        raise CannotSay(node.place, f"{node.name} of a measure")
    return (Vector(Form(Sum(constant=Fraction(float(vector.form.constant) ** 0.5)))),)


_FUNCTIONS: Mapping[str, Reader] = {
    "time": _time,
    "pi": _pi,
    "vector": _vector,
    "scalar": _scalar,
    "abs": _abs,
    **dict.fromkeys(("round", "floor", "ceil"), _rounded),
    **dict.fromkeys(("clamp", "clamp_min", "clamp_max"), _clamped),
    **dict.fromkeys(("sort", "sort_desc", "sort_by_label", "sort_by_label_desc"), _sorted),
    **dict.fromkeys(("label_replace", "label_join"), _labelled),
    "timestamp": _timestamp,
    "sqrt": _squared,
    **RANGES,
    **HISTOGRAMS,
    **ABSENCES,
}
