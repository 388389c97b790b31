"""Endings that would pass in silence: a SIGTERM without exit hooks, and an exception that nobody catches.

Both are asked for: by `opentelemetry-instrument` for the programs that it runs, else by a line of yours.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from types import FrameType, TracebackType

from otel_alerting import inbox

UNCAUGHT = "uncaught"
"""The name of the logger of exceptions that nobody logged."""
_SECONDS = 3.0
"""How long a program that goes on after SIGTERM may be held up."""


def flush_on_sigterm() -> None:
    """Drain before SIGTERM ends the process, then let the earlier handler (or the default) have it.

    For programs that a plain SIGTERM would end without any exit hook. Call it on the main thread. With a handler of
    the program's own, which may let it go on for a while, what there is is told before, and the rest at its end.
    """
    before = signal.getsignal(signal.SIGTERM)

    def handle(number: int, frame: FrameType | None) -> None:
        if callable(before):
            inbox.flush(_SECONDS)
            before(number, frame)
        elif before is not signal.SIG_IGN:
            inbox.stop()
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)

    signal.signal(signal.SIGTERM, handle)


def would_end_unheard() -> bool:
    """Would SIGTERM end this process by its default action, and may this thread change that?"""
    is_main = threading.current_thread() is threading.main_thread()
    return is_main and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


class UncaughtWatch:
    """Shows a handler of `logging` the exceptions that end a program or a thread; everybody else sees them as before.

    Python prints these and logs nothing, so that no handler hears of a script that died.
    """

    def __init__(self, handler: logging.Handler) -> None:
        self._handler = handler
        self._program, self._threads = sys.excepthook, threading.excepthook
        self._on = True
        sys.excepthook, threading.excepthook = self._program_ends, self._thread_ends

    def leave(self) -> None:
        """Watch no more; hooks that somebody has put before ours since stay, and go through it."""
        self._on = False
        if sys.excepthook == self._program_ends:
            sys.excepthook = self._program
        if threading.excepthook == self._thread_ends:
            threading.excepthook = self._threads

    def _program_ends(self, kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
        if issubclass(kind, Exception):  # Ctrl-C and the like are somebody's wish
            self._tell(logging.CRITICAL, "the program", error, traceback)
        self._program(kind, error, traceback)

    def _thread_ends(self, args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None and issubclass(args.exc_type, Exception):
            name = f"thread {args.thread.name}" if args.thread else "a thread"
            self._tell(logging.ERROR, name, args.exc_value, args.exc_traceback)
        self._threads(args)

    def _tell(self, level: int, what: str, error: BaseException, traceback: TracebackType | None) -> None:
        if not self._on:
            return
        where = traceback
        while where is not None and where.tb_next is not None:
            where = where.tb_next
        file, line = (where.tb_frame.f_code.co_filename, where.tb_lineno) if where else ("", 0)
        exc_info = (type(error), error, traceback)
        record = logging.LogRecord(UNCAUGHT, level, file, line, "an exception ended %s", (what,), exc_info)
        self._handler.handle(record)  # ours do not raise
