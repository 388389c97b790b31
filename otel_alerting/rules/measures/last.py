"""last: the newest value, as long as it is not stale. Of nothing there is none."""

from __future__ import annotations

import math
from array import array

from otel_alerting.model import Point, Signal
from otel_alerting.rules.frame import Frame
from otel_alerting.rules.window import Ring, Shape


class Last:
    """The newest value of one series at or before an edge.

    A value counts for less than `no_data_after` (5 minutes), whatever the rule's window; a point that says that its
    stream has ended counts as none at once.
    """

    def __init__(self, frame: Frame) -> None:
        self._stale = frame.stale
        self._ring = _Newest(Shape(frame.stale, frame.shape.interval, frame.shape.lateness))

    def add(self, at: int, signal: Signal, value: float) -> None:
        """Take one value in."""
        self._ring.put(at, math.nan if isinstance(signal, Point) and signal.absent else value)

    def value(self, at: int) -> float | None:
        """The newest value at `at`."""
        seen_at, value = self._ring.newest(at)
        return None if at - seen_at >= self._stale or math.isnan(value) else value

    def samples(self, at: int) -> int:
        """1 while there is a value."""
        return 0 if self.value(at) is None else 1


class _Newest(Ring):
    """A ring that keeps the newest value of each sub-bucket; of two at one moment, the one that came later."""

    __slots__ = ("_moments", "_values")

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        self._moments, self._values = array("q", bytes(8 * self._size)), array("d", bytes(8 * self._size))

    def empty(self, index: int) -> None:
        """Forget what is kept in a place."""
        self._moments[index] = 0

    def put(self, at: int, value: float) -> None:
        """Keep a value, unless a newer one is there."""
        index = self.place(at)
        if index is not None and at >= self._moments[index]:
            self._moments[index], self._values[index] = at, value

    def newest(self, edge: int) -> tuple[int, float]:
        """The newest moment and value up to an edge; the beginning of time when there is none."""
        for index in reversed(self.places(edge)):
            if self._moments[index]:
                return self._moments[index], self._values[index]
        return 0, math.nan
