"""extremes: a new high or low. The number is held against its own extremes, and so are its means of an hour and a day.

A mean that leaves its extremes shows what single numbers hide: that they are many. A week has fewer means than numbers,
so the farthest of them says less about how far they go, and their margins are wider: twice as wide for an hour's, ten
times for a day's, of which a week has seven. And never narrower than that of the numbers themselves, so that one number
far out does not make an unusual day.
"""

from __future__ import annotations

import math
import zlib

import msgspec

from otel_alerting.rules.baseline import Baseline, Judgement
from otel_alerting.rules.baseline.extent import DAY, Extent, ExtentState
from otel_alerting.rules.baseline.moments import Moments
from otel_alerting.rules.baseline.pieces import Packed

_HOURS = 168
_HOURLY, _DAILY = 2.0, 10.0
"""How many times as wide a share as that of the numbers."""
_FEW = 6
"""Numbers of an hour; the mean of fewer is not much more than the newest of them."""
_YOUNG = 1 / 7
_SKIP = 1
"""Pieces that do not count yet beside the open one: four hours of a week. In both a number that grows steadily gains
less than 10% of what it gains in a week, so a trend is not unusual."""


class _State(msgspec.Struct, frozen=True, array_like=True):
    numbers: ExtentState
    hours: ExtentState
    days: ExtentState
    means: Packed
    hourly: float


class Extremes:
    """Three extents: of the numbers, of their mean over an hour, and of their mean over a day (of a week's history)."""

    def __init__(self, baseline: Baseline) -> None:
        length, share, direction = int(baseline.history), baseline.share, baseline.direction
        self._numbers = Extent(length, share, young=_YOUNG, skip=_SKIP, direction=direction)
        self._hours = Extent(length, share * _HOURLY, young=_YOUNG, skip=_SKIP, direction=direction)
        self._days = Extent(length, share * _DAILY, young=1.0, skip=DAY, direction=direction)
        self._means = Moments(DAY * self._numbers.width, self._numbers.width)
        self._hour = length // _HOURS
        self._hourly = 0.0
        """The mean, in which a number weighs less by half every 42 minutes (of a week's history)."""

    def judge(self, at: int, value: float | None) -> Judgement:
        """What to think of the number at a moment."""
        numbers = self._numbers
        if value is None or not math.isfinite(value):
            return Judgement(None, known_at=numbers.known_at if at < numbers.known_at else 0)
        if at <= numbers.seen_at <= at + numbers.length:
            return self._said(at, value, numbers.band.side_of(value))
        gap = abs(at - numbers.seen_at)
        side = numbers.see(at, value)
        self._hours.least = self._days.least = numbers.margin
        self._learn_hour(at, value, gap)
        self._learn_day(at, value)
        return self._said(at, value, side)

    def kept(self) -> bytes:
        """What it has learned, to outlive the process."""
        extents = self._numbers.state(), self._hours.state(), self._days.state()
        return zlib.compress(msgspec.msgpack.encode(_State(*extents, self._means.packed(), self._hourly)), 1)

    def resume(self, kept: bytes, away: int) -> None:
        """Go on from what was learned. What another method or version kept is of no use, and it learns anew."""
        try:
            state = msgspec.msgpack.decode(zlib.decompress(kept), type=_State)
        except (msgspec.MsgspecError, zlib.error):
            return
        self._numbers.resume(state.numbers)
        self._hours.resume(state.hours)
        self._days.resume(state.days)
        self._means.unpack(state.means)
        self._hourly = state.hourly

    def _said(self, at: int, value: float, side: int) -> Judgement:
        numbers, hours, days = self._numbers, self._hours, self._days
        if at < numbers.known_at:
            return Judgement(None, value, known_at=numbers.known_at)
        if not side and hours.band.side:
            return Judgement(True, self._hourly, *hours.band.bounds, self._hour)
        if not side and days.band.side:
            return Judgement(True, days.value, *days.band.bounds, DAY * numbers.width)
        low, high = numbers.band.bounds
        return Judgement(side != 0, value, low, high)

    def _learn_hour(self, at: int, value: float, gap: int) -> None:
        """The mean is judged with every number, where they are close enough for it to be more than one of them."""
        self._hourly += (value - self._hourly) * -math.expm1(-gap / self._hour)
        if gap * _FEW <= self._hour:
            self._hours.see(at, self._hourly)
        else:
            self._hours.band.side = 0

    def _learn_day(self, at: int, value: float) -> None:
        """A day's mean is made, and judged, when a piece is over."""
        means = self._means
        if at // means.width != means.newest:
            if means.turn(at) and len(closed := means.filled(means.places()[-DAY:])) == DAY:
                self._days.see(at, means.together(closed)[0])
            else:
                self._days.band.side = 0
        means.add(at, value)
