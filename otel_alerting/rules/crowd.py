"""A crowd is what is over a rule's limit: the alerts of one tenant beyond it, told as one with their number."""

from __future__ import annotations

import msgspec

from otel_alerting.model import Alert, Severity
from otel_alerting.rules.group import Group

LABELS = {"overflow": "true"}


class Crowd:
    """The groups that fire beyond the limit. Nobody in it is dropped, and everything in it is counted."""

    def __init__(self) -> None:
        self._groups: dict[int, tuple[Group, Severity]] = {}
        self._ended = 0
        """Observations of those that are over, while the crowd is not."""
        self._told: Alert | None = None

    @property
    def is_over(self) -> bool:
        """Is there nobody left, and has that been told?"""
        return not self._groups and self._told is None

    @property
    def told(self) -> Alert | None:
        """Its alert, as it was last told."""
        return self._told

    @property
    def ended(self) -> int:
        """Observations of those of it that are over."""
        return self._ended

    def resume(self, told: Alert | None, ended: int) -> None:
        """Go on after what was told, and counted, before."""
        self._told, self._ended = told, ended

    def join(self, group: Group, severity: Severity) -> None:
        """A group fires that is over the limit."""
        self._groups[id(group)] = (group, severity)

    def leave(self, group: Group) -> None:
        """A group of the crowd fires no more."""
        if self._groups.pop(id(group), None):
            self._ended += group.count

    def tell(self, newest: Alert, at: int) -> Alert | None:
        """The crowd's alert when it is another than last time; `newest` is a pattern for it.

        The pattern has the rule's labels and annotations; start, severity, count and the number of groups are the
        crowd's.
        """
        if not self._groups:
            return self._over(at)
        count = self._ended + sum(group.count for group, _ in self._groups.values())
        severity = max(severity for _, severity in self._groups.values())
        told, facts = self._told, {"overflow.groups": len(self._groups)}
        if told and (told.count, told.severity, told.facts) == (count, severity, facts):
            return None
        started_at = told.started_at if told else min(one.started_at for one, _ in self._groups.values())
        self._told = msgspec.structs.replace(
            newest, started_at=started_at, updated_at=at, count=count, severity=severity, facts=facts
        )
        return self._told

    def _over(self, at: int) -> Alert | None:
        told, self._told, self._ended = self._told, None, 0
        return told.resolved(at) if told else None
