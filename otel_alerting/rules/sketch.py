"""A sketch is a histogram of many numbers from which any quantile can be read.

OpenTelemetry's base-2 exponential histogram at scale 4: bucket i holds (base**i, base**(i+1)] with base = 2**(1/16),
so a quantile is off by at most 2.2 %. It takes exponential histograms of other scales by shifting indices right, never
left, and keeps explicit buckets as they came, because their bounds are exact.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from otel_alerting.model import Buckets, ExponentialBuckets
from otel_alerting.rules.portion import Limits

SCALE = 4
MOST = 1_000
"""Buckets of one side; more than that and the sketch halves its resolution."""
_HALVINGS = 40
"""Of a stretch between two bounds, until what is left of it is as good as a straight line."""


class Sketch:
    """Counts by bucket. Merging gives the same in any order."""

    __slots__ = ("_explicit", "_negative", "_positive", "_scale", "_zero_threshold", "_zeros")

    def __init__(self) -> None:
        self._scale = SCALE
        self._positive: dict[int, int] = {}
        self._negative: dict[int, int] = {}
        self._zeros, self._zero_threshold = 0, 0.0
        self._explicit: dict[tuple[float, ...], list[int]] = {}

    def add(self, value: float) -> int:
        """Take a number in; how many it was: what is no finite number is none."""
        if not math.isfinite(value):
            return 0
        if abs(value) <= self._zero_threshold:
            self._zeros += 1
            return 1
        side = self._positive if value > 0 else self._negative
        index = math.ceil(math.log2(abs(value)) * 2.0**self._scale) - 1
        side[index] = side.get(index, 0) + 1
        if len(side) > MOST:
            self._coarsen(self._scale - 1)
        return 1

    def absorb(self, buckets: Buckets | ExponentialBuckets) -> int:
        """Take a histogram point in; how many numbers it was. Counts up to a bound never decrease: see `_add_all`."""
        if isinstance(buckets, Buckets):
            return _add_all(self._explicit.setdefault(buckets.bounds, [0] * len(buckets.counts)), buckets.counts)
        self._coarsen(min(self._scale, buckets.scale))
        self._zeros += max(0, buckets.zero_count)
        self._zero_threshold = max(self._zero_threshold, buckets.zero_threshold)
        shift = buckets.scale - self._scale
        number = max(0, buckets.zero_count)
        number += _shift_into(self._positive, enumerate(buckets.positive, buckets.positive_offset), shift)
        number += _shift_into(self._negative, enumerate(buckets.negative, buckets.negative_offset), shift)
        while max(len(self._positive), len(self._negative)) > MOST:
            self._coarsen(self._scale - 1)
        return number

    def merge(self, other: Sketch) -> None:
        """Take everything of another sketch in."""
        self._coarsen(min(self._scale, other._scale))
        shift = other._scale - self._scale
        _shift_into(self._positive, other._positive.items(), shift)
        _shift_into(self._negative, other._negative.items(), shift)
        self._zeros += other._zeros
        self._zero_threshold = max(self._zero_threshold, other._zero_threshold)
        for bounds, counts in other._explicit.items():
            _add_all(self._explicit.setdefault(bounds, [0] * len(counts)), counts)
        while max(len(self._positive), len(self._negative)) > MOST:
            self._coarsen(self._scale - 1)

    def packed(self) -> bytes:
        """The same in a tenth of the memory, for a sketch that is closed: some five bytes a bucket."""
        explicit = tuple(self._explicit.items())
        packed = _Packed(self._scale, self._positive, self._negative, self._zeros, self._zero_threshold, explicit)
        return _encoder.encode(packed)

    @classmethod
    def unpacked(cls, packed: bytes) -> Sketch:
        """The sketch that was packed."""
        there, sketch = _decoder.decode(packed), cls()
        sketch._scale, sketch._positive, sketch._negative = there.scale, there.positive, there.negative
        sketch._zeros, sketch._zero_threshold = there.zeros, there.zero_threshold
        sketch._explicit = dict(there.explicit)
        return sketch

    def count(self) -> int:
        """How many numbers."""
        exponential = sum(self._positive.values()) + sum(self._negative.values()) + self._zeros
        return exponential + sum(map(sum, self._explicit.values()))

    def quantile(self, share: float) -> float | None:
        """The number below which this share (0..1) of all numbers lie; None when there are none.

        Linear inside explicit buckets and the zero bucket, exponential inside exponential ones; the last explicit
        bucket, which has no end, gives its lower bound.
        """
        cells = sorted(self._cells(), key=lambda cell: (cell.high, cell.low))
        total = sum(cell.count for cell in cells)
        if not total:
            return None
        if len(self._explicit) + bool(self._positive or self._negative or self._zeros) > 1:
            return _mixed(cells, share * total)
        below = 0
        for cell in cells:
            if below + cell.count >= share * total:
                return cell.at((share * total - below) / cell.count)
            below += cell.count
        return cells[-1].at(1.0)

    def _cells(self) -> list[_Cell]:
        """All buckets that hold something."""
        cells = _exponential_cells(self._scale, self._positive, self._negative, self._zeros, self._zero_threshold)
        for bounds, counts in self._explicit.items():
            cells += _explicit_cells(bounds, counts)
        return cells

    def _coarsen(self, scale: int) -> None:
        """Go down to a scale: neighbours become one."""
        if scale >= self._scale:
            return
        shift, self._scale = self._scale - scale, scale
        for name in ("_positive", "_negative"):
            coarse: dict[int, int] = {}
            _shift_into(coarse, getattr(self, name).items(), shift)
            setattr(self, name, coarse)


class _Packed(msgspec.Struct, array_like=True):
    scale: int
    positive: dict[int, int]
    negative: dict[int, int]
    zeros: int
    zero_threshold: float
    explicit: tuple[tuple[tuple[float, ...], list[int]], ...]


_encoder, _decoder = msgspec.msgpack.Encoder(), msgspec.msgpack.Decoder(_Packed)


class _Cell:
    """A bucket as a stretch of numbers, exponential or linear inside."""

    __slots__ = ("count", "curved", "high", "low")

    def __init__(self, low: float, high: float, count: int, curved: bool = False) -> None:
        self.low, self.high, self.count, self.curved = low, high, count, curved

    def at(self, share: float) -> float:
        """The number at a share (0..1) of the stretch."""
        if not self.curved or not self.low or not self.high or math.isinf(self.high - self.low):
            return self.low + (self.high - self.low) * share if share < 1 else self.high
        return float(self.low * (self.high / self.low) ** share)

    def share(self, value: float, *, itself: bool = True) -> float:
        """How much of the stretch lies below a number, or at it if `itself`, which matters where all of it does."""
        if value >= self.high:
            return 1.0 if itself or value > self.low else 0.0
        if value <= self.low:
            return 0.0
        if not self.curved or not self.low or not self.high or math.isinf(self.high - self.low):
            return (value - self.low) / (self.high - self.low)
        return math.log(value / self.low) / math.log(self.high / self.low)


def share_within(buckets: Buckets | ExponentialBuckets, limits: Limits) -> tuple[float, float]:
    """How many numbers a histogram point tells of, and how many of them lie within all limits.

    Inside a bucket they lie where a quantile would find them; those beyond the last explicit bound just beyond it.
    """
    cells = _cells_of(buckets)
    below, until = 0.0, float(sum(cell.count for cell in cells))
    total = until
    for side, limit in limits:
        found = math.fsum(cell.count * cell.share(limit, itself=side in ("above", "at_most")) for cell in cells)
        if side in ("above", "at_least"):
            below = max(below, found)
        else:
            until = min(until, found)
    return total, max(0.0, until - below)


def _cells_of(buckets: Buckets | ExponentialBuckets) -> list[_Cell]:
    """Those of one histogram point, at its own scale."""
    if isinstance(buckets, Buckets):
        counts = [0] * len(buckets.counts)
        _add_all(counts, buckets.counts)
        return _explicit_cells(buckets.bounds, counts, beyond=True)
    positive, negative = dict[int, int](), dict[int, int]()
    _shift_into(positive, enumerate(buckets.positive, buckets.positive_offset), 0)
    _shift_into(negative, enumerate(buckets.negative, buckets.negative_offset), 0)
    zeros = max(0, buckets.zero_count)
    return _exponential_cells(buckets.scale, positive, negative, zeros, buckets.zero_threshold)


def _mixed(cells: Sequence[_Cell], rank: float) -> float:
    """Where buckets of different kinds overlap: the number at which their common count passes the rank.

    It lies between two neighbours of all their bounds. There the count is a straight line, unless an exponential bucket
    bends it; then it is halved down to.
    """
    bounds = sorted({bound for cell in cells for bound in (cell.low, cell.high)})
    low, high = 0, len(bounds) - 1
    while low < high:
        middle = (low + high) // 2
        if _below(cells, bounds[middle]) >= rank:
            high = middle
        else:
            low = middle + 1
    if low == 0:
        return bounds[0]
    return _between(cells, bounds[low - 1], bounds[low], rank)


def _between(cells: Sequence[_Cell], low: float, high: float, rank: float) -> float:
    """The number between two neighbouring bounds at which the count passes the rank."""
    inside = [cell for cell in cells if cell.low < high and cell.high > low]
    base = _below(cells, low) - _below(inside, low)
    for _ in range(_HALVINGS if any(cell.curved for cell in inside) else 0):
        middle = low + (high - low) / 2
        low, high = (middle, high) if base + _below(inside, middle) < rank else (low, middle)
    before, after = base + _below(inside, low), base + _below(inside, high)
    share = (rank - before) / (after - before) if after > before else 1.0
    return low + (high - low) * min(1.0, max(0.0, share))


def _below(cells: Sequence[_Cell], value: float) -> float:
    return math.fsum(cell.count * cell.share(value) for cell in cells)


def _explicit_cells(bounds: Sequence[float], counts: Sequence[int], *, beyond: bool = False) -> list[_Cell]:
    """Explicit buckets; the first begins at 0 unless it ends below, the last is its lower bound, or just beyond it."""
    if not bounds:
        return []
    end = math.nextafter(bounds[-1], math.inf) if beyond else bounds[-1]
    lows, highs = [min(0.0, bounds[0]), *bounds[:-1], end], [*bounds, end]
    return [_Cell(low, high, count) for low, high, count in zip(lows, highs, counts, strict=False) if count > 0]


def _exponential_cells(
    scale: int, positive: Mapping[int, int], negative: Mapping[int, int], zeros: int, threshold: float
) -> list[_Cell]:
    """Exponential buckets and the zero bucket, which has grown over all that begin within it.

    So OpenTelemetry's data model asks: histograms of different thresholds are merged at the largest of them, or at the
    end of the bucket that this one lies in.
    """
    unit = 2.0**-scale
    sides = [
        [(_power(index * unit), _power((index + 1) * unit), count) for index, count in side.items()]
        for side in (positive, negative)
    ]
    within = [(high, count) for side in sides for low, high, count in side if low < threshold]
    edge, zeros = max([threshold, *(high for high, _ in within)]), zeros + sum(count for _, count in within)
    cells = [_Cell(low, high, count, curved=True) for low, high, count in sides[0] if low >= threshold]
    cells += [_Cell(-high, -low, count, curved=True) for low, high, count in sides[1] if low >= threshold]
    if zeros:
        cells.append(_Cell(-edge if negative else 0.0, edge if positive else 0.0, zeros))
    return cells


def _power(exponent: float) -> float:
    try:
        return math.pow(2.0, exponent)
    except OverflowError:
        return math.inf


def _shift_into(side: dict[int, int], counts: Iterable[tuple[int, int]], shift: int) -> int:
    """Add buckets of a finer scale up; how many numbers they hold."""
    number = 0
    for index, count in counts:
        if count > 0:
            side[index >> shift] = side.get(index >> shift, 0) + count
            number += count
    return number


def _add_all(there: list[int], counts: Sequence[int]) -> int:
    """Add buckets up; how many numbers. A count up to a bound is at least that up to a smaller one, or raised to it."""
    below = highest = 0
    for index, count in enumerate(counts):
        below += count
        there[index] += max(0, below - highest)
        highest = max(highest, below)
    return highest
