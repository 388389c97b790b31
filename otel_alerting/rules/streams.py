"""A stream is one metric of one source with one set of attributes; a step is what it grew by since its last point.

Cumulative points become differences: a drop, or a new start, is a reset from 0; a point that is not newer than the last
is a repeat, which OTLP's retries send. The first cumulative point counts only when its start lies after our own start,
for who knows when the rest of it happened. Delta points are steps already, gauges pass as they are. A summary's count
and sum are counters; its quantiles are levels, and nothing can be worked out from two of them.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from typing import TypeAlias

import msgspec

from otel_alerting.model import Attributes, Buckets, ExponentialBuckets, Point
from otel_alerting.model.duration import HOUR, MINUTE
from otel_alerting.rules.window import FUTURE

MOST = 50_000
"""Streams remembered; of more, steps cannot be known, and they are counted as lost."""
REMEMBERED = HOUR
"""How long a stream that says nothing is remembered, so that its next point is a step and not a first one."""
_SWEEP = 5 * MINUTE

Key: TypeAlias = Hashable


class _Stream(msgspec.Struct):
    point: Point
    seen_at: int


class Streams:
    """The last point of every cumulative stream.

    Args:
        started_at: when we began to look; a counter that was started later is known from its first point on.
    """

    def __init__(self, started_at: int = 0) -> None:
        self._started_at = started_at
        self._streams: dict[Key, _Stream] = {}
        self._swept_at = 0
        self.overflowed: Counter[str] = Counter()
        """By tenant: points of streams beyond the limit; they are in no sum."""

    def step(self, point: Point, now: int) -> Point | None:
        """What a point adds, as a delta point; None for a repeat, a first point of unknown age, and a stream's end."""
        if point.absent:
            return None
        if point.kind == "gauge" or (point.kind == "sum" and not point.monotonic and point.temporality == "cumulative"):
            return point
        if not math.isfinite(point.value):
            return None
        if point.temporality == "delta":
            return self._delta(point, now)
        if point.at > now + FUTURE:
            point = msgspec.structs.replace(point, at=now)  # or no later point would be newer than it
        return self._difference(point, now)

    def move(self, now: int) -> None:
        """Go on after the wall clock was set back: what was seen in the future is as old as now."""
        for stream in self._streams.values():
            stream.seen_at = min(stream.seen_at, now)
            if stream.point.at > now:
                stream.point = msgspec.structs.replace(stream.point, at=now)
        self._swept_at = min(self._swept_at, now)

    def _delta(self, point: Point, now: int) -> Point | None:
        """A delta point is a step, unless the same one came before; without a start nothing tells repeats apart.

        A counter that counts down is none, and its step is not positive.
        """
        if point.monotonic and point.value < 0:
            return None
        if not point.started_at:
            return point
        stream = self._streams.get(key := stream_key(point))
        if stream is not None and stream.point.started_at == point.started_at and stream.point.at == point.at:
            return None
        self._remember(key, point, now)
        return point

    def _difference(self, point: Point, now: int) -> Point | None:
        key = stream_key(point)
        stream = self._streams.get(key)
        if stream is None:
            if not self._remember(key, point, now):
                self.overflowed[point.tenant] += 1
                return None
            return point if self._started_at < point.started_at < point.at else None
        last = stream.point
        if point.at <= last.at:
            return None
        stream.point, stream.seen_at = point, now
        if point.started_at > last.started_at:  # a restart, and all of it is new; unless it only says that it begins
            return point if point.started_at < point.at else None
        step = _difference(point, last)
        return point if step is None else step  # after a reset, too

    def _remember(self, key: Key, point: Point, now: int) -> bool:
        if key not in self._streams and len(self._streams) >= MOST:
            self._sweep(now)
        if key not in self._streams and len(self._streams) >= MOST:
            return False
        self._streams[key] = _Stream(point, now)
        return True

    def _sweep(self, now: int) -> None:
        """Forget the streams that have said nothing for long."""
        if now - self._swept_at < _SWEEP:
            return
        self._swept_at = now
        self._streams = {key: one for key, one in self._streams.items() if now - one.seen_at < REMEMBERED}

    def forget(self, now: int) -> None:
        """Forget, now and then, what is long silent."""
        self._sweep(now)


