"""`otel-alerting rules test`: what is expected, what is told when it is not so, and what cannot be read."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml
from cli_terminal import Run

from otel_alerting.config.json_schema import json_schema
from otel_alerting.testing import check_rules
from otel_alerting.testing.rules.file import RuleTests

ROOT = Path(__file__).resolve().parents[2]

QUEUE = """
rules:
- alert: QueueLong
  metric: queue.length
  by: [queue]
  above: 100
  for: 1m
  severity: high
  annotations: {summary: "{{ value | number }} wait in {{ labels.queue }}"}
tests:
- name: queue fills slowly
  interval: 15s
  input_series:
  - {series: 'queue.length{queue="mail"}', values: 0+10x40}
  - {series: 'queue.length{queue="print"}', values: 5x40}
"""


def written(expected: str, rest: str = QUEUE, name: str = "queue.yaml") -> str:
    Path(name).write_text(f"{rest}{expected}\n", "utf-8")
    return name


HOLDS = [
    "  alerts: [{at: 2m30s, alert: QueueLong, state: none}]",
    "  alerts: [{at: 2m45s, alert: QueueLong, state: pending, value: 110}]",
    "  alerts: [{at: 3m45s, alert: QueueLong}]",
    "  alerts: [{at: 4m, alert: QueueLong, labels: {queue: mail}, severity: error, value: 160}]",
    "  alerts: [{at: 4m, alert: QueueLong, value: 150, tolerance: 10}]",
    "  alerts: [{at: 4m, alert: QueueLong, value: 150, tolerance: 7%}]",
    "  alerts: [{at: 4m, alert: QueueLong, annotations: {summary: 160 wait in mail}, started: 2m45s}]",
    "  alerts: [{at: 4m, alert: QueueLong, labels: {queue: print}, state: none}]",
    "  alert_rule_test: [{eval_time: 3m, alertname: QueueLong}]",
    "  alert_rule_test: [{eval_time: 3m, alertname: QueueLong, exp_alerts: }]",
    "  alert_rule_test: [{eval_time: 4m, alertname: QueueLong, exp_alerts: [{exp_labels: {queue: mail}}]}]",
    """  alert_rule_test: [{eval_time: 4m, alertname: QueueLong, exp_alerts: [{exp_labels: {alertname: QueueLong,
    queue: mail, severity: error}, exp_annotations: {summary: 160 wait in mail}}]}]""",
    "  changes: [{at: 3m45s, alert: QueueLong}]",
]


@pytest.mark.parametrize("expected", HOLDS)
def test_what_is_as_expected_is_status_0(run: Run, expected: str) -> None:
    """In our words and in promtool's; nothing on stderr."""
    assert run("rules", "test", written(expected)) == (0, "queue.yaml: ok, 1 test\n", "")


DIFFERS = [
    ("alerts: [{at: 2m45s, alert: QueueLong, state: none}]", 'QueueLong{queue="mail"} pending, high, value 110'),
    ("alerts: [{at: 3m30s, alert: QueueLong}]", 'QueueLong{queue="mail"} pending since 2m45s, high, value 140'),
    ("alerts: [{at: 4m, alert: QueueLong, severity: warning}]", 'QueueLong{queue="mail"} firing, but severity high'),
    ("alerts: [{at: 4m, alert: QueueLong, value: 150}]", 'QueueLong{queue="mail"} firing, but value 160'),
    ("alerts: [{at: 4m, alert: QueueLong, unit: s, count: 7}]", "but unit ''; count "),
    ("alerts: [{at: 4m, alert: QueueLong, annotations: {summary: no}}]", "annotation summary '160 wait in mail'"),
    ("alerts: [{at: 4m, alert: QueueLong, annotations: {title: no}}]", "but no annotation title"),
    ("alerts: [{at: 4m, alert: QueueLong, labels: {queue: post}}]", 'only QueueLong{queue="print"} quiet, value 5'),
    ("alerts: [{at: 4m, alert: QueueLong, state: resolved}]", 'QueueLong{queue="mail"} firing since 3m45s, high'),
    ("alerts: [{at: 4m, alert: QueueLong, tenant: acme}]", 'only QueueLong{queue="mail"} firing since 3m45s'),
    ("alert_rule_test: [{eval_time: 4m, alertname: QueueLong}]", "expected  no QueueLong firing"),
    (
        "alert_rule_test: [{eval_time: 4m, alertname: QueueLong, exp_alerts: [{exp_labels: {}}]}]",
        "expected  no other QueueLong firing",
    ),
    (
        """alert_rule_test: [{eval_time: 4m, alertname: QueueLong, exp_alerts:
        [{exp_labels: {queue: mail}, exp_annotations: {summary: no}}]}]""",
        "firing, but annotation summary '160 wait in mail'",
    ),
    ("changes: []", "expected  nothing more"),
    ("changes: [{at: 3m30s, alert: QueueLong}]", "told at 3m45s"),
    ("changes: [{at: 3m45s, alert: QueueLong, state: resolved}]", "firing, but state firing"),
]


