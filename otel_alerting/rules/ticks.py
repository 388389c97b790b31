"""Ticks tell a program that was away from one that was here: the wall's clock against one that only ever grows.

A machine that sleeps stops the second and not the first; somebody's hand moves the first and not the second.
"""

from __future__ import annotations

from otel_alerting.model.duration import SECOND

LEAST = 30 * SECOND
"""What is less is no gap: clocks are corrected by seconds all the time."""


class Ticks:
    """Compares the two at every evaluation.

    Without the second clock only what goes back is seen: a jump forward looks like a late evaluation.
    """

    def __init__(self) -> None:
        self._now, self._monotonic = 0, 0

    def gap(self, now: int, monotonic: int | None) -> int:
        """By how much the wall's clock moved beside the time that passed, negative for back; 0 where it is little."""
        went = now - self._now if self._now else 0
        passed = monotonic - self._monotonic if monotonic is not None and self._monotonic else max(0, went)
        self._now, self._monotonic = now, monotonic or 0
        return went - passed if abs(went - passed) > LEAST else 0

    def went_back(self, now: int) -> int:
        """By how much the wall's clock was set back since the last evaluation, as negative nanoseconds; else 0."""
        if now >= self._now - LEAST:
            return 0
        by, self._now, self._monotonic = now - self._now, now, 0
        return by
