"""changes: how often the value became another within the window; of a counter, its restarts. Of nothing: none."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple, TypeAlias

from otel_alerting.model import Point, Signal
from otel_alerting.rules import attributes
from otel_alerting.rules.frame import Frame, is_gauge, is_spread
from otel_alerting.rules.window import Ring, Shape


class Changes:
    """Neighbours within the window are compared, in the order in which they happened.

    A counter changes all the time; what is counted of it, and of a histogram, is how often it began anew, which only a
    cumulative one tells.
    """

    def __init__(self, frame: Frame) -> None:
        self._read = frame.read
        self._stretches = _Stretches(frame.shape)

    def add(self, at: int, signal: Signal, value: float) -> None:
        """Take one value in; of spans and log records, their attribute's."""
        state = self._state(signal, value)
        if state is not None:
            self._stretches.add(at, state)

    def value(self, at: int) -> float | None:
        """How often, in the window that ends at `at`."""
        stretches = self._stretches.window(at)
        between = sum(_differ(older.last, newer.first) for older, newer in pairwise(stretches))
        return float(between + sum(one.changes for one in stretches)) if stretches else None

    def samples(self, at: int) -> int:
        """Values in the window that ends at `at`."""
        return sum(one.number for one in self._stretches.window(at))

    def _state(self, signal: Signal, value: float) -> State | None:
        if self._read is not None:
            return attributes.text(self._read(signal))
        if not isinstance(signal, Point) or is_gauge(signal):
            return value
        if signal.temporality == "delta":
            return None
        return _Counted(signal.started_at, signal.count if is_spread(signal) else value)


class _Counted(NamedTuple):
    """What a counter has counted since its start."""

    started_at: int
    value: float


State: TypeAlias = float | str | _Counted


def _differ(before: State, after: State) -> bool:
    """Is it another value, or of a counter another start, or less than there was?"""
    if isinstance(before, _Counted) and isinstance(after, _Counted):
        return after.value < before.value or after.started_at > before.started_at > 0
    return before != after


class _Stretch:
    """The values of one sub-bucket: the first, the last, and how often it changed between them."""

    __slots__ = ("changes", "first", "first_at", "last", "last_at", "number")

    def __init__(self, at: int, state: State) -> None:
        self.first_at = self.last_at = at
        self.first = self.last = state
        self.changes, self.number = 0, 1

    def add(self, at: int, state: State) -> None:
        """Take a value in.

        Of one that comes out of order within the sub-bucket the neighbours are known only while nothing has changed in
        it; later it counts as no change.
        """
        self.number += 1
        if at >= self.last_at:
            self.changes += _differ(self.last, state)
            self.last_at, self.last = at, state
        elif at < self.first_at:
            self.changes += _differ(state, self.first)
            self.first_at, self.first = at, state
        elif not self.changes:
            self.changes += _differ(self.first, state) + _differ(state, self.last)


class _Stretches(Ring):
    """A ring with a stretch in each place that has seen something."""

    __slots__ = ("_places",)

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        self._places: list[_Stretch | None] = [None] * self._size

    def empty(self, index: int) -> None:
        """Forget what is kept in a place."""
        self._places[index] = None

    def add(self, at: int, state: State) -> None:
        """Take a value in, unless its moment is too old."""
        index = self.place(at)
        if index is None:
            return
        there = self._places[index]
        if there is None:
            self._places[index] = _Stretch(at, state)
        else:
            there.add(at, state)

    def window(self, edge: int) -> list[_Stretch]:
        """Those of the window that ends at an edge, oldest first."""
        return [there for index in self.places(edge) if (there := self._places[index]) is not None]