@pytest.mark.parametrize(("expected", "said"), DIFFERS)
def test_what_is_otherwise_is_status_1_and_says_what_was_found(run: Run, expected: str, said: str) -> None:
    """With the file, the line and a count at the end."""
    ran = run("rules", "test", written(f"  {expected}"))
    assert (ran.status, ran.err) == (1, "")
    assert ran.out.startswith("queue.yaml:11: queue fills slowly\n  queue.yaml:1")
    assert said in ran.out
    assert ran.out.endswith("queue.yaml: 1 of 1 test failed\n")


def test_a_difference_is_drawn(run: Run) -> None:
    """What the rule asks for, the number, the state, and the moment that was asked about."""
    out = run("rules", "test", written("  alerts: [{at: 3m30s, alert: QueueLong, labels: {queue: mail}}]")).out
    head, value, state, marker, scale = out.splitlines()[5:10]
    assert head.strip() == 'QueueLong{queue="mail"}: above 100 for 1m'
    assert value.split("  ")[-1] == "100 to 180"
    assert state.strip().startswith("state  ·")
    assert "░" in state
    assert "█" in state
    assert marker.strip() == "▲ 3m30s"
    assert scale.split()[0] == "2m30s"
    # The moment is pending: it stands under a column that says so.
    assert state[marker.index("▲")] == "░"


def test_every_difference_of_every_file_is_told(run: Run) -> None:
    """Nothing stops at the first."""
    both = "  alerts: [{at: 1m, alert: QueueLong}, {at: 2m, alert: QueueLong}]"
    ran = run("rules", "test", written(both), written(HOLDS[0], name="b.yaml"), written(both, name="c.yaml"))
    assert ran.status == 1
    assert ran.out.count("expected  QueueLong firing") == 4
    assert [line for line in ran.out.splitlines() if line.endswith("test")] == ["b.yaml: ok, 1 test"]


def test_a_vague_expectation_leaves_the_others_theirs(run: Run) -> None:
    """Whatever the order in which they are written."""
    rules = "rules: [{alert: A, metric: m, by: [p], above: 1}]\ntests:\n"
    seen = "- input_series: [{series: 'm{p=\"a\"}', values: 5}, {series: 'm{p=\"b\"}', values: 5}]\n"
    for labels in ("a", "b"):
        both = f"  changes: [{{at: 0s, alert: A}}, {{at: 0s, alert: A, labels: {{p: {labels}}}}}]"
        assert run("rules", "test", written(both, rules + seen)).status == 0


def test_nothing_ever_seen_is_said_so(run: Run) -> None:
    """A rule whose `where` is wrong is the most frequent mistake."""
    rules = (
        "rules: [{alert: A, metric: m, where: {a: b}, above: 1}]\ntests:\n- input_series: [{series: m, values: 5}]\n"
    )
    ran = run("rules", "test", written("  alerts: [{at: 0s, alert: A}]", rules))
    assert "found     nothing: no signal ever matched the rule" in ran.out


def test_what_came_too_late_is_noted(run: Run) -> None:
    """It is the reason why nothing fired."""
    rules = "rules: [{alert: A, log: {}, window: 1m, above: 0}]\ntests:\n"
    late = "- signals: [{log: info}, {at: 10m, log: info}, {at: 1m, arrives: 10m, times: 3, every: 1s, log: info}]\n"
    ran = run("rules", "test", written("  changes: []", rules + late))
    assert "  note: 3 could not be judged: late, after the last window that could have held it\n" in ran.out


def test_the_way_of_what_holds_is_drawn_when_asked_for(run: Run) -> None:
    """To write a test, one looks first."""
    ran = run("rules", "test", written(HOLDS[2]), "--draw")
    assert ran.status == 0
    assert ran.out.count("state  ") == 2
    assert ran.out.count("0s ──") == 2
    assert "▲" not in ran.out


