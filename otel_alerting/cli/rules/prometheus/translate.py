"""A translation makes vectors of an expression's tree: what is measured, and under which conditions it is there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product

from otel_alerting.cli.rules.prometheus import calls
from otel_alerting.cli.rules.prometheus import form as forms
from otel_alerting.cli.rules.prometheus.aggregation import aggregated
from otel_alerting.cli.rules.prometheus.comparing import compared
from otel_alerting.cli.rules.prometheus.condition import Condition
from otel_alerting.cli.rules.prometheus.form import Form
from otel_alerting.cli.rules.prometheus.info import without_info
from otel_alerting.cli.rules.prometheus.joining import aligned, beside
from otel_alerting.cli.rules.prometheus.measure import CannotSay
from otel_alerting.cli.rules.prometheus.renaming import Names
from otel_alerting.cli.rules.prometheus.selecting import Recorded, plain, selected
from otel_alerting.cli.rules.prometheus.syntax import (
    COMPARISONS,
    Aggregation,
    Binary,
    Call,
    Expr,
    Minus,
    Number,
    Place,
    Selector,
    Subquery,
    Text,
)
from otel_alerting.cli.rules.prometheus.vector import MOST_CASES, Cases, Vector, conditions, exists, free


@dataclass
class Translation:
    """Of one expression; what is not quite the same is noted on the way."""

    records: Mapping[str, Sequence[Recorded]] = field(default_factory=dict)
    """What recorded series are recorded from, by their names."""
    names: Names = field(default_factory=dict)
    """Labels that signals have under other names."""
    notes: list[str] = field(default_factory=list)
    made_labels: set[str] = field(default_factory=set)
    """Labels that only the expression itself makes, which no signal has."""
    inside: tuple[str, ...] = ()
    """The recorded series that are being looked into."""

    def say(self, note: str) -> None:
        """Note a difference, once."""
        if note not in self.notes:
            self.notes.append(note)

    def cases(self, node: Expr) -> Cases:
        """What a part of the tree gives, that is used by another part.

        Raises:
            CannotSay: our rules have no words for a part of it.
        """
        made = self.whole(node)
        if any(one.is_timed for one in made):
            raise CannotSay(node.place, "it asks for how long something computed held, beside something else")
        return made

    def whole(self, node: Expr) -> Cases:
        """What a whole expression gives, or one side of its outermost `or`.

        Raises:
            CannotSay: our rules have no words for a part of it.
        """
        made = _READERS[type(node)](self, node)
        if len(made) > MOST_CASES:
            raise CannotSay(
                node.place, f"it is one of {len(made)} things; more than {MOST_CASES} rules of one are too many"
            )
        return made

    def below(self, name: str) -> Translation:
        """The translation of a recorded series' expression; its notes are these notes."""
        return replace(self, inside=(*self.inside, name))

    def check_labels(self, labels: tuple[str, ...], place: Place) -> None:
        """Labels that the expression made itself are on no signal."""
        for name in labels:
            if name in self.made_labels:
                raise CannotSay(place, f"the label {name} is made by label_replace or label_join; no signal has it")


def _number(_: Translation, node: Expr) -> Cases:
    assert isinstance(node, Number)
    return free(forms.number(node.value, node.place))


def _text(_: Translation, node: Expr) -> Cases:
    raise CannotSay(node.place, "it is a text")


def _selector(translation: Translation, node: Expr) -> Cases:
    assert isinstance(node, Selector)
    if node.window:
        raise CannotSay(node.place, "it is a range; a function was expected around it")
    if node.name in translation.records:
        return selected(translation, node, translation.records[node.name])
    return free(forms.of(plain(translation, node)))


def _subquery(_: Translation, node: Expr) -> Cases:
    raise CannotSay(node.place, "it is a range; a function was expected around it")


def _call(translation: Translation, node: Expr) -> Cases:
    assert isinstance(node, Call)
    return calls.called(translation, node)


def _aggregation(translation: Translation, node: Expr) -> Cases:
    assert isinstance(node, Aggregation)
    made = aggregated(translation, node)
    translation.check_labels(node.labels, node.place)
    return made


def _minus(translation: Translation, node: Expr) -> Cases:
    assert isinstance(node, Minus)
    return tuple(_computed(one, forms.negative(one.form)) for one in translation.cases(node.inner))


