"""zscore: farther from the mean of the history than so many standard deviations. For numbers without a rhythm."""

from __future__ import annotations

from otel_alerting.rules.baseline import Baseline
from otel_alerting.rules.baseline.deviation import Deviation
from otel_alerting.rules.baseline.moments import Moments

_PIECES = 42


class Zscore(Deviation):
    """All pieces say what to expect."""

    def __init__(self, baseline: Baseline) -> None:
        super().__init__(baseline, -(-baseline.history // _PIECES), young=baseline.history // 7)

    def picked(self, moments: Moments) -> list[int]:
        """All that are closed and have seen anything."""
        return moments.filled(moments.places())
