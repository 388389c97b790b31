"""A silence is a promise to say nothing about some alerts for some time, made by somebody who says why.

As in Alertmanager it is pending, then active, then expired; what it is about and when it began cannot be changed once
it has begun: such an edit ends it and makes another. Beyond Alertmanager it may recur (it counts only within a named
time interval), or last until what it is about is over.
"""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Iterator, Sequence
from functools import cached_property

import msgspec

from otel_alerting.dispatch.deadlines import Deadlines
from otel_alerting.dispatch.intervals import Calendar
from otel_alerting.dispatch.matcher import EQUAL, Matchers
from otel_alerting.model import Alert
from otel_alerting.model.duration import DAY

MOST = 10_000
"""Silences of one tenant, those that expired lately included."""
_KEPT = 5 * DAY
"""Expired silences are shown this long, as in Alertmanager."""


class SilenceState(str, enum.Enum):
    """Where a silence stands in its life."""

    PENDING = "pending"
    ACTIVE = "active"
    EXPIRED = "expired"


class Silence(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """Which alerts of one tenant are not told, from when until when, who says so and why."""

    tenant: str
    matchers: str
    """All must hold, as `alertname="DiskFull", host=~"web-.*"`."""
    starts_at: int = 0
    """0, or in the past, is now."""
    ends_at: int = 0
    """0 for none, where it recurs or lasts until what it is about is over."""
    created_by: str = ""
    comment: str = ""
    id: str = ""
    """Empty for a new one, which gets an id of its own."""
    updated_at: int = 0
    """When it was last changed."""
    time_interval: str = ""
    """The name of a time interval: it counts only within, again and again."""
    until_resolved: bool = False
    """It ends when all alerts that it is about are over, once there was one."""

    @cached_property
    def conditions(self) -> Matchers:
        """Its matchers, read."""
        return Matchers.parse(self.matchers)

    def state(self, now: int) -> SilenceState:
        """Where it stands."""
        if self.ends_at and now >= self.ends_at:
            return SilenceState.EXPIRED
        return SilenceState.PENDING if now < self.starts_at else SilenceState.ACTIVE

    def expired(self, now: int) -> Silence:
        """The same, ended."""
        return msgspec.structs.replace(self, starts_at=min(self.starts_at, now), ends_at=now, updated_at=now)

    def problems(self, calendar: Calendar, now: int) -> Iterator[tuple[str, str, str]]:
        """What makes it no promise that could be kept: the field, what was found, what would be right."""
        if all(matcher.takes_nothing for matcher in self.conditions):
            yield "matchers", self.matchers or "nothing", "one that an alert without labels does not fulfil"
        if self.ends_at and self.ends_at <= max(self.starts_at, now):
            yield "ends_at", "a moment that is over, or before its start", "a later one"
        if not (self.ends_at or self.until_resolved or self.time_interval):
            yield "ends_at", "nothing", "an end, until_resolved or a time_interval"
        if self.time_interval and not calendar.has(self.time_interval):
            yield "time_interval", repr(self.time_interval), "the name of a time interval"

    def becomes(self, edited: Silence, now: int) -> bool:
        """Is the edited one still the same silence, changed in place?"""
        if (self.conditions, self.time_interval) != (edited.conditions, edited.time_interval):
            return False
        state = self.state(now)
        if state is SilenceState.ACTIVE:
            return edited.starts_at == self.starts_at
        return state is SilenceState.PENDING and edited.starts_at >= now


class _Shelf:
    """One tenant's silences, found by a label that they want to have one value."""

    def __init__(self) -> None:
        self.kept: dict[str, Silence] = {}
        self.version = 0
        self._by_pair: dict[tuple[str, str], dict[str, Silence]] = {}
        self._others: dict[str, Silence] = {}

    def put(self, silence: Silence) -> None:
        self.take_down(silence.id)
        self.kept[silence.id] = silence
        self._place(silence)[silence.id] = silence
        self.version += 1

    def take_down(self, identifier: str) -> None:
        """It silences nothing any more; it is still shown."""
        silence = self.kept.get(identifier)
        if silence is not None and self._place(silence).pop(identifier, None) is not None:
            self.version += 1

    def matching(self, alert: Alert) -> Iterator[Silence]:
        near = [self._others, *map(self._by_pair.get, (("alertname", alert.name), *alert.labels.items()))]
        for found in near:
            for silence in found.values() if found else ():
                if silence.conditions.matches(alert):
                    yield silence

    def _place(self, silence: Silence) -> dict[str, Silence]:
        for matcher in silence.conditions:
            if matcher.operator == EQUAL and matcher.value and matcher.name not in ("severity", "tenant"):
                return self._by_pair.setdefault((matcher.name, matcher.value), {})
        return self._others


class Silences:
    """All tenants' silences; no verb reaches from one tenant to another."""

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar
        self._shelves: dict[str, _Shelf] = {}
        self._ends: Deadlines[tuple[str, str]] = Deadlines()

    def put(self, silence: Silence, now: int) -> tuple[Silence, Silence | None]:
        """Make a silence or, with the id of one, change it; the one that counts now, and the one it takes the place of.

        Raises:
            ValueError: it could not be kept, or the tenant has too many.
            LookupError: the tenant has none of that id.
        """
        old = self.get(silence.tenant, silence.id) if silence.id else None
        silence = msgspec.structs.replace(silence, updated_at=now, starts_at=silence.starts_at or now)
        if old is None or not old.becomes(silence, now):
            silence = msgspec.structs.replace(silence, starts_at=max(silence.starts_at, now), id="")
            silence = msgspec.structs.replace(silence, id=_id(silence))
        wrong = [f"{field} is {found}: {right}" for field, found, right in silence.problems(self._calendar, now)]
        kept = self._kept(silence.tenant)
        if len(kept) >= MOST and silence.id not in kept:
            wrong.append(f"{silence.tenant} has {MOST} silences: expire some, or wait until they are forgotten")
        if wrong:
            raise ValueError("; ".join(wrong))
        if old is not None and old.id != silence.id and old.state(now) is not SilenceState.EXPIRED:
            self._put(old.expired(now))
        self._put(silence)
        return silence, old

    def expire(self, tenant: str, identifier: str, now: int) -> Silence:
        """End a silence now.

        Raises:
            LookupError: the tenant has none of that id.
            ValueError: it has ended already.
        """
        silence = self.get(tenant, identifier)
        if silence.state(now) is SilenceState.EXPIRED:
            raise ValueError(f"the silence {identifier} has ended already")
        ended = silence.expired(now)
        self._put(ended)
        return ended

    def get(self, tenant: str, identifier: str) -> Silence:
        """One silence of a tenant.

        Raises:
            LookupError: the tenant has none of that id.
        """
        found = self.find(tenant, identifier)
        if found is None:
            raise LookupError(f"no silence {identifier!r}")
        return found

    def find(self, tenant: str, identifier: str) -> Silence | None:
        """The same, where there may be none."""
        return self._kept(tenant).get(identifier)

    def all(self, tenant: str) -> Sequence[Silence]:
        """A tenant's silences, the latest first."""
        return sorted(self._kept(tenant).values(), key=lambda one: (-one.updated_at, one.id))

    def version(self, tenant: str) -> int:
        """Another number whenever an alert's silences may be others; 0 for a tenant that never had one."""
        shelf = self._shelves.get(tenant)
        return shelf.version if shelf else 0

    def matching(self, tenant: str, alert: Alert) -> tuple[Silence, ...]:
        """A tenant's silences about an alert, whether or not they count at this moment."""
        shelf = self._shelves.get(tenant)
        return tuple(shelf.matching(alert)) if shelf else ()

    def counts(self, silence: Silence, now: int) -> bool:
        """Does it silence anything at this moment?"""
        within = not silence.time_interval or self._calendar.contains(silence.time_interval, now)
        return within and silence.state(now) is SilenceState.ACTIVE

    def next_at(self, silence: Silence, now: int) -> int | None:
        """When that may be another answer; None while only somebody's word could change it."""
        moments = [self._calendar.next_at(now)] if silence.time_interval else []
        moments += [at for at in (silence.starts_at, silence.ends_at) if at > now]
        return min(moments, default=None)

    def tidy(self, now: int) -> None:
        """Take those that ended out of the way, and forget those that ended long ago."""
        for tenant, identifier in self._ends.take(now):
            shelf = self._shelves[tenant]
            silence = shelf.kept[identifier]
            shelf.take_down(identifier)
            if silence.ends_at + _KEPT <= now:
                del shelf.kept[identifier]
            else:
                self._ends.set((tenant, identifier), silence.ends_at + _KEPT)

    def _kept(self, tenant: str) -> dict[str, Silence]:
        shelf = self._shelves.get(tenant)
        return shelf.kept if shelf else {}

    def _put(self, silence: Silence) -> None:
        self._shelves.setdefault(silence.tenant, _Shelf()).put(silence)
        self._ends.set((silence.tenant, silence.id), silence.ends_at or None)


def _id(silence: Silence) -> str:
    """The same request at the same moment has the same id, in every process: said twice, it is one silence."""
    digest = hashlib.blake2b(msgspec.json.encode(silence), digest_size=16).hexdigest()
    return "-".join((digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:]))
