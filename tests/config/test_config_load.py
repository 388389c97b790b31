"""Loading: the file, the files it names, variables and keywords, and who wins."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from otel_alerting.config.load import examine, load
from otel_alerting.config.secret import Secret
from otel_alerting.errors import ConfigurationError
from otel_alerting.model.duration import HOUR, MINUTE, SECOND

WEBHOOK = "https://hooks.slack.com/services/T0/B0/secretpath"
RULE = "version: 1\nrules:\n- {alert: %s, metric: queue.length, above: 5}\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(text: str, name: str = "alerting.yaml") -> str:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return name


def problems(path: str | None, env: Mapping[str, str] | None = None, **overrides: str) -> list[str]:
    return [str(problem) for problem in examine(path, env or {}, overrides).in_order()]


def test_nothing_configured_tells_the_terminal() -> None:
    """The first run shows something."""
    config = load(env={})
    assert [one.name for one in config.receivers] == [config.route.receiver] == ["console"]
    assert len(config.receivers[0].console_configs) == 1
    assert config.route.group_by == ("alertname", "service.name")
    route = config.route
    assert (route.group_wait, route.group_interval, route.repeat_interval) == (5 * SECOND, MINUTE, 4 * HOUR)


def test_the_variable_and_the_keyword_name_the_file() -> None:
    """The keyword wins; the argument wins over both."""
    for name in ("a", "b", "c"):
        write(f"defaults: {{tenant: {name}}}", f"{name}.yaml")
    env, overrides = {"OTEL_ALERTING_CONFIG": "a.yaml"}, {"config": "b.yaml"}
    assert load(None, env).defaults.tenant == "a"
    assert load(None, env, overrides).defaults.tenant == "b"
    assert load("c.yaml", env, overrides).defaults.tenant == "c"


def test_a_file_that_is_not_there_is_told_by_who_named_it() -> None:
    """The variable, not the file, is to be mended."""
    (said,) = problems(None, {"OTEL_ALERTING_CONFIG": "gone.yaml"})
    assert said.startswith("OTEL_ALERTING_CONFIG: found no file to read at ")


def test_the_console_needs_no_description() -> None:
    """A route may name it."""
    config = load(write("receivers: [{name: nobody}]\nroute: {receiver: console, routes: [{receiver: nobody}]}\n"), {})
    assert config.receiver("console") is not None


def test_a_tenant_may_have_a_file_of_its_own() -> None:
    """Named after it; relative paths start from that file."""
    Path("tenants.d/acme/slack").mkdir(parents=True)
    write("locale: fr-FR\ntemplates: acme\n", "tenants.d/acme.yaml")
    config = load(write("tenants_dir: tenants.d\ntenants: {globex: {}}\n"), {})
    assert sorted(config.tenants) == ["acme", "globex"]
    assert config.tenants["acme"].templates == Path("tenants.d/acme").absolute()


def test_problems_of_a_tenants_file_name_that_file() -> None:
    """Also those that only the whole configuration shows."""
    write("locale: fr-FR\nreceiver: nobody\n", "tenants.d/a.b.yaml")
    write("lokale: fr-FR\n", "tenants.d/c.yaml")
    write("{}\n", "tenants.d/globex.yaml")
    found = problems(write("tenants_dir: tenants.d\ntenants: {globex: {}}\n"))
    assert found == [
        "tenants.d/a.b.yaml:2: receiver: found 'nobody'; expected console",
        (
            "tenants.d/c.yaml:1: lokale: found the unknown key 'lokale'; "
            "expected one of locale, receiver, route, templates, timezone (did you mean 'locale'?)"
        ),
        (
            "tenants.d/globex.yaml:1: found a second tenant 'globex', which alerting.yaml:2 has already; "
            "expected a tenant of its own"
        ),
    ]


def test_rules_come_from_the_file_and_from_files() -> None:
    """Defaults of a rule file hold for its rules only."""
    write(
        "version: 1\ndefaults: {interval: 30s, labels: {team: shop}}\nrules:\n- {alert: B, metric: m, above: 1}\n",
        "rules/b.yaml",
    )
    config = load(write("rule_files: ['rules/*.yaml']\nrules: [{alert: A, log: {}, aggregate: count, above: 1}]\n"), {})
    a, b = config.rules
    assert (a.alert, a.labels, b.alert, b.labels, b.every) == ("A", {}, "B", {"team": "shop"}, 30 * SECOND)


def test_one_name_is_one_rule_whatever_file_it_stands_in() -> None:
    """The alert's name is its identity."""
    write(RULE % "A", "rules/a.yaml")
    write(RULE % "A", "rules/b.yaml")
    path = write(
        "rule_files: ['rules/*.yaml']\nrules:\n- {alert: A, metric: m, above: 1}\n- {alert: A, metric: m, above: 1}\n"
    )
    assert problems(path) == [
        "alerting.yaml:4: rules[1].alert: found 'A' again; expected a name that no other rule has",
        (
            "rules/a.yaml:3: rules[0].alert: found 'A', which alerting.yaml:3 has already; "
            "expected a name that no other rule has"
        ),
        (
            "rules/b.yaml:3: rules[0].alert: found 'A', which alerting.yaml:3 has already; "
            "expected a name that no other rule has"
        ),
    ]


