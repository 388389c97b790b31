"""Numbers of several terms, what they were before, and further conditions: as somebody finds who counts all again.

The clock runs with the data (`lateness: 0s`), and rules have no `for`, so that at every edge firing is what the numbers
of that edge say; what they say is worked out here from the signals alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from otel_alerting.config.read import read
from otel_alerting.model import Log
from otel_alerting.model.duration import SECOND
from otel_alerting.rules.rule import RuleFile
from otel_alerting.rules.ruleset import RuleSet

START = 1_700_000_100 * SECOND
EVERY, END = 15, 480

Seen = tuple[int, str, str, int]
"""When, of which group and kind, and its number."""


@dataclass(frozen=True)
class Term:
    """A measure of the signals of one kind."""

    kind: str
    aggregate: str
    window: int

    def text(self) -> str:
        of = "" if self.aggregate in ("count", "rate") else ", of: v"
        return f"log: {{}}, where: {{k: {self.kind}}}, aggregate: {self.aggregate}{of}, window: {self.window}s"

    def was_seen(self, seen: list[Seen], edge: int) -> bool:
        return any(kind == self.kind and at <= edge for at, _, kind, _ in seen)

    def value(self, seen: list[Seen], edge: int) -> float | None:
        inside = [v for at, _, kind, v in seen if kind == self.kind and edge - self.window < at <= edge]
        match self.aggregate:
            case "count":
                return len(inside)
            case "rate":
                return len(inside) / self.window
            case "sum":
                return sum(inside)
            case "max":
                return max(inside, default=None)
            case _:
                return sum(inside) / len(inside) if inside else None


@dataclass(frozen=True)
class Number:
    """Terms put together."""

    own: Term
    minus: Term | None
    divide_by: Term | None

    def text(self) -> str:
        more = [f", {word}: {{{term.text()}}}" for word, term in self.further]
        return self.own.text() + "".join(more)

    @property
    def further(self) -> list[tuple[str, Term]]:
        both = (("minus", self.minus), ("divide_by", self.divide_by))
        return [(word, term) for word, term in both if term is not None]

    @property
    def terms(self) -> list[Term]:
        return [self.own, *(term for _, term in self.further)]

    @property
    def horizon(self) -> int:
        return max(term.window for term in self.terms)

    def seen(self, seen: list[Seen], edge: int) -> list[int]:
        """When something of any term was seen."""
        kinds = {term.kind for term in self.terms}
        return [at for at, _, kind, _ in seen if kind in kinds and at <= edge]

    def is_whole(self, seen: list[Seen], edge: int, since: int) -> bool:
        """Was something of each term seen in a life that began behind an edge?"""
        alive = [one for one in seen if one[0] > since]
        return all(term.was_seen(alive, edge) for term in self.terms)

    def life(self, seen: list[Seen], edge: int) -> int:
        """The last edge before this one at which a group that nothing is told of was forgotten."""
        since = -1
        for earlier in range(0, edge, EVERY):
            if max(self.seen(seen, earlier), default=0) <= earlier - self.horizon:
                since = earlier
        return since

    def value(self, seen: list[Seen], edge: int) -> float | None:
        """None for none, NaN for one that no condition holds for."""
        value = self.own.value(seen, edge)
        if value is None:
            return None
        if self.minus is not None:
            other = self.minus.value(seen, edge)
            if other is None:
                return None
            value -= other
        if self.divide_by is not None:
            divisor = self.divide_by.value(seen, edge)
            return value / divisor if divisor else math.nan
        return value


@dataclass(frozen=True)
class Further:
    """A condition of `and` or `unless`, with or without the group's label."""

    number: Number
    word: str
    limit: int
    is_shared: bool

    def text(self) -> str:
        return f"{{{self.number.text()}, by: [{'g' if self.is_shared else ''}], {self.word}: {self.limit}}}"

    def holds(self, seen: list[Seen], group: str, edge: int) -> bool:
        mine = [one for one in seen if one[1] == group or not self.is_shared]
        is_zero = not self.number.further and self.number.own.aggregate in ("count", "rate", "sum")
        if not is_zero and not self.number.is_whole(mine, edge, self.number.life(mine, edge)):
            return False
        return holds(self.word, self.number.value(mine, edge), self.limit)


