"""A window is a ring of sub-buckets over the last while: (t - window, t] in event time, exact on the buckets' edges.

Sub-bucket b takes what happened in ((b - 1) * interval, b * interval]. The ring has room for more than one window,
because what happens after an edge arrives before that edge is evaluated.
"""

from __future__ import annotations

import math

from otel_alerting.model.duration import MINUTE, SECOND

FUTURE = MINUTE
"""How far ahead of our clock an event may claim to be; beyond that its clock is wrong, and ours is taken."""


class Shape:
    """How long a window is and how finely it is cut. One for all windows of a rule.

    Args:
        window: its length in nanoseconds, a multiple of `interval`.
        interval: the width of a sub-bucket.
        lateness: how long an edge waits for late events before it is evaluated.
    """

    __slots__ = ("interval", "lateness", "length", "slots", "window")

    def __init__(self, window: int, interval: int = 15 * SECOND, lateness: int = 30 * SECOND) -> None:
        self.window, self.interval, self.lateness = window, interval, lateness
        self.length = max(1, -(-window // interval))
        """Sub-buckets in a window."""
        self.slots = self.length + -(-(lateness + FUTURE) // interval) + 2
        """Sub-buckets alive at once."""

    def edge(self, at: int) -> int:
        """The first edge at or after a moment: the end of the sub-bucket that takes it."""
        return -(-at // self.interval) * self.interval


class Ring:
    """Places for the sub-buckets that are alive. What is kept in a place is up to whoever inherits."""

    __slots__ = ("_buckets", "_interval", "_length", "_size")

    def __init__(self, shape: Shape) -> None:
        self._interval, self._length, self._size = shape.interval, shape.length, shape.slots
        self._buckets = [0] * self._size

    def place(self, at: int) -> int | None:
        """The place for a moment, emptied when it begins a new life; None when the moment is too old to have one."""
        bucket = -(-at // self._interval)
        index = bucket % self._size
        there = self._buckets[index]
        if there != bucket:
            if there > bucket:
                return None
            self._buckets[index] = bucket
            self.empty(index)
        return index

    def places(self, edge: int) -> list[int]:
        """The places of the window that ends at an edge, oldest first."""
        newest = -(-edge // self._interval)
        buckets, size = self._buckets, self._size
        return [b % size for b in range(newest - self._length + 1, newest + 1) if buckets[b % size] == b]

    def empty(self, index: int) -> None:
        """Forget what is kept in a place."""
        raise NotImplementedError


class Window(Ring):
    """Count, sum, smallest and largest of the numbers in a window."""

    __slots__ = ("_counts", "_highs", "_lows", "_sums")

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        self._counts = [0] * self._size
        self._sums = [0.0] * self._size
        self._lows = [math.inf] * self._size
        self._highs = [-math.inf] * self._size

    def empty(self, index: int) -> None:
        """Forget what is kept in a place."""
        self._counts[index], self._sums[index] = 0, 0.0
        self._lows[index], self._highs[index] = math.inf, -math.inf

    def add(self, at: int, value: float, *, count: int = 1) -> bool:
        """Take a number in, or several at once that are told as one. False when it came too late."""
        index = self.place(at)
        if index is None:
            return False
        self._counts[index] += count
        self._sums[index] += value
        if value < self._lows[index]:
            self._lows[index] = value
        if value > self._highs[index]:
            self._highs[index] = value
        return True

    def count(self, edge: int) -> int:
        """How many numbers."""
        counts = self._counts
        return sum([counts[index] for index in self.places(edge)])

    def sum(self, edge: int) -> float:
        """Their sum."""
        sums = self._sums
        return math.fsum([sums[index] for index in self.places(edge)])

    def min(self, edge: int) -> float | None:
        """The smallest; None without any."""
        low = min((self._lows[index] for index in self.places(edge)), default=math.inf)
        return None if low == math.inf else low

    def max(self, edge: int) -> float | None:
        """The largest; None without any."""
        high = max((self._highs[index] for index in self.places(edge)), default=-math.inf)
        return None if high == -math.inf else high