def _computed(vector: Vector, form: Form) -> Vector:
    return replace(vector, form=form)


def _binary(translation: Translation, node: Expr) -> Cases:
    assert isinstance(node, Binary)
    made = _OPERATORS.get(node.word, _arithmetic)(translation, node)
    translation.check_labels(node.matching.labels, node.place)
    return made


def _arithmetic(translation: Translation, node: Binary) -> Cases:
    left, right = translation.cases(node.left), translation.cases(node.right)
    return tuple(_calculated(translation, node, one, other) for one, other in product(left, right))


def _calculated(translation: Translation, node: Binary, left: Vector, right: Vector) -> Vector:
    say = translation.say
    if left.truth or right.truth:
        raise CannotSay(node.place, "it computes with what a comparison with bool gives")
    if node.word == "*":
        joined = without_info(left, right, node, say)
        if joined is not None:
            return joined
    for one, side in ((left, node.left), (right, node.right)):
        if one.form.is_counted:
            raise CannotSay(side.place, "it counts series for which a condition holds; a rule can ask whether one does")
    left, right = aligned(left, right, node.matching, node.place, say)
    form = forms.combined(node.word, left.form, right.form, node.place)
    if form.is_constant:  # what cancels out, or is multiplied by 0, is there only while its measures are
        left, right = _there(left, node.left.place), _there(right, node.right.place)
    needs = (*left.needs, *(beside(one, left.groups, node.matching, node.place) for one in right.needs))
    return Vector(form, needs, (*left.unless, *right.unless))


def _there(vector: Vector, place: Place) -> Vector:
    return vector if vector.form.is_constant else vector.under(exists(vector, place))


def _comparison(translation: Translation, node: Binary) -> Cases:
    left, right = translation.cases(node.left), translation.cases(node.right)
    return tuple(case for one, other in product(left, right) for case in compared(translation, node, one, other))


def _and(translation: Translation, node: Binary) -> Cases:
    left, right = translation.cases(node.left), translation.cases(node.right)
    return tuple(_both(one, other, node) for one, other in product(left, right))


def _both(left: Vector, right: Vector, node: Binary) -> Vector:
    needs, unless = conditions(right, node.right.place)
    place = node.right.place
    return left.under(
        *(beside(one, left.groups, node.matching, place) for one in needs),
        unless=[beside(one, left.groups, node.matching, place) for one in unless],
    )


def _unless(translation: Translation, node: Binary) -> Cases:
    """`a unless (b and c)` is `a unless b` or `a unless c`; `a unless (b or c)` is neither b nor c."""
    made = translation.cases(node.left)
    for right in translation.cases(node.right):
        needs, unless = conditions(right, node.right.place)
        made = tuple(case for left in made for case in _excepted(left, needs, unless, node))
    return made


def _excepted(left: Vector, needs: tuple[Condition, ...], unless: tuple[Condition, ...], node: Binary) -> Cases:
    place = node.right.place
    absent = [left.under(unless=[beside(one, left.groups, node.matching, place)]) for one in needs]
    present = [left.under(beside(one, left.groups, node.matching, place)) for one in unless]
    return (*absent, *present)


def _or(translation: Translation, node: Binary) -> Cases:
    left, right = translation.whole(node.left), translation.whole(node.right)
    kept = tuple(one for one in right if not (one.is_constant and one.form.constant == 0))
    if len(kept) < len(right):
        translation.say(
            "without the 0 that stands in where there is nothing: a metric that was never seen is no 0 here"
        )
    return (*left, *(_instead(one, left, node.left.place) for one in kept))


def _instead(vector: Vector, of: Cases, place: Place) -> Vector:
    """A constant of the right side stands only where the left side has nothing."""
    if vector.is_free or not vector.form.is_constant:
        return vector
    return vector.under(unless=[exists(one, place) for one in of if one.is_free and not one.form.is_constant])


_OPERATORS: Mapping[str, Callable[[Translation, Binary], Cases]] = {
    **dict.fromkeys(COMPARISONS, _comparison),
    "and": _and,
    "unless": _unless,
    "or": _or,
}
_READERS: Mapping[type, Callable[[Translation, Expr], Cases]] = {
    Number: _number,
    Text: _text,
    Selector: _selector,
    Subquery: _subquery,
    Call: _call,
    Aggregation: _aggregation,
    Binary: _binary,
    Minus: _minus,
}
