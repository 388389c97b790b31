"""What rules do with what is odd or too much: it is bounded, counted and told."""

from __future__ import annotations

import math
from typing import Any

import pytest

from otel_alerting.config.read import read
from otel_alerting.model import Alert, Log, Point
from otel_alerting.model.duration import SECOND
from otel_alerting.rules.losses import Losses
from otel_alerting.rules.room import Room
from otel_alerting.rules.rule import RuleFile
from otel_alerting.rules.ruleset import RuleSet
from otel_alerting.rules.running import RunningRule

START = 1_700_000_100 * SECOND


def rules_of(*rules: str) -> RuleFile:
    return read("version: 1\nrules: [" + ", ".join(f"{{{rule}}}" for rule in rules) + "]\n", RuleFile, "rules.yaml")


def ruleset(*rules: str) -> RuleSet:
    return RuleSet(rules_of(*rules).complete(), started_at=START)


def log(seconds: float, **more: Any) -> Log:
    return Log(**{"at": START + int(seconds * SECOND), "tenant": "acme", "severity": 17, "body": "boom", **more})


def point(seconds: float, value: float, **more: Any) -> Point:
    fields = {"at": START + int(seconds * SECOND), "tenant": "acme", "name": "m", "kind": "gauge", "value": value}
    return Point(**{**fields, **more})


def observed(rules: RuleSet, *signals: Log | Point) -> list[Alert]:
    return [alert for signal in signals for alert in rules.observe(signal, max(signal.at, START))]


def until(rules: RuleSet, seconds: float) -> list[Alert]:
    said: list[Alert] = []
    while (due := rules.next_at()) is not None and due <= START + seconds * SECOND:
        said += rules.evaluate(due)
    return said


def test_a_process_has_room_for_so_many_series_and_no_more() -> None:
    """All rules share it; what comes then is in one group for each tenant, and totals stay right."""
    room, losses = Room(3), Losses()
    (rule,) = rules_of("alert: A, log: {}, by: [user], above: 2").complete()
    one, other = RunningRule(rule, room, losses), RunningRule(rule, room, losses)
    for number in range(3):
        one.observe(log(1, attributes={"user": str(number)}), START + SECOND)
    said = [alert for n in range(4) for alert in other.observe(log(1, attributes={"user": str(n)}), START + SECOND)]
    assert [(alert.name, alert.labels, alert.count) for alert in said] == [
        ("TooManySeries", {"rule": "A"}, 1),
        ("A", {"overflow": "true"}, 3),
    ]


def test_room_comes_back_with_the_groups_that_are_forgotten() -> None:
    """Nothing leaks: after a quiet window all of it is free again."""
    room = Room(3)
    (rule,) = rules_of("alert: A, metric: m, by: [a], across: sum, above: 99, window: 1m").complete()
    one = RunningRule(rule, room, Losses())
    for number in range(9):
        one.observe(point(1, 1, attributes={"a": str(number % 3), "b": number}), START + SECOND)
    assert room.is_full
    while one.due_at is not None:
        one.evaluate(one.due_at)
    for _ in range(3):
        assert not room.is_full
        room.take()
    assert room.is_full


def test_made_up_tenants_do_not_fill_the_memory() -> None:
    """Where not even the overflow groups have room, signals are counted as lost."""
    room, losses = Room(0), Losses()
    (rule,) = rules_of("alert: A, log: {}, above: 99").complete()
    one = RunningRule(rule, room, losses)
    for number in range(1_002):
        one.observe(log(1, tenant=str(number)), START + SECOND)
    assert losses.take() == {("1000", "series"): 1, ("1001", "series"): 1}


def test_a_signal_that_is_late_for_several_rules_is_one_loss() -> None:
    """And one that is in time for some is told, for those that it is in no window of."""
    rule = "log: {}, above: 9, window"
    rules = ruleset(f"alert: A, {rule}: 1m", f"alert: B, {rule}: 1m", f"alert: C, {rule}: 1h")
    observed(rules, log(0), log(-600), log(-601))
    assert rules.lost() == {("acme", "late"): 2}


def test_a_clock_that_is_ahead_is_counted_and_taken_as_now() -> None:
    """More than a minute; the signal is not lost."""
    rules = ruleset("alert: A, log: {}, above: 1, window: 1m")
    rules.observe(log(59), START)
    rules.observe(log(61), START)
    (alert,) = rules.observe(log(3600), START)
    assert alert.started_at == START
    assert (rules.ahead(), rules.ahead(), rules.lost()) == ({"acme": 2}, {}, {})


def test_a_hopeless_expression_is_counted_and_told(capfd: pytest.CaptureFixture[str]) -> None:
    """The signal is not taken, and whoever runs the program reads which rule it is."""
    rules = ruleset("alert: Hopeless, log: {body: {regex: '(a|aa)+(a|aa)+(a|aa)+$'}}, above: 0")
    assert observed(rules, log(1, body="a" * 200 + "!"), log(2, body="aaa")) != []
    assert rules.lost() == {("acme", "regex"): 1}
    assert "rule Hopeless: the regular expression" in capfd.readouterr().err


@pytest.mark.parametrize("aggregate", ["avg", "sum", "max", "min", "p99", "last"])
def test_a_number_that_is_none_is_in_no_window(aggregate: str) -> None:
    """NaN would be the whole window's number."""
    rules = ruleset(f"alert: A, metric: m, aggregate: {aggregate}, above: 4, window: 1m, lateness: 0s")
    (alert, *_) = observed(rules, point(1, 5), point(2, math.nan)) + until(rules, 15)
    assert alert.reading is not None
    assert alert.reading.value == pytest.approx(5, rel=0.045)


