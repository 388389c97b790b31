"""A deviation is how far a number is from the mean that is expected of it, in standard deviations."""

from __future__ import annotations

import math
import zlib

import msgspec

from otel_alerting.rules.baseline import Baseline, Judgement
from otel_alerting.rules.baseline.moments import Moments
from otel_alerting.rules.baseline.pieces import Band, Packed

_NEAR = 1.0
"""Standard deviations that a number must come nearer to be usual again, so that noise does not end and begin it."""
_LEAST = 1e-9
"""Of the mean: a standard deviation that is less is what is left of rounding."""


class _State(msgspec.Struct, frozen=True, array_like=True):
    moments: Packed
    band: Band


class Deviation:
    """Learns means and variances, and holds numbers against those of the pieces that an inheriting method picks.

    Args:
        baseline: as it is written.
        width: of a piece, in nanoseconds.
        young: for how long it only learns.
    """

    def __init__(self, baseline: Baseline, width: int, young: int) -> None:
        self._moments = Moments(int(baseline.history), width)
        self._distance, self._direction = baseline.distance, baseline.direction
        self._young = young
        self._patience = int(baseline.history) // 14
        self._band = Band()

    def picked(self, moments: Moments) -> list[int]:
        """The places of the pieces that say what to expect of the open one; none while there are too few."""
        raise NotImplementedError

    def judge(self, at: int, value: float | None) -> Judgement:
        """What to think of the number at a moment."""
        moments = self._moments
        if value is None or not math.isfinite(value):
            return Judgement(None, known_at=self._known_at(at))
        is_old = at <= moments.seen_at <= at + moments.length
        if not is_old and at // moments.width != moments.newest:
            self._begin_piece(at)
        band = self._band
        side = band.side_of(value) if is_old else band.see(at, value)
        if not is_old:
            moments.add(at, self._learned(at, value))
        low, high = band.bounds
        if low is None and high is None:
            return Judgement(None, value, known_at=max(self._known_at(at), at + 1))
        return Judgement(side != 0, value, low, high)

    def kept(self) -> bytes:
        """What it has learned, to outlive the process."""
        return zlib.compress(msgspec.msgpack.encode(_State(self._moments.packed(), self._band)), 1)

    def resume(self, kept: bytes, away: int) -> None:
        """Go on from what was learned. What another method or version kept is of no use, and it learns anew."""
        try:
            state = msgspec.msgpack.decode(zlib.decompress(kept), type=_State)
        except (msgspec.MsgspecError, zlib.error):
            return
        if self._moments.unpack(state.moments):
            self._band = state.band

    def _known_at(self, at: int) -> int:
        known_at = self._moments.begun_at + self._young
        return known_at if at < known_at else 0

    def _learned(self, at: int, value: float) -> float:
        """What is learned of a number: of one that is unusual as much as would be usual, until it lasts."""
        band = self._band
        if not band.side or at - band.left_at >= self._patience:
            return value
        return min(max(value, band.low), band.high)

    def _begin_piece(self, at: int) -> None:
        moments, band = self._moments, self._band
        if not moments.turn(at):
            self._band = band = Band()
        places = self.picked(moments) if at >= moments.begun_at + self._young else []
        if not places:
            band.widen()
            return
        mean, deviation = moments.together(places)
        deviation = max(deviation, abs(mean) * _LEAST)
        usual = (self._distance - _NEAR) * deviation if self._distance > _NEAR else self._distance * deviation
        beyond = self._distance * deviation - usual
        band.narrow(mean - usual, mean + usual, beyond, beyond, self._direction)
