"""What the traps' programs are given, and how their servers are asked."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Mapping

from otel_alerting.testing import SlackSimulator

ZERO_CODE = {
    "OTEL_TRACES_EXPORTER": "alerting",
    "OTEL_METRICS_EXPORTER": "alerting",
    "OTEL_LOGS_EXPORTER": "alerting",
    "OTEL_SERVICE_NAME": "shop",
}


def slack_in(slack: SlackSimulator) -> dict[str, str]:
    """The environment of a program that tells this Slack."""
    return {"OTEL_ALERTING_SLACK_WEBHOOK_URL": slack.webhook_url}


def said(slack: SlackSimulator) -> str:
    """Every word in Slack."""
    return "\n".join(json.dumps(message.payload, ensure_ascii=False) for message in slack.messages())


def changes(slack: SlackSimulator) -> int:
    """How many changes of alerts the messages tell of."""
    return sum(int(str(message.metadata["changes"])) for message in slack.messages())


def occurrences(slack: SlackSimulator) -> int:
    """How often what the messages tell of was seen."""
    return sum(int(str(message.metadata["occurrences"])) for message in slack.messages())


def port_of_its_own() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def get(port: int, path: str = "/", headers: Mapping[str, str] | None = None) -> str:
    """What a server answers; empty while there is none."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path, headers=dict(headers or {}))
        return connection.getresponse().read().decode()
    except OSError:
        return ""
    finally:
        connection.close()
