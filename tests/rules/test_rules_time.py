"""What rules do about time that does not go on as it should: nobody evaluates, the machine sleeps, a clock is set."""

from __future__ import annotations

from typing import Any

from otel_alerting.config.read import read
from otel_alerting.model import Alert, Log, Point, State
from otel_alerting.model.duration import HOUR, MINUTE, SECOND
from otel_alerting.rules.builtin import BuiltinRules
from otel_alerting.rules.rule import RuleFile
from otel_alerting.rules.ruleset import RuleSet
from otel_alerting.rules.ticks import Ticks

START = 1_700_000_100 * SECOND


def ruleset(*rules: str, builtin: BuiltinRules | None = None) -> RuleSet:
    text = "version: 1\nrules: [" + ", ".join(f"{{{rule}}}" for rule in rules) + "]\n"
    return RuleSet(read(text, RuleFile, "rules.yaml").complete(), builtin=builtin, started_at=START)


def log(at: int, **more: Any) -> Log:
    return Log(**{"at": at, "tenant": "acme", "severity": 17, "body": "boom", **more})


def counter(at: int, value: float) -> Point:
    fields: dict[str, Any] = {"kind": "sum", "monotonic": True, "temporality": "cumulative", "started_at": START - HOUR}
    return Point(at=at, tenant="acme", name="m", value=value, **fields)


def evaluated(rules: RuleSet, until: int, *, slept: int = 0) -> list[Alert]:
    """What the rules say until a moment, with a monotonic clock that stood still for the time slept."""
    said: list[Alert] = []
    while (due := rules.next_at()) is not None and due <= until:
        said += rules.evaluate(due, due - slept)
    return said


def changes(alerts: list[Alert]) -> list[tuple[State, int]]:
    known: list[Alert] = []
    for alert in alerts:
        if not known or known[-1].state is not alert.state:
            known.append(alert)
    return [(alert.state, (alert.ended_at or alert.updated_at) - START) for alert in known]


def test_a_gap_in_the_evaluations_starts_for_anew() -> None:
    """Edges of long ago are not made up for: nobody looked then."""
    rules = ruleset("alert: A, log: {}, above: 0, window: 10m, for: 1m, lateness: 0s")
    rules.observe(log(START + SECOND), START + SECOND)
    assert evaluated(rules, START + 30 * SECOND) == []
    assert rules.evaluate(START + 5 * MINUTE) == []
    assert changes(evaluated(rules, START + 7 * MINUTE)) == [(State.FIRING, 6 * MINUTE)]


def test_an_evaluation_that_is_a_little_late_is_no_gap() -> None:
    """Thirty seconds, or two intervals: a busy program is not asleep, and every edge is judged."""
    rules = ruleset("alert: A, log: {}, above: 0, window: 10m, for: 1m, lateness: 0s")
    rules.observe(log(START + SECOND), START + SECOND)
    assert evaluated(rules, START + 30 * SECOND) == []
    assert changes(rules.evaluate(START + 75 * SECOND)) == [(State.FIRING, 75 * SECOND)]


def test_a_weekend_of_edges_is_not_evaluated_one_by_one() -> None:
    """One is enough, and then no more than are due."""
    rules = ruleset("alert: A, metric: m, above: 5, no_data: keep, interval: 1s")
    gauge = Point(at=START, tenant="acme", name="m", kind="gauge", value=9)
    rules.observe(gauge, START)
    assert len(evaluated(rules, START + MINUTE)) == 1
    rules.evaluate(START + 10_000 * HOUR)
    assert rules.next_at() == START + 10_000 * HOUR + SECOND


def test_a_machine_that_slept_misses_no_heartbeat() -> None:
    """What nobody could see is no sign: the window has to be full again first."""
    rule = "alert: A, log: {}, below: 1, window: 1m, lateness: 0s"
    for sleeps, expected in ((True, [60 * SECOND]), (False, [0])):
        rules = ruleset(rule)
        rules.observe(log(START + SECOND), START + SECOND)
        assert evaluated(rules, START + 30 * SECOND) == []
        woke = START + 2 * HOUR
        slept = woke - START - 31 * SECOND if sleeps else 0
        said = rules.evaluate(woke, woke - slept) + evaluated(rules, woke + 5 * MINUTE, slept=slept)
        assert [at - 2 * HOUR for _, at in changes(said)] == expected


