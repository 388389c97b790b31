"""Telling Slack, at the wire: a real server that is as strict as Slack and does what it is told."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator

import pytest
from notifier_samples import ORDINARY, RECEIPT, ordinary

from otel_alerting.errors import ConfigurationError, DeliveryError, Refused, TryLater, Unknown
from otel_alerting.model import Receipt
from otel_alerting.notifiers.slack import Slack
from otel_alerting.ports import Notifier
from otel_alerting.telemetry import Counters
from otel_alerting.testing.slack_simulator import SlackSimulator

SECOND = 1_000_000_000
NOW = 1_764_000_000 * SECOND


@pytest.fixture(scope="module")
def server() -> Iterator[SlackSimulator]:
    with SlackSimulator() as simulator:
        yield simulator


@pytest.fixture
def slack(server: SlackSimulator) -> SlackSimulator:
    server.recover()
    return server


def by_token(slack: SlackSimulator, **more: object) -> Slack:
    return Slack(token=slack.token, channel="#ops", api_url=slack.api_url, now=lambda: NOW, **more)  # type: ignore[arg-type]


def by_webhook(slack: SlackSimulator, **more: object) -> Slack:
    return Slack(webhook_url=slack.webhook("#ops"), now=lambda: NOW, **more)  # type: ignore[arg-type]


def sent(slack: SlackSimulator, before: int) -> list[str]:
    """The paths that were asked for since."""
    return [request.path.rpartition("/")[2] for request in slack.requests[before:]]


# What goes well


def test_a_token_posts_and_the_receipt_finds_the_message(slack: SlackSimulator) -> None:
    """Channel id and `ts` as Slack answered them, not as they were asked for."""
    receipt = by_token(slack).notify(ORDINARY)
    posted = slack.messages("#ops")[-1]
    assert receipt == Receipt(destination=receipt.destination, at=NOW, channel=posted.channel, ts=posted.ts)
    assert posted.words.startswith("🔴 Firing")


def test_a_webhook_posts_and_its_receipt_finds_nothing(slack: SlackSimulator) -> None:
    """A webhook answers `ok` and no id."""
    receipt = by_webhook(slack).notify(ORDINARY)
    assert not receipt.updatable
    assert slack.messages("#ops")[-1].via == "webhook"


def test_a_change_is_made_in_place(slack: SlackSimulator) -> None:
    """The message turns green where it stands; the receipt keeps pointing to it."""
    notifier = by_token(slack)
    first = notifier.notify(ORDINARY)
    second = notifier.notify(ordinary(previous=first, over=True, color="#188038", seq=2, id="second"))
    posted = slack.messages("#ops")[-1]
    assert (second.channel, second.ts) == (first.channel, first.ts)
    assert (posted.color, len(posted.versions), posted.metadata["state"]) == ("#188038", 1, "resolved")


def test_a_webhook_posts_anew_whatever_the_message_was_before(slack: SlackSimulator) -> None:
    """It cannot change anything."""
    before = len(slack.messages("#ops"))
    by_webhook(slack).notify(ordinary(previous=RECEIPT))
    assert len(slack.messages("#ops")) == before + 1


def test_what_an_emptier_change_leaves_out_does_not_stay(slack: SlackSimulator) -> None:
    """Slack keeps attachments that a change does not name: a plain change would show old and new side by side."""
    notifier = by_token(slack)
    first = notifier.notify(ORDINARY)
    slack.fail(word="invalid_blocks", times=3, match="chat.update")
    notifier.notify(ordinary(previous=first, title="new"))
    posted = slack.messages("#ops")[-1]
    assert posted.blocks == []
    assert posted.text.startswith("new")


@pytest.mark.parametrize("word", ["message_not_found", "cant_update_message", "edit_window_closed", "is_inactive"])
def test_a_message_that_cannot_be_changed_is_posted_anew(slack: SlackSimulator, word: str) -> None:
    """With a note when the earlier one was posted, and a receipt for the new one."""
    notifier = by_token(slack)
    first = notifier.notify(ORDINARY)
    slack.fail(word=word, match="chat.update")
    second = notifier.notify(ordinary(previous=first))
    posted = slack.messages("#ops")[-1]
    assert second.ts == posted.ts != first.ts
    assert "↪ <!date^" in posted.words


# What Slack does not take


@pytest.mark.parametrize("make", [by_token, by_webhook])
def test_a_message_that_is_not_taken_goes_out_again_with_less(slack: SlackSimulator, make: object) -> None:
    """At once, without rich text first; it is counted."""
    counters = Counters()
    slack.fail(word="invalid_attachments")
    make(slack, counters=counters).notify(ORDINARY)  # type: ignore[operator]
    kinds = {block["type"] for block in slack.messages("#ops")[-1].blocks}
    assert "rich_text" not in kinds
    assert "actions" in kinds
    assert counters.by("degraded", "word") == {"invalid_attachments": 1}


def test_the_ladder_has_four_rungs(slack: SlackSimulator) -> None:
    """Four requests, then the destination itself is what is wrong."""
    before = len(slack.requests)
    slack.fail(word="invalid_payload", times=None)
    with pytest.raises(Refused, match="invalid_payload"):
        by_webhook(slack).notify(ORDINARY)
    assert len(slack.requests) == before + 4


def test_the_reasons_of_slack_are_in_the_error(slack: SlackSimulator) -> None:
    """The Web API says which rule was broken where."""
    slack.fail(word="channel_not_found")
    with pytest.raises(Refused) as caught:
        by_token(slack).notify(ORDINARY)
    assert caught.value.word == "channel_not_found"


@pytest.mark.parametrize("word", ["invalid_auth", "token_revoked", "not_in_channel", "is_archived", "missing_scope"])
def test_a_dead_token_or_channel_is_refused_at_once(slack: SlackSimulator, word: str) -> None:
    """One request, no ladder: less words do not help."""
    before = len(slack.requests)
    slack.fail(word=word)
    with pytest.raises(Refused, match=word):
        by_token(slack).notify(ORDINARY)
    assert len(slack.requests) == before + 1


@pytest.mark.parametrize("word", ["no_active_hooks", "no_service", "invalid_token", "channel_is_archived", "no_team"])
def test_a_dead_webhook_is_refused_at_once(slack: SlackSimulator, word: str) -> None:
    """Somebody once counted 73,159 posts to such a one."""
    slack.fail(word=word)
    with pytest.raises(Refused, match=word):
        by_webhook(slack).notify(ORDINARY)


def test_a_body_of_ones_own_is_posted_as_it_is(slack: SlackSimulator) -> None:
    """Attachments that a user wrote; where they are wrong, less of them would not be what was asked for."""
    receipt = by_token(slack).post({"text": "t", "attachments": [{"text": "mine"}]})
    assert slack.messages("#ops")[-1].payload["attachments"] == [{"text": "mine"}]
    assert receipt.updatable
    before = len(slack.requests)
    with pytest.raises(Refused, match=r"invalid_attachments: .*json-pointer:/attachments/0"):
        by_token(slack).post({"text": "t", "attachments": [{"blocks": [{"type": "section"}]}]})
    assert len(slack.requests) == before + 1


# Too fast


@pytest.mark.parametrize("make", [by_token, by_webhook])
def test_a_429_says_how_long_everybody_waits(slack: SlackSimulator, make: object) -> None:
    """From the header."""
    slack.fail(retry_after=7)
    with pytest.raises(TryLater) as caught:
        make(slack).notify(ORDINARY)  # type: ignore[operator]
    assert (caught.value.after, caught.value.gate) == (7 * SECOND, True)


def test_ratelimited_can_come_with_status_200(slack: SlackSimulator) -> None:
    """The word decides, not the status."""
    slack.fail(word="ratelimited", status=200, retry_after=3)
    with pytest.raises(TryLater) as caught:
        by_token(slack).notify(ORDINARY)
    assert (caught.value.after, caught.value.gate) == (3 * SECOND, True)


# Outages


@pytest.mark.parametrize("status", [500, 502, 503, 504, 301, 302, 307, 408])
def test_a_server_error_or_a_redirect_is_for_later(slack: SlackSimulator, status: int) -> None:
    """Nothing was delivered. A redirect is not followed: it would carry the credential elsewhere."""
    before = len(slack.requests)
    slack.fail(status=status)
    with pytest.raises(TryLater, match=f"http_{status}"):
        by_token(slack).notify(ORDINARY)
    assert len(slack.requests) == before + 1


@pytest.mark.parametrize("word", ["internal_error", "fatal_error", "service_unavailable", "request_timeout"])
def test_trouble_inside_slack_is_for_later(slack: SlackSimulator, word: str) -> None:
    """And it closes nobody else's gate."""
    slack.fail(word=word)
    with pytest.raises(TryLater, match=word) as caught:
        by_token(slack).notify(ORDINARY)
    assert not caught.value.gate


