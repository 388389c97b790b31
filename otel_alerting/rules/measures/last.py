"""last: the newest value, as long as it is not stale. Of nothing there is none."""

from __future__ import annotations

import math

from otel_alerting.model import Point, Signal
from otel_alerting.rules.frame import Frame
from otel_alerting.rules.window import Newest


class Last:
    """The newest value of one series at or before an edge.

    A value counts for less than `no_data_after` (5 minutes), whatever the rule's window; a point that says that its
    stream has ended counts as none at once.
    """

    def __init__(self, frame: Frame) -> None:
        self._stale = frame.stale
        self._newest = Newest(frame.shape)

    def add(self, at: int, signal: Signal, value: float) -> None:
        """Take one value in."""
        self._newest.put(at, math.nan if isinstance(signal, Point) and signal.absent else value)

    def value(self, at: int) -> float | None:
        """The newest value at `at`."""
        seen_at, value = self._newest.newest(at)
        return None if at - seen_at >= self._stale or math.isnan(value) else value

    def samples(self, at: int) -> int:
        """1 while there is a value."""
        return 0 if self.value(at) is None else 1