@dataclass(frozen=True)
class Plan:
    """A rule in seconds."""

    number: Number
    word: str
    limit: int
    compare: tuple[int, str] | None
    conditions: tuple[Further, ...]
    exceptions: tuple[Further, ...]

    def text(self) -> str:
        compare = f", compare: {{to: {self.compare[0]}s, as: {self.compare[1]}}}" if self.compare else ""
        conditions = ", ".join(one.text() for one in self.conditions)
        exceptions = ", ".join(one.text() for one in self.exceptions)
        return (
            f"version: 1\nrules:\n- {{alert: A, {self.number.text()}, by: [g], lateness: 0s, no_data_after: 15s, "
            f"{self.word}: {self.limit}{compare}, and: [{conditions}], unless: [{exceptions}]}}\n"
        )

    def firing(self, seen: list[Seen], group: str) -> Iterator[tuple[int, bool]]:
        """Edge by edge, whether it fires."""
        mine = [one for one in seen if one[1] == group]
        was, past, since = False, dict[int, float | None](), -1
        keep = max(self.number.horizon, self.compare[0] + self.number.own.window if self.compare else 0)
        for edge in range(0, END + 1, EVERY):
            if not was and max(self.number.seen(mine, edge - EVERY), default=0) <= edge - EVERY - keep:
                since, past = edge - EVERY, {}
            if not self.number.is_whole(mine, edge, since):
                continue
            value = past[edge] = self.number.value(mine, edge)
            verdict: float | None = value
            if self.compare is not None and value is not None and not math.isnan(value):
                verdict = self.change(value, past.get(edge - self.compare[0]))
                if verdict is None:
                    yield edge, was
                    continue
            if value is None and self.is_missed_but_not_yet(mine, edge):
                yield edge, was
                continue
            was = (
                holds(self.word, verdict, self.limit)
                and all(one.holds(seen, group, edge) for one in self.conditions)
                and not any(one.holds(seen, group, edge) for one in self.exceptions)
            )
            yield edge, was

    def is_missed_but_not_yet(self, mine: list[Seen], edge: int) -> bool:
        kinds = {term.kind for term in (self.number.own, *(term for _, term in self.number.further))}
        newest = [max(at for at, _, kind, _ in mine if kind == wanted and at <= edge) for wanted in kinds]
        return edge - min(newest) < 15

    def change(self, value: float, past: float | None) -> float | None:
        assert self.compare is not None
        if past is None or math.isnan(past):
            return None
        if self.compare[1] == "absolute":
            return value - past
        return (value - past) / abs(past) if past else math.nan


def holds(word: str, value: float | None, limit: int) -> bool:
    if value is None or math.isnan(value):
        return False
    return value > limit if word == "above" else value < limit


words = st.sampled_from(["above", "below"])
terms = st.builds(
    Term,
    st.sampled_from("xyz"),
    st.sampled_from(["count", "rate", "sum", "max", "avg"]),
    st.sampled_from([15, 30, 60]),
)
numbers = st.builds(Number, terms, st.none() | terms, st.none() | terms)
further = st.builds(Further, numbers, words, st.integers(-1, 3), st.booleans())
plans = st.builds(
    Plan,
    numbers,
    words,
    st.integers(-1, 3),
    st.none() | st.tuples(st.sampled_from([15, 60, 120]), st.sampled_from(["percent", "absolute"])),
    st.lists(further, max_size=2).map(tuple),
    st.lists(further, max_size=1).map(tuple),
)
signals = st.lists(
    st.tuples(st.integers(1, 200), st.sampled_from("ab"), st.sampled_from("xyz"), st.integers(-2, 5)), max_size=40
).map(sorted)


def told(plan: Plan, seen: list[Seen], group: str) -> list[tuple[int, bool]]:
    """When a group begins and stops to fire."""
    rules = RuleSet(read(plan.text(), RuleFile, "rules.yaml").complete(), started_at=START)
    alerts: list[Any] = []
    for at, name, kind, value in seen:
        now = START + at * SECOND
        alerts += evaluated(rules, now)
        log = Log(at=now, tenant="acme", severity=17, body="b", attributes={"g": name, "k": kind, "v": value})
        alerts += rules.observe(log, now)
    alerts += evaluated(rules, START + END * SECOND + 1)
    said, was = [], False
    for alert in alerts:
        if alert.labels["g"] == group and alert.firing is not was:
            was = alert.firing
            at = -(-(alert.updated_at - START) // (EVERY * SECOND)) * EVERY
            said.append((at, was))
    return said


def evaluated(rules: RuleSet, before: int) -> Iterator[Any]:
    while (due := rules.next_at()) is not None and due < before:
        yield from rules.evaluate(due)


@settings(max_examples=400, deadline=None)
@given(plans, signals)
def test_composed_rules_say_what_counting_everything_again_says(plan: Plan, seen: list[Seen]) -> None:
    """Terms with windows of their own, divisors of nothing, a past, conditions on the label and without it."""
    for group in "ab":
        expected, was = [], False
        for edge, fires in plan.firing(seen, group):
            if fires is not was:
                was = fires
                expected.append((edge, fires))
        assert told(plan, seen, group) == expected
