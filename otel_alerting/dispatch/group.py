"""A group is the moving part of a route: the alerts that share a message, and what its readers know of them."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping

import msgspec

from otel_alerting.dispatch.decide import Since, Told, decide
from otel_alerting.dispatch.member import NOTHING, Cause, Member
from otel_alerting.dispatch.route import Path
from otel_alerting.model import (
    Acknowledgement,
    Alert,
    Delivery,
    Labels,
    News,
    Notification,
    Outcome,
    Reason,
    Receipt,
    Severity,
)
from otel_alerting.model.notification import notification_id

LISTED = 50
"""Alerts that a notification carries; its totals count the others too."""
_REMEMBERED = 16
"""Notifications of a group that may be under way at the same time and still be recognised when they are settled."""
_NO_RECEIPTS: Mapping[str, Receipt] = {}
_NOBODY_WAITS = ("no_notifier", "shutdown")
"""Words of notifications that came to nothing and are not to be told again."""


class Group:
    """Alerts of one tenant on one route with the same group labels. Every moment is an argument.

    It is told `group_wait` after its first alert, then on the grid of `group_interval` when something changed, and
    after `repeat_interval` when nothing did. An alert of high severity, and one that got worse, does not wait. Members
    that are kept quiet are as if they were not there.
    """

    __slots__ = (
        "_acknowledged",
        "_born_seq",
        "_delivered",
        "_due_at",
        "_firing",
        "_flushed_at",
        "_labels",
        "_quiet",
        "_receipts",
        "_settled",
        "_step_at",
        "_stirred_at",
        "_told",
        "key",
        "members",
        "path",
        "seq",
        "since",
        "tenant",
        "unknown_tenant",
    )

    def __init__(self, *, key: str, tenant: str, unknown_tenant: str, path: Path, labels: Labels, seq: int) -> None:
        self.key = key
        self.tenant = tenant
        self.unknown_tenant = unknown_tenant
        self.path = path
        # Any member has them, so they are not kept by the hundred thousand; only severity can change on a member.
        self._labels = labels if "severity" in path.group_by else None
        self.seq = seq
        """The last notification's number; goes on where an earlier life of the same group stopped."""
        self.since = NOTHING
        self.members: dict[str, Member] = {}
        self._told: Told | None = None
        self._firing = 0  # members that fire and are not kept quiet
        self._quiet = 0  # members that are
        self._stirred_at = 0  # the first thing that nobody was told of yet
        self._flushed_at = 0
        self._due_at: int | None = None  # it is told then, whatever the grid says
        self._step_at: int | None = None  # a step of escalation may be due
        self._born_seq = seq
        self._acknowledged = False  # was anything here ever acknowledged?
        self._delivered = False
        self._receipts = _NO_RECEIPTS
        self._settled = ""  # the notification of which it was last learned what became of it

    def get(self, identity: str) -> Alert | None:
        """A member's alert as it stands."""
        member = self.members.get(identity)
        return member.alert if member else None

    def active(self) -> Iterator[Alert]:
        """The members that fire, kept quiet or not."""
        return (member.alert for member in self.members.values() if member.alert.firing)

    def seen(self) -> Iterator[Member]:
        """The members that are not kept quiet."""
        return (member for member in self.members.values() if member.cause is None)

    @property
    def empty(self) -> bool:
        """Is there nothing left to tell, ever?"""
        return not self.members

    @property
    def told_at(self) -> int | None:
        """When its readers were last told aloud."""
        return self._told.at if self._told else None

    def take(self, alert: Alert, now: int) -> int:
        """Take in the newest word about an alert; the number of changes that this makes, 0 or 1."""
        member = self.members.get(alert.identity)
        if member is None:
            return self._begin(Member(alert), alert, now) if alert.firing else 0
        if not member.alert.firing:
            return self._begin(member, _merged(member.alert, alert), now) if alert.firing else 0
        if not alert.firing:
            return self._end(member, alert, now)
        return self._move(member, _merged(member.alert, alert), now)

    def hide(self, member: Member, cause: Cause) -> None:
        """Keep a member quiet."""
        member.cause, member.quiet = cause, True
        self.since = self.since.plus(member.since, -1)
        self._firing -= member.alert.firing
        self._quiet += 1

    def show(self, member: Member, now: int) -> None:
        """Keep a member quiet no longer. What it has to tell waits for company, as in a new group."""
        member.cause = None
        if member.absent and member.alert.firing and not member.since.changes:
            member.since = msgspec.structs.replace(member.since, back=1)
        if not self.since.changes:
            self._stirred_at = now
        self.since = self.since.plus(member.since)
        self._firing += member.alert.firing
        self._quiet -= 1
        if member.since is not NOTHING:
            spaced = self._flushed_at + self.path.group_interval if self._told else now
            self._due(max(now + self.path.group_wait, spaced))
        if self.path.escalate:
            self._step_at = self._next_step()

    def forget(self, member: Member) -> int:
        """Let a member go that nobody is to be told of; the changes that this leaves untold."""
        if member.cause is None:
            self.since = self.since.plus(member.since, -1)
            self._firing -= member.alert.firing
        else:
            self._quiet -= 1
        del self.members[member.alert.identity]
        return member.since.changes

    def acknowledge(self, member: Member, said: Acknowledgement, now: int) -> None:
        """Somebody knows of a member. Where the message can be changed, it says so at once."""
        member.acknowledged, self._acknowledged = said, True
        if member.cause is None:
            self._stir(now, urgent=False)
            self.since = msgspec.structs.replace(self.since, moved=True)
            if self._receipts:
                self._due(now)

    def step_of(self, member: Member) -> int | None:
        """When a member's next step of escalation comes."""
        if member.heard_at is None or not member.waits or member.step >= len(self.path.escalate):
            return None
        return member.heard_at + self.path.escalate[member.step].after

    def overdue(self, now: int) -> list[Member]:
        """The members whose next step of escalation has come; the step is taken with this."""
        if self._step_at is None or self._step_at > now:
            return []
        found = [one for one in self.seen() if (at := self.step_of(one)) is not None and at <= now]
        for member in found:
            member.step += 1
        self._step_at = self._next_step()
        return found

    def next_at(self) -> int | None:
        """When there is something to tell next, if nothing else happens."""
        moments = [at for at in (self._due_at, self._step_at, self._by_the_grid()) if at is not None]
        return min(moments, default=None)

    def why(self, now: int, last: bool = False) -> Reason | None:
        """The reason to tell the readers at this moment, if there is one; with `last`, nobody will be told later."""
        return decide(
            self.since,
            self._told,
            firing=self._firing,
            updatable=bool(self._receipts),
            again_at=self._again_at(),
            now=now,
            acknowledged=self.acknowledged,
            occurrences=sum(member.alert.count for member in self.seen()) if last else 0,
            last=last,
        )

    @property
    def acknowledged(self) -> bool:
        """Has somebody said of all that fires here that they know?"""
        return self._acknowledged and self._firing > 0 and not any(member.waits for member in self.seen())

    def rest(self) -> None:
        """There was nothing to tell at a moment that was said to be due."""
        self._due_at = None

    def tell(self, reason: Reason, now: int, lost: Mapping[str, int]) -> tuple[Notification, list[Alert]]:
        """Put everything that the readers have not heard into one notification; what is over is then forgotten.

        Returns:
            The notification, and the alerts that are forgotten.
        """
        self.seq += 1
        notification = self._notification(reason, now, lost)
        if self._told is None or reason is not Reason.UPDATED:
            self._told = Told(at=now, missed=self._told.missed if self._told else 0)
        self._told = msgspec.structs.replace(self._told, occurrences=notification.occurrences)
        over = [member.alert for member in self.seen() if not member.alert.firing]
        for alert in over:
            del self.members[alert.identity]
        for member in self.members.values():
            member.told(now)
        self.since, self._due_at, self._flushed_at = NOTHING, None, now
        if self.path.escalate:
            self._step_at = self._next_step()
        return notification, over

    def note(self, delivery: Delivery) -> None:
        """Learn what became of a notification; one of an earlier life of the group is none of ours."""
        if self._told is None or not self._is_ours(delivery.notification):
            return
        if delivery.outcome is Outcome.DROPPED:
            self._miss(delivery)
            return
        self._delivered, self._settled = True, delivery.notification
        self._told = msgspec.structs.replace(self._told, heard=True, missed=0)
        if delivery.outcome is Outcome.SENT and delivery.receipt is not None and delivery.receipt.updatable:
            self._receipts = {**self._receipts, delivery.destination: delivery.receipt}

    def _is_ours(self, notification: str) -> bool:
        """Is it one of the last notifications of this life? Their ids are made anew: remembered, they cost more."""
        oldest = max(self._born_seq, self.seq - _REMEMBERED)
        numbers = range(self.seq, oldest, -1)
        return any(notification == notification_id(self.key, self.path.receiver, number) for number in numbers)

    def _miss(self, delivery: Delivery) -> None:
        """Take in that a message came to nothing; that of another place about the same may have arrived."""
        if self._told is None or delivery.notification == self._settled or delivery.word in _NOBODY_WAITS:
            return
        self._settled = delivery.notification
        self._told = msgspec.structs.replace(self._told, heard=self._delivered, missed=self._told.missed + 1)

    def _again_at(self) -> int:
        return self._told.again_at(self.path.repeat_interval, self.path.group_interval) if self._told else 0

    def _begin(self, member: Member, alert: Alert, now: int) -> int:
        self.members[alert.identity] = member
        member.alert = alert
        member.worst = max(alert.severity, member.worst)
        member.news = News.NEW
        member.acknowledged = None
        self._firing += member.cause is None
        self._change(member, Since(started=1), now, urgent=alert.severity >= Severity.HIGH)
        return 1

    def _end(self, member: Member, alert: Alert, now: int) -> int:
        before = member.alert
        member.alert = msgspec.structs.replace(
            alert, started_at=min(before.started_at, alert.started_at), count=max(before.count, alert.count)
        )
        member.news = News.OVER
        self._firing -= member.cause is None
        self._change(member, Since(ended=1), now, urgent=False)
        return 1

    def _move(self, member: Member, alert: Alert, now: int) -> int:
        before, member.alert = member.alert, alert
        if alert.severity > member.worst:
            member.worst = alert.severity
            member.news = member.news or News.WORSE
            if member.acknowledged is not None:
                member.acknowledged, member.heard_at = None, now  # whoever knew of it does not know of this
            urgent = self._told is not None or alert.severity >= Severity.HIGH
            self._change(member, Since(worse=1), now, urgent=urgent)
            return 1
        if member.cause is None and not self.since.moved and _differs(before, alert):
            self._stir(now, urgent=False)
            self.since = msgspec.structs.replace(self.since, moved=True)
        return 0

    def _change(self, member: Member, what: Since, now: int, *, urgent: bool) -> None:
        member.since = member.since.plus(what)
        if member.cause is None:
            self._stir(now, urgent)
            self.since = self.since.plus(what)

    def _stir(self, now: int, urgent: bool) -> None:
        if not self.since.changes:
            self._stirred_at = now
        if urgent:
            self._due(now)

    def _due(self, at: int) -> None:
        if self._due_at is None or at < self._due_at:
            self._due_at = at

    def _by_the_grid(self) -> int | None:
        if self._told is None:
            return self._stirred_at + self.path.group_wait if self.since.changes else None
        if self.since.changes or (self.since.moved and self._receipts and self._firing):
            return self._tick_at()
        if not self._firing or self.acknowledged:
            return None
        return self._again_at()

    def _tick_at(self) -> int:
        """The first tick of the grid, which begins at the last notification, that is not before what happened."""
        interval = self.path.group_interval
        if not interval:
            return self._stirred_at
        ticks = -(-(self._stirred_at - self._flushed_at) // interval)
        return self._flushed_at + max(1, ticks) * interval

    def _next_step(self) -> int | None:
        return min((at for one in self.seen() if (at := self.step_of(one)) is not None), default=None)

    def _notification(self, reason: Reason, now: int, lost: Mapping[str, int]) -> Notification:
        members = list(self.seen())
        listed = heapq.nsmallest(LISTED, members, key=_news_first)
        return Notification(
            tenant=self.tenant,
            receiver=self.path.receiver,
            group=self.key,
            group_labels=self.path.group_labels(members[0].alert) if self._labels is None else self._labels,
            reason=reason,
            seq=self.seq,
            at=now,
            alerts=tuple(sorted((one.alert for one in listed), key=worst_first)),
            firing=self._firing,
            resolved=len(members) - self._firing,
            changes=self.since.changes,
            occurrences=sum(one.alert.count for one in members),
            severity=max(one.alert.severity for one in members if one.alert.firing or not self._firing),
            started_at=min(one.alert.started_at for one in members),
            news={one.alert.identity: one.news for one in listed if one.news is not None},
            acknowledged={one.alert.identity: one.acknowledged for one in listed if one.acknowledged is not None},
            muted=self._quiet,
            escalated_after=self.path.escalated_after,
            lost=lost,
            unknown_tenant=self.unknown_tenant,
            previous=dict(self._receipts),
        )


def worst_first(alert: Alert) -> tuple[object, ...]:
    """Sorts what fires before what is over, then by severity, count and age; never two alerts the same."""
    return (not alert.firing, -alert.severity, -alert.count, alert.started_at, alert.identity)


def _news_first(member: Member) -> tuple[object, ...]:
    """Readers who know the others must find what they do not know, however long the list is."""
    return (member.news is None, *worst_first(member.alert))


def _merged(before: Alert, alert: Alert) -> Alert:
    """Direct calls, which expire, do not count themselves; a rule sends its total."""
    return before.raised_again(alert) if alert.firing and alert.expires_at else alert


def _differs(before: Alert, after: Alert) -> bool:
    return (before.count, before.severity, before.reading, before.text) != (
        after.count,
        after.severity,
        after.reading,
        after.text,
    )
