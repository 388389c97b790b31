"""Rules as they are written: what is read, and what is said about what cannot work."""

from __future__ import annotations

import pytest

from otel_alerting.config.read import read
from otel_alerting.errors import ConfigurationError
from otel_alerting.model import Severity
from otel_alerting.model.duration import SECOND
from otel_alerting.rules import measures
from otel_alerting.rules.frame import Frame
from otel_alerting.rules.operand import GroupAttribute
from otel_alerting.rules.quantity import Quantity
from otel_alerting.rules.rule import Rule, RuleFile
from otel_alerting.rules.threshold import Step
from otel_alerting.rules.window import Shape


def rule_of(text: str) -> Rule:
    return read("{alert: A, " + text + "}", Rule, "rules.yaml")


def wrong(text: str) -> str:
    with pytest.raises(ConfigurationError) as raised:
        rule_of(text)
    return str(raised.value)


@pytest.mark.parametrize(
    ("said", "value", "unit"),
    [
        ("5%", 0.05, "ratio"),
        ("-50%", -0.5, "ratio"),
        ("800ms", 0.8, "s"),
        ("5m", 300, "s"),
        ("2GiB", 2 * 2**30, "By"),
        ("3 MB", 3e6, "By"),
        ("1.5k", 1500, ""),
        (7, 7, ""),
        ("1e3", 1000, ""),
        (".5", 0.5, ""),
    ],
)
def test_a_quantity_is_read_with_its_unit(said: str | int, value: float, unit: str) -> None:
    """In its base unit."""
    found = Quantity.parse(said)
    assert found.value == pytest.approx(value)
    assert found.unit == unit


@pytest.mark.parametrize("said", ["", "much", "5 apples", "1..2", "inf", "nan", "1e999", "5%%"])
def test_what_is_no_quantity_is_refused_with_what_would_be_right(said: str) -> None:
    """`5%`, `800ms`, `2GiB`."""
    with pytest.raises(ValueError, match="800ms"):
        Quantity.parse(said)


@pytest.mark.parametrize(
    ("said", "unit", "value"),
    [("800ms", "ms", 800), ("800ms", "s", 0.8), ("5%", "%", 5), ("5%", "1", 0.05), ("7", "ms", 7)],
)
def test_a_quantity_is_held_against_numbers_in_the_metrics_own_unit(said: str, unit: str, value: float) -> None:
    """A plain number is in whatever unit the metric has."""
    assert Quantity.parse(said).within(unit) == pytest.approx(value)


def test_severity_is_a_word_or_steps_or_the_label() -> None:
    """All three forms give steps; the label is not one of the alert's."""
    assert rule_of("log: {}, above: 5").threshold("").steps[0].severity is Severity.WARNING
    assert rule_of("log: {}, above: 5, severity: high").threshold("").steps[0].severity is Severity.HIGH
    assert rule_of("log: {}, above: 5, labels: {severity: page}").threshold("").steps[0].severity is Severity.CRITICAL
    steps = rule_of("log: {}, severity: {critical: {above: 9, for: 1m}, warn: {above: 5, recover: 4}}, for: 2m")
    assert steps.threshold("").steps == (
        Step(severity=Severity.WARNING, comparison="above", limit=5, recover=4, hold=120 * SECOND),
        Step(severity=Severity.CRITICAL, comparison="above", limit=9, hold=60 * SECOND),
    )


def test_defaults_hold_for_rules_that_do_not_say_it_themselves() -> None:
    """Interval, lateness, labels, annotations."""
    text = """
version: 1
defaults: {interval: 10s, lateness: 5s, labels: {team: shop, severity: high}, annotations: {runbook_url: https://x}}
rules:
- {alert: A, log: {}, above: 5}
- {alert: B, log: {}, above: 5, interval: 1m, severity: info, labels: {team: core}}
"""
    one, other = read(text, RuleFile, "rules.yaml").complete()
    assert (one.every, one.late, one.labels["team"]) == (10 * SECOND, 5 * SECOND, "shop")
    assert one.threshold("").steps[0].severity is Severity.HIGH
    assert (other.every, other.labels) == (60 * SECOND, {"team": "core"})
    assert other.threshold("").steps[0].severity is Severity.INFO


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("above: 5", "exactly one of metric, span, log"),
        ("log: {}, span: {}, above: 5", "span and log"),
        ("log: {}", "no condition"),
        ("log: {}, above: 5, below: 3", "one of them"),
        ("log: {}, above: 5, recover: 6", "at most the trigger's 5"),
        ("log: {}, below: 5, recover: 4", "at least the trigger's 5"),
        ("log: {}, equals: 5, recover: 4", "recover with equals"),
        ("log: {}, above: 5, aggregate: median", "one of absent, age, avg, changes, count"),
        ("span: {}, above: 5%, aggregate: ratio", "no numerator"),
        ("span: {}, above: 5, of: {status: error}", "only ratio and fraction"),
        ("log: {}, above: 5, aggregate: avg", "the attribute whose avg is meant"),
        ("log: {}, above: 5, across: sum", "no series"),
        ("span: {kind: sever}, above: 5", "one of internal, server"),
        ("log: {severity: {at_least: loud}}, above: 5", "severity"),
        ("log: {}, above: 5, labels: {severity: page}, severity: high", "one of the two"),
        ("log: {}, above: 5, labels: {severity: loud}", "not a severity"),
        ("log: {}, above: 5, labels: {host: '{{ host }}'}", "fixed text"),
        ("log: {}, severity: {warning: {above: 9}, critical: {above: 5}}", "more than the milder step's 9"),
        ("log: {}, severity: {warning: {above: 9}, critical: {below: 5}}", "one direction"),
        ("log: {}, severity: {warning: {}}", "no condition"),
        ("log: {}, above: 5, severity: {warning: {above: 9}}", "in the steps only"),
        ("log: {}, above: 5, window: 50s, interval: 15s", "a multiple of the interval"),
        ("log: {}, above: 5, window: 30d, interval: 1s", "a longer interval"),
        ("log: {}, above: 5, limit: 0", "at least 1"),
        ("log: {}, above: 5, where: {a: {regex: '('}}", "a regular expression"),
        ("log: {}, above: 5, where: {a: {}}", "in, not, regex"),
        ("log: {}, above: much", "800ms"),
        ("log: {}, above: 5, forecast: 4h", "unknown key"),
    ],
)
def test_a_rule_that_cannot_work_is_told_what_would(text: str, said: str) -> None:
    """Every problem names what was found and what would be right."""
    assert said in wrong(text)


