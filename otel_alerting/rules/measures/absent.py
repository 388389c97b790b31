"""absent: 1 when nothing was seen within the window, else 0; none when that is so for longer than `memory`."""

from __future__ import annotations

from otel_alerting.model import Signal
from otel_alerting.rules.frame import Frame
from otel_alerting.rules.window import Newest


class Absent:
    """A day's window costs no more than a minute's: only the newest sight matters."""

    def __init__(self, frame: Frame) -> None:
        self._window, self._memory = frame.shape.window, frame.stale
        self._newest = Newest(frame.shape)

    def add(self, at: int, signal: Signal, value: float) -> None:
        """Take one signal in; its value does not matter."""
        self.see(at)

    def see(self, at: int) -> None:
        """There was something, at this moment."""
        self._newest.put(at, 0.0)

    def value(self, at: int) -> float | None:
        """Was nothing seen in the window that ends at `at`? Of what is forgotten, or was never there, there is none."""
        seen_at, _ = self._newest.newest(at)
        if not seen_at or at - seen_at >= self._memory:
            return None
        return float(at - seen_at >= self._window)

    def samples(self, at: int) -> int:
        """1 when something was."""
        return int(self.value(at) == 0)
