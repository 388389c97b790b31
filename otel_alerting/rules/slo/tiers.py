"""Tiers are what is remembered of a month in six kilobytes: the nearer, the finer.

    the last   5m   1h   6h   3d   30d (of another period, as long as that)
    in steps   15s  1m   5m   1h   6h

Every event is counted in all of them. A window that ends at an edge is put together from its near end: from the finest
tier back to where a step of the next begins, and so on, until a tier is reached that is as long as the window. So what
happened after the edge is never in it. Where its far end lies inside a step, it has that share of what is in the step:
as if everything in it had been spread evenly. That is exact for 5m, and concerns at most 1/30 of 30m, 1/60 of 1h, 1/72
of 6h and of 3d.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from otel_alerting.model.duration import HOUR, MINUTE
from otel_alerting.rules.window import Ring, Shape

FINEST = 5 * MINUTE
"""A rule's interval must divide it."""
_STEPS = ((1 * MINUTE, HOUR), (5 * MINUTE, 6 * HOUR), (HOUR, 72 * HOUR))
_FAR = 6 * HOUR
_MOST = 120
"""Steps of the farthest tier; of a period longer than 30 days they are wider."""


class Tally(NamedTuple):
    """How much happened, and how much of it was bad."""

    total: float
    bad: float

    @property
    def share(self) -> float:
        """The share that was bad, from 0 to 1; 0 of nothing."""
        return min(1.0, max(0.0, self.bad / self.total)) if self.total > 0 else 0.0


class PackedTier(msgspec.Struct, frozen=True, array_like=True):
    """A tier as it can be stored."""

    step: int
    newest: int
    total: bytes
    bad: bytes


class Tiers:
    """Counts of one group over all windows up to the longest. Late events count wherever there is still a step."""

    __slots__ = ("_bad", "_finest", "_open", "_tiers", "_total")

    def __init__(self, shapes: tuple[Shape, ...]) -> None:
        self._tiers = tuple(_Tier(shape) for shape in shapes)
        self._finest = shapes[0].interval
        self._open, self._total, self._bad = 0, 0.0, 0.0
        """The step counted in last, by its number, and what is not in any tier yet: five of them cost five times as
        much as one number, and most events fall into the step of the one before."""

    def add(self, at: int, total: float, bad: float) -> None:
        """Count something that happened."""
        step = -(-at // self._finest)
        if step != self._open:
            self._settle()
            self._open = step
        self._total += total
        self._bad += bad

    def tally(self, edge: int, window: int) -> Tally:
        """What happened in a window that ends at an edge; of one longer than was seen yet, what was seen."""
        self._settle()
        end, total, bad = edge, 0.0, 0.0
        for tier, coarser in zip(self._tiers, (*self._tiers[1:], None), strict=True):
            is_last = coarser is None or window <= tier.length
            begin = edge - window if coarser is None or is_last else end // coarser.step * coarser.step
            found = tier.tally(begin, end)
            total, bad, end = total + found.total, bad + found.bad, begin
            if is_last:
                break
        return Tally(total, bad)

    def rewind(self, now: int) -> None:
        """Go on after the clock was set back: what happened after now did not."""
        self._settle()
        for tier in self._tiers:
            tier.rewind(now)

    def packed(self) -> tuple[PackedTier, ...]:
        """Everything, to outlive the process."""
        self._settle()
        return tuple(tier.packed() for tier in self._tiers)

    def unpack(self, packed: Iterable[PackedTier]) -> None:
        """Put back what was packed, as far as it is of tiers that are cut like these; others stay empty."""
        kept = {one.step: one for one in packed}
        for tier in self._tiers:
            if tier.step in kept:
                tier.unpack(kept[tier.step])

    def _settle(self) -> None:
        """Put what was counted last into all tiers; a step of one lies in one step of each."""
        if self._total or self._bad:
            for tier in self._tiers:
                tier.add(self._open * self._finest, self._total, self._bad)
            self._total = self._bad = 0.0


def shapes(interval: int, lateness: int, period: int) -> tuple[Shape, ...]:
    """The tiers of a rule, finest first.

    Args:
        interval: how often it is evaluated; it divides `FINEST`.
        lateness: how long an evaluation waits for late events.
        period: as long as the longest window.
    """
    far = min(-(-period // (_MOST * _FAR)) * _FAR, _STEPS[-1][1])
    steps = [(interval, FINEST)]
    for step, length in (*_STEPS, (far, period)):
        if steps[-1][1] >= period:
            break
        if step <= interval:
            steps[-1] = (interval, length)
        elif step % steps[-1][0] == 0:
            steps.append((step, min(length, period)))
    return tuple(Shape(length, step, lateness) for step, length in steps)


class _Tier(Ring):
    """One number of everything and one of what is bad, by step."""

    __slots__ = ("_bad", "_total", "length", "step")

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        self.step, self.length = shape.interval, shape.window
        self._total, self._bad = array("d", bytes(8 * self._size)), array("d", bytes(8 * self._size))

    def empty(self, index: int) -> None:
        """Forget what is kept in a place."""
        self._total[index] = self._bad[index] = 0.0

    def add(self, at: int, total: float, bad: float) -> None:
        """Count something, unless it is too old to have a step."""
        index = self.place(at)
        if index is not None:
            self._total[index] += total
            self._bad[index] += bad

    def tally(self, begin: int, end: int) -> Tally:
        """What happened in (begin, end]; `end` is the end of a step."""
        whole, inside = divmod(begin, self.step)
        oldest, last = self._newest - self._size + 1, min(end // self.step, self._newest)
        total = bad = 0.0
        for slot in self._slices(max(whole + (2 if inside else 1), oldest), last):
            total += sum(self._total[slot])
            bad += sum(self._bad[slot])
        if inside and oldest <= whole + 1 <= last:
            share, place = 1.0 - inside / self.step, (whole + 1) % self._size
            total += share * self._total[place]
            bad += share * self._bad[place]
        return Tally(total, bad)

    def rewind(self, now: int) -> None:
        """Forget the steps after now."""
        newest = -(-now // self.step)
        for gone in range(max(newest, self._newest - self._size) + 1, self._newest + 1):
            self.empty(gone % self._size)
        self._newest = min(self._newest, newest)

    def packed(self) -> PackedTier:
        """Everything."""
        return PackedTier(self.step, self._newest, self._total.tobytes(), self._bad.tobytes())

    def unpack(self, packed: PackedTier) -> None:
        """Put back what was packed, if it is as long."""
        if len(packed.total) == len(packed.bad) == 8 * self._size:
            self._newest, self._total, self._bad = packed.newest, array("d", packed.total), array("d", packed.bad)

    def _slices(self, first: int, last: int) -> Iterator[slice]:
        """Where in the ring some steps in a row are."""
        if first > last:
            return
        begin, end = first % self._size, last % self._size + 1
        if begin < end:
            yield slice(begin, end)
        else:
            yield slice(begin, self._size)
            yield slice(0, end)
