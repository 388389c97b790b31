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


def test_an_unknown_tenant_that_is_refused_is_told(run: Run, slack: SlackSimulator, config: Path) -> None:
    """Nothing is sent, and the status says so."""
    ran = run("send", "Hello", "--tenant", "nobody", "--config", config)
    assert ran.status == 1
    assert ran.err.strip()
    assert slack.messages() == []


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
