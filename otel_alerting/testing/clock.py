"""A clock that stands still until it is told to go on."""

from __future__ import annotations

from otel_alerting.model.duration import SECOND, Duration

START = 1_767_225_600 * SECOND
"""2026-01-01 00:00:00 UTC: where a clock begins that nobody told otherwise."""


class ManualClock:
    """A `Clock` whose time you set. Both of its times go on together.

    ```python
    clock = ManualClock()
    clock.advance("5m")
    ```
    """

    def __init__(self, at: int = START) -> None:
        self._begin = at
        self._gone = 0
        self._moved = 0

    def now(self) -> int:
        """Nanoseconds since the epoch."""
        return self._begin + self._gone + self._moved

    def monotonic(self) -> int:
        """Nanoseconds that this clock has been advanced by."""
        return self._gone

    def advance(self, duration: int | str) -> int:
        """Let time pass: nanoseconds, or a duration as `5m`; the new `now`.

        Raises:
            ValueError: time does not go back; for a wall clock that is set, see `set`.
        """
        gone = Duration.parse(duration) if isinstance(duration, str) else duration
        if gone < 0:
            raise ValueError("time goes on: a duration is 0 or longer")
        self._gone += gone
        return self.now()

    def set(self, at: int) -> None:
        """Set the wall clock, as people and NTP do: `monotonic` does not notice."""
        self._moved = at - self._begin - self._gone
