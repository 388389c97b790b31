"""Losses are the signals that rules could not judge: one each, however many rules it is for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from otel_alerting.model import Signal


class Losses:
    """Counts until it is asked."""

    def __init__(self) -> None:
        self._numbers: Counter[tuple[str, str]] = Counter()
        self._last: dict[str, Signal] = {}
        """By reason, the signal counted last: rules are asked one after another about the same."""

    def add(self, signal: Signal, reason: str) -> None:
        """Count a signal, once."""
        if self._last.get(reason) is not signal:
            self._last[reason] = signal
            self._numbers[signal.tenant, reason] += 1

    def take_over(self, old: Losses) -> None:
        """Count on from another's."""
        self._numbers.update(old.take())

    def take(self) -> Mapping[tuple[str, str], int]:
        """Those since the last call."""
        numbers, self._numbers = self._numbers, Counter()
        self._last.clear()
        return numbers