def test_names_that_nobody_has_and_names_that_two_have_are_told() -> None:
    """Across the whole file, each with its line."""
    path = write(
        "receivers:\n- name: ops\n- name: ops\n- name: dev\nroute:\n  receiver: opps\n  matchers: ['a = b']\n"
        "  routes:\n  - routes:\n    - receiver: nobody\ntenants:\n  t.x:\n    receiver: none\n"
    )
    assert problems(path) == [
        (
            "alerting.yaml:3: receivers[1].name: found 'ops', which alerting.yaml:2 has already; "
            "expected a name that no other receiver has"
        ),
        "alerting.yaml:6: route.receiver: found 'opps'; expected one of dev, ops (did you mean 'ops'?)",
        'alerting.yaml:7: route.matchers: found {a="b"}; expected none: the root route takes every alert',
        "alerting.yaml:10: route.routes[0].routes[0].receiver: found 'nobody'; expected one of dev, ops",
        "alerting.yaml:13: tenants[\"t.x\"].receiver: found 'none'; expected one of dev, ops",
    ]


def test_several_receivers_need_a_route() -> None:
    """Who would be told?"""
    (said,) = problems(write("receivers: [{name: a}, {name: b}]\n"))
    assert said.startswith("alerting.yaml:1: route.receiver: found nothing")


@pytest.mark.parametrize("store", ["redis://:secret@h/0", "sqlite:///x.db", "file:x"])
def test_a_store_that_is_not_there_yet_is_refused_plainly(store: str) -> None:
    """Nobody should believe that their alerts survive a crash."""
    (said,) = problems(write(f"store: {store}\n"))
    assert "this version keeps its state in memory" in said
    assert "secret" not in said


def test_problems_of_all_files_and_variables_come_at_once() -> None:
    """A broken main file does not hide what is wrong in the files that it names."""
    write("version: 1\nrules:\n- {alert: A, metric: m}\n", "rules/a.yaml")
    write("zone: x\n", "tenants.d/acme.yaml")
    path = write("store: x\nrule_files: ['rules/*.yaml', 'gone/*']\ntenants_dir: tenants.d\n")
    found = problems(path, {"OTEL_ALERTING_LEVEL": "loud"}, lokale="x")
    assert [said.split(": ")[0] for said in found] == [
        "alerting.yaml:1",
        "alerting.yaml:2",
        "rules/a.yaml:3",
        "tenants.d/acme.yaml:1",
        "lokale=",
        "OTEL_ALERTING_LEVEL",
    ]


def test_ten_thousand_tenants_are_normal() -> None:
    """In one file they are read in seconds."""
    tenants = "".join(f"  t{n}: {{locale: fr-FR, timezone: Europe/Paris}}\n" for n in range(10_000))
    assert len(load(write(f"tenants:\n{tenants}"), {}).tenants) == 10_000


