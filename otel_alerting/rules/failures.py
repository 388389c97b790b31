"""What rules ask of a failure: whose fault it looks like, and what it says without its secrets."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from otel_alerting.handlers.failures import read_frames
from otel_alerting.model import Failure, Frame

_FOREIGN = ("/site-packages/", "/dist-packages/", "/lib/python", "/lib64/python", "/Lib/", "<frozen ", "<string>")
_DEEPEST = 20
"""Causes to follow; a chain of exceptions may have no end."""


def culprit(failure: Failure) -> str:
    """Where it happened, as `shop/cart.py:pay`: the same on every host, and after lines moved.

    The innermost frame of the program's own code in the exception itself, else in one of its causes, else the innermost
    frame of all; empty when no frame is known.
    """
    innermost = ""
    cause: Failure | None = failure
    for _ in range(_DEEPEST):
        if cause is None:
            break
        frames = cause.frames or read_frames(cause.stacktrace)
        own = next((frame for frame in reversed(frames) if is_own(frame)), None)
        if own is not None:
            return _place(own)
        innermost = innermost or (_place(frames[-1]) if frames else "")
        cause = cause.cause
    return innermost


def is_own(frame: Frame) -> bool:
    """Is it the program's own code, neither an installed package nor the standard library?"""
    file = frame.file.replace("\\", "/")
    return not any(part in file for part in _FOREIGN)


def redacted(failure: Failure | None, redact: Callable[[str], str]) -> Failure | None:
    """The same failure and its causes, with their texts redacted."""
    if failure is None:
        return None
    return msgspec.structs.replace(
        failure,
        message=redact(failure.message),
        stacktrace=redact(failure.stacktrace),
        cause=redacted(failure.cause, redact),
    )


def _place(frame: Frame) -> str:
    """The last two parts of the path and the function: deployments differ in what stands before."""
    path = "/".join(frame.file.replace("\\", "/").rsplit("/", 2)[-2:])
    return f"{path}:{frame.function}" if frame.function else path
