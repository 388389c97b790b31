"""A notification is the decision to tell someone now, and why."""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Iterable, Mapping

import msgspec

from otel_alerting.model.alert import Alert
from otel_alerting.model.labels import Labels
from otel_alerting.model.receipt import Receipt
from otel_alerting.model.severity import Severity


class Reason(str, enum.Enum):
    """Why somebody is told now."""

    FIRST = "first"
    """A group that nobody was told of."""
    MORE = "more"
    """Alerts joined a group that was told."""
    ESCALATED = "escalated"
    """An alert of the group got worse."""
    FEWER = "fewer"
    """Some alerts of the group are over, others are not."""
    UPDATED = "updated"
    """Only counts or values moved: worth an update in place, not a new message."""
    REPEAT = "repeat"
    """Nothing changed for `repeat_interval`, and it is still wrong."""
    RESOLVED = "resolved"
    """All of it is over."""


class News(str, enum.Enum):
    """What the readers of a group do not know of one of its alerts."""

    NEW = "new"
    """It began, or began again."""
    WORSE = "worse"
    """Its severity rose."""
    OVER = "over"
    """It ended."""


class Acknowledgement(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody said that they know of an alert: it is not repeated and not escalated until it is over or worse."""

    by: str
    """Who."""
    at: int
    """When."""
    comment: str = ""


_LOUDNESS = (Reason.UPDATED, Reason.REPEAT, Reason.FEWER, Reason.MORE, Reason.ESCALATED, Reason.FIRST)


class Notification(msgspec.Struct, frozen=True, kw_only=True):
    """One group of alerts, for one receiver, now.

    `alerts` are the ones worth listing, worst first; the totals count all of the group, listed or not.
    """

    tenant: str
    receiver: str
    group: str
    """The group's opaque key: the same for every notification about it, also after a restart."""
    group_labels: Labels = {}
    reason: Reason
    seq: int
    """Counts this group's notifications from 1."""
    at: int
    alerts: tuple[Alert, ...]
    firing: int
    """Alerts of the group that fire."""
    resolved: int = 0
    """Alerts of the group that ended since the last notification."""
    changes: int = 1
    """Alert changes that nobody was told of before: the unit of the account."""
    occurrences: int = 0
    """Observations behind all alerts of the group."""
    severity: Severity
    started_at: int
    """When the oldest alert of the group began."""
    news: Mapping[str, News] = {}
    """By an alert's identity: what the group's readers, who know the others, were not told of before."""
    acknowledged: Mapping[str, Acknowledgement] = {}
    """By an alert's identity: who said that they know of it."""
    muted: int = 0
    """Alerts of the group that are kept back, silenced or inhibited: no total counts them, nothing lists them."""
    escalated_after: int = 0
    """Nanoseconds after which this receiver is told too, because nobody acknowledged; 0 for the first readers."""
    lost: Mapping[str, int] = {}
    """What could not be taken in since the last notification to this tenant, by reason."""
    unknown_tenant: str = ""
    """The name a signal gave that no configured tenant has."""
    previous: Mapping[str, Receipt] = {}
    """By destination: the message that shows this group already."""
    parts: tuple[Notification, ...] = ()
    """The notifications of other groups that this one was put together from; empty for an ordinary one."""

    @property
    def id(self) -> str:
        """The same decision has the same id, in every process: 16 hexadecimal digits."""
        return notification_id(self.group, self.receiver, self.seq, len(self.parts))

    @property
    def over(self) -> bool:
        """Is all of it over?"""
        return self.firing == 0

    @property
    def quiet(self) -> bool:
        """Is it worth an update in place only?"""
        return self.reason is Reason.UPDATED

    def after(self, earlier: Notification) -> Notification:
        """This notification, with what an earlier one about the same group never got to say.

        The newer state wins; the changes and losses of both are counted; the louder reason stays, except that
        what is over is over.
        """
        reason = self.reason
        if reason is not Reason.RESOLVED and earlier.reason is not Reason.RESOLVED:
            reason = max(self.reason, earlier.reason, key=_LOUDNESS.index)
        return msgspec.structs.replace(
            self,
            reason=reason,
            changes=self.changes + earlier.changes,
            resolved=self.resolved + earlier.resolved,
            news={**earlier.news, **self.news},
            lost=_summed((earlier.lost, self.lost)),
            previous={**earlier.previous, **self.previous},
        )


def notification_id(group: str, receiver: str, seq: int, parts: int = 0) -> str:
    """The id of a group's notification of this number, made of so many others."""
    raw = f"{group}\x1f{receiver}\x1f{seq}\x1f{parts}".encode()
    return hashlib.blake2b(raw, digest_size=8).hexdigest()


def digest(parts: Iterable[Notification]) -> Notification:
    """Put notifications of one receiver about different groups into one, in the order given."""
    all_parts = tuple(parts)
    newest = max(all_parts, key=lambda part: part.at)
    firing = sum(part.firing for part in all_parts)
    raw = "\x1f".join(sorted(f"{part.group}:{part.seq}" for part in all_parts)).encode()
    worst = sorted(
        (alert for part in all_parts for alert in part.alerts),
        key=lambda alert: (not alert.firing, -alert.severity, -alert.count),
    )
    return Notification(
        tenant=newest.tenant,
        receiver=newest.receiver,
        group="digest:" + hashlib.blake2b(raw, digest_size=8).hexdigest(),
        reason=Reason.FIRST if firing else Reason.RESOLVED,
        seq=1,
        at=newest.at,
        alerts=tuple(worst[:50]),
        firing=firing,
        resolved=sum(part.resolved for part in all_parts),
        changes=sum(part.changes for part in all_parts),
        occurrences=sum(part.occurrences for part in all_parts),
        severity=max(part.severity for part in all_parts),
        started_at=min(part.started_at for part in all_parts),
        lost=_summed(part.lost for part in all_parts),
        parts=all_parts,
    )


def _summed(many: Iterable[Mapping[str, int]]) -> Mapping[str, int]:
    total: dict[str, int] = {}
    for counts in many:
        for reason, number in counts.items():
            total[reason] = total.get(reason, 0) + number
    return total
