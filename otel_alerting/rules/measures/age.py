"""age: seconds since the moment a metric's value names, or since the newest span or log record. Of nothing: none."""

from __future__ import annotations

import math
from collections.abc import Mapping

from otel_alerting.model import Point, Signal
from otel_alerting.model.duration import SECOND
from otel_alerting.rules.frame import Frame
from otel_alerting.rules.window import Newest

_SECONDS: Mapping[str, float] = {"ms": 1e-3, "us": 1e-6, "ns": 1e-9}
"""Of units in which moments are told; in any other they are seconds since 1970."""


class Age:
    """How long ago it was, at an edge: `backup.last_success` of 1,700,000,000 is an hour old at 1,700,003,600.

    A metric's value is gone after `no_data_after`, as any last value; spans and log records are remembered for the
    rule's `memory`.
    """

    def __init__(self, frame: Frame) -> None:
        self._stale = frame.stale
        self._newest = Newest(frame.shape)

    def add(self, at: int, signal: Signal, value: float) -> None:
        """Take one signal in; a point that says that its stream has ended takes the value away."""
        if not isinstance(signal, Point):
            moment = at / SECOND
        elif signal.absent:
            moment = math.nan
        else:
            moment = value * _SECONDS.get(signal.unit, 1.0)
        self._newest.put(at, moment)

    def value(self, at: int) -> float | None:
        """The seconds between the newest moment and `at`; negative for one that lies ahead."""
        seen_at, moment = self._newest.newest(at)
        return None if at - seen_at >= self._stale or math.isnan(moment) else at / SECOND - moment

    def samples(self, at: int) -> int:
        """1 while there is a moment."""
        return 0 if self.value(at) is None else 1
