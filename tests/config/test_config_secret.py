"""A secret is used and never shown."""

from __future__ import annotations

import copy
import json
import pickle

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_alerting.config.schema import SlackConfig
from otel_alerting.config.secret import Secret


@given(st.text(alphabet="abcdefgh0123456789-").map("hunter2".__add__))
def test_no_way_of_showing_it_shows_it(value: str) -> None:
    """repr, str, format, f-string, %, a Struct that holds it, an exception about it."""
    secret = Secret(value)
    config = SlackConfig(token=secret, channel="#ops")
    shown = [repr(secret), str(secret), f"{secret}", f"{secret!r:>40}", f"{secret:>40}", repr(config)]
    shown += [repr([secret]), repr(ValueError(secret)), str({"x": secret})]
    assert not [one for one in shown if value in one]
    assert secret.reveal() == value


@pytest.mark.parametrize(
    "write", [pickle.dumps, copy.deepcopy, json.dumps, msgspec.json.encode, msgspec.msgpack.encode, msgspec.to_builtins]
)
def test_it_cannot_be_written_anywhere(write: object) -> None:
    """No encoder takes it."""
    with pytest.raises((TypeError, NotImplementedError)) as error:
        write(Secret("hunter2"))  # type: ignore[operator]
    assert "hunter2" not in str(error.value)


def test_secrets_are_compared_by_value() -> None:
    """So that two configurations can be compared."""
    assert Secret("a") == Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a"), Secret("ä")}) == 2
