"""A trouble is what SQLite or the system said about a file, as a sentence that tells the operator what to look at."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

from otel_alerting.model.duration import Duration

_SAID = {
    "attempt to write a readonly database": "cannot be written: the file or its folder is read-only",
    "unable to open database file": "cannot be opened: its folder is missing, read-only or not a folder",
    "file is not a database": "is no SQLite file; move it away, and a new one is made",
    "database disk image is malformed": "is damaged; move it away, and a new one is made",
    "disk I/O error": "cannot be written or read: the disk reports an error",
}
"""By SQLite's own words, which are the same in all versions; Python names error codes from 3.11 on only."""
_ROOM = 16 << 20
"""Bytes free on the disk from which on it was the file's limit that was reached."""


def is_busy(error: sqlite3.Error) -> bool:
    """Does another process or thread hold the lock?"""
    return str(error) in ("database is locked", "locking protocol")


def sentence(error: Exception, path: Path, limit: int, patience: Duration) -> str:
    """What is wrong with the file at `path`; `limit` in bytes."""
    if isinstance(error, OSError):
        return f"cannot be opened: {error.strerror or type(error).__name__}"
    if isinstance(error, sqlite3.Error) and is_busy(error):
        return f"another process has kept it locked for {patience}"
    if str(error) == "database or disk is full":
        return _full(path, limit)
    return _SAID.get(str(error), str(error))


def _full(path: Path, limit: int) -> str:
    try:
        free = shutil.disk_usage(path.parent).free
    except OSError as error:
        return f"the disk is full, or does not answer: {error.strerror}"
    if free < _ROOM:
        return "the disk is full"
    return f"has reached its limit of {limit >> 20} MiB: what is in it must be trimmed, or the limit raised"
