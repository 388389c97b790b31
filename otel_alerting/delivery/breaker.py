"""A breaker keeps us from a destination that does not work: a while after failures in a row, long after a refusal.

    closed --5 failures in a row--> open --1 minute--> half open: one attempt --fails--> open
       ^                                                     | answers
       +-----------------------------------------------------+
    any --refused--> parked --1 hour--> half open: one attempt --refused--> parked
                                                             (a failure only opens it)

Somebody's dead webhook was once asked 73,159 times: a parked one is asked 24 times a day, and not before there is
something to tell.
"""

from __future__ import annotations

from otel_alerting.model.duration import HOUR, MINUTE

FAILURES = 5
"""In a row, until the destination counts as down."""
PAUSE = MINUTE
"""Between two attempts at a destination that is down."""
PARKED = HOUR
"""Between two attempts at a destination that has refused."""


class Breaker:
    """Whether one destination may be tried. Pure: `now` is an argument."""

    def __init__(self) -> None:
        self.word = ""
        """The refusal's word; empty for a destination that has not refused."""
        self._failures = 0
        self._closed_at = 0

    @property
    def down(self) -> bool:
        """Did it fail, or refuse, when it was last tried, and often enough?"""
        return bool(self.word) or self._failures >= FAILURES

    def parked(self, now: int) -> bool:
        """Is there no sense in even waiting for it?"""
        return bool(self.word) and now < self._closed_at

    def allows_at(self) -> int:
        """The moment from which one attempt is allowed."""
        return self._closed_at

    def failed(self, now: int) -> bool:
        """Take in an attempt without an answer; True when the destination is down from now on."""
        was_down = self.down
        self._failures = FAILURES if self.word else self._failures + 1
        self.word = ""  # whatever this is, it is no refusal
        if self.down:
            self._closed_at = now + PAUSE
        return self.down and not was_down

    def refused(self, word: str, now: int) -> bool:
        """Take in a refusal; True when it is the first, or one with a new word."""
        news = word != self.word
        self.word, self._closed_at = word, now + PARKED
        return news

    def answered(self) -> bool:
        """Take in that it works; True when it was down before."""
        was_down = self.down
        self.word, self._failures, self._closed_at = "", 0, 0
        return was_down
