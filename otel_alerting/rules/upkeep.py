"""Upkeep tells the counts of what fires on events anew, a second late, so that a storm is told with its number."""

from __future__ import annotations

from otel_alerting.model import Alert
from otel_alerting.model.duration import SECOND
from otel_alerting.rules.group import Group
from otel_alerting.rules.telling import Teller

REFRESH = SECOND
"""How long a count may be behind."""


class Upkeep:
    """Knows which groups have seen something since they were told."""

    def __init__(self, teller: Teller) -> None:
        self._teller = teller
        self._moved: list[Group] = []
        self._refresh_at = 0

    @property
    def due_at(self) -> int | None:
        """When there is something to tell."""
        return self._refresh_at if self._moved else None

    def mark(self, group: Group, now: int) -> None:
        """The count of a group is to be told anew."""
        group.is_moved = True
        if not self._moved:
            self._refresh_at = now + REFRESH
        self._moved.append(group)

    def refreshed(self, now: int) -> list[Alert]:
        """The counts as they are, when that is due; the numbers stay those of the edge they were found at."""
        if not self._moved or now < self._refresh_at:
            return []
        groups, self._moved = self._moved, []
        changed: list[Alert] = []
        for group in groups:
            group.is_moved = False
            edge = group.ahead_at or group.watch.at
            if group.level >= 0 and edge:
                look = group.look(edge)
                changed += self._teller.tell(group, group.level, look, at=now, since=group.started_at)
        return changed + self._teller.crowds(now) if any(group.crowded for group in groups) else changed

    def clear(self) -> None:
        """Nothing is to be told anew."""
        self._moved = []

    def take_over(self, old: Upkeep) -> None:
        """Go on where another is."""
        self._moved, self._refresh_at = old._moved, old._refresh_at
