"""Doubts are the places of a text where something could not be read: what follows from them alone is not told."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_STEP = re.compile(r"[.\[]")


class Doubts:
    """Places by their paths; the empty path is the whole text."""

    def __init__(self, paths: Iterable[str] = ()) -> None:
        self._paths = frozenset(paths)
        self._above = frozenset(above for path in self._paths for above in _upwards(path))

    def within(self, path: str) -> bool:
        """Is anything wrong at this place or below it?"""
        return path in self._above or self.at(path)

    def at(self, path: str) -> bool:
        """Is this place itself, or one that it is in, not what was meant?"""
        return bool(self._paths) and not self._paths.isdisjoint(_upwards(path))


NONE = Doubts()


def _upwards(path: str) -> Iterator[str]:
    """A path and every one above it; what lies inside a key in brackets is cut too, and names nothing."""
    yield path
    for found in _STEP.finditer(path):
        yield path[: found.start()]
    yield ""
