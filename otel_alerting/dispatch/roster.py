"""A roster is which groups there are, and which of them follow an alert to its end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from otel_alerting.dispatch.group import Group
from otel_alerting.dispatch.route import Path
from otel_alerting.model import Alert, identity

Whose: TypeAlias = tuple[str, str]
"""Tenant and identity of an alert: the tenant stands by itself, so that no two can ever share one."""

_REMEMBERED = 50_000
"""Groups that are over and whose numbering goes on when they come back; about 8 MB."""


class Roster:
    """All groups, by key and by the alerts in them."""

    def __init__(self) -> None:
        self.groups: dict[str, Group] = {}
        self._following: dict[Whose, tuple[Group, ...]] = {}
        self._seqs: dict[str, int] = {}

    def group(self, alert: Alert, path: Path, tenant: str, unknown: str) -> Group:
        """The group that an alert is in on this path; a new one where there is none."""
        labels = path.group_labels(alert)
        key = identity(alert.tenant, f"{path.receiver}\x1f{path.key}", labels)
        group = self.groups.get(key)
        if group is None:
            seq = self._seqs.pop(key, 0)
            group = Group(key=key, tenant=tenant, unknown_tenant=unknown, path=path, labels=labels, seq=seq)
            self.groups[key] = group
        return group

    def close(self, group: Group) -> None:
        """A group is over; its numbering is remembered."""
        if self.groups.pop(group.key, None) is None:
            return
        self._seqs[group.key] = group.seq
        if len(self._seqs) > _REMEMBERED:
            del self._seqs[next(iter(self._seqs))]

    def following(self, whose: Whose) -> tuple[Group, ...]:
        """The groups that an alert is in, the first reader's first."""
        return self._following.get(whose, ())

    def follow(self, group: Group, alert: Alert) -> None:
        """A group follows an alert from now on."""
        whose = (alert.tenant, alert.identity)
        groups = self._following.get(whose, ())
        if group not in groups:
            self._following[whose] = (*groups, group)

    def unfollow(self, group: Group, alert: Alert) -> bool:
        """A group follows an alert no longer; False when nobody does."""
        whose = (alert.tenant, alert.identity)
        rest = tuple(other for other in self._following[whose] if other is not group)
        if rest:
            self._following[whose] = rest
        else:
            del self._following[whose]
        return bool(rest)

    def firing(self, tenant: str | None) -> Iterator[Alert]:
        """What fires in the groups of one tenant, or of all; an alert once for each group it is in."""
        for group in self.groups.values():
            if tenant is None or group.tenant == tenant:
                yield from group.active()

    def whose(self, tenant: str, one: str) -> Whose:
        """Tenant and identity of an alert that a tenant is told of; of one that came under an unknown name too."""
        if (tenant, one) in self._following:
            return tenant, one
        found = (whose for whose, groups in self._following.items() if whose[1] == one and groups[0].tenant == tenant)
        return next(found, (tenant, one))

    def named(self, tenant: str, key: str) -> list[Whose]:
        """What fires under an alert's identity or a group's key, of one tenant."""
        group = self.groups.get(key)
        if group is not None and group.tenant == tenant:
            return [(alert.tenant, alert.identity) for alert in group.active()]
        whose = self.whose(tenant, key)
        groups = [group for group in self.following(whose) if group.tenant == tenant]
        alert = groups[0].get(key) if groups else None
        return [whose] if alert is not None and alert.firing else []
