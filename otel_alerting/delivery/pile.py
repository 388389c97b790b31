"""A pile is everything that waits for one address, in the order in which it is told: worst first, then oldest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from otel_alerting.delivery.load import QUIET, Bundle, Letter
from otel_alerting.model import Severity
from otel_alerting.model.duration import MINUTE, SECOND

HEAD_START: Mapping[int, int] = {
    Severity.DEBUG: 0,
    Severity.INFO: 0,
    Severity.WARNING: 30 * SECOND,
    Severity.HIGH: 5 * MINUTE,
    Severity.CRITICAL: 15 * MINUTE,
}
"""How much longer another may have waited and is still overtaken: an order in which nothing starves."""


class Pile:
    """The bundles for one address, on a shelf for each level."""

    def __init__(self) -> None:
        self._shelves: dict[int, dict[str, Bundle]] = {}
        self.letters = 0

    def add(self, group: str, letters: list[Letter]) -> None:
        """Put letters about a group on top of what waits about it."""
        level, bundle = self._find(group)
        before = len(bundle.letters)
        bundle.add(letters)
        self.letters += len(bundle.letters) - before
        self._shelve(group, bundle, level)

    def get(self, group: str) -> Bundle | None:
        """What waits about a group."""
        bundle = self._find(group)[1]
        return bundle if bundle.letters else None

    def loud(self) -> Iterator[tuple[str, Bundle]]:
        """Everything but the quiet, worst first, then oldest, by group."""
        for level in sorted(self._shelves, reverse=True):
            if level != QUIET:
                yield from self._shelves[level].items()

    def quiet(self) -> Iterator[tuple[str, Bundle]]:
        """What is worth a change in place only, oldest first, by group."""
        return iter(self._shelves.get(QUIET, {}).items())

    def turn_at(self) -> int | None:
        """The moment its turn is measured by, the smallest comes first; None when all of it is quiet."""
        heads = ((level, next(iter(shelf.values()))) for level, shelf in self._shelves.items() if level != QUIET)
        return min((head.since - HEAD_START[level] for level, head in heads), default=None)

    def take(self, groups: Iterable[str]) -> list[Bundle]:
        """Take bundles out, in the order given, as far as they are there."""
        return [self._remove(group) for group in groups if self._find(group)[1].letters]

    def least(self, below: int) -> Letter | None:
        """The newest letter of the lowest level, where that is below a level."""
        level = min(self._shelves, default=below)
        if level >= below:
            return None
        return next(reversed(self._shelves[level].values())).letters[-1]

    def drop(self, letter: Letter) -> None:
        """Take one letter out."""
        group = letter.notification.group
        level, bundle = self._find(group)
        rest = [one for one in bundle.letters if one is not letter]
        if not rest:
            self._remove(group)
            return
        self.letters += len(rest) - len(bundle.letters)
        bundle.letters = rest
        self._shelve(group, bundle, level)

    def _find(self, group: str) -> tuple[int, Bundle]:
        for level, shelf in self._shelves.items():
            if group in shelf:
                return level, shelf[group]
        return _NOWHERE, Bundle([])

    def _shelve(self, group: str, bundle: Bundle, before: int) -> None:
        """Move a bundle to the shelf of its level; where the level has not changed it keeps its place."""
        level = bundle.level
        if level == before:
            return
        if before != _NOWHERE:
            self._unshelve(group, before)
        self._shelves.setdefault(level, {})[group] = bundle

    def _remove(self, group: str) -> Bundle:
        level, bundle = self._find(group)
        self._unshelve(group, level)
        self.letters -= len(bundle.letters)
        return bundle

    def _unshelve(self, group: str, level: int) -> None:
        del self._shelves[level][group]
        if not self._shelves[level]:
            del self._shelves[level]


_NOWHERE = -1
