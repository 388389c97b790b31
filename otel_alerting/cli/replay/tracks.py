"""A track is one group's number over time and when it was pending and firing, in as few points as a picture can show.

A recording of any length becomes a track of the same size: when there are too many points, each two become one that
keeps the smallest and the largest of both, so that no peak is lost.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from otel_alerting.model import Labels, Severity
from otel_alerting.rules.play import Change, Evaluation

POINTS = 1_000
"""Of a track, at most twice as many: more than a picture has columns."""
SPANS = 1_000
"""Of a track, of each kind."""
TRACKS = 200
"""Remembered, to choose from."""


class Stretch(NamedTuple):
    """The numbers of a while: of one evaluation, or of several that became one."""

    at: int
    low: float
    high: float
    """NaN where there was no number."""


class Shade(NamedTuple):
    """A while in which something was pending (`severity` is what it would fire with) or firing."""

    began_at: int
    ended_at: int
    severity: Severity


@dataclass(eq=False)
class Track:
    """One group of one rule."""

    alert: str
    labels: Labels
    unit: str = ""
    stretches: list[Stretch] = field(default_factory=list)
    pending: list[Shade] = field(default_factory=list)
    firing: list[Shade] = field(default_factory=list)
    _step: int = 1
    """Evaluations in a stretch."""
    _open: list[Stretch] = field(default_factory=list)
    _pends: tuple[int, Severity] | None = None
    _fires: tuple[int, Severity] | None = None

    @property
    def importance(self) -> tuple[int, int]:
        """How long it fired, and how long it was pending."""
        return _length(self.firing), _length(self.pending)

    def found(self, one: Evaluation) -> None:
        """An evaluation."""
        self.unit = one.unit
        value = math.nan if one.value is None else one.value
        self._open.append(Stretch(one.at, value, value))
        if len(self._open) >= self._step:
            self.stretches.append(_joined(self._open))
            self._open.clear()
        if len(self.stretches) >= 2 * POINTS:
            self._thin()
        self._pends = _shaded(self.pending, self._pends, one.at, one.severity if one.state == "pending" else None)

    def changed(self, one: Change) -> None:
        """A change of state; that it is pending is known from the evaluation."""
        if one.state != "pending":
            severity = one.severity if one.state == "firing" else None
            self._fires = _shaded(self.firing, self._fires, one.at, severity)

    def finish(self, until: int) -> None:
        """It is over."""
        if self._open:
            self.stretches.append(_joined(self._open))
            self._open.clear()
        self._pends = _shaded(self.pending, self._pends, until, None)
        self._fires = _shaded(self.firing, self._fires, until, None)

    def _thin(self) -> None:
        pairs = zip(self.stretches[::2], self.stretches[1::2], strict=True)
        self.stretches = [_joined(pair) for pair in pairs]
        self._step *= 2


class Tracks:
    """The tracks of all groups, of which there may be too many.

    Args:
        rules: their names, in the order of the file, which is that of the tracks.
        tenant: the one whose name goes without saying.
    """

    wants_evaluations = True

    def __init__(self, rules: Sequence[str], tenant: str) -> None:
        self._order = {name: index for index, name in enumerate(rules)}
        self._tenant = tenant
        self._tracks: dict[object, Track] = {}
        self.is_full = False
        """Were there groups that there was no room for?"""

    def found(self, one: Evaluation) -> None:
        """An evaluation."""
        track = self._track(one)
        if track is not None:
            track.found(one)

    def changed(self, one: Change) -> None:
        """A change of state."""
        track = self._track(one)
        if track is not None:
            track.changed(one)

    def chosen(self, most: int, until: int) -> tuple[Sequence[Track], int]:
        """The tracks to draw, rule by rule: those that fired longest; and how many others there are."""
        for track in self._tracks.values():
            track.finish(until)
        ranked = sorted(self._tracks.values(), key=lambda track: track.importance, reverse=True)
        chosen = sorted(ranked[:most], key=lambda track: self._order.get(track.alert, len(self._order)))
        return chosen, len(ranked) - len(chosen)

    def _track(self, one: Evaluation | Change) -> Track | None:
        key = (one.tenant, one.alert, tuple(one.labels.items()))
        track = self._tracks.get(key)
        if track is None:
            if len(self._tracks) >= TRACKS:
                self.is_full = True
                return None
            whose = {} if one.tenant == self._tenant else {"tenant": one.tenant}
            track = self._tracks[key] = Track(one.alert, {**whose, **one.labels})
        return track


def _joined(stretches: Iterable[Stretch]) -> Stretch:
    """One of several: from the first, as low and as high as any of them."""
    each = list(stretches)
    lows = [one.low for one in each if not math.isnan(one.low)]
    highs = [one.high for one in each if not math.isnan(one.high)]
    return Stretch(each[0].at, min(lows, default=math.nan), max(highs, default=math.nan))


def _shaded(
    shades: list[Shade], since: tuple[int, Severity] | None, at: int, severity: Severity | None
) -> tuple[int, Severity] | None:
    """What goes on after a moment, where what went on until then is another."""
    if since is not None and severity is since[1]:
        return since
    if since is not None and len(shades) < SPANS:
        shades.append(Shade(since[0], at, since[1]))
    return None if severity is None else (at, severity)


def _length(shades: Sequence[Shade]) -> int:
    return sum(shade.ended_at - shade.began_at for shade in shades)
