"""Moments are count, mean and variance of the numbers of each piece, from which those of any pieces together follow."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Sequence

from otel_alerting.rules.baseline.pieces import Pieces


class Moments(Pieces):
    """A history of means and variances.

    Both grow by Welford's steps and are joined by Chan's (T. F. Chan et al., 1979), so large means cost no digits.
    """

    __slots__ = ("_counts", "_means", "_squares")

    def __init__(self, length: int, width: int) -> None:
        super().__init__(length, width)
        self._counts, self._means, self._squares = self.column(0.0), self.column(0.0), self.column(0.0)

    def empty(self, place: int) -> None:
        """Forget what is kept at a place."""
        self._counts[place] = self._means[place] = self._squares[place] = 0.0

    def columns(self) -> Sequence[array[float]]:
        """All that is kept, by what it is."""
        return self._counts, self._means, self._squares

    def add(self, at: int, value: float) -> None:
        """Learn a number of the open piece."""
        place = self.newest % self.size
        count = self._counts[place] + 1.0
        before = value - self._means[place]
        mean = self._means[place] + before / count
        self._counts[place], self._means[place] = count, mean
        self._squares[place] += before * (value - mean)
        self.seen_at = at

    def filled(self, places: Iterable[int]) -> list[int]:
        """Those of some places that have seen anything."""
        return [place for place in places if self._counts[place]]

    def together(self, places: Iterable[int]) -> tuple[float, float]:
        """Mean and standard deviation of the numbers of several pieces; 0 and 0 of none."""
        count = mean = squares = 0.0
        for place in self.filled(places):
            added = self._counts[place]
            apart, total = self._means[place] - mean, count + added
            mean += apart * added / total
            squares += self._squares[place] + apart * apart * count * added / total
            count = total
        return mean, math.sqrt(squares / (count - 1)) if count > 1 else 0.0
