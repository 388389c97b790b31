"""A background is a pipeline on one thread of your program: it starts at the first signal and drains at the end.

The program matters more than its alerts. Starting costs the caller one thread start and nothing else: configuration is
read, and everything heavy imported, on the new thread. In a forked child everything begins anew.
"""

from __future__ import annotations

import functools
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from otel_alerting import inbox as inboxes
from otel_alerting.context import quiet
from otel_alerting.inbox import Entry, Inbox
from otel_alerting.pipeline import Pipeline
from otel_alerting.ports import Clock
from otel_alerting.telemetry import complain

T = TypeVar("T")

_NAP = 0.05
"""Seconds between two looks into a busy inbox: long enough that a busy program never pays for waking us."""
_SLICE = 100
"""Entries between two offers of the interpreter lock: one to two milliseconds of work."""
_CHORES = 1.0
"""Seconds between two looks after what the ways in keep in order (a handler that `dictConfig` took away)."""
_WATCH = 5.0
"""Seconds between two looks whether the configuration has changed: a few `stat` calls."""
_REST = 1.0
"""Seconds of rest after a turn that failed: a fault that comes back must not take a processor for itself."""
_GRACE = 500_000_000
"""Nanoseconds beyond the budget for the thread to say what is left."""
SHUTDOWN = 3.0
"""Seconds that the end of the program may be held up."""
_PATIENCE = 5.0
"""Seconds that somebody who asks a question waits for the thread to answer it."""


class SystemClock:
    """The machine's clocks."""

    def now(self) -> int:
        """Nanoseconds since the epoch."""
        return time.time_ns()

    def monotonic(self) -> int:
        """Nanoseconds that only ever grow."""
        return time.monotonic_ns()


