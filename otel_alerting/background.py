"""A background is a pipeline on one thread of your program: it starts at the first signal and drains at the end.

The program matters more than its alerts. Starting costs the caller one thread start and nothing else: configuration is
read, and everything heavy imported, on the new thread. In a forked child everything begins anew.
"""

from __future__ import annotations

import functools
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from types import FrameType

from otel_alerting import inbox as inboxes
from otel_alerting.context import quiet
from otel_alerting.inbox import Entry, Inbox
from otel_alerting.pipeline import Account, Pipeline
from otel_alerting.ports import Clock
from otel_alerting.telemetry import Counters, complain

_NAP = 0.05
"""Seconds between two looks into a busy inbox: long enough that a busy program never pays for waking us."""
_SLICE = 100
"""Entries between two offers of the interpreter lock: one to two milliseconds of work."""
_CHORES = 1.0
"""Seconds between two looks after what the ways in keep in order (a handler that `dictConfig` took away)."""
_REST = 1.0
"""Seconds of rest after a turn that failed: a fault that comes back must not take a processor for itself."""
_GRACE = 500_000_000
"""Nanoseconds beyond the budget for the thread to say what is left."""
_SHUTDOWN = 3.0
"""Seconds that the end of the program may be held up."""


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
        self.shutdown = _SHUTDOWN
        self._chores_at = 0
        self._chores = False
        self._make = make
        self._clock = clock or SystemClock()
        self._pid = os.getpid()
        self._alone = False
        self._stopped_at = 0
        self._stopping = threading.Event()
        self._flushes: deque[_Flush] = deque()
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
        request = _Flush(self._clock.monotonic() + int(timeout * 1e9))
        self._flushes.append(request)
        self.inbox.ring()
        return request.done.wait(timeout + 0.5) and request.complete

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
        with inboxes.building, quiet():
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
        while self._flushes:
            request = self._flushes.popleft()
            self._drain(pipeline)
            self._guarded(functools.partial(request.finish, pipeline, self._clock.now()))
            request.done.set()
        if busy:
            self._stopping.wait(_NAP)
        else:
            self.inbox.wait(self._until_next(pipeline))

    def _drain(self, pipeline: Pipeline) -> bool:
        """Take in all that is there, and not what comes in meanwhile, which may be endless; True when there was any."""
        pipeline.lose(self.inbox.lost())
        there = len(self.inbox)
        for taken in range(0, there, _SLICE):
            if self._is_late():
                break
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
        longest = _CHORES if self._chores else 3600.0
        if at is None:
            return longest
        return min(max((at - self._clock.now()) / 1e9, 0.001), longest)

    def _do_chores(self) -> None:
        now = self._clock.monotonic()
        if now >= self._chores_at:
            self._chores_at = now + int(_CHORES * 1e9)
            self._chores = inboxes.do_chores()

    def _end(self, pipeline: Pipeline) -> None:
        self._drain(pipeline)
        self._guarded(lambda: pipeline.finish(self._clock.now(), self._deadline))
        self._drain(pipeline)
        self._guarded(pipeline.close)
        if len(self.inbox):
            complain(f"the program ended before {len(self.inbox)} of its last records could be read")

    def _say_what_is_left(self) -> None:
        """The thread still waits for an answer and will not get to say it."""
        changes = self.pipeline.waiting() if self.pipeline is not None else 0
        left = changes + len(self.inbox)
        if left:
            complain(f"the program ended before {left} alert{'s' if left > 1 else ''} could be told")


class _Flush:
    """Somebody waits for everything to be told."""

    def __init__(self, deadline: int) -> None:
        self.deadline = deadline
        self.done = threading.Event()
        self.complete = False

    def finish(self, pipeline: Pipeline, now: int) -> None:
        self.complete = pipeline.flush(now, self.deadline)


_running: dict[int, Background] = {}
_lock = threading.RLock()
"""Reentrant, because a signal handler may come between while its own thread holds it."""


def start(inbox: Inbox) -> None:
    """Get a background going for a shared inbox. Called by the inbox itself, at its first entry in a process."""
    background = Background(inbox, lambda: _make(background))
    inboxes.readers_end_with(flush, stop_all)
    with _lock:
        _running[id(inbox)] = background
    _drain_in_children()
    background.start()


