"""What is new fires on the event, ends when it was quiet, and is new again when it was long not seen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from otel_alerting.config.read import read
from otel_alerting.model import Alert, Log
from otel_alerting.model.duration import MINUTE, SECOND
from otel_alerting.rules.novelty import Novelty
from otel_alerting.rules.rule import Rule, RuleFile
from otel_alerting.rules.ruleset import RuleSet
from otel_alerting.rules.state import RuleSetState

START = 1_700_000_100 * SECOND
WINDOW, AGAIN, EVERY = 60, 180, 15


def rule_of(more: str = "") -> Rule:
    text = f"version: 1\nrules: [{{alert: A, log: {{}}, by: [kind], aggregate: new, window: {WINDOW}s, {more}}}]"
    return read(text, RuleFile, "rules.yaml").complete()[0]


def log(seconds: float, kind: str = "a", tenant: str = "acme") -> Log:
    return Log(at=START + int(seconds * SECOND), tenant=tenant, severity=17, body="b", attributes={"kind": kind})


def told(rules: RuleSet, logs: Sequence[Log], until: int) -> Iterator[tuple[float, str, bool]]:
    for one in logs:
        yield from shown(evaluated(rules, one.at))
        yield from shown(rules.observe(one, one.at))
    yield from shown(evaluated(rules, START + until * SECOND))


def evaluated(rules: RuleSet, before: int) -> list[Alert]:
    alerts: list[Alert] = []
    while (due := rules.next_at()) is not None and due < before:
        alerts += rules.evaluate(due)
    return alerts


def shown(alerts: Sequence[Alert]) -> Iterator[tuple[float, str, bool]]:
    for alert in alerts:
        if alert.firing and alert.started_at == alert.updated_at and alert.count == 1:
            yield (alert.updated_at - START) / SECOND, alert.labels["kind"], True
        elif not alert.firing:
            yield (alert.ended_at - START) / SECOND, alert.labels["kind"], False


def expected(seconds: Sequence[int], kind: str) -> Iterator[tuple[float, str, bool]]:
    """By the book: a run begins with what is new, and ends at the first edge with an empty window."""
    seen_at: int | None = None
    told_at: int | None = None
    for at in seconds:
        if told_at is not None and at - told_at >= WINDOW:
            yield -(-(told_at + WINDOW) // EVERY) * EVERY, kind, False
            told_at = None
        is_new = seen_at is None or at - seen_at >= AGAIN
        seen_at = at
        if told_at is None and is_new:
            yield at, kind, True
        if told_at is not None or is_new:
            told_at = at
    if told_at is not None:
        yield -(-(told_at + WINDOW) // EVERY) * EVERY, kind, False


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 1500), st.sampled_from("abc")), max_size=40))
def test_alerts_are_those_of_remembering_every_sight(sights: list[tuple[int, str]]) -> None:
    """First sights, further ones, ends, and what is known but not new."""
    sights = sorted(set(sights))
    rules = RuleSet([rule_of(f"reappears_after: {AGAIN}s")], started_at=START)
    found = sorted(told(rules, [log(at, kind) for at, kind in sights], 3000))
    by_the_book = [one for kind in "abc" for one in expected([at for at, k in sights if k == kind], kind)]
    assert found == sorted(by_the_book)


def test_a_known_one_that_ended_a_moment_ago_does_not_fire_again() -> None:
    """Its edge is evaluated only after the next sight came, which is no news all the same."""
    rules = RuleSet([rule_of()], started_at=START)
    sights = [log(1), log(62), log(63), log(64)]
    assert list(told(rules, sights, 600)) == [(1, "a", True), (75, "a", False)]


def test_without_reappears_after_it_is_new_again_when_its_memory_is_over() -> None:
    """14 days, unless the rule says another."""
    rules = RuleSet([rule_of("memory: 10m")], started_at=START)
    sights = [log(1), log(590), log(1100), log(1700)]
    assert [at for at, _, fires in told(rules, sights, 3000) if fires] == [1, 1700]
    assert rule_of().remembers == 14 * 24 * 60 * MINUTE


def test_tenants_have_each_their_own_novelties() -> None:
    """What is known to one is new to another."""
    rules = RuleSet([rule_of()], started_at=START)
    assert len(list(told(rules, [log(1), log(2, tenant="globex")], 10))) == 2


def test_beyond_its_room_those_silent_for_longest_are_forgotten() -> None:
    """Of the tenant that has most: a noisy one makes nobody else's known errors new again."""
    novelty = Novelty(rule_of(), most=100)
    assert all(novelty.is_new(log(n, kind=str(n), tenant="quiet"), START) for n in range(10))
    for n in range(500):
        assert novelty.is_new(log(n, kind=str(n), tenant="noisy"), START + n)
        assert not novelty.is_new(log(n, kind="0", tenant="noisy"), START + n) or n == 0
        assert len(novelty) <= 100
    assert not any(novelty.is_new(log(n, kind=str(n), tenant="quiet"), START) for n in range(10))
    assert not novelty.is_new(log(1, kind="499", tenant="noisy"), START)
    assert novelty.is_new(log(1, kind="1", tenant="noisy"), START)


def test_a_clock_that_was_set_back_makes_nothing_new_late() -> None:
    """What was seen in the future was seen now."""
    novelty = Novelty(rule_of(f"reappears_after: {AGAIN}s"))
    assert novelty.is_new(log(1), START + 3600 * SECOND)
    novelty.move(START)
    assert not novelty.is_new(log(1), START + (AGAIN - 1) * SECOND)
    assert novelty.is_new(log(1), START + 2 * AGAIN * SECOND)


def test_what_is_known_outlives_the_process() -> None:
    """Or every deployment would make every known error new."""
    rules = RuleSet([rule_of()], started_at=START)
    assert [fires for _, _, fires in told(rules, [log(1)], 300)] == [True, False]
    kept = RuleSetState.decoded(rules.state(START + 300 * SECOND).encoded())
    again = RuleSet([rule_of()], started_at=START + 7200 * SECOND)
    again.restore(kept, START + 7200 * SECOND)
    assert list(told(again, [log(7201), log(7202, kind="b")], 7310)) == [(7202, "b", True), (7275, "b", False)]
