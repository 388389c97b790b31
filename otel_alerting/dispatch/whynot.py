"""Why an alert was told, or was not: one plain reason for each thing that holds it back or lets it go."""

from __future__ import annotations

import enum
from collections.abc import Iterator

import msgspec

from otel_alerting.dispatch.flapping import Damper
from otel_alerting.dispatch.group import Group
from otel_alerting.dispatch.intervals import Calendar
from otel_alerting.dispatch.member import Member
from otel_alerting.dispatch.mutes import Mutes


class Because(str, enum.Enum):
    """What kind of reason it is."""

    SILENCED = "silenced"
    """`by` the silence of this id, `until` it ends."""
    INHIBITED = "inhibited"
    """`by` the alert of this identity, through the rule in `what`."""
    MUTED = "muted"
    """`by` the time interval of this name, which is looked at again at `until`."""
    WAITING = "waiting"
    """For `group_wait` or `group_interval`, said in `what`, `until` then."""
    ACKNOWLEDGED = "acknowledged"
    """`by` this person, at `at`: it is not repeated."""
    TOLD = "told"
    """At `at`; `until` is the next repetition, if nothing changes."""
    FLAPPING = "flapping"
    """It came and went too often: it is held as firing, `until` it has stayed away for long enough."""
    ESCALATES = "escalates"
    """To the receiver `by`, at `until`, unless somebody acknowledges."""


class Why(msgspec.Struct, frozen=True, kw_only=True):
    """One reason, at one receiver."""

    because: Because
    receiver: str
    group: str
    """The group's key."""
    by: str = ""
    what: str = ""
    at: int = 0
    until: int = 0
    """0 where nobody can say."""


def reasons(group: Group, member: Member, mutes: Mutes, calendar: Calendar, damper: Damper, now: int) -> Iterator[Why]:
    """What is true of one alert in one group at this moment."""

    def why(because: Because, by: str = "", what: str = "", at: int = 0, until: int = 0) -> Why:
        place = group.path.receiver
        return Why(because=because, receiver=place, group=group.key, by=by, what=what, at=at, until=until)

    for silence in mutes.about(member, group.tenant):
        if mutes.silences.counts(silence, now):
            yield why(Because.SILENCED, by=silence.id, what=silence.comment, until=silence.ends_at)
    inhibited = mutes.inhibitions.by(member.alert)
    if inhibited is not None:
        yield why(Because.INHIBITED, by=inhibited.source, what=str(inhibited.rule))
    quiet = group.path.muted_by(calendar, now)
    for name in quiet:
        yield why(Because.MUTED, by=name, until=calendar.next_at(now))
    if member.acknowledged is not None:
        yield why(Because.ACKNOWLEDGED, by=member.acknowledged.by, at=member.acknowledged.at)
    held_until = damper.held_until((member.alert.tenant, member.alert.identity))
    if held_until:
        yield why(Because.FLAPPING, until=held_until)
    next_at = group.next_at() or 0
    if member.since.changes and member.cause is None and not quiet:
        yield why(Because.WAITING, what="group_interval" if group.told_at else "group_wait", until=next_at)
    if not member.unheard:
        yield why(Because.TOLD, at=group.told_at or 0, until=0 if group.since.changes else next_at)
    step_at = group.step_of(member)
    if step_at is not None and not quiet:
        yield why(Because.ESCALATES, by=group.path.escalate[member.step].receiver, until=step_at)
