"""forecast: where the straight line through the window's values will be `ahead` of its end. Of fewer than two: none."""

from __future__ import annotations

import math
from array import array

from otel_alerting.model import Signal
from otel_alerting.model.duration import SECOND
from otel_alerting.rules.frame import Frame
from otel_alerting.rules.window import Ring, Shape, added


class Forecast:
    """Least squares over every value of the window; a value's distance in time counts, not its place in the order."""

    def __init__(self, frame: Frame) -> None:
        self._ahead = frame.ahead / SECOND
        self._moments = _Moments(frame.shape)

    def add(self, at: int, signal: Signal, value: float) -> None:
        """Take one value in."""
        if math.isfinite(value):
            self._moments.add(at, value)

    def value(self, at: int) -> float | None:
        """The line through the window that ends at `at`, read `ahead` of it; None where there is no line."""
        n, x, y, xx, xy = self._moments.sums(at)
        spread = n * xx - x * x
        if n < 2 or spread <= 0:
            return None
        slope = (n * xy - x * y) / spread
        return self._moments.base + (y - slope * x) / n + slope * self._ahead

    def samples(self, at: int) -> int:
        """Values in the window that ends at `at`."""
        return int(self._moments.sums(at)[0])


class _Moments(Ring):
    """By sub-bucket the sums that a line needs: of 1, x, y, x*x and x*y.

    x is seconds before the sub-bucket's own end and y a distance from the first value: squares of seconds since 1970
    and of bytes on a disk would leave no digits for the slope.
    """

    __slots__ = ("_sums", "base")

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        self._sums = array("d", bytes(5 * 8 * self._size))
        self.base: float = math.nan
        """The first value that was seen."""

    def empty(self, index: int) -> None:
        """Forget what is kept in a place."""
        self._sums[5 * index : 5 * index + 5] = _NOTHING

    def add(self, at: int, value: float) -> None:
        """Take a value in, unless its moment is too old."""
        index = self.place(at)
        if index is None:
            return
        if math.isnan(self.base):
            self.base = value
        x, y = (at - -(-at // self._interval) * self._interval) / SECOND, value - self.base
        for place, term in enumerate((1.0, x, y, x * x, x * y), 5 * index):
            self._sums[place] += term

    def sums(self, edge: int) -> tuple[float, float, float, float, float]:
        """The five sums over the window that ends at an edge, x counted from there."""
        moved = [self._moved(bucket, edge) for bucket in self.buckets(edge) if self._sums[5 * (bucket % self._size)]]
        n, x, y, xx, xy = (added(column) for column in zip(*moved, strict=True)) if moved else _NOTHING
        return n, x, y, xx, xy

    def _moved(self, bucket: int, edge: int) -> tuple[float, ...]:
        """The sums of a sub-bucket with x counted from another edge than its own."""
        place = 5 * (bucket % self._size)
        n, x, y, xx, xy = self._sums[place : place + 5]
        by = (bucket * self._interval - edge) / SECOND
        return n, x + n * by, y, xx + 2 * by * x + n * by * by, xy + by * y


_NOTHING = array("d", bytes(5 * 8))
