"""Writing makes a rule of ours of a vector, key by key in the order in which the documentation writes rules."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from otel_alerting.cli.rules.prometheus.condition import HOLDS, Condition, Say
from otel_alerting.cli.rules.prometheus.histograms import renamed
from otel_alerting.cli.rules.prometheus.matchers import written
from otel_alerting.cli.rules.prometheus.measure import CannotSay, Groups, Measure, by
from otel_alerting.cli.rules.prometheus.syntax import Matcher, Place
from otel_alerting.cli.rules.prometheus.timing import times
from otel_alerting.cli.rules.prometheus.vector import Vector, exists
from otel_alerting.model.duration import MINUTE, Duration

NEVER_SENT = "otel_alerting.never_sent"
"""A metric that nobody sends: a rule that always fires is one that misses it."""
TARGET_LABELS = ("job", "instance")
"""What every series of Prometheus has."""
_WINDOWLESS = ("last", "age")
_UNITS = ((86400, "d"), (3600, "h"), (60, "m"), (1, "s"))
_LONGEST_DELAY = 60 * MINUTE
"""An offset of an hour may be lateness; one of a day is a look at yesterday."""

Written = dict[str, object]


@dataclass(frozen=True)
class Body:
    """The part of a rule that its expression says."""

    keys: Written
    labels: tuple[str, ...] | None
    """The labels of its groups; None when they are those of each series."""
    value: str | None
    """What Prometheus calls `$value`, in Jinja; None where it is another number."""
    fixed: dict[str, str]
    """Labels that are the same for all groups."""
    hold: int = 0
    """How much longer it must hold than the alert says."""
    linger: int = 0
    """How much longer it goes on than the alert says."""


def body(vector: Vector, known: Sequence[str], interval: int, place: Place, say: Say) -> Body:
    """A vector as a rule says it.

    Args:
        vector: one case of an expression.
        known: labels that its series have: those of all targets, and those that its own words speak of.
        interval: how often the rule was evaluated; 0 where that is not said.
        place: of the whole expression.
        say: takes notes.

    Raises:
        CannotSay: a part of it is beyond a rule.
    """
    main, needs, unless = _arranged(vector, place)
    delay = _delay([main, *needs, *unless], say)
    main, needs, unless = _undelayed(main), [*map(_undelayed, needs)], [*map(_undelayed, unless)]
    main = renamed(main, say)
    _note_nothing(main, say)
    groups = _named(main.groups, [main, *needs, *unless], known, say)
    keys: Written = _operand(main.lead, None, main)
    keys.update(_by(groups))
    keys = _ordered({**keys, **_terms(main), **_comparison(main)})
    further = {"and": [renamed(one, say) for one in needs], "unless": [renamed(one, say) for one in unless]}
    for key, conditions in further.items():
        if conditions:
            keys[key] = [_further(one, main, groups, known, say) for one in conditions]
    every = [main, *further["and"], *further["unless"]]
    keys.update(times(every, interval, place, say))
    if delay:
        keys["lateness"] = str(Duration(delay))
    fixed = {one.label: one.value for one in main.lead.matchers if one.word == "="} if main.word is None else {}
    names = None if groups.kind == "series" else groups.names
    return Body(keys, names, main.value, fixed, vector.hold, vector.linger)


def _note_nothing(main: Condition, say: Say) -> None:
    """A rate of nothing is 0 here, and none in Prometheus."""
    counts = main.is_single and main.lead.aggregate in ("rate", "increase", "sum", "count")
    if counts and main.word is not None and HOLDS[main.word](Fraction(0), main.limit):
        say(f"{main.lead.aggregate} of nothing is 0: what is gone counts as what stands still")


# Which condition is the rule's own


def _arranged(vector: Vector, place: Place) -> tuple[Condition, list[Condition], list[Condition]]:
    """The rule's own condition, those beside it, and those that must not hold."""
    if vector.truth is not None:
        raise CannotSay(place, "a comparison with bool is there whether it holds or not, so it always fires")
    if vector.is_constant:
        return _always(place), [], []
    needs, unless = [*vector.needs], [*vector.unless]
    own = [one for one in needs if one.on is None and one.groups == (vector.groups or one.groups)]
    own.sort(key=lambda one: one.change is None)
    main = own[0] if own else exists(vector, place)
    if own:
        needs.remove(main)
    for one in (*needs, *unless):
        if one.change is not None:
            raise CannotSay(one.place, "it compares with the past beside another condition")
    return main, *_turned(needs, unless)


