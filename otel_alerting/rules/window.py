"""A window is a ring of sub-buckets over the last while: (t - window, t] in event time, exact on the buckets' edges.

Sub-bucket b takes what happened in ((b - 1) * interval, b * interval]. The ring has room for more than one window,
because what happens after an edge arrives before that edge is evaluated.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence

from otel_alerting.model.duration import MINUTE, SECOND

FUTURE = MINUTE
"""How far ahead of our clock an event may claim to be; beyond that its clock is wrong, and ours is taken."""
_STALL = 30 * SECOND


class Shape:
    """How long a window is and how finely it is cut. One for all windows of a rule.

    Args:
        window: its length in nanoseconds, a multiple of `interval`.
        interval: the width of a sub-bucket.
        lateness: how long an edge waits for late events before it is evaluated.
    """

    __slots__ = ("interval", "lateness", "length", "patience", "slots", "window")

    def __init__(self, window: int, interval: int = 15 * SECOND, lateness: int = 30 * SECOND) -> None:
        self.window, self.interval, self.lateness = window, interval, lateness
        self.patience = max(2 * interval, _STALL)
        """How much later than it is due an edge may be evaluated; what is older is a gap."""
        self.length = max(1, -(-window // interval))
        """Sub-buckets in a window."""
        self.slots = self.length + -(-(lateness + FUTURE + self.patience) // interval) + 2
        """Sub-buckets alive at once."""

    def edge(self, at: int) -> int:
        """The first edge at or after a moment: the end of the sub-bucket that takes it."""
        return -(-at // self.interval) * self.interval


class Ring:
    """Places for the newest sub-buckets. What is kept in a place is up to whoever inherits."""

    __slots__ = ("_interval", "_length", "_newest", "_size")

    def __init__(self, shape: Shape) -> None:
        self._interval, self._length, self._size = shape.interval, shape.length, shape.slots
        self._newest = 0

    def place(self, at: int) -> int | None:
        """The place for a moment; None when the moment is too old to have one."""
        bucket = -(-at // self._interval)
        if bucket > self._newest:
            self._turn(bucket)
        elif bucket <= self._newest - self._size:
            return None
        return bucket % self._size

    def places(self, edge: int) -> list[int]:
        """The places of the window that ends at an edge, oldest first."""
        return [bucket % self._size for bucket in self.buckets(edge)]

    def buckets(self, edge: int) -> range:
        """The numbers of its sub-buckets, oldest first: bucket b ends at b intervals, and its place is b % size."""
        last = -(-edge // self._interval)
        first = max(last - self._length, self._newest - self._size) + 1
        return range(first, min(last, self._newest) + 1)

    def empty(self, index: int) -> None:
        """Forget what is kept in a place."""
        raise NotImplementedError

    def _turn(self, bucket: int) -> None:
        """Go on to a newer sub-bucket: places begin a new life."""
        for gone in range(max(self._newest, bucket - self._size) + 1, bucket + 1):
            self.empty(gone % self._size)
        self._newest = bucket


class Total(Ring):
    """The sum of the numbers in a window: one machine number a sub-bucket."""

    __slots__ = ("_sums",)

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        self._sums = array("d", bytes(8 * self._size))

    def empty(self, index: int) -> None:
        """Forget what is kept in a place."""
        self._sums[index] = 0.0

    def add(self, at: int, value: float) -> bool:
        """Take a number in. False when it came too late."""
        index = self.place(at)
        if index is None:
            return False
        self._sums[index] += value
        return True

    def sum(self, edge: int) -> float:
        """Their sum."""
        sums = self._sums
        return added([sums[index] for index in self.places(edge)])


class Window(Total):
    """Count and sum of the numbers in a window."""

    __slots__ = ("_counts",)

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        self._counts = array("d", bytes(8 * self._size))

    def empty(self, index: int) -> None:
        """Forget what is kept in a place."""
        self._counts[index] = self._sums[index] = 0.0

    def add(self, at: int, value: float, count: int = 1) -> bool:
        """Take a number in, or several at once that are told as one. False when it came too late."""
        index = self.place(at)
        if index is None:
            return False
        self._counts[index] += count
        self._sums[index] += value
        return True

    def count(self, edge: int) -> int:
        """How many numbers."""
        counts = self._counts
        return int(sum([counts[index] for index in self.places(edge)]))


class Extremes(Ring):
    """Count of the numbers in a window, and the smallest or the largest of them."""

    __slots__ = ("_counts", "_largest", "_nothing", "_values")

    def __init__(self, shape: Shape, *, largest: bool) -> None:
        super().__init__(shape)
        self._largest, self._nothing = largest, -math.inf if largest else math.inf
        self._counts = array("d", bytes(8 * self._size))
        self._values = array("d", [self._nothing]) * self._size

    def empty(self, index: int) -> None:
        """Forget what is kept in a place."""
        self._counts[index], self._values[index] = 0.0, self._nothing

    def add(self, at: int, value: float, *, count: int = 1) -> bool:
        """Take a number in, or the extreme of several. False when it came too late."""
        index = self.place(at)
        if index is None:
            return False
        self._counts[index] += count
        if (value > self._values[index]) is self._largest:
            self._values[index] = value
        return True

    def count(self, edge: int) -> int:
        """How many numbers."""
        return int(sum([self._counts[index] for index in self.places(edge)]))

    def value(self, edge: int) -> float | None:
        """The extreme; None without any."""
        places = self.places(edge)
        if not any(self._counts[index] for index in places):
            return None
        return (max if self._largest else min)(self._values[index] for index in places)


class Newest(Ring):
    """The newest number up to an edge, however long ago it was.

    The ring is as short as lateness allows: of what leaves it only the newest can ever be asked for, so that a day of
    patience costs no more memory than a minute.
    """

    __slots__ = ("_moments", "_older", "_older_at", "_values")

    def __init__(self, shape: Shape) -> None:
        super().__init__(Shape(shape.interval, shape.interval, shape.lateness))
        self._moments, self._values = array("q", bytes(8 * self._size)), array("d", bytes(8 * self._size))
        self._older_at, self._older = 0, math.nan

    def empty(self, index: int) -> None:
        """Forget what is kept in a place, unless nothing newer has left the ring yet."""
        if self._moments[index] > self._older_at:
            self._older_at, self._older = self._moments[index], self._values[index]
        self._moments[index] = 0

    def put(self, at: int, value: float) -> None:
        """Keep a number, unless a newer one is there; of two at one moment, the one that came later."""
        index = self.place(at)
        if index is None:
            if at >= self._older_at:
                self._older_at, self._older = at, value
        elif at >= self._moments[index]:
            self._moments[index], self._values[index] = at, value

    def newest(self, edge: int) -> tuple[int, float]:
        """The newest moment and number up to an edge; 0 and NaN when there is none."""
        last = min(-(-edge // self._interval), self._newest)
        for bucket in range(last, self._newest - self._size, -1):
            index = bucket % self._size
            if self._moments[index]:
                return self._moments[index], self._values[index]
        return self._older_at, self._older


def added(values: Sequence[float]) -> float:
    """The sum, the same in any order; NaN where there is none: of both infinities, or beyond what a float can be."""
    try:
        return math.fsum(values)
    except (OverflowError, ValueError):
        return math.nan
