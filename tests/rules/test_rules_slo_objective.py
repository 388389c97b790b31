"""An objective says what is good, how much of it must be, and how fast is too fast; what makes no sense is refused."""

from __future__ import annotations

import pytest

from otel_alerting.config.read import read
from otel_alerting.errors import ConfigurationError
from otel_alerting.model import Buckets, ExponentialBuckets, Log, Point, Severity, Signal, Span
from otel_alerting.model.duration import DAY, HOUR, MINUTE, SECOND
from otel_alerting.rules.rule import Rule, RuleFile
from otel_alerting.rules.slo.burn import RATES
from otel_alerting.rules.slo.indicator import indicator_of

AT = 1_700_000_100 * SECOND


def rule(slo: str, beside: str = "") -> Rule:
    text = f"{{version: 1, rules: [{{alert: A, slo: {{{slo}}}{beside}}}]}}"
    return read(text, RuleFile, "rules.yaml").complete()[0]


def judged(sli: str, signal: Signal) -> tuple[float, float]:
    slo = rule(f"objective: 99%, sli: {{{sli}}}").slo
    assert slo is not None
    return indicator_of(slo.sli)(signal)


def span(status: str = "ok", seconds: float = 0.1, **attributes: object) -> Span:
    started_at = AT - round(seconds * SECOND)
    return Span(at=AT, started_at=started_at, name="pay", status=status, attributes=attributes)  # type: ignore[arg-type]


def step(value: float, **attributes: object) -> Point:
    return Point(at=AT, name="requests", kind="sum", monotonic=True, value=value, attributes=attributes)


def test_google_s_rates_are_those_of_the_workbook() -> None:
    """14.4 over 1h and 5m and 6 over 6h and 30m are pages, 1 over 3d and 6h is a ticket."""
    google = [(one.factor, one.long, one.short, one.severity) for one in RATES["google"]]
    assert google == [
        (14.4, HOUR, 5 * MINUTE, Severity.CRITICAL),
        (6.0, 6 * HOUR, 30 * MINUTE, Severity.CRITICAL),
        (1.0, 3 * DAY, 6 * HOUR, Severity.WARNING),
    ]


def test_rates_spend_the_same_shares_of_28_days() -> None:
    """2% in an hour, 5% in six, 10% in three days."""
    for rates, days in (("google", 30), ("google-28d", 28)):
        spent = [one.factor * one.long / (days * DAY) for one in RATES[rates]]  # type: ignore[index]
        assert spent == pytest.approx([0.02, 0.05, 0.10], rel=1e-6)


def test_the_period_is_that_of_the_rates_unless_it_is_said() -> None:
    """30 days, or 28 with rates for 28."""
    sli = "objective: 99%, sli: {span: {}, bad: {status: error}}"
    own = "burn_rates: [{long: 1h, short: 5m, factor: 2, severity: page}]"
    spans = [rule(f"{sli}{more}").slo for more in ("", ", burn_rates: google-28d", ", period: 7d", f", {own}")]
    assert [slo.span for slo in spans if slo] == [30 * DAY, 28 * DAY, 7 * DAY, 30 * DAY]


def test_rates_become_steps_from_mild_to_bad() -> None:
    """Page and ticket are severities of one incident, whatever the order they are written in."""
    steps = rule("objective: 99.9%, sli: {span: {}, bad: {status: error}}", ", for: 2m").threshold("").steps
    assert [(one.severity, one.comparison, one.limit, one.hold) for one in steps] == [
        (Severity.WARNING, "above", 1.0, 2 * MINUTE),
        (Severity.CRITICAL, "above", 6.0, 2 * MINUTE),
        (Severity.CRITICAL, "above", 14.4, 2 * MINUTE),
    ]


def test_the_budget_is_what_people_mean() -> None:
    """1 - 0.999 is 0.0010000000000000009 to a computer."""
    slo = rule("objective: 99.9%, sli: {span: {}, bad: {status: error}}").slo
    assert slo is not None
    assert slo.budget == 0.001