def test_names_are_unique_and_windows_fit_the_default_interval() -> None:
    """What only the whole file can know."""
    text = (
        "{version: 1, defaults: {interval: 7s}, rules: [{alert: A, log: {}, above: 5}, {alert: A, log: {}, above: 6}]}"
    )
    with pytest.raises(ConfigurationError) as raised:
        read(text, RuleFile, "rules.yaml")
    assert "'A' again" in str(raised.value)
    assert "a multiple of the interval, 7s" in str(raised.value)


@pytest.mark.parametrize("name", [name for name in measures.names() if name != "pNN"] + ["p50", "p99.9", "p100"])
def test_every_measure_is_found_by_its_name(name: str) -> None:
    """One word everywhere: `aggregate: ratio` is `measures/ratio.py`, class `Ratio`."""
    made = measures.maker(name)(Frame(shape=Shape(60 * SECOND), share=measures.share_of(name), stale=60 * SECOND))
    assert made.samples(0) == 0


@pytest.mark.parametrize("name", ["p101", "pNN", "quantile", "__init__", "p", "Count", ""])
def test_what_is_no_measure_is_none(name: str) -> None:
    """Also what is a file's name and no word for users."""
    assert not measures.knows(name)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("{span: {}, aggregate: ratio, of: {status: error}, above: 5}", "a share from 0% to 100% (did you mean 5%?)"),
        ("{span: {}, aggregate: ratio, of: {status: error}, above: 5ms}", "a share"),
        ("{span: {}, aggregate: p99, above: 5%}", "a time, as 800ms"),
        ("{span: {}, aggregate: p99, severity: {high: {above: 2GiB}}}", "a time, as 800ms"),
        ("{span: {}, aggregate: p99, above: 2s, recover: 5%}", "a time, as 800ms"),
        ("{log: {}, above: 2ms}", "a number without a unit"),
        ("{log: {}, above: 2, and: [{span: {}, aggregate: avg, above: 3%}]}", "a time, as 800ms"),
        ("{metric: m, aggregate: age, above: 5%}", "a time, as 800ms"),
    ],
)
def test_a_limit_that_can_never_be_meant_is_refused(said: str, told: str) -> None:
    """A share above 5, a time in percent, a count in milliseconds: what these numbers are is known beforehand."""
    with pytest.raises(ConfigurationError) as error:
        read(f"version: 1\nrules: [{{alert: A, {said[1:]}]\n", RuleFile, "rules.yaml")
    assert told in str(error.value)


@pytest.mark.parametrize(
    "said",
    [
        "{span: {}, aggregate: ratio, of: {status: error}, above: 5%}",
        "{span: {}, aggregate: ratio, of: {status: error}, above: 0.05}",
        "{span: {}, aggregate: p99, above: 0.8}",
        "{log: {}, above: 2k}",
        "{metric: m, above: 80%}",
        "{metric: m, aggregate: rate, above: 2MiB}",
        "{span: {}, of: bytes, aggregate: sum, above: 2GiB}",
        "{span: {}, aggregate: rate, compare: {to: 7d}, below: -50%}",
        "{log: {}, divide_by: {log: {}}, above: 200%}",
    ],
)
def test_a_limit_of_what_only_the_data_know_is_taken(said: str) -> None:
    """And plain numbers always are."""
    assert read(f"version: 1\nrules: [{{alert: A, {said[1:]}]\n", RuleFile, "rules.yaml").rules


def test_a_single_attribute_to_group_by_needs_no_brackets() -> None:
    """`series` stays what it is."""
    assert rule_of("log: {}, above: 5, by: service.name").by == (GroupAttribute(attribute="service.name"),)
    assert rule_of("metric: m, above: 5, by: series").by == "series"
    further = rule_of("metric: m, above: 5, and: [{metric: n, above: 1, by: host.name}]").and_[0]
    assert further.by == (GroupAttribute(attribute="host.name"),)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("span: {duration: {above: 5%}}, above: 5", "span.duration.above: found 5%; expected a time"),
        ("span: {duration: {at_most: 2GiB}}, above: 5", "span.duration.at_most: found 2GiB; expected a time"),
        ("span: {}, aggregate: fraction, of: {above: 5%}, above: 5%", "of: found above: 5%; expected a time"),
        ("span: {}, aggregate: ratio, of: {duration: {above: 5%}}, above: 5%", "of.duration.above: found 5%"),
    ],
)
def test_a_duration_is_held_against_a_time(text: str, said: str) -> None:
    """Wherever it is; a plain number is in seconds."""
    assert said in wrong(text)
    assert rule_of(text.replace("5%}", "5}").replace("2GiB", "800ms"))
