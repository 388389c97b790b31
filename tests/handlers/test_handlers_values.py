"""What odd values become on their way in: plain data, failures, one thing told once."""

from __future__ import annotations

import enum
import math
import sys
import traceback
from collections import Counter

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_alerting.handlers.failures import capture, captured, failure_in, failure_of, failure_printed, read_frames
from otel_alerting.handlers.plain import attributes_of, plain, text
from otel_alerting.handlers.request_id import plain_id, request_id
from otel_alerting.handlers.resource import _from_environment
from otel_alerting.handlers.seen import Door, Seen

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.just(object()),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner) | st.tuples(inner) | st.sets(st.integers())
    ),
)


@given(anything)
def test_anything_becomes_plain_data_that_can_be_stored(value: object) -> None:
    """And plain data stays what it is."""
    made = plain(value)
    msgspec.json.encode(made)
    if not (isinstance(made, float) and math.isnan(made)):
        assert msgspec.json.encode(plain(made, 9)) == msgspec.json.encode(made)


def test_it_is_bounded_in_length_number_and_depth() -> None:
    """A program may attach its whole database to a record."""
    cut = plain("x" * 10_000)
    assert isinstance(cut, str)
    assert len(cut) < 8_300
    assert cut.endswith("(1808 more characters)")
    assert len(attributes_of({str(number): 0 for number in range(1000)})) == 128
    circle: list[object] = []
    circle.append(circle)
    msgspec.json.encode(plain(circle))


def test_an_object_that_resists_is_named() -> None:
    """Nothing that somebody else's object does raises."""

    class Odd(dict[str, object]):
        def items(self) -> object:  # type: ignore[override]
            raise RuntimeError

        def __repr__(self) -> str:
            raise ValueError

    class Colour(enum.IntEnum):
        RED = 1

    assert plain(Odd()) == "<Odd: str() raised ValueError>"
    assert plain(Colour.RED) == 1
    assert text("\udc80") == "?"


def test_a_deep_recursion_is_taken_in_part() -> None:
    """A thousand frames that say the same are fifty."""

    def deep() -> None:
        deep()

    try:
        deep()
    except RecursionError as error:
        taken = capture(error)
    assert len(taken.frames) == 50
    assert failure_of(taken).type == "RecursionError"


def test_causes_that_go_in_circles_end() -> None:
    """Somebody may set `__cause__` to anything."""
    one, two = ValueError("1"), ValueError("2")
    one.__cause__, two.__cause__ = two, one
    depth, taken = 0, capture(one)
    while taken.cause is not None:
        depth, taken = depth + 1, taken.cause
    assert depth == 5


def test_what_was_suppressed_is_not_a_cause() -> None:
    """`raise … from None`, as Python prints it."""
    try:
        try:
            raise KeyError
        except KeyError:
            raise ValueError from None
    except ValueError as error:
        cause = capture(error).cause
    assert cause is None


@pytest.mark.skipif(sys.version_info < (3, 11), reason="groups came with 3.11")
def test_a_group_leads_to_its_first_member() -> None:
    """Its own text only counts them."""
    group = ExceptionGroup("two", [KeyError("k"), ValueError("v")])  # noqa: F821
    cause = capture(group).cause
    assert cause is not None
    assert cause.type == "KeyError"


@pytest.mark.parametrize("told", [None, False, 0, (None, None, None), True, "odd", (1, 2)])
def test_no_exception_is_none_in_any_form(told: object) -> None:
    """`exc_info=True` outside of an `except` is common."""
    assert captured(told) is None


def test_what_python_prints_is_read_back() -> None:
    """Type, text and frames, of the last exception of a chain."""
    try:
        try:
            raise KeyError("inner")
        except KeyError as error:
            raise msgspec.ValidationError("outer: 3") from error
    except msgspec.ValidationError as error:
        printed = "".join(traceback.format_exception(type(error), error, error.__traceback__))
        taken = failure_of(capture(error))
    failure = failure_printed(printed)
    assert failure is not None
    assert (failure.type, failure.message, failure.frames) == ("msgspec.ValidationError", "outer: 3", taken.frames)
    assert failure_printed("no traceback") is None


@given(st.text())
def test_any_text_may_be_looked_at_for_a_traceback(said: str) -> None:
    """It comes from other programs in other languages."""
    read_frames(said)
    failure_printed(said)


def test_what_is_no_python_traceback_is_kept_as_text() -> None:
    """A stack of Java's says something too."""
    failure = failure_in({"exception.type": "java.lang.Error", "exception.stacktrace": "at com.shop.Cart(Cart.java:7)"})
    assert failure is not None
    assert (failure.frames, failure.stacktrace) == ((), "at com.shop.Cart(Cart.java:7)")
    assert failure_in({"other": 1}) is None


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 3)), max_size=40))
def test_of_equal_things_as_many_are_told_as_one_door_has_shown(shown: list[tuple[str, int]]) -> None:
    """In whichever order they come."""
    seen = Seen()
    doors = {name: seen.open(Door("otel")) for name in "abc"}
    told = Counter(key for name, key in shown if seen.is_new(doors[name], key))
    most: Counter[int] = Counter()
    for name in "abc":
        most |= Counter(key for door, key in shown if door == name)
    assert told == most


def test_doors_with_other_settings_tell_somebody_else() -> None:
    """Two handlers for two channels both tell; one without settings tells only what nobody told."""
    seen = Seen()
    ops, dev = (
        seen.open(Door("logging", (("slack_channel", "#ops"),))),
        seen.open(Door("logging", (("slack_channel", "#dev"),))),
    )
    plain_door = seen.open(Door("otel"))
    assert [seen.is_new(door, 1) for door in (ops, dev, plain_door)] == [True, True, False]
    assert [seen.is_new(door, 2) for door in (plain_door, ops, dev)] == [True, False, False]


def test_with_one_door_nothing_is_remembered_and_with_more_only_so_much() -> None:
    """Memory is bounded."""
    seen = Seen(size=10)
    first = seen.open(Door("otel"))
    for key in range(100):
        seen.is_new(first, key)
    assert len(seen._counts) == 0
    second = seen.open(Door("logging"))
    for key in range(100):
        seen.is_new(second, key)
    assert (len(seen._counts), len(seen._told)) == (10, 10)


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("r-1.2:3", "r-1.2:3"),
        (" r ", "r"),
        ("", ""),
        ("a b", ""),
        ("x" * 129, ""),
        ("<!channel>", ""),
        ("é", ""),
        ("a\r\nb", ""),
    ],
)
def test_an_id_from_outside_is_plain_or_none(said: str, read: str) -> None:
    """It ends up in headers, logs and messages."""
    assert plain_id(said) == read


def test_the_first_header_that_says_something_plain_wins() -> None:
    """`X-Request-ID` before `X-Correlation-ID`."""
    headers = {"x-request-id": "<bad>", "x-correlation-id": "good"}
    assert request_id(lambda name: headers.get(name, "")) == "good"


def test_the_environment_says_what_a_program_is_without_an_sdk() -> None:
    """`OTEL_SERVICE_NAME` before `OTEL_RESOURCE_ATTRIBUTES`, whose values are percent encoded."""
    assert _from_environment("shop", "service.name=no,team=a%20b,odd") == {"service.name": "shop", "team": "a b"}
