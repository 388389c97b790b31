"""The excess is what a rule has no room for: series beyond `max_series`. It is an alert about the rule itself."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from otel_alerting.model import Alert, Severity

NAME = "TooManySeries"


class Excess:
    """One alert for each tenant whose signals share a series because there are too many; over when they do no more.

    Args:
        rule: the rule's name.
        most: `max_series`.
        quiet: how long nothing must have been too much.
    """

    def __init__(self, rule: str, most: int, quiet: int) -> None:
        self._labels = {"rule": rule}
        self._most, self._quiet = most, quiet
        self._told: dict[str, Alert] = {}
        self._seen: dict[str, list[int]] = {}
        """By tenant: when it was last too much, and for how many signals."""

    def __bool__(self) -> bool:
        """Is there any?"""
        return bool(self._told)

    def note(self, tenant: str, at: int) -> list[Alert]:
        """A signal shares a series with others; the alert, if it is the first."""
        seen = self._seen.setdefault(tenant, [at, 0])
        seen[0], seen[1] = max(seen[0], at), seen[1] + 1
        if tenant in self._told:
            return []
        alert = self._told[tenant] = Alert(
            tenant=tenant,
            name=NAME,
            labels=self._labels,
            severity=Severity.WARNING,
            started_at=at,
            updated_at=at,
            facts={"max_series": self._most},
        )
        return [alert]

    def evaluate(self, edge: int) -> list[Alert]:
        """The alerts whose count moved, and those that are over."""
        changed = []
        for tenant, alert in list(self._told.items()):
            seen_at, number = self._seen[tenant]
            if edge - seen_at >= self._quiet:
                changed.append(alert.resolved(edge, "quiet"))
                del self._told[tenant], self._seen[tenant]
            elif number != alert.count:
                self._told[tenant] = msgspec.structs.replace(alert, count=number, updated_at=edge)
                changed.append(self._told[tenant])
        return changed

    def kept(self) -> Mapping[str, tuple[Alert, int, int]]:
        """By tenant: the alert, when it was last too much, and for how many signals."""
        return {tenant: (alert, self._seen[tenant][0], self._seen[tenant][1]) for tenant, alert in self._told.items()}

    def resume(self, alert: Alert, seen_at: int, number: int) -> None:
        """Go on from what was kept."""
        self._told[alert.tenant], self._seen[alert.tenant] = alert, [seen_at, number]

    def take_over(self, old: Excess) -> None:
        """Go on from another's."""
        self._told, self._seen = old._told, old._seen

    def move(self, by: int, now: int) -> None:
        """Go on after time itself was moved."""
        for seen in self._seen.values():
            seen[0] = min(seen[0] + by, now)
