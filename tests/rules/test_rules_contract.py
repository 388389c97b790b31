"""What a rule's fields mean, one by one, where two of them meet or one of them ends."""

from __future__ import annotations

from typing import Any

import pytest

from otel_alerting.config.read import read
from otel_alerting.model import Alert, Log, Point, Severity, Signal, State
from otel_alerting.model.duration import DAY, SECOND
from otel_alerting.rules.rule import RuleFile
from otel_alerting.rules.ruleset import RuleSet

START = 1_700_000_100 * SECOND


def ruleset(*rules: str) -> RuleSet:
    text = "version: 1\nrules:\n" + "".join(f"- {{{rule}}}\n" for rule in rules)
    return RuleSet(read(text, RuleFile, "rules.yaml").complete(), started_at=START)


def gauge(seconds: float, value: float, **attributes: object) -> Point:
    at = START + int(seconds * SECOND)
    return Point(at=at, tenant="acme", name="m", kind="gauge", value=value, attributes=attributes)


def log(seconds: float, **attributes: object) -> Log:
    return Log(at=START + int(seconds * SECOND), tenant="acme", severity=17, body="boom", attributes=attributes)


def played(rules: RuleSet, seen: list[Signal], until: float) -> list[Alert]:
    said: list[Alert] = []
    for signal in sorted(seen, key=lambda one: one.at):
        said += evaluated(rules, signal.at)
        said += rules.observe(signal, signal.at)
    return said + evaluated(rules, START + int(until * SECOND) + 1)


def evaluated(rules: RuleSet, before: int) -> list[Alert]:
    said: list[Alert] = []
    while (due := rules.next_at()) is not None and due < before:
        said += rules.evaluate(due)
    return said


def changes(alerts: list[Alert]) -> list[tuple[float, str]]:
    """When an alert became another than it was, and its severity or `over`."""
    known: dict[str, tuple[State, Severity]] = {}
    found = []
    for alert in alerts:
        if known.get(alert.identity) != (alert.state, alert.severity):
            known[alert.identity] = (alert.state, alert.severity)
            at = ((alert.ended_at or alert.updated_at) - START) / SECOND
            found.append((at, alert.severity.word if alert.firing else "over"))
    return found


def levels(*values: float, every: float = 15) -> list[Signal]:
    return [gauge(n * every, value) for n, value in enumerate(values)]


GAUGE = "alert: A, metric: m, lateness: 0s"


def test_each_step_has_its_own_for() -> None:
    """And the rule's where it has none; a worse one that has held is told at once."""
    steps = "{warning: {above: 1}, high: {above: 5, for: 0s}, critical: {above: 9, for: 1m}}"
    rule = f"{GAUGE}, for: 30s, severity: {steps}"
    assert changes(played(ruleset(rule), levels(2, 2, 2, 6, 10, 10, 10, 10, 10, 2, 0), 150)) == [
        (30, "warning"),
        (45, "high"),
        (120, "critical"),
        (135, "warning"),
        (150, "over"),
    ]


def test_each_step_has_its_own_recovery() -> None:
    """Between trigger and `recover` what is entered stays, and what is not stays out."""
    rule = f"{GAUGE}, severity: {{warning: {{above: 5, recover: 3}}, critical: {{above: 9, recover: 7}}}}"
    assert changes(played(ruleset(rule), levels(4, 6, 10, 8, 7, 4, 8, 3), 120)) == [
        (15, "warning"),
        (30, "critical"),
        (60, "warning"),
        (105, "over"),
    ]


def test_a_step_that_rises_again_while_it_recovers_has_done_its_time() -> None:
    """`keep_firing_for` holds the severity, too: it is over once it was well for so long."""
    rule = f"{GAUGE}, keep_firing_for: 45s, for: 15s, severity: {{warning: {{above: 5}}, critical: {{above: 9}}}}"
    values = levels(10, 10, 1, 1, 10, 1, 1, 1, 1, 1)
    assert changes(played(ruleset(rule), values, 150)) == [(15, "critical"), (120, "over")]


