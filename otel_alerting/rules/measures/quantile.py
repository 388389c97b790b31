"""quantile: `p99` is the value below which 99 % of the window's values lie. Of nothing there is none."""

from __future__ import annotations

from otel_alerting.model import Point, Signal
from otel_alerting.rules.frame import Frame
from otel_alerting.rules.sketch import Sketch
from otel_alerting.rules.window import Ring, Shape


class Quantile:
    """Histograms of all sources are merged first; a mean of quantiles means nothing."""

    def __init__(self, frame: Frame) -> None:
        self._share = frame.share
        self._ring = _Sketches(frame.shape)

    def add(self, at: int, signal: Signal, value: float) -> None:
        """Take one value, or one histogram point, in."""
        sketch = self._ring.sketch(at)
        if sketch is None:
            return
        if isinstance(signal, Point) and signal.buckets is not None:
            sketch.absorb(signal.buckets)
        else:
            sketch.add(value)

    def value(self, at: int) -> float | None:
        """The quantile of the window that ends at `at`."""
        merged = Sketch()
        for sketch in self._ring.sketches(at):
            merged.merge(sketch)
        return merged.quantile(self._share)

    def samples(self, at: int) -> int:
        """Values in the window that ends at `at`."""
        return sum(sketch.count() for sketch in self._ring.sketches(at))


class _Sketches(Ring):
    """A ring with a sketch in each place that has seen something."""

    __slots__ = ("_sketches",)

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        self._sketches: list[Sketch | None] = [None] * self._size

    def empty(self, index: int) -> None:
        """Forget what is kept in a place."""
        self._sketches[index] = None

    def sketch(self, at: int) -> Sketch | None:
        """The sketch for a moment; None when the moment is too old."""
        index = self.place(at)
        if index is None:
            return None
        sketch = self._sketches[index]
        if sketch is None:
            sketch = self._sketches[index] = Sketch()
        return sketch

    def sketches(self, edge: int) -> list[Sketch]:
        """Those of the window that ends at an edge."""
        found = (self._sketches[index] for index in self.places(edge))
        return [sketch for sketch in found if sketch is not None]
