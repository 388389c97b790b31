"""Settings: variables and keywords, what each does, who wins, and which of them a program can do without."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from otel_alerting.config.load import examine, load
from otel_alerting.config.secret import Secret
from otel_alerting.config.settings import NAMES, variable
from otel_alerting.errors import ConfigurationError
from otel_alerting.handlers.settings import KNOWN
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
    return [str(problem) for problem in examine(path, env or {}, overrides).in_order()]


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
    assert said == f"OTEL_ALERTING_ENABLED: found {value!r}; expected true or false"


def test_all_wrong_variables_are_told_and_only_secrets_are_hidden() -> None:
    """Each by its own name; people look for what they wrote."""
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
        *(
            variable(name)
            for name in (
                "enabled",
                "flush_on_sigterm",
                "slack_webhook_url",
                "slack_api_url",
                "locale",
                "timezone",
                "level",
            )
        ),
        variable("store"),
    }
    assert [said for said in found if "hunter2" not in said and not said.startswith("rules=")] == [
        "OTEL_ALERTING_SLACK_WEBHOOK_URL: found a value that is not shown; expected a URL that begins with https://"
    ]


def test_what_looks_like_a_credential_is_hidden_wherever_it_stands() -> None:
    """A token in the wrong variable, a password in an address."""
    env = {"OTEL_ALERTING_LOCALE": "xoxb-1-hunter2", "OTEL_ALERTING_STORE": "redis://me:hunter2@h/0"}
    found = problems(None, env)
    assert "hunter2" not in "".join(found)
    assert "redis://***@h/0" in "".join(found)


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
    assert said.startswith(
        "OTEL_ALERTING_SLACK_CHANNEL: found nothing to use it with; expected OTEL_ALERTING_SLACK_TOKEN"
    )


def test_a_broken_file_is_not_blamed_for_what_could_not_be_read() -> None:
    """Its receivers may well have been there."""
    path = write("store: x\nreceivers: [{name: ops, slack_configs: [{token: xoxb-1, channel: '#ops'}]}]\n")
    (said,) = problems(path, {"OTEL_ALERTING_SLACK_CHANNEL": "#test"})
    assert said.startswith("alerting.yaml:1: store")


def test_a_token_needs_a_channel_and_no_webhook() -> None:
    """Said for variables as for files."""
    assert problems(None, {"OTEL_ALERTING_SLACK_TOKEN": "xoxb-1"}) == [
        'OTEL_ALERTING_SLACK_CHANNEL: found a token without a channel; expected the channel to post to, as "#ops"'
    ]
    both = {"OTEL_ALERTING_SLACK_TOKEN": "xoxb-1", "OTEL_ALERTING_SLACK_WEBHOOK_URL": WEBHOOK}
    assert problems(None, {**both, "OTEL_ALERTING_SLACK_CHANNEL": "#a"}) == [
        (
            "OTEL_ALERTING_SLACK_TOKEN: found OTEL_ALERTING_SLACK_WEBHOOK_URL and OTEL_ALERTING_SLACK_TOKEN; "
            "expected one of the two"
        )
    ]


def test_an_unknown_keyword_is_told() -> None:
    """A typing error in the code."""
    assert problems(None, slack_webhok_url="x") == [
        (
            "slack_webhok_url=: found an unknown keyword; expected one of config, level, locale, rules, slack_api_url, "
            "slack_channel, slack_token, slack_webhook_url, store, tenant, timezone (did you mean 'slack_webhook_url'?)"
        )
    ]


def test_an_unknown_variable_is_noted_with_what_was_meant() -> None:
    """One that is empty or that a file uses means something."""
    env = {"OTEL_ALERTING_SLACK_TOKN": "x", "OTEL_ALERTING_LEVL": "", "OTEL_ALERTING_ZONE": "UTC", "HOME": "x"}
    path = write("defaults: {timezone: '${env:OTEL_ALERTING_ZONE}'}\n")
    assert examine(path, env).variables == (
        "the variable OTEL_ALERTING_SLACK_TOKN means nothing; did you mean OTEL_ALERTING_SLACK_TOKEN?",
    )


def test_a_setting_that_is_wrong_by_itself_costs_nothing_else(capfd: pytest.CaptureFixture[str]) -> None:
    """A program runs on with the receivers that it has; the file's value, or the default, holds."""
    env = {
        "OTEL_ALERTING_SLACK_WEBHOOK_URL": WEBHOOK,
        "OTEL_ALERTING_LEVEL": "loud",
        "OTEL_ALERTING_LOCALE": "zz-zz",
        "OTEL_ALERTING_TIMEZONE": "Mars",
        "OTEL_ALERTING_ENABLED": "yes",
        "OTEL_ALERTING_STORE": "file:x",
    }
    config = load(write("defaults: {locale: fr}\n"), env, {"lokale": "de"})
    assert (config.route.receiver, config.defaults.locale, config.defaults.timezone) == ("slack", "fr", "UTC")
    assert (config.enabled, config.builtin_rules.level, config.store) == (True, Severity.WARNING, "auto")
    said = capfd.readouterr().err.splitlines()
    assert [line.split(": ")[2] for line in said] == [
        "lokale=",
        *(variable(name) for name in ("level", "store", "enabled", "locale", "timezone")),
    ]
    assert "found 'zz-zz'; expected a language" in said[4]
    assert said[4].endswith("; this setting is left out")