def levels_of(point: Point) -> Sequence[Point]:
    """A point as levels: a summary is one for each of its quantiles, told apart by the attribute `quantile`."""
    if not point.quantiles:
        return (point,)
    return [_level(point, share, value) for share, value in point.quantiles if not math.isnan(value)]


def _level(point: Point, share: float, value: float) -> Point:
    attributes = {**point.attributes, "quantile": f"{share:g}"}
    return msgspec.structs.replace(point, kind="gauge", value=value, count=1, quantiles=(), attributes=attributes)


def stream_key(point: Point) -> Key:
    """What makes a stream: metric, scope, resource and attributes."""
    return (point.tenant, point.name, point.scope, _frozen(point.resource), _frozen(point.attributes))


def _frozen(attributes: Attributes) -> Key:
    """The same for the same attributes in any order; lists make it dearer."""
    return frozenset(attributes.items()) if _hashable(attributes) else repr(sorted(attributes.items(), key=str))


def _hashable(attributes: Attributes) -> bool:
    return not any(isinstance(value, list | Mapping | set) for value in attributes.values())


def _difference(point: Point, last: Point) -> Point | None:
    """What lies between two points of one start; None when anything dropped: that is a reset."""
    if point.kind == "sum":
        return _replaced(point, last, point.value - last.value) if point.value >= last.value else None
    if point.count < last.count:
        return None
    if point.buckets is None or last.buckets is None:
        return _replaced(point, last, point.value - last.value, count=point.count - last.count)
    buckets = _bucket_steps(point.buckets, last.buckets)
    if buckets is None:
        return None
    return _replaced(point, last, point.value - last.value, count=point.count - last.count, buckets=buckets)


def _replaced(
    point: Point, last: Point, value: float, *, count: int = 1, buckets: Buckets | ExponentialBuckets | None = None
) -> Point:
    """The step as a delta point. The smallest and largest since the last point are not known."""
    return msgspec.structs.replace(
        point,
        value=value,
        count=count,
        buckets=buckets,
        started_at=last.at,
        temporality="delta",
        low=None,
        high=None,
    )


def _bucket_steps(
    now: Buckets | ExponentialBuckets, last: Buckets | ExponentialBuckets
) -> Buckets | ExponentialBuckets | None:
    if isinstance(now, Buckets):
        if not isinstance(last, Buckets) or last.bounds != now.bounds:
            return None
        counts = tuple(new - old for new, old in zip(now.counts, last.counts, strict=False))
        return None if min(counts, default=0) < 0 else Buckets(bounds=now.bounds, counts=counts)
    return _exponential_steps(now, last) if isinstance(last, ExponentialBuckets) else None


def _exponential_steps(now: ExponentialBuckets, last: ExponentialBuckets) -> ExponentialBuckets | None:
    """Scales only ever go down within one start; the coarser of the two is common ground."""
    scale = min(now.scale, last.scale)
    positive = _side(now.positive, now.positive_offset, now.scale - scale)
    negative = _side(now.negative, now.negative_offset, now.scale - scale)
    for there, before in (
        (positive, _side(last.positive, last.positive_offset, last.scale - scale)),
        (negative, _side(last.negative, last.negative_offset, last.scale - scale)),
    ):
        for index, count in before.items():
            there[index] = there.get(index, 0) - count
    zeros = now.zero_count - last.zero_count
    if min((zeros, *positive.values(), *negative.values())) < 0:
        return None
    positive_offset, positive_counts = _dense(positive)
    negative_offset, negative_counts = _dense(negative)
    return ExponentialBuckets(
        scale=scale,
        zero_count=zeros,
        zero_threshold=now.zero_threshold,
        positive_offset=positive_offset,
        positive=positive_counts,
        negative_offset=negative_offset,
        negative=negative_counts,
    )


def _side(counts: tuple[int, ...], offset: int, shift: int) -> dict[int, int]:
    side: dict[int, int] = {}
    for index, count in enumerate(counts, offset):
        side[index >> shift] = side.get(index >> shift, 0) + count
    return side


def _dense(side: dict[int, int]) -> tuple[int, tuple[int, ...]]:
    """Offset and counts without holes."""
    filled = [index for index, count in side.items() if count]
    if not filled:
        return 0, ()
    low, high = min(filled), max(filled)
    return low, tuple(side.get(index, 0) for index in range(low, high + 1))
