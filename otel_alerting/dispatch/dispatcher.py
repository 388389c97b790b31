"""The dispatcher takes alerts in and says who is told now, and why. Pure: every moment is an argument.

It keeps the account of what it holds: every change of an alert that it accepts (it began, it got worse, it ended), once
for each group that the alert is in, is in exactly one notification. Counts that merely move are not changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Literal, TypeAlias

from otel_alerting.dispatch.deadlines import Deadlines
from otel_alerting.dispatch.group import Group, worst_first
from otel_alerting.dispatch.route import Path, Route
from otel_alerting.model import Alert, Delivery, Notification, Tenant, identity
from otel_alerting.telemetry import Counters, complain

Tenants: TypeAlias = "Callable[[str], Tenant | None] | Mapping[str, Tenant]"
"""Who is known by which name. An empty mapping: every name is fine."""

_REMEMBERED_GROUPS = 50_000
"""Groups that are over and whose numbering goes on when they come back; about 8 MB."""


class Dispatcher:
    """Alerts in, notifications out.

    Args:
        route: The root of the routes.
        tenants: Known tenants.
        unknown_tenant: What becomes of an alert whose tenant is not among them. `default`: the default tenant is told,
            and the notification says under which name it came. `refuse`: it is counted as dropped.
        default_tenant: Who that is; refused alerts are on its account too, so that invented names cost no memory.
        counters: Gets `dropped` with `tenant` and `reason`.

    Raises:
        ValueError: when the routes cannot work, or `route` cannot be their root.
    """

    def __init__(
        self,
        *,
        route: Route,
        tenants: Tenants,
        unknown_tenant: Literal["default", "refuse"] = "default",
        default_tenant: str = "default",
        counters: Counters | None = None,
    ) -> None:
        self._route = route.check()
        self._tenants = tenants
        self._refuses = unknown_tenant == "refuse"
        self._default_tenant = default_tenant
        self._counters = counters or Counters()
        self._groups: dict[str, Group] = {}
        self._following: dict[_Whose, tuple[Group, ...]] = {}
        self._deadlines: Deadlines[str] = Deadlines()
        self._expiries: Deadlines[_Whose] = Deadlines()
        self._seqs: dict[str, int] = {}
        self._lost: dict[str, dict[str, int]] = {}
        self._raised: dict[str, int] = {}
        self._waiting: dict[str, int] = {}

    def accept(self, alert: Alert, now: int) -> None:
        """Take in the newest word about an alert."""
        self._expire(now - 1)  # what ended before now has ended, whether or not somebody asked `due` in between
        owner = self._owner(alert.tenant)
        if owner is None:
            self._refuse(alert.tenant)
            return
        for group in self._readers(alert, owner):
            self._take(group, alert, now)
        whose = (alert.tenant, alert.identity)
        if whose in self._following:
            self._expiries.set(whose, alert.expires_at or None)

    def due(self, now: int) -> list[Notification]:
        """What is to be told at this moment, the longest due first."""
        self._expire(now)
        return self._tell((self._groups[key] for key in self._deadlines.take(now)), now)

    def flush(self, now: int) -> list[Notification]:
        """What is due, what nobody was told of yet, and numbers that have grown: for the end of the program."""
        told = self.due(now)
        return told + self._tell(list(self._groups.values()), now, last=True)

    def note(self, delivery: Delivery, now: int) -> None:
        """Learn what became of a notification: where it can be changed, or that nobody heard it."""
        group = self._groups.get(delivery.group)
        if group is not None:
            group.note(delivery)
            self._deadlines.set(group.key, group.next_at())

    def lose(self, tenant: str, reason: str, number: int) -> None:
        """Say what could not be taken in; the tenant's next notification tells it."""
        owner = self._owner(tenant)
        losses = self._lost.setdefault(owner[0].name if owner else self._default_tenant, {})
        losses[reason] = losses.get(reason, 0) + number

    def next_at(self) -> int | None:
        """When `due` has something to do next; None until an alert comes."""
        moments = [at for at in (self._deadlines.next_at(), self._expiries.next_at()) if at is not None]
        return min(moments, default=None)

    def raised(self, tenant: str) -> int:
        """Changes accepted for a tenant since the start, refused ones included."""
        return self._raised.get(tenant, 0)

    def waiting(self, tenant: str) -> int:
        """Changes accepted for a tenant that are in no notification yet."""
        return self._waiting.get(tenant, 0)

    def tenants(self) -> list[str]:
        """The tenants that have an account here."""
        return sorted(self._raised)

    def active(self, tenant: str | None = None) -> list[Alert]:
        """What fires now, of one tenant or of all, worst first; each alert once, however many are told of it."""
        found: dict[_Whose, Alert] = {}
        for group in self._groups.values():
            if tenant is None or group.tenant == tenant:
                found.update({(alert.tenant, alert.identity): alert for alert in group.active()})
        return sorted(found.values(), key=worst_first)

    def _owner(self, name: str) -> tuple[Tenant, str] | None:
        """Who is told of this name's alerts, and the name again if it is unknown; None when they are refused."""
        if isinstance(self._tenants, Mapping):
            found = self._tenants.get(name) if self._tenants else Tenant(name=name)
        else:
            found = self._tenants(name)
        if found is not None:
            return found, ""
        if self._refuses:
            return None
        fallback = self._default_tenant
        known = self._tenants.get(fallback) if isinstance(self._tenants, Mapping) else self._tenants(fallback)
        return known or Tenant(name=fallback), name

    def _refuse(self, name: str) -> None:
        """Count it, and say so on stderr too: where the default tenant is unknown itself, no message ever would."""
        complain(f"alerts of tenant {name[:64]!r} are refused: it is not configured", about="tenant refused")
        tenant = self._default_tenant
        self._raised[tenant] = self._raised.get(tenant, 0) + 1
        self._counters.add("dropped", tenant=tenant, reason="unknown_tenant")
        self.lose(tenant, "unknown_tenant", 1)

    def _readers(self, alert: Alert, owner: tuple[Tenant, str]) -> tuple[Group, ...]:
        """The groups an alert is in.

        Whoever was told of it follows it to its end, even when its severity now leads elsewhere; new readers join when
        it begins or gets worse. That it got milder is nothing to wake anybody with.
        """
        following = self._following.get((alert.tenant, alert.identity), ())
        if not alert.firing:
            return following
        standing = following[0].get(alert.identity) if following else None
        if standing is not None and standing.firing and alert.severity <= standing.severity:
            return following
        routed = [self._group(alert, path, owner) for path in self._route.paths(alert, owner[0].receiver)]
        return following + tuple(group for group in routed if group not in following)

    def _group(self, alert: Alert, path: Path, owner: tuple[Tenant, str]) -> Group:
        labels = path.group_labels(alert)
        key = identity(alert.tenant, f"{path.receiver}\x1f{path.key}", labels)
        group = self._groups.get(key)
        if group is None:
            tenant, unknown = owner
            group = self._groups[key] = Group(
                key=key,
                tenant=tenant.name,
                unknown_tenant=unknown,
                path=path,
                labels=labels,
                seq=self._seqs.pop(key, 0),
            )
        return group

    def _take(self, group: Group, alert: Alert, now: int) -> None:
        changes = group.take(alert, now)
        self._deadlines.set(group.key, group.next_at())
        if changes:
            self._raised[group.tenant] = self._raised.get(group.tenant, 0) + changes
            self._waiting[group.tenant] = self._waiting.get(group.tenant, 0) + changes
            self._follow(group, alert)

    def _follow(self, group: Group, alert: Alert) -> None:
        whose = (alert.tenant, alert.identity)
        groups = self._following.get(whose, ())
        if group not in groups:
            self._following[whose] = (*groups, group)

    def _expire(self, now: int) -> None:
        """End the alerts that nobody raised again, each at its own moment."""
        for whose in self._expiries.take(now):
            for group in self._following[whose]:
                alert = group.get(whose[1])
                if alert is not None and alert.firing:
                    self._take(group, alert.resolved(alert.expires_at, "expired"), alert.expires_at)

    def _tell(self, groups: Iterable[Group], now: int, last: bool = False) -> list[Notification]:
        told = []
        for group in groups:
            reason = group.why(now, last)
            if reason is not None:
                self._unfollow(group)
                told.append(group.tell(reason, now, self._lost.pop(group.tenant, {})))
                self._waiting[group.tenant] -= told[-1].changes
            self._settle(group)
        return told

    def _unfollow(self, group: Group) -> None:
        for alert in group.ended():
            whose = (alert.tenant, alert.identity)
            rest = tuple(other for other in self._following[whose] if other is not group)
            if rest:
                self._following[whose] = rest
            else:
                del self._following[whose]
                self._expiries.set(whose, None)

    def _settle(self, group: Group) -> None:
        if not group.empty:
            self._deadlines.set(group.key, group.next_at())
            return
        del self._groups[group.key]
        self._deadlines.set(group.key, None)
        self._seqs[group.key] = group.seq
        if len(self._seqs) > _REMEMBERED_GROUPS:
            del self._seqs[next(iter(self._seqs))]


_Whose: TypeAlias = tuple[str, str]
"""Tenant and identity of an alert: the tenant stands by itself, so that no two can ever share one."""
