"""The inbox is the only door between other people's threads and ours.

Putting something in is an append to a deque: no lock that is ever held during I/O, no exception, no system call but
getpid. What does not fit is counted by reason and tenant, and told with the next message. Nothing is read, formatted
or looked up on the caller's thread that can wait: an entry is a function and its arguments, called on our thread.

Two hooks join the ways in with the reader above them: `flush` waits until what was taken has been told, and a `chore`
is something the reader looks after about once a second while it runs.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import threading
import weakref
from collections import deque
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeAlias

from otel_alerting import telemetry
from otel_alerting.telemetry import complain

if TYPE_CHECKING:  # msgspec costs more to load than all of this file's own work
    from otel_alerting.model import Alert, Signal

Item: TypeAlias = "Signal | Alert"
Entry: TypeAlias = "tuple[Callable[..., Item | None], tuple[object, ...]]"
Settings: TypeAlias = tuple[tuple[str, str], ...]

_PATIENCE = 3.0
"""Seconds that the program's end, or a fork, waits for us."""
CAPACITY = 20_000
"""Entries; about 30 MB when all of them are log records."""


def _itself(item: Item) -> Item:
    return item


class _Tally:
    """A number that any thread may raise without a lock: `next` on a count is atomic, `+= 1` is not."""

    def __init__(self) -> None:
        self._count = itertools.count()
        self._taken = 0

    def add(self) -> None:
        next(self._count)

    def take(self) -> int:
        """What was added since the last call. For one reader."""
        now = int(str(self._count)[6:-1])  # "count(7)": looking without counting
        new, self._taken = now - self._taken, now
        return new


class Inbox:
    """A bounded queue with one reader and any number of writers.

    `start` is called once by the first writer, to get a reader going; in a forked child once more.
    """

    def __init__(self, *, capacity: int = CAPACITY, settings: Settings = ()) -> None:
        self.capacity = capacity
        self.settings = settings
        """Keyword arguments of the handler or exporter that this inbox was made for."""
        self.start: Callable[[Inbox], None] | None = None
        self.closed = False
        """After the program's end nothing is taken any more; it is counted."""
        self._begun: dict[int, object] = {}
        self._reset()
        _all.add(self)

    def _reset(self) -> None:
        self._entries: deque[Entry] = deque()
        self._lost = {reason: _Tally() for reason in ("inbox_full", "shutdown", "unreadable")}
        self._bell = threading.Lock()  # held: silent. A semaphore is written in Python and rings 15 times slower
        self._bell.acquire()
        self._asleep = False
        self._pid = 0

    def observe(self, signal: Signal) -> None:
        """Take a signal: this is the `Sink` that the ways in use."""
        self.defer(_itself, signal)

    def accept(self, alert: Alert) -> None:
        """Take an alert that somebody made directly."""
        self.defer(_itself, alert)

    def defer(self, make: Callable[..., Item | None], *args: object) -> None:
        """Take something that is yet to be made, by `make(*args)` on the reader's thread."""
        if self._pid != os.getpid():
            self._begin()
        if self.closed:
            self._lost["shutdown"].add()
            return
        if len(self._entries) >= self.capacity:
            self._lost["inbox_full"].add()
            return
        self._entries.append((make, args))
        if self._asleep:
            self._asleep = False
            self.ring()

    def miss(self) -> None:
        """Something came and could not be taken: it is counted."""
        self._lost["unreadable"].add()

    def take(self, limit: int = 5_000) -> list[Entry]:
        """Up to `limit` entries, oldest first. The reader's verb."""
        entries = self._entries
        return [entries.popleft() for _ in range(min(limit, len(entries)))]

    def lost(self) -> Mapping[str, int]:
        """What did not fit since the last call, by reason. The reader's verb."""
        taken = {reason: tally.take() for reason, tally in self._lost.items()}
        return {reason: number for reason, number in taken.items() if number}

    def __len__(self) -> int:
        return len(self._entries)

    def wait(self, seconds: float | None) -> None:
        """Sleep until something comes in, somebody rings or the time is over. The reader's verb."""
        self._asleep = True
        if self._entries:  # came in between the last take and the line above
            self._asleep = False
            return
        self._bell.acquire(timeout=-1 if seconds is None else min(max(0.0, seconds), threading.TIMEOUT_MAX))
        self._asleep = False

    def ring(self) -> None:
        """Wake the reader: there is something to do elsewhere."""
        try:
            self._bell.release()
        except RuntimeError:  # it rings already
            return

    def _begin(self) -> None:
        """First entry in this process: what a forked parent left in the queue is the parent's to tell."""
        mine = object()
        if self._begun.setdefault(os.getpid(), mine) is not mine:  # another thread is at it
            return
        if self._pid:  # a fork that ran no hook: uWSGI
            _after_fork()
            if self._begun.setdefault(os.getpid(), mine) is not mine:
                return
        self._pid = os.getpid()
        if self.start is not None:
            try:
                with _starting:
                    self.start(self)
            except Exception as error:  # noqa: BLE001 - a program never fails for its alerts
                complain(f"cannot start: {type(error).__name__}: {error}")

    def _forked(self) -> None:
        """In the child, while it has one thread: nothing of the parent's, and the next entry starts a reader."""
        self._reset()
        self._begun.clear()
        self.closed = False


