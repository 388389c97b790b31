"""The JSON Schema says what the reader says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_alerting.config.json_schema import json_schema
from otel_alerting.config.read import attempt
from otel_alerting.config.schema import Config
from otel_alerting.rules.rule import RuleFile

CONFIG, RULES = json_schema(Config, "configuration"), json_schema(RuleFile, "rules")

GOOD = """
version: 1
enabled: true
store: "memory:"
defaults: {locale: fr-FR, timezone: UTC, tenant: t}
tenants: {acme: {receiver: ops}}
unknown_tenant: refuse
receivers:
- name: ops
  slack_configs: [{token: xoxb-1, channel: "#ops", timeout: 5s, api_url: "https://slack.com/api/"}]
  console_configs: [{}]
route:
  receiver: ops
  group_by: [alertname]
  group_wait: 0
  repeat_interval: 1h30m
  routes: [{matchers: ["severity >= high"], continue: true}]
builtin_rules: {level: ERROR, burst: "${env:BURST:-10}"}
sending_queue: {queue_size: 10}
retry_on_failure: {enabled: false, multiplier: 2}
trace_url: "https://tempo/trace/{trace_id}"
redact: {keys: [iban], patterns: ["DE[0-9]+"]}
"""
GOOD_RULES = """
version: 1
defaults: {interval: 15s, labels: {team: shop}}
rules:
- alert: DiskFilling
  metric: system.filesystem.utilization
  where: {system.filesystem.type: {not: tmpfs}, host.name: a}
  by: [host.name, {attribute: zone, default: none}]
  severity: {warning: {above: 80%, recover: 75%}, critical: {above: 95%, for: 1m}}
  for: 10m
  no_data: keep
- alert: CheckoutErrors
  span: {kind: server}
  aggregate: ratio
  of: {status: error}
  above: 5%
  min_count: 50
- {alert: Many, log: {severity: {at_least: ERROR}}, aggregate: count, window: 1m, above: 20, severity: high}
"""


def refused(schema: dict[str, Any], data: object) -> list[str]:
    return [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(data)]


@pytest.mark.parametrize("schema", [CONFIG, RULES])
def test_it_is_a_schema(schema: dict[str, Any]) -> None:
    """By the metaschema of Draft 2020-12, and as JSON."""
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == jsonschema.Draft202012Validator.META_SCHEMA["$id"]
    json.dumps(schema)


def test_every_key_of_the_configuration_is_described() -> None:
    """Editors show it beside the key."""
    missing = [
        f"{name}.{key}"
        for name, definition in CONFIG["$defs"].items()  # type: ignore[attr-defined]
        for key, about in definition.get("properties", {}).items()
        if not about.get("description") and name in ("Config", "Defaults", "Receiver", "SlackConfig", "TenantConfig")
    ]
    assert missing == []


@pytest.mark.parametrize(("schema", "wanted", "text"), [(CONFIG, Config, GOOD), (RULES, RuleFile, GOOD_RULES)])
def test_what_the_reader_takes_the_schema_takes(schema: dict[str, Any], wanted: type, text: str) -> None:
    """Good documents pass both."""
    assert attempt(text, wanted, "a.yaml").problems == ()
    assert refused(schema, yaml.safe_load(text)) == []


def places(data: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield path
    pairs: Any = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in pairs:
        yield from places(value, (*path, key))


def changed(data: Any, path: tuple[str | int, ...], value: object) -> Any:
    if not path:
        return value
    copy = dict(data) if isinstance(data, dict) else list(data)
    copy[path[0]] = changed(data[path[0]], path[1:], value)
    return copy


GOOD_DATA = yaml.safe_load(GOOD)
WRONG = [[[1], [2]], {"nothing_like_it": 1}, [[]], {"nothing_like_it": {}}]


@settings(max_examples=200)
@given(st.sampled_from([path for path in places(GOOD_DATA) if path]), st.sampled_from(WRONG))
def test_what_has_the_wrong_shape_both_refuse(path: tuple[str | int, ...], wrong: object) -> None:
    """A list, or a mapping of unknown keys, anywhere in a good document."""
    if path[0] == "tenants" and len(path) == 1 and wrong == WRONG[3]:
        return  # a tenant of that name
    data = changed(GOOD_DATA, path, wrong)
    read = attempt(json.dumps(data), Config, "a.yaml").problems
    assert read
    assert refused(CONFIG, data)


@given(st.sampled_from(list(places(GOOD_DATA))))
def test_an_unknown_key_both_refuse(path: tuple[str | int, ...]) -> None:
    """In every mapping whose keys are ours."""
    there: Any = GOOD_DATA
    for key in path:
        there = there[key]
    if not isinstance(there, dict) or path == ("tenants",):
        return
    data = changed(GOOD_DATA, path, {**there, "zzz": 1})
    assert attempt(json.dumps(data), Config, "a.yaml").problems
    assert refused(CONFIG, data)


GOOD_RULE_DATA = yaml.safe_load(GOOD_RULES)
ODD = [
    None,
    True,
    0,
    -1,
    1.5,
    "",
    "x",
    "5%",
    "1h",
    [],
    ["a"],
    {},
    {"above": 1},
    {"not": {"not": {}}},
    {"status": "error"},
]


@settings(max_examples=300)
@given(st.sampled_from([path for path in places(GOOD_RULE_DATA) if path]), st.sampled_from(ODD))
def test_odd_values_in_rules_are_read_or_told(path: tuple[str | int, ...], odd: object) -> None:
    """Nothing but problems comes of a rule file, and what the reader takes has the schema's shape."""
    data = changed(GOOD_RULE_DATA, path, odd)
    reading = attempt(json.dumps(data), RuleFile, "a.yaml")
    assert (reading.value is None) == bool(reading.problems)


def test_a_list_that_may_be_written_without_brackets_is_a_text_too() -> None:
    """`by: service.name`."""
    rule = {"alert": "A", "log": {}, "above": 5, "by": "service.name"}
    data = {"version": 1, "rules": [rule]}
    assert attempt(json.dumps(data), RuleFile, "a.yaml").value is not None
    assert not refused(RULES, data)
