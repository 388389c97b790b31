"""Loading: the file, the files it names, variables and keywords, and who wins."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from otel_alerting.config.load import load
from otel_alerting.config.secret import Secret
from otel_alerting.config.settings import NAMES, unknown_variables, variable
from otel_alerting.errors import ConfigurationError
from otel_alerting.handlers.settings import KNOWN
from otel_alerting.model.duration import HOUR, MINUTE, SECOND
from otel_alerting.model.severity import Severity

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
    with pytest.raises(ConfigurationError) as error:
        load(path, env or {}, overrides)
    return [str(problem) for problem in error.value.problems]


def test_nothing_configured_tells_the_terminal() -> None:
    """The first run shows something."""
    config = load(env={})
    assert [one.name for one in config.receivers] == [config.route.receiver] == ["console"]
    assert len(config.receivers[0].console_configs) == 1
    assert config.route.group_by == ("alertname", "service.name")
    route = config.route
    assert (route.group_wait, route.group_interval, route.repeat_interval) == (5 * SECOND, MINUTE, 4 * HOUR)


def test_a_webhook_alone_is_a_whole_configuration() -> None:
    """One variable is enough to be told in Slack."""
    config = load(env={"OTEL_ALERTING_SLACK_WEBHOOK_URL": WEBHOOK})
    (receiver,) = config.receivers
    assert receiver.name == config.route.receiver == "slack"
    assert receiver.slack_configs[0].webhook_url == Secret(WEBHOOK)
    assert "secretpath" not in repr(config)


def test_every_variable_has_its_effect() -> None:
    """The whole list, without a file."""
    write(RULE % "A", "r/a.yaml")
    write(RULE % "B", "b.yaml")
    config = load(
        env={
            "OTEL_ALERTING_ENABLED": "False",
            "OTEL_ALERTING_SLACK_TOKEN": "xoxb-1",
            "OTEL_ALERTING_SLACK_CHANNEL": "#ops",
            "OTEL_ALERTING_SLACK_API_URL": "http://localhost:1/api/",
            "OTEL_ALERTING_TENANT": "acme",
            "OTEL_ALERTING_LOCALE": "fr-CA",
            "OTEL_ALERTING_TIMEZONE": "Europe/Paris",
            "OTEL_ALERTING_LEVEL": "error",
            "OTEL_ALERTING_STORE": "memory:",
            "OTEL_ALERTING_RULES": "r/*.yaml, b.yaml",
        }
    )
    slack = config.receivers[0].slack_configs[0]
    assert (slack.token, slack.channel, slack.api_url) == (Secret("xoxb-1"), "#ops", "http://localhost:1/api/")
    assert not config.enabled
    assert (config.defaults.tenant, config.defaults.locale, config.defaults.timezone) == (
        "acme",
        "fr-CA",
        "Europe/Paris",
    )
    assert config.builtin_rules.level is Severity.HIGH
    assert config.store == "memory:"
    assert [rule.alert for rule in config.rules] == ["A", "B"]


def test_an_empty_variable_is_one_that_is_not_set() -> None:
    """OpenTelemetry's rule."""
    assert load(env=dict.fromkeys(map(variable, NAMES), "")) == load(env={})


@pytest.mark.parametrize("value", ["1", "yes", "on", "0", "enabled"])
def test_booleans_are_true_and_false_only(value: str) -> None:
    """OpenTelemetry's rule; anything else is told."""
    (said,) = problems(None, {"OTEL_ALERTING_ENABLED": value})
    assert said == "OTEL_ALERTING_ENABLED: found a value that is not shown; true or false"


def test_all_wrong_variables_are_told_and_none_is_shown() -> None:
    """Each by its own name."""
    found = problems(
        None,
        {
            variable(name): "hunter2"
            for name in NAMES
            if name not in ("slack_channel", "tenant", "slack_token", "config", "rules")
        },
        rules="nowhere/*.yaml",
    )
    assert {said.split(":")[0] for said in found} == {
        "rules=",
        *(variable(name) for name in ("enabled", "slack_webhook_url", "slack_api_url", "locale", "timezone", "level")),
        variable("store"),
    }
    assert "hunter2" not in "".join(found)


def test_a_keyword_wins_over_a_variable_and_that_over_the_file() -> None:
    """The nearer to the code, the stronger."""
    path = write("defaults: {locale: de, timezone: Europe/Berlin, tenant: a}\nbuiltin_rules: {level: info}\n")
    config = load(
        path, {"OTEL_ALERTING_LOCALE": "fr", "OTEL_ALERTING_TIMEZONE": "Europe/Paris"}, {"locale": "ja", "level": ""}
    )
    assert (config.defaults.locale, config.defaults.timezone, config.defaults.tenant) == ("ja", "Europe/Paris", "a")
    assert config.builtin_rules.level is Severity.INFO


def test_a_level_may_be_a_number_of_logging() -> None:
    """As the handlers take it."""
    for said, severity in [("30", Severity.WARNING), ("40", Severity.HIGH), ("WARN", Severity.WARNING)]:
        assert load(env={"OTEL_ALERTING_LEVEL": said}).builtin_rules.level is severity


def test_handlers_may_say_all_their_settings() -> None:
    """What the handlers know, the configuration knows."""
    assert set(KNOWN) <= set(NAMES)
    assert load(env={}, overrides={"store": "memory:"}).store == "memory:"


