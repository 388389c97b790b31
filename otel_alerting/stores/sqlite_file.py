"""A file is one SQLite database as many threads and processes share it: opened late, written in groups, safe to fork.

Writing: whoever comes first writes for all who wait, in one transaction with one fsync; the others come in behind it,
find their work done, and go on. So there is one writer and no thread of ours, which could not be started, and would
not run, while the interpreter ends: that is when the last words of a program are written.

Forking: SQLite keeps its file locks in memory by inode, and a child inherits that memory but not the locks. A child
that opens the same file anew would believe that it holds them. So nothing is open while the program forks: files are
let go before, and opened again, by parent and child, when they are next used.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import random
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar

from otel_alerting.errors import StaleEpoch, StoreError
from otel_alerting.model.duration import Duration
from otel_alerting.stores.sqlite_connect import connect
from otel_alerting.stores.sqlite_trouble import is_busy, sentence

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]

_FORK_PATIENCE = 1.0
"""Seconds that a fork waits for a commit under way."""


class SqliteFile:
    """A database file with the tables of `sqlite_schema.sql`. Nothing is opened before it is first used."""

    _jobs: list[_Job[Any]]

    def __init__(self, path: Path, *, limit: int, patience: int) -> None:
        """`limit` is the file's largest size in bytes; `patience` is how long to wait for other processes, in ns."""
        self.path = path
        self._limit = limit
        self._patience = patience
        self._closed = False
        self._begin_anew()
        _FILES.add(self)

    def __repr__(self) -> str:
        return f"SqliteFile({str(self.path)!r})"

    def write(self, work: Work[T]) -> T:
        """Run `work` in a transaction, perhaps together with that of other threads; durable when it returns.

        It may run more than once, and must not commit.

        Raises:
            StoreError: nothing was written, or the disk failed in the middle and it may have been.
            StaleEpoch: from `work`, before it has changed anything.
        """
        self._check_process()
        job = _Job(work)
        with self._entry:
            self._jobs.append(job)
        with self._writing:
            if not job.done:
                self._write_for_all(job)
        return job.result()

    def read(self, work: Work[T]) -> T:
        """Run `work` on what is committed.

        Raises:
            StoreError: the file cannot be read.
        """
        self._check_process()
        with self._reading:
            try:
                return self._patiently(lambda: work(self._reader.get()))
            except (sqlite3.Error, OSError) as error:
                self._reader.drop()
                raise self._trouble(error) from error

    def close(self) -> None:
        """Let go of the file, for good."""
        with self._writing, self._reading:
            self._closed = True
            self._let_go()

    def _begin_anew(self) -> None:
        """What belongs to this process alone."""
        self._pid = os.getpid()
        self._entry, self._writing, self._reading = threading.Lock(), threading.Lock(), threading.Lock()
        self._quieted: list[threading.Lock] = []
        self._jobs = []
        self._writer, self._reader = (_Handle(self.path, self._limit) for _ in range(2))
        self._inherited = False

    def _check_process(self) -> None:
        if self._pid != os.getpid():  # forked by something that runs no hooks of Python's
            self.forked()
        if self._inherited:
            raise StoreError(f"{self.path}: was being written while this process was forked, and cannot be used in it")
        if self._closed:
            raise StoreError(f"{self.path}: is closed")

    def _write_for_all(self, own: _Job[Any]) -> None:
        with self._entry:
            jobs, self._jobs = self._jobs, []
        try:
            self._commit(jobs)
        finally:  # a signal's handler may have raised here: what the others wait for, the next one does
            with self._entry:
                self._jobs[:0] = [job for job in jobs if not job.done and job is not own]

    def _commit(self, jobs: Sequence[_Job[Any]]) -> None:
        """All in one transaction; if one of them spoils it, each in one of its own."""
        try:
            connection = self._patiently(self._begin)
        except Exception as error:  # noqa: BLE001 - it is told to everybody who waits
            self._fail(jobs, error)
            return
        try:
            for job in jobs:
                job.run(connection)
            connection.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 - whose it is, is found out one by one
            together = len(jobs) > 1
            self._fail(() if together else jobs, error)
            for job in jobs if together else ():
                self._commit([job])
        except BaseException:
            if not connection.in_transaction:  # interrupted just after the commit
                _finish(jobs)
            raise
        else:
            _finish(jobs)

    def _begin(self) -> sqlite3.Connection:
        connection = self._writer.get()
        if connection.in_transaction:  # left by an interrupt
            connection.execute("ROLLBACK")
        connection.execute("BEGIN IMMEDIATE")
        return connection

    def _fail(self, jobs: Sequence[_Job[Any]], error: Exception) -> None:
        """Whatever it was, the next one opens the file anew, which ends a transaction and finds what was repaired."""
        self._writer.drop()
        for job in jobs:
            job.fail(self._trouble(error))

    def _patiently(self, do: Callable[[], T]) -> T:
        """Until other processes let us in.

        SQLite's own waiting sleeps up to 100 ms at a time, twenty times as long as a commit takes.
        """
        until = time.monotonic_ns() + self._patience
        pause = 0.0005
        while True:
            try:
                return do()
            except sqlite3.OperationalError as error:
                if not is_busy(error) or time.monotonic_ns() > until:
                    raise
            time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - so that two do not meet for ever
            pause = min(pause * 1.5, 0.01)

    def _trouble(self, error: Exception) -> Exception:
        if not isinstance(error, (sqlite3.Error, OSError)):
            return error
        trouble = StoreError(f"{self.path}: {sentence(error, self.path, self._limit, Duration(self._patience))}")
        trouble.__cause__ = error
        return trouble

    def _let_go(self) -> None:
        self._writer.drop()
        self._reader.drop()

    def quiet(self) -> None:
        """Before a fork: nobody is in, and the file is let go, unless a commit takes too long."""
        for lock in (self._writing, self._reading):
            if lock.acquire(timeout=_FORK_PATIENCE):
                self._quieted.append(lock)
        if len(self._quieted) == 2:
            self._let_go()

    def resume(self) -> None:
        """After a fork, in the parent: whoever waits may come in."""
        quieted, self._quieted = self._quieted, []
        for lock in quieted:
            lock.release()

    def forked(self) -> None:
        """After a fork, in the child: everything begins anew.

        A connection that is still open is kept for ever and never closed: closing it could take its locks, and its
        write-ahead log, away from the parent.
        """
        open_still = [one for handle in (self._writer, self._reader) if (one := handle.connection) is not None]
        for connection in open_still:
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(connection))
        self._begin_anew()
        self._inherited = bool(open_still)


