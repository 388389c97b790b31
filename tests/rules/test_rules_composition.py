"""Numbers that are made of several terms, and what they were before."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_alerting.config.read import read
from otel_alerting.errors import ConfigurationError
from otel_alerting.model import Alert, Log, Point, Signal, Span, State
from otel_alerting.model.duration import DAY, HOUR, MINUTE, SECOND
from otel_alerting.rules.history import MOST, History, step_of
from otel_alerting.rules.rule import RuleFile
from otel_alerting.rules.ruleset import RuleSet

START = 1_700_000_100 * SECOND


def ruleset(*rules: str) -> RuleSet:
    text = "version: 1\nrules:\n" + "".join(f"- {{{rule}}}\n" for rule in rules)
    return RuleSet(read(text, RuleFile, "rules.yaml").complete(), started_at=START)


def gauge(name: str, seconds: float, value: float, **more: Any) -> Point:
    at = START + int(seconds * SECOND)
    return Point(**{"at": at, "tenant": "acme", "name": name, "kind": "gauge", "value": value, **more})


def log(seconds: float, **attributes: object) -> Log:
    return Log(at=START + int(seconds * SECOND), tenant="acme", severity=17, body="boom", attributes=attributes)


def played(rules: RuleSet, signals: list[Signal], until: float) -> list[Alert]:
    said: list[Alert] = []
    for signal in sorted(signals, key=lambda one: one.at):
        said += _evaluated(rules, signal.at)
        said += rules.observe(signal, signal.at)
    return said + _evaluated(rules, START + int(until * SECOND) + 1)


def _evaluated(rules: RuleSet, before: int) -> list[Alert]:
    said: list[Alert] = []
    while (due := rules.next_at()) is not None and due < before:
        said += rules.evaluate(due)
    return said


def changes(alerts: list[Alert]) -> list[tuple[float, str, float | None]]:
    """When an alert fired or ended, and by which number."""
    known: dict[str, State] = {}
    found = []
    for alert in alerts:
        if known.get(alert.identity) is not alert.state:
            known[alert.identity] = alert.state
            value = alert.reading.value if alert.reading else None
            found.append((((alert.ended_at or alert.updated_at) - START) / SECOND, alert.state.value, value))
    return found


def values(rules: RuleSet, signals: list[Signal], until: float) -> list[float]:
    """Every number that is told, of a rule that always fires."""
    return [alert.reading.value for alert in played(rules, signals, until) if alert.reading]


DISK = "alert: A, metric: free, by: [host], lateness: 0s, divide_by: {metric: size}"


def test_a_number_is_divided_by_a_second_measure_of_the_same_labels() -> None:
    """Each host's own; a plain share is shown as people wrote it."""
    rules = ruleset(f"{DISK}, below: 10%")
    signals: list[Signal] = [
        gauge("free", 1, 5, attributes={"host": "a"}),
        gauge("size", 2, 100, attributes={"host": "a"}),
        gauge("free", 3, 90, attributes={"host": "b"}),
        gauge("size", 4, 100, attributes={"host": "b"}),
    ]
    (alert,) = played(rules, signals, 15)
    assert alert.reading is not None
    assert (alert.labels, alert.reading.value, alert.reading.unit) == ({"host": "a"}, 0.05, "ratio")
    assert alert.reading.measure == "last(free) / last(size)"


def test_a_group_is_judged_where_both_sides_have_it() -> None:
    """What never had a size is never too full, whatever else is said about missing data."""
    rules = ruleset(f"{DISK}, below: 10%, no_data: alert, no_data_after: 30s")
    seen: list[Signal] = [gauge("free", 15 * n, 5, attributes={"host": "a"}) for n in range(10)]
    seen += [gauge("size", 15 * n, 5, attributes={"host": "b"}) for n in range(10)]
    assert played(rules, seen, 600) == []


@pytest.mark.parametrize("size", [0, 0.0, float("nan")])
def test_what_is_divided_by_nothing_holds_no_condition(size: float) -> None:
    """Neither above nor below; nothing is raised."""
    for condition in ("below: 10%", "above: 10%", "not_equals: 1"):
        rules = ruleset(f"{DISK}, {condition}")
        seen: list[Signal] = [gauge("free", 1, 5, attributes={"host": "a"})]
        seen += [gauge("size", 2, size, attributes={"host": "a"})]
        assert played(rules, seen, 60) == []


