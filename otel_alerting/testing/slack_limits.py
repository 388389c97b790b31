"""Slack's rate limits: who may send how often, who was told to wait, and who did not listen."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

SECOND = 1_000_000_000


@dataclass
class _Bucket:
    full_at: int
    """When it would be full again: the classic cell rate, one number for a bucket of tokens."""
    closed_until: int = 0


class Limits:
    """A bucket of tokens for each key. `clock` is monotonic nanoseconds."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}

    def close(self, key: str, seconds: int) -> None:
        """Let nothing in for a while, as whoever sends was told."""
        now = self._clock()
        bucket = self._buckets.setdefault(key, _Bucket(full_at=now))
        bucket.closed_until = max(bucket.closed_until, now + seconds * SECOND)

    def is_closed(self, key: str) -> bool:
        """Was whoever sends told to wait until later than now?"""
        return key in self._buckets and self._clock() < self._buckets[key].closed_until

    def ask(self, key: str, *, every: int, burst: int) -> tuple[int, bool]:
        """May one more come in? Whole seconds to wait (0: yes), and whether it came although it was told to wait."""
        now = self._clock()
        bucket = self._buckets.setdefault(key, _Bucket(full_at=now))
        violation = now < bucket.closed_until
        ahead = max(bucket.full_at, now) + every - now
        if not violation and ahead <= every * burst:
            bucket.full_at = max(bucket.full_at, now) + every
            return 0, False
        wait = max(1, math.ceil(max(ahead - every * burst, bucket.closed_until - now) / SECOND))
        bucket.closed_until = max(bucket.closed_until, now + wait * SECOND)
        return wait, violation
