"""A stack is an exception in lines: its head, where it came from, innermost first, and what it was raised from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby, islice

from otel_alerting.handlers.failures import read_frames
from otel_alerting.model.signal import Failure, Frame

_INSTALLED = re.compile(r"(?<=/)(?:site-packages|dist-packages|lib/python3\.\d+)/")
_FOLDERS = 2
"""Of a file of the program's own, these many are shown."""
_FRAMES = 8
_RUN = 3
"""Lines of one library in a row that are shown as they are."""
_CAUSES = 4


def headed(failure: Failure) -> str:
    """The exception as Python's last line says it: `KeyError: 'k'`."""
    return f"{failure.bare_type}: {failure.message}" if failure.message else failure.bare_type


def location(failure: Failure) -> str:
    """Its innermost line: `shop/payments.py:41 charge`; empty when not known."""
    frames = failure.frames or read_frames(failure.stacktrace)
    return _place(frames[-1]) if frames else ""


def stack(failure: Failure) -> Iterator[str]:
    """The exception's head and its innermost frames, then what it was raised from."""
    current: Failure | None = failure
    for _ in range(_CAUSES):
        if current is None:
            return
        if current.stacktrace:
            yield current.stacktrace.strip()
            return
        yield headed(current)
        yield from islice((f"  {line}" for line in _lines(current.frames)), _FRAMES)
        current = current.cause
        if current is not None:
            yield "↳"


def _lines(frames: Sequence[Frame]) -> Iterator[str]:
    """Innermost first. Of a library that calls itself, its first and last line are told, and how many lie between."""
    for package, run in groupby(reversed(frames), key=_package):
        lines = [_place(frame) for frame in run]
        if package and len(lines) > _RUN:
            lines[1:-1] = [f"… {len(lines) - 2} in {package}"]
        yield from lines


def _package(frame: Frame) -> str:
    """The installed package that a line belongs to; empty for the program's own."""
    found = _INSTALLED.split(frame.file.replace("\\", "/"))
    return found[-1].split("/")[0] if len(found) > 1 else ""


def _place(frame: Frame) -> str:
    """A line of a traceback, with as much of its path as tells one file from another: `flask/app.py:902 wsgi_app`."""
    file = frame.file.replace("\\", "/")
    installed = _INSTALLED.split(file)
    if len(installed) > 1:
        file = installed[-1]
    elif file.count("/") > _FOLDERS + 1:
        file = "…/" + "/".join(file.split("/")[-_FOLDERS - 1 :])
    return f"{file}:{frame.line} {frame.function}"
