"""The same alerts as somebody finds who keeps every event and counts all of them again at every edge."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from otel_alerting.config.read import read
from otel_alerting.model import Alert, Log
from otel_alerting.rules.rule import RuleFile
from otel_alerting.rules.ruleset import RuleSet

SECOND = 1_000_000_000
START = 1_700_006_400
EVERY, LATE, END = 15, 30, 2_400
WORDS = ("ticket", "page")
SEVERITIES = ("warning", "critical")
STEPS = ((300, 15), (3_600, 60), (21_600, 300))
"""Windows up to so many seconds are cut at their far end in steps of so many."""

Seen = tuple[int, int, bool]
"""When it happened, when it came, in seconds; and whether it was bad."""


@dataclass(frozen=True)
class Pair:
    long: int
    short: int
    factor: int
    severity: int


@dataclass(frozen=True)
class Plan:
    pairs: tuple[Pair, ...]
    percent: int
    """What may be bad."""
    min_count: int
    hold: int
    keep: int

    def text(self) -> str:
        rates = ", ".join(
            f"{{long: {one.long}s, short: {one.short}s, factor: {one.factor}, severity: {WORDS[one.severity]}}}"
            for one in self.pairs
        )
        return (
            f"version: 1\nrules:\n- {{alert: A, min_count: {self.min_count}, for: {self.hold}s, "
            f"keep_firing_for: {self.keep}s, slo: {{objective: {100 - self.percent}%, period: 6h, "
            f"sli: {{log: {{}}, bad: {{a: 1}}}}, burn_rates: [{rates}]}}}}\n"
        )

    @property
    def ladder(self) -> list[Pair]:
        return sorted(self.pairs, key=lambda one: (one.severity, one.factor))


class Oracle:
    """By the book: no tiers, no sums that are kept."""

    def __init__(self, plan: Plan, seen: list[Seen]) -> None:
        self.plan, self.seen = plan, seen
        self.since: dict[int, int] = {}
        self.level, self.left = -1, 0

    def alerts(self) -> Iterator[tuple[int, str]]:
        first = min((came for _, came, _ in self.seen), default=END)
        born = min((at for at, _, _ in self.seen), default=END)
        shown = ""
        for edge in range(-(-(first - LATE) // EVERY) * EVERY, END - LATE + 1, EVERY):
            known = [one for one in self.seen if one[1] <= edge + LATE]
            if not known or edge < -(-min(at for at, _, _ in known) // EVERY) * EVERY or edge < born:
                continue
            said = self.judged(edge, known)
            if said != shown and (said or shown):
                yield edge, said or "over"
                shown = said

    def judged(self, edge: int, known: list[Seen]) -> str:
        ladder = self.plan.ladder
        highest = max((n for n, pair in enumerate(ladder) if self.burns(pair, edge, known)), default=-1)
        self.since = {n: self.since.get(n, edge) for n in range(highest + 1)}
        held = [n for n, since in self.since.items() if edge - since >= self.plan.hold or n <= self.level]
        if held:
            self.level, self.left = max(held), 0
        elif self.level >= 0:
            self.left = self.left or edge
            if edge - self.left >= self.plan.keep:
                self.level, self.left = -1, 0
        return "" if self.level < 0 else SEVERITIES[ladder[self.level].severity]

    def burns(self, pair: Pair, edge: int, known: list[Seen]) -> bool:
        total, long = self.share(pair.long, edge, known)
        _, short = self.share(pair.short, edge, known)
        limit = Fraction(pair.factor * self.plan.percent, 100)
        return total >= self.plan.min_count and long > limit and short > limit

    def share(self, window: int, edge: int, known: list[Seen]) -> tuple[Fraction, Fraction]:
        """How much there was, and which share was bad; of the step that the far end cuts, as much as is inside."""
        step = next(step for length, step in STEPS if window <= length)
        total = bad = Fraction(0)
        for at, _, is_bad in known:
            if at <= edge:
                end = -(-at // step) * step
                inside = max(Fraction(0), min(Fraction(1), Fraction(end - (edge - window), step)))
                total, bad = total + inside, bad + inside * is_bad
        return total, bad / total if total else Fraction(0)


def found(plan: Plan, seen: list[Seen]) -> Iterator[tuple[int, str]]:
    rules = RuleSet(read(plan.text(), RuleFile, "rules.yaml").complete(), started_at=START * SECOND)
    shown = ""
    for alert in _told(rules, seen):
        said = alert.severity.word if alert.firing else ""
        if said != shown:
            yield alert.updated_at // SECOND - START, said or "over"
            shown = said


def _told(rules: RuleSet, seen: list[Seen]) -> Iterator[Alert]:
    for at, came, is_bad in seen:
        yield from _until(rules, came)
        log = Log(at=(START + at) * SECOND, tenant="t", severity=9, body="", attributes={"a": int(is_bad)})
        yield from rules.observe(log, (START + came) * SECOND)
    yield from _until(rules, END + 1)


def _until(rules: RuleSet, second: int) -> Iterator[Alert]:
    while (due := rules.next_at()) is not None and due < (START + second) * SECOND:
        yield from rules.evaluate(due)


pairs = st.builds(
    Pair,
    long=st.sampled_from([120, 300, 600, 1800]),
    short=st.sampled_from([15, 30, 60, 105]),
    factor=st.integers(1, 4),
    severity=st.integers(0, 1),
)
plans = st.builds(
    Plan,
    pairs=st.lists(pairs, min_size=1, max_size=3).map(tuple),
    percent=st.sampled_from([5, 10, 20]),
    min_count=st.integers(0, 8),
    hold=st.sampled_from([0, 0, 30]),
    keep=st.sampled_from([0, 0, 60]),
)
runs = st.tuples(st.integers(0, 1_900), st.integers(1, 40), st.integers(1, 20), st.integers(0, 2), st.integers(0, 40))


@settings(max_examples=60, deadline=None)
@given(plans, st.lists(runs, max_size=6))
def test_an_objective_tells_what_the_book_says(plan: Plan, said: list[tuple[int, int, int, int, int]]) -> None:
    """In stretches of events that are good, bad or mixed, some of which come late."""
    seen = [
        (begin + number * every, begin + number * every + late, kind == 2 or (kind == 1 and number % 2 == 0))
        for begin, size, every, kind, late in said
        for number in range(size)
        if begin + number * every + late <= END
    ]
    seen = sorted(set(seen), key=lambda one: one[1])
    assert list(found(plan, seen)) == list(Oracle(plan, seen).alerts())
