"""The dispatcher takes alerts in and says who is told now, and why. Pure: every moment is an argument.

It keeps the account of what it holds: every change of an alert that it accepts (it began, it got worse, it ended), once
for each group that the alert is in, is in exactly one notification, or was muted: it began and ended unheard while
something kept it quiet. Counts that merely move are not changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from otel_alerting.dispatch.deadlines import Deadlines
from otel_alerting.dispatch.flapping import DAMPED, Damper
from otel_alerting.dispatch.group import Group, worst_first
from otel_alerting.dispatch.inhibition import InhibitRule
from otel_alerting.dispatch.intervals import Calendar, NamedInterval
from otel_alerting.dispatch.ledger import Ledger
from otel_alerting.dispatch.member import Member
from otel_alerting.dispatch.mutes import Held, Mutes
from otel_alerting.dispatch.owners import Owner, Owners, Tenants
from otel_alerting.dispatch.roster import Roster, Whose
from otel_alerting.dispatch.route import Route
from otel_alerting.dispatch.silences import Silence
from otel_alerting.dispatch.turns import Turns
from otel_alerting.dispatch.whynot import Why, reasons
from otel_alerting.model import Acknowledgement, Alert, Delivery, Notification
from otel_alerting.telemetry import Counters, complain

AT_ONCE = 2_000
"""Notifications that `due` gives at most; with more to tell, it has something to do again at once."""


class Dispatcher:
    """Alerts in, notifications out.

    Args:
        route: The root of the routes.
        tenants: Known tenants.
        routes: By tenant: roots of their own, in place of `route`.
        inhibit_rules: Which alerts keep which others quiet, within each tenant.
        time_intervals: Those that routes and recurring silences name.
        unknown_tenant: What becomes of an alert whose tenant is not among them. `default`: the default tenant is told,
            and the notification says under which name it came. `refuse`: it is counted as dropped.
        default_tenant: Who that is; refused alerts are on its account too, so that invented names cost no memory.
        counters: Gets `dropped` with `tenant` and `reason`.

    Raises:
        ValueError: when the routes cannot work, or one of them cannot be a root.
    """

    def __init__(
        self,
        *,
        route: Route,
        tenants: Tenants,
        routes: Mapping[str, Route] | None = None,
        inhibit_rules: Sequence[InhibitRule] = (),
        time_intervals: Sequence[NamedInterval] = (),
        unknown_tenant: Literal["default", "refuse"] = "default",
        default_tenant: str = "default",
        counters: Counters | None = None,
    ) -> None:
        self._route = route.check()
        self._routes = {name: one.check() for name, one in (routes or {}).items()}
        self._owners = Owners(tenants, default_tenant, refuses=unknown_tenant == "refuse")
        self._calendar = Calendar(time_intervals)
        self._mutes = Mutes(inhibit_rules, self._calendar)
        self._counters = counters or Counters()
        self._ledger = Ledger()
        self._roster = Roster()
        self._deadlines: Deadlines[str] = Deadlines()
        self._expiries: Deadlines[Whose] = Deadlines()
        self._damper = Damper()
        self._turns: Turns[Group] = Turns()
        self._behind_at: int | None = None

    def accept(self, alert: Alert, now: int) -> None:
        """Take in the newest word about an alert."""
        self._pass(now - 1)  # what ended before now has ended, whether or not somebody asked `due` in between
        owner = self._owners.of(alert.tenant)
        if owner is None:
            self._refuse(alert.tenant)
            return
        self._hear(alert, owner, now)

    def due(self, now: int, most: int = AT_ONCE) -> list[Notification]:
        """What is to be told at this moment: the tenants take turns, and each is told what is longest due first."""
        self._pass(now)
        told: list[Notification] = []
        while len(told) < most:
            for key in self._deadlines.take(now):
                group = self._roster.groups[key]
                self._turns.add(group.tenant, group)
            turn = self._turns.take()
            if turn is None:
                break
            told += self._serve(turn, now)
        self._behind_at = now if self._turns else None
        return told

    def flush(self, now: int) -> list[Notification]:
        """What is due, what nobody was told of yet, and numbers that have grown: for the end of the program."""
        told = self.due(now, most=1_000_000_000)
        for group in list(self._roster.groups.values()):
            told += self._serve(group, now, last=True)
        return told

    def note(self, delivery: Delivery, now: int) -> None:
        """Learn what became of a notification: where it can be changed, or that nobody heard it."""
        group = self._roster.groups.get(delivery.group)
        if group is not None:
            group.note(delivery)
            self._deadlines.set(group.key, group.next_at())

    def lose(self, tenant: str, reason: str, number: int) -> None:
        """Say what could not be taken in; the tenant's next notification tells it."""
        owner = self._owners.of(tenant)
        self._ledger.lose(owner.tenant.name if owner else self._owners.default, reason, number)

    def next_at(self) -> int | None:
        """When `due` has something to do next; None until an alert comes."""
        moments = (self._deadlines.next_at(), self._passes_at(), self._behind_at)
        return min((at for at in moments if at is not None), default=None)

    # What people say

    def silence(self, silence: Silence, now: int) -> Silence:
        """Make a silence or, with the id of one, change it; what counts from now on.

        What may be changed in place is what Alertmanager allows: the end, and of a pending one the start. Any other
        change ends it and makes a new one.

        Raises:
            ValueError: it could not be kept.
            LookupError: the tenant has none of that id.
        """
        self._pass(now)
        made, freed = self._mutes.put(silence, self._roster.firing(silence.tenant), now)
        self._look_again(freed, now)
        return made

    def expire_silence(self, tenant: str, identifier: str, now: int) -> Silence:
        """End a silence now.

        Raises:
            LookupError: the tenant has none of that id.
            ValueError: it has ended already.
        """
        self._pass(now)
        ended, freed = self._mutes.expire(tenant, identifier, now)
        self._look_again(freed, now)
        return ended

    def silences(self, tenant: str) -> Sequence[Silence]:
        """A tenant's silences, those that ended in the last five days included, the latest first."""
        return self._mutes.silences.all(tenant)

    def acknowledge(self, tenant: str, key: str, by: str, now: int, comment: str = "") -> Sequence[str]:
        """Say that somebody knows of an alert, or of all that fire in a group: it is not repeated and not escalated.

        Args:
            tenant: Whose it is.
            key: An alert's identity, or a group's key.
            by: Who knows.
            now: Since when.
            comment: What they say.

        Returns:
            The identities of the alerts.

        Raises:
            LookupError: nothing of that tenant fires under that key.
        """
        self._pass(now)
        said = Acknowledgement(by=by, at=now, comment=comment)
        found = self._roster.named(tenant, key)
        for whose in found:
            for group in self._roster.following(whose):
                group.acknowledge(group.members[whose[1]], said, now)
                self._deadlines.set(group.key, group.next_at())
        if not found:
            raise LookupError(f"no alert and no group {key!r} fires")
        return [one for _, one in found]

    # What can be asked

    def why(self, tenant: str, key: str, now: int) -> Sequence[Why]:
        """Why an alert was told, or was not, for each of its readers: what keeps it quiet, waits, comes next.

        Args:
            tenant: Whose it is.
            key: The alert's identity.
            now: The moment to answer for.
        """
        self._pass(now)
        groups = self._roster.following(self._roster.whose(tenant, key))
        return [
            why
            for group in groups
            if group.tenant == tenant
            for why in reasons(group, group.members[key], self._mutes, self._calendar, self._damper, now)
        ]

    def raised(self, tenant: str) -> int:
        """Changes accepted for a tenant since the start, refused ones included."""
        return self._ledger.raised[tenant]

    def waiting(self, tenant: str) -> int:
        """Changes accepted for a tenant that are in no notification yet, those that are kept quiet included."""
        return self._ledger.waiting[tenant]

    def muted(self, tenant: str) -> int:
        """Changes of a tenant's alerts that began and ended unheard, because something kept them quiet."""
        return self._ledger.muted[tenant]

    def tenants(self) -> list[str]:
        """The tenants that have an account here."""
        return sorted(self._ledger.raised)

    def active(self, tenant: str | None = None) -> list[Alert]:
        """What fires now, of one tenant or of all, worst first; each alert once, however many are told of it."""
        found = {(alert.tenant, alert.identity): alert for alert in self._roster.firing(tenant)}
        return sorted(found.values(), key=worst_first)

    def _refuse(self, name: str) -> None:
        """Count it, and say so on stderr too: where the default tenant is unknown itself, no message ever would."""
        complain(f"alerts of tenant {name[:64]!r} are refused: it is not configured", about="tenant refused")
        tenant = self._owners.default
        self._ledger.raised[tenant] += 1
        self._counters.add("dropped", tenant=tenant, reason="unknown_tenant")
        self._ledger.lose(tenant, "unknown_tenant", 1)

    # Taking in

    def _hear(self, alert: Alert, owner: Owner, now: int) -> None:
        """Take in the newest word about an alert, as far as it is not held for coming and going."""
        whose = (alert.tenant, alert.identity)
        groups = self._roster.following(whose)
        standing = groups[0].get(alert.identity) if groups else None
        seen = self._damper.seen(alert, standing, groups[0].path.flapping if groups else DAMPED, now)
        if seen is not None:
            self._see(seen, owner, now)
        else:
            self._expiries.set(whose, None)

    def _see(self, alert: Alert, owner: Owner, now: int) -> None:
        freed = self._mutes.see(alert, owner.tenant.name, now)
        for group in self._readers(alert, owner):
            self._take(group, alert, now)
        whose = (alert.tenant, alert.identity)
        if self._roster.following(whose):
            self._expiries.set(whose, alert.expires_at or None)
        self._look_again(freed, now)

    def _readers(self, alert: Alert, owner: Owner) -> tuple[Group, ...]:
        """The groups an alert is in.

        Whoever was told of it follows it to its end, even when its severity now leads elsewhere; new readers join when
        it begins or gets worse. That it got milder is nothing to wake anybody with.
        """
        following = self._roster.following((alert.tenant, alert.identity))
        if not alert.firing:
            return following
        standing = following[0].get(alert.identity) if following else None
        if standing is not None and standing.firing and alert.severity <= standing.severity:
            return following
        tree = self._routes.get(owner.tenant.name, self._route)
        paths = tree.paths(alert, owner.tenant.receiver)
        routed = [self._roster.group(alert, path, owner.tenant.name, owner.unknown) for path in paths]
        return following + tuple(group for group in routed if group not in following)

    def _take(self, group: Group, alert: Alert, now: int) -> None:
        before = group.get(alert.identity)
        changes = group.take(alert, now)
        if changes:
            self._ledger.take(group.tenant, changes)
            self._roster.follow(group, alert)
        member = group.members.get(alert.identity)
        if member is not None and (changes or before is None or before.severity is not alert.severity):
            self._judge(group, member, now)
        self._settle(group)

    # What passes with time

    def _pass(self, now: int) -> None:
        """Let everything happen that was to happen until now, each at its own moment."""
        while (at := self._passes_at()) is not None and at <= now:
            for whose in self._expiries.take(at):
                self._end(whose, at)
            for alert in self._damper.take(at):
                owner = self._owners.of(alert.tenant)
                if owner is not None:
                    self._see(alert, owner, at)
            self._look_again(self._mutes.take(at), at)

    def _passes_at(self) -> int | None:
        moments = (self._expiries.next_at(), self._damper.next_at(), self._mutes.next_at())
        return min((at for at in moments if at is not None), default=None)

    def _end(self, whose: Whose, at: int) -> None:
        """End an alert that nobody raised again."""
        owner = self._owners.of(whose[0])
        alert = self._roster.following(whose)[0].get(whose[1])
        if owner is not None and alert is not None and alert.firing:
            self._hear(alert.resolved(at, "expired"), owner, at)

    def _look_again(self, freed: Iterable[Held], now: int) -> None:
        for key, one in sorted(freed):
            group = self._roster.groups.get(key)
            if group is not None and one in group.members:
                self._judge(group, group.members[one], now)
                self._settle(group)

    # Telling

    def _judge(self, group: Group, member: Member, now: int) -> None:
        """Keep a member quiet, or no longer; one that is over before anybody heard of it is muted."""
        cause = self._mutes.cause(member, group.tenant, now)
        if not member.alert.firing and member.unheard and (cause or member.quiet or self._rests(group, now)):
            self._forget(group, member)
            return
        if cause == member.cause and cause is None:
            return
        held = (group.key, member.alert.identity)
        if member.cause is not None:
            self._mutes.let_go(member.cause, held)
        if cause is None:
            group.show(member, now)
            return
        if member.cause is None:
            group.hide(member, cause)
        member.cause = cause
        self._mutes.hold(cause, held, now)

    def _forget(self, group: Group, member: Member) -> None:
        if member.cause is not None:
            self._mutes.let_go(member.cause, (group.key, member.alert.identity))
        self._ledger.mute(group.tenant, group.forget(member))
        self._unfollow(group, member.alert)

    def _rests(self, group: Group, now: int) -> bool:
        return bool(group.path.muted_by(self._calendar, now))

    def _serve(self, group: Group, now: int, last: bool = False) -> list[Notification]:
        """What a group has to tell, at a moment when it may have."""
        at = group.next_at()
        if not last and (at is None or at > now):
            self._settle(group)
            return []
        if self._rests(group, now):
            self._deadlines.set(group.key, self._calendar.next_at(now))
            return []
        if not self._mutes.idle(group.tenant):
            for member in list(group.seen()):
                self._judge(group, member, now)
        self._escalate(group, now)
        told = self._tell(group, now, last)
        self._settle(group)
        return told

    def _tell(self, group: Group, now: int, last: bool) -> list[Notification]:
        reason = group.why(now, last)
        if reason is None:
            group.rest()
            return []
        notification, over = group.tell(reason, now, self._ledger.losses(group.tenant))
        for alert in over:
            self._unfollow(group, alert)
        self._ledger.tell(group.tenant, notification.changes)
        return [notification]

    def _escalate(self, group: Group, now: int) -> None:
        """Let further receivers have what nobody acknowledged: the alert is in a group of theirs from now on."""
        for member in group.overdue(now):
            path = group.path.escalated(member.step - 1)
            further = self._roster.group(member.alert, path, group.tenant, group.unknown_tenant)
            self._take(further, member.alert, now)

    def _unfollow(self, group: Group, alert: Alert) -> None:
        if not self._roster.unfollow(group, alert):
            self._expiries.set((alert.tenant, alert.identity), None)

    def _settle(self, group: Group) -> None:
        if group.empty:
            self._roster.close(group)
            self._deadlines.set(group.key, None)
        else:
            self._deadlines.set(group.key, group.next_at())
