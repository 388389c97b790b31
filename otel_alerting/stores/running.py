"""The time as it passes, for stores that were given no other clock."""

from __future__ import annotations

import time


class Running:
    """The machine's clocks: a `Clock`."""

    def now(self) -> int:
        """Nanoseconds since the epoch, by the wall."""
        return time.time_ns()

    def monotonic(self) -> int:
        """Nanoseconds that only ever grow."""
        return time.monotonic_ns()
