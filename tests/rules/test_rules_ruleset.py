"""A rule set as the pipeline uses it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_alerting.config.read import read
from otel_alerting.model import Alert, Log, Point, Signal, Span, State
from otel_alerting.model.duration import HOUR, MINUTE, SECOND
from otel_alerting.rules.rule import RuleFile
from otel_alerting.rules.ruleset import RuleSet

START = 1_700_000_100 * SECOND


def ruleset(*rules: str) -> RuleSet:
    text = "version: 1\nrules:\n" + "".join(f"- {{{rule}}}\n" for rule in rules)
    return RuleSet(read(text, RuleFile, "rules.yaml").complete(), started_at=START)


def log(seconds: float, **more: Any) -> Log:
    return Log(**{"at": START + int(seconds * SECOND), "tenant": "acme", "severity": 17, "body": "boom", **more})


def gauge(seconds: float, value: float, **more: Any) -> Point:
    fields = {"at": START + int(seconds * SECOND), "tenant": "acme", "name": "m", "kind": "gauge", "value": value}
    return Point(**{**fields, **more})


def play(rules: RuleSet, signals: list[Signal], until: float) -> list[Alert]:
    """Everything the rules say, evaluated as it comes due."""
    said: list[Alert] = []
    for signal in signals:
        said += _evaluated(rules, signal.at)
        said += rules.observe(signal, signal.at)
    return said + _evaluated(rules, START + int(until * SECOND) + 1)


def _evaluated(rules: RuleSet, before: int) -> list[Alert]:
    said: list[Alert] = []
    while (due := rules.next_at()) is not None and due < before:
        said += rules.evaluate(due)
    return said


def test_without_signals_there_is_nothing_to_do() -> None:
    """Nobody is woken for nothing; and when all groups are quiet again, nobody is woken any more."""
    rules = ruleset("alert: A, log: {}, above: 5, window: 1m")
    assert rules.next_at() is None
    rules.observe(log(1), START + SECOND)
    assert rules.next_at() == START + 15 * SECOND
    play(rules, [], 300)
    assert rules.next_at() is None


def test_an_edge_is_evaluated_only_after_late_data_had_their_time() -> None:
    """Edge t at t + lateness."""
    rules = ruleset("alert: A, metric: m, above: 5, interval: 10s, lateness: 20s")
    assert rules.observe(gauge(0, 9), START) == []
    assert rules.evaluate(START + 20 * SECOND - 1) == []
    (alert,) = rules.evaluate(START + 20 * SECOND)
    assert (alert.updated_at, alert.started_at) == (START, START)


def test_a_firing_alert_is_told_again_only_when_its_numbers_moved() -> None:
    """Refreshed counts and values, at the edges."""
    rules = ruleset("alert: A, metric: m, above: 5, lateness: 0s")
    signals: list[Signal] = [gauge(0, 9), gauge(15, 9), gauge(30, 11)]
    assert [(a.reading and a.reading.value, a.count) for a in play(rules, signals, 60)] == [(9, 1), (9, 2), (11, 3)]


def test_what_an_event_told_no_earlier_edge_takes_back() -> None:
    """An edge before the event sees less than the event saw."""
    rules = ruleset("alert: A, log: {}, above: 2, window: 1m")
    signals: list[Signal] = [log(1), log(40), log(41), log(42)]
    assert [(alert.state, alert.updated_at - START) for alert in play(rules, signals, 140)] == [
        (State.FIRING, 41 * SECOND),
        (State.FIRING, 43 * SECOND),  # one more was seen, and that is told a second later
        (State.FIRING, 75 * SECOND),  # and one is out of the window
        (State.RESOLVED, 105 * SECOND),
    ]


def test_the_future_is_clamped_and_the_past_is_counted() -> None:
    """A clock that is wrong moves nobody's window; what is too late is in `lost`."""
    rules = ruleset("alert: A, log: {}, above: 1, window: 1m")
    rules.observe(log(3600), START)
    (alert,) = rules.observe(log(0), START)
    assert alert.count == 2
    rules.observe(log(-3600), START)
    assert rules.lost() == {("acme", "late"): 1}
    assert rules.lost() == {}


