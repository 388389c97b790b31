"""A group is the moving part of a route: the alerts that share a message, and what its readers know of them."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping

import msgspec

from otel_alerting.dispatch.decide import Since, Told, decide
from otel_alerting.dispatch.route import Path
from otel_alerting.model import Alert, Delivery, Labels, News, Notification, Outcome, Reason, Receipt, Severity

LISTED = 50
"""Alerts that a notification carries; its totals count the others too."""
_REMEMBERED = 16
"""Notifications of a group that may be under way at the same time and still be recognised when they are settled."""
_NOTHING = Since()
_NOBODY_WAITS = ("no_notifier", "shutdown")
"""Words of notifications that came to nothing and are not to be told again."""


class Group:
    """Alerts of one tenant on one route with the same group labels. Every moment is an argument.

    It is told `group_wait` after its first alert, then on the grid of `group_interval` when something changed, and
    after `repeat_interval` when nothing did. An alert of high severity, and one that got worse, does not wait.
    """

    def __init__(self, *, key: str, tenant: str, unknown_tenant: str, path: Path, labels: Labels, seq: int) -> None:
        self.key = key
        self.tenant = tenant
        self.unknown_tenant = unknown_tenant
        self.path = path
        self.labels = labels
        self.seq = seq
        """The last notification's number; goes on where an earlier life of the same group stopped."""
        self.since = _NOTHING
        self._told: Told | None = None
        self._members: dict[str, Alert] = {}
        self._worst: dict[str, Severity] = {}  # by member: the severity that readers know, or will be told next
        self._news: dict[str, News] = {}  # by member: what readers were not told of yet
        self._firing = 0
        self._stirred_at = 0  # the first thing that nobody was told of yet
        self._flushed_at = 0
        self._urgent_at: int | None = None
        self._ids: tuple[str, ...] = ()
        self._delivered = False
        self._settled = ""  # the notification of which it was last learned what became of it
        self._receipts: dict[str, Receipt] = {}

    def get(self, identity: str) -> Alert | None:
        """A member as it stands."""
        return self._members.get(identity)

    def active(self) -> Iterator[Alert]:
        """The members that fire."""
        return (alert for alert in self._members.values() if alert.firing)

    def ended(self) -> list[Alert]:
        """The members that are over: the next notification tells of them, then they are forgotten."""
        return [alert for alert in self._members.values() if not alert.firing] if self.since.ended else []

    @property
    def empty(self) -> bool:
        """Is there nothing left to tell, ever?"""
        return not self._members

    def take(self, alert: Alert, now: int) -> int:
        """Take in the newest word about an alert; the number of changes that this makes, 0 or 1."""
        before = self._members.get(alert.identity)
        if before is None:
            return self._begin(alert, now) if alert.firing else 0
        if not before.firing:
            return self._begin(_merged(before, alert), now) if alert.firing else 0
        if not alert.firing:
            return self._end(before, alert, now)
        return self._move(before, _merged(before, alert), now)

    def next_at(self) -> int | None:
        """When there is something to tell next, if nothing else happens."""
        if self._urgent_at is not None:
            return self._urgent_at
        if self._told is None:
            return self._stirred_at + self.path.group_wait
        if self.since.changes or (self.since.moved and self._receipts):
            return self._tick_at()
        return self._again_at() if self._firing else None

    def why(self, now: int, last: bool = False) -> Reason | None:
        """The reason to tell the readers at this moment, if there is one; with `last`, nobody will be told later."""
        return decide(
            self.since,
            self._told,
            firing=self._firing,
            updatable=bool(self._receipts),
            again_at=self._again_at(),
            now=now,
            occurrences=sum(alert.count for alert in self._members.values()) if last else 0,
            last=last,
        )

    def tell(self, reason: Reason, now: int, lost: Mapping[str, int]) -> Notification:
        """Put everything that the readers have not heard into one notification; what is over is then forgotten."""
        self.seq += 1
        notification = self._notification(reason, now, lost)
        self._ids = (*self._ids[1 - _REMEMBERED :], notification.id)
        if self._told is None or reason is not Reason.UPDATED:
            self._told = Told(at=now, missed=self._told.missed if self._told else 0)
        self._told = msgspec.structs.replace(self._told, occurrences=notification.occurrences)
        for alert in self.ended():
            del self._members[alert.identity]
        self._worst = {alert.identity: alert.severity for alert in self._members.values()}
        self._news = {}
        self.since, self._urgent_at, self._flushed_at = _NOTHING, None, now
        return notification

    def note(self, delivery: Delivery) -> None:
        """Learn what became of a notification; one of an earlier life of the group is none of ours."""
        if self._told is None or delivery.notification not in self._ids:
            return
        if delivery.outcome is Outcome.DROPPED:
            self._miss(delivery)
            return
        self._delivered, self._settled = True, delivery.notification
        self._told = msgspec.structs.replace(self._told, heard=True, missed=0)
        if delivery.outcome is Outcome.SENT and delivery.receipt is not None and delivery.receipt.updatable:
            self._receipts[delivery.destination] = delivery.receipt

    def _miss(self, delivery: Delivery) -> None:
        """Take in that a message came to nothing; that of another place about the same may have arrived."""
        if self._told is None or delivery.notification == self._settled or delivery.word in _NOBODY_WAITS:
            return
        self._settled = delivery.notification
        self._told = msgspec.structs.replace(self._told, heard=self._delivered, missed=self._told.missed + 1)

    def _again_at(self) -> int:
        return self._told.again_at(self.path.repeat_interval, self.path.group_interval) if self._told else 0

    def _begin(self, alert: Alert, now: int) -> int:
        self._members[alert.identity] = alert
        self._worst[alert.identity] = max(alert.severity, self._worst.get(alert.identity, alert.severity))
        self._news[alert.identity] = News.NEW
        self._firing += 1
        self._stir(now, alert.severity >= Severity.HIGH)
        self.since = msgspec.structs.replace(self.since, started=self.since.started + 1)
        return 1

    def _end(self, before: Alert, alert: Alert, now: int) -> int:
        self._members[alert.identity] = msgspec.structs.replace(
            alert, started_at=min(before.started_at, alert.started_at), count=max(before.count, alert.count)
        )
        self._news[alert.identity] = News.OVER
        self._firing -= 1
        self._stir(now, urgent=False)
        self.since = msgspec.structs.replace(self.since, ended=self.since.ended + 1)
        return 1

    def _move(self, before: Alert, alert: Alert, now: int) -> int:
        self._members[alert.identity] = alert
        if alert.severity > self._worst[alert.identity]:
            self._worst[alert.identity] = alert.severity
            self._news.setdefault(alert.identity, News.WORSE)
            self._stir(now, self._told is not None or alert.severity >= Severity.HIGH)
            self.since = msgspec.structs.replace(self.since, worse=self.since.worse + 1)
            return 1
        if not self.since.moved and _differs(before, alert):
            if not self.since.changes:
                self._stirred_at = now
            self.since = msgspec.structs.replace(self.since, moved=True)
        return 0

    def _stir(self, now: int, urgent: bool) -> None:
        if not self.since.changes:
            self._stirred_at = now
        if urgent and self._urgent_at is None:
            self._urgent_at = now

    def _tick_at(self) -> int:
        """The first tick of the grid, which begins at the last notification, that is not before what happened."""
        interval = self.path.group_interval
        if not interval:
            return self._stirred_at
        ticks = -(-(self._stirred_at - self._flushed_at) // interval)
        return self._flushed_at + max(1, ticks) * interval

    def _notification(self, reason: Reason, now: int, lost: Mapping[str, int]) -> Notification:
        alerts = self._members.values()
        listed = heapq.nsmallest(LISTED, alerts, key=self._news_first)
        return Notification(
            tenant=self.tenant,
            receiver=self.path.receiver,
            group=self.key,
            group_labels=self.labels,
            reason=reason,
            seq=self.seq,
            at=now,
            alerts=tuple(sorted(listed, key=worst_first)),
            firing=self._firing,
            resolved=len(alerts) - self._firing,
            changes=self.since.changes,
            occurrences=sum(alert.count for alert in alerts),
            severity=max(alert.severity for alert in (self.active() if self._firing else alerts)),
            started_at=min(alert.started_at for alert in alerts),
            news={one.identity: self._news[one.identity] for one in listed if one.identity in self._news},
            lost=lost,
            unknown_tenant=self.unknown_tenant,
            previous=dict(self._receipts),
        )

    def _news_first(self, alert: Alert) -> tuple[object, ...]:
        """Readers who know the others must find what they do not know, however long the list is."""
        return (alert.identity not in self._news, *worst_first(alert))


def worst_first(alert: Alert) -> tuple[object, ...]:
    """Sorts what fires before what is over, then by severity, count and age; never two alerts the same."""
    return (not alert.firing, -alert.severity, -alert.count, alert.started_at, alert.identity)


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
