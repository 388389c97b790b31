"""Further conditions: `and` and `unless`, on the labels that both sides have."""

from __future__ import annotations

import pytest

from otel_alerting.config.read import read
from otel_alerting.errors import ConfigurationError
from otel_alerting.model import Alert, Log, Point, Signal, Span, State
from otel_alerting.model.duration import HOUR, MINUTE, SECOND
from otel_alerting.rules.rule import RuleFile
from otel_alerting.rules.ruleset import RuleSet

START = 1_700_000_100 * SECOND


def ruleset(*rules: str) -> RuleSet:
    text = "version: 1\nrules:\n" + "".join(f"- {{{rule}}}\n" for rule in rules)
    return RuleSet(read(text, RuleFile, "rules.yaml").complete(), started_at=START)


def gauge(name: str, seconds: float, value: float, tenant: str = "acme", **attributes: object) -> Point:
    at = START + int(seconds * SECOND)
    return Point(at=at, tenant=tenant, name=name, kind="gauge", value=value, attributes=attributes)


def log(seconds: float, **attributes: object) -> Log:
    return Log(at=START + int(seconds * SECOND), tenant="acme", severity=17, body="boom", attributes=attributes)


def span(seconds: float, **attributes: object) -> Span:
    at = START + int(seconds * SECOND)
    return Span(at=at, started_at=at, tenant="acme", name="pay", kind="server", attributes=attributes)


def played(rules: RuleSet, signals: list[Signal], until: float) -> list[Alert]:
    said: list[Alert] = []
    for signal in sorted(signals, key=lambda one: one.at):
        said += evaluated(rules, signal.at)
        said += rules.observe(signal, signal.at)
    return said + evaluated(rules, START + int(until * SECOND) + 1)


def evaluated(rules: RuleSet, before: int) -> list[Alert]:
    said: list[Alert] = []
    while (due := rules.next_at()) is not None and due < before:
        said += rules.evaluate(due, due)
    return said


def changes(alerts: list[Alert]) -> list[tuple[float, str, dict[str, str]]]:
    known: dict[str, State] = {}
    found = []
    for alert in alerts:
        if known.get(alert.identity) is not alert.state:
            known[alert.identity] = alert.state
            found.append(
                (((alert.ended_at or alert.updated_at) - START) / SECOND, alert.state.value, dict(alert.labels))
            )
    return found


def told(rule: str, *signals: Signal, until: float = 14) -> list[dict[str, str]]:
    """The labels of what fires until the first edge is over."""
    rules = ruleset(f"alert: A, lateness: 0s, {rule}")
    return [labels for _, state, labels in changes(played(rules, list(signals), until + 1)) if state == "firing"]


HOT = "metric: heat, by: [host], above: 90"


def test_a_condition_must_hold_for_the_same_labels() -> None:
    """Each host's own load."""
    rule = f"{HOT}, and: [{{metric: load, above: 5}}]"
    seen = [gauge("heat", 1, 99, host=host) for host in "abc"] + [
        gauge("load", 2, 9, host="a"),
        gauge("load", 2, 1, host="b"),
    ]
    assert told(rule, *seen) == [{"host": "a"}]


def test_a_condition_of_unless_must_not_hold() -> None:
    """Where there is nothing that could hold, nothing does."""
    rule = f"{HOT}, unless: [{{metric: maintenance, above: 0}}]"
    seen = [gauge("heat", 1, 99, host=host) for host in "ab"] + [gauge("maintenance", 2, 1, host="a")]
    assert told(rule, *seen) == [{"host": "b"}]


def test_several_conditions_must_all_hold() -> None:
    """And none of `unless`."""
    rule = (
        f"{HOT}, and: [{{metric: load, above: 5}}, {{metric: load, below: 50}}], unless: [{{metric: load, equals: 7}}]"
    )
    seen = [gauge("heat", 1, 99, host=host) for host in "abcd"]
    seen += [gauge("load", 2, load, host=host) for host, load in zip("abcd", (1, 6, 7, 60), strict=True)]
    assert told(rule, *seen) == [{"host": "b"}]