_all: weakref.WeakSet[Inbox] = weakref.WeakSet()
_shared: dict[Settings, Inbox] = {}
_shared_lock = threading.Lock()
_starter: Callable[[Inbox], None] | None = None
_flusher: Callable[[float], bool] | None = None
_stopper: Callable[[], None] | None = None
_feeders: weakref.WeakSet[object] = weakref.WeakSet()
_ending = False
_chores: list[Callable[[], None]] = []
_anew: list[Callable[[], None]] = []
_starting = threading.RLock()
unforkable = threading.RLock()
"""Held by our threads while they may hold locks that are not ours: those of modules being imported, of Babel's data, of
OpenSSL. A child forked in the middle would wait for them for ever. So a fork waits: milliseconds, and once in a
process, while everything is loaded, for a second or less. It is never held while something waits for the network."""


def shared(**settings: object) -> Inbox:
    """This process's inbox for these settings (keyword arguments of a handler or exporter): the same for the same ones.

    Without any, it is the one that environment variables and `OTEL_ALERTING_CONFIG` describe.
    """
    key = tuple(sorted((name, str(value)) for name, value in settings.items() if value not in (None, "")))
    with _shared_lock:
        if key not in _shared:
            _shared[key] = Inbox(settings=key)
            _shared[key].start = _starter
        return _shared[key]


def reader_starts_with(start: Callable[[Inbox], None]) -> None:
    """Say how a reader gets going for a shared inbox. Called once, by the package itself."""
    global _starter  # noqa: PLW0603 - the one process-wide thing, see docs/decisions
    _starter = start


def readers_end_with(flush: Callable[[float], bool], stop: Callable[[], None]) -> None:
    """Say how to wait until everything taken so far was told, and how to end. Called when the first one starts."""
    global _flusher, _stopper
    _flusher, _stopper = flush, stop


def flush(seconds: float) -> bool:
    """Wait, at most this long, until everything taken so far was told; was it? At once while no reader ever ran."""
    if _flusher is None:
        return not any(len(inbox) for inbox in list(_shared.values()))
    try:
        return _flusher(seconds)
    except Exception as error:  # noqa: BLE001 - a program never fails for its alerts
        complain(f"cannot flush: {type(error).__name__}: {error}")
        return False


def is_fed_by(feeder: object) -> None:
    """An exporter hands things over until it is shut down, which may be after the program's own end."""
    _feeders.add(feeder)


def is_fed_no_more_by(feeder: object) -> None:
    """It is shut down. The last one ends the readers, if the program's end has been."""
    _feeders.discard(feeder)
    if _ending and not _feeders and _stopper is not None:
        _stopper()


def end() -> None:
    """The program's end: tell everything, and end the readers.

    Exit hooks run last in, first out: the providers of a program that made them before it imported us hand over their
    last batches after this. Then the readers go on until these are shut down too.
    """
    global _ending  # noqa: PLW0603 - the same
    _ending = True
    if _feeders:
        flush(_PATIENCE)
    elif _stopper is not None:
        _stopper()


def stop() -> None:
    """End the readers now, within their budget: no exit hook will run. What they cannot tell any more, they say."""
    if _stopper is not None:
        _stopper()


def look_after(chore: Callable[[], None]) -> None:
    """Have the reader call this about once a second while it runs: quick, and nothing that waits."""
    if chore not in _chores:
        _chores.append(chore)


def leave(chore: Callable[[], None]) -> None:
    """Have it called no more."""
    if chore in _chores:
        _chores.remove(chore)


def do_chores() -> bool:
    """Call every chore once; are there any? The reader's verb; does not raise."""
    for chore in tuple(_chores):
        _do(chore)
    return bool(_chores)


def _do(chore: Callable[[], None]) -> None:
    try:
        chore()
    except Exception as error:  # noqa: BLE001 - a chore that fails must not end the reader
        complain(f"{getattr(chore, '__qualname__', 'a chore')}: {type(error).__name__}: {error}")


def in_children(begin_anew: Callable[[], None]) -> None:
    """Have this called in every forked child, before anything of ours is used there: quick, and nothing that waits.

    The fork itself calls it, or, where it runs no hooks of Python (uWSGI forks in C), the child's first entry.
    """
    _anew.append(begin_anew)


def forget_locks() -> None:
    """In a forked child: a lock that a thread of the parent held is held for ever."""
    global _shared_lock, _starting, unforkable
    _shared_lock, _starting, unforkable = threading.Lock(), threading.RLock(), threading.RLock()


def _before_fork() -> None:
    for lock in (_starting, unforkable):
        lock.acquire(timeout=_PATIENCE)


def _after_fork_in_parent() -> None:
    for lock in (unforkable, _starting):
        with contextlib.suppress(RuntimeError):  # the patience was over
            lock.release()


def _after_fork() -> None:
    telemetry.forget_lock()
    forget_locks()
    for inbox in list(_all):
        inbox._forked()
    for begin_anew in tuple(_anew):
        _do(begin_anew)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork)
