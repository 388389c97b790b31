"""The same alerts as somebody would find who keeps every signal and counts everything again, from the rules' text."""

from __future__ import annotations

import math
import statistics
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
EVERY, LATE = 15, 30
END = 900
WORDS = ("warning", "high", "critical")
ZERO = ("count", "rate", "sum", "increase", "unique", "absent")

Seen = tuple[int, int, str, int]
"""When it happened, when it came (seconds), its group and its number."""
Told = tuple[str, int, str, float]
"""Group, when, severity (`over` for none), and since when."""


@dataclass(frozen=True)
class Step:
    limit: int
    recover: int | None
    hold: int


@dataclass(frozen=True)
class Plan:
    """A rule in seconds."""

    aggregate: str
    rising: bool
    steps: tuple[Step, ...]
    window: int
    keep: int
    min_count: int | None
    no_data: str
    no_data_after: int

    def text(self) -> str:
        word = "above" if self.rising else "below"
        severity = {}
        for name, step in zip(WORDS, self.steps, strict=False):
            recover = "" if step.recover is None else f", recover: {step.recover}"
            severity[name] = f"{{{word}: {step.limit}{recover}, for: {step.hold}s}}"
        steps = ", ".join(f"{name}: {step}" for name, step in severity.items())
        of = {"ratio": "of: {a: 1},", "fraction": "of: {v: {at_least: 2}},"}.get(self.aggregate, "of: v,")
        of = "" if self.aggregate in ("absent", "age") else of
        guard = f", min_count: {self.min_count}" if self.min_count else ""
        return (
            f"version: 1\nrules:\n- {{alert: A, log: {{}}, by: [g], aggregate: {self.aggregate}, {of} "
            f"window: {self.window}s, severity: {{{steps}}}, keep_firing_for: {self.keep}s, "
            f"no_data: {self.no_data}, no_data_after: {self.no_data_after}s{guard}}}\n"
        )

    def holds(self, step: Step, value: float) -> bool:
        return value > step.limit if self.rising else value < step.limit

    def stays(self, step: Step, value: float) -> bool:
        limit = step.limit if step.recover is None else step.recover
        return value > limit if self.rising else value < limit


def number(plan: Plan, values: list[int]) -> float | None:
    """The number over a window, by the book."""
    match plan.aggregate:
        case "count" | "increase":
            return len(values)
        case "unique":
            return len(set(values))
        case "absent":
            return float(not values)
        case "fraction":
            return sum(value >= 2 for value in values) / len(values) if values else math.nan
        case "rate":
            return len(values) / plan.window
        case "sum":
            return sum(values)
        case "ratio":
            return sum(value == 1 for value in values) / len(values) if values else math.nan
        case _ if not values:
            return None
        case "age":
            return values[-1]
        case "avg":
            return statistics.fmean(values)
        case "last":
            return values[-1]
        case word:
            return min(values) if word == "min" else max(values)