def test_a_condition_without_the_labels_is_about_the_whole_tenant() -> None:
    """A flag that no host has holds for every host of its tenant, and of no other."""
    rule = f"{HOT}, unless: [{{metric: maintenance, above: 0}}]"
    hot = [gauge("heat", 1, 99, host="a"), gauge("heat", 1, 99, "globex", host="a")]
    rules = ruleset(f"alert: A, lateness: 0s, {rule}")
    said = played(rules, [*hot, gauge("maintenance", 2, 1)], 15)
    assert [alert.tenant for alert in said] == ["globex"]


def test_an_unlabelled_group_among_labelled_ones_is_one_of_them() -> None:
    """It says nothing about the others."""
    rule = f"{HOT}, and: [{{metric: load, above: 5}}]"
    seen = [gauge("heat", 1, 99, host="a"), gauge("load", 2, 9), gauge("load", 2, 9, host="b")]
    assert told(rule, *seen) == []


@pytest.mark.parametrize(("by", "expected"), [("[]", ["a", "b"]), ("[host]", ["a"]), ("[host, disk]", ["a"])])
def test_a_condition_may_have_groups_of_its_own(by: str, expected: list[str]) -> None:
    """They are joined on what both sides group by; of several, one that holds is enough."""
    rule = f"{HOT}, and: [{{metric: load, above: 5, by: {by}}}]"
    seen = [gauge("heat", 1, 99, host=host) for host in "ab"]
    seen += [
        gauge("load", 2, 9, host="a", disk="1"),
        gauge("load", 2, 1, host="a", disk="2"),
        gauge("load", 2, 1, host="b"),
    ]
    assert [labels["host"] for labels in told(rule, *seen)] == expected


def test_on_says_which_labels_must_agree() -> None:
    """Of those that both sides have; and of series, whatever labels they carry."""
    seen = [gauge("heat", 1, 99, host="a", site="x"), gauge("heat", 1, 99, host="b", site="y")]
    seen.append(gauge("load", 2, 9, host="c", site="y", cpu="0"))
    for by in ("[host, site]", "series"):
        rule = f'metric: heat, by: {by}, above: 90, and: [{{metric: load, above: 5, "on": [site]}}]'
        assert told(rule, *seen) == [{"host": "b", "site": "y"}]
        assert told(rule.replace("[site]}]", "[]}]"), *seen) == [{"host": "a", "site": "x"}, {"host": "b", "site": "y"}]


def test_series_are_joined_on_all_their_labels() -> None:
    """As PromQL does; where one side groups by some, on those."""
    seen = [
        gauge("heat", 1, 99, host="a", site="x"),
        gauge("load", 2, 9, host="a", site="x"),
        gauge("heat", 1, 99, host="b"),
    ]
    seen.append(gauge("load", 2, 9, host="b", cpu="1"))
    rule = "metric: heat, by: series, above: 90, and: [{metric: load, above: 5}]"
    assert told(rule, *seen) == [{"host": "a", "site": "x"}]
    rule = "metric: heat, by: series, above: 90, and: [{metric: load, by: [host], above: 5}]"
    assert told(rule, *seen) == [{"host": "a", "site": "x"}, {"host": "b"}]


def test_a_condition_is_of_any_kind_with_its_own_window_and_aggregate() -> None:
    """The traffic guard of the examples: only where a thousand came."""
    further = "{log: {}, aggregate: sum, of: v, window: 1m, above: 9}"
    rule = f"span: {{kind: server}}, by: [g], window: 15s, above: 2, and: [{further}]"
    rules = ruleset(f"alert: A, lateness: 0s, {rule}")
    seen: list[Signal] = [span(n, g="a") for n in range(1, 90)] + [log(20, g="a", v=10)]
    assert [change[:2] for change in changes(played(rules, seen, 90))] == [(30, "firing"), (90, "resolved")]


def test_a_count_of_nothing_is_zero_in_a_condition_too() -> None:
    """An average of nothing is nothing, and holds no condition."""
    for aggregate, expected in (("count", [{"host": "a"}]), ("avg", [])):
        rule = f"{HOT}, and: [{{metric: load, aggregate: {aggregate}, below: 1}}]"
        assert told(rule, gauge("heat", 1, 99, host="a")) == expected
    rule = f"{HOT}, and: [{{metric: load, aggregate: count, below: 5, min_count: 1}}]"
    assert told(rule, gauge("heat", 1, 99, host="a")) == []