def test_a_wrong_way_to_slack_is_no_setting_to_do_without() -> None:
    """Nobody would be told, or somebody else."""
    for env in (
        {"OTEL_ALERTING_SLACK_WEBHOOK_URL": "hunter2"},
        {"OTEL_ALERTING_SLACK_TOKEN": "xoxb-1 2", "OTEL_ALERTING_SLACK_CHANNEL": "#ops"},
        {"OTEL_ALERTING_SLACK_WEBHOOK_URL": WEBHOOK, "OTEL_ALERTING_SLACK_API_URL": "proxy"},
    ):
        with pytest.raises(ConfigurationError):
            load(env=env)


def test_a_variable_that_means_nothing_is_said_once_at_the_start(capfd: pytest.CaptureFixture[str]) -> None:
    """One line on stderr, with what was probably meant."""
    for _ in range(2):
        load(env={"OTEL_ALERTING_TIMEZON": "UTC"})
    assert capfd.readouterr().err == (
        "otel-alerting: configuration: the variable OTEL_ALERTING_TIMEZON means nothing; "
        "did you mean OTEL_ALERTING_TIMEZONE?\n"
    )


@pytest.mark.parametrize("secret", ["xoxb-1 2", "xoxb-1\nX-Other: 1", "xoxb-\u00e4"])
def test_a_secret_is_one_word(secret: str) -> None:
    """What no header can carry is told before the first alert, from wherever it came; blanks around it do not count."""
    channel = {"OTEL_ALERTING_SLACK_CHANNEL": "#ops"}
    write(f" {secret}\n", "token")
    inline, file = "slack_configs: [{token: ${env:T}, channel: a}]", "slack_configs: [{token_file: token, channel: a}]"
    found = [
        *problems(None, {"OTEL_ALERTING_SLACK_TOKEN": secret, **channel}),
        *problems(write("receivers:\n- name: a\n  " + inline.replace("${env:T}", "'${env:T}'")), {"T": secret}),
        *problems(write("receivers:\n- name: a\n  " + file)),
    ]
    assert len(found) == 3
    assert all("one word, without blanks, line breaks or accents" in said for said in found)
    assert "xoxb" not in "".join(found)
    assert not problems(None, {"OTEL_ALERTING_SLACK_TOKEN": " xoxb-1 ", **channel})


def test_a_channel_with_blanks_is_no_channel() -> None:
    """Slack would say `channel_not_found`, once for every message."""
    env = {"OTEL_ALERTING_SLACK_TOKEN": "xoxb-1", "OTEL_ALERTING_SLACK_CHANNEL": "#my ops"}
    (said,) = problems(None, env)
    assert said.startswith("OTEL_ALERTING_SLACK_CHANNEL: found '#my ops'; expected a channel's name or id without")