@pytest.mark.parametrize("status", [401, 403, 404, 405, 410])
def test_somebody_elses_no_is_a_no(slack: SlackSimulator, status: int) -> None:
    """A page of HTML instead of a word: the address is wrong, or a proxy forbids it."""
    slack.fail(status=status)
    with pytest.raises(Refused, match=f"http_{status}"):
        by_webhook(slack).notify(ORDINARY)


def test_nobody_listening_means_nothing_was_sent() -> None:
    """A refused connection may be tried as often as one likes."""
    with SlackSimulator() as gone:
        notifier = by_token(gone)
    with pytest.raises(TryLater, match="connect_error"):
        notifier.notify(ORDINARY)


def test_a_name_that_nobody_knows_means_nothing_was_sent() -> None:
    """DNS fails."""
    with pytest.raises(TryLater, match="connect_error"):
        Slack(webhook_url="https://hooks.slack.invalid/services/T0/B0/secret").notify(ORDINARY)


def test_a_server_that_speaks_no_tls_means_nothing_was_sent(slack: SlackSimulator) -> None:
    """The handshake fails before the first byte of the message."""
    with pytest.raises(TryLater, match="connect_error"):
        Slack(webhook_url=slack.webhook("#ops").replace("http:", "https:")).notify(ORDINARY)


