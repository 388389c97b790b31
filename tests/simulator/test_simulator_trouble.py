"""The simulator can be told to fail, and keeps Slack's rate limits when asked to."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx
import pytest

from otel_alerting.testing.slack_limits import SECOND, Limits
from otel_alerting.testing.slack_simulator import SlackSimulator


class Hand:
    """A clock that stands still until it is moved; nanoseconds."""

    def __init__(self) -> None:
        self.now = 0

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def slack() -> Iterator[SlackSimulator]:
    with SlackSimulator() as simulator:
        yield simulator


def post(slack: SlackSimulator, text: str = "x") -> httpx.Response:
    return httpx.post(slack.webhook_url, json={"text": text})


def api(slack: SlackSimulator, method: str = "chat.postMessage", **arguments: object) -> httpx.Response:
    headers = {"Authorization": f"Bearer {slack.token}"}
    return httpx.post(slack.api_url + method, json={"channel": "#ops", "text": "x", **arguments}, headers=headers)


def test_a_status_is_answered_once(slack: SlackSimulator) -> None:
    """The next request goes well."""
    slack.fail(status=503)
    assert [post(slack).status_code for _ in range(2)] == [503, 200]


def test_a_word_is_said_as_the_asked_one_says_it(slack: SlackSimulator) -> None:
    """A webhook with a status, the Web API inside JSON."""
    slack.fail(word="no_active_hooks")
    slack.fail(word="is_archived")
    hook, web = post(slack), api(slack)
    assert (hook.status_code, hook.text) == (404, "no_active_hooks")
    assert (web.status_code, web.json()) == (200, {"ok": False, "error": "is_archived"})


def test_too_fast_is_said_in_two_ways(slack: SlackSimulator) -> None:
    """`rate_limited` with the seconds in the body, `ratelimited` without."""
    slack.fail(retry_after=7, times=2)
    hook, web = post(slack), api(slack)
    assert (hook.status_code, hook.json()) == (429, {"retry_after": 7, "ok": False, "error": "rate_limited"})
    assert (web.status_code, web.json()) == (429, {"ok": False, "error": "ratelimited"})
    assert hook.headers["retry-after"] == web.headers["retry-after"] == "7"


@pytest.mark.parametrize(("drop", "kept"), [("before", 0), ("after", 1)])
def test_a_dropped_request_is_accepted_or_not(slack: SlackSimulator, drop: str, kept: int) -> None:
    """From outside both look the same."""
    slack.fail(drop=drop)  # type: ignore[arg-type]
    with pytest.raises(httpx.RemoteProtocolError):
        post(slack)
    assert len(slack.messages()) == kept


def test_a_hanging_request_is_let_go_when_the_simulator_stops() -> None:
    """A test does not wait for the end of a hang."""
    began = time.monotonic()
    with SlackSimulator() as slack:
        slack.fail(hang=60)
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(slack.webhook_url, json={"text": "x"}, timeout=0.05)
    assert time.monotonic() - began < 5
    assert slack.messages() == []


def test_a_slow_answer_is_the_right_one(slack: SlackSimulator) -> None:
    """Only late."""
    slack.fail(slow=0.05)
    began = time.monotonic()
    assert post(slack).text == "ok"
    assert time.monotonic() - began >= 0.05


def test_garbage_comes_with_200(slack: SlackSimulator) -> None:
    """As a captive portal does it."""
    slack.fail(garbage=True)
    answer = post(slack)
    assert (answer.status_code, answer.text[:9]) == (200, "<!doctype")


def test_it_is_down_for_a_time_and_comes_back(slack: SlackSimulator) -> None:
    """However many requests come."""
    slack.fail(down_for=60)
    assert {post(slack).status_code for _ in range(3)} == {503}
    slack.recover()
    assert post(slack).status_code == 200


def test_only_matching_requests_fail(slack: SlackSimulator) -> None:
    """By a part of the path or of the body, or by a question."""
    slack.fail(status=500, match="chat.update", times=None)
    slack.fail(status=501, match="poison", times=None)
    slack.fail(status=502, match=lambda request: "x-bad" in request.headers, times=None)
    assert post(slack).status_code == 200
    assert post(slack, "poison").status_code == 501
    assert api(slack, "chat.update").status_code == 500
    assert httpx.post(slack.webhook_url, json={"text": "x"}, headers={"X-Bad": "1"}).status_code == 502


def test_whoever_comes_before_a_retry_after_is_written_down() -> None:
    """Also where the wait was made up by a test; other channels and methods may go on."""
    clock = Hand()
    with SlackSimulator(clock=clock) as slack:
        slack.fail(retry_after=30)
        assert post(slack).status_code == 429
        assert api(slack).status_code == 200
        assert slack.violations == []
        assert post(slack).status_code == 200
        assert len(slack.violations) == 1
        clock.now += 30 * SECOND
        post(slack)
        assert len(slack.violations) == 1


def test_a_channel_takes_one_message_a_second() -> None:
    """With a small burst; whoever does not wait is written down."""
    clock = Hand()
    with SlackSimulator(rate_limits=True, burst=2, clock=clock) as slack:
        assert [post(slack).status_code for _ in range(3)] == [200, 200, 429]
        assert slack.violations == []
        assert api(slack).status_code == 200  # another channel
        assert post(slack).status_code == 429
        assert len(slack.violations) == 1
        clock.now += SECOND
        assert post(slack).status_code == 200


def test_a_workspace_takes_fifty_changes_a_minute() -> None:
    """An alert storm cannot be served by changes alone."""
    with SlackSimulator(rate_limits=True, clock=Hand()) as slack:
        posted = api(slack).json()
        where = {"channel": posted["channel"], "ts": posted["ts"]}
        with httpx.Client(headers={"Authorization": f"Bearer {slack.token}"}) as client:
            answers = [client.post(slack.api_url + "chat.update", json={**where, "text": "y"}) for _ in range(51)]
    assert [answer.status_code for answer in answers] == [200] * 50 + [429]
    assert answers[-1].headers["retry-after"] == "2"


def test_a_limit_fills_up_again() -> None:
    """One at a time, up to the burst."""
    clock = Hand()
    limits = Limits(clock)
    asked = [limits.ask("k", every=SECOND, burst=2)[0] for _ in range(3)]
    clock.now += 10 * SECOND
    asked += [limits.ask("k", every=SECOND, burst=2)[0] for _ in range(3)]
    assert asked == [0, 0, 1, 0, 0, 1]
