"""A history is what a group's number was at its edges: one machine number for each, in a ring that grows as it fills.

It is what `compare` looks back into. Up to 10,080 numbers (a week of minutes) are kept, 8 bytes each; where the span
has more edges than that, every second one is kept, or every third, and the past is that of the last one kept before.
"""

from __future__ import annotations

import math
import zlib
from array import array
from typing import TypeAlias

MOST = 10_080
"""Numbers: 80,640 bytes a group, where it is full."""

Packed: TypeAlias = tuple[int, int, bytes]
"""The step, the first number's place in time in steps, and the numbers, compressed."""


class History:
    """The numbers of one group, by the edge they were found at.

    Args:
        span: how far back, in nanoseconds.
        interval: the time between two edges.
    """

    __slots__ = ("_first", "_newest", "_size", "_step", "_values")

    def __init__(self, span: int, interval: int) -> None:
        self._step = step_of(span, interval)
        self._size = span // self._step + 2
        self._values = array("d")
        self._first = self._newest = 0

    def put(self, edge: int, value: float | None) -> None:
        """Keep the number of an edge, None for none. Where time was set back, it takes the place of what is there."""
        place, rest = divmod(edge, self._step)
        if rest:
            return
        if not self._values or not self._first <= place < self._newest + self._size:
            self._values, self._first, self._newest = array("d"), place, place - 1
        for gap in range(self._newest + 1, place):
            self._set(gap, math.nan)
        self._set(place, math.nan if value is None else value)
        self._newest = max(self._newest, place)

    def at(self, moment: int) -> float | None:
        """The number at a moment, or at the last edge before it that is kept; None where there is none."""
        place = moment // self._step
        if not max(self._first, self._newest - self._size + 1) <= place <= self._newest or not self._values:
            return None
        value = self._values[(place - self._first) % self._size]
        return None if math.isnan(value) else value

    def packed(self) -> Packed:
        """As it can be stored."""
        inside = self._values[(self._newest - self._first + 1) % self._size :] if self._is_full else array("d")
        inside.extend(self._values[: len(self._values) - len(inside)])
        return self._step, self._newest - len(inside) + 1, zlib.compress(inside.tobytes(), 1)

    def unpack(self, packed: Packed) -> None:
        """Take over what was stored, unless it was kept at other steps."""
        step, first, inside = packed
        values = array("d")
        values.frombytes(zlib.decompress(inside))
        if step != self._step or not values:
            return
        self._values = values[-self._size :]
        self._newest = first + len(values) - 1
        self._first = self._newest - len(self._values) + 1

    @property
    def _is_full(self) -> bool:
        return len(self._values) == self._size

    def _set(self, place: int, value: float) -> None:
        """Put a number in its place; places come in order, so that a new one is at the end or in a full ring's turn."""
        index = (place - self._first) % self._size
        if index == len(self._values):
            self._values.append(value)
        elif index < len(self._values):
            self._values[index] = value


def step_of(span: int, interval: int) -> int:
    """The time between two numbers that are kept: the interval, or as many of it as the span is too long by."""
    return interval * max(1, -(-span // (interval * MOST)))