def test_tenants_have_groups_of_their_own() -> None:
    """Whatever the labels; and a rule may be for some of them only."""
    rules = ruleset("alert: A, log: {}, above: 1", "alert: B, log: {}, above: 0, tenants: [globex]")
    said = play(rules, [log(1), log(2, tenant="globex"), log(3)], 10)
    assert [(alert.name, alert.tenant) for alert in said] == [("B", "globex"), ("A", "acme")]


def test_beyond_max_series_everything_is_one_group() -> None:
    """Totals stay right, memory stays bounded."""
    rules = ruleset("alert: A, log: {}, by: [user], above: 4, max_series: 3")
    said = play(rules, [log(n / 10, attributes={"user": str(n)}) for n in range(9)], 45)
    assert [(alert.labels, alert.count) for alert in said if alert.firing and alert.name == "A"] == [
        ({"overflow": "true"}, 5),
        ({"overflow": "true"}, 6),
    ]


def test_a_rule_with_too_many_series_is_an_alert_about_the_rule() -> None:
    """Once, with how much was too much; over when it has been enough for a window's length."""
    rules = ruleset("alert: A, log: {}, by: [user], above: 99, max_series: 2, window: 1m")
    said = play(rules, [log(n / 10, attributes={"user": str(n)}) for n in range(5)], 300)
    assert [(alert.name, alert.labels, alert.count, alert.ended_because) for alert in said] == [
        ("TooManySeries", {"rule": "A"}, 1, ""),
        ("TooManySeries", {"rule": "A"}, 3, ""),
        ("TooManySeries", {"rule": "A"}, 3, "quiet"),
    ]
    assert rules.next_at() is None


def test_a_group_that_is_long_quiet_makes_room() -> None:
    """Idle groups without an alert are let go of."""
    rules = ruleset("alert: A, log: {}, by: [user], above: 9, window: 1m, max_series: 1")
    play(rules, [log(0, attributes={"user": "a"})], 200)
    said = play(rules, [log(300 + n / 10, attributes={"user": "b"}) for n in range(10)], 301)
    assert [alert.labels for alert in said] == [{"user": "b"}]


def test_a_label_that_no_signal_has_is_left_out_or_has_its_default() -> None:
    """`{attribute, default}`."""
    rules = ruleset("alert: A, log: {}, by: [a, {attribute: b, default: none}], above: 0")
    (alert,) = rules.observe(log(1), START + SECOND)
    assert alert.labels == {"b": "none"}


def test_series_are_groups_with_all_their_attributes() -> None:
    """`by: series`."""
    rules = ruleset("alert: A, metric: m, by: series, above: 5, lateness: 0s")
    (alert,) = play(rules, [gauge(0, 9, attributes={"b": 2, "a": "x"}), gauge(0, 1, attributes={"b": 3, "a": "x"})], 1)
    assert alert.labels == {"a": "x", "b": "2"}


def test_an_ended_stream_is_gone_at_once() -> None:
    """OTLP's NoRecordedValue does not wait for the value to be stale."""
    rules = ruleset("alert: A, metric: m, above: 5, lateness: 0s")
    said = play(rules, [gauge(0, 9), gauge(30, 0, absent=True)], 60)
    assert [(a.state, a.ended_because, a.updated_at - START) for a in said] == [
        (State.FIRING, "", 0),
        (State.RESOLVED, "stale", 30 * SECOND),
    ]


def test_counters_of_the_direct_api_are_summed() -> None:
    """`track_counter`: monotonic delta sums without a start."""
    rules = ruleset("alert: A, metric: m, aggregate: count, above: 2")
    fields = {"kind": "sum", "monotonic": True, "temporality": "delta"}
    said = play(rules, [gauge(n, 1, **fields) for n in range(3)], 4)
    assert [(alert.count, alert.reading and alert.reading.value) for alert in said] == [(3, 3)]