def _turned(needs: list[Condition], unless: list[Condition]) -> tuple[list[Condition], list[Condition]]:
    """Beside another condition, what must be absent is something that must not be there."""
    present = [_there(one) for one in unless if one.word is None]
    missing = [_there(one) for one in needs if one.word is None]
    return (
        [*(one for one in needs if one.word is not None), *present],
        [*(one for one in unless if one.word is not None), *missing],
    )


def _there(absent: Condition) -> Condition:
    lead = absent.lead
    if lead.window <= 5 * MINUTE:
        seen = replace(lead, aggregate="last", window=0, across="count")
        return replace(absent, lead=seen, word="at_least", limit=Fraction(1), on=absent.on or ())
    return replace(absent, lead=replace(lead, aggregate="count"), word="above", limit=Fraction(0), on=absent.on or ())


def _always(place: Place) -> Condition:
    lead = Measure(NEVER_SENT, aggregate="absent", window=5 * MINUTE, groups=by(()), place=place)
    return Condition(lead, None, value="1", place=place)


def _delay(conditions: Sequence[Condition], say: Say) -> int:
    """An offset that all of a rule has is a rule that is evaluated later."""
    offsets = {one.offset for condition in conditions for one in condition.measures}
    delay = max(offsets)
    if len(offsets) > 1 or delay > _LONGEST_DELAY or (delay and any(one.change for one in conditions)):
        raise CannotSay(conditions[0].place, "it looks at the past alone; a rule compares now with then")
    if delay:
        say(f"offset {Duration(delay)} as lateness: it is evaluated so much later")
    return delay


def _undelayed(condition: Condition) -> Condition:
    return condition.mapped(Measure.now)


# Groups


def _named(groups: Groups, conditions: Sequence[Condition], known: Sequence[str], say: Say) -> Groups:
    """All labels but some are, in a rule, those that the series are known to have."""
    if groups.kind != "without":
        return groups
    matched = [one.label for condition in conditions for one in condition.lead.matchers if one.word != "="]
    left = [name for name in (*known, *sorted(matched)) if name not in groups.labels]
    made = by(left)
    taken = ", ".join(made.names) or "none"
    say(f"all labels but {', '.join(groups.names)} are taken to be {taken}: add to `by` what your series have")
    return made


def _by(groups: Groups) -> Written:
    if groups.kind == "series":
        return {"by": "series"}
    return {"by": list(groups.names)} if groups.names else {}


# Terms


def _operand(measure: Measure, beside: Measure | None, condition: Condition | None = None) -> Written:
    """What is measured; of a second term only what it does not share with the first."""
    part = _numerator(condition) if condition is not None else frozenset()
    where, any_where = written(measure.matchers - part, measure.place)
    said: Written = {"metric": measure.metric}
    if where:
        said["where"] = where
    if any_where:
        said["any_where"] = any_where
    if part:
        said.update({"aggregate": "ratio", "of": written(part, measure.place)[0]})
    elif measure.aggregate != "last":
        said["aggregate"] = measure.aggregate
    if measure.of:
        said["of"] = {"at_most": float(measure.of)} if measure.aggregate == "fraction" else measure.of
    if measure.across and not (measure.across == "sum" and measure.aggregate in ("rate", "increase")):
        said["across"] = measure.across
    if measure.window and measure.aggregate not in _WINDOWLESS and (beside is None or beside.window != measure.window):
        said["window"] = str(Duration(measure.window))
    if measure.ahead:
        said["ahead"] = str(Duration(measure.ahead))
    return said


