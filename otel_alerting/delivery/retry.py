"""A retry says how long to go on trying, and with which pauses; a backoff is where one destination stands in it.

The names and their meaning are the Collector's (`retry_on_failure`). The pauses are drawn from the whole range up to
the current interval ("full jitter"), so that many processes that failed together do not come back together.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import msgspec

from otel_alerting.model.duration import MINUTE, SECOND

Random: TypeAlias = Callable[[], float]
"""A number from 0 up to, but not including, 1: `random.random`."""

_SHORTEST = SECOND // 100
"""Full jitter may draw nothing at all; a pause is always a pause."""


class Retry(msgspec.Struct, frozen=True, kw_only=True):
    """How to try again what was not delivered. All durations in nanoseconds."""

    enabled: bool = True
    """Try again at all? Waiting for a closed gate is not trying again."""
    initial_interval: int = SECOND
    """The longest pause after the first failure."""
    multiplier: float = 1.5
    """How much longer the pause may become with each failure."""
    max_interval: int = 30 * SECOND
    """The longest pause of all."""
    max_elapsed_time: int = 15 * MINUTE
    """From a notification's first attempt until it is given up; 0 never gives up."""

    def interval(self, failures: int) -> int:
        """The longest pause after so many failures in a row."""
        if failures < 1 or self.initial_interval <= 0:
            return 0
        interval, limit = float(self.initial_interval), float(max(self.initial_interval, self.max_interval))
        for _ in range(failures - 1):
            if interval >= limit or self.multiplier <= 1:
                break
            interval *= self.multiplier
        return int(min(interval, limit))

    def gives_up(self, tried_at: int, next_at: int) -> bool:
        """Would the next attempt come too late for what was first tried then?"""
        return not self.enabled or 0 < self.max_elapsed_time < next_at - tried_at


class Backoff:
    """The failures in a row of one destination."""

    def __init__(self, retry: Retry, random: Random) -> None:
        self._retry = retry
        self._random = random
        self.failures = 0

    def failed(self) -> int:
        """Count a failure; the pause before the next attempt."""
        self.failures += 1
        return max(_SHORTEST, int(self._random() * self._retry.interval(self.failures)))

    def answered(self) -> None:
        """The destination works: the next failure is the first again."""
        self.failures = 0
