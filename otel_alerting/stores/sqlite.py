"""State in one SQLite file, shared by the processes of one machine; what a verb has written survives their deaths."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path

from otel_alerting.errors import StaleEpoch
from otel_alerting.model.duration import SECOND
from otel_alerting.ports import Clock, Epoch, Position
from otel_alerting.stores.address import LIMIT, TIMEOUT
from otel_alerting.stores.running import Running
from otel_alerting.stores.sqlite_file import SqliteFile
from otel_alerting.stores.sqlite_lease import Grant

_LARGEST = (1 << 63) - 1
_POSITIONS = 1 << 40
"""Of a stream: a thousand every second for thirty years."""
_SWEEP = SECOND
_SPARE = 1024
"""Free pages that stay in the file for what comes next; more are given back to the disk."""
_GIVEN_BACK = 4096
"""Pages that one trim gives back at most: 16 MiB, some ten milliseconds."""


class SqliteStore:
    """A `Store` in a file. Any number of threads and processes, which may fork, may use it at the same time.

    Appends of several threads share one fsync. A lease is measured by the machine's monotonic clock where the kernel
    says which run of which machine it is (Linux), else by the wall clock, as the parts of aggregates always are.
    """

    def __init__(
        self, path: str | Path, *, limit: int = LIMIT, timeout: int = TIMEOUT, clock: Clock | None = None
    ) -> None:
        """A file that is made when it is first used.

        Args:
            path: where.
            limit: bytes that it may have.
            timeout: nanoseconds that a verb waits for other processes.
            clock: for tests; else the machine's.
        """
        self._file = SqliteFile(Path(path).absolute(), limit=limit, patience=timeout)
        self._clock: Clock = clock or Running()
        self._swept = -_SWEEP

    def __repr__(self) -> str:
        return f"SqliteStore({str(self._file.path)!r})"

    def append(self, stream: str, entries: Sequence[bytes]) -> Position:
        """Add to the end of a stream, durable when it returns; the last entry's position."""
        name, entries = _text(stream), tuple(entries)
        return self._file.write(lambda db: _append(db, name, entries))

    def read(self, stream: str, after: Position, limit: int) -> Sequence[tuple[Position, bytes]]:
        """The entries behind a position, oldest first."""
        name, first = _text(stream), min(max(after, 0) + 1, _POSITIONS)
        return self._file.read(lambda db: _entries(db, name, _READ, first, _count(limit)))

    def newest(self, stream: str, limit: int) -> Sequence[tuple[Position, bytes]]:
        """The last entries of a stream, newest first."""
        name = _text(stream)
        return self._file.read(lambda db: _entries(db, name, _NEWEST, 0, _count(limit)))

    def trim(self, stream: str, before: Position) -> None:
        """Forget all entries before a position; positions go on where they were."""
        name, before = _text(stream), min(max(before, 0), _POSITIONS)
        self._file.write(lambda db: _trim(db, name, before))

    def put_part(self, bucket: str, field: str, value: bytes, ttl: int) -> None:
        """Put one process's part of a shared aggregate, for `ttl` nanoseconds by the wall clock."""
        row = (_text(bucket), _text(field), value, min(self._clock.now() + ttl, _LARGEST))
        sweep = self._is_time_to_sweep()

        def put(db: sqlite3.Connection) -> None:
            if sweep:
                db.execute("DELETE FROM parts WHERE ends_at <= ?", (self._clock.now(),))
            db.execute("INSERT OR REPLACE INTO parts VALUES (?, ?, ?, ?)", row)

        self._file.write(put)

    def parts(self, bucket: str) -> Mapping[str, bytes]:
        """All parts of a shared aggregate that have not expired."""
        wanted = (_text(bucket), self._clock.now())
        query = "SELECT field, value FROM parts WHERE bucket = ? AND ends_at > ?"
        return self._file.read(lambda db: dict(db.execute(query, wanted)))

    def lease(self, name: str, holder: str, ttl: int) -> Epoch | None:
        """Take or renew a lease for `ttl` nanoseconds; None while somebody else holds it."""
        name, holder, ttl = _text(name), _text(holder), min(ttl, _LARGEST)
        return self._file.write(lambda db: _lease(db, name, holder, ttl, self._clock))

    def save(self, name: str, value: bytes, epoch: Epoch) -> None:
        """Save under a name.

        Raises:
            StaleEpoch: a newer epoch has saved or holds the lease of that name.
        """
        name = _text(name)
        self._file.write(lambda db: _save(db, name, value, epoch))

    def load(self, name: str) -> bytes | None:
        """What was saved under a name."""
        wanted = (_text(name),)
        found = self._file.read(lambda db: db.execute("SELECT value FROM saved WHERE name = ?", wanted).fetchone())
        return found[0] if found else None

    def close(self) -> None:
        """Let go of the file; the last process to do so leaves one file without a log beside it."""
        self._file.close()

    def _is_time_to_sweep(self) -> bool:
        """Once a second: buckets are named by time and would pile up."""
        now = self._clock.monotonic()
        if now - self._swept < _SWEEP:
            return False
        self._swept = now
        return True