@pytest.mark.parametrize("drop", ["before", "after"])
def test_a_lost_answer_is_unknown(slack: SlackSimulator, drop: str) -> None:
    """The message may stand in the channel or not: from here both look the same."""
    before = len(slack.messages("#ops"))
    slack.fail(drop=drop)  # type: ignore[arg-type]
    with pytest.raises(Unknown):
        by_token(slack).notify(ORDINARY)
    assert len(slack.messages("#ops")) == before + (drop == "after")


def test_a_timeout_is_unknown(slack: SlackSimulator) -> None:
    """The body has left, the answer does not come within the time."""
    slack.fail(hang=5)
    with pytest.raises(Unknown, match="read_timeout"):
        by_webhook(slack, timeout=SECOND // 5).notify(ORDINARY)


@pytest.mark.parametrize("make", [by_token, by_webhook])
def test_a_page_that_says_200_is_unknown(slack: SlackSimulator, make: object) -> None:
    """A captive portal, a proxy: it is not Slack's "ok"."""
    slack.fail(garbage=True)
    with pytest.raises(Unknown, match="answer_not_understood"):
        make(slack).notify(ORDINARY)  # type: ignore[operator]


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\no",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nok",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 1_000_000,
    ],
    ids=["truncated", "truncated_chunks", "undecodable", "no_http", "too_long"],
)
def test_an_answer_that_cannot_be_read_is_unknown(answer: bytes) -> None:
    """Whoever wrote it had our message; at most 64 kB of it are read."""
    with raw_server(answer) as url, pytest.raises(Unknown):
        Slack(webhook_url=url).notify(ORDINARY)


