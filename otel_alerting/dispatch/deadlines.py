"""Deadlines: one moment for each key, and whose moment has come, without looking at the others."""

from __future__ import annotations

import heapq
import itertools
from typing import Generic, TypeVar

K = TypeVar("K")

_SPARE = 64
"""Outdated entries that are not worth a clean-up."""


class Deadlines(Generic[K]):
    """A heap in which a moved deadline leaves its old entry behind until that one comes up or they become too many."""

    def __init__(self) -> None:
        self._at: dict[K, int] = {}
        self._heap: list[tuple[int, int, K]] = []
        self._order = itertools.count()

    def set(self, key: K, at: int | None) -> None:
        """Put or move a key's deadline; None takes it away."""
        if at is None:
            self._at.pop(key, None)
        elif self._at.get(key) != at:
            self._at[key] = at
            heapq.heappush(self._heap, (at, next(self._order), key))
            self._tidy()

    def take(self, now: int) -> list[K]:
        """The keys whose deadline is reached, earliest first; they have none any more."""
        keys = []
        while (at := self.next_at()) is not None and at <= now:
            key = heapq.heappop(self._heap)[2]
            del self._at[key]
            keys.append(key)
        return keys

    def next_at(self) -> int | None:
        """The earliest deadline."""
        heap = self._heap
        while heap and self._at.get(heap[0][2]) != heap[0][0]:
            heapq.heappop(heap)
        return heap[0][0] if heap else None

    def at(self, key: K) -> int | None:
        """A key's deadline."""
        return self._at.get(key)

    def __len__(self) -> int:
        return len(self._at)

    def _tidy(self) -> None:
        if len(self._heap) > 2 * len(self._at) + _SPARE:
            self._heap = [entry for entry in self._heap if self._at.get(entry[2]) == entry[0]]
            heapq.heapify(self._heap)
