"""Mutes are what keeps alerts from being told, silences and inhibitions, and who waits until that ends.

Nobody is asked again and again: an alert that is kept quiet is put down under its cause, and looked at when the cause
ends (a silence is over or was changed, the alert that explained it ended).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from otel_alerting.dispatch.deadlines import Deadlines
from otel_alerting.dispatch.inhibition import Inhibitions, InhibitRule
from otel_alerting.dispatch.intervals import Calendar
from otel_alerting.dispatch.member import INHIBITED, SILENCED, Cause, Member
from otel_alerting.dispatch.silences import Silence, Silences, SilenceState
from otel_alerting.model import Alert

Held: TypeAlias = tuple[str, str]
"""A group's key, and the identity of the member that is kept quiet in it."""


class Mutes:
    """What is not told now, and why."""

    def __init__(self, rules: Sequence[InhibitRule], calendar: Calendar) -> None:
        self.silences = Silences(calendar)
        self.inhibitions = Inhibitions(rules)
        self._held: dict[Cause, set[Held]] = {}
        self._ends: Deadlines[Cause] = Deadlines()
        self._until: dict[Cause, set[tuple[str, str]]] = {}  # silence -> what it is about and still fires

    def see(self, alert: Alert, owner: str, now: int) -> set[Held]:
        """Take in the newest word about an alert; whoever is to be looked at again because of it."""
        freed = self._freed((INHIBITED, alert.tenant, alert.identity)) if self.inhibitions.see(alert) else set()
        if self._until:
            freed |= self._outlast(alert, owner, now)
        return freed

    def idle(self, owner: str) -> bool:
        """Can nothing be kept quiet that an owner is told of?"""
        return not self.silences.version(owner) and not self.inhibitions

    def cause(self, member: Member, owner: str, now: int) -> Cause | None:
        """What keeps an alert quiet now."""
        for silence in self.about(member, owner):
            if self.silences.counts(silence, now):
                return SILENCED, owner, silence.id
        by = self.inhibitions.by(member.alert)
        return (INHIBITED, member.alert.tenant, by.source) if by else None

    def about(self, member: Member, owner: str) -> tuple[Silence, ...]:
        """The silences about an alert, worked out once for each version of the silences and each severity."""
        version = self.silences.version(owner)
        if not version:
            return ()
        known = member.silenced
        if known is None or known[:2] != (version, member.alert.severity):
            found = self.silences.matching(owner, member.alert)
            known = member.silenced = (version, member.alert.severity, found)
        return known[2]

    def hold(self, cause: Cause, held: Held, now: int) -> None:
        """Put a quiet alert down under what keeps it so."""
        waiting = self._held.setdefault(cause, set())
        if not waiting and cause[0] == SILENCED:
            self._ends.set(cause, self.silences.next_at(self.silences.get(*cause[1:]), now))
        waiting.add(held)

    def let_go(self, cause: Cause, held: Held) -> None:
        """It does not wait for that any more."""
        waiting = self._held.get(cause, set())
        waiting.discard(held)
        if not waiting:
            self._freed(cause)

    def take(self, now: int) -> set[Held]:
        """Whoever is to be looked at again, because the end of what keeps them quiet may have come."""
        freed: set[Held] = set()
        for cause in self._ends.take(now):
            freed |= self._freed(cause)
        self.silences.tidy(now)
        return freed

    def next_at(self) -> int | None:
        """When `take` has something to give next."""
        return self._ends.next_at()

    def put(self, silence: Silence, firing: Iterable[Alert], now: int) -> tuple[Silence, set[Held]]:
        """Make or change a silence; what counts now, and whoever is to be looked at again.

        Raises:
            ValueError, LookupError: as `Silences.put`.
        """
        made, old = self.silences.put(silence, now)
        freed = self._over(old) if old else set()
        if made.until_resolved:
            about = {(one.tenant, one.identity) for one in firing if made.conditions.matches(one)}
            self._until[SILENCED, made.tenant, made.id] = about
        return made, freed

    def expire(self, tenant: str, identifier: str, now: int) -> tuple[Silence, set[Held]]:
        """End a silence; what it is now, and whoever is to be looked at again.

        Raises:
            ValueError, LookupError: as `Silences.expire`.
        """
        ended = self.silences.expire(tenant, identifier, now)
        return ended, self._over(ended)

    def _over(self, silence: Silence) -> set[Held]:
        cause = (SILENCED, silence.tenant, silence.id)
        self._until.pop(cause, None)
        return self._freed(cause)

    def _outlast(self, alert: Alert, owner: str, now: int) -> set[Held]:
        """End the silences that were to last until this alert, the last that they are about, is over."""
        freed: set[Held] = set()
        for cause in [cause for cause in self._until if cause[1] == owner]:
            silence, about = self.silences.find(owner, cause[2]), self._until[cause]
            if silence is None or silence.state(now) is SilenceState.EXPIRED:
                del self._until[cause]
            elif alert.firing and silence.conditions.matches(alert):
                about.add((alert.tenant, alert.identity))
            elif not alert.firing and about == {(alert.tenant, alert.identity)}:
                freed |= self.expire(owner, silence.id, now)[1]
            elif not alert.firing:
                about.discard((alert.tenant, alert.identity))
        return freed

    def _freed(self, cause: Cause) -> set[Held]:
        self._ends.set(cause, None)
        return self._held.pop(cause, set())
