"""What is absent is told once for each that was seen, and from the start on where a rule has no groups."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_alerting.config.read import read
from otel_alerting.errors import ConfigurationError
from otel_alerting.model import Alert, Point
from otel_alerting.model.duration import DAY, HOUR, MINUTE, SECOND
from otel_alerting.rules.rule import Rule, RuleFile
from otel_alerting.rules.ruleset import RuleSet
from otel_alerting.rules.state import RuleSetState

START = 1_700_000_100 * SECOND
WINDOW, MEMORY, EVERY, LATE = 60, 300, 15, 30


def rule_of(more: str = "", *, by: str = "[host]") -> Rule:
    text = f"version: 1\nrules: [{{alert: A, metric: up, by: {by}, aggregate: absent, window: {WINDOW}s, {more}}}]"
    return read(text, RuleFile, "rules.yaml").complete()[0]


def point(seconds: float, host: str = "a", **more: object) -> Point:
    return Point(
        at=START + int(seconds * SECOND),
        tenant="default",
        name="up",
        kind="gauge",
        value=1.0,
        attributes={"host": host},
        **more,  # type: ignore[arg-type]
    )


def told(rules: RuleSet, points: Sequence[Point], until: int) -> list[tuple[float, str, bool, str]]:
    alerts = []
    for one in points:
        alerts += list(evaluated(rules, one.at))
        alerts += rules.observe(one, one.at)
    alerts += list(evaluated(rules, START + until * SECOND))
    return [shown(alert) for alert in alerts if not alert.firing or alert.count == 1]


def evaluated(rules: RuleSet, before: int) -> Iterator[Alert]:
    while (due := rules.next_at()) is not None and due < before:
        yield from rules.evaluate(due)


def shown(alert: Alert) -> tuple[float, str, bool, str]:
    at = alert.updated_at if alert.firing else alert.ended_at
    return (at - START) / SECOND, alert.labels.get("host", ""), alert.firing, alert.ended_because


def up(seconds: int) -> int:
    """The first edge at or after a moment."""
    return -(-seconds // EVERY) * EVERY


def expected(seconds: Sequence[int], host: str) -> Iterator[tuple[float, str, bool, str]]:
    """By the book: missed a window after it was seen, until it is seen again or its memory is over."""
    for at, after in zip(seconds, [*seconds[1:], 10**9], strict=False):
        missed, forgotten, back = up(at + WINDOW), up(at + MEMORY), up(after)
        if back > missed:
            yield missed, host, True, ""
            in_time = after <= forgotten + LATE  # who is back before it is judged was not forgotten
            yield (back, host, False, "") if in_time else (forgotten, host, False, "stale")


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 1500), st.sampled_from("abc")), max_size=25))
def test_alerts_are_those_of_remembering_when_each_was_seen(sights: list[tuple[int, str]]) -> None:
    """Missed, back, forgotten, and missed again."""
    sights = sorted(set(sights))
    rules = RuleSet([rule_of(f"memory: {MEMORY}s")], started_at=START)
    found = told(rules, [point(at, host) for at, host in sights], 3000)
    by_the_book = [one for host in "abc" for one in expected([at for at, h in sights if h == host], host)]
    assert sorted(found) == sorted(by_the_book)


def test_a_group_that_was_never_seen_is_not_missed() -> None:
    """Nobody knows that there is one."""
    assert told(RuleSet([rule_of()], started_at=START), [], 3600) == []


def test_a_rule_without_groups_misses_from_the_start_on() -> None:
    """After a whole window, at the first edge that has one."""
    assert told(RuleSet([rule_of(by="[]")], started_at=START), [], 86400 * 3) == [(60, "", True, "")]
    late = RuleSet([rule_of(by="[]")], started_at=START + 7 * SECOND)
    assert told(late, [], 86400 * 3) == [(75, "", True, "")]


def test_without_a_start_it_is_the_first_signal_of_all() -> None:
    """As where recorded signals are played: time is theirs."""
    rules = RuleSet([rule_of(by="[]")])
    other = Point(at=START, tenant="default", name="down", kind="gauge")
    assert rules.next_at() is None
    assert rules.observe(other, START) == []
    assert told(rules, [], 600) == [(60, "", True, "")]


def test_a_machine_that_slept_misses_nobody_before_a_whole_window_awake() -> None:
    """What it did not see, it could not see."""
    rules = RuleSet([rule_of()], started_at=START)
    rules.observe(point(1), START + SECOND)
    rules.evaluate(START + 45 * SECOND, 45 * SECOND)
    woken = START + 8 * HOUR
    assert rules.evaluate(woken, 46 * SECOND) == []
    found = [
        alert for due in range(1, 8) for alert in rules.evaluate(woken + due * 15 * SECOND, (46 + 15 * due) * SECOND)
    ]
    assert [(alert.updated_at - woken) / SECOND for alert in found] == [60]


def test_what_is_missed_fires_on_through_a_sleep_and_ends_when_it_is_back() -> None:
    """Nothing ends or begins because of a gap."""
    rules = RuleSet([rule_of()], started_at=START)
    rules.observe(point(1), START + SECOND)
    fired = [alert for due in range(30, 121, 15) for alert in rules.evaluate(START + due * SECOND, due * SECOND)]
    woken = START + 8 * HOUR
    assert rules.evaluate(woken, 121 * SECOND) == []
    rules.observe(point(8 * 3600 + 5), woken + 5 * SECOND)
    ended = [
        alert for due in range(1, 6) for alert in rules.evaluate(woken + due * 15 * SECOND, (121 + 15 * due) * SECOND)
    ]
    assert [alert.firing for alert in fired + ended] == [True, False]


def test_a_further_condition_may_be_that_something_is_absent() -> None:
    """Also of what nobody has seen, after a whole window."""
    further = "{metric: up, by: [], aggregate: absent, window: 60s}"
    text = f"version: 1\nrules: [{{alert: A, metric: queue, above: 5, and: [{further}]}}]"
    rules = RuleSet(read(text, RuleFile, "rules.yaml").complete(), started_at=START)
    queue = [
        Point(at=START + n * SECOND, tenant="default", name="queue", kind="gauge", value=9.0) for n in range(0, 240, 15)
    ]
    found = told(rules, sorted([*queue, point(100)], key=lambda one: one.at), 225)
    assert [(at, firing) for at, _, firing, _ in found] == [(60, True), (105, False), (165, True)]


def test_memory_is_a_day_or_two_windows() -> None:
    """Whichever is longer: who is forgotten before being missed is never missed."""
    assert rule_of().remembers == DAY
    text = "version: 1\nrules: [{alert: A, metric: up, aggregate: absent, window: 26h}]"
    assert read(text, RuleFile, "rules.yaml").complete()[0].remembers == 52 * HOUR
    assert rule_of("memory: 2m").remembers == 2 * MINUTE


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("aggregate: absent, window: 1h, memory: 30m", "more than the window"),
        ("aggregate: avg, above: 1, memory: 30m", "only absent, age, new"),
        ("aggregate: absent, of: host", "about the signal itself"),
        ("aggregate: avg, above: 1, ahead: 30m", "only forecast"),
        ("aggregate: forecast, above: 1, ahead: 0s", "more than 0"),
        ("aggregate: new, memory: 1h, reappears_after: 2h", "at most the memory"),
        ("aggregate: count, above: 1, reappears_after: 2h", "only new"),
        ("aggregate: unique, above: 1", "different values are counted"),
        ("aggregate: fraction, above: 1", "{above: 800ms}"),
        ("aggregate: fraction, above: 1, of: {host: {above: 3}}", "has its own value"),
        ("aggregate: fraction, above: 1, of: {above: much}", "800ms"),
        ("aggregate: fraction, above: 1, of: {above: 1, host: 2}", "{above: 800ms}"),
        ("aggregate: fraction, above: 1, of: {host: {in: [1]}}", "{above: 800ms}"),
        ("aggregate: changes, above: 1, of: host", "has its own value"),
        ("aggregate: changes", "no condition"),
    ],
)
def test_what_a_measure_does_not_have_is_refused(text: str, said: str) -> None:
    """With what would be right."""
    with pytest.raises(ConfigurationError, match=said.replace("{", "[{]")):
        read(f"{{alert: A, metric: up, {text}}}", Rule, "rules.yaml")


@pytest.mark.parametrize("kind", ["log", "span"])
def test_spans_and_logs_say_whose_values_are_meant(kind: str) -> None:
    """`changes` of an attribute; a fraction of a log's attribute or a span's duration."""
    for text in ("aggregate: changes, above: 1", "aggregate: age, of: host, above: 1"):
        with pytest.raises(ConfigurationError, match="of: found"):
            read(f"{{alert: A, {kind}: {{}}, {text}}}", Rule, "rules.yaml")
    read(f"{{alert: A, {kind}: {{}}, aggregate: fraction, of: {{size: {{above: 1k}}}}, above: 1%}}", Rule, "rules.yaml")
    with pytest.raises(ConfigurationError, match="whose values are meant"):
        read("{alert: A, log: {}, aggregate: fraction, of: {above: 1k}, above: 1%}", Rule, "rules.yaml")


def restarted(rules: RuleSet, rule: Rule, stopped: int, began: int) -> RuleSet:
    """Another process, with what the first one kept."""
    kept = RuleSetState.decoded(rules.state(START + stopped * SECOND).encoded())
    again = RuleSet([rule], started_at=START + began * SECOND)
    again.restore(kept, START + began * SECOND)
    return again


def test_a_restart_moves_what_is_missed_by_the_time_nobody_looked() -> None:
    """A window of a day is not begun anew by every deployment."""
    rule = rule_of()
    rules = RuleSet([rule], started_at=START)
    assert told(rules, [point(5), point(14)], 44) == []
    assert told(restarted(rules, rule, 44, 144), [], 600) == [(180, "a", True, "")]


def test_a_restart_forgets_neither_who_is_expected_nor_since_when() -> None:
    """Nobody has come before it, nor after."""
    rule = rule_of(by="[]")
    rules = RuleSet([rule], started_at=START)
    assert told(rules, [], 40) == []
    assert told(restarted(rules, rule, 40, 100), [], 600) == [(120, "", True, "")]


def test_after_a_restart_the_first_one_that_came_is_still_the_one_that_is_missed() -> None:
    """And not the default tenant beside it."""
    rule = rule_of(by="[]")
    rules = RuleSet([rule], started_at=START)
    assert told(rules, [msgspec.structs.replace(point(14), tenant="acme")], 44) == []
    again = restarted(rules, rule, 44, 46)
    alerts = list(evaluated(again, START + DAY * 3))
    assert [(alert.tenant, alert.firing) for alert in alerts] == [("acme", True)]


def test_what_fires_goes_on_over_a_restart() -> None:
    """It is not told again, and it ends when it is back."""
    rule = rule_of()
    rules = RuleSet([rule], started_at=START)
    assert told(rules, [point(14)], 110) == [(75, "a", True, "")]
    assert told(restarted(rules, rule, 110, 115), [], 600) == []
    assert told(restarted(rules, rule, 110, 115), [point(200)], 250) == [(210, "a", False, "")]
