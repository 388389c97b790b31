"""What outlives a process, and what goes on where rules are changed while it runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_rules_oracle import END, START, Plan, Seen, plans, signals

from otel_alerting.config.read import read
from otel_alerting.model import Alert, Log, Point, Severity, Signal, State
from otel_alerting.model.duration import HOUR, SECOND
from otel_alerting.render.redact import Redactor
from otel_alerting.rules.builtin import BuiltinRules
from otel_alerting.rules.rule import RuleFile
from otel_alerting.rules.ruleset import RuleSet
from otel_alerting.rules.state import RuleSetState

GAUGE = "alert: A, metric: m, by: [g], lateness: 0s"
LOGS = "alert: A, log: {}, by: [g], window: 1m, lateness: 0s"


def ruleset(*rules: str) -> RuleSet:
    text = "version: 1\nrules:\n" + "".join(f"- {{{rule}}}\n" for rule in rules)
    return RuleSet(read(text, RuleFile, "rules.yaml").complete(), started_at=START)


def gauge(seconds: float, value: float, g: str = "a", **more: Any) -> Point:
    fields = {"tenant": "acme", "name": "m", "kind": "gauge", "value": value, "attributes": {"g": g}}
    return Point(**{"at": START + int(seconds * SECOND), **fields, **more})


def log(seconds: float, g: str = "a", **more: Any) -> Log:
    fields = {"tenant": "acme", "severity": 17, "body": "boom", "attributes": {"g": g}}
    return Log(**{"at": START + int(seconds * SECOND), **fields, **more})


def played(rules: RuleSet, seen: Sequence[Signal], until: float) -> list[Alert]:
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


def changes(alerts: list[Alert]) -> list[tuple[float, str, str]]:
    """When an alert became another than it was, and its severity or why it ended."""
    known: dict[str, tuple[State, Severity]] = {}
    found = []
    for alert in alerts:
        if known.get(alert.identity) != (alert.state, alert.severity):
            known[alert.identity] = (alert.state, alert.severity)
            at = ((alert.ended_at or alert.updated_at) - START) / SECOND
            found.append((at, alert.state.value, alert.severity.word if alert.firing else alert.ended_because))
    return found


def restarted(old: RuleSet, *rules: str, stopped: float, started: float) -> tuple[RuleSet, list[Alert]]:
    """Another process, some time later, over what a store has kept."""
    kept = old.state(START + int(stopped * SECOND)).encoded()
    new = ruleset(*rules)
    return new, new.restore(RuleSetState.decoded(kept), START + int(started * SECOND))


def reloaded(old: RuleSet, *rules: str, at: float) -> tuple[RuleSet, list[Alert]]:
    new = ruleset(*rules)
    return new, new.succeed(old, START + int(at * SECOND))


def test_what_fires_fires_on_after_a_restart() -> None:
    """The same alert, with its start, count and words; it ends when there is calm to be seen."""
    rule = f"{GAUGE}, above: 5"
    old = ruleset(rule)
    (alert,) = played(old, [gauge(1, 9, trace_id="b" * 32)], 20)
    new, ended = restarted(old, rule, stopped=20, started=50)
    said = played(new, [gauge(75, 9), gauge(90, 1)], 100)
    assert (ended, changes(said)) == ([], [(75, "firing", "warning"), (90, "resolved", "")])
    assert [(one.identity, one.started_at) for one in said] == [(alert.identity, alert.started_at)] * 2
    assert [one.count for one in said] == [2, 2]


def test_what_fires_and_is_not_seen_any_more_ends() -> None:
    """A count when a whole window was quiet, a value when it is gone; time in which nobody looked is not counted."""
    for rule, first, ends in (
        (f"{LOGS}, above: 0", log(1), (170, "")),
        (f"{GAUGE}, above: 5, no_data_after: 1m", gauge(1, 9), (170, "stale")),
    ):
        old = ruleset(rule)
        played(old, [first], 20)
        new, _ = restarted(old, rule, stopped=20, started=110)
        ((at, state, because),) = changes(played(new, [], 600))
        assert (state, because) == ("resolved", ends[1])
        assert 110 + 41 <= at <= ends[0] + 15


def test_time_in_which_nobody_looked_does_not_count_for_for() -> None:
    """Thirty seconds before and thirty after are a minute."""
    rule = f"{GAUGE}, above: 5, for: 2m"
    old = ruleset(rule)
    assert played(old, [gauge(15 * n, 9) for n in range(3)], 30) == []
    new, _ = restarted(old, rule, stopped=30, started=630)
    said = played(new, [gauge(615 + 15 * n, 9) for n in range(2, 20)], 900)
    assert changes(said) == [(720, "firing", "warning")]
    assert said[0].started_at == START + 600 * SECOND


def test_what_was_about_to_fire_waits_for_two_intervals() -> None:
    """So that one value after a restart is not enough."""
    rule = f"{GAUGE}, above: 5, for: 1m"
    old = ruleset(rule)
    played(old, [gauge(15 * n, 9) for n in range(4)], 45)
    new, _ = restarted(old, rule, stopped=50, started=58)
    assert changes(played(new, [gauge(60 + 15 * n, 9) for n in range(6)], 120)) == [(90, "firing", "warning")]
    new, _ = restarted(old, rule, stopped=50, started=58)
    assert played(new, [gauge(60, 1)], 120) == []


def test_nothing_is_restored_after_an_hour() -> None:
    """What was told is over; what is still wrong fires anew."""
    rule = f"{GAUGE}, above: 5"
    old = ruleset(rule)
    played(old, [gauge(1, 9)], 20)
    for away, expected in ((3600, []), (3601, [(3621, "resolved", "forgotten")])):
        new, ended = restarted(old, rule, stopped=20, started=20 + away)
        assert changes(ended) == expected
    (again,) = played(new, [gauge(3630, 9)], 3630)
    assert again.started_at == START + 3630 * SECOND


def test_what_a_number_was_is_known_however_long_nobody_looked() -> None:
    """`compare` needs its week also after a quiet weekend."""
    rule = f"{GAUGE}, compare: {{to: 2h, as: absolute}}, above: 5, no_data: keep"
    old = ruleset(rule)
    played(old, [gauge(15 * n, 1) for n in range(4 * 30)], 1800)
    new, _ = restarted(old, rule, stopped=1800, started=8000)
    said = played(new, [gauge(8010 + 15 * n, 9) for n in range(4)], 8070)
    assert changes(said) == [(8010, "firing", "warning")]
    assert said[0].reading is not None
    assert said[0].reading.value == 8


def test_a_rule_that_is_gone_ends_its_alerts() -> None:
    """With the reason, after a restart as after a reload."""
    other = "alert: B, log: {}, above: 0"
    for again in (lambda old: restarted(old, other, stopped=20, started=30), lambda old: reloaded(old, other, at=30)):
        old = ruleset(f"{GAUGE}, above: 5")
        played(old, [gauge(1, 9)], 20)
        new, ended = again(old)
        assert changes(ended) == [(30, "resolved", "removed")]
        assert new.next_at() is None


CHANGES: Sequence[Callable[[RuleSet, str], tuple[RuleSet, list[Alert]]]] = (
    lambda old, rule: restarted(old, rule, stopped=30, started=31),
    lambda old, rule: reloaded(old, rule, at=31),
)


@pytest.mark.parametrize("again", CHANGES, ids=["restart", "reload"])
def test_a_changed_rule_keeps_how_its_groups_stand(
    again: Callable[[RuleSet, str], tuple[RuleSet, list[Alert]]],
) -> None:
    """What fires fires on, whatever `for` says now; and the new limit is that of the next edge."""
    seen = [gauge(45 + 15 * n, 9) for n in range(4)]
    for rule, expected in (
        ("above: 5, for: 10m", []),
        ("above: 8, severity: high", [(45, "firing", "high")]),
        ("above: 10", [(45, "resolved", "")]),
        ("above: 5, labels: {severity: page}", [(45, "firing", "critical")]),
        ("severity: {info: {above: 2}, warning: {above: 5}, critical: {above: 20}}", []),
        ("severity: {info: {above: 2}, warning: {above: 10}}", [(45, "firing", "info")]),
    ):
        old = ruleset(f"{GAUGE}, above: 5")
        told = played(old, [gauge(15 * n, 9) for n in range(3)], 30)
        new, ended = again(old, f"{GAUGE}, {rule}")
        assert ended == []
        assert changes([*told, *played(new, seen, 90)])[1:] == expected


@pytest.mark.parametrize("again", CHANGES, ids=["restart", "reload"])
@pytest.mark.parametrize("rule", ["by: [h], above: 5", "by: series, above: 5", "by: [g], above: 5, tenants: [globex]"])
def test_a_rule_with_other_groups_ends_what_it_told(
    again: Callable[[RuleSet, str], tuple[RuleSet, list[Alert]]], rule: str
) -> None:
    """They are other alerts now."""
    old = ruleset("alert: A, metric: m, lateness: 0s, by: [g], above: 5")
    played(old, [gauge(15 * n, 9) for n in range(3)], 30)
    new, ended = again(old, f"alert: A, metric: m, lateness: 0s, {rule}")
    assert changes(ended) == [(31, "resolved", "changed")]
    assert [alert.firing for alert in played(new, [], 400)] == []


@pytest.mark.parametrize("again", CHANGES, ids=["restart", "reload"])
def test_other_labels_are_another_alert(again: Callable[[RuleSet, str], tuple[RuleSet, list[Alert]]]) -> None:
    """The one that was told is over, and the new one has its beginning."""
    old = ruleset(f"{GAUGE}, above: 5, limit: 1")
    played(old, [gauge(15 * n, 9, g) for n in range(3) for g in "ab"], 30)
    new, ended = again(old, f"{GAUGE}, above: 5, limit: 1, labels: {{team: shop}}")
    assert [(alert.labels, alert.ended_because) for alert in ended] == [
        ({"g": "a"}, "changed"),
        ({"overflow": "true"}, "changed"),
    ]
    said = played(new, [gauge(45, 9, g) for g in "ab"], 45)
    assert [(alert.labels, alert.started_at) for alert in said] == [
        ({"team": "shop", "g": "a"}, START),
        ({"team": "shop", "overflow": "true"}, START),
    ]


def test_windows_are_kept_where_only_the_limit_is_another() -> None:
    """Or the condition, the severity, the labels; not where something else is counted."""
    for rule, expected in (
        (f"{LOGS}, above: 3", [(20, "firing", "warning")]),
        (f"{LOGS}, above: 3, labels: {{team: shop}}", [(20, "firing", "warning")]),
        (f"{LOGS.replace('log: {}', 'log: {severity: error}')}, above: 3", []),
    ):
        old = ruleset(f"{LOGS}, above: 9")
        played(old, [log(n) for n in range(1, 4)], 10)
        new, _ = reloaded(old, rule, at=12)
        assert changes(played(new, [log(20)], 29)) == expected


def test_other_words_change_nothing() -> None:
    """An unchanged rule is one that says the same, annotations aside."""
    old = ruleset(f"{LOGS}, above: 2")
    told = played(old, [log(n) for n in range(1, 4)], 10)
    new, ended = reloaded(old, f"{LOGS}, above: 2, annotations: {{summary: new}}", at=12)
    assert (ended, changes(told)) == ([], [(3, "firing", "warning")])
    (more, *_) = played(new, [log(20)], 29)
    assert (more.count, more.started_at, more.annotations) == (4, START + 3 * SECOND, {"summary": "new"})


def test_room_is_that_of_the_groups_that_were_taken_over() -> None:
    """Nothing leaks, and nothing is counted twice."""
    rules = ruleset(f"{LOGS}, above: 9, max_series: 3")
    for at in range(5):
        played(rules, [log(20 * at + n, g) for n, g in enumerate("abc")], 20 * at + 5)
        rules, _ = reloaded(rules, f"{LOGS}, above: {8 - at}, max_series: 3", at=20 * at + 6)
    assert "TooManySeries" not in {alert.name for alert in played(rules, [log(100, "c")], 101)}
    assert "TooManySeries" in {alert.name for alert in played(rules, [log(102, "d")], 103)}


def test_alerts_about_the_rule_itself_go_on() -> None:
    """With the series that there were too many of."""
    for again in CHANGES:
        old = ruleset(f"{LOGS}, above: 9, max_series: 1")
        told = played(old, [log(n, g) for n, g in enumerate("abc")], 30)
        new, ended = again(old, f"{LOGS}, above: 8, max_series: 1")
        said = [*told, *ended, *played(new, [log(31.5, "d")], 200)]
        assert [(one.state.value, one.count) for one in said if one.name == "TooManySeries"] == [
            ("firing", 1),
            ("firing", 2),
            ("firing", 3),
            ("resolved", 3),
        ]


def test_a_condition_that_is_not_changed_keeps_its_windows() -> None:
    """Of another one, nothing is known until its window was full: what fires, fires on."""
    rule = f"{LOGS}, above: 0, and: [{{metric: m, aggregate: count, window: 1m, above: 1}}]"
    seen = [log(1), gauge(2, 1), gauge(3, 1)]
    for new_rule, resolves in ((rule.replace("1}]", "1}], limit: 50"), 75), (rule.replace("1}]", "3}]"), 90)):
        old = ruleset(rule)
        assert changes(played(old, seen, 20)) == [(15, "firing", "warning")]
        new, ended = reloaded(old, new_rule, at=21)
        assert ended == []
        assert changes(played(new, [log(50)], 200))[-1] == (resolves, "resolved", "")


def test_counters_go_on_over_a_reload() -> None:
    """The last point of each stream is not forgotten."""
    rule = "alert: A, metric: m, aggregate: sum, window: 1m, lateness: 0s, above: 4"
    fields: dict[str, Any] = {"kind": "sum", "monotonic": True, "temporality": "cumulative", "started_at": START - HOUR}
    old = ruleset(rule)
    played(old, [gauge(1, 100, **fields)], 2)
    new, _ = reloaded(old, rule.replace("above: 4", "above: 3"), at=3)
    (alert,) = played(new, [gauge(4, 104, **fields)], 5)
    assert alert.reading is not None
    assert alert.reading.value == 4


def test_what_is_kept_may_be_redacted() -> None:
    """A store is no place for what a message must not show; the alert is still the same."""
    redactor = Redactor(("hunter.",), ())
    rule = f"{LOGS}, above: 0"
    old = ruleset(rule)
    (first,) = old.observe(log(1, body="hunter2"), START + SECOND)
    kept = old.state(START + 2 * SECOND, redactor.redact_alert).encoded()
    assert b"hunter2" not in kept
    new = ruleset(rule)
    assert new.restore(RuleSetState.decoded(kept), START + 3 * SECOND) == []
    assert [one.identity for one in played(new, [], 300)] == [first.identity]


def builtin(level: Severity | None = Severity.WARNING) -> RuleSet:
    return RuleSet([], builtin=None if level is None else BuiltinRules(level, limit=2), started_at=START)


def test_built_in_alerts_go_on_after_a_restart() -> None:
    """The same ones, with their start, count and words; over when they are quiet, also those beyond the limit."""
    old = builtin()
    said = [alert for n, body in enumerate("abcc") for alert in old.observe(log(n, body=body * 3), START + n * SECOND)]
    new = builtin()
    kept = RuleSetState.decoded(old.state(START + 4 * SECOND).encoded())
    assert new.restore(kept, START + 60 * SECOND) == []
    (again,) = evaluated(new, START + 70 * SECOND) + new.observe(log(70, body="ccc", severity=21), START + 70 * SECOND)
    assert (again.identity, again.count, again.started_at) == (said[2].identity, 3, said[2].started_at)
    ended = evaluated(new, START + HOUR)
    assert sorted((one.identity, one.text, (one.ended_at - START) // SECOND) for one in ended) == sorted(
        [(said[0].identity, "aaa", 360), (said[1].identity, "bbb", 360), (said[2].identity, "ccc", 370)]
    )
    assert new.next_at() is None


def test_built_in_alerts_end_with_their_rules() -> None:
    """Or with an hour in which nobody looked."""
    old = builtin()
    old.observe(log(1), START)
    kept = old.state(START)
    assert changes(builtin(None).restore(kept, START)) == [(0, "resolved", "removed")]
    assert changes(builtin().restore(kept, START + 2 * HOUR)) == [(7200, "resolved", "forgotten")]
    assert changes(builtin(None).succeed(old, START)) == [(0, "resolved", "removed")]


@pytest.mark.parametrize("quiet", [60, 300, 600])
def test_built_in_rules_with_other_settings_go_on_over_a_reload(quiet: int) -> None:
    """What they tell is over after the quiet time that is said now."""
    old, new = builtin(), RuleSet([], builtin=BuiltinRules(quiet=quiet * SECOND), started_at=START)
    (first,) = old.observe(log(0), START)
    assert new.succeed(old, START + SECOND) == []
    assert new.observe(log(2), START + 2 * SECOND) == []
    *_, counted, ended = evaluated(new, START + HOUR)
    assert (counted.count, counted.identity) == (2, first.identity)
    assert ended.ended_at == START + (2 + quiet) * SECOND


def test_what_cannot_be_read_is_no_state() -> None:
    """A damaged store is a start from nothing; a state of another version ends what was told."""
    with pytest.raises(ValueError, match="no state of rules"):
        RuleSetState.decoded(b"what?")
    rule = f"{GAUGE}, above: 5"
    old = ruleset(rule)
    played(old, [gauge(1, 9)], 20)
    kept = old.state(START + 20 * SECOND)
    odd = {
        name: msgspec.structs.replace(one, kept=msgspec.Raw(b"\x93\x01\x02\x03")) for name, one in kept.rules.items()
    }
    new = ruleset(rule)
    assert changes(new.restore(RuleSetState(at=kept.at, rules=odd), START + 30 * SECOND)) == [
        (30, "resolved", "forgotten")
    ]


@settings(max_examples=150, deadline=None)
@given(plans(), signals, st.lists(st.integers(0, END), max_size=4).map(sorted), st.booleans())
def test_a_reload_in_between_changes_nothing(
    plan: Plan, seen: list[Seen], moments: list[int], other_words: bool
) -> None:
    """The same rules, the same signals at the same times: the same alerts, all of them, to the last field."""
    assert told(plan, seen, moments, " annotations: {summary: new}," * other_words) == told(plan, seen, [], "")


@settings(max_examples=150, deadline=None)
@given(plans(), signals, st.lists(st.integers(0, END), min_size=1, max_size=3).map(sorted))
def test_after_a_restart_every_alert_is_still_told_to_its_end(plan: Plan, seen: list[Seen], moments: list[int]) -> None:
    """What fires is resolved once, with its own beginning; nothing is told twice, and nothing fires for ever."""
    firing: dict[str, Alert] = {}
    for alert in told(plan, seen, moments, "", restart=True, until=3 * END):
        before = firing.pop(alert.identity, None)
        assert alert.firing or before is not None
        assert before is None or alert.started_at == before.started_at
        if alert.firing:
            firing[alert.identity] = alert
    has_ends = all(step.recover is None or step.recover >= 0 for step in plan.steps)  # nothing is less than 0
    has_ends = has_ends and plan.aggregate not in ("absent", "age")  # which fire because nothing comes
    assert not (firing and has_ends and plan.no_data == "ok" and plan.rising)


def told(
    plan: Plan, seen: list[Seen], moments: Sequence[int], words: str, *, restart: bool = False, until: int = END
) -> list[Alert]:
    """Everything that is said, with annotations left out, where the rules are made anew at some moments."""

    def made(words: str) -> RuleSet:
        text = plan.text().replace("log: {},", f"log: {{}},{words}")
        return RuleSet(read(text, RuleFile, "rules.yaml").complete(), started_at=START)

    rules, said, ahead = made(""), list[Alert](), list(moments)

    def renewed(before: int) -> None:
        nonlocal rules
        while ahead and ahead[0] < before:
            now = START + ahead.pop(0) * SECOND
            said.extend(evaluated(rules, now))
            old, rules = rules, made(words)
            kept = RuleSetState.decoded(old.state(now).encoded())
            said.extend(rules.restore(kept, now) if restart else rules.succeed(old, now))

    for at, came, group, value in seen:
        renewed(came)
        said.extend(evaluated(rules, START + came * SECOND))
        attributes = {"g": group, "v": value, "a": value}
        signal = Log(at=START + at * SECOND, tenant="acme", severity=17, body="b", attributes=attributes)
        said.extend(rules.observe(signal, START + came * SECOND))
    renewed(until)
    said.extend(evaluated(rules, START + until * SECOND))
    return [msgspec.structs.replace(alert, annotations={}) for alert in said]