def test_a_divisor_that_becomes_nothing_ends_the_alert() -> None:
    """The condition is false then."""
    rules = ruleset("alert: A, log: {}, by: [g], window: 1m, lateness: 0s, above: 50%, divide_by: {span: {}}")
    seen: list[Signal] = [
        log(1, g="a"),
        Span(at=START, started_at=START, tenant="acme", name="x", attributes={"g": "a"}),
    ]
    seen += [log(15 * n, g="a") for n in range(1, 10)]
    assert changes(played(rules, seen, 200)) == [(15, "firing", 2), (60, "resolved", 4)]


def test_a_measure_is_taken_away_before_the_number_is_divided() -> None:
    """(total - free) / total, each with its own window, aggregate and matcher."""
    rule = (
        "alert: A, metric: memory, where: {state: total}, by: [host], lateness: 0s, above: 80%, "
        "minus: {metric: memory, where: {state: free}}, divide_by: {metric: memory, where: {state: total}}"
    )
    seen: list[Signal] = []
    for state, value in (("total", 200), ("free", 30)):
        seen.append(gauge("memory", 1, value, unit="By", attributes={"host": "a", "state": state}))
    (alert,) = played(ruleset(rule), seen, 15)
    assert alert.reading is not None
    assert (alert.reading.value, alert.reading.unit) == (0.85, "ratio")
    assert alert.reading.measure == "(last(memory) - last(memory)) / last(memory)"


def test_terms_have_windows_of_their_own() -> None:
    """The rule's, where they do not say one."""
    rule = "alert: A, log: {}, lateness: 0s, window: 1m, at_least: 0, divide_by: {log: {}, window: 2m}"
    seen: list[Signal] = [log(n * 15 + 1) for n in range(12)]
    assert values(ruleset(rule), seen, 180) == [1, 1, 1, 1, 4 / 5, 4 / 6, 4 / 7, 0.5, 0.5, 0.5, 0.5, 0.5]


def test_a_unit_is_left_where_a_size_is_divided_by_a_count() -> None:
    """Bytes per request are bytes; bytes per byte are nothing."""
    rule = "alert: A, metric: sent, aggregate: sum, lateness: 0s, above: 2KiB, divide_by: {span: {}}"
    seen: list[Signal] = [gauge("sent", 1, 9, unit="KiBy"), Span(at=START, started_at=START, tenant="acme", name="x")]
    (alert,) = played(ruleset(rule), seen, 15)
    assert alert.reading is not None
    assert (alert.reading.value, alert.reading.unit, alert.reading.threshold) == (9, "KiBy", 2)


def test_min_count_is_about_what_it_is_divided_by() -> None:
    """As with `ratio`, the whole is the traffic."""
    rule = "alert: A, log: {severity: error}, lateness: 0s, window: 1m, above: 5%, min_count: 10, divide_by: {log: {}}"
    for traffic, expected in ((9, 0), (10, 1)):
        assert len(played(ruleset(rule), [log(1 + n / 10) for n in range(traffic)], 15)) == expected


def test_a_composed_number_does_not_fire_on_an_event() -> None:
    """What it is divided by may still grow until the edge."""
    rules = ruleset("alert: A, log: {}, window: 1m, lateness: 0s, above: 0, divide_by: {log: {}}")
    assert rules.observe(log(1), START + SECOND) == []


def test_a_side_that_goes_silent_is_gone_after_its_time() -> None:
    """Although the other goes on."""
    rules = ruleset("alert: A, metric: a, lateness: 0s, above: 0, minus: {metric: b}, no_data_after: 1m")
    seen: list[Signal] = [gauge("b", 1, 1), *[gauge("a", 15 * n, 9) for n in range(20)]]
    assert changes(played(rules, seen, 300)) == [(15, "firing", 8), (75, "resolved", 8)]


HALVED = "alert: A, log: {}, by: [g], window: 1m, lateness: 0s"


def test_a_number_is_compared_with_itself_some_time_earlier() -> None:
    """In percent of what it was; before there is a past, nothing is said."""
    rules = ruleset(f"{HALVED}, compare: {{to: 10m, as: percent}}, below: -50%")
    seen: list[Signal] = [log(n, g="a") for n in range(600)]
    seen += [log(600 + 4 * n, g="a") for n in range(150)]
    said = played(rules, seen, 1100)
    assert changes(said) == [(660, "firing", -0.75)]
    assert said[0].reading is not None
    assert (said[0].reading.unit, said[0].reading.measure) == ("ratio", "count(log) Δ 10m")