_READ = "SELECT place - ?1, entry FROM entries WHERE place BETWEEN ?1 + ?2 AND ?1 + ?3 ORDER BY place LIMIT ?4"
_NEWEST = "SELECT place - ?1, entry FROM entries WHERE place BETWEEN ?1 + ?2 AND ?1 + ?3 ORDER BY place DESC LIMIT ?4"
_HELD = "SELECT holder, epoch, ttl, boot, granted, granted_at FROM leases WHERE name = ?"
_HOLD = (
    "INSERT OR REPLACE INTO leases (name, holder, epoch, ttl, boot, granted, granted_at) VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_EPOCH = """
SELECT max(epoch) FROM (SELECT epoch FROM leases WHERE name = ?1 UNION SELECT epoch FROM saved WHERE name = ?1)
"""


def _append(db: sqlite3.Connection, name: str, entries: Sequence[bytes]) -> Position:
    found = _stream(db, name)
    if found is None:
        db.execute("INSERT INTO streams (name, last) VALUES (?, 0)", (name,))
    stream, last = found or (db.execute("SELECT last_insert_rowid()").fetchone()[0], 0)
    end = last + len(entries)
    places = range(stream * _POSITIONS + last + 1, stream * _POSITIONS + end + 1)
    db.executemany("INSERT INTO entries VALUES (?, ?)", zip(places, entries, strict=True))
    db.execute("UPDATE streams SET last = ? WHERE id = ?", (end, stream))
    return end


def _entries(
    db: sqlite3.Connection, name: str, query: str, first: Position, limit: int
) -> list[tuple[Position, bytes]]:
    found = _stream(db, name)
    if found is None:
        return []
    return db.execute(query, (found[0] * _POSITIONS, first, _POSITIONS - 1, limit)).fetchall()


def _trim(db: sqlite3.Connection, name: str, before: Position) -> None:
    found = _stream(db, name)
    if found is not None:
        first = found[0] * _POSITIONS
        db.execute("DELETE FROM entries WHERE place >= ? AND place < ?", (first, first + before))
        _give_back(db)


def _stream(db: sqlite3.Connection, name: str) -> tuple[int, Position] | None:
    """Its number, and its last position."""
    found: tuple[int, Position] | None = db.execute("SELECT id, last FROM streams WHERE name = ?", (name,)).fetchone()
    return found


def _give_back(db: sqlite3.Connection) -> None:
    """Make the file smaller, a bounded piece at a time: the next trim goes on."""
    (free,) = db.execute("PRAGMA freelist_count").fetchone()
    if free > 2 * _SPARE:
        for _ in range(min(free - _SPARE, _GIVEN_BACK)):
            db.execute("PRAGMA incremental_vacuum")  # of Python's making it is one page each time, whatever is asked


def _lease(db: sqlite3.Connection, name: str, holder: str, ttl: int, clock: Clock) -> Epoch | None:
    found = db.execute(_HELD, (name,)).fetchone()
    grant = Grant(*found) if found else Grant.begin("", 0, 0, clock)
    held = grant.holds(clock)
    if held and grant.holder != holder:
        return None
    new = Grant.begin(holder, grant.epoch if held else grant.epoch + 1, ttl, clock)
    db.execute(_HOLD, (name, new.holder, new.epoch, new.ttl, new.boot, new.granted, new.granted_at))
    return new.epoch


def _save(db: sqlite3.Connection, name: str, value: bytes, epoch: Epoch) -> None:
    (newest,) = db.execute(_EPOCH, (name,)).fetchone()
    if newest is not None and epoch < newest:
        raise StaleEpoch(f"{name}: epoch {epoch} is over, {newest} is the newest")
    db.execute("INSERT OR REPLACE INTO saved VALUES (?, ?, ?)", (name, epoch, value))


def _text(name: str) -> str:
    """A name as the database takes it: half of a surrogate pair, which has no UTF-8, is written out."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def _count(limit: int) -> int:
    return max(min(limit, _LARGEST), 0)  # a negative limit would be none at all
