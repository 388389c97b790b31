"""quantile: `p99` is the value below which 99 % of the window's values lie. Of nothing there is none."""

from __future__ import annotations

from array import array
from collections.abc import Iterator

from otel_alerting.model import Buckets, ExponentialBuckets, Point, Signal
from otel_alerting.rules.frame import Frame, is_spread
from otel_alerting.rules.sketch import Sketch
from otel_alerting.rules.window import Ring, Shape


class Quantile:
    """Histograms of all sources are merged first; a mean of quantiles means nothing."""

    def __init__(self, frame: Frame) -> None:
        self._share = frame.share
        self._ring = _Sketches(frame.shape)

    def add(self, at: int, signal: Signal, value: float) -> None:
        """Take one value, or one histogram point, in; one without buckets has no values to give."""
        if not isinstance(signal, Point) or not is_spread(signal):
            self._ring.add(at, value)
        elif signal.buckets is not None:
            self._ring.add(at, signal.buckets)

    def value(self, at: int) -> float | None:
        """The quantile of the window that ends at `at`."""
        merged = Sketch()
        for sketch in self._ring.sketches(at):
            merged.merge(sketch)
        return merged.quantile(self._share)

    def samples(self, at: int) -> int:
        """Values in the window that ends at `at`."""
        return self._ring.count(at)


class _Sketches(Ring):
    """A ring with a sketch in each place that has seen something; all but the one that is added to are packed."""

    __slots__ = ("_counts", "_open", "_sketches")

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        self._counts = array("d", bytes(8 * self._size))
        self._sketches: list[Sketch | bytes | None] = [None] * self._size
        self._open = 0

    def empty(self, index: int) -> None:
        """Forget what is kept in a place."""
        self._counts[index], self._sketches[index] = 0.0, None

    def add(self, at: int, seen: float | Buckets | ExponentialBuckets) -> None:
        """Take a number or a histogram in, unless its moment is too old."""
        index = self.place(at)
        if index is None:
            return
        sketch = self._opened(index)
        self._counts[index] += sketch.add(seen) if isinstance(seen, float | int) else sketch.absorb(seen)

    def count(self, edge: int) -> int:
        """How many numbers, in the window that ends at an edge."""
        return int(sum([self._counts[index] for index in self.places(edge)]))

    def sketches(self, edge: int) -> Iterator[Sketch]:
        """Those of the window that ends at an edge."""
        for index in self.places(edge):
            there = self._sketches[index]
            if there is not None:
                yield Sketch.unpacked(there) if isinstance(there, bytes) else there

    def _opened(self, index: int) -> Sketch:
        before = self._sketches[self._open]
        if index != self._open and isinstance(before, Sketch):
            self._sketches[self._open] = before.packed()
        self._open, there = index, self._sketches[index]
        if not isinstance(there, Sketch):
            there = self._sketches[index] = Sketch() if there is None else Sketch.unpacked(there)
        return there
