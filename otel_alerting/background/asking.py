"""Asking is how a program's own threads have the pipeline do something and hear what came of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from otel_alerting.background.register import of
from otel_alerting.errors import AlertingError
from otel_alerting.inbox import Inbox
from otel_alerting.pipeline import Pipeline

T = TypeVar("T")
_PATIENCE = 5.0
"""Seconds to wait for a pipeline that is only now being built."""


def asked(inbox: Inbox, question: Callable[[Pipeline, int], T]) -> T:
    """Have the pipeline answer, after all that was put into the inbox before; starts it if it has not begun.

    Args:
        inbox: whose pipeline.
        question: gets the pipeline and the time now, on the pipeline's thread.

    Raises:
        AlertingError: nobody answers: alerting is switched off, or the pipeline is too busy.
        ValueError, LookupError: what the question itself raises.
    """
    ready = threading.Event()
    inbox.defer(ready.set)
    ready.wait(_PATIENCE)
    reader = of(inbox)
    outcome = None if reader is None else reader.ask(lambda pipeline: _outcome(question, pipeline))
    if outcome is None:
        raise AlertingError("nobody answers: alerting is switched off, or too busy")
    value, error = outcome
    if error is not None:
        raise error
    return value[0]


def _outcome(question: Callable[[Pipeline, int], T], pipeline: Pipeline) -> tuple[tuple[T, ...], Exception | None]:
    try:
        return (question(pipeline, pipeline.clock.now()),), None
    except (ValueError, LookupError) as error:
        return (), error
