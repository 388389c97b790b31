"""Solving finds the number of ours that a comparison of PromQL is about, and its limit.

`100 - x / y * 100 < 10` is `x / y` above 0.9, and `x / (x + y) > 0.2` is `y / x` below 4.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import NoReturn, TypeAlias

from otel_alerting.cli.rules.prometheus.condition import RISING, TURNED, Condition, Say, Word
from otel_alerting.cli.rules.prometheus.form import Form, Sum, terms
from otel_alerting.cli.rules.prometheus.matchers import alternation
from otel_alerting.cli.rules.prometheus.measure import TIME, WORST, CannotSay, Measure
from otel_alerting.cli.rules.prometheus.syntax import Place

Term: TypeAlias = tuple[Measure, Fraction]
"""A measure and its factor."""


def solved(form: Form, word: Word, limit: Fraction, say: Say) -> Condition:
    """The condition that says `form word limit`.

    Raises:
        CannotSay: it is no number of ours, however it is turned.
    """
    asked = _Asked(word, limit, form.place, say)
    made = _of_ratio(form.top, form.bottom, asked) if form.bottom.terms else _of_sum(form.top, asked)
    return _settled(replace(made, place=form.place))


@dataclass(frozen=True)
class _Asked:
    """What a number is held against."""

    word: Word
    limit: Fraction
    place: Place
    say: Say

    def over(self, factor: Fraction, constant: Fraction = Fraction(0)) -> _Asked:
        """What is asked of x where this is asked of `factor * x + constant`."""
        word = TURNED[self.word] if factor < 0 else self.word
        return replace(self, word=word, limit=(self.limit - constant) / factor)

    def turned(self, limit: Fraction) -> _Asked:
        """What is asked of something that falls where this rises."""
        return replace(self, word=TURNED[self.word], limit=limit)

    def refuse(self, why: str) -> NoReturn:
        """Give up."""
        raise CannotSay(self.place, why)

    def refuse_sum(self, measures: Iterable[Measure]) -> NoReturn:
        """Give up on measures that are added up."""
        self.refuse(f"it adds {_list(measures)}; a rule takes one from another")


def _settled(made: Condition) -> Condition:
    """Where the worst of several series counts: which one that is, now that the direction is known."""
    if all(one.across != WORST for one in made.measures):
        return made
    if made.word in ("equals", "not_equals", None):
        raise CannotSay(made.place, "several series stand against one, and their equality is asked for")
    worst, other = ("max", "min") if made.word in RISING else ("min", "max")

    def settle(measure: Measure) -> Measure:
        across = worst if measure == made.lead else other
        return replace(measure, across=across) if measure.across == WORST else measure

    return made.mapped(settle)


# Sums


def _of_sum(top: Sum, asked: _Asked) -> Condition:
    parts = [*terms(_merged(_with_age(top, asked)))]
    constant, rest = top.constant, asked.limit - top.constant
    if len(parts) == 1:
        ((lead, factor),) = parts
        held = asked.over(factor, constant)
        return Condition(lead, held.word, held.limit, value=linear("value", factor, constant))
    if len(parts) == 2:
        return _of_two(parts, constant, asked)
    if len(parts) == 3 and not rest:
        return _of_three(parts, asked)
    return asked.refuse_sum(measure for measure, _ in parts)


def _of_two(parts: Sequence[Term], constant: Fraction, asked: _Asked) -> Condition:
    (x, a), (y, b) = parts
    if a * b > 0:
        asked.refuse_sum((x, y))
    if a == -b:
        if a < 0:
            (x, a), y = (y, b), x
        return replace(_difference(x, y, asked.over(a, constant)), value=linear("value", a, constant))
    if asked.limit != constant:
        asked.refuse(f"it takes {_list((x, y))} from each other in different proportions")
    asked.say(f"as a ratio: the same while {y.metric} is more than 0")
    return replace(_ratio(x, y, replace(asked.over(a), limit=-b / a)), value=None)


def _of_three(parts: Sequence[Term], asked: _Asked) -> Condition:
    """`x - y > c * z`, which is `(x - y) / z > c`."""
    for index, (z, c) in enumerate(parts):
        (x, a), (y, b) = (part for other, part in enumerate(parts) if other != index)
        if a == -b:
            if a < 0:
                (x, a), y = (y, b), x
            asked.say(f"as a ratio: the same while {z.metric} is more than 0")
            return Condition(x, asked.word, -c / a, minus=y, divide_by=z, value=None)
    return asked.refuse_sum(measure for measure, _ in parts)


def _difference(x: Measure, y: Measure, asked: _Asked) -> Condition:
    if x.offset == y.offset:
        return Condition(x, asked.word, asked.limit, minus=y)
    if x.now() != y.now() or 0 not in (x.offset, y.offset):
        asked.refuse("it takes the past of one measure from another")
    if x.offset:
        return Condition(y, TURNED[asked.word], -asked.limit, change=(x.offset, "absolute"))
    return Condition(x, asked.word, asked.limit, change=(y.offset, "absolute"))


def _ratio(x: Measure, y: Measure, asked: _Asked) -> Condition:
    """`x / y`, which is what `value` says."""
    if x.offset == y.offset:
        return Condition(x, asked.word, asked.limit, divide_by=y)
    if x.now() != y.now() or 0 not in (x.offset, y.offset):
        asked.refuse("it divides one measure by the past of another")
    if y.offset:
        return Condition(x, asked.word, asked.limit - 1, change=(y.offset, "percent"), value="(value + 1)")
    if asked.limit <= 0:
        asked.refuse("it divides the past by now, with a limit that is not above 0")
    value = "(1 / (value + 1))"
    return Condition(y, TURNED[asked.word], 1 / asked.limit - 1, change=(x.offset, "percent"), value=value)


# Ratios


def _of_ratio(top: Sum, bottom: Sum, asked: _Asked) -> Condition:
    top, bottom = _merged(top), _merged(bottom)
    if TIME in (*top.terms, *bottom.terms):
        asked.refuse("it divides with the time of day")
    if bottom.constant:
        return _of_ratio(top, _uncorrected(bottom, asked), asked)
    if len(bottom.terms) > 1:
        return _share(top, bottom, asked)
    ((y, factor),) = bottom.terms.items()
    if factor < 0:
        asked.refuse("it divides by a negative measure")
    own = top.terms.get(y, Fraction(0)) / factor
    above = [*terms(Sum({one: number for one, number in top.terms.items() if one != y}))]
    if top.constant or not above:
        return _reciprocal(y, top.constant / factor, own, above, asked)
    return _over_one(above, (y, factor), own, asked)


def _uncorrected(bottom: Sum, asked: _Asked) -> Sum:
    """`x / (y + 0.001)`: the constant is there so that nothing is divided by 0, which a rule sees to itself."""
    if len(bottom.terms) != 1 or abs(bottom.constant) > 1:
        asked.refuse("it divides by a measure and a number together")
    said = _shown(bottom.constant)
    asked.say(f"without the {said} added to what it is divided by: with 0 a rule's ratio is no number")
    return Sum(bottom.terms)


def _over_one(above: Sequence[Term], below: Term, constant: Fraction, asked: _Asked) -> Condition:
    """`(a * (x - minus)) / (b * y) + constant`."""
    y, b = below
    if len(above) > 2 or (len(above) == 2 and above[0][1] != -above[1][1]):
        asked.refuse_sum(measure for measure, _ in above)
    if len(above) == 2 and above[0][1] < 0:
        above = above[::-1]
    x, a = above[0]
    made = _ratio(x, y, asked.over(a / b, constant))
    if len(above) == 2:
        if made.change is not None:
            asked.refuse("it takes another measure from a change against the past")
        made = replace(made, minus=above[1][0])
    return replace(made, value=linear(made.value or "value", a / b, constant))


def _reciprocal(y: Measure, share: Fraction, own: Fraction, above: Sequence[Term], asked: _Asked) -> Condition:
    """`c / y > k`, which is `y < c / k`."""
    rest = asked.limit - own
    if above or share * rest <= 0:
        asked.refuse("it divides a number by a measure")
    asked.say(f"turned around: the same while {y.metric} is more than 0")
    held = asked.turned(share / rest) if share > 0 else replace(asked, limit=share / rest)
    value = linear(f"({_shown(share)} / value)", Fraction(1), own)
    return Condition(y, held.word, held.limit, value=value)


def _share(top: Sum, bottom: Sum, asked: _Asked) -> Condition:
    """`x / (x + y) > k`, which is `y / x < (1 - k) / k`; so both hold, or not, where one of the two is 0 too."""
    rest = [*terms(top.plus(bottom, -asked.limit))]
    if len(rest) != 2 or top.constant or asked.word in ("equals", "not_equals") or min(bottom.terms.values()) < 0:
        asked.refuse(f"it divides by {_list(bottom.terms)} together")
    (x, a), (y, b) = rest
    if a * b > 0:
        asked.refuse("with this limit it holds always, or never")
    asked.say(f"a share of {_list(bottom.terms)} as the ratio of the two: the limit is another number")
    word = asked.word if a > 0 else TURNED[asked.word]
    if word in RISING:
        made = _ratio(y, x, replace(asked, word=TURNED[word], limit=-a / b))
        return replace(made, value=_share_value(top, bottom, x, y))
    made = _ratio(x, y, replace(asked, word=word, limit=-b / a))
    return replace(made, value=_share_value(top, bottom, y, x))


def _share_value(top: Sum, bottom: Sum, one: Measure, other: Measure) -> str:
    """`top / bottom` where the first measure is 1 and the second is `value`, for only their ratio counts."""
    above, below = (
        linear("value", whole.terms.get(other, Fraction(0)), whole.terms.get(one, Fraction(0)))
        for whole in (top, bottom)
    )
    return f"({above} / {below})"


# Turning sums


def _with_age(one: Sum, asked: _Asked) -> Sum:
    """`time() - x` is the age of what happened at the moment x."""
    clock = one.terms.get(TIME)
    if clock is None:
        return one
    rest = {measure: number for measure, number in one.terms.items() if measure != TIME}
    moments = [measure for measure, number in rest.items() if number == -clock and measure.aggregate == "last"]
    if len(rest) != 1 or not moments:
        asked.refuse("time() is in it otherwise than as time() - x, with x in seconds")
    (moment,) = moments
    if moment.across in ("sum", "count"):
        asked.refuse("it adds up moments")
    across = {"max": "min", "min": "max"}.get(moment.across, moment.across)  # the newest moment is the smallest age
    return Sum({replace(moment, aggregate="age", window=0, across=across): clock}, one.constant)


def _merged(one: Sum) -> Sum:
    """Sums over the series of one metric that differ in one label's value are one sum over both."""
    parts = [*terms(one)]
    for index, (x, a) in enumerate(parts):
        for y, b in parts[index + 1 :]:
            both = _both(x, y) if a == b else None
            if both is not None:
                rest = {measure: number for measure, number in one.terms.items() if measure not in (x, y)}
                return _merged(Sum({**rest, both: a}, one.constant))
    return one


