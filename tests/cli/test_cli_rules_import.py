"""`otel-alerting rules import prometheus`: what becomes of rules, and what is said of those that cannot become any."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from cli_terminal import Run

from otel_alerting.cli.rules.prometheus.bringing import Import, bring
from otel_alerting.cli.rules.prometheus.files import AlertingRule, Rules, Text
from otel_alerting.cli.rules.prometheus.yaml_text import document
from otel_alerting.config.read import read
from otel_alerting.rules.rule import RuleFile
from otel_alerting.rules.ruleset import RuleSet

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(__file__).parent / "prometheus"


def lines(name: str) -> list[str]:
    return [line for line in (FOLDER / name).read_text().splitlines() if line and not line.startswith("#")]


def brought(expression: str, **more: object) -> Import:
    return bring(Rules(alerts=[AlertingRule("Brought", Text(expression, 1), "prom.yaml", 1, **more)]))  # type: ignore[arg-type]


def rule(expression: str) -> dict[str, object]:
    """The only rule that an expression becomes."""
    (made,) = brought(expression).rules
    return {key: value for key, value in made.items() if key != "alert"}


@pytest.mark.parametrize("expression", lines("sayable.txt"))
def test_an_expression_becomes_rules_that_our_reader_takes(expression: str) -> None:
    """And that can run."""
    made = brought(expression)
    assert made.refused == []
    rules = read(document(made.rules), RuleFile, "rules.yaml").complete()
    RuleSet(rules)
    assert len(rules) >= 1


@pytest.mark.parametrize("line", lines("unsayable.txt"))
def test_what_cannot_be_said_is_told_with_its_part_and_why(line: str) -> None:
    """The part as it stands in the expression."""
    expression, part, why = (one.strip() for one in line.split("##"))
    (refusal,) = brought(expression).refused
    assert refusal.part == part
    assert why in refusal.why
    assert expression[refusal.column - 1 :].startswith(part)


RULES = [
    ("x > 5", {"metric": "x", "by": "series", "above": 5}),
    ("5 >= x", {"metric": "x", "by": "series", "at_most": 5}),
    ("-x < -5", {"metric": "x", "by": "series", "above": 5}),
    ("(x - 3) * 2 > 4", {"metric": "x", "by": "series", "above": 5}),
    ("x / 1024 ^ 2 > 1", {"metric": "x", "by": "series", "above": 1048576}),
    ('x{a="1",b!="2",c=~"3|4",d!~"5.*",e!=""} > 0', {
        "metric": "x", "by": "series", "above": 0,
        "where": {
            "a": "1", "b": {"not": "2"}, "c": {"in": ["3", "4"]}, "d": {"not": {"regex": "5.*"}}, "e": {"exists": True},
        },
    }),
    ('x{a=~"b|"} > 0', {
        "metric": "x", "any_where": [{"a": "b"}, {"a": {"exists": False}}], "by": "series", "above": 0,
    }),
    ("sum(x) by (b, a) > 5", {"metric": "x", "by": ["b", "a"], "across": "sum", "above": 5}),
    ("sum(rate(x[5m])) > 5", {"metric": "x", "aggregate": "rate", "window": "5m", "above": 5}),
    ("a / b * 100 >= 5", {"metric": "a", "by": "series", "divide_by": {"metric": "b"}, "at_least": "5%"}),
    ("(a - b) / c > 3", {
        "metric": "a", "by": "series", "minus": {"metric": "b"}, "divide_by": {"metric": "c"}, "above": 3,
    }),
    ("a - b > 0.2 * c", {
        "metric": "a", "by": "series", "minus": {"metric": "b"}, "divide_by": {"metric": "c"}, "above": 0.2,
    }),
    ("a / on (x) b > 2", {"metric": "a", "by": ["x"], "divide_by": {"metric": "b"}, "above": 2}),
    ("1 / a > 4", {"metric": "a", "by": "series", "below": 0.25}),
    ("3 < x < 5", {"metric": "x", "by": "series", "above": 3, "and": [{"metric": "x", "below": 5}]}),
    ("x > 5 and on () y > 3", {
        "metric": "x", "by": "series", "above": 5,
        "and": [{"metric": "y", "by": [], "on": [], "across": "max", "above": 3}],
    }),
    ("x > 5 unless y", {
        "metric": "x", "by": "series", "above": 5, "unless": [{"metric": "y", "across": "count", "at_least": 1}],
    }),
    ("x > 5 and on () absent(y)", {
        "metric": "x", "by": "series", "above": 5,
        "unless": [{"metric": "y", "by": [], "on": [], "across": "count", "at_least": 1}],
    }),
    ("max by (a) (sum by (a, b) (x)) > 5", {"metric": "x", "by": ["a", "b"], "across": "sum", "above": 5}),
    ("sum by (a) (sum by (a, b) (x)) > 5", {"metric": "x", "by": ["a"], "across": "sum", "above": 5}),
    ("sum(1 - x) > 5", {"metric": "x", "across": "count", "minus": {"metric": "x", "across": "sum"}, "above": 5}),
    ("rate(x_sum[5m]) > 2", {"metric": "x", "by": "series", "aggregate": "sum", "window": "5m", "above": 600}),
    ("predict_linear(x[1h], 3600) < 0", {
        "metric": "x", "by": "series", "aggregate": "forecast", "window": "1h", "ahead": "1h", "below": 0,
    }),
    ("x / x offset 1d > 1.5", {
        "metric": "x", "by": "series", "compare": {"to": "1d", "as": "percent"}, "above": "50%",
    }),
    ("x offset 10m > 5", {"metric": "x", "by": "series", "above": 5, "lateness": "10m"}),
    ("increase(x[20s]) > 0", {
        "metric": "x", "by": "series", "aggregate": "increase", "window": "20s", "above": 0, "interval": "10s",
    }),
    ("last_over_time(x[1h]) > 3", {"metric": "x", "by": "series", "above": 3, "no_data_after": "1h"}),
    ("time() - x > 86400", {"metric": "x", "by": "series", "aggregate": "age", "above": "1d"}),
    ('sum(rate(x_bucket{le="0.3"}[5m])) / sum(rate(x_count[5m])) < 0.9', {
        "metric": "x", "aggregate": "fraction", "of": {"at_most": 0.3}, "window": "5m", "below": 0.9,
    }),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "meant"), RULES)
def test_an_expression_becomes_this_rule(expression: str, meant: dict[str, object]) -> None:
    """Key by key."""
    assert rule(expression) == meant


def test_notes_name_every_approximation() -> None:
    """Where a rule is not quite the same."""
    (one,) = brought("irate(x_count[5m]) > 2 and topk(3, delta(y[5m])) > 1 or abs(round(z)) > 3").brought
    said = "\n".join(one.notes)
    for word in ("irate", "histogram x", "topk", "delta", "round", "called"):
        assert word in said


FILE = """
groups:
- name: api
  interval: 30s
  rules:
  - record: job:errors:rate5m
    expr: sum by (job) (rate(http_requests_total{code=~"5.."}[5m]))
    labels: {kind: errors}
  - alert: ErrorsHigh
    expr: |
      job:errors:rate5m{job="api", kind="errors"}
        > 3
    for: 5m
    keep_firing_for: 10m
    labels: {severity: page, team: shop, where: "{{ $labels.instance }}"}
    annotations:
      summary: "{{ $labels.job }} fails {{ $value | humanize }} a second"
  - alert: ErrorsHigh
    expr: job:errors:rate5m{kind="other"} > 3
  - alert: Strange
    expr: |
      up == 0
      and on (job)
      (a * b) > 3
