"""An index finds the rules that may be about a signal without asking those that cannot be.

Most rules name one service, one operation or one status. By that value they are found; the others are always asked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Generic, NamedTuple, TypeVar

from otel_alerting.model import Signal
from otel_alerting.rules import attributes
from otel_alerting.rules.attributes import Read

T = TypeVar("T")


class Narrow(NamedTuple):
    """A value that a signal must have to be meant: one of some texts."""

    name: str
    """Of the place that is read; the same name is always read in the same way."""
    read: Read
    words: frozenset[str]


class Index(Generic[T]):
    """Entries in their order, each with what narrows it, or None for one that every signal may be meant by."""

    def __init__(self, entries: Iterable[tuple[Narrow | None, T]]) -> None:
        self._always: list[tuple[int, T]] = []
        tables: dict[str, dict[str, list[tuple[int, T]]]] = defaultdict(lambda: defaultdict(list))
        reads: dict[str, Read] = {}
        for place, (narrow, entry) in enumerate(entries):
            if narrow is None:
                self._always.append((place, entry))
                continue
            reads[narrow.name] = narrow.read
            for word in narrow.words:
                tables[narrow.name][word].append((place, entry))
        self._tables: Sequence[tuple[Read, Mapping[str, list[tuple[int, T]]]]] = [
            (reads[name], dict(table)) for name, table in tables.items()
        ]

    def find(self, signal: Signal) -> list[T]:
        """Those that may be about a signal, in their order."""
        found, sources = self._always, 0
        for read, table in self._tables:
            value = read(signal)
            more = table.get(attributes.text(value)) if value is not None else None
            if more:
                found, sources = [*found, *more], sources + 1
        if sources and (self._always or sources > 1):
            found = sorted(found, key=_PLACE)
        return [entry for _, entry in found]


_PLACE = itemgetter(0)