def _both(x: Measure, y: Measure) -> Measure | None:
    differing = sorted(x.matchers ^ y.matchers, key=lambda one: one.value)
    if replace(x, matchers=y.matchers) != y or x.across != "sum" or len(differing) != 2:
        return None
    first, second = differing
    if first.label != second.label or {first.word, second.word} != {"="}:
        return None
    both = alternation(first.label, [first.value, second.value])
    return replace(x, matchers=(x.matchers & y.matchers) | {both})


# Words


def linear(value: str, factor: Fraction, constant: Fraction) -> str:
    """`factor * value + constant` in Jinja."""
    if not factor:
        return _shown(constant)
    said = _scaled(value, abs(factor))
    if factor < 0:
        return f"({_shown(constant)} - {said})"
    if constant:
        return f"({said} {'+' if constant > 0 else '-'} {_shown(abs(constant))})"
    return said if said == value else f"({said})"


def _scaled(value: str, size: Fraction) -> str:
    if size == 1:
        return value
    return f"{value} / {_shown(1 / size)}" if size < 1 and size.numerator == 1 else f"{value} * {_shown(size)}"


def _shown(number: Fraction) -> str:
    return str(number.numerator) if number.denominator == 1 else f"{float(number):.12g}"


def _list(measures: Iterable[Measure]) -> str:
    names = [one.metric for one in measures]
    return ", ".join(names[:-1]) + " and " + names[-1] if len(names) > 1 else "".join(names)
