"""Connecting to a file: made if it is missing, for its owner's eyes only, and refused if it is not ours."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from otel_alerting.errors import StoreError

VERSION = 1
"""Of the schema, in the file's `user_version`."""
APPLICATION = int.from_bytes(b"oALT", "big")
"""In the file's `application_id`, so that nobody else's database is taken for ours."""

_SCHEMA = Path(__file__).with_name("sqlite_schema.sql").read_text("utf-8")
_PAGE = 4096
"""Bytes of a page, SQLite's default on every platform."""
_JOURNAL = 16 << 20
"""Bytes that the write-ahead log may keep on the disk between two checkpoints."""


def connect(path: Path, limit: int) -> sqlite3.Connection:
    """A connection that commits only when told to, and never waits; `limit` is the file's largest size in bytes.

    Raises:
        StoreError: the file is another program's, or of a newer version.
        sqlite3.Error, OSError: as they come.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))  # SQLite would let everybody read
    # not `connect`, which instrumentations replace: our own statements must cause no spans
    connection = sqlite3.Connection(str(path), timeout=0, isolation_level=None, check_same_thread=False)
    try:
        _prepare(connection, path, limit)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection, path: Path, limit: int) -> None:
    version = _version(connection, path)
    if version == 0:
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise StoreError(f"{path}: its file system has no shared memory; a local disk is needed")
    for setting in ("synchronous = FULL", "fullfsync = ON", f"journal_size_limit = {_JOURNAL}"):
        connection.execute(f"PRAGMA {setting}")
    connection.execute(f"PRAGMA max_page_count = {max(limit // _PAGE, 1)}")
    if version == 0:
        connection.executescript(_SCHEMA)


def _version(connection: sqlite3.Connection, path: Path) -> int:
    """0 for an empty file. Read at one moment: another process may be making the tables."""
    connection.execute("BEGIN")
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    connection.execute("COMMIT")
    if application != APPLICATION and (application or version or tables):
        raise StoreError(f"{path}: is another program's SQLite file")
    if version > VERSION:
        raise StoreError(
            f"{path}: was written by a newer otel-alerting (schema {version}, this one knows {VERSION}); "
            "update this one, or give it a file of its own"
        )
    return int(version)
