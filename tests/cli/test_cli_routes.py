"""`otel-alerting routes test`: where an alert would go, by our file or by Alertmanager's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_terminal import Run

OURS = """
version: 1
receivers: [{name: ops}, {name: night}, {name: acme-ops}, {name: own}]
tenants:
  acme: {receiver: acme-ops}
  globex: {route: {receiver: own, group_by: [a]}}
route:
  receiver: ops
  routes:
  - matchers: ['severity >= high', 'team = a']
    receiver: night
    group_by: ['...']
    group_wait: 500ms
    active_time_intervals: [office]
    continue: true
  - matchers: ['severity = error']
    group_interval: 2m
    mute_time_intervals: [weekend]
time_intervals:
- {name: office, time_intervals: [{times: [{start_time: 09:00, end_time: '17:00'}], location: Europe/Paris}]}
- {name: weekend, time_intervals: [{weekdays: [saturday, sunday]}]}
"""
THEIRS = """
global: {resolve_timeout: 5m, slack_api_url: 'https://hooks.example/${not_a_variable}'}
templates: ['/etc/alertmanager/*.tmpl']
route:
  receiver: root
  group_by: [alertname]
  routes:
  - match: {severity: page}
    match_re: {service: api|db}
    receiver: pager
    mute_time_intervals: [off]
receivers:
- {name: root, webhook_configs: [{url: 'http://a', send_resolved: yes}]}
- {name: pager, pagerduty_configs: [{service_key: '{{ x }}'}]}
inhibit_rules: [{source_match: {severity: critical}, target_match_re: {severity: warning|info}, equal: [alertname]}]
mute_time_intervals: [{name: off, time_intervals: [{months: [january]}]}]
"""


@pytest.fixture
def ours(tmp_path: Path) -> Path:
    path = tmp_path / "alerting.yaml"
    path.write_text(OURS, "utf-8")
    return path


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    path = tmp_path / "alertmanager.yml"
    path.write_text(THEIRS, "utf-8")
    return path


def test_it_says_receivers_groups_and_times(run: Run, ours: Path) -> None:
    """All of it as one JSON object; durations in seconds."""
    ran = run(
        "routes", "test", "--config", ours, "--at", "2030-01-05T20:00:00+01:00", "--json", "team=a", "severity=high"
    )
    assert ran.status == 0
    assert json.loads(ran.out) == {
        "receivers": ["night", "ops"],
        "routes": [
            {
                "receiver": "night",
                "group_by": ["..."],
                "group_wait": 0.5,
                "group_interval": 60,
                "repeat_interval": 14400,
            },
            {
                "receiver": "ops",
                "group_by": ["alertname", "service.name"],
                "group_wait": 5,
                "group_interval": 120,
                "repeat_interval": 14400,
            },
        ],
        "muted_by": ["office", "weekend"],
    }


@pytest.mark.parametrize(
    ("at", "muted_by"),
    [("2030-01-07T09:00:00+01:00", []), ("2030-01-07T07:59:59Z", ["office"]), ("1893999600", ["office"])],
)
def test_a_moment_may_be_said_in_two_ways(run: Run, ours: Path, at: str, muted_by: list[str]) -> None:
    """With a zone, or in seconds since the epoch."""
    ran = run("routes", "test", "--config", ours, "--at", at, "--json", '{"team": "a", "severity": "critical"}')
    assert json.loads(ran.out)["muted_by"] == muted_by


def test_it_reads_one_object_a_line_and_answers_each(run: Run, ours: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For whoever has many questions."""
    monkeypatch.setattr(
        "sys.stdin", ['{"severity": "error"}\n', "\n", '{"tenant": "acme"}\n', '{"tenant": "globex"}\n']
    )
    ran = run("routes", "test", "--config", ours, "--json", "-")
    assert [json.loads(line)["receivers"] for line in ran.out.splitlines()] == [["ops"], ["acme-ops"], ["own"]]


def test_it_speaks_to_people_too(run: Run, ours: Path) -> None:
    """A line for each receiver, and one for what keeps some quiet."""
    ran = run("routes", "test", "--config", ours, "--at", "2030-01-05T20:00:00Z", "severity=error")
    assert ran.out == (
        "ops: grouped by alertname, service.name; told after 5s, changes after 2m, again after 4h\nmuted by weekend\n"
    )


def test_a_plain_alertmanager_file_is_enough(run: Run, theirs: Path) -> None:
    """Whatever else stands in it; severity is a text there, the older keys are known, and so are its defaults."""
    asked = ("routes", "test", "--config", theirs, "--at", "2030-01-05T20:00:00Z", "--json")
    answer = json.loads(run(*asked, "severity=page", "service=db").out)
    assert (answer["receivers"], answer["muted_by"]) == (["pager"], ["off"])
    assert (answer["routes"][0]["group_by"], answer["routes"][0]["group_wait"]) == (["alertname"], 30)
    assert json.loads(run(*asked, "severity=critical", "service=db").out)["receivers"] == ["root"]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("receiver: pager", "receiver: pagr"), "route.routes[0].receiver"),
        (("[off]", "[of]"), "found 'of'; expected a time interval, off"),
        (("api|db", "(api"), "regular expression"),
        (("[january]", "[janury]"), "mute_time_intervals[0].time_intervals[0].months[0]"),
        (("{severity: critical}, target", "{severity: critical}, trget"), "inhibit_rules[0].trget_match_re"),
        (("receiver: root", "receivr: root"), "route.receivr"),
        (("group_by: [alertname]", "mute_time_intervals: [off]"), "the root route is never muted"),
    ],
)
def test_what_is_wrong_in_those_sections_is_told(run: Run, theirs: Path, change: tuple[str, str], problem: str) -> None:
    """And nothing of the other sections."""
    theirs.write_text(THEIRS.replace(*change), "utf-8")
    ran = run("routes", "test", "--config", theirs, "a=b")
    assert ran.status == 1
    assert problem in ran.err
    assert "global" not in ran.err
    assert "webhook_configs" not in ran.err


@pytest.mark.parametrize("labels", [["service"], ["=x"], ['{"a": 1}'], ["{nothing"], ["--at", "soon", "a=b"]])
def test_what_cannot_be_read_is_misuse(run: Run, ours: Path, labels: list[str]) -> None:
    """Exit status 2, with what would be right."""
    ran = run("routes", "test", "--config", ours, *labels)
    assert ran.status == 2
    assert "found" in ran.err


def test_a_broken_file_of_ours_is_told_as_everywhere(run: Run, ours: Path) -> None:
    """All problems, with their places."""
    ours.write_text(OURS.replace("[weekend]", "[weeknd]"), "utf-8")
    ran = run("routes", "test", "--config", ours, "a=b")
    assert ran.status == 1
    assert "route.routes[1].mute_time_intervals[0]" in ran.err