class raw_server:
    """Answers one connection with these bytes."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> str:
        self._thread.start()
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/services/T0/B0/secret"

    def __exit__(self, *exc: object) -> None:
        self._thread.join(5)
        self._listener.close()

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        with connection:
            connection.settimeout(5)
            while b'"occurrences":37' not in connection.recv(65_536):
                pass
            try:
                connection.sendall(self._answer)
            except OSError:
                return


# What it says of itself


def test_it_is_a_notifier(slack: SlackSimulator) -> None:
    """The door that delivery knows."""
    notifier: Notifier = by_token(slack)
    assert notifier.format == "slack"
    assert notifier.updates
    assert not by_webhook(slack).updates


def test_posts_are_paced_by_channel_and_changes_by_workspace(slack: SlackSimulator) -> None:
    """Two channels do not wait for each other; changes of both share Slack's 50 a minute."""
    ops = Slack(token=slack.token, channel="#ops")
    alerts = Slack(token=slack.token, channel="#alerts")
    assert ops.budgets(None)[0].key != alerts.budgets(None)[0].key
    assert ops.budgets(RECEIPT) == alerts.budgets(RECEIPT)
    assert 50 * ops.budgets(RECEIPT)[0].every > 60 * SECOND
    hook = by_webhook(slack)
    assert hook.budgets(RECEIPT) == hook.budgets(None)


def test_nothing_is_opened_before_the_first_message(slack: SlackSimulator) -> None:
    """Exporters are constructed in every process, also in those that never alert."""
    before = len(slack.requests)
    by_token(slack).close()
    assert len(slack.requests) == before


def test_close_lets_go_and_a_later_message_still_goes_out(slack: SlackSimulator) -> None:
    """It may be called more than once, by anybody."""
    notifier = by_webhook(slack)
    notifier.notify(ORDINARY)
    notifier.close()
    notifier.close()
    assert notifier.notify(ORDINARY).at == NOW


def test_no_connection_is_kept(slack: SlackSimulator) -> None:
    """A thousand tenants would keep a thousand sockets in the user's program."""
    by_webhook(slack).notify(ORDINARY)
    assert slack.requests[-1].headers["connection"] == "close"


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        ({}, ""),
        ({"webhook_url": "https://hooks.slack.com/services/x", "token": "xoxb-1"}, ""),
        ({"webhook_url": "hooks.slack.com/services/T/B/x"}, "webhook_url"),
        ({"webhook_url": "https://hooks.slack.com:port/services/T/B/x"}, "webhook_url"),
        ({"token": "xoxb-1"}, "channel"),
        ({"token": "xoxb-1\nX-Other: 1", "channel": "#ops"}, "token"),
        ({"token": "xoxb-1", "channel": "#ops", "api_url": "ftp://slack.com"}, "api_url"),
    ],
)
def test_arguments_that_cannot_work_are_named(arguments: dict[str, str], path: str) -> None:
    """With the path and what would be right, never with the value."""
    with pytest.raises(ConfigurationError) as caught:
        Slack(**arguments)  # type: ignore[arg-type]
    assert [problem.path for problem in caught.value.problems] == [path]
    assert "xoxb-1" not in str(caught.value)


def test_every_error_is_a_delivery_error(slack: SlackSimulator) -> None:
    """A courier catches three classes and no other."""
    slack.fail(status=418)
    with pytest.raises(DeliveryError):
        by_token(slack).notify(ORDINARY)


def test_the_body_is_what_slack_wants(slack: SlackSimulator) -> None:
    """UTF-8 with its name, the token in the header and nowhere else."""
    by_token(slack).notify(ORDINARY)
    request = slack.requests[-1]
    assert request.headers["content-type"] == "application/json; charset=utf-8"
    assert request.headers["authorization"] == f"Bearer {slack.token}"
    assert slack.token not in request.body.decode()
    assert json.loads(request.body)["channel"] == "#ops"


def test_a_channel_with_and_without_its_sign_is_one_destination() -> None:
    """Two queues for one channel would each keep a pace of their own."""
    assert Slack(token="xoxb-1", channel="ops").destination == Slack(token="xoxb-1", channel="#ops").destination
    assert Slack(token="xoxb-1", channel="C0123456789").destination.endswith("/C0123456789")
