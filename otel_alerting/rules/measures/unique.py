"""unique: how many different values an attribute has within the window, `of: user.id`. Nothing is 0."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import TypeAlias

from otel_alerting.model import Signal
from otel_alerting.rules import attributes
from otel_alerting.rules.frame import Frame
from otel_alerting.rules.hyperloglog import HyperLogLog, hash_of
from otel_alerting.rules.window import Ring, Shape

MOST = 1_000
"""Values of a sub-bucket that are remembered one by one; of more only their number is known, within 2 %."""

Members: TypeAlias = "dict[str, int] | array[int] | HyperLogLog"
"""The hashes of the values: by value while the sub-bucket is open, packed when it is closed, or too many."""


class Unique:
    """Exact up to 1,000 values a sub-bucket. Signals without the attribute do not count."""

    def __init__(self, frame: Frame) -> None:
        self._read = frame.read
        self._members = _Members(frame.shape)

    def add(self, at: int, signal: Signal, value: float) -> None:
        """Take one signal in; its attribute counts, its value does not."""
        if self._read is not None:
            self._members.add(at, attributes.text(self._read(signal)))

    def value(self, at: int) -> float:
        """How many, in the window that ends at `at`."""
        return self._members.unique(at)

    def samples(self, at: int) -> int:
        """Signals that have the attribute, in the window that ends at `at`."""
        return self._members.count(at)


class _Members(Ring):
    """A ring with the values of each place that has seen any; all but the one that is added to are packed."""

    __slots__ = ("_counts", "_open", "_places")

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        self._counts = array("q", bytes(8 * self._size))
        self._places: list[Members | None] = [None] * self._size
        self._open = 0

    def empty(self, index: int) -> None:
        """Forget what is kept in a place."""
        self._counts[index], self._places[index] = 0, None

    def add(self, at: int, text: str) -> None:
        """Take a value in, unless its moment is too old."""
        index = self.place(at)
        if index is None:
            return
        self._counts[index] += 1
        members = self._opened(index)
        if isinstance(members, dict):
            if text not in members:
                members[text] = hash_of(text)
        elif isinstance(members, HyperLogLog):
            members.update((hash_of(text),))
        elif (hashed := hash_of(text)) not in members:
            members.append(hashed)
        if not isinstance(members, HyperLogLog) and len(members) > MOST:
            self._places[index] = HyperLogLog(_hashes(members))

    def count(self, edge: int) -> int:
        """How many signals, in the window that ends at an edge."""
        return sum([self._counts[index] for index in self.places(edge)])

    def unique(self, edge: int) -> float:
        """How many different values."""
        known, many = set[int](), None
        for index in self.places(edge):
            members = self._places[index]
            if isinstance(members, HyperLogLog):
                many = many or HyperLogLog()
                many.merge(members)
            elif members is not None:
                known.update(_hashes(members))
        if many is None:
            return float(len(known))
        many.update(known)
        return round(many.estimate())

    def _opened(self, index: int) -> Members:
        """What is in a place, after what was in the place before it is packed."""
        before = self._places[self._open]
        if index != self._open and isinstance(before, dict):
            self._places[self._open] = array("Q", before.values())
        self._open, there = index, self._places[index]
        if there is None:
            there = self._places[index] = {}
        return there


def _hashes(members: dict[str, int] | array[int]) -> Iterable[int]:
    return members.values() if isinstance(members, dict) else members