def flush(timeout: float = 3.0) -> bool:
    """Tell everything that this process has to tell, within `timeout` seconds; True when nothing is left.

    Call it where a process ends without the interpreter's usual exit: at the end of a Celery child, in a lambda's
    handler, before `os._exit`.
    """
    deadline = time.monotonic() + timeout
    # A list, because every one of them is to be flushed, also behind one that could not.
    return all([background.flush(max(0.0, deadline - time.monotonic())) for background in _all_here()])  # noqa: C419


def account() -> Mapping[str, Account]:
    """By tenant, over all inboxes of this process: what there was to tell, and what became of it."""
    books: dict[str, dict[str, int]] = {}
    with _lock:
        pipelines = [background.pipeline for background in _running.values() if background.pipeline]
    for pipeline in pipelines:
        for tenant, lines in pipeline.account().items():
            book = books.setdefault(tenant, {})
            for line, number in lines.items():
                book[line] = book.get(line, 0) + number
    return books


def seen() -> Mapping[str, int]:
    """By kind (`log`, `span`, `point`), over all inboxes of this process: the signals that rules have looked at."""
    kinds: dict[str, int] = {}
    with _lock:
        pipelines = [background.pipeline for background in _running.values() if background.pipeline]
    for pipeline in pipelines:
        for kind, number in pipeline.counters.by("signals", "kind").items():
            kinds[kind] = kinds.get(kind, 0) + number
    return kinds


def of(inbox: Inbox) -> Background | None:
    """The background that reads an inbox; None before its first entry."""
    with _lock:
        return _running.get(id(inbox))


def stop_all() -> None:
    """Drain and end every background: the interpreter's exit calls it, after OpenTelemetry's own flush."""
    with _lock:
        all_of_them = _all_here()
        _running.clear()
    for background in all_of_them:
        background.stop()


def _all_here() -> list[Background]:
    with _lock:
        return [background for background in _running.values() if background.is_here]


def flush_on_sigterm() -> None:
    """Drain before SIGTERM ends the process, then let the earlier handler (or the default) have it.

    For programs that a plain SIGTERM would end without any exit hook. Call it on the main thread. With a handler of
    the program's own, which may let it go on for a while, what there is is told before, and the rest at its end.
    """
    before = signal.getsignal(signal.SIGTERM)

    def handle(number: int, frame: FrameType | None) -> None:
        if callable(before):
            flush(_SHUTDOWN)
            before(number, frame)
        elif before is not signal.SIG_IGN:
            stop_all()
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)

    signal.signal(signal.SIGTERM, handle)


def _make(background: Background) -> Pipeline | None:
    """The pipeline of a shared inbox; None where its configuration switches everything off."""
    inbox = background.inbox
    from otel_alerting.config.build import build
    from otel_alerting.config.load import load
    from otel_alerting.config.schema import Config
    from otel_alerting.errors import ConfigurationError

    settings = dict(inbox.settings)
    try:
        config = load(settings.pop("config", None), overrides=settings)
    except ConfigurationError as error:
        for problem in error.problems:
            complain(f"configuration: {problem}")
        complain("the configuration cannot be used: alerts go to the console until it is mended")
        config = Config()
    if not config.enabled:
        return None
    background.shutdown = config.shutdown_timeout / 1e9
    return build(config, clock=SystemClock(), counters=Counters(), ring=inbox.ring)


def _drain_in_children() -> None:
    """A forked `multiprocessing` child ends without exit hooks, but runs the finalizers made in it.

    A child of Celery's pool runs not even these, but sends a signal before.
    """
    for name in ("multiprocessing", "billiard"):
        process = sys.modules.get(f"{name}.process")
        util = sys.modules.get(f"{name}.util")
        if process is None or util is None or process.current_process().name == "MainProcess":
            continue
        util.Finalize(None, stop_all, exitpriority=10)
    signals = sys.modules.get("celery.signals")
    if signals is not None:
        signals.worker_process_shutdown.connect(_flush_child, weak=False, dispatch_uid="otel-alerting")


def _flush_child(**said: object) -> None:
    flush(_SHUTDOWN)


def _why(error: BaseException) -> str:
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:  # noqa: BLE001 - somebody else's __str__
        return type(error).__name__


def _begin_anew() -> None:
    """The parent's threads are not here, and its locks may be held for ever."""
    global _lock  # noqa: PLW0603 - it is replaced where it can be held for ever
    _lock = threading.RLock()
    for name in [name for name, background in _running.items() if not background.is_here]:
        del _running[name]


inboxes.in_children(_begin_anew)