@pytest.mark.parametrize(
    ("no_data", "expected"),
    [("ok", [(0, "warning"), (75, "over")]), ("keep", [(0, "warning")]), ("alert", [(0, "warning")])],
)
def test_a_value_that_is_gone_ends_keeps_or_is_an_alert(no_data: str, expected: list[tuple[float, str]]) -> None:
    """Of what fires; less than `no_data_after` is not gone, exactly that is."""
    rule = f"{GAUGE}, above: 5, no_data: {no_data}, no_data_after: 75s"
    said = played(ruleset(rule), [gauge(0, 9)], 400)
    assert changes(said) == expected
    assert [alert.ended_because for alert in said if not alert.firing] == ["stale"] * (no_data == "ok")


@pytest.mark.parametrize(
    ("no_data", "expected"), [("ok", []), ("keep", []), ("alert", [(75, "warning"), (105, "over")])]
)
def test_a_quiet_value_that_is_gone_is_an_alert_only_where_that_is_said(
    no_data: str, expected: list[tuple[float, str]]
) -> None:
    """The lowest of the steps; and it is over when it comes back."""
    rule = f"{GAUGE}, severity: {{warning: {{above: 5}}, high: {{above: 8}}}}, no_data: {no_data}, no_data_after: 75s"
    assert changes(played(ruleset(rule), [gauge(0, 1), gauge(95, 1)], 160)) == expected


def test_a_count_of_nothing_is_zero_and_not_gone() -> None:
    """It has fallen below one; as long as the process lives."""
    rule = "alert: A, log: {}, window: 30s, lateness: 0s, below: 1, no_data: keep, no_data_after: 15s"
    assert changes(played(ruleset(rule), [log(1), log(100)], 200)) == [(45, "warning"), (105, "over"), (135, "warning")]


def test_a_group_that_was_just_born_is_not_judged_at_all() -> None:
    """Nor does `for` run; who is back within a day is not just born."""
    rule = "alert: A, log: {}, by: [g], window: 30s, lateness: 0s, above: 0, for: 15s, new_group_delay: 1m"
    seen = [log(n, g="a") for n in range(0, 120, 10)] + [log(2000 + n, g="a") for n in range(0, 60, 10)]
    assert changes(played(ruleset(rule), seen, 2100))[:3] == [(75, "warning"), (150, "over"), (2025, "warning")]


def test_a_new_group_does_not_wait_longer_than_its_delay() -> None:
    """Exactly the delay is enough."""
    rule = f"{GAUGE}, by: [g], above: 5, new_group_delay: 45s"
    assert changes(played(ruleset(rule), [gauge(15 * n, 9, g="a") for n in range(5)], 60)) == [(45, "warning")]


def test_the_first_alerts_stay_and_the_rest_are_one_with_their_number() -> None:
    """It begins with the first of them, takes the worst severity, and is over with the last."""
    rule = f"{GAUGE}, by: [g], limit: 2, severity: {{warning: {{above: 5}}, high: {{above: 9}}}}"
    seen: list[Signal] = [gauge(0, 6, g=g) for g in "ab"] + [gauge(15, 6, g=g) for g in "ab"]
    seen += [gauge(15, value, g=g) for g, value in (("c", 6), ("d", 10))]
    seen += [gauge(30, value, g=g) for g, value in (("a", 6), ("b", 6), ("c", 6), ("d", 1))]
    seen += [gauge(45, value, g=g) for g, value in (("a", 6), ("b", 6), ("c", 1), ("d", 1))]
    rest = [alert for alert in played(ruleset(rule), seen, 60) if "overflow" in alert.labels]
    assert [(one.severity.word, one.facts.get("overflow.groups"), one.firing) for one in rest] == [
        ("high", 2, True),
        ("warning", 1, True),
        ("warning", 1, False),
    ]
    assert {one.started_at for one in rest} == {START + 15 * SECOND}