def test_a_condition_may_be_made_of_terms_itself() -> None:
    """`divide_by` and `min_count`."""
    rule = f"{HOT}, and: [{{metric: used, divide_by: {{metric: size}}, above: 50%}}]"
    seen = [gauge("heat", 1, 99, host=host) for host in "abc"] + [gauge("used", 1, 60, host=host) for host in "abc"]
    seen += [gauge("size", 1, 100, host="a"), gauge("size", 1, 200, host="b")]
    assert told(rule, *seen) == [{"host": "a"}]


def test_a_rule_with_conditions_does_not_fire_on_an_event() -> None:
    """They are judged at edges."""
    rules = ruleset("alert: A, log: {}, window: 1m, lateness: 0s, above: 0, and: [{log: {}, above: 3}]")
    assert [alert for n in range(9) for alert in rules.observe(log(n), START + n * SECOND)] == []
    assert [alert.firing for alert in evaluated(rules, START + 16 * SECOND)] == [True]


def test_a_condition_that_holds_no_more_ends_the_alert() -> None:
    """By `keep_firing_for`, like every end; `for` begins anew."""
    rule = "alert: A, lateness: 0s, metric: heat, above: 90, for: 30s, and: [{metric: load, above: 5}]"
    seen: list[Signal] = [gauge("heat", 15 * n, 99) for n in range(20)]
    seen += [gauge("load", 15 * n, 1 if n == 8 else 9) for n in range(20)]
    said = changes(played(ruleset(rule), seen, 290))
    assert [(at, state) for at, state, _ in said] == [(30, "firing"), (120, "resolved"), (165, "firing")]


def test_signals_of_conditions_are_taken_before_the_rules_own_come() -> None:
    """In any order, and late ones within their window."""
    rule = "alert: A, log: {}, window: 1m, lateness: 0s, above: 0, and: [{span: {}, window: 2m, above: 1}]"
    rules = ruleset(rule)
    said = played(rules, [span(1), span(2), log(100)], 105)
    assert [(at, state) for at, state, _ in changes(said)] == [(105, "firing")]
    assert rules.lost() == {}


def test_after_a_gap_nobody_knows_whether_a_condition_holds() -> None:
    """What could not be seen is no sign: what fires, fires on until the condition's window is full again."""
    rule = "alert: A, lateness: 0s, metric: heat, above: 90, no_data: keep, unless: [{span: {}, window: 1m, below: 1}]"
    rules = ruleset(rule)
    seen: list[Signal] = [gauge("heat", 1, 99), span(1), span(16)]
    played(rules, seen, 16)
    woke = START + 2 * HOUR
    slept = woke - START - 17 * SECOND
    said = rules.evaluate(woke, woke - slept)
    while (due := rules.next_at()) is not None and due <= woke + 5 * MINUTE:
        if due >= woke:
            said += rules.observe(gauge("heat", (due - START) / SECOND, 99), due)
        said += rules.evaluate(due, due - slept)
    assert [(at - 7200, state) for at, state, _ in changes(said) if state == "resolved"] == [(60, "resolved")]


def test_quiet_rules_with_conditions_need_no_evaluation() -> None:
    """Nothing is left of either side after a while."""
    rules = ruleset("alert: A, log: {}, window: 1m, above: 9, and: [{span: {}, window: 2m, above: 1}]")
    played(rules, [log(1), span(2)], 400)
    assert rules.next_at() is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("and: [{log: {}}]", "and[0]: found no condition; expected one of above"),
        ("and: [{above: 3}]", "and[0]: found no signal; expected exactly one of metric, span, log"),
        (
            "unless: [{log: {}, above: 1, window: 20s}]",
            "unless[0].window: found 20s; expected a multiple of the interval",
        ),
        ("and: [{log: {}, above: 1, by: series}]", "and[0].by: found series; expected metrics only"),
        ("and: [{log: {}, above: 1, recover: 0}]", "unknown key 'recover'"),
        ("and: {log: {}, above: 1}", "a list"),
    ],
)
def test_a_condition_that_cannot_work_is_told_what_would(text: str, said: str) -> None:
    """With its path."""
    with pytest.raises(ConfigurationError) as raised:
        ruleset(f"alert: A, log: {{}}, above: 1, {text}")
    assert said in str(raised.value)
