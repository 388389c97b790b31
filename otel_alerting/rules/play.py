"""Playing holds recorded signals against rules: time is the data's own, and every change of state is told, and why.

A live pipeline has a clock; here the moment at which a signal arrives is the clock. What is due before a signal comes
is evaluated before it comes, edge by edge, so the same signals at the same moments give the same changes, always.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Literal, TypeAlias

import msgspec

from otel_alerting.model import Alert, Labels, Severity, Signal
from otel_alerting.rules.builtin import BuiltinRules
from otel_alerting.rules.group import Group, Look
from otel_alerting.rules.reading import shown_unit
from otel_alerting.rules.rule import Rule
from otel_alerting.rules.ruleset import RuleSet
from otel_alerting.rules.threshold import Phase

Arrival: TypeAlias = tuple[int, Signal]
"""When a signal came, and what it is."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """An alert is in another state, or of another severity, than before.

    What was pending and stops is dropped without a word, as it is live; the next `pending` of it is a new one.
    """

    at: int
    """The edge, or the event that did not wait for one."""
    tenant: str
    alert: str
    labels: Labels
    state: Literal["pending", "firing", "resolved"]
    severity: Severity
    """Of what is pending, the mildest that it would fire with."""
    value: float | None
    """The number that it was found by; None where there was none."""
    unit: str = ""
    """Of the number, UCUM or `ratio`."""


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """What one rule found about one group at one edge."""

    at: int
    tenant: str
    alert: str
    labels: Labels
    value: float | None
    """The number over the window that ends at `at`; None where there is none, or none that a condition holds for."""
    unit: str
    """Of the number, UCUM or `ratio`; it says what `Rule.threshold` is in."""
    state: Literal["quiet", "pending", "firing"]
    severity: Severity | None
    """Of what fires or is pending."""


Found: TypeAlias = Callable[[Evaluation], None]
"""Is told of evaluations."""


def play(
    rules: Sequence[Rule],
    arrivals: Iterable[Arrival],
    *,
    started_at: int | None = None,
    until: int | None = None,
    found: Found | None = None,
) -> Iterator[Change]:
    """Play what arrived, in this order, and tell the changes as they come; see `Player` and `Player.play`."""
    return Player(rules, started_at=started_at, found=found).play(arrivals, until=until)


class Player:
    """A rule set that is played to.

    Args:
        rules: complete, with their file's defaults put in.
        started_at: when somebody began to look, for counters whose past nobody can know; by default when the first
            signal happened or came.
        builtin: the rules that are there without any; None for none.
        found: is told of every evaluation, before the changes that come of it.
        told: is told of every alert as the rules tell it, also where only a count or a number is another.
    """

    def __init__(
        self,
        rules: Sequence[Rule],
        *,
        started_at: int | None = None,
        builtin: BuiltinRules | None = None,
        found: Found | None = None,
        told: Callable[[Alert], None] | None = None,
    ) -> None:
        self._rules, self._builtin, self._found, self._tell = rules, builtin, found, told
        self._late = max((rule.late for rule in rules), default=0)
        self._end: int | None = None
        self._ruleset = None if started_at is None else self._begun(started_at)
        self._pending: dict[int, int] = {}
        """Since when, by the group, which is not let go of while it is pending."""
        self._told: dict[str, Severity] = {}
        """What fires, by identity."""
        self._ended: dict[str, float | None] = {}
        """The numbers of what ends in this evaluation: an alert that is over still carries what it fired with."""
        self._began: list[Change] = []

    def play(self, arrivals: Iterable[Arrival], *, until: int | None = None) -> Iterator[Change]:
        """The changes by all that arrives, as they come.

        Args:
            arrivals: what came, and when; moments never go back.
            until: the last moment. What comes later is not looked at; the edges until then are, also where the signals
                end before. By default the moment at which the last signal came.
        """
        last: int | None = None
        for now, signal in arrivals:
            if until is not None and now > until:
                break
            last = now
            yield from self.observe(signal, now)
        end = last if until is None else until
        if end is not None:
            yield from self.finish(end)

    def observe(self, signal: Signal, now: int) -> list[Change]:
        """A signal comes: the changes by what was due before it, and by itself."""
        if self._ruleset is None:
            self._ruleset = self._begun(min(signal.at, now))
        changes = self.advance(now)
        changes.extend(self._changes(self._ruleset.observe(signal, now)))
        return changes

    def advance(self, now: int) -> list[Change]:
        """Time goes on: the changes by everything that is due before `now`.

        What is due at `now` itself waits, for more may come at this very moment.
        """
        return self._evaluated_until(now - 1)

    def finish(self, now: int) -> list[Change]:
        """Nothing more comes: the changes by all edges up to and at `now`, without waiting for late signals.

        An edge after `now` is not looked at: that its window is half empty would only show that the recording ends.
        """
        self._end = now
        return [change for change in self._evaluated_until(now + self._late) if change.at <= now]

    def lost(self) -> Mapping[tuple[str, str], int]:
        """By tenant and reason, the signals that could not be judged since the last call; see `RuleSet.lost`."""
        return self._ruleset.lost() if self._ruleset else {}

    def _begun(self, at: int) -> RuleSet:
        return RuleSet(self._rules, builtin=self._builtin, started_at=at, witness=self._witness)

    def _evaluated_until(self, last: int) -> list[Change]:
        changes: list[Change] = []
        ruleset = self._ruleset
        while ruleset is not None and (due := ruleset.next_at()) is not None and due <= last:
            changes += self._evaluated(ruleset, due)
        return changes

    def _evaluated(self, ruleset: RuleSet, due: int) -> list[Change]:
        alerts = ruleset.evaluate(due)
        began, self._began = self._began, []
        changes = began + list(self._changes(alerts))
        self._ended.clear()
        return sorted(changes, key=lambda change: change.at) if len(changes) > 1 else changes

    def _changes(self, alerts: Iterable[Alert]) -> Iterator[Change]:
        """Of alerts that are told anew with every count, those whose state or severity is another."""
        for alert in alerts:
            if self._tell is not None:
                self._tell(alert)
            if alert.firing and self._told.get(alert.identity) != alert.severity:
                self._told[alert.identity] = alert.severity
                yield _change(alert, alert.reading.value if alert.reading else None)
            elif not alert.firing and self._told.pop(alert.identity, None) is not None:
                yield _change(alert, self._ended.get(alert.identity))

    def _witness(self, rule: Rule, group: Group, look: Look, edge: int) -> None:
        level = _level(group, edge)
        is_pending = level < 0 and group.watch.phase is Phase.PENDING
        if group.level >= 0 and group.alert is not None:
            self._ended[group.alert.identity] = _number(look)
        if is_pending or self._pending:
            self._note_pending(rule, group, look, edge, is_pending=is_pending)
        if self._found is not None and (self._end is None or edge <= self._end):
            self._found(_evaluation(rule, group, look, edge, level, is_pending=is_pending))

    def _note_pending(self, rule: Rule, group: Group, look: Look, edge: int, *, is_pending: bool) -> None:
        """Tell that something is pending when that began, which alerts do not tell."""
        if not is_pending:
            self._pending.pop(id(group), None)
        elif self._pending.get(id(group)) != group.watch.active_at:
            self._pending[id(group)] = group.watch.active_at
            self._began.append(_pending(rule, group, look, edge))


def _level(group: Group, edge: int) -> int:
    """The step that a group stands at: its watch's, unless an event was ahead of that."""
    return max(group.watch.level, group.level) if edge < group.ahead_at else group.watch.level


