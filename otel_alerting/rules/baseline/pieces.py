"""A history is time cut into pieces, of which the newest are remembered and the last one is still open.

Bounds are worked out when a piece closes, so that a number in between costs two comparisons.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence

import msgspec

_NONE = -1


class Packed(msgspec.Struct, frozen=True, array_like=True):
    """A history as it can be stored."""

    width: int
    size: int
    newest: int
    begun_at: int
    seen_at: int
    columns: tuple[bytes, ...]


class Pieces:
    """Which pieces there are. What is remembered of a piece stands at its place, in columns of whoever inherits.

    Args:
        length: how far back it goes, in nanoseconds.
        width: of a piece. One more than fills the length is remembered: what comes back every week may be late.
    """

    __slots__ = ("begun_at", "length", "newest", "seen_at", "size", "width")

    def __init__(self, length: int, width: int) -> None:
        self.length, self.width = length, width
        self.size = -(-length // width) + 2
        """Places: the closed pieces and the open one."""
        self.newest = _NONE
        """The number of the open piece."""
        self.begun_at = self.seen_at = 0
        """When its first and its last number were seen."""

    def column(self, nothing: float) -> array[float]:
        """Room for one number a piece."""
        return array("d", [nothing]) * self.size

    def turn(self, at: int) -> bool:
        """Open the piece of a moment. False when what is remembered is of no use: it begins anew."""
        piece = at // self.width
        follows = self.newest != _NONE and abs(at - self.seen_at) <= self.length
        if follows:
            for gone in range(self.newest + 1, piece + 1):
                self.empty(gone % self.size)
        else:
            self.begun_at = at
            for place in range(self.size):
                self.empty(place)
        self.newest = piece
        return follows

    def empty(self, place: int) -> None:
        """Forget what is kept at a place."""
        raise NotImplementedError

    def columns(self) -> Sequence[array[float]]:
        """All that is kept, by what it is."""
        raise NotImplementedError

    def places(self, skip: int = 0) -> list[int]:
        """The places of the closed pieces, oldest first, without the newest few."""
        return [piece % self.size for piece in range(self.newest - self.size + 1, self.newest - skip)]

    def packed(self) -> Packed:
        """Everything."""
        columns = tuple(column.tobytes() for column in self.columns())
        return Packed(self.width, self.size, self.newest, self.begun_at, self.seen_at, columns)

    def unpack(self, packed: Packed) -> bool:
        """Put back what was packed; False where it was cut otherwise, and nothing is put back."""
        mine = self.columns()
        lengths = [len(column) for column in packed.columns]
        if (packed.width, packed.size, lengths) != (self.width, self.size, [8 * self.size] * len(mine)):
            return False
        self.newest, self.begun_at, self.seen_at = packed.newest, packed.begun_at, packed.seen_at
        for column, kept in zip(mine, packed.columns, strict=True):
            column[:] = array("d", kept)
        return True


class Band(msgspec.Struct, array_like=True):
    """What is usual now: within two limits, and once beyond one of them only within a nearer one again."""

    low: float = -math.inf
    high: float = math.inf
    near_low: float = -math.inf
    near_high: float = math.inf
    side: int = 0
    """1 while the numbers are too high, -1 while they are too low."""
    left_at: int = 0
    """Since when."""
    bounds: tuple[float | None, float | None] = (None, None)
    """The lower and the upper limit; None for one that is not there."""

    def widen(self) -> None:
        """Everything is usual."""
        self.low = self.near_low = -math.inf
        self.high = self.near_high = math.inf
        self.bounds = (None, None)

    def narrow(self, low: float, high: float, below: float, above: float, direction: str) -> None:
        """Set the limits: what is usual, and how far beyond it, below and above, is unusual."""
        self.widen()
        if direction != "up":
            self.low, self.near_low = low - below, low
        if direction != "down":
            self.high, self.near_high = high + above, high
        self.bounds = (None if direction == "up" else self.low, None if direction == "down" else self.high)

    def see(self, at: int, value: float) -> int:
        """The side of a number, from now on."""
        if self.low <= value <= self.high and not self.side:
            return 0
        side = self.side_of(value)
        if side != self.side:
            self.side, self.left_at = side, at
        return side

    def side_of(self, value: float) -> int:
        """The side of a number, were it the next."""
        if value > self.high or (self.side > 0 and value > self.near_high):
            return 1
        if value < self.low or (self.side < 0 and value < self.near_low):
            return -1
        return 0