def test_what_fires_when_the_machine_falls_asleep_still_fires_when_it_wakes() -> None:
    """Until a window full of calm says otherwise; it is still the same alert."""
    rules = ruleset("alert: A, log: {}, above: 0, window: 1m, lateness: 0s")
    (alert,) = rules.observe(log(START + SECOND), START + SECOND)
    evaluated(rules, START + 30 * SECOND)
    woke = START + 2 * HOUR
    slept = woke - START - 31 * SECOND
    said = rules.evaluate(woke, woke - slept) + evaluated(rules, woke + 5 * MINUTE, slept=slept)
    assert changes(said) == [(State.RESOLVED, 2 * HOUR + MINUTE)]
    assert said[-1].started_at == alert.started_at


def test_for_is_moved_on_by_a_sleep() -> None:
    """Thirty seconds before and thirty after are a minute."""
    rules = ruleset("alert: A, log: {}, above: 0, window: 1m, for: 1m, lateness: 0s")
    rules.observe(log(START + SECOND), START + SECOND)
    assert evaluated(rules, START + 45 * SECOND) == []
    woke = START + 2 * HOUR
    slept = woke - START - 46 * SECOND
    assert rules.evaluate(woke, woke - slept) == []
    rules.observe(log(woke + SECOND), woke + SECOND)
    assert changes(evaluated(rules, woke + MINUTE, slept=slept)) == [(State.FIRING, 2 * HOUR + 30 * SECOND)]


def test_a_clock_that_is_set_back_does_not_stop_the_evaluations() -> None:
    """By an hour, while something fires: it ends by the new time, and the next one fires at once."""
    rules = ruleset("alert: A, log: {}, above: 0, window: 1m")
    rules.observe(log(START + SECOND), START + SECOND)
    evaluated(rules, START + MINUTE)
    back = START - HOUR
    rules.evaluate(back)
    assert (rules.next_at() or 0) <= back + MINUTE
    said = evaluated(rules, back + 10 * MINUTE)
    assert changes(said) == [(State.RESOLVED, MINUTE - HOUR)]
    assert rules.next_at() is None
    (again,) = rules.observe(log(back + 11 * MINUTE), back + 11 * MINUTE)
    assert again.started_at == back + 11 * MINUTE
    assert rules.lost() == {}


def test_a_clock_set_back_is_noticed_by_the_signals_too() -> None:
    """They need not wait for an evaluation, nor are they late."""
    rules = ruleset("alert: A, log: {}, above: 1, window: 1m")
    rules.observe(log(START), START)
    rules.evaluate(START + SECOND)
    rules.observe(log(START - HOUR), START - HOUR)
    (alert,) = rules.observe(log(START - HOUR), START - HOUR)
    assert (alert.firing, rules.lost()) == (True, {})


def test_counters_go_on_after_a_clock_is_set_back() -> None:
    """Their points are older than the last one, and no repeats."""
    rules = ruleset("alert: A, metric: m, aggregate: sum, above: 4, window: 1m")
    rules.observe(counter(START, 100), START)
    rules.evaluate(START)
    back = START - HOUR
    rules.evaluate(back)
    assert rules.observe(counter(back + SECOND, 102), back + SECOND) == []
    (alert,) = rules.observe(counter(back + 16 * SECOND, 105), back + 16 * SECOND)
    assert alert.reading is not None
    assert alert.reading.value == 5


def test_built_in_alerts_end_five_quiet_minutes_of_the_new_time_later() -> None:
    """Whichever way the clock went."""
    for by in (-HOUR, HOUR):
        rules = ruleset(builtin=BuiltinRules())
        rules.observe(log(START), START)
        rules.evaluate(START + MINUTE, 10 * MINUTE)
        assert rules.evaluate(START + MINUTE + by, 10 * MINUTE + SECOND) == []
        assert rules.next_at() == START + by + 5 * MINUTE - SECOND
        slept = START + by - 9 * MINUTE - SECOND
        assert changes(evaluated(rules, START + by + 6 * MINUTE, slept=slept)) == [
            (State.RESOLVED, by + 5 * MINUTE - SECOND)
        ]


def test_ticks_tell_a_sleep_from_a_late_evaluation() -> None:
    """Both clocks on: late. The wall's alone: a sleep, or a hand. What is under thirty seconds is nothing."""
    ticks = Ticks()
    assert ticks.gap(START, 5) == 0
    assert ticks.gap(START + HOUR, 5 + HOUR) == 0
    assert ticks.gap(START + 2 * HOUR, 6 + HOUR) == HOUR - 1
    assert ticks.gap(START, 7 + HOUR) == -2 * HOUR - 1
    assert ticks.gap(START + 29 * SECOND, 8 + HOUR) == 0
    assert ticks.gap(START - HOUR, None) == -HOUR - 29 * SECOND
