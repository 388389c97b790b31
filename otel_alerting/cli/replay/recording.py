"""A recording is one file of signals, read line by line: OTLP/JSON, one request a line, or CSV; either packed by gzip.

What it is shows in its first bytes, not in its name. A line that cannot be read is told and passed over.
"""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import TypeAlias, cast

from otel_alerting.cli.replay.columns import points_of
from otel_alerting.errors import ConfigurationError, Problem
from otel_alerting.handlers import otlp
from otel_alerting.model import Signal

STDIN = "-"
Complain: TypeAlias = Callable[[int, str, str], None]
"""Told of a line that cannot be read: its number, what was found, what would be right."""

_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_BOM = b"\xef\xbb\xbf"
_A_REQUEST = "one OTLP/JSON export request a line (`jq -c .` makes one of a document over several lines)"
_DAMAGED = (EOFError, OSError, zlib.error)


class Recording:
    """An opened file.

    Args:
        path: the file; `-` for standard input.
        metric: what the values of a CSV are called; empty where none is expected.
        complain: told of every line that cannot be read.

    Raises:
        ConfigurationError: it cannot be opened.
    """

    def __init__(self, path: str, metric: str, complain: Callable[[Problem], None]) -> None:
        self.path, self._metric, self._complain = path, metric, complain
        self._raw = _opened(path)

    @property
    def size(self) -> int:
        """Bytes in the file; 0 where nobody knows, as for standard input."""
        file = Path(self.path)
        return file.stat().st_size if self.path != STDIN and file.is_file() else 0

    @property
    def position(self) -> int:
        """Bytes of the file that were read."""
        return self._raw.tell() if self._raw.seekable() else 0

    def signals(self) -> Iterator[Signal]:
        """Its signals, line by line; those of one line in the order of their moments.

        What a line holds became known at one moment, so the order in which it lists them says nothing of when they
        came: a request lists metric by metric, and each would be late for the one before.
        """
        first, lines = self._begun()
        if first.lstrip().startswith(b"{"):
            yield from self._of_requests(lines)
        elif first.strip():
            yield from self._of_values(lines)

    def close(self) -> None:
        """Read no more."""
        self._raw.close()

    def _begun(self) -> tuple[bytes, Iterator[bytes]]:
        """The first line that is not empty, and all lines."""
        lines, seen = self._lines(), list[bytes]()
        for line in lines:
            seen.append(line.removeprefix(_BOM))
            if seen[-1].strip():
                break
        return seen[-1] if seen else b"", chain(seen, lines)

    def _lines(self) -> Iterator[bytes]:
        magic, number = self._raw.peek(4), 0
        if magic.startswith(_ZSTD):
            self._wrong(1, "a file packed by zstd", "gzip, or `zstd -dc FILE | otel-alerting replay --signals -`")
            return
        try:
            for line in gzip.GzipFile(fileobj=self._raw) if magic.startswith(_GZIP) else self._raw:
                number += 1
                yield line
        except _DAMAGED as error:
            self._wrong(number + 1, f"a damaged file ({error})", "a whole one; what came before counts")

    def _of_requests(self, lines: Iterator[bytes]) -> Iterator[Signal]:
        for number, line in enumerate(lines, 1):
            if line.isspace():
                continue
            try:
                request = otlp.decode(line)
            except otlp.Unreadable as error:
                self._wrong(number, str(error), _A_REQUEST)
                continue
            for signal in sorted(otlp.signals_in(request), key=_moment):
                if signal.at > 0:
                    yield signal
                else:
                    self._wrong(number, f"a {type(signal).__name__.lower()} without a time", "timeUnixNano")

    def _of_values(self, lines: Iterator[bytes]) -> Iterator[Signal]:
        if not self._metric:
            self._wrong(1, "no OTLP/JSON", f"{_A_REQUEST}; or CSV, with --metric NAME to say what its values are")
            return iter(())
        return points_of(lines, self._metric, self._wrong)

    def _wrong(self, line: int, found: str, right: str) -> None:
        self._complain(Problem(f"{self.path}:{line}", "", found, right))


def _moment(signal: Signal) -> int:
    return signal.at


def _opened(path: str) -> io.BufferedReader:
    if path == STDIN:
        return cast("io.BufferedReader", sys.stdin.buffer)
    try:
        return Path(path).open("rb")
    except OSError as error:
        found = f"no file to read ({error.strerror or type(error).__name__})"
        raise ConfigurationError([Problem(path, "", found, "a file of OTLP/JSON lines or CSV")]) from None