class Oracle:
    """One group."""

    def __init__(self, plan: Plan, group: str, seen: list[Seen]) -> None:
        self.plan, self.group = plan, group
        self.seen = [one for one in seen if one[2] == group]
        self.verdicts: list[tuple[int, float | bool]] = []
        self.level, self.told, self.recovering, self.ahead = -1, -1, -1, -1
        self.since, self.began = 0.0, None

    def alerts(self) -> Iterator[Told]:
        moments: list[tuple[int, int, int]] = [(came, 0, n) for n, (_, came, _, _) in enumerate(self.seen)]
        moments += [(edge + LATE, 1, edge) for edge in range(0, END - LATE + 1, EVERY)]
        for now, is_edge, what in sorted(moments):
            yield from self.edge(what, now) if is_edge else self.event(what)

    def window(self, edge: int, came: int, until: int | None = None) -> list[int]:
        plan, seen = self.plan, self.seen[: len(self.seen) if until is None else until + 1]
        length = {"last": plan.no_data_after, "age": END}.get(plan.aggregate, plan.window)
        inside = [(at, came_, v) for at, came_, _, v in seen if came_ <= came and edge - length < at <= edge]
        return [edge - at if plan.aggregate == "age" else v for at, _, v in sorted(inside, key=lambda one: one[:1])]

    def verdict(self, edge: int, values: list[int], came: int) -> float | bool | None:
        plan, value = self.plan, number(self.plan, values)
        samples = min(len(values), 1) if plan.aggregate in ("last", "age", "absent") else len(values)
        if value is None and not (plan.min_count and plan.no_data == "ok"):
            newest = max(at for at, came_, _, _ in self.seen if came_ <= came)
            if edge - newest < plan.no_data_after or plan.no_data == "keep":
                return None
            return plan.no_data == "alert"
        least = plan.min_count or (0 if plan.aggregate in ZERO else 1)
        return False if value is None or math.isnan(value) or samples < least else value

    def event(self, index: int) -> Iterator[Told]:
        at, came, _, _ = self.seen[index]
        plan = self.plan
        if plan.aggregate not in ("count", "sum", "max") or not plan.rising:
            return
        edge = -(-at // EVERY) * EVERY
        verdict = self.verdict(edge, self.window(edge, came, index), came)
        level = max(
            (n for n, step in enumerate(plan.steps) if not step.hold and self.is_met(step, n, verdict)), default=-1
        )
        if level > self.told:
            begins = min([at, *([self.held()] if self.level < 0 and self.held() is not None else [])])
            yield self.tell(at, level, begins)
            self.ahead = edge

    def edge(self, edge: int, now: int) -> Iterator[Told]:
        known = [at for at, came, _, _ in self.seen if came <= now]
        if not known or edge < -(-min(known) // EVERY) * EVERY:
            return
        verdict = self.verdict(edge, self.window(edge, now), now)
        if verdict is not None:
            self.verdicts.append((edge, verdict))
            self.judge(edge, verdict)
        if edge < self.ahead and self.level <= self.told:
            return
        if self.level != self.told:
            yield self.tell(edge, self.level, self.began)

    def judge(self, edge: int, verdict: float | bool) -> None:
        level = self.reached(edge, verdict)
        if level >= 0:
            if self.level < 0:
                self.began = self.held()
            self.level, self.recovering = level, -1
        elif self.level >= 0:
            self.recovering = edge if self.recovering < 0 else self.recovering
            if edge - self.recovering >= self.plan.keep:
                self.level, self.recovering = -1, -1

    def reached(self, edge: int, verdict: float | bool) -> int:
        for n in range(len(self.plan.steps) - 1, -1, -1):
            step = self.plan.steps[n]
            since = self.streak(n)
            if since is not None and (edge - since >= step.hold or n <= self.level):
                return n
            entered = n <= self.level and self.recovering < 0
            if entered and not isinstance(verdict, bool) and self.plan.stays(step, verdict):
                return n
        return -1

    def streak(self, n: int) -> int | None:
        """The first of the edges up to the last at all of which a step's trigger held."""
        first = None
        for edge, verdict in reversed(self.verdicts):
            if not self.is_met(self.plan.steps[n], n, verdict):
                break
            first = edge
        return first

    def held(self) -> int | None:
        return min((at for n in range(len(self.plan.steps)) if (at := self.streak(n)) is not None), default=None)

    def is_met(self, step: Step, n: int, verdict: float | bool | None) -> bool:
        if verdict is None or isinstance(verdict, bool):
            return bool(verdict) and n == 0
        return self.plan.holds(step, verdict)

    def tell(self, at: int, level: int, since: float | None) -> Told:
        if self.told < 0:
            assert since is not None
            self.since = since
        self.told = level
        return self.group, at, WORDS[level] if level >= 0 else "over", self.since


def found(plan: Plan, seen: list[Seen]) -> list[Told]:
    """What the rule set says."""
    rules = RuleSet(read(plan.text(), RuleFile, "rules.yaml").complete(), started_at=START)
    alerts = []
    for at, came, group, value in seen:
        alerts += evaluated(rules, came)
        attributes = {"g": group, "v": value, "a": value}
        log = Log(at=START + at * SECOND, tenant="acme", severity=17, body="b", attributes=attributes)
        alerts += rules.observe(log, START + came * SECOND)
    alerts += evaluated(rules, END + 1)
    told: dict[str, Told] = {}
    changes = []
    for alert in alerts:
        word = alert.severity.word if alert.firing else "over"
        at = ((alert.ended_at or alert.updated_at) - START) // SECOND
        one = alert.labels["g"], at, word, (alert.started_at - START) / SECOND
        if told.get(one[0], ("", 0, "over", 0))[2] != word:
            told[one[0]] = one
            changes.append(one)
    return sorted(changes)


def evaluated(rules: RuleSet, before: int) -> Iterator[Any]:
    while (due := rules.next_at()) is not None and due < START + before * SECOND:
        yield from rules.evaluate(due)


_PATIENT = ("avg", "min", "rate", "ratio", "last", "increase", "unique", "fraction", "absent", "age")


@st.composite
def plans(draw: Any, *, eager: bool = False) -> Plan:
    aggregate = draw(st.sampled_from(["count", "sum", "max", *([] if eager else _PATIENT)]))
    rising = eager or draw(st.booleans())
    most = 1 if rising and aggregate in ("ratio", "fraction") else 6  # a share is never above all of it
    some = st.lists(st.integers(0, most), min_size=1, max_size=min(3, most + 1), unique=True)
    limits = sorted(draw(some), reverse=not rising)
    steps = []
    for limit in limits:
        margin = draw(st.none() | st.integers(0, 3))
        recover = None if margin is None else limit - margin if rising else limit + margin
        steps.append(Step(limit, recover, draw(st.sampled_from([0, 0, 0, 15, 30, 40, 60]))))
    return Plan(
        aggregate=aggregate,
        rising=rising,
        steps=tuple(steps),
        window=draw(st.sampled_from([15, 30, 60, 120])),
        keep=draw(st.sampled_from([0, 0, 15, 40])),
        min_count=draw(st.none() | st.integers(1, 3)),
        no_data=draw(st.sampled_from(["ok", "keep", "alert"])),
        no_data_after=draw(st.sampled_from([15, 40, 120])),
    )


signals = st.builds(
    lambda bursts, odd: sorted(
        [
            (at + n * every, at + n * every + delay, group, value)
            for at, every, times, delay, group, value in bursts
            for n in range(times)
        ]
        + odd,
        key=lambda one: one[1],
    ),
    st.lists(
        st.tuples(
            st.integers(0, 400),
            st.integers(1, 20),
            st.integers(1, 12),
            st.sampled_from([0, 0, 7, 29]),
            st.sampled_from("aab"),
            st.integers(0, 5),
        ),
        min_size=2,
        max_size=6,
    ),
    st.lists(
        st.tuples(st.integers(0, 500), st.integers(0, 29), st.sampled_from("ab"), st.integers(0, 5)).map(
            lambda one: (one[0], one[0] + one[1], *one[2:])
        ),
        max_size=12,
    ),
)


@settings(max_examples=500, deadline=None)
@given(plans(), signals)
def test_alerts_are_those_of_counting_everything_again(plan: Plan, seen: list[Seen]) -> None:
    """Windows, measures, guards, `for`, `recover`, `keep_firing_for`, steps, no data, on events and late."""
    expected = [told for group in "ab" for told in Oracle(plan, group, seen).alerts()]
    assert found(plan, seen) == sorted(expected)


@settings(max_examples=500, deadline=None)
@given(plans(eager=True), signals)
def test_alerts_on_events_are_those_of_counting_everything_again(plan: Plan, seen: list[Seen]) -> None:
    """Counts, sums and maxima that fire before their edge, with steps that do and do not wait."""
    expected = [told for group in "ab" for told in Oracle(plan, group, seen).alerts()]
    assert found(plan, seen) == sorted(expected)


@settings(max_examples=100, deadline=None)
@given(plans(), signals, st.randoms())
def test_signals_of_other_groups_change_nothing(plan: Plan, seen: list[Seen], random: Any) -> None:
    """Those that come at the same moment may be in any order between groups."""
    mixed = list(seen)
    random.shuffle(mixed)
    places = {group: iter([one for one in seen if one[2] == group]) for group in "ab"}
    order = [next(places[one[2]]) for one in sorted(mixed, key=lambda one: one[1])]
    order.sort(key=lambda one: one[1])
    assert found(plan, order) == found(plan, seen)