def test_what_is_over_the_limit_began_when_it_began_on_events_too() -> None:
    """Before any edge has judged it."""
    rules = ruleset("alert: A, log: {}, by: [g], above: 0, limit: 1")
    said = [alert for n, g in enumerate("abc") for alert in rules.observe(log(n, g=g), START + n * SECOND)]
    assert [(dict(one.labels), one.started_at - START) for one in said][1:] == [({"overflow": "true"}, SECOND)] * 2


def test_a_limit_is_for_one_tenant() -> None:
    """Another's alerts are told on their own."""
    rules = ruleset("alert: A, log: {}, by: [g], above: 0, limit: 1")
    said = [alert for one in (log(1, g="a"), log(1, g="b")) for alert in rules.observe(one, one.at)]
    other = Log(at=START, tenant="globex", severity=17, body="boom", attributes={"g": "c"})
    assert "overflow" not in rules.observe(other, START)[0].labels
    assert [("overflow" in one.labels) for one in said] == [False, True]


def test_who_is_only_remembered_makes_room_for_who_is_new() -> None:
    """The longest silent first; who is in a window, or fires, stays."""
    rule = "alert: A, log: {}, by: [g], window: 30s, lateness: 0s, above: 1, max_series: 3, new_group_delay: 15s"
    seen: list[Signal] = [log(1, g="old"), log(20, g="older"), log(101, g="here"), log(102, g="new"), log(103, g="new")]
    rules = ruleset(rule)
    played(rules, seen, 120)
    seen = [log(at, g=g) for at in range(121, 180, 5) for g in ("here", "new", "newer")]
    said = played(rules, seen, 200)
    assert {alert.labels["g"] for alert in said if alert.name == "A" and "g" in alert.labels} == {
        "here",
        "new",
        "newer",
    }


def test_min_count_makes_the_condition_false() -> None:
    """What fires with less traffic than that is over."""
    rule = "alert: A, log: {}, of: v, aggregate: avg, window: 30s, lateness: 0s, above: 5, min_count: 3"
    seen: list[Signal] = [log(n, v=9) for n in (1, 2, 3, 20, 21, 40, 41)]
    assert changes(played(ruleset(rule), seen, 100)) == [(15, "warning"), (60, "over")]


@pytest.mark.parametrize("interval", [10, 15, 60])
def test_edges_stand_on_multiples_of_the_interval_and_wait_for_late_data(interval: int) -> None:
    """Whenever the first signal came."""
    rules = ruleset(f"alert: A, metric: m, above: 5, interval: {interval}s, lateness: 20s, no_data: keep")
    assert rules.observe(gauge(7, 9), START + 7 * SECOND) == []
    due = rules.next_at() or 0
    assert (due - 20 * SECOND) % (interval * SECOND) == 0
    while not (said := rules.evaluate(due)):
        due = rules.next_at() or 0
    assert said[0].updated_at == due - 20 * SECOND >= START + 7 * SECOND
    assert (rules.next_at() or 0) - due == interval * SECOND


def test_a_signal_within_lateness_is_in_its_own_window() -> None:
    """Not in that of the moment it came; behind the last open window it is lost and counted."""
    rule = "alert: A, log: {}, window: 15s, lateness: 30s, above: 2"
    rules = ruleset(rule)
    for at, came in ((1, 1), (2, 20), (3, 44)):
        said = evaluated(rules, START + came * SECOND) + rules.observe(log(at), START + came * SECOND)
    assert [(alert.started_at - START) / SECOND for alert in said] == [3]
    rules.observe(log(-20), START + 50 * SECOND)
    assert rules.lost() == {("acme", "late"): 1}


def test_a_known_group_is_forgotten_after_a_day() -> None:
    """Then it is born anew, and memory has an end."""
    rules = ruleset("alert: A, log: {}, by: [g], window: 30s, above: 0, new_group_delay: 1m")
    played(rules, [log(1, g="a")], 300)
    assert rules.next_at() is not None
    said: list[Any] = evaluated(rules, START + DAY + 600 * SECOND)
    assert (said, rules.next_at()) == ([], None)