def test_a_keywords_way_to_slack_wins_over_the_variables() -> None:
    """A token in the code and a webhook in the environment are not two ways."""
    config = load(
        None, {"OTEL_ALERTING_SLACK_WEBHOOK_URL": WEBHOOK}, {"slack_token": "xoxb-1", "slack_channel": "#ops"}
    )
    assert config.receivers[0].slack_configs[0].webhook_url is None


def test_a_webhook_beside_a_file_takes_the_root_route_only() -> None:
    """Branches and tenants with receivers of their own keep them."""
    path = write(
        "receivers: [{name: ops, slack_configs: [{token: xoxb-1, channel: '#ops'}]}]\n"
        "route: {receiver: ops, routes: [{receiver: ops, matchers: ['severity >= high']}]}\n"
    )
    config = load(path, {}, {"slack_webhook_url": WEBHOOK})
    assert [one.name for one in config.receivers] == ["ops", "slack"]
    assert (config.route.receiver, config.route.routes[0].receiver) == ("slack", "ops")


def test_a_channel_alone_changes_every_slack_receiver_of_the_file() -> None:
    """To try a configuration out elsewhere."""
    path = write("receivers: [{name: ops, slack_configs: [{token: xoxb-1, channel: '#ops'}]}]\n")
    env = {"OTEL_ALERTING_SLACK_CHANNEL": "#test", "OTEL_ALERTING_SLACK_API_URL": "http://localhost:1/api/"}
    (slack,) = load(path, env).receivers[0].slack_configs
    assert (slack.channel, slack.api_url) == ("#test", "http://localhost:1/api/")


def test_a_channel_with_nothing_to_use_it_with_is_told() -> None:
    """It would silently print to the terminal."""
    (said,) = problems(None, {"OTEL_ALERTING_SLACK_CHANNEL": "#ops"})
    assert said.startswith("OTEL_ALERTING_SLACK_CHANNEL: found nothing to use it with; also OTEL_ALERTING_SLACK_TOKEN")


def test_a_broken_file_is_not_blamed_for_what_could_not_be_read() -> None:
    """Its receivers may well have been there."""
    path = write("store: x\nreceivers: [{name: ops, slack_configs: [{token: xoxb-1, channel: '#ops'}]}]\n")
    (said,) = problems(path, {"OTEL_ALERTING_SLACK_CHANNEL": "#test"})
    assert said.startswith("alerting.yaml:1: store")


def test_a_token_needs_a_channel_and_no_webhook() -> None:
    """Said for variables as for files."""
    assert problems(None, {"OTEL_ALERTING_SLACK_TOKEN": "xoxb-1"}) == [
        'OTEL_ALERTING_SLACK_CHANNEL: found a token without a channel; the channel to post to, as "#ops"'
    ]
    both = {"OTEL_ALERTING_SLACK_TOKEN": "xoxb-1", "OTEL_ALERTING_SLACK_WEBHOOK_URL": WEBHOOK}
    assert problems(None, {**both, "OTEL_ALERTING_SLACK_CHANNEL": "#a"}) == [
        "OTEL_ALERTING_SLACK_TOKEN: found OTEL_ALERTING_SLACK_WEBHOOK_URL and OTEL_ALERTING_SLACK_TOKEN; one of the two"
    ]


def test_an_unknown_keyword_is_told() -> None:
    """A typing error in the code."""
    assert problems(None, slack_webhok_url="x") == [
        "slack_webhok_url=: found an unknown keyword; did you mean 'slack_webhook_url'?"
    ]


def test_an_unknown_variable_is_noted_with_what_was_meant() -> None:
    """No problem: a file may use it."""
    assert unknown_variables({"OTEL_ALERTING_SLACK_TOKN": "", "HOME": ""}) == {
        "OTEL_ALERTING_SLACK_TOKN": "did you mean 'OTEL_ALERTING_SLACK_TOKEN'?"
    }


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
        "tenants.d/c.yaml:1: lokale: found the unknown key 'lokale'; did you mean 'locale'?",
        "tenants.d/globex.yaml:1: found a second tenant 'globex'; a name of its own",
        "tenants.d/a.b.yaml:2: receiver: found no receiver 'nobody'; one of console",
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
        "rules/a.yaml:3: rules[0].alert: found a second rule 'A'; a name that no other rule has",
        "rules/b.yaml:3: rules[0].alert: found a second rule 'A'; a name that no other rule has",
        "alerting.yaml:4: rules[1].alert: found 'A' again; a name that no other rule has",
    ]


def test_names_that_nobody_has_and_names_that_two_have_are_told() -> None:
    """Across the whole file, each with its line."""
    path = write(
        "receivers:\n- name: ops\n- name: ops\nroute:\n  receiver: opps\n  matchers: ['a = b']\n  routes:\n"
        "  - routes:\n    - receiver: nobody\ntenants:\n  t.x:\n    receiver: none\n"
    )
    assert problems(path) == [
        "alerting.yaml:3: receivers[1].name: found a second receiver 'ops'; a name of its own",
        "alerting.yaml:5: route.receiver: found no receiver 'opps'; did you mean 'ops'?",
        'alerting.yaml:6: route.matchers: found {a="b"}; none: the root route takes every alert',
        "alerting.yaml:9: route.routes[0].routes[0].receiver: found no receiver 'nobody'; one of ops",
        "alerting.yaml:12: tenants[\"t.x\"].receiver: found no receiver 'none'; one of ops",
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
