"""Which signals a rule speaks of."""

from __future__ import annotations

import time
from typing import Any

import pytest

from otel_alerting.model import Failure, Log, Point, Signal, Span, SpanEvent
from otel_alerting.rules.expression import Expression, Undecided
from otel_alerting.rules.matching import AttributeMatcher, Kind, LogPattern, SpanPattern, part, takes

M = AttributeMatcher


def log(**more: Any) -> Log:
    return Log(**{"at": 1, "severity": 17, "body": "boom", **more})


def span(**more: Any) -> Span:
    return Span(**{"at": 2_000_000_000, "started_at": 1_000_000_000, "name": "pay", **more})


def covers(signal: Signal, **where: AttributeMatcher) -> bool:
    return takes("metric", None, {name.replace("__", "."): matcher for name, matcher in where.items()}, ())(signal)


@pytest.mark.parametrize(
    ("matcher", "value", "fits"),
    [
        (M(equals=500), "500", True),
        (M(equals="500"), 500, True),
        (M(equals="true"), True, True),
        (M(equals=1), 1.0, True),
        (M(equals="a"), None, False),
        (M(one_of=("a", "b")), "b", True),
        (M(one_of=("a", "b")), "c", False),
        (M(not_=M(equals="tmpfs")), "ext4", True),
        (M(not_=M(equals="tmpfs")), "tmpfs", False),
        (M(not_=M(equals="tmpfs")), None, True),
        (M(not_=("a", "b")), "b", False),
        (M(regex="/api/.*"), "/api/pay", True),
        (M(regex="api"), "/api/pay", False),
        (M(regex="x+"), "x" * 300, True),
        (M(exists=True), 0, True),
        (M(exists=True), None, False),
        (M(exists=False), None, True),
        (M(at_least=500), 500, True),
        (M(above=500), 500, False),
        (M(at_least=500, below=600), "503", True),
        (M(at_least=500, below=600), 600, False),
        (M(above=5), "many", False),
    ],
)
def test_an_attribute_is_held_against_a_matcher(matcher: AttributeMatcher, value: object, fits: bool) -> None:
    """Values are compared as people read them; an attribute that is missing equals nothing."""
    assert covers(log(attributes={"a": value}), a=matcher) is fits


def test_a_name_is_looked_up_in_the_signal_and_then_in_its_resource() -> None:
    """`resource.` says exactly where."""
    signal = log(attributes={"service.name": "own"}, resource={"service.name": "res", "host.name": "h"})
    assert covers(signal, service__name=M(equals="own"))
    assert covers(signal, resource__service__name=M(equals="res"))
    assert covers(signal, host__name=M(equals="h"))


def test_what_every_log_and_span_has_can_be_named_too() -> None:
    """`logger.name`, `exception.type`, `span.name`."""
    failed = log(scope="shop.cart", failure=Failure(type="shop.Declined"))
    assert covers(failed, logger__name=M(equals="shop.cart"), exception__type=M(equals="Declined"))
    assert covers(span(), span__name=M(equals="pay"))
    assert covers(Point(at=1, name="m", kind="gauge", scope="lib"), scope__name=M(equals="lib"))


@pytest.mark.parametrize(
    ("pattern", "signal", "fits"),
    [
        (LogPattern(severity=M(at_least="ERROR")), log(severity=17), True),
        (LogPattern(severity=M(at_least="ERROR")), log(severity=14), False),
        (LogPattern(severity=M(equals="warn")), log(severity=14), True),
        (LogPattern(severity=M(one_of=("info", "fatal"))), log(severity=21), True),
        (LogPattern(severity=M(not_=M(equals="error"))), log(severity=17), False),
        (LogPattern(body=M(regex=".*oo.*")), log(), True),
        (LogPattern(template=M(equals="user <*> gone")), log(body="user 5 gone"), True),
        (SpanPattern(kind=M(equals="server")), span(kind="server"), True),
        (SpanPattern(status=M(equals="error")), span(), False),
        (SpanPattern(duration=M(above="800ms")), span(), True),
        (SpanPattern(duration=M(above="2s")), span(), False),
        (SpanPattern(event=M(equals="exception")), span(failures=(Failure(type="E"),)), True),
        (SpanPattern(event=M(equals="retry")), span(events=(SpanEvent(name="retry", at=1),)), True),
        (SpanPattern(event=M(equals="retry")), span(), False),
        (SpanPattern(), span(), True),
    ],
)
def test_a_pattern_names_what_only_logs_or_spans_have(
    pattern: SpanPattern | LogPattern, signal: Signal, fits: bool
) -> None:
    """Severities by any of their names, durations with their unit."""
    kind: Kind = "span" if isinstance(pattern, SpanPattern) else "log"
    assert takes(kind, pattern, {}, ())(signal) is fits


def test_any_where_needs_one_of_several() -> None:
    """Beside everything in `where`."""
    question = takes("log", None, {"a": M(equals=1)}, ({"b": M(equals=1)}, {"c": M(equals=1)}))
    assert question(log(attributes={"a": 1, "c": 1}))
    assert not question(log(attributes={"a": 1}))
    assert not question(log(attributes={"b": 1}))


def test_a_numerator_mixes_pattern_words_and_attributes() -> None:
    """`of: {status: error, http.route: /pay}`."""
    question = part("span", {"status": M(equals="error"), "http.route": M(equals="/pay")})
    assert question(span(status="error", attributes={"http.route": "/pay"}))
    assert not question(span(attributes={"http.route": "/pay"}))


HOPELESS = "(a|aa)+(a|aa)+(a|aa)+$"


def test_a_hopeless_expression_takes_little_time_and_decides_nothing() -> None:
    """A rule's author cannot stop the program; and what `not` a hopeless expression is, nobody knows either."""
    started = time.perf_counter()
    for matcher in (M(regex=HOPELESS), M(not_=M(regex=HOPELESS))):
        with pytest.raises(Undecided, match="takes too long"):
            covers(log(attributes={"a": "a" * 200 + "!"}), a=matcher)
    assert time.perf_counter() - started < 1


def test_an_expression_that_is_hopeless_again_and_again_is_left_alone_for_a_while() -> None:
    """Ten milliseconds for every signal would be the whole program's time."""
    expression, started = Expression(HOPELESS), time.perf_counter()
    for number in range(1_000):
        with pytest.raises(Undecided):
            expression.matches("a" * 200 + str(number))
    assert time.perf_counter() - started < 1


def test_an_expression_answers_the_same_when_it_is_asked_again() -> None:
    """Remembered or not."""
    expression = Expression("x+")
    assert [expression.matches(text) for text in ("x", "y", "x", "y")] == [True, False, True, False]
    for number in range(3_000):
        assert not expression.matches(str(number))
