"""seasonal: far from the mean of the same time of day; from three weeks of history on, of the same time of the week."""

from __future__ import annotations

from otel_alerting.model.duration import DAY, HOUR
from otel_alerting.rules.baseline import Baseline
from otel_alerting.rules.baseline.deviation import Deviation
from otel_alerting.rules.baseline.moments import Moments

_WEEK = 7 * DAY
_SEEN = 3
"""How often a time must have come before; of two nobody knows which one was unusual."""
_WIDTHS = (1, 2, 3, 4, 6, 8, 12, 24)
_PLACES = 700
"""Pieces at most: 29 days of hours, 17 kB."""


class Seasonal(Deviation):
    """The pieces of the same time say what to expect, with their neighbours: what comes every day may come early."""

    def __init__(self, baseline: Baseline) -> None:
        season = _WEEK if baseline.history >= _SEEN * _WEEK else DAY
        hours = next((hours for hours in _WIDTHS if baseline.history <= hours * _PLACES * HOUR), _WIDTHS[-1])
        super().__init__(baseline, hours * HOUR, young=_SEEN * season)
        self._season = season // (hours * HOUR)

    def picked(self, moments: Moments) -> list[int]:
        """Those one season ago, two seasons ago, and so on."""
        oldest = moments.newest - moments.size + 1
        ago = [moments.newest - back for back in range(self._season, moments.size - 1, self._season)]
        if len(moments.filled(piece % moments.size for piece in ago)) < _SEEN:
            return []
        around = {piece + by for piece in ago for by in (-1, 0, 1)}
        return moments.filled(piece % moments.size for piece in around if oldest <= piece < moments.newest)