@pytest.mark.parametrize(
    ("aggregate", "value"),
    [("avg", 2.5), ("min", 1), ("max", 4), ("sum", 10), ("count", 4), ("rate", 4 / 60), ("p50", 2), ("last", 4)],
)
def test_each_measure_reads_the_same_window(aggregate: str, value: float) -> None:
    """1, 2, 3, 4 within a minute."""
    rules = ruleset(f"alert: A, metric: m, aggregate: {aggregate}, above: -1, window: 1m, lateness: 0s")
    said = play(rules, [gauge(n + 1, float(n + 1)) for n in range(4)], 15)
    assert said[-1].reading is not None
    assert said[-1].reading.value == pytest.approx(value, rel=0.025)
    assert said[-1].reading.samples == (1 if aggregate == "last" else 4)


def test_the_alert_says_what_was_read_and_what_it_was_held_against() -> None:
    """Facts, not sentences; the author's own templates as they were written."""
    rules = ruleset(
        "alert: Slow, span: {kind: server}, by: [http.route], aggregate: p99, window: 1m, above: 800ms, "
        "severity: high, annotations: {summary: '{{ value }}'}, labels: {team: shop}, lateness: 0s"
    )
    seen = Span(
        at=START + 3 * SECOND,
        started_at=START,
        tenant="acme",
        name="pay",
        kind="server",
        trace_id="a" * 32,
        correlation_id="c",
        attributes={"http.route": "/pay", "user": "u"},
    )
    (alert,) = play(rules, [seen], 15)
    assert alert.reading is not None
    assert alert.reading.measure == "p99(span.duration)"
    assert (alert.reading.threshold, alert.reading.comparison, alert.reading.unit) == (0.8, "above", "s")
    assert (alert.reading.window, alert.reading.samples, alert.template) == (MINUTE, 1, "threshold")
    assert (alert.labels, alert.facts) == ({"http.route": "/pay", "team": "shop"}, {"user": "u"})
    assert (alert.trace_id, alert.correlation_id, alert.annotations) == ("a" * 32, "c", {"summary": "{{ value }}"})


moments = st.lists(st.integers(0, 600), min_size=1, max_size=60).map(sorted)


@given(moments, st.integers(0, 4), st.sampled_from([60, 120]))
def test_firing_is_what_counting_everything_again_would_say(seconds: list[int], limit: int, window: int) -> None:
    """At every edge, for a count without `for`."""
    rules = ruleset(f"alert: A, log: {{}}, above: {limit}, window: {window}s, lateness: 0s")
    firing, states = False, {}
    for alert in play(rules, [log(n) for n in seconds], 900):
        states[alert.updated_at] = alert.firing
    for number in range(60):
        edge = number * 15
        inside = sum(edge - window < n <= edge for n in seconds)
        for moment in [at for at in states if START + (edge - 15) * SECOND < at <= START + edge * SECOND]:
            firing = states[moment]
        assert firing == (inside > limit)


@given(moments, st.randoms())
def test_late_and_mixed_up_signals_give_the_same_verdicts(seconds: list[int], random: Any) -> None:
    """As long as they come within `lateness`: what an edge says does not depend on the order of arrival."""
    rule = "alert: A, span: {}, aggregate: avg, above: 300s, window: 1m"

    def said(delays: list[int]) -> list[tuple[int, bool]]:
        rules, alerts = ruleset(rule), []
        arrivals = sorted((n + delay, n) for n, delay in zip(seconds, delays, strict=True))
        for arrives, n in arrivals:
            now = START + arrives * SECOND
            alerts += _evaluated(rules, now)
            seen = Span(at=START + n * SECOND, started_at=START, tenant="acme", name="x")
            alerts += rules.observe(seen, now)
        alerts += _evaluated(rules, START + HOUR)
        changes = [alert for before, alert in zip([None, *alerts], alerts, strict=False) if _is_change(before, alert)]
        return [(alert.updated_at, alert.firing) for alert in changes]

    assert said([random.randint(0, 29) for _ in seconds]) == said([0] * len(seconds))


def _is_change(before: Alert | None, alert: Alert) -> bool:
    return before is None or before.firing != alert.firing
