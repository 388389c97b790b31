"""The edges of a rule are the moments it is evaluated for: multiples of its interval, each after its late data came."""

from __future__ import annotations

from collections.abc import Iterator

from otel_alerting.rules.window import Shape


class Edges:
    """Which edge is next, while there is anything that one could change.

    Args:
        shape: with the interval, the lateness, and how late an evaluation may be before it is a gap.
    """

    __slots__ = ("_done", "_every", "_late", "_patience", "next")

    def __init__(self, shape: Shape) -> None:
        self._every, self._late, self._patience = shape.interval, shape.lateness, shape.patience
        self._done = 0
        self.next: int | None = None
        """The next edge; None while there is none."""

    @property
    def due_at(self) -> int | None:
        """When the next one is to be evaluated."""
        return None if self.next is None else self.next + self._late

    def plan(self, now: int) -> int:
        """See that there is a next one, and that it is none of long ago."""
        if self.next is None:
            self.next = max(self._first(now), self._done + self._every)
        elif now > self.next:
            self.skip(now)
        return self.next

    def skip(self, now: int) -> None:
        """Leave out those that should have been evaluated long ago."""
        if self.next is not None and now - self._late - self.next > self._patience:
            self.next = (now - self._late) // self._every * self._every

    def due(self, now: int) -> Iterator[int]:
        """Those that are due, in order; whoever takes one says `stop` when no more are needed."""
        while self.next is not None and self.next + self._late <= now:
            edge = self._done = self.next
            self.next = edge + self._every
            yield edge

    def stop(self) -> None:
        """There is nothing left that an edge could change."""
        self.next = None

    def move(self, now: int, *, is_needed: bool) -> None:
        """Begin anew at a time that was moved."""
        self._done = 0
        self.next = self._first(now) if is_needed else None

    def take_over(self, old: Edges) -> None:
        """Go on where others of the same interval and lateness are."""
        self._done, self.next = old._done, old.next

    def _first(self, now: int) -> int:
        """The first that is not due before now."""
        return -(-(now - self._late) // self._every) * self._every