@pytest.mark.parametrize(
    ("outcome", "bad"),
    [
        ("bad: {status: error}", (1, 0, 1)),
        ("good: {status: ok}", (1, 0, 1)),
        ("bad: {any: [{status: error}, {duration: {above: 1s}}]}", (1, 1, 1)),
        ("bad: {status: error, duration: {above: 1s}}", (0, 0, 1)),
        ("good: {duration: {at_most: 1s}}", (0, 1, 1)),
        ("bad: {http.response.status_code: {at_least: 500}}", (1, 0, 0)),
        ("bad: {any: [{http.response.status_code: {in: [500]}}, {status: unset}]}", (1, 0, 0)),
    ],
)
def test_spans_are_bad_by_what_they_say(outcome: str, bad: tuple[int, ...]) -> None:
    """Keys of the pattern and attributes alike; all of a mapping must hold, of a list under `any` one."""
    spans = (
        span("error", 0.1, **{"http.response.status_code": 500}),
        span("ok", 2.0, **{"http.response.status_code": 200}),
        span("error", 2.0),
    )
    assert [judged(f"span: {{}}, {outcome}", one) for one in spans] == [(1.0, float(wrong)) for wrong in bad]


def test_logs_are_counted_too() -> None:
    """By severity, as a rule's pattern reads it."""
    logs = [Log(at=AT, severity=number, body="") for number in (9, 17)]
    assert [judged("log: {}, bad: {severity: {at_least: error}}", one) for one in logs] == [(1, 0), (1, 1)]


def test_a_counter_s_steps_are_as_much_as_they_say() -> None:
    """50 requests are 50, and bad when their attributes say so."""
    sli = "metric: requests, bad: {http.response.status_code: {at_least: 500}}"
    assert judged(sli, step(50.0, **{"http.response.status_code": 503})) == (50.0, 50.0)
    assert judged(sli, step(50.0, **{"http.response.status_code": 200})) == (50.0, 0.0)


def test_a_histogram_s_share_of_buckets_is_bad() -> None:
    """Exact where the limit is a bound, linear inside a bucket, whatever unit the metric is in."""
    buckets = Buckets(bounds=(100.0, 300.0, 1000.0), counts=(60, 20, 15, 5))
    point = Point(at=AT, name="latency", kind="histogram", unit="ms", value=1.0, count=100, buckets=buckets)
    assert judged("metric: latency, bad: {above: 300ms}", point) == (100.0, 20.0)
    assert judged("metric: latency, good: {at_most: 0.3s}", point) == (100.0, 20.0)
    assert judged("metric: latency, bad: {above: 200ms}", point) == pytest.approx((100.0, 30.0))


def test_an_exponential_histogram_s_share_is_bad() -> None:
    """By its own buckets."""
    buckets = ExponentialBuckets(scale=0, positive_offset=0, positive=(10, 20, 70))
    point = Point(at=AT, name="latency", kind="exponential_histogram", unit="s", count=100, buckets=buckets)
    assert judged("metric: latency, bad: {above: 4s}", point) == pytest.approx((100.0, 70.0))


def test_a_gauge_s_points_are_good_or_bad_moments() -> None:
    """Each counts once."""
    points = [Point(at=AT, name="lag", kind="gauge", unit="s", value=value) for value in (5.0, 90.0)]
    assert [judged("metric: lag, bad: {above: 1m}", one) for one in points] == [(1, 0), (1, 1)]