def _numerator(condition: Condition) -> frozenset[Matcher]:
    """What a ratio's part has beyond its whole, where both are of one metric: `of: {status: error}`.

    What the part says of the labels of its groups chooses among the groups, and so holds for the whole, too.
    """
    lead, whole = condition.lead, condition.divide_by
    if whole is None or condition.minus is not None or (lead.aggregate, lead.across) not in _SHARED:
        return frozenset()
    more = frozenset(one for one in lead.matchers - whole.matchers if one.label not in lead.groups.labels)
    if (
        lead.groups.kind != "by"
        or replace(lead, matchers=whole.matchers) != whole
        or not whole.matchers < lead.matchers
    ):
        return frozenset()
    return frozenset() if written(more, lead.place)[1] else more


_SHARED = (("rate", "sum"), ("increase", "sum"))


def _terms(condition: Condition) -> Written:
    said: Written = {}
    if condition.minus is not None:
        said["minus"] = _operand(condition.minus, condition.lead)
    if condition.divide_by is not None and not _numerator(condition):
        said["divide_by"] = _operand(condition.divide_by, condition.lead)
    if condition.change is not None:
        said["compare"] = {"to": str(Duration(condition.change[0])), "as": condition.change[1]}
    return said


def _comparison(condition: Condition) -> Written:
    return {} if condition.word is None else {condition.word: _limit(condition)}


def _limit(condition: Condition) -> object:
    limit = condition.limit
    is_share = condition.is_ratio and 0 < abs(limit) < 1 and _is_share(condition)
    if (is_share or condition.value in ("(value * 100)", "(100 - value * 100)")) and limit:
        return f"{float(limit * 100):.12g}%"
    if condition.lead.aggregate == "age" and condition.is_single and limit.denominator == 1 and limit:
        return _duration(limit.numerator)
    return limit.numerator if limit.denominator == 1 else float(f"{float(limit):.12g}")


def _duration(seconds: int) -> str:
    """An age in the largest unit that leaves no rest: `-21d` is three weeks ahead."""
    size, unit = next((size, unit) for size, unit in _UNITS if seconds % size == 0)
    return f"{seconds // size}{unit}"


def _is_share(condition: Condition) -> bool:
    """Are both sides counted in the same things, so that their ratio is a share and not seconds a request?"""
    below = condition.divide_by
    return below is None or _unit(condition.lead) == _unit(below)


def _unit(measure: Measure) -> str:
    """What a metric's name says that it counts: `bytes` of `x_bytes`, `requests` of `x_requests_total`."""
    return re.split("[_.]", measure.metric.removesuffix("_total"))[-1]


def _further(one: Condition, main: Condition, groups: Groups, known: Sequence[str], say: Say) -> Written:
    said = _operand(one.lead, main.lead, one)
    own = _named(one.groups, [one], known, say)
    if own != groups:
        said["by"] = _by(own).get("by", [])
    if one.on is not None:
        said["on"] = list(one.on)
    elif one.groups.kind == "without" and own != groups:
        said["on"] = list(own.names)
    if one.lead.aggregate == "last" and one.lead.window:
        say(f"{one.lead.metric} counts for 5m after its last value, beside the rule's own condition")
    return _ordered({**said, **_terms(one), **_comparison(one)})


_ORDER = (
    *("metric", "where", "any_where", "by", "on", "aggregate", "of", "across", "window", "ahead"),
    *("minus", "divide_by", "compare", "above", "at_least", "below", "at_most", "equals", "not_equals"),
)


def _ordered(said: Written) -> Written:
    return {key: said[key] for key in _ORDER if key in said}
