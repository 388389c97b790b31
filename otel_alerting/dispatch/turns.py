"""Turns are how tenants share one thread: whoever has much to do waits for whoever has little, one piece each."""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class Turns(Generic[T]):
    """Pieces of work by tenant, first come first served within each; nothing is there twice."""

    def __init__(self) -> None:
        self._lines: dict[str, deque[T]] = {}
        self._all: set[T] = set()

    def add(self, tenant: str, piece: T) -> None:
        """Put a piece at the end of its tenant's line."""
        if piece not in self._all:
            self._all.add(piece)
            self._lines.setdefault(tenant, deque()).append(piece)

    def take(self) -> T | None:
        """The next piece of the tenant whose turn it is; None when nothing is left."""
        if not self._lines:
            return None
        tenant = next(iter(self._lines))
        line = self._lines.pop(tenant)
        piece = line.popleft()
        self._all.remove(piece)
        if line:
            self._lines[tenant] = line  # behind all others
        return piece

    def __len__(self) -> int:
        return len(self._all)
