"""An extent is from the lowest to the highest that a number has been, and how far beyond is too far.

What just happened does not count yet, or a number that creeps up to a new height would find it usual on its way. What
was unusual is remembered apart, for a day: once is no habit. What was unusual on two days of the history is usual.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence

import msgspec

from otel_alerting.rules.baseline.pieces import Band, Packed, Pieces

PIECES = 42
"""Of a week, four hours each."""
DAY = PIECES // 7
_PATIENCE = 3
"""Pieces: what has been unusual for so long, half a day of a week, is what is usual now."""
_TOP = 4
_STRAY = 4.0
"""How many times as far as the highest pieces lie apart a new height must lie above them. An exponential tail, which
has one new height after another, passes that once in fifty times (e ** -4); a normal one is held by the margin."""
_MOST = 0.5
"""Of the extent: more than that the straying of the highest pieces does not count for."""


class ExtentState(msgspec.Struct, frozen=True, array_like=True):
    """An extent as it can be stored."""

    history: Packed
    band: Band
    odd_piece: int
    known_at: int
    value: float
    margin: float
    least: float


class Extent(Pieces):
    """Holds a number against its own extremes.

    Args:
        length: of the history, in nanoseconds.
        share: the margin, as a share of the extent. While the history is young it is wider, as much as it is young.
        young: from which share of the history on there is anything to judge by.
        skip: how many of the newest closed pieces do not count yet.
        direction: `up`, `down` or `both`.
    """

    __slots__ = (
        "_direction",
        "_highs",
        "_lows",
        "_odd_highs",
        "_odd_lows",
        "_odd_piece",
        "_share",
        "_skip",
        "_young",
        "band",
        "known_at",
        "least",
        "margin",
        "value",
    )

    def __init__(self, length: int, share: float, *, young: float, skip: int, direction: str) -> None:
        super().__init__(length, -(-length // PIECES))
        self._share, self._skip, self._direction, self._young = share, skip, direction, int(young * length)
        self._highs, self._lows = self.column(-math.inf), self.column(math.inf)
        self._odd_highs, self._odd_lows = self.column(-math.inf), self.column(math.inf)
        self._odd_piece = -self.size
        """The newest in which anything was unusual."""
        self.band = Band()
        self.known_at = 0
        """Until when it learns."""
        self.value = math.nan
        """The newest number."""
        self.margin = self.least = 0.0
        """How far beyond the extremes is too far, as of the last piece; and how far it must be whatever they are."""

    def empty(self, place: int) -> None:
        """Forget what is kept at a place."""
        self._highs[place] = self._odd_highs[place] = -math.inf
        self._lows[place] = self._odd_lows[place] = math.inf

    def columns(self) -> Sequence[array[float]]:
        """All that is kept, by what it is."""
        return self._highs, self._lows, self._odd_highs, self._odd_lows

    def state(self) -> ExtentState:
        """What must outlive the process."""
        return ExtentState(
            history=self.packed(),
            band=self.band,
            odd_piece=self._odd_piece,
            known_at=self.known_at,
            value=self.value,
            margin=self.margin,
            least=self.least,
        )

    def resume(self, state: ExtentState) -> None:
        """Go on from a state; one of another history is of no use."""
        if self.unpack(state.history):
            self.band, self._odd_piece, self.known_at = state.band, state.odd_piece, state.known_at
            self.value, self.margin, self.least = state.value, state.margin, state.least

    def see(self, at: int, value: float) -> int:
        """Judge a number, then learn from it: 1 when it is too high, -1 when it is too low, else 0."""
        if at // self.width != self.newest:
            self._begin_piece(at)
        band, place, before = self.band, self.newest % self.size, self.band.side
        self.seen_at, self.value = at, value
        side = band.see(at, value)
        if not side:
            if value > self._highs[place]:
                self._highs[place] = value
            if value < self._lows[place]:
                self._lows[place] = value
            if before:
                self._narrow(at)
            return 0
        odd = self._odd_highs if side > 0 else self._odd_lows
        odd[place] = max(value, odd[place]) if side > 0 else min(value, odd[place])
        self._odd_piece = self.newest
        if at - band.left_at >= _PATIENCE * self.width:
            band.side = side = 0
            self._narrow(at)
        return side

    def _begin_piece(self, at: int) -> None:
        """Go on; what is unusual is held against what was usual when it began."""
        if not self.turn(at):
            self.band, self.known_at = Band(), at + self._young + self._skip * self.width
        if not self.band.side:
            self._narrow(at)

    def _narrow(self, at: int) -> None:
        """Work the limits out anew."""
        if at < self.known_at:
            self.band.widen()
            return
        places = self.places(self._skip)
        highs = sorted([self._highs[place] for place in places])
        lows = sorted([-self._lows[place] for place in places])
        high, low = highs[-1], -lows[-1]
        if high == -math.inf:
            self.band.widen()
            return
        margin = self._share * (high - low) * max(1.0, self.length / (at - self.begun_at - self._skip * self.width))
        most = _MOST * (high - low)
        self.margin = margin = max(margin, self.least)
        above, below = max(margin, min(most, _straying(highs))), max(margin, min(most, _straying(lows)))
        if self.newest - self._odd_piece < self.size:
            high = max(high, self._habit(self._odd_highs, 1))
            low = min(low, -self._habit(self._odd_lows, -1))
        self.band.narrow(low, high, below, above, self._direction)

    def _habit(self, odd: array[float], sign: int) -> float:
        """How far what was unusual is usual: as far as it went within a day, or on two days; downwards with -1."""
        newest = self.newest
        pieces = range(newest - self.size + 1, newest + 1)
        reached = [sign * odd[piece % self.size] for piece in pieces]
        farthest = max(reached)
        if farthest == -math.inf:
            return farthest
        peak = reached.index(farthest)
        again = max(reached[: max(0, peak - DAY + 1)] + reached[peak + DAY :], default=-math.inf)
        return max(again, *reached[-DAY - 1 :])


def _straying(heights: Sequence[float]) -> float:
    """By how much the highest pieces (these are sorted) lie apart: a long tail has a new highest one after another."""
    top = heights[-_TOP:]
    return _STRAY * (sum(top) / _TOP - top[0]) if top[0] != -math.inf else 0.0