def test_a_difference_is_in_the_numbers_own_unit() -> None:
    """`as: absolute`."""
    rule = "alert: A, metric: m, lateness: 0s, above: 4ms, compare: {to: 1m, as: absolute}"
    seen: list[Signal] = [gauge("m", 15 * n, float(n), unit="ms") for n in range(10)]
    assert played(ruleset(rule), seen, 200) == []
    more: list[Signal] = [gauge("m", 15 * n, 2.0 * n, unit="ms") for n in range(10)]
    (first, *_) = played(ruleset(rule), more, 200)
    assert first.reading is not None
    assert (first.reading.value, first.reading.unit, first.reading.threshold) == (8, "ms", 4)


def test_of_a_past_that_was_nothing_there_is_no_share() -> None:
    """No condition holds."""
    rule = "alert: A, log: {}, by: [g], window: 15s, lateness: 0s"
    seen: list[Signal] = [log(1, g="a"), *[log(n, g="a") for n in range(80, 100)]]
    assert played(ruleset(f"{rule}, above: 1%, compare: {{to: 1m}}"), seen, 130) == []
    (alert, *_) = played(ruleset(f"{rule}, above: 3, compare: {{to: 1m, as: absolute}}"), seen, 130)
    assert alert.reading is not None
    assert alert.reading.value == 11


def test_a_group_is_remembered_for_as_long_as_it_is_compared_with() -> None:
    """A quiet night does not cost the past."""
    rules = ruleset(f"{HALVED}, compare: {{to: 1h, as: absolute}}, above: 10")
    seen: list[Signal] = [log(1, g="a"), *[log(1800 + n / 10, g="a") for n in range(20)]]
    assert changes(played(rules, seen, 1900)) == []
    more: list[Signal] = [log(3600 + n / 10, g="a") for n in range(20)]
    assert changes(played(rules, more, 3700)) == [(3615, "firing", 19), (3675, "resolved", 18)]


def test_a_history_keeps_what_its_length_needs_and_no_more() -> None:
    """8 bytes for each number, of which there are 10,080 at most."""
    history = History(7 * DAY, MINUTE)
    for n in range(3 * MOST):
        history.put(n * MINUTE, float(n))
    now = (3 * MOST - 1) * MINUTE
    assert history.at(now - 7 * DAY) == 3 * MOST - 1 - 7 * 24 * 60
    assert history.at(now - 8 * DAY) is None
    assert len(history.packed()[2]) < 8 * (MOST + 2)
    assert (step_of(7 * DAY, 15 * SECOND), step_of(HOUR, 15 * SECOND)) == (MINUTE, 15 * SECOND)


edges = st.lists(st.tuples(st.integers(-3, 40), st.floats(-9, 9)), max_size=60)


@given(edges, st.integers(1, 12))
def test_a_history_says_what_was_put_last(puts: list[tuple[int, float]], length: int) -> None:
    """For every moment within its length; time may be set back, and what is skipped is nothing."""
    history, kept, now = History(length * MINUTE, MINUTE), dict[int, float](), 0
    for by, value in puts:
        now = max(0, now + by)
        if now < min(kept, default=now):
            kept.clear()
        history.put(now * MINUTE, value)
        kept[now] = value
        kept = {place: one for place, one in kept.items() if place > max(kept) - length - 2}
        for back in range(length + 1):
            assert history.at((now - back) * MINUTE) == kept.get(now - back)


@given(edges, st.integers(1, 12))
def test_a_history_comes_back_as_it_was_stored(puts: list[tuple[int, float]], length: int) -> None:
    """Whatever was skipped, and however often it went round."""
    history, other, now = History(length * MINUTE, MINUTE), History(length * MINUTE, MINUTE), 0
    for by, value in puts:
        now += abs(by)
        history.put(now * MINUTE, value)
    other.unpack(history.packed())
    for place in range(now - length - 3, now + 3):
        assert other.at(place * MINUTE) == history.at(place * MINUTE)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("log: {}, above: 1, divide_by: {}", "divide_by: found no signal; expected exactly one of metric, span, log"),
        ("log: {}, above: 1, minus: {log: {}, window: 20s}", "minus.window: found 20s; expected a multiple"),
        ("log: {}, above: 1, minus: {log: {}, above: 3}", "unknown key 'above'"),
        ("log: {}, above: 1, compare: {to: 20s}", "compare.to: found 20s; expected a multiple of the interval"),
        ("log: {}, above: 1, compare: {to: 0s}", "more than 0"),
        ("log: {}, above: 1, compare: {as: percent}", "expected a duration (it is required)"),
    ],
)
def test_a_term_that_cannot_work_is_told_what_would(text: str, said: str) -> None:
    """With its path."""
    with pytest.raises(ConfigurationError) as raised:
        ruleset(f"alert: A, {text}")
    assert said in str(raised.value)
