"""new: how often something was seen within the window that was never seen before, or not for long. Nothing is 0."""

from __future__ import annotations

from otel_alerting.model import Signal
from otel_alerting.rules.frame import Frame
from otel_alerting.rules.window import Total


class New:
    """Counts the sights of one group; which groups are new, and come here at all, says the rule's `Novelty`."""

    def __init__(self, frame: Frame) -> None:
        self._window = Total(frame.shape)

    def add(self, at: int, signal: Signal, value: float) -> None:
        """Take one signal in; its value does not matter."""
        self._window.add(at, 1.0)

    def value(self, at: int) -> float:
        """How many, in the window that ends at `at`."""
        return self._window.sum(at)

    def samples(self, at: int) -> int:
        """How many, in the window that ends at `at`."""
        return int(self._window.sum(at))