@pytest.mark.parametrize(
    ("slo", "path", "right"),
    [
        ("objective: 99.9, sli: {span: {}, bad: {status: error}}", "slo.objective", "a share between 0 and 1"),
        ("objective: 100%, sli: {span: {}, bad: {status: error}}", "slo.objective", "a share between 0 and 1"),
        ("objective: 99%, sli: {bad: {status: error}}", "slo.sli", "exactly one of metric, span, log"),
        ("objective: 99%, sli: {span: {}, log: {}, bad: {a: 1}}", "slo.sli.log", "exactly one of metric, span, log"),
        ("objective: 99%, sli: {span: {}}", "slo.sli", "one of bad and good"),
        ("objective: 99%, sli: {span: {}, bad: {a: 1}, good: {a: 2}}", "slo.sli.good", "one of bad and good"),
        ("objective: 99%, sli: {span: {}, bad: {}}", "slo.sli.bad", "what is bad"),
        ("objective: 99%, sli: {span: {}, good: {any: []}}", "slo.sli.good", "what is good"),
        ("objective: 99%, sli: {span: {}, bad: {any: [{a: 1}], b: 2}}", "slo.sli.bad", "any alone"),
        ("objective: 99%, sli: {span: {}, bad: {all: [{a: 1}]}}", "slo.sli.bad", "lists under `any` only"),
        ("objective: 99%, sli: {span: {}, bad: {status: wrong}}", "slo.sli.bad.status", "one of unset, ok, error"),
        ("objective: 99%, sli: {metric: a, bad: {above: fast}}", "slo.sli.bad", "a number with or without a unit"),
        ("objective: 99%, sli: {metric: a, bad: {metric: a}}", "slo.sli.bad.metric", "the name of another counter"),
        ("objective: 99%, sli: {metric: a, bad: {metric: b, c: 1}}", "slo.sli.bad.metric", "the second metric alone"),
        ("objective: 99%, period: 1d, sli: {span: {}, bad: {a: 1}}", "slo.burn_rates", "at most the period, 1d"),
        ("objective: 99%, period: 2y, sli: {span: {}, bad: {a: 1}}", "slo.period", "at most 366d"),
        ("objective: 99%, sli: {span: {}, bad: {a: 1}}, burn_rates: []", "slo.burn_rates", "google, google-28d"),
        ("objective: 90%, sli: {span: {}, bad: {a: 1}}", "slo.burn_rates", "less than 10"),
    ],
)
def test_what_makes_no_sense_is_refused(slo: str, path: str, right: str) -> None:
    """With the place and what would be right."""
    with pytest.raises(ConfigurationError) as refused:
        rule(slo)
    found = [(problem.path, problem.right) for problem in refused.value.problems]
    assert any(one == f"rules[0].{path}" and right in said for one, said in found), found


@pytest.mark.parametrize(
    ("rate", "path"),
    [
        ("long: 1h, short: 2h, factor: 2, severity: page", "short"),
        ("long: 1h, short: 0, factor: 2, severity: page", "short"),
        ("long: 1h, short: 5m, factor: -1, severity: page", "factor"),
        ("long: 1h, short: 5m, factor: 2, severity: loud", "severity"),
        ("long: 1h, factor: 2, severity: page", "short"),
    ],
)
def test_a_rate_needs_two_windows_a_factor_and_a_severity(rate: str, path: str) -> None:
    """The short one is shorter."""
    with pytest.raises(ConfigurationError) as refused:
        rule(f"objective: 99%, sli: {{span: {{}}, bad: {{a: 1}}}}, burn_rates: [{{{rate}}}]")
    assert [problem.path for problem in refused.value.problems] == [f"rules[0].slo.burn_rates[0].{path}"]


@pytest.mark.parametrize(
    "beside",
    [
        *("span: {}", "where: {a: 1}", "above: 5", "severity: page", "aggregate: count", "window: 1h", "no_data: keep"),
        *("and: [{span: {}, above: 1}]", "labels: {severity: page}", "baseline: extremes", "of: a", "by: series"),
    ],
)
def test_an_objective_says_all_of_it_itself(beside: str) -> None:
    """What else a rule can say has no meaning beside it."""
    with pytest.raises(ConfigurationError):
        rule("objective: 99%, sli: {span: {}, bad: {a: 1}}", f", {beside}")


@pytest.mark.parametrize(
    ("beside", "is_right"), [("interval: 40s", False), ("interval: 1m", True), ("min_count: 0", True)]
)
def test_the_interval_divides_five_minutes(beside: str, is_right: bool) -> None:
    """The finest tier is cut into intervals; `min_count` may be 0, which it is by default."""
    sli = "objective: 99%, sli: {span: {}, bad: {a: 1}}"
    if is_right:
        assert rule(sli, f", {beside}").slo is not None
        return
    with pytest.raises(ConfigurationError, match="divides 5m"):
        rule(sli, f", {beside}")


def test_a_default_severity_is_not_for_objectives() -> None:
    """Their rates say one each."""
    text = """{version: 1, defaults: {labels: {severity: info, team: a}}, rules: [
        {alert: A, slo: {objective: 99%, sli: {span: {}, bad: {a: 1}}}}]}"""
    assert read(text, RuleFile, "rules.yaml").complete()[0].labels == {"team": "a"}