class _Handle:
    """One connection, opened when it is needed, and anew when another file stands in the place of its own."""

    def __init__(self, path: Path, limit: int) -> None:
        self.connection: sqlite3.Connection | None = None
        self._path, self._limit = path, limit
        self._identity = (0, 0)

    def get(self) -> sqlite3.Connection:
        if self.connection is not None and self._identity != _identity(self._path):
            self.drop()
        if self.connection is None:
            self.connection = connect(self._path, self._limit)
            self._identity = _identity(self._path)
        return self.connection

    def drop(self) -> None:
        connection, self.connection = self.connection, None
        if connection is not None:
            with contextlib.suppress(sqlite3.Error):
                connection.close()


class _Job(Generic[T]):
    """Something to be done in a transaction, and what came of it."""

    __slots__ = ("_error", "_result", "_work", "done")

    def __init__(self, work: Work[T]) -> None:
        self.done = False
        self._work = work
        self._result: T
        self._error: Exception | None = None

    def run(self, connection: sqlite3.Connection) -> None:
        self._error = None
        try:
            self._result = self._work(connection)
        except StaleEpoch as error:
            self._error = error

    def fail(self, error: Exception) -> None:
        self._error, self.done = error, True

    def result(self) -> T:
        if self._error is not None:
            raise self._error
        return self._result


def _finish(jobs: Sequence[_Job[Any]]) -> None:
    for job in jobs:
        job.done = True


def _identity(path: Path) -> tuple[int, int]:
    """Which file stands there; a deleted one would take everything and keep nothing."""
    try:
        there = os.stat(path)  # noqa: PTH116 - a third of the time that Path.stat takes, before each verb
    except OSError:
        return (0, 0)
    return (there.st_dev, there.st_ino)


_FILES: weakref.WeakSet[SqliteFile] = weakref.WeakSet()
"""All of this process, to be let go before it forks."""


def _each() -> Iterator[SqliteFile]:
    yield from tuple(_FILES)


def _before_fork() -> None:
    for file in _each():
        file.quiet()


def _after_fork_in_parent() -> None:
    for file in _each():
        file.resume()


def _after_fork_in_child() -> None:
    for file in _each():
        file.forked()


os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child)
