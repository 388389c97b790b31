"""A fingerprint is what stays the same in a message whose values change."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from otel_alerting.model import Log
from otel_alerting.rules.fingerprint import fingerprint, fingerprint_of


@pytest.mark.parametrize(
    ("message", "stays"),
    [
        ("user 42 not found", "user <*> not found"),
        ("took 35ms (status=500)", "took <*> (status=<*>)"),
        ("can't open '/etc/shop.conf' for bob@example.com", "can't open '<*>' for <*>"),
        ("GET https://shop.example/cart?id=7&x=y failed", "GET <*> failed"),
        ("job id=7f0e1b2c-1111-2222-3333-444455556666 lost", "job id=<*> lost"),
        ("connect to 10.2.3.4:8080 refused", "connect to <*> refused"),
        ("at 0x7fff12ab [deadbeef]", "at <*> [<*>]"),
        ("no space left on /var/log/shop.log", "no space left on <*>"),
        ("cannot read/write application/json", "cannot read/write application/json"),
        ("用户123不存在", "用户<*>不存在"),
        ("url=https://x/?a=b", "url=<*>"),
        ("plain words stay", "plain words stay"),
        ("", ""),
    ],
)
def test_values_are_masked_and_words_stay(message: str, stays: str) -> None:
    """Numbers, ids, addresses, paths, URLs, mail addresses and quoted values are masked; nothing else is."""
    assert fingerprint(message) == stays


@given(st.text(max_size=300))
@example("0\\")
def test_the_fingerprint_of_a_fingerprint_is_itself(message: str) -> None:
    """So it does not matter how often it is made on the way."""
    once = fingerprint(message)
    assert fingerprint(once) == once


@given(st.integers(0), st.integers(0), st.uuids(), st.uuids())
def test_messages_that_differ_in_values_only_are_one(one: int, other: int, this: object, that: object) -> None:
    """Whatever the values are."""
    assert fingerprint(f"order {one} of {this} failed") == fingerprint(f"order {other} of {that} failed")


@pytest.mark.parametrize("unit", ["'", '"', "a/", "=1", "<*>", "9", "a.9-", "'\"a ", "@", "://", "((", "a=b/"])
def test_no_message_takes_long(unit: str) -> None:
    """The time is linear in the length, and of a long message only the beginning counts."""
    message = unit * 200_000
    started = time.perf_counter()
    fingerprint(message)
    assert time.perf_counter() - started < 0.1


def test_a_known_template_needs_no_masking() -> None:
    """The program knows best what stays the same in its message."""
    assert fingerprint_of(Log(at=1, severity=13, body="user 5 gone", template="user %s gone")) == "user %s gone"
    assert fingerprint_of(Log(at=1, severity=13, body="user 5 gone", template="user 5 gone")) == "user <*> gone"