def test_the_documented_example_loads() -> None:
    """Most of what the documentation shows, in one file."""
    Path("globex/templates").mkdir(parents=True)
    write(RULE % "A", "rules/a.yaml")
    write("xoxb-1\n", "secrets/slack")
    path = write(
        """
version: 1
store: auto
defaults: {locale: en, timezone: UTC}
tenants:
  acme: {locale: fr-FR, timezone: Europe/Paris, receiver: acme-ops}
  globex: {locale: de, receiver: globex-ops, templates: ./globex/templates}
unknown_tenant: refuse
receivers:
- name: acme-ops
  slack_configs: [{token_file: secrets/slack, channel: "#ops"}]
- name: globex-ops
  slack_configs: [{webhook_url: "${env:GLOBEX_WEBHOOK}", timeout: 10s}]
route:
  receiver: acme-ops
  group_by: [alertname, service.name]
  group_wait: 5s
  routes:
  - matchers: ['severity >= high', 'service.name =~ "api-.*"']
    group_wait: 0s
    continue: true
rule_files: [rules/*.yaml]
sending_queue: {queue_size: 10000}
retry_on_failure: {initial_interval: 1s, max_interval: 30s, max_elapsed_time: 15m}
builtin_rules: {level: error, quiet: 10m, burst: 50, burst_window: 30s}
trace_url: https://tempo.example/trace/{trace_id}
shutdown_timeout: 5s
redact: {keys: [iban], patterns: ['DE\\d{20}']}
"""
    )
    config = load(path, {"GLOBEX_WEBHOOK": WEBHOOK})
    assert config.route.routes[0].continue_
    assert config.receivers[0].slack_configs[0].token == Secret("xoxb-1")
    assert config.receivers[1].slack_configs[0].timeout == 10 * SECOND


def test_a_mistake_in_a_rule_costs_the_rule_and_nothing_else() -> None:
    """At run time: whoever is told of everything else goes on being told."""
    write(
        "version: 1\nrules:\n- {alert: Bad, metric: m, above: much}\n- {alert: Good, metric: m, above: 1}\n", "r/a.yaml"
    )
    write("version: 1\ndefaults: {intervall: 1m}\nrules:\n- {alert: Other, metric: m, above: 1}\n", "r/b.yaml")
    write("version: 1\nrules: [", "r/c.yaml")
    path = write(
        "receivers: [{name: ops}]\nrule_files: ['r/*.yaml', 'gone/*']\n"
        "rules:\n- {alert: Mine, metric: m, above: 1}\n- {alert: Mine, metric: m, above: 2}\n"
    )
    found = examine(path, {})
    config = found.usable()
    assert [rule.alert for rule in config.rules] == ["Mine", "Good"]
    assert config.route.receiver == "ops"
    assert [str(one).partition(": found")[0] for one in found.faults] == [
        "alerting.yaml:2: rule_files[1]",
        "alerting.yaml:5: rules[1].alert",
        "r/a.yaml:3: rules[0].above",
        "r/b.yaml:2: defaults.intervall",
        "r/c.yaml:3",
    ]
    with pytest.raises(ConfigurationError):
        load(path, {})


def test_a_mistake_in_a_tenants_file_costs_the_tenant() -> None:
    """Its alerts go the way of those of unknown tenants; a second file of a tenant costs nobody the first."""
    write("lokale: fr-FR\n", "tenants.d/acme.yaml")
    write("receiver: nobody\n", "tenants.d/hooli.yaml")
    write("locale: de\n", "tenants.d/globex.yaml")
    write("lokale: de\n", "tenants.d/globex.yml")
    found = examine(write("tenants_dir: tenants.d\n"), {})
    config = found.usable()
    assert list(config.tenants) == ["globex"]
    assert config.tenants["globex"].locale == "de"
    assert len(found.faults) == 4


def test_a_mistake_elsewhere_costs_the_configuration() -> None:
    """Nobody can know whom it would have told; and all mistakes are named."""
    write("version: 1\nrules: [{alert: Bad, metric: m, above: much}]\n", "a.yaml")
    with pytest.raises(ConfigurationError) as raised:
        load(write("store: x\nrule_files: [a.yaml]\n"), {})
    assert len(raised.value.problems) == 2
