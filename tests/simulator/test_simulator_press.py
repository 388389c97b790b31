"""Buttons that somebody presses in the simulator."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from urllib.parse import parse_qs

import httpx
import pytest

from otel_alerting.testing.slack_server import Reply, Request, Server
from otel_alerting.testing.slack_simulator import SlackSimulator

BUTTON = {"type": "button", "action_id": "ack", "text": {"type": "plain_text", "text": "Acknowledge"}, "value": "g1"}
MENU = {
    "type": "static_select",
    "action_id": "silence",
    "options": [{"text": {"type": "plain_text", "text": "1 h"}, "value": "1h"}],
}


class App:
    """An app that writes down what it is sent and says yes."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.server = Server(self._answer)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}/slack"

    @property
    def payload(self) -> dict[str, object]:
        return dict(json.loads(parse_qs(self.requests[-1].body.decode())["payload"][0]))

    def _answer(self, request: Request) -> Reply:
        self.requests.append(request)
        return Reply(b"", 200 if len(self.requests) < 3 else 401)


@pytest.fixture
def app() -> Iterator[App]:
    app = App()
    app.server.start()
    yield app
    app.server.stop()


@pytest.fixture
def slack() -> Iterator[SlackSimulator]:
    with SlackSimulator() as simulator:
        blocks = [{"type": "actions", "block_id": "b1", "elements": [BUTTON, MENU]}]
        httpx.post(simulator.webhook("#ops"), json={"text": "alert", "attachments": [{"blocks": blocks}]})
        yield simulator


def test_a_press_is_signed_as_slack_signs_it(slack: SlackSimulator, app: App) -> None:
    """HMAC over version, timestamp and raw body."""
    answer = slack.press(slack.messages()[0], "ack", to=app.url)
    request = app.requests[0]
    at = request.headers["x-slack-request-timestamp"]
    signed = f"v0:{at}:".encode() + request.body
    expected = "v0=" + hmac.new(slack.signing_secret.encode(), signed, hashlib.sha256).hexdigest()
    assert answer.status == 200
    assert hmac.compare_digest(request.headers["x-slack-signature"], expected)
    assert abs(int(at) - time.time()) < 60


def test_a_press_says_who_pressed_what_where(slack: SlackSimulator, app: App) -> None:
    """By the words on the button, too."""
    slack.press(slack.messages()[0], "Acknowledge", to=app.url, user="U1")
    payload = app.payload
    assert payload["actions"][0]["value"] == "g1"  # type: ignore[index]
    assert payload["actions"][0]["block_id"] == "b1"  # type: ignore[index]
    assert (payload["user"]["id"], payload["channel"]["name"]) == ("U1", "ops")  # type: ignore[index]


def test_a_choice_in_a_menu_is_sent_as_an_option(slack: SlackSimulator, app: App) -> None:
    """`value` says which."""
    slack.press(slack.messages()[0], "silence", to=app.url, value="1h")
    assert app.payload["actions"][0]["selected_option"] == {"value": "1h"}  # type: ignore[index]


def test_a_press_can_be_forged_and_late(slack: SlackSimulator, app: App) -> None:
    """To see that an app refuses it."""
    slack.press(slack.messages()[0], "ack", to=app.url, secret="guessed", at=1)
    assert app.requests[0].headers["x-slack-request-timestamp"] == "1"
    for _ in range(2):
        answer = slack.press(slack.messages()[0], "ack", to=app.url)
    assert answer.status == 401


def test_an_element_that_is_not_there_cannot_be_pressed(slack: SlackSimulator, app: App) -> None:
    """The error names those that are."""
    with pytest.raises(LookupError, match="ack, silence"):
        slack.press(slack.messages()[0], "escalate", to=app.url)


def test_a_response_url_changes_the_message_five_times(slack: SlackSimulator, app: App) -> None:
    """Then it is used up."""
    slack.press(slack.messages()[0], "ack", to=app.url)
    url = str(app.payload["response_url"])
    body = {"replace_original": True, "text": "acknowledged"}
    assert [httpx.post(url, json=body).status_code for _ in range(6)] == [200] * 5 + [404]
    assert slack.messages()[0].text == "acknowledged"
