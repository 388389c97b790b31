"""The console: messages on the real stderr, so that a first run without any configuration shows something."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TextIO

from otel_alerting.errors import TryLater
from otel_alerting.model import Message, Receipt, Severity
from otel_alerting.ports import Budget

_COLORS = {
    Severity.DEBUG: "34",
    Severity.INFO: "34",
    Severity.WARNING: "33",
    Severity.HIGH: "31",
    Severity.CRITICAL: "1;31",
}
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]")
_GREEN, _DIM, _BOLD = "32", "2", "1"


class Console:
    """Writes to a stream, by default to `sys.__stderr__`: Celery turns `sys.stderr` into log records at WARNING.

    Colours only on a terminal, and not with `NO_COLOR` or `TERM=dumb`.
    """

    destination = "console"
    format = "text"
    updates = False

    def __init__(self, stream: TextIO | None = None, *, now: Callable[[], int] = time.time_ns) -> None:
        self._stream = stream
        self._now = now

    def budgets(self, previous: Receipt | None) -> Sequence[Budget]:
        """A console takes all there is."""
        return ()

    def notify(self, message: Message) -> Receipt:
        """Write the message in one piece.

        Raises:
            TryLater: the stream is closed or full.
        """
        stream = self._stream or sys.__stderr__
        if stream is not None and not _write(stream, message):
            raise TryLater("stream_closed")
        return Receipt(destination=self.destination, at=self._now())

    def close(self) -> None:
        """Nothing to let go of: the stream is somebody else's."""

    def __repr__(self) -> str:
        return "<Console>"


def layout(message: Message, *, color: bool = False) -> str:
    """The message as plain text of a few lines, the first at the margin, the rest under it."""
    hue = _GREEN if message.over else _COLORS[message.severity]
    first = _printable(message.title.strip() or message.text)
    lines = [f"{_paint('┃', hue, color)} {line}" for line in _body(message, color)]
    return "\n".join([f"{_paint('┃', hue, color)} {_paint(first, f'{_BOLD};{hue}', color)}", *lines]) + "\n"


def _body(message: Message, color: bool) -> Iterator[str]:
    yield from _printable(message.summary).splitlines()
    width = max((len(field.label) for field in message.fields), default=0)
    for field in message.fields:
        label = _paint(_printable(field.label).ljust(width), _DIM, color)
        yield f"  {label}  {_printable(field.value)}"
    for line in message.lines:
        yield f"  - {_printable(line)}"
    for line in _printable(message.details).splitlines():
        yield f"    {line}"
    for action in message.actions:
        yield f"  {_printable(action.label)}: {_printable(action.url)}"
    if message.context:
        yield _paint(_printable(" · ".join(message.context)), _DIM, color)


def _write(stream: TextIO, message: Message) -> bool:
    encoding = getattr(stream, "encoding", None) or "utf-8"
    try:
        text = layout(message, color=_looks(stream))
        stream.write(text.encode(encoding, "replace").decode(encoding))
        stream.flush()
    except (OSError, ValueError):
        return False
    return True


def _printable(text: str) -> str:
    """Without what could move a terminal's cursor, write into its title or turn its line around."""
    return _UNPRINTABLE.sub("\ufffd", text.replace("\r", ""))


def _looks(stream: TextIO) -> bool:
    """Does somebody look at this stream who wants to see colours?"""
    return stream.isatty() and os.environ.get("TERM") != "dumb" and not os.environ.get("NO_COLOR")


def _paint(text: str, code: str, color: bool) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if color and text else text