class Background:
    """One inbox, one pipeline, one thread."""

    def __init__(self, inbox: Inbox, make: Callable[[], Pipeline | None], *, clock: Clock | None = None) -> None:
        self.inbox = inbox
        self.pipeline: Pipeline | None = None
        """None until the thread has built it."""
        self.shutdown = SHUTDOWN
        self.watch: Callable[[Pipeline, int], object] | None = None
        """Looks whether the files of the configuration have changed; None without any."""
        self._chores_at = self._watch_at = 0
        self._chores = False
        self._make = make
        self._clock = clock or SystemClock()
        self._pid = os.getpid()
        self._alone = False
        self._stopped_at = 0
        self._stopping = threading.Event()
        self._errands: deque[Callable[[Pipeline], None]] = deque()
        self._thread = threading.Thread(target=self._run, name="otel-alerting", daemon=True)

    def start(self) -> None:
        """Start the thread. Where none can be had, as at the end of a program on Python 3.12, `stop` does the work."""
        try:
            self._thread.start()
        except RuntimeError as error:
            self._alone = True
            if "shutdown" not in str(error):  # the end is not near
                complain(f"no thread: what is to be told is told at the program's end: {error}")

    @property
    def is_here(self) -> bool:
        """Does it belong to this process? Its thread is not in a child that was forked without Python's hooks."""
        return self._pid == os.getpid()

    def flush(self, timeout: float) -> bool:
        """Tell everything that came in before this call, within `timeout` seconds; True when nothing is left."""
        if self._alone:
            return not len(self.inbox)
        deadline = self._clock.monotonic() + int(timeout * 1e9)
        told = self._send(lambda pipeline: pipeline.flush(self._clock.now(), deadline))
        return told.done.wait(timeout + 0.5) and bool(told.answer)

    def ask(self, question: Callable[[Pipeline], T]) -> T | None:
        """What the pipeline answers between two of its steps, when its books balance.

        None before there is a pipeline, and while it is too busy to answer for five seconds.
        """
        if self.pipeline is None:
            return None
        if not self._thread.is_alive() or threading.current_thread() is self._thread:
            return question(self.pipeline)
        asked = self._send(question)
        asked.done.wait(_PATIENCE)
        return asked.answer

    def _send(self, work: Callable[[Pipeline], T]) -> _Errand[T]:
        """Have the thread do something, after all that came in before this call."""
        errand = _Errand(work)
        self._errands.append(errand.run)
        self.inbox.ring()
        return errand

    def stop(self) -> None:
        """Drain within the configured budget and end the thread. Once only."""
        self._stopped_at = self._clock.monotonic()
        self._stopping.set()
        self.inbox.ring()
        if self._alone:
            self._run()
        else:
            # Looked at again and again: the end may come before the configuration, with its budget, has been read.
            while self._thread.is_alive() and (left := self._deadline - self._clock.monotonic()) > -_GRACE:
                self._thread.join(min((left + _GRACE) / 1e9, 0.1))
        self.inbox.closed = True
        if self._thread.is_alive():
            self._guarded(self._say_what_is_left)

    @property
    def _deadline(self) -> int:
        return self._stopped_at + int(self.shutdown * 1e9)

    def _run(self) -> None:
        with inboxes.unforkable, quiet():
            self.pipeline = self._built()
        if self.pipeline is None:
            self.inbox.closed = True
            return
        with quiet():
            while not self._stopping.is_set():
                if not self._guarded(functools.partial(self._turn, self.pipeline)):
                    self._stopping.wait(_REST)
            self._guarded(functools.partial(self._end, self.pipeline))

    def _built(self) -> Pipeline | None:
        try:
            return self._make()
        except BaseException as error:  # noqa: BLE001 - nobody is there to catch it
            complain(f"cannot start, alerts of this process are lost: {_why(error)}")
            return None

    def _turn(self, pipeline: Pipeline) -> None:
        busy = self._drain(pipeline)
        self._guarded(lambda: pipeline.tick(self._clock.now()))
        self._do_chores()
        self._run_errands(pipeline)
        if busy:
            self._stopping.wait(_NAP)
        else:
            self.inbox.wait(self._until_next(pipeline))

    def _run_errands(self, pipeline: Pipeline) -> None:
        while self._errands:
            run = self._errands.popleft()
            self._drain(pipeline)
            self._guarded(functools.partial(run, pipeline))

    def _drain(self, pipeline: Pipeline) -> bool:
        """Take in all that is there, and not what comes in meanwhile, which may be endless; True when there was any."""
        pipeline.lose(self.inbox.lost())
        there = len(self.inbox)
        for taken in range(0, there, _SLICE):
            if self._is_late():
                break
            with inboxes.unforkable:
                for entry in self.inbox.take(min(_SLICE, there - taken)):
                    self._take(pipeline, entry)
            time.sleep(0)
        return there > 0

    def _is_late(self) -> bool:
        """Is half the time gone in which the thread is to end? The rest is for telling what was read."""
        return self._stopping.is_set() and self._clock.monotonic() > self._deadline - int(self.shutdown * 5e8)

    def _take(self, pipeline: Pipeline, entry: Entry) -> None:
        make, arguments = entry
        try:
            item = make(*arguments)
            if item is not None:
                pipeline.take(item, self._clock.now())
        except BaseException as error:  # noqa: BLE001 - one odd value must not stop the others, whatever it raises
            pipeline.lose({"unreadable": 1})
            complain(f"cannot read a signal: {_why(error)}", about=type(error).__name__)

    def _guarded(self, work: Callable[[], object]) -> bool:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - the thread goes on, the fault is told
            complain(f"fault in the pipeline: {_why(error)}", about=type(error).__name__)
            return False
        return True

    def _until_next(self, pipeline: Pipeline) -> float | None:
        at = pipeline.next_at()
        longest = _CHORES if self._chores else _WATCH if self.watch else 3600.0
        if at is None:
            return longest
        return min(max((at - self._clock.now()) / 1e9, 0.001), longest)

    def _do_chores(self) -> None:
        now = self._clock.monotonic()
        if now >= self._chores_at:
            self._chores_at = now + int(_CHORES * 1e9)
            self._chores = inboxes.do_chores()
        if self.watch is not None and self.pipeline is not None and now >= self._watch_at:
            self._watch_at = now + int(_WATCH * 1e9)
            with inboxes.unforkable:
                self._guarded(functools.partial(self.watch, self.pipeline, self._clock.now()))

    def _end(self, pipeline: Pipeline) -> None:
        self._drain(pipeline)
        self._guarded(lambda: pipeline.finish(self._clock.now(), self._deadline))
        self._drain(pipeline)
        self._guarded(pipeline.close)
        self._run_errands(pipeline)
        if len(self.inbox):
            complain(f"the program ended before {len(self.inbox)} of its last records could be read")

    def _say_what_is_left(self) -> None:
        """The thread still waits for an answer and will not get to say it."""
        changes = self.pipeline.waiting() if self.pipeline is not None else 0
        left = changes + len(self.inbox)
        if left:
            complain(f"the program ended before {left} alert{'s' if left > 1 else ''} could be told")


class _Errand(Generic[T]):
    """Something that somebody waits for the thread to do."""

    def __init__(self, work: Callable[[Pipeline], T]) -> None:
        self.done = threading.Event()
        self.answer: T | None = None
        self._work = work

    def run(self, pipeline: Pipeline) -> None:
        try:
            self.answer = self._work(pipeline)
        finally:
            self.done.set()


def _why(error: BaseException) -> str:
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:  # noqa: BLE001 - somebody else's __str__
        return type(error).__name__