---
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: more}
spec:
  groups:
  - name: more
    rules:
    - {alert: Down, expr: up == 0, labels: {severity: critical}}
    - {alert: Down, expr: 'up{job="b"} == 0', labels: {severity: none}}
"""


def test_a_file_becomes_a_file(run: Run) -> None:
    """Rules on standard output, everything that was not the same on standard error, status 0."""
    Path("prom.yaml").write_text(FILE)
    ran = run("rules", "import", "prometheus", "prom.yaml")
    assert ran.status == 0
    first, down, quiet = yaml.safe_load(ran.out)["rules"]
    assert first == {
        "alert": "ErrorsHigh",
        "metric": "http_requests_total",
        "where": {"code": {"regex": "5.."}, "job": "api"},
        "by": ["job"],
        "aggregate": "rate",
        "window": "5m",
        "above": 3,
        "for": "5m",
        "keep_firing_for": "10m",
        "interval": "30s",
        "severity": "critical",
        "labels": {"team": "shop"},
        "annotations": {"summary": "{{ labels['job'] }} fails {{ value | number }} a second"},
    }
    assert (down["alert"], down["severity"]) == ("Down", "critical")
    assert (quiet["alert"], quiet["severity"], quiet["labels"]) == ("DownNone", "info", {"prometheus_severity": "none"})
    assert ran.err.splitlines()[-1] == "3 of 5 imported"
    assert "prom.yaml:24: Strange: cannot say `(a * b)` (character" in ran.err
    assert 'prom.yaml:19: ErrorsHigh: cannot say `job:errors:rate5m{kind="other"}`' in ran.err
    assert "without the label where" in ran.err


def test_machines_read_the_same(run: Run) -> None:
    """With --json one object on standard output, and the file where -o says."""
    Path("prom.yaml").write_text(FILE)
    ran = run("rules", "import", "prometheus", "prom.yaml", "-o", "rules.yaml", "--json")
    said = json.loads(ran.out)
    assert (ran.status, ran.err, said["imported"], said["of"]) == (0, "", 3, 5)
    assert [one["alert"] for one in said["refused"]] == ["ErrorsHigh", "Strange"]
    assert [one["rules"] for one in said["alerts"]] == [["ErrorsHigh"], ["Down"], ["DownNone"]]
    assert len(read(Path("rules.yaml").read_text(), RuleFile, "rules.yaml").rules) == 3


def test_what_cannot_be_said_of_a_recorded_series_names_its_own_part() -> None:
    """The alert's part is the series; why is in the words of what it is recorded from."""
    from otel_alerting.cli.rules.prometheus.selecting import Recorded

    rules = Rules(records={"a:b": [Recorded("stddev(x)", "prom.yaml:3")]})
    rules.alerts.append(AlertingRule("Spread", Text("a:b > 3", 9), "prom.yaml", 8))
    (refusal,) = bring(rules).refused
    assert (refusal.part, refusal.where) == ("a:b", "prom.yaml:9")
    assert refusal.why.startswith("prom.yaml:3 records it from `stddev(x)`: ")