def test_a_test_speaks_json(run: Run) -> None:
    """One object; changes as `replay` has them."""
    ran = run("rules", "test", written("  alerts: [{at: 3m30s, alert: QueueLong, labels: {queue: mail}}]"), "--json")
    said = json.loads(ran.out)
    [file] = said["files"]
    [test] = file["tests"]
    [difference] = test["differences"]
    assert (ran.status, said["ok"], file["file"], file["ok"], test["name"]) == (
        1, False, "queue.yaml", False, "queue fills slowly",
    )  # fmt: skip
    assert (difference["where"], difference["path"], difference["at"]) == ("queue.yaml:16", "alerts[0]", "3m30s")
    assert difference["changes"] == [
        {
            "at": "3m45s",
            "alert": "QueueLong",
            "labels": {"queue": "mail"},
            "state": "firing",
            "severity": "high",
            "value": 150.0,
        }
    ]


UNREADABLE = [
    (
        "  alerts: [{at: 1, alert: QueueLong}]",
        "queue.yaml:16: tests[0].alerts[0].at: found 1; expected a duration as 500ms",
    ),
    ("  alerts: [{at: 1m, alert: QueuLong}]", "found 'QueuLong'; expected a rule's name, QueueLong"),
    (
        "  alert_rule_test: [{eval_time: 1m, alertname: Que}]",
        "tests[0].alert_rule_test[0].alertname: found 'Que'; expected a rule's name",
    ),
    (
        "  until: 1m\n  alerts: [{at: 2m, alert: QueueLong}]",
        "tests[0].until: found 1m; expected a moment after all that is",
    ),
    ("  changes: [{at: 2m, alert: QueueLong, state: pending}]", "tests[0].changes[0].state: found 'pending'"),
    ("", "queue.yaml:11: tests[0]: found nothing that is expected; expected one of alerts, changes, alert_rule_test"),
    ("  signals: [{at: 1m, spam: x}]\n  changes: []", "tests[0].signals[0].spam: found the unknown key 'spam'"),
    (
        "  signals: [{metric: m, values: 1-}]\n  changes: []",
        "tests[0].signals[0].values: found '1-'; expected values as",
    ),
    (
        "  signals: [{metric: m, kind: histogram, values: 1}]\n  changes: []",
        "values: found numbers; expected histograms only",
    ),
    (
        "  signals: [{span: s, at: 2m, arrives: 1m}]\n  changes: []",
        "arrives: found before it happens at 2m; expected a later",
    ),
]


@pytest.mark.parametrize(("expected", "said"), UNREADABLE)
def test_what_cannot_be_read_is_status_2(run: Run, expected: str, said: str) -> None:
    """With file, line, path, what was found and what would be right."""
    ran = run("rules", "test", written(expected))
    assert (ran.status, ran.out) == (2, "")
    assert said in ran.err


def test_all_files_are_tested_though_one_cannot_be_read(run: Run) -> None:
    """And the worst status is the command's."""
    ran = run("rules", "test", "gone.yaml", written(HOLDS[0]))
    assert (ran.status, ran.out) == (2, "queue.yaml: ok, 1 test\n")
    assert ran.err.startswith("gone.yaml: found no file to read at 'gone.yaml'")
    said = json.loads(run("rules", "test", "gone.yaml", "queue.yaml", "--json").out)
    assert [(one["file"], one["ok"], len(one["problems"])) for one in said["files"]] == [
        ("gone.yaml", False, 1),
        ("queue.yaml", True, 0),
    ]


def test_misuse_of_the_group_is_status_2(run: Run) -> None:
    """Without a command, with an unknown one, without a file."""
    for arguments in ([], ["tset"], ["test"], ["test", "x", "--nonsense"]):
        ran = run("rules", *arguments)
        assert (ran.status, ran.out) == (2, "")
        assert ran.err.startswith("usage: otel-alerting")


def test_rules_come_from_files_and_are_evaluated_as_often_as_the_test_says(run: Run) -> None:
    """Patterns start from the test's folder; an interval that the windows do not allow is told."""
    Path("rules/tests").mkdir(parents=True)
    Path("rules/a.yaml").write_text("version: 1\nrules: [{alert: A, metric: m, above: 1, for: 1m, window: 5m}]\n")
    rest = (
        "rule_files: ['../*.yaml']\nevaluation_interval: {every}\n"
        "tests:\n- input_series: [{{series: m, values: 0 5x9}}]\n"
        "  changes: [{{at: {at}, alert: A}}]"
    )
    for every, at in (("1m", "2m"), ("5m", "10m")):
        name = written(rest.format(every=every, at=at), "", "rules/tests/a.yaml")
        assert run("rules", "test", name).status == 0, (every, at)
    ran = run("rules", "test", written(rest.format(every="2m", at="4m"), "", "rules/tests/a.yaml"))
    assert ran.status == 2
    assert ran.err.startswith("rules/a.yaml:2: rules[0].window: found 5m with the test's evaluation_interval; ")


