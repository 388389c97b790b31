"""What otel-alerting knows about itself: plain counters, and a voice that cannot echo.

`complain` writes to the real stderr, not to `sys.stderr` (Celery turns that one into log records at WARNING, which
would come back to us) and not to `logging`; one line a minute for the same words.
"""

from __future__ import annotations

import re
import sys
import threading
import time
from collections.abc import Mapping

_SECRETS = re.compile(r"(https?://[^\s/]*/(?:services|workflows|triggers)/)\S+|(xox[a-z]-|xapp-)[\w-]+", re.ASCII)
_EVERY = 60.0
_said: dict[str, float] = {}
_said_lock = threading.Lock()


def complain(words: str, *, about: str = "") -> None:
    """Say one line about ourselves on the real stderr: at most once a minute for the same `about` (else the words)."""
    now = time.monotonic()
    key = about or words
    with _said_lock:
        if now - _said.get(key, -_EVERY) < _EVERY:
            return
        if len(_said) > 1000:
            _said.clear()
        _said[key] = now
    stream = sys.__stderr__
    if stream is None:  # pythonw, a daemon with closed descriptors
        return
    try:
        stream.write(f"otel-alerting: {without_credentials(words)}\n")
        stream.flush()
    except (OSError, ValueError, RuntimeError):  # the last: from a signal handler, amidst another write
        return


def forget_lock() -> None:
    """In a forked child: a lock that a thread of the parent held is held for ever."""
    global _said_lock  # noqa: PLW0603 - it is replaced where it can be held for ever
    _said_lock = threading.Lock()


def without_credentials(words: str) -> str:
    """The same words with Slack's webhook paths and tokens taken out."""
    return _SECRETS.sub(lambda found: (found[1] or found[2]) + "***", words)


class Counters:
    """Named numbers with labels, that only grow. Safe from any thread; the lock is never held during I/O."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers: dict[tuple[str, tuple[tuple[str, str], ...]], int] = {}

    def add(self, name: str, number: int = 1, **labels: str) -> None:
        """Count."""
        key = (name, tuple(sorted(labels.items())))
        with self._lock:
            self._numbers[key] = self._numbers.get(key, 0) + number

    def total(self, name: str, **labels: str) -> int:
        """The sum over all label sets that contain these labels."""
        wanted = set(labels.items())
        with self._lock:
            return sum(n for (key, there), n in self._numbers.items() if key == name and wanted <= set(there))

    def by(self, name: str, label: str) -> Mapping[str, int]:
        """The sums of one name by the value of one label."""
        sums: dict[str, int] = {}
        with self._lock:
            for (key, there), number in self._numbers.items():
                if key == name:
                    value = dict(there).get(label, "")
                    sums[value] = sums.get(value, 0) + number
        return sums

    def all(self) -> Mapping[tuple[str, tuple[tuple[str, str], ...]], int]:
        """A copy of every number by name and sorted labels."""
        with self._lock:
            return dict(self._numbers)