@pytest.mark.parametrize("values", [(math.inf, -math.inf), (1e308, 1e308), (math.inf, 1)])
@pytest.mark.parametrize("aggregate", ["avg", "sum", "max", "min", "p99", "last", "count"])
def test_numbers_without_end_end_no_evaluation(aggregate: str, values: tuple[float, float]) -> None:
    """What has no sum holds no condition; the other rules of the process go on."""
    rules = ruleset(
        f"alert: A, metric: m, aggregate: {aggregate}, above: 4, window: 1m", "alert: B, metric: m, above: -2"
    )
    seen = [point(n, value, attributes={"pod": n}) for n, value in enumerate((*values, 1))]
    said = observed(rules, *seen) + until(rules, 60)
    assert "B" in {alert.name for alert in said}


def test_a_counter_of_no_number_counts_nothing() -> None:
    """Neither NaN nor infinity can be told in whole things."""
    rules = ruleset("alert: A, metric: m, aggregate: count, above: 1")
    fields: dict[str, Any] = {"kind": "sum", "monotonic": True, "temporality": "delta"}
    assert observed(rules, point(1, math.nan, **fields), point(1, math.inf, **fields), point(1, -5, **fields)) == []
    assert observed(rules, point(2, 2, **fields))[0].count == 2


def test_parts_of_one_are_observations_too() -> None:
    """A counter of seconds of processor time grows by less than one between two points."""
    rules = ruleset("alert: A, metric: m, aggregate: ratio, of: {mode: system}, above: 40%, window: 1m, lateness: 0s")
    fields: dict[str, Any] = {"kind": "sum", "monotonic": True, "temporality": "delta"}
    shares = [point(1, 0.1, attributes={"mode": mode}, **fields) for mode in ("user", "system")]
    (alert,) = observed(rules, *shares) + until(rules, 15)
    assert alert.reading is not None
    assert alert.reading.value == 0.5


def test_counts_and_shares_of_levels_are_those_of_all_series() -> None:
    """Only what is a level itself is joined as levels are: the highest counts."""
    seen = [point(n, 1, attributes={"pod": n, "state": "bad" if n == 0 else "good"}) for n in range(4)]
    for what, expected in (("count", 4), ("sum", 4), ("ratio, of: {state: bad}", 0.25), ("avg", 1)):
        rules = ruleset(f"alert: A, metric: m, aggregate: {what}, above: 0, window: 1m, lateness: 0s")
        *_, alert = observed(rules, *seen) + until(rules, 15)
        assert alert.reading is not None
        assert alert.reading.value == expected


def test_changes_are_added_up_and_levels_are_not() -> None:
    """An up-down counter with delta temporality tells changes."""
    rules = ruleset("alert: A, metric: m, aggregate: sum, above: 2, window: 1m")
    fields: dict[str, Any] = {"kind": "sum", "monotonic": False, "temporality": "delta"}
    assert observed(rules, *[point(n, 1, attributes={"pod": n}, **fields) for n in range(3)])[0].firing


def test_no_data_is_told_where_the_window_is_shorter_than_the_wait_for_it() -> None:
    """The group is kept until then."""
    rules = ruleset("alert: A, metric: m, aggregate: avg, above: 9, window: 1m, no_data: alert, no_data_after: 5m")
    observed(rules, point(0, 1))
    (alert,) = until(rules, 400)
    assert (alert.firing, alert.updated_at - START) == (True, 300 * SECOND)


def test_the_end_of_a_stream_that_nobody_saw_is_no_group() -> None:
    """So nothing is missed that never was."""
    rules = ruleset("alert: A, metric: m, above: 9, no_data: alert")
    assert observed(rules, point(0, 0, absent=True)) == []
    assert rules.next_at() is None


def test_what_groups_differ_by_is_not_covered_by_the_rules_own_labels() -> None:
    """Two groups are two alerts; where a signal has no value the rule's own stands."""
    rules = ruleset("alert: A, log: {}, by: [team], above: 0, labels: {team: shop}")
    said = observed(rules, log(1, attributes={"team": "core"}), log(2, attributes={"team": "mail"}), log(3))
    assert [alert.labels for alert in said] == [{"team": "core"}, {"team": "mail"}, {"team": "shop"}]


def test_values_are_cut_at_256_characters() -> None:
    """What differs only behind them is one group."""
    rules = ruleset("alert: A, log: {}, by: [user], above: 1")
    long = "x" * 256
    (alert,) = observed(rules, log(1, attributes={"user": long + "a"}), log(2, attributes={"user": long + "b"}))
    assert alert.labels == {"user": long}


def test_a_storm_is_told_with_its_number_a_second_later() -> None:
    """What fired on the twenty-first is not twenty-one for long; the number stays that of its edge."""
    rules = ruleset("alert: A, log: {}, above: 20, window: 1m")
    (first,) = observed(rules, *[log(1 + n / 1000) for n in range(500)])
    assert first.count == 21
    assert rules.next_at() == START + int(1.021 * SECOND) + SECOND
    (alert,) = until(rules, 3)
    assert alert.reading is not None
    assert (alert.count, alert.reading.value, alert.started_at) == (500, 500, first.started_at)
    assert until(rules, 44) == []


def test_series_that_join_by_their_lowest_do_not_fire_on_an_event() -> None:
    """One more series may lower the number until the edge."""
    rules = ruleset("alert: A, metric: m, aggregate: max, across: min, above: 5, window: 1m, lateness: 0s")
    said = observed(rules, point(1, 9, attributes={"pod": 1}), point(2, 1, attributes={"pod": 2}))
    assert (said, until(rules, 15)) == ([], [])
