"""Comparing makes conditions of values, and values of conditions where `bool` asks for it."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from otel_alerting.cli.rules.prometheus import form as forms
from otel_alerting.cli.rules.prometheus.condition import HOLDS, RISING, TURNED, WORDS, Condition, Say, Word
from otel_alerting.cli.rules.prometheus.form import Form
from otel_alerting.cli.rules.prometheus.joining import aligned, beside
from otel_alerting.cli.rules.prometheus.measure import CannotSay
from otel_alerting.cli.rules.prometheus.solving import solved
from otel_alerting.cli.rules.prometheus.syntax import Binary
from otel_alerting.cli.rules.prometheus.vector import CONSTANT_ONE, Cases, Vector
from otel_alerting.model.duration import Duration

if TYPE_CHECKING:
    from otel_alerting.cli.rules.prometheus.translate import Translation


def compared(translation: Translation, node: Binary, left: Vector, right: Vector) -> Cases:
    """`left word right`: the left side, where it holds; with `bool` everywhere, as 1 and 0.

    Raises:
        CannotSay: it can be solved for no number of ours.
    """
    word = WORDS[node.word]
    if left.is_constant and not right.is_constant:
        left, right, word = right, left, TURNED[word]
    if left.is_constant:
        return _settled(node, left, HOLDS[word](left.form.constant, right.form.constant))
    if right.truth is not None and left.truth is None:
        raise CannotSay(node.right.place, "it compares with what a comparison with bool gives")
    if left.truth is not None:
        return (_truth(node, left, word, _limit(node, right)),)
    if node.as_bool:
        return (replace(_filtered(translation, node, left, right, word)[0], form=CONSTANT_ONE),)
    return _filtered(translation, node, left, right, word)


def _filtered(translation: Translation, node: Binary, left: Vector, right: Vector, word: Word) -> Cases:
    if left.form.wrap or left.form.is_counted:
        return _unwrapped(node, left, word, _limit(node, right), translation.say)
    if right.form.wrap or right.form.is_counted:
        raise CannotSay(node.right.place, "it compares with the worst of several computed numbers")
    if left.form.is_constant and right.form.is_constant:
        needs = [beside(need, left.groups, node.matching, node.place) for need in right.needs]
        return _settled(
            node, left.under(*needs, unless=right.unless), HOLDS[word](left.form.constant, right.form.constant)
        )
    one, other = aligned(left, right, node.matching, node.place, translation.say)
    made = _solved(node, one.form, word, other.form, translation.say)
    needs = [beside(need, one.groups, node.matching, node.place) for need in other.needs]
    if node.as_bool:
        return (replace(one.under(*needs, unless=other.unless), truth=made),)
    return (one.under(made, *needs, unless=other.unless),)


def _solved(node: Binary, left: Form, word: Word, right: Form, say: Say) -> Condition:
    if right.is_constant:
        return solved(replace(left, place=node.left.place), word, right.constant, say)
    if left.bottom.terms and left.bottom != right.bottom:
        raise CannotSay(node.place, "it compares a ratio with another measure; a rule divides once")
    if right.bottom.terms and left.bottom != right.bottom:
        raise CannotSay(node.place, "it compares with a ratio of measures; a rule divides once")
    if left.bottom.terms:
        say("both sides multiplied by what they are divided by: the same while that is more than 0")
    difference = replace(left, top=left.top.plus(right.top, Fraction(-1)), bottom=forms.ONE, place=node.place)
    return replace(solved(difference, word, Fraction(0), say), value=None)


def _limit(node: Binary, right: Vector) -> Fraction:
    if not right.is_constant:
        raise CannotSay(node.place, "it compares a computed number with a measure")
    return right.form.constant


def _settled(node: Binary, left: Vector, is_so: bool) -> Cases:
    if node.as_bool:
        return (Vector(forms.number(float(is_so), node.place)),)
    return (left,) if is_so else ()


def _truth(node: Binary, vector: Vector, word: Word, limit: Fraction) -> Vector:
    """What is asked about a value that is 1 while a condition holds, else 0."""
    assert vector.truth is not None
    if_so, if_not = HOLDS[word](Fraction(1), limit), HOLDS[word](Fraction(0), limit)
    if if_so == if_not:
        raise CannotSay(node.place, "it holds always" if if_so else "it never holds")
    condition = vector.truth if if_so else vector.truth.negated()
    return replace(vector.under(condition), truth=None)


def _unwrapped(node: Binary, vector: Vector, word: Word, limit: Fraction, say: Say) -> Cases:
    form = replace(vector.form, place=node.left.place)
    if form.is_counted:
        return (_counted(node, vector, word, limit),)
    bare = replace(form, wrap="")
    if form.wrap == "abs":
        return _sized(replace(vector, form=form), bare, word, limit, say)
    if form.wrap == "distinct":
        if not (HOLDS[word](Fraction(2), limit) and not HOLDS[word](Fraction(1), limit)):
            raise CannotSay(node.place, "it counts different values; a rule can ask whether there is more than one")
        return (vector.under(replace(solved(bare, "above", Fraction(0), say), value=None)),)
    if form.wrap in ("highest", "lowest"):
        return (_timed(node, vector, replace(bare, span=0), word, limit, say),)
    if (form.wrap == "max") != (word in RISING) or word in ("equals", "not_equals"):
        raise CannotSay(node.place, f"it asks for the {form.wrap} of several computed numbers, on its other side")
    say(f"one alert for each series, and not for the {form.wrap} of them")
    return (vector.under(solved(bare, word, limit, say)),)


def _timed(node: Binary, vector: Vector, bare: Form, word: Word, limit: Fraction, say: Say) -> Vector:
    """The lowest of ten minutes is above 5 when it was above 5 for so long; the highest, when it was at any time."""
    if word in ("equals", "not_equals"):
        raise CannotSay(node.place, f"it asks for the {vector.form.wrap} of computed numbers, and whether it is equal")
    held = vector.under(solved(bare, word, limit, say))
    span = vector.form.span
    if (vector.form.wrap == "lowest") == (word in RISING):
        say(f"as what must hold for {Duration(span)}")
        return replace(held, hold=span)
    say(f"as what goes on for {Duration(span)} after it held")
    return replace(held, linger=span)


def _sized(vector: Vector, bare: Form, word: Word, limit: Fraction, say: Say) -> Cases:
    """`abs(x) > 5` is `x > 5` or `x < -5`; `abs(x) < 5` is both `x < 5` and `x > -5`."""
    if limit < 0:
        raise CannotSay(bare.place, "a size is never below 0")
    plain = replace(vector, form=bare)
    if not limit and word in ("above", "not_equals", "equals", "at_most"):
        return (plain.under(solved(bare, "not_equals" if word in ("above", "not_equals") else "equals", limit, say)),)
    sides = [solved(bare, word, limit, say), solved(bare, TURNED[word], -limit, say)]
    if word in ("below", "at_most", "not_equals"):
        return (plain.under(*sides),)
    return tuple(plain.under(side) for side in sides)


def _counted(node: Binary, vector: Vector, word: Word, limit: Fraction) -> Vector:
    """For how many series does it hold: at least for one?"""
    if HOLDS[word](Fraction(0), limit) or not HOLDS[word](Fraction(1), limit):
        raise CannotSay(
            node.left.place, "it counts series for which a condition holds; a rule can ask whether one does"
        )
    return replace(vector, form=CONSTANT_ONE)
