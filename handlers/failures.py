"""A failure is an exception as plain data: taken from a live one, or read from what OpenTelemetry writes about it.

A live exception holds its traceback, that its frames, and those every local variable of the program: it must not wait
in a queue. `capture` takes on the caller's thread only what costs little (names and numbers, no source lines);
`failure_of` makes the rest later, on ours.
"""

from __future__ import annotations

import re
import sys
from collections import deque
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple

from otel_alerting.context import Bound, bound_where_raised
from otel_alerting.handlers.plain import text

if TYPE_CHECKING:  # loads msgspec, which the logging path does without until the first signal
    from otel_alerting.model import Failure, Frame

OF_FAILURES = ("exception.type", "exception.message", "exception.stacktrace")
"""The attributes in which OpenTelemetry writes an exception down."""
_FIRST, _LAST = 20, 30
"""Frames kept of each end of a long traceback; a recursion has a thousand that say the same."""
_CAUSES = 5
_FRAME = re.compile(
    r'^ *(?:[|+] )?File "(?P<file>[^"\n]*)", line (?P<line>\d+)(?:, in (?P<function>.+))?$', re.MULTILINE
)
_LAST_LINE = re.compile(r"^(?P<type>[A-Za-z_][\w.]*)(?:: (?P<message>.*))?\s*\Z", re.MULTILINE)
_CHAINED = (
    "\n\nThe above exception was the direct cause of the following exception:\n\n",
    "\n\nDuring handling of the above exception, another exception occurred:\n\n",
)


class Captured(NamedTuple):
    """What is taken of a live exception at once."""

    type: str
    message: str
    frames: tuple[tuple[str, int, str], ...]
    cause: Captured | None
    bound: Bound
    """Whose work it was raised in, where a `bind` block knew it that has ended since."""


def capture(error: BaseException, causes: int = _CAUSES, traceback: TracebackType | None = None) -> Captured:
    """Take type, text and frames of an exception and of what it was raised from; does not raise."""
    before = _cause(error) if causes > 0 else None
    return Captured(
        type=_name(type(error)),
        message=text(error),
        frames=_frames(traceback or error.__traceback__),
        cause=capture(before, causes - 1) if before is not None else None,
        bound=bound_where_raised(error),
    )


def captured(told: object) -> Captured | None:
    """What `exc_info` tells of: an exception, `sys.exc_info()`'s triple, or anything true for the current one."""
    if not told:
        return None
    if isinstance(told, BaseException):
        return capture(told)
    triple = told if isinstance(told, tuple) else sys.exc_info()
    error, traceback = (triple[1], triple[2]) if len(triple) == 3 else (None, None)
    return capture(error, traceback=traceback) if isinstance(error, BaseException) else None


def failure_of(captured: Captured) -> Failure:
    """The captured exception as a signal carries it."""
    from otel_alerting.model import Failure, Frame

    return Failure(
        type=captured.type,
        message=captured.message,
        frames=tuple(Frame(*frame) for frame in captured.frames),
        cause=failure_of(captured.cause) if captured.cause is not None else None,
    )


def failure_in(attributes: Mapping[str, object]) -> Failure | None:
    """The exception that OpenTelemetry's `exception.*` attributes tell of; None where they tell of none."""
    from otel_alerting.model import Failure

    kind, message = attributes.get("exception.type"), attributes.get("exception.message")
    if not kind and not message:
        return None
    stacktrace = text(attributes.get("exception.stacktrace") or "")
    frames = read_frames(stacktrace)
    return Failure(
        type=text(kind or "_OTHER"),
        message=text(message or ""),
        frames=frames,
        stacktrace="" if frames else stacktrace,
    )


def is_failure(name: str, attributes: Mapping[str, object]) -> bool:
    """Does an event of a span tell of an exception: `exception`, or `<operation>.exception` of newer conventions?"""
    return name.rpartition(".")[2] == "exception" and bool(
        attributes.get("exception.type") or attributes.get("exception.message")
    )


def failure_printed(stacktrace: str) -> Failure | None:
    """The exception of a traceback as Python prints it; None where the text is none."""
    from otel_alerting.model import Failure

    frames = read_frames(stacktrace)
    last = _LAST_LINE.search(stacktrace)
    if not frames or last is None:
        return None
    return Failure(type=last["type"], message=text(last["message"] or ""), frames=frames)


def read_frames(stacktrace: str) -> tuple[Frame, ...]:
    """The frames of the last traceback in what Python printed; none where it is not Python's."""
    from otel_alerting.model import Frame

    for chained in _CHAINED:
        stacktrace = stacktrace.rpartition(chained)[2]
    found = [Frame(m["file"], int(m["line"]), m["function"] or "") for m in _FRAME.finditer(stacktrace)]
    return tuple(found) if len(found) <= _FIRST + _LAST else (*found[:_FIRST], *found[-_LAST:])


def _name(kind: type) -> str:
    return (
        kind.__qualname__ if kind.__module__ in ("builtins", "__main__") else f"{kind.__module__}.{kind.__qualname__}"
    )


def _cause(error: BaseException) -> BaseException | None:
    """What Python would print above it; of a group, the first member, which says more than the group's own text."""
    if error.__cause__ is not None:
        return error.__cause__
    if error.__context__ is not None and not error.__suppress_context__:
        return error.__context__
    members = getattr(error, "exceptions", None)
    return members[0] if isinstance(members, tuple) and isinstance(members[0], BaseException) else None


def _frames(traceback: TracebackType | None) -> tuple[tuple[str, int, str], ...]:
    first: list[TracebackType] = []
    last: deque[TracebackType] = deque(maxlen=_LAST)
    while traceback is not None:
        if len(first) < _FIRST:
            first.append(traceback)
        else:
            last.append(traceback)
        traceback = traceback.tb_next
    return tuple(
        (step.tb_frame.f_code.co_filename, step.tb_lineno, step.tb_frame.f_code.co_name) for step in (*first, *last)
    )
