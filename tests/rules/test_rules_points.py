"""Every kind of point comes to the rules that it says something to: levels as they are, counts as steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from otel_alerting.config.read import read
from otel_alerting.model import Alert, Buckets, ExponentialBuckets, Point
from otel_alerting.model.duration import SECOND
from otel_alerting.rules.rule import RuleFile
from otel_alerting.rules.ruleset import RuleSet

START = 1_700_000_100 * SECOND


def point(seconds: int, value: float, **more: Any) -> Point:
    fields: dict[str, Any] = {"kind": "gauge", "name": "m", "tenant": "acme", **more}
    return Point(at=START + seconds * SECOND, value=value, **fields)


def told(rule: str, points: Sequence[Point], until: int = 120) -> list[Alert]:
    text = f"version: 1\nrules: [{{alert: A, metric: m, window: 1m, {rule}}}]"
    rules = RuleSet(read(text, RuleFile, "rules.yaml").complete(), started_at=START)
    alerts: list[Alert] = []
    for one in points:
        alerts += evaluated(rules, one.at)
        alerts += rules.observe(one, one.at)
    return alerts + evaluated(rules, START + until * SECOND)


def evaluated(rules: RuleSet, before: int) -> list[Alert]:
    alerts: list[Alert] = []
    while (due := rules.next_at()) is not None and due < before:
        alerts += rules.evaluate(due)
    return alerts


def values(alerts: Sequence[Alert]) -> list[tuple[float, float | None]]:
    firing = [alert for alert in alerts if alert.firing]
    return [((alert.updated_at - START) / SECOND, alert.reading and alert.reading.value) for alert in firing]


# Summaries


def summary(seconds: int, count: int, total: float, **more: Any) -> Point:
    told = {"kind": "summary", "temporality": "cumulative", "count": count, "unit": "s"}
    return point(seconds, total, **told, quantiles=((0.5, 0.1), (0.99, 2.5)), **more)


SUMMARIES = [summary(0, 100, 50.0), summary(15, 130, 80.0), summary(30, 160, 140.0)]


def test_a_quantile_of_a_summary_is_a_level() -> None:
    """Told apart by the attribute `quantile`, as where Prometheus has it."""
    alerts = told("where: {quantile: 0.99}, by: [quantile], above: 2s", SUMMARIES)
    assert alerts[0].labels == {"quantile": "0.99"}
    assert values(alerts)[0] == (0, 2.5)
    assert told("where: {quantile: 0.5}, above: 2s", SUMMARIES) == []


@pytest.mark.parametrize(
    ("aggregate", "value"), [("count", 60), ("rate", 1), ("increase", 60), ("sum", 90), ("avg", 1.5)]
)
def test_count_and_sum_of_a_summary_are_counters(aggregate: str, value: float) -> None:
    """As those of a histogram; the first one is where they stood before."""
    assert (30, pytest.approx(value)) in values(told(f"aggregate: {aggregate}, above: 0", SUMMARIES))


@pytest.mark.parametrize("aggregate", ["p50", "min", "max", "fraction, of: {above: 0}"])
def test_nothing_else_can_be_read_from_a_summary(aggregate: str) -> None:
    """Quantiles cannot be merged, and its sum is no value."""
    assert told(f"aggregate: {aggregate}, above: 0", SUMMARIES) == []


def test_a_summary_without_quantiles_is_seen_all_the_same() -> None:
    """By a rule that asks only whether it is there."""
    bare = summary(5, 100, 50.0)
    bare = Point(**{name: getattr(bare, name) for name in bare.__struct_fields__ if name != "quantiles"})
    assert values(told("aggregate: absent, by: [host]", [bare], 70)) == []
    assert values(told("aggregate: new, by: [host]", [bare], 70))[0] == (5, 1)


# Exemplars


def test_an_alert_leads_to_the_trace_of_the_newest_exemplar_within_its_window() -> None:
    """The newest point may have none."""
    points = [point(1, 5, trace_id="a" * 32), point(10, 9, trace_id="b" * 32), point(14, 9)]
    assert told("aggregate: max, above: 8", points)[-2].trace_id == "b" * 32
    assert told("aggregate: last, above: 8", [*points, point(100, 9)], 140)[-1].trace_id == ""


def test_steps_of_a_histogram_keep_their_exemplar() -> None:
    """Whatever is worked out from two points."""
    cumulative = {"kind": "histogram", "temporality": "cumulative"}
    one = point(5, 1.0, **cumulative, count=1, buckets=Buckets(bounds=(1.0,), counts=(1, 0)))
    two = point(20, 9.0, **cumulative, count=3, buckets=Buckets(bounds=(1.0,), counts=(1, 2)), trace_id="c" * 32)
    assert told("aggregate: count, above: 1", [one, two])[0].trace_id == "c" * 32


# Histograms


@pytest.mark.parametrize("scale", [-3, 0, 4, 10, 20])
def test_cumulative_exponential_histograms_of_any_scale_become_steps(scale: int) -> None:
    """Only what came since the last point counts; its place is where all scales have it."""
    index = 2**scale * 3 if scale >= 0 else 3 >> -scale  # the bucket that begins at 8, or holds it
    cumulative: dict[str, Any] = {"kind": "exponential_histogram", "temporality": "cumulative"}
    old = ExponentialBuckets(scale=scale, positive_offset=-1, positive=(50,))
    new = ExponentialBuckets(scale=scale, positive_offset=-1, positive=(50, *[0] * index, 10))
    points = [point(5, 9.0, count=50, buckets=old, **cumulative), point(20, 99.0, count=60, buckets=new, **cumulative)]
    if index > 100_000:
        wide = ExponentialBuckets(scale=scale, positive_offset=index, positive=(10,))
        points = [point(20, 99.0, count=10, buckets=wide, kind="exponential_histogram")]
    ((_, value),) = values(told("aggregate: p50, above: 0.001", points))[:1]
    assert value is not None
    if scale >= 0:
        assert 8 <= value <= 8 * 2 ** (2.0 ** -min(scale, 4))
    else:
        assert 1 <= value <= 256


def test_a_stream_that_says_that_it_has_ended_is_gone_at_once() -> None:
    """OTLP's NoRecordedValue, for what is a single value; to a window it is a moment without one."""
    points = [point(1, 9), point(20, 0, absent=True)]
    ends = {rule: [alert.ended_at for alert in told(rule, points, 600) if not alert.firing] for rule in (
        "above: 8", "aggregate: age, above: 8", "aggregate: max, above: 8"
    )}  # fmt: skip
    assert [(at - START) // SECOND for (at,) in ends.values()] == [30, 30, 301 // 15 * 15 + 15]


# Series


def test_series_of_one_group_join_as_across_says() -> None:
    """Of levels the highest counts; of ages the oldest; of changes all; values that differ are one set."""

    def both(rule: str, *rest: Point) -> float | None:
        points = [point(n, value, attributes={"host": host}) for n, host, value in (
            (1, "a", 1), (2, "b", 2), (3, "a", 2), (4, "b", 1), (5, "a", 1), (6, "b", 1)
        )]  # fmt: skip
        return values(told(f"{rule}, at_least: -1e12", [*points, *rest], 46))[0][1]

    assert both("aggregate: changes") == 3
    assert both("aggregate: changes, across: max") == 2
    assert both("aggregate: unique, of: host") == 2
    assert both("aggregate: increase") == 1
    assert both("aggregate: age") == START / SECOND + 14
    assert both("aggregate: fraction, of: {above: 1}") == pytest.approx(1 / 3)
    assert both("aggregate: forecast, ahead: 1s, across: min") == pytest.approx(
        both("aggregate: forecast, ahead: 1s"), abs=20
    )