def _change(alert: Alert, value: float | None) -> Change:
    return Change(
        at=alert.updated_at,
        tenant=alert.tenant,
        alert=alert.name,
        labels=alert.labels,
        state="firing" if alert.firing else "resolved",
        severity=alert.severity,
        value=value,
        unit=alert.reading.unit if alert.reading else "",
    )


def _pending(rule: Rule, group: Group, look: Look, edge: int) -> Change:
    return Change(
        at=edge,
        tenant=group.tenant,
        alert=rule.alert,
        labels=group.labels,
        state="pending",
        severity=_mildest(group),
        value=_number(look),
        unit=shown_unit(rule, group.unit),
    )


def _evaluation(rule: Rule, group: Group, look: Look, edge: int, level: int, *, is_pending: bool) -> Evaluation:
    severity = _mildest(group) if is_pending else None
    return Evaluation(
        at=edge,
        tenant=group.tenant,
        alert=rule.alert,
        labels=group.labels,
        value=_number(look),
        unit=group.unit,
        state="firing" if level >= 0 else "pending" if is_pending else "quiet",
        severity=group.threshold.steps[level].severity if level >= 0 else severity,
    )


def _mildest(group: Group) -> Severity:
    """The severity of the lowest step that holds."""
    held = (one.severity for one, since in zip(group.threshold.steps, group.watch.since, strict=False) if since)
    return next(held, group.threshold.steps[0].severity)


def _number(look: Look) -> float | None:
    return None if look.value is None or math.isnan(look.value) else look.value