WRONG = [
    ("groups: [", "prom.yaml:2"),
    ("version: 1", "no groups of rules"),
    ("groups: [{name: a, rules: [{alert: X}]}]", "without expr"),
    ("groups: [{name: a, rules: [{alert: X, expr: up, for: soon}]}]", "a duration"),
    ("- 1", "no mapping"),
]


@pytest.mark.parametrize(("text", "why"), WRONG)
def test_a_file_that_is_none_is_told_with_its_line(run: Run, text: str, why: str) -> None:
    """Status 1, nothing on standard output."""
    Path("prom.yaml").write_text(text)
    ran = run("rules", "import", "prometheus", "prom.yaml")
    assert (ran.status, ran.out) == (1, "")
    assert why in ran.err


def test_misuse_is_status_2(run: Run) -> None:
    """Another source, or none."""
    assert run("rules", "import", "nagios", "x.cfg").status == 2
    assert run("rules", "import").status == 2
    assert run("rules", "import", "prometheus", "nowhere.yaml").status == 1


def test_labels_are_what_signals_call_them(run: Run) -> None:
    """In conditions, groups, joins and words, recorded series included."""
    rules = {
        "groups": [
            {
                "name": "all",
                "rules": [
                    {"record": "job:x", "expr": 'sum by (job) (x{job!="a"})'},
                    {
                        "alert": "High",
                        "expr": "job:x > 3 unless on (job) quiet == 1",
                        "annotations": {"summary": "{{ $labels.job }} {{ if eq $labels.job `a` }}!{{ end }}"},
                    },
                ],
            }
        ]
    }
    Path("prom.yaml").write_text(yaml.safe_dump(rules))
    ran = run("rules", "import", "prometheus", "prom.yaml", "--rename", "job=service.name")
    (made,) = yaml.safe_load(ran.out)["rules"]
    assert made["by"] == ["service.name"]
    assert made["where"] == {"service.name": {"not": "a"}}
    assert made["unless"] == [{"metric": "quiet", "by": "series", "on": ["service.name"], "equals": 1}]
    said = "{{ labels['service.name'] }} {% if labels['service.name'] == 'a' %}!{% endif %}"
    assert made["annotations"] == {"summary": said}
    assert run("rules", "import", "prometheus", "prom.yaml", "--rename", "job").status == 2


def test_the_page_shows_what_the_command_says(run: Run) -> None:
    """The file that goes in, what is told, and the file that comes out."""
    page = (ROOT / "docs" / "prometheus.md").read_text()
    given, told, written = (_block(page, language) for language in ("yml", "text", "yaml"))
    Path("prom.yaml").write_text(given)
    ran = run("rules", "import", "prometheus", "prom.yaml")
    assert ran.err == told
    assert ran.out == written.partition("\n")[2]


def _block(page: str, language: str) -> str:
    return page.partition(f"```{language}\n")[2].partition("```")[0]
