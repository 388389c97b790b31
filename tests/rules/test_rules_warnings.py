"""The warning processor, as users call it."""

from __future__ import annotations

import logging
import sys
from typing import Any

from otel_alerting import WarningProcessor
from otel_alerting.model import Log, Severity
from otel_alerting.model.duration import SECOND

NOW = 1_700_000_100 * SECOND


def record(level: int, message: str, *args: object, **more: Any) -> logging.LogRecord:
    return logging.LogRecord("shop.cart", level, "cart.py", 5, message, args, more.get("exc_info"))


def test_a_record_becomes_a_signal_with_the_fingerprint_as_its_template() -> None:
    """The text stays beside it."""
    signal = WarningProcessor().process(record(logging.WARNING, "user %s not found", 7))
    assert signal is not None
    assert (signal.body, signal.template, signal.scope, signal.severity) == (
        "user 7 not found", "user %s not found", "shop.cart", 13,
    )  # fmt: skip


def test_a_message_that_comes_formatted_is_masked() -> None:
    """Also by a function of the user's own."""
    formatted = Log(at=NOW, severity=13, body="user 7 not found")
    assert WarningProcessor().process(formatted).template == "user <*> not found"  # type: ignore[union-attr]
    own = WarningProcessor(fingerprint=lambda said: said.split()[0])
    assert own.process(formatted).template == "user"  # type: ignore[union-attr]


def test_what_is_below_the_level_gives_nothing() -> None:
    """By name or by value."""
    assert WarningProcessor(level="error").process(record(logging.WARNING, "w")) is None
    assert WarningProcessor(level=Severity.INFO).process(record(logging.INFO, "i")) is not None


def test_secrets_are_taken_out_before_anything_else_sees_them() -> None:
    """Body, attributes, exception."""
    processor = WarningProcessor(redact=lambda said: said.replace("hunter", "***"))
    try:
        raise ValueError("hunter")
    except ValueError:
        signal = processor.process(record(logging.ERROR, "password hunter", exc_info=sys.exc_info()))
    assert signal is not None
    assert signal.failure is not None
    assert "hunter" not in repr(signal)


def test_what_is_added_does_not_hide_what_was_said() -> None:
    """A mapping, or a callable that is given the signal."""
    said = Log(at=NOW, severity=13, body="b", attributes={"region": "us"})
    assert WarningProcessor(enrich={"region": "eu", "team": "x"}).process(said).attributes == {  # type: ignore[union-attr]
        "region": "us",
        "team": "x",
    }
    made = WarningProcessor(enrich=lambda log: {"length": len(log.body)}).process(said)
    assert made is not None
    assert made.attributes["length"] == 1


def test_a_burst_is_one_severity_worse_while_it_lasts() -> None:
    """Each fingerprint has its own."""
    processor = WarningProcessor(burst=3, burst_window=10 * SECOND)

    def severity(after: int, body: str = "slow query") -> int:
        signal = processor.process(Log(at=NOW + after * SECOND, severity=13, body=body))
        assert signal is not None
        return signal.severity

    assert [severity(0), severity(1), severity(2), severity(3, "else")] == [13, 13, 17, 13]
    assert severity(30) == 13
