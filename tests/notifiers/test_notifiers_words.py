"""What Slack's words mean."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_alerting.notifiers import slack_words
from otel_alerting.notifiers.slack_words import WORDS, Verdict, read
from otel_alerting.notifiers.wire import Answer
from otel_alerting.testing.slack_trouble import WEBHOOK_STATUS

SECOND = 1_000_000_000


def web_api(word: str, **more: object) -> Answer:
    return Answer(200, json.dumps({"ok": False, "error": word, **more}).encode())


def test_each_word_has_exactly_one_meaning() -> None:
    """A word in two classes would mean whatever was written last."""
    lists = (getattr(slack_words, name) for name in ("_RETRY", "_WAIT", "_STOP", "_ANEW", "_DEGRADE"))
    words = [word for words in lists for word in words.split()]
    assert sorted(words) == sorted(set(words)) == sorted(WORDS)


@pytest.mark.parametrize("word", WORDS)
def test_a_word_means_the_same_from_the_web_api_and_from_a_webhook(word: str) -> None:
    """In JSON with status 200, or as text with a status of its own."""
    assert read(web_api(word)).verdict is WORDS[word]
    assert read(Answer(WEBHOOK_STATUS.get(word, 400), word.encode())).verdict is WORDS[word]


@pytest.mark.parametrize("word", WEBHOOK_STATUS)
def test_every_word_of_a_webhook_is_known(word: str) -> None:
    """The status would say less."""
    assert word in WORDS


@pytest.mark.parametrize("body", [b"ok", b" ok\n", b'{"ok":true}', b'{"ok": true, "channel": "C1", "ts": "1.2"}'])
def test_success_is_told_in_two_ways(body: bytes) -> None:
    """`ok` as text or in JSON."""
    assert read(Answer(200, body)).verdict is Verdict.DONE


@pytest.mark.parametrize("body", [b"", b"<html>ok</html>", b"OK", b"[]", b'{"ok":"yes"}', b"null", b"\xff", b"okay"])
def test_what_only_looks_like_success_is_unclear(body: bytes) -> None:
    """Somebody answered 200 who is not Slack."""
    assert read(Answer(200, body)).verdict is Verdict.UNCLEAR


def test_the_header_says_how_long_to_wait_and_else_the_body() -> None:
    """Webhooks write it in both places, not always."""
    body = b'{"retry_after":5,"ok":false,"error":"rate_limited"}'
    assert read(Answer(429, body, retry_after=2 * SECOND)).wait == 2 * SECOND
    assert read(Answer(429, body)).wait == 5 * SECOND
    assert read(Answer(200, body)).verdict is Verdict.WAIT
    assert read(Answer(429, b"slow down")) == read(Answer(429, b""))


def test_a_wait_has_an_end() -> None:
    """A bad number cannot park a destination for a year."""
    assert read(web_api("ratelimited", retry_after=1e12)).wait == 3_600 * SECOND
    assert read(web_api("ratelimited", retry_after=-1)).wait == 0


def test_a_word_that_nobody_knows_costs_the_message_its_looks_first() -> None:
    """Slack invents new ones; less in the message helps or nothing does."""
    assert read(web_api("brand_new_error")).verdict is Verdict.DEGRADE
    assert read(web_api("brand_new_error")).word == "brand_new_error"


def test_slacks_reasons_are_kept() -> None:
    """The pointer says which piece of the message it was."""
    reason = "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"
    answer = web_api("invalid_blocks", errors=[reason], response_metadata={"messages": ["[ERROR] invalid_keys"]})
    assert read(answer).detail == f"{reason}; [ERROR] invalid_keys"
    assert read(web_api("invalid_blocks", errors={"odd": 1}, response_metadata=None)).detail == ""


@given(status=st.integers(100, 599), body=st.binary(max_size=200))
def test_any_answer_comes_down_to_something(status: int, body: bytes) -> None:
    """Whatever a server says, reading it raises nothing."""
    assert read(Answer(status, body)).verdict in Verdict
