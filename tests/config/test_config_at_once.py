"""One answer tells everything: what cannot be read, what contradicts itself, and what only the whole can know."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_alerting.config.load import examine
from otel_alerting.config.notes import notes


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(text: str, name: str = "alerting.yaml") -> str:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(text)
    return name


def problems(text: str, **env: str) -> list[str]:
    return [str(one) for one in examine(write(text), env).in_order()]


def places(text: str, **env: str) -> list[str]:
    return [said.partition(": found")[0] for said in problems(text, **env)]


OPS = "- name: ops\n  console_configs: [{}]\n"


def test_every_layer_is_told_in_one_answer_in_the_order_of_the_files() -> None:
    """YAML, variables, types, limits, contradictions, unknown names, repeated names, other files, settings."""
    write("version: 1\nrules:\n- {alert: A, metric: m, above: 1}\n- {alert: B, metric: m, for: 5}\n", "rules/a.yaml")
    write("receiver: opps\nlocale: zz\n", "tenants.d/acme.yaml")
    found = places(
        "version: 1\n"
        "defaults: {locale: '${env:NOT_SET}', timezone: Mars}\n"
        "version: 1\n"
        "tenants_dir: tenants.d\n"
        "receivers:\n"
        + OPS  # lines 6 and 7
        + "- name: both\n"
        "  slack_configs: [{webhook_url: https://h/x, token: xoxb-1, channel: a, timeout: 5}]\n"
        "- name: ops\n"
        "  colour: red\n"
        "route:\n"
        "  receiver: opps\n"
        "  routes:\n"
        "  - {matchers: ['severity >= hgih'], receiver: nobody}\n"
        "rule_files: [rules/*.yaml, gone/*.yaml]\n"
        "rules:\n"
        "- {alert: A, metric: m, above: 1, window: 50s}\n"
        "- {alert: A, metric: m, abov: 1, window: 50s}\n",
        OTEL_ALERTING_LEVEL="loud",
    )
    assert found == [
        "alerting.yaml:2: defaults.locale",
        "alerting.yaml:2: defaults.timezone",
        "alerting.yaml:3: version",
        "alerting.yaml:9: receivers[1].slack_configs[0].timeout",
        "alerting.yaml:9: receivers[1].slack_configs[0].token",
        "alerting.yaml:10: receivers[2].name",
        "alerting.yaml:11: receivers[2].colour",
        "alerting.yaml:13: route.receiver",
        "alerting.yaml:15: route.routes[0].matchers[0]",
        "alerting.yaml:15: route.routes[0].receiver",
        "alerting.yaml:16: rule_files[1]",
        "alerting.yaml:18: rules[0].window",
        "alerting.yaml:19: rules[1].abov",
        "alerting.yaml:19: rules[1].alert",
        "alerting.yaml:19: rules[1].window",
        "rules/a.yaml:3: rules[0].alert",
        "rules/a.yaml:4: rules[1].for",
        "rules/a.yaml:4: rules[1]",
        "tenants.d/acme.yaml:1: receiver",
        "tenants.d/acme.yaml:2: locale",
        "OTEL_ALERTING_LEVEL",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "receivers: 5\nroute: {receiver: ops}\n",
        "recievers: [{name: ops}]\nroute: {receiver: ops}\n",
        "receivers: [{nam: ops}]\nroute: {receiver: ops}\n",
        "receivers: [{name: [ops]}]\nroute: {receiver: ops}\n",
        "receivers: [5]\nroute: {receiver: ops}\n",
        "receivers: [{name: ops, locale: zz}]\nroute: {receiver: ops}\n",
        "receivers: [{name: a}, {name: b}]\nroute: {reciever: a}\n",
        "receivers: [{name: a}, {name: b}]\nroute: {receiver: [a]}\n",
        "receivers: [{name: a}, {name: b}]\nroute: 5\n",
        "receivers: [{name: a}, {name: b}]\nroute: {receiver: '${env:NOT_SET}'}\n",
        "receivers: [{name: a, slack_configs: [{token_file: gone, channel: x}]}]\n",
        "receivers: [{name: a, slack_configs: [{tokn: xoxb-1, channel: x}]}]\n",
        "receivers: [{name: a, slack_configs: [{token: '${env:NOT_SET}', channel: x}]}]\n",
        "rules: [{alert: A, metric: m, above: much}]\n",
        "rules: [{alert: A, metric: m, abov: 1}]\n",
        "rules: [{alert: A, metric: m, threshold: 1}]\n",
        "rules: [{alert: A, metric: m, above: 1, window: 5x, interval: 7s}]\n",
        "rules: [{alert: A, metric: m, above: 1, interval: 7x}]\n",
        "rules: [{alrt: A, metric: m, above: 1}, {alert: '${env:B:-b}', metric: m, above: 1}]\n",
        "rule_files: [rules/*.yaml]\n",
        "tenants_dir: gone\nrules: [{alert: A, metric: m, above: 1, tenants: [acme]}]\n",
        "- a list\n",
        "a: [\n",
    ],
)
def test_one_mistake_is_one_problem(text: str) -> None:
    """What follows from it alone is noise."""
    write(
        "version: 1\ndefaults: {interval: 7x}\nrules: [{alert: A, metric: m, above: 1, window: 50s}]\n", "rules/a.yaml"
    )
    assert len(problems(text)) == 1


def test_what_is_wrong_inside_keeps_its_name() -> None:
    """A receiver, a tenant or a rule that cannot be used is known all the same."""
    write("locale: zz\n", "tenants.d/acme.yaml")
    found = places(
        "tenants_dir: tenants.d\ntenants: {globex: 5}\nreceivers:\n- {name: ops, locale: zz}\n- {name: dev}\n"
        "route: {receiver: ops}\nrules:\n- {alert: A, metric: m, above: x}\n- {alert: A, metric: m, above: 1}\n"
    )
    assert found == [
        "alerting.yaml:2: tenants.globex",
        "alerting.yaml:4: receivers[0].locale",
        "alerting.yaml:8: rules[0].above",
        "alerting.yaml:9: rules[1].alert",
        "tenants.d/acme.yaml:1: locale",
    ]


def test_a_file_of_rules_of_another_version_is_looked_at_too() -> None:
    """Its rules have names."""
    write("version: 2\nrules:\n- {alert: A, metric: m, above: 1}\n", "a.yaml")
    assert places("rule_files: [a.yaml]\nrules: [{alert: A, metric: m, above: 1}]\n") == [
        "a.yaml:1: version",
        "a.yaml:3: rules[0].alert",
    ]


def test_a_mistake_in_the_defaults_of_a_file_is_one_mistake() -> None:
    """Not one of each rule."""
    write(
        "version: 1\ndefaults: {interval: 7x}\nrules:\n- {alert: A, metric: m, above: 1}\n"
        "- {alert: A, metric: m, above: 1}\n",
        "a.yaml",
    )
    assert places("rule_files: [a.yaml]\n") == ["a.yaml:2: defaults.interval", "a.yaml:5: rules[1].alert"]


def test_of_very_many_names_only_some_are_shown() -> None:
    """And first the one that was probably meant."""
    names = "".join(f"- {{name: team-{n}}}\n" for n in range(100))
    (said,) = problems(f"receivers:\n{names}route: {{receiver: team-9, routes: [{{receiver: tem-99}}]}}\n")
    assert "expected 'team-99' (did you mean that?), or one of team-0, team-1" in said
    assert said.endswith("and 88 more")


def test_all_ways_to_slack_of_the_environment_are_told_at_once() -> None:
    """Each variable by itself, and what they are together."""
    env = {
        "OTEL_ALERTING_SLACK_TOKEN": "xoxb-1 2",
        "OTEL_ALERTING_SLACK_WEBHOOK_URL": "https://h/x",
        "OTEL_ALERTING_SLACK_API_URL": "proxy",
    }
    assert [str(one).partition(";")[0] for one in examine(None, env).in_order()] == [
        "OTEL_ALERTING_SLACK_TOKEN: found a value that is not shown",
        "OTEL_ALERTING_SLACK_TOKEN: found OTEL_ALERTING_SLACK_WEBHOOK_URL and OTEL_ALERTING_SLACK_TOKEN",
        "OTEL_ALERTING_SLACK_API_URL: found 'proxy'",
        "OTEL_ALERTING_SLACK_CHANNEL: found a token without a channel",
    ]


GOOD: dict[str, Any] = {
    "version": 1,
    "unknown_tenant": "refuse",
    "defaults": {"locale": "fr", "tenant": "acme"},
    "tenants": {"acme": {"receiver": "ops", "locale": "de"}, "globex": {}},
    "receivers": [
        {"name": "ops", "slack_configs": [{"token": "xoxb-1", "channel": "#ops", "timeout": "5s"}]},
        {"name": "dev", "slack_configs": [{"webhook_url": "http://hooks.example/x"}], "console_configs": [{}]},
    ],
    "route": {
        "receiver": "ops",
        "group_by": ["alertname"],
        "routes": [{"matchers": ["severity >= high"], "receiver": "dev", "routes": [{"matchers": ["tenant = acme"]}]}],
    },
    "rules": [
        {"alert": "A", "metric": "m", "severity": {"high": {"above": 5}}, "tenants": ["acme"], "interval": "30s"},
        {"alert": "B", "log": {"severity": "error"}, "above": 5, "annotations": {"summary": "x"}},
    ],
}
ODD = [None, True, -1, 1.5, "", "x", "acme", "5%", [], ["a"], {}, {"name": "ops"}, {"above": 1}, "${env:NOT_SET}"]


def paths(data: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield path
    for key, value in data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ():
        yield from paths(value, (*path, key))


@given(st.lists(st.tuples(st.sampled_from([path for path in paths(GOOD) if path]), st.sampled_from(ODD)), max_size=4))
def test_whatever_is_broken_the_rest_is_looked_at_and_nothing_is_told_twice(
    changes: list[tuple[tuple[str | int, ...], object]],
) -> None:
    """Neither the checks nor the notes fall over what could not be read."""
    data = json.loads(json.dumps(GOOD))
    for path, odd in changes:
        there = data
        try:
            for key in path[:-1]:
                there = there[key]
            there[path[-1]] = json.loads(json.dumps(odd))
        except (TypeError, LookupError):
            continue  # an earlier change has taken the place away
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "a.yaml"
        file.write_text(json.dumps(data))
        found = examine(str(file), {})
    told = list(map(str, found.in_order()))
    assert len(set(told)) == len(told)
    assert len(set(notes(found))) == len(list(notes(found)))


def test_of_a_rule_with_a_wrong_value_all_others_are_still_checked() -> None:
    """Also what only the whole file can say; nothing is told of what could not be read."""
    write(
        "version: 1\nrules:\n"
        "- {alert: A, span: {}, for: 5, window: 7s, min_count: -1, across: max, above: 5%}\n"
        "- {alert: B, metric: m, severity: {warning: {above: much}}, limit: 0, where: {a: {abvoe: 1}}, window: 7s}\n"
        "- {alert: C, metric: [a], across: max, by: series, above: 5, window: 7s}\n"
        "- {alert: D, span: {}, aggregate: [p99], above: 5%, interval: x, window: 7s}\n",
        "rules/a.yaml",
    )
    assert places("rule_files: [rules/a.yaml]\n") == [
        "rules/a.yaml:3: rules[0].for",
        "rules/a.yaml:3: rules[0].across",
        "rules/a.yaml:3: rules[0].min_count",
        "rules/a.yaml:3: rules[0].above",
        "rules/a.yaml:3: rules[0].window",
        "rules/a.yaml:4: rules[1].severity.warning.above",
        "rules/a.yaml:4: rules[1].where.a.abvoe",
        "rules/a.yaml:4: rules[1].limit",
        "rules/a.yaml:4: rules[1].window",
        "rules/a.yaml:5: rules[2].metric",
        "rules/a.yaml:5: rules[2].window",
        "rules/a.yaml:6: rules[3].aggregate",
        "rules/a.yaml:6: rules[3].interval",
    ]