def test_a_broken_rule_file_is_told_with_its_own_line(run: Run) -> None:
    """And nothing is said about names that it may have."""
    Path("r.yaml").write_text("version: 1\nrules:\n- {alert: A, metric: m, abov: 1}\n")
    rest = "rule_files: [r.yaml, none*.yaml]\ntests:\n- alerts: [{at: 1m, alert: A}]\n"
    ran = run("rules", "test", written("", rest))
    assert [line.split(": found ")[0] for line in ran.err.splitlines()] == [
        "queue.yaml:1: rule_files[1]",
        "r.yaml:3: rules[0].abov",
    ]


def test_two_rules_of_one_name_are_told(run: Run) -> None:
    """The second would never be seen."""
    Path("r.yaml").write_text("version: 1\nrules:\n- {alert: QueueLong, metric: m, above: 1}\n")
    ran = run("rules", "test", written(HOLDS[0], "rule_files: [r.yaml]" + QUEUE))
    assert (ran.status, ran.err.partition(": found ")[2]) == (
        2,
        "'QueueLong', which queue.yaml:3 has already; expected a name that no other rule has\n",
    )


def test_promtools_own_file_runs_on_our_rules(run: Run) -> None:
    """Series, moments and expected alerts as promtool's documentation has them."""
    Path("alerts.yml").write_text(
        "version: 1\nrules:\n- {alert: InstanceDown, metric: up, by: [instance, job], equals: 0, for: 5m,\n"
        "   labels: {severity: page}, annotations: {summary: 'Instance {{ labels.instance }} down'}}\n"
    )
    tests = """
rule_files:
    - alerts.yml
evaluation_interval: 1m
tests:
    - interval: 1m
      input_series:
          - series: 'up{job="prometheus", instance="localhost:9090"}'
            values: '0 0 0 0 0 0 0 0 0 0 0 0 0 0 0'
          - series: 'up{job="node_exporter", instance="localhost:9100"}'
            values: '1+0x6 0 0 0 0 0 0 0 0' # 1 1 1 1 1 1 1 0 0 0 0 0 0 0 0
      alert_rule_test:
          - eval_time: 10m
            alertname: InstanceDown
            exp_alerts:
                - exp_labels:
                      severity: page
                      instance: localhost:9090
                      job: prometheus
                  exp_annotations:
                      summary: "Instance localhost:9090 down"
"""
    assert run("rules", "test", written("", tests, "test.yml")) == (0, "test.yml: ok, 1 test\n", "")


SCHEMA = jsonschema.Draft202012Validator(json_schema(RuleTests, "tests"))
EVERY = sorted(path for folder in ("examples/rules/tests", "tests/stories") for path in (ROOT / folder).glob("*.yaml"))


@pytest.mark.parametrize("path", EVERY, ids=lambda path: path.stem)
def test_the_schema_takes_what_the_reader_takes(path: Path) -> None:
    """To an editor a date is text, as it is to us."""
    plain = json.loads(json.dumps(yaml.safe_load(path.read_text("utf-8")), default=str))
    assert [error.message for error in SCHEMA.iter_errors(plain)] == []


def test_the_schema_is_printed_for_editors(run: Run) -> None:
    """It is a schema."""
    said = json.loads(run("schema", "--tests").out)
    jsonschema.Draft202012Validator.check_schema(said)
    assert run("schema", "--tests", "--rules").status == 2


def test_each_test_begins_from_nothing(run: Run) -> None:
    """What one has seen the next one does not know."""
    rules = "rules: [{alert: A, log: {}, window: 1m, above: 2}]\ntests:\n"
    one = "- signals: [{times: 2, log: info}]\n  changes: []\n"
    assert run("rules", "test", written("", rules + one + one)).out == "queue.yaml: ok, 2 tests\n"


def test_the_built_in_rules_are_there_when_asked_for(run: Run) -> None:
    """And known by their names."""
    one = "tests:\n- signals: [{log: warning, body: hm}]\n  alerts: [{at: 0s, alert: LoggedWarning, text: hm}]\n"
    assert run("rules", "test", written("", "builtin: true\n" + one)).status == 0
    assert run("rules", "test", written("", one)).status == 2


def test_a_suite_of_ones_own_fails_with_all_that_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`check_rules` is an assertion."""
    monkeypatch.chdir(tmp_path)
    check_rules(written(HOLDS[0]))
    with pytest.raises(AssertionError, match=r"queue\.yaml:16: at 1m\n    expected  QueueLong firing\n"):
        check_rules(written("  alerts: [{at: 1m, alert: QueueLong}]"))
