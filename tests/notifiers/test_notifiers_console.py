"""The console."""

from __future__ import annotations

import io
import sys

import pytest
from hypothesis import given, settings
from notifier_samples import messages, ordinary

from otel_alerting.errors import TryLater
from otel_alerting.model import Message
from otel_alerting.notifiers.console import Console, layout
from otel_alerting.ports import Notifier

PLAIN = ordinary(format="text", title="🔴 Firing: checkout-api error rate", details="ValueError: boom\n  in pay()")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Broken(io.StringIO):
    def write(self, text: str) -> int:
        raise BrokenPipeError


def test_a_message_is_a_few_tidy_lines() -> None:
    """Title first; labels in a column; where to go; small print last."""
    assert layout(PLAIN).splitlines() == [
        "┃ 🔴 Firing: checkout-api error rate",
        "┃ 7.3 % of requests failed in the last 5 minutes.",
        "┃   Service   checkout-api",
        "┃   Severity  high",
        "┃   - `/pay` 9 %",
        "┃   - `/cart` 4 %",
        "┃     ValueError: boom",
        "┃       in pay()",
        "┃   Runbook: https://runbooks.example/checkout",
        "┃ Started 12:04 · rule CheckoutErrors",
    ]


def test_it_is_a_notifier_without_budgets() -> None:
    """A console takes all there is, and nothing can be changed on it."""
    console: Notifier = Console()
    assert (console.destination, console.format, console.updates) == ("console", "text", False)
    assert list(console.budgets(None)) == []


def test_it_writes_to_the_real_stderr(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Celery turns `sys.stderr` into log records at WARNING, which would come back as alerts."""
    elsewhere = io.StringIO()
    monkeypatch.setattr(sys, "stderr", elsewhere)
    Console().notify(PLAIN)
    assert elsewhere.getvalue() == ""
    assert "checkout-api" in capfd.readouterr().err


def test_colours_only_where_somebody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file keeps plain text; what is over is green; who wants no colours gets none."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    file, terminal = io.StringIO(), Terminal()
    Console(file).notify(PLAIN)
    Console(terminal).notify(ordinary(over=True))
    assert "\x1b" not in file.getvalue()
    assert "\x1b[1;32m" in terminal.getvalue()
    monkeypatch.setenv("NO_COLOR", "1")
    plain = Terminal()
    Console(plain).notify(PLAIN)
    assert "\x1b" not in plain.getvalue()


def test_letters_of_every_script_stay_whole() -> None:
    """Persian joins and separates letters with invisible ones; isolates keep Latin names in order in Hebrew."""
    mixed = "\u0645\u06cc\u200c\u062e \u2068checkout\u2069"
    assert mixed in layout(ordinary(summary=mixed))
    assert "\u202e" not in layout(ordinary(summary="txt\u202eexe"))


@pytest.mark.parametrize("stream", [Broken()])
def test_a_broken_stream_is_for_later(stream: io.StringIO) -> None:
    """Nothing else is ever raised."""
    with pytest.raises(TryLater, match="stream_closed"):
        Console(stream).notify(PLAIN)


def test_a_closed_stream_is_for_later() -> None:
    """A daemon closes its descriptors."""
    closed = io.StringIO()
    closed.close()
    with pytest.raises(TryLater):
        Console(closed).notify(PLAIN)


def test_without_any_stderr_there_is_nobody_to_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    """`pythonw` has none; the message counts as told, waiting would not make one."""
    monkeypatch.setattr(sys, "__stderr__", None)
    assert Console(now=lambda: 7).notify(PLAIN).at == 7


@given(message=messages)
@settings(max_examples=60, deadline=None)
def test_any_message_can_be_written_in_any_encoding(message: Message) -> None:
    """Log lines come from anywhere; a terminal's cursor and title are not theirs."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    Console(stream).notify(message)
    stream.seek(0)
    assert "\x1b" not in stream.read()
