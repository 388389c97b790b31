"""`send`: through the real configuration, to a Slack on this machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_terminal import Run

from otel_alerting.testing import SlackSimulator


@pytest.fixture
def slack() -> Iterator[SlackSimulator]:
    with SlackSimulator(channels=["#ops"]) as simulator:
        yield simulator


@pytest.fixture
def config(slack: SlackSimulator, tmp_path: Path) -> Path:
    path = tmp_path / "alerting.yaml"
    path.write_text(
        f"receivers: [{{name: ops, slack_configs: [{{token: {slack.token}, channel: '#ops', "
        f"api_url: '{slack.api_url}'}}]}}]\ntenants: {{acme: {{locale: fr}}}}\nunknown_tenant: refuse\n"
        "retry_on_failure: {initial_interval: 1ms, max_interval: 10ms}\n"
    )
    return path


def test_a_delivered_alert_is_status_0_with_its_receipt(run: Run, slack: SlackSimulator, config: Path) -> None:
    """Slack's channel and message id are told."""
    ran = run("send", "Disk is full", "--level", "error", "--tenant", "acme", "--fact", "host=db1", "--config", config)
    assert ran.status == 0, ran.err
    (posted,) = slack.messages()
    assert "Disk is full" in json.dumps(posted.payload)
    assert "db1" in json.dumps(posted.payload)
    assert posted.ts in ran.out
    assert slack.violations == []


def test_a_refusal_is_status_1_with_its_reason(run: Run, slack: SlackSimulator, config: Path) -> None:
    """In Slack's own word; the token is not shown."""
    slack.fail(word="invalid_auth", times=None)
    ran = run("send", "Disk is full", "--level", "error", "--config", config, "--tenant", "acme", "--json")
    assert ran.status == 1
    said = json.loads(ran.out)
    assert said["delivered"] is False
    assert said["deliveries"][0]["reason"] == "invalid_auth"
    assert slack.token not in ran.out + ran.err


def test_a_stumble_is_tried_again(run: Run, slack: SlackSimulator, config: Path) -> None:
    """Within the time that was given."""
    slack.fail(status=503, times=2)
    ran = run("send", "Disk is full", "--tenant", "acme", "--config", config)
    assert ran.status == 0, ran.err
    assert "after 3 attempts" in ran.out


def test_a_warning_does_not_wait_for_company(run: Run, slack: SlackSimulator, config: Path) -> None:
    """`group_wait` is for programs; somebody who sends one alert is looking at the screen."""
    assert run("send", "Hello", "--tenant", "acme", "--config", config, "--timeout", "5s").status == 0


def test_names_that_nobody_has_and_a_message_without_words_are_misuse(
    run: Run, slack: SlackSimulator, config: Path
) -> None:
    """All in one answer; nothing is sent."""
    ran = run("send", " ", "--tenant", "acmee", "--template", "defualt", "--config", config)
    message, tenant, template = ran.err.splitlines()
    assert (ran.status, slack.messages()) == (2, [])
    assert message == "MESSAGE: found nothing; expected a few words about what happened"
    assert tenant == "--tenant: found 'acmee'; expected acme"
    assert template.startswith("--template: found 'defualt'; expected one of ")
    assert template.endswith("(did you mean 'default'?)")


def test_a_default_tenant_that_is_refused_is_told(run: Run, slack: SlackSimulator, config: Path) -> None:
    """Somebody must be named then."""
    ran = run("send", "Hello", "--config", config)
    assert (ran.status, slack.messages()) == (2, [])
    assert ran.err == ("--tenant: found nothing, and defaults.tenant, 'default', is refused; expected acme\n")
    config.write_text(config.read_text().replace("refuse", "default"))
    assert run("send", "Hello", "--config", config).status == 0


def test_without_configured_tenants_every_tenant_is_one(run: Run) -> None:
    """Then names are not checked."""
    assert run("send", "Hello", "--tenant", "whoever").status == 0


def test_without_any_configuration_it_is_the_terminal(run: Run) -> None:
    """The first run shows something."""
    ran = run("send", "Hello there")
    assert (ran.status, ran.out) == (0, "delivered to console (receiver 'console')\n")


def test_what_is_turned_off_sends_nothing(run: Run, slack: SlackSimulator, config: Path) -> None:
    """`enabled: false` holds here too."""
    config.write_text(config.read_text() + "enabled: false\n")
    ran = run("send", "Hello", "--tenant", "acme", "--config", config)
    assert (ran.status, slack.messages()) == (1, [])
    assert "enabled" in ran.err


def test_a_mistake_in_a_rule_keeps_nobody_from_trying_the_rest(run: Run, slack: SlackSimulator, config: Path) -> None:
    """As a program would run on."""
    config.write_text(config.read_text() + "rules: [{alert: A, metric: m, above: much}]\n")
    assert run("send", "Disk is full", "--tenant", "acme", "--config", config).status == 0
    assert len(slack.messages()) == 1


def test_a_configuration_that_cannot_be_used_is_told_as_check_tells_it(run: Run, config: Path) -> None:
    """With the annotations, so that nobody mends it twice."""
    rule = "rules: [{alert: A, metric: m, above: 1, annotations: {summary: '{{ oops'}}]\n"
    config.write_text("store: x\n" + config.read_text() + rule)
    said = run("send", "Disk is full", "--config", config).err
    assert "store: found 'x'" in said
    assert "rules[0].annotations.summary: found '{{ oops'" in said
