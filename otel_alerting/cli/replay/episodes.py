"""An episode is one alert from its first firing to its end; a tally is what all episodes of a rule come to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from otel_alerting.model import Labels, Severity
from otel_alerting.rules.play import Change, Evaluation

Key = tuple[str, str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True, kw_only=True)
class Episode:
    """One alert that fired."""

    alert: str
    tenant: str
    labels: Labels
    severity: Severity
    """The worst it had."""
    began_at: int
    ended_at: int | None = None
    """None while it fires."""
    value: float | None
    """The number it fired with."""
    unit: str

    def lasted(self, until: int) -> int:
        """How long it fired."""
        return (until if self.ended_at is None else self.ended_at) - self.began_at


@dataclass
class Tally:
    """What a rule came to."""

    is_seen: bool = False
    """Was anything ever evaluated?"""
    alerts: int = 0
    in_vain: int = 0
    """How often something was pending, and was over before it fired."""
    firing: int = 0
    """Nanoseconds, of all alerts together."""
    longest: int = 0

    def add(self, lasted: int) -> None:
        """Another alert, that fired so long."""
        self.alerts += 1
        self.firing += lasted
        self.longest = max(self.longest, lasted)


@dataclass
class Episodes:
    """Makes episodes of changes. Keeps the first `most`, and counts all."""

    most: int
    tallies: dict[str, Tally]
    """By rule, those that nothing came of too."""
    kept: list[Episode] = field(default_factory=list)
    _open: dict[Key, Episode] = field(default_factory=dict)
    _pending: set[Key] = field(default_factory=set)

    @property
    def total(self) -> int:
        """Of all rules."""
        return sum(tally.alerts for tally in self.tallies.values())

    def found(self, one: Evaluation) -> None:
        """An evaluation: what was pending and is quiet again waited in vain."""
        tally = self._tally(one.alert)
        tally.is_seen = True
        if self._pending and one.state == "quiet" and (key := _key(one.tenant, one.alert, one.labels)) in self._pending:
            self._pending.remove(key)
            tally.in_vain += 1

    def changed(self, one: Change) -> None:
        """A change of state."""
        key = _key(one.tenant, one.alert, one.labels)
        if one.state == "pending":
            self._pending.add(key)
            return
        self._pending.discard(key)
        if one.state == "firing":
            self._open[key] = _worse(self._open[key], one) if key in self._open else _begun(one)
        elif key in self._open:
            self._close(replace(self._open.pop(key), ended_at=one.at), one.at)

    def finish(self, until: int) -> None:
        """It is over: what fires still is counted until here."""
        for episode in self._open.values():
            self._close(episode, until)
        self._open.clear()
        self.kept.sort(key=lambda episode: episode.began_at)

    def _close(self, episode: Episode, until: int) -> None:
        self._tally(episode.alert).add(episode.lasted(until))
        if len(self.kept) < self.most:
            self.kept.append(episode)

    def _tally(self, alert: str) -> Tally:
        return self.tallies.setdefault(alert, Tally())


def _begun(change: Change) -> Episode:
    return Episode(
        alert=change.alert,
        tenant=change.tenant,
        labels=change.labels,
        severity=change.severity,
        began_at=change.at,
        value=change.value,
        unit=change.unit,
    )


def _worse(episode: Episode, change: Change) -> Episode:
    return replace(episode, severity=max(episode.severity, change.severity))


def _key(tenant: str, alert: str, labels: Mapping[str, str]) -> Key:
    return tenant, alert, tuple(labels.items())
