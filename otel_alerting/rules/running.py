"""A running rule is a rule with its moving parts: the groups it has seen and the next edge it will be evaluated at.

Edge t is evaluated at t + lateness over what happened in (t - window, t]. What the window of an edge holds can only
grow until then, so a count, sum or maximum that is too much already need not wait: it is told on the event itself.
That takes nothing ahead: the edges go on by themselves, so that the same signals in any order have the same verdicts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple, TypeAlias

import msgspec

from otel_alerting.model import Alert, Point, Signal
from otel_alerting.model.duration import DAY
from otel_alerting.rules.absence import Absence
from otel_alerting.rules.composition import Composition
from otel_alerting.rules.eager import eager_of
from otel_alerting.rules.edges import Edges
from otel_alerting.rules.excess import Excess
from otel_alerting.rules.expression import Undecided
from otel_alerting.rules.further import Further
from otel_alerting.rules.group import Group, Look
from otel_alerting.rules.grouping import Grouping, Plan
from otel_alerting.rules.intake import Intake, Running
from otel_alerting.rules.judging import Judging
from otel_alerting.rules.keeping import Keeper, over
from otel_alerting.rules.losses import Losses
from otel_alerting.rules.novelty import Novelty
from otel_alerting.rules.room import Room
from otel_alerting.rules.rule import Rule
from otel_alerting.rules.state import RuleState
from otel_alerting.rules.telling import Teller
from otel_alerting.rules.term import Term, terms_of
from otel_alerting.rules.threshold import step
from otel_alerting.rules.upkeep import Upkeep
from otel_alerting.rules.window import FUTURE
from otel_alerting.telemetry import complain

Witness: TypeAlias = Callable[[Rule, Group, Look, int], None]
"""Is told of every evaluation of a group: its watch is as of this edge, its level still what was told before."""


class _Door(NamedTuple):
    """Where signals of one term go."""

    term: Term
    groups: Grouping
    place: int
    """The term's place among those of its number."""


class RunningRule:
    """Takes the signals its rule is about and says, on events and on edges, which alerts changed."""

    def __init__(self, rule: Rule, room: Room, losses: Losses, witness: Witness | None = None) -> None:
        self.rule = rule
        self._losses, self._witness = losses, witness
        composition, terms = Composition(rule, rule.compare), terms_of(rule, rule)
        self._shape, self._delay = terms[0].shape, int(rule.new_group_delay)
        plan = Plan(
            terms=terms,
            by=rule.by,
            labels={name: value for name, value in rule.labels.items() if name != "severity"},
            max_series=rule.max_series,
            threshold=rule.threshold,
            unit=composition.unit,
            patience=max(int(rule.no_data_after) if rule.no_data == "alert" else 0, *_pasts(rule)),
            delay=self._delay,
        )
        self._excess = Excess(rule.alert, rule.max_series, plan.horizon)
        self._groups = Grouping(plan, room, self._excess)
        self._further = tuple(Further(one, rule, room, self._excess, is_wanted=True) for one in rule.and_)
        self._further += tuple(Further(one, rule, room, self._excess, is_wanted=False) for one in rule.unless)
        self._own = _Door(terms[0], self._groups, 0)
        self._absence = Absence(rule, self._groups) if rule.measure == "absent" else None
        self._novelty = Novelty(rule) if rule.measure == "new" else None
        self._judging = Judging(rule, composition, self._further, plan.horizon, self._absence)
        self._is_count = composition.is_zero
        self._began_at = 0
        """When its first signal happened."""
        self._teller = Teller(rule, composition)
        self._keeper = Keeper(rule, self._groups, self._teller, self._excess)
        self._eager = eager_of(rule, self._judging)
        self._edges = Edges(self._shape)
        self._upkeep = Upkeep(self._teller)

    @property
    def name(self) -> str:
        """The alert's."""
        return self.rule.alert

    @property
    def intakes(self) -> tuple[Intake, ...]:
        """One for each term, also of the further conditions."""
        return tuple(_intake(door.term, partial(self._observe, door)) for door in self._doors())

    @property
    def due_at(self) -> int | None:
        """When there is something to evaluate; None while there is nothing."""
        return min((at for at in (self._edges.due_at, self._upkeep.due_at) if at is not None), default=None)

    def observe(self, signal: Signal, now: int) -> list[Alert]:
        """Take a signal in, if the rule's own term is about it; the alerts that changed by it."""
        return self._observe(self._own, signal, now)

    def begin(self, tenant: str, now: int) -> None:
        """Somebody looks from now on: what is missed though it was never seen is missed from here, of this tenant."""
        if self._absence is not None and self._absence.expect(tenant, now):
            self._edges.plan(now)
        for one in self._further:
            one.begin(now)

    def evaluate(self, now: int) -> list[Alert]:
        """All edges that are due, in order; the alerts that changed, and those whose numbers moved.

        What should have been evaluated long ago is not made up for: nobody looked then, and `for` begins anew.
        """
        self._edges.skip(now)
        return self._judged_until(now) + self._upkeep.refreshed(now)

    def finish(self, now: int) -> list[Alert]:
        """The edges that will not come any more, over what was seen until now."""
        self._edges.skip(now)
        return self._judged_until(now + self.rule.late + self.rule.every)

    def move(self, by: int, now: int) -> None:
        """Go on after time itself was moved, forward by a sleep of the machine, back by somebody's hand."""
        if abs(by) <= self._shape.patience:
            return
        for groups in self._groupings():
            groups.move(by, now)
        self._excess.move(by, now)
        if self._novelty is not None:
            self._novelty.move(now)
        if self._absence is not None:
            self._absence.recall()
        self._upkeep.clear()
        self._edges.move(now, is_needed=self._is_needed())

    def state(self) -> RuleState:
        """How its groups stand, and what was told of them."""
        state = self._keeper.state()
        return state if self._novelty is None else msgspec.structs.replace(state, seen=self._novelty.seen())

    def restore(self, state: RuleState, now: int, away: int) -> list[Alert]:
        """Go on from a state; windows are empty, and nothing in them is a sign of anything until they are full."""
        ended = self._keeper.restore(state, now, away)
        if self._novelty is not None:
            self._novelty.restore(state.seen)
        if self._absence is not None:
            self._absence.recall()
        for groups in self._groupings():
            groups.cleared_at = now
        self._edges.move(now, is_needed=self._is_needed())
        return ended

    def succeed(self, old: Running, now: int) -> list[Alert]:
        """Take over from another rule of the same name, with its windows where both keep the same numbers."""
        if not isinstance(old, RunningRule):
            return over(old.state().alerts, now, "changed")
        if not self._counts_as(old):
            return self.restore(old.state(), now, 0)
        for place, one in enumerate(self._further):
            one.take_over(old._further[place : place + 1], now)
        if self._absence is not None and old._absence is not None:
            self._absence.take_over(old._absence)
        if self._novelty is not None and old._novelty is not None:
            self._novelty.take_over(old._novelty)
        self._began_at = old._began_at
        self._edges.take_over(old._edges)
        self._upkeep.take_over(old._upkeep)
        return self._keeper.take_over(old._keeper, now)

    def _counts_as(self, old: RunningRule) -> bool:
        """Are both about the same numbers of the same groups?"""
        return self._numbers() == old._numbers()

    def _numbers(self) -> object:
        rule, words = self.rule, [word for word, _ in self.rule.further_operands]
        return rule.by, words, rule.compare, rule.baseline, [term.signature for term in self._groups.plan.terms]

    # Taking in

    def _observe(self, door: _Door, signal: Signal, now: int) -> list[Alert]:
        rule = self.rule
        if rule.tenants is not None and signal.tenant not in rule.tenants:
            return []
        try:
            return self._taken(door, signal, now) if door.term.takes(signal) else []
        except Undecided as why:
            self._losses.add(signal, "regex")
            complain(f"rule {rule.alert}: {why}", about=f"regex {rule.alert} {why.pattern}")
            return []

    def _taken(self, door: _Door, signal: Signal, now: int) -> list[Alert]:
        term, groups, place = door
        value = term.number(signal)
        if value is None or (isinstance(signal, Point) and signal.absent and not groups.knows(signal)):
            return []
        at = now if signal.at > now + FUTURE else signal.at
        next_edge = self._edges.plan(now)
        if at <= next_edge - term.horizon:
            self._losses.add(signal, "late")
            return []
        if self._novelty is not None and groups is self._groups and not self._is_news(self._novelty, signal, at):
            return []
        group = groups.group(signal, at)
        self._began_at = self._began_at or at
        if group is None:
            self._losses.add(signal, "series")
            return []
        if groups is not self._groups or place:
            part = groups.part(group, place)
            series, told = groups.series(group, part, term, signal, at)
            group.add_further(at, signal, value, series, part)
            return told
        series, told = groups.series(group, group, term, signal, at)
        group.add(at, signal, value, series, term.observations(signal))
        if self._absence is not None:
            self._absence.saw(group, at)
        return told + self._on_event(group, signal, value, at, now, next_edge) if self._eager is not None else told

    def _is_news(self, novelty: Novelty, signal: Signal, at: int) -> bool:
        """Is it new, or another sight of what is still told of as new?"""
        if novelty.is_new(signal, at):
            return True
        group = self._groups.find(signal)
        return group is not None and at - group.seen_at < self.rule.window

    def _on_event(self, group: Group, signal: Signal, value: float, at: int, now: int, next_edge: int) -> list[Alert]:
        """Tell now what the next edge could not but find; an event never ends anything."""
        if group.level >= 0 and not group.is_moved:
            self._upkeep.mark(group, now)
        if self._eager is None or group.level == len(group.threshold.steps) - 1:
            return []
        edge = max(self._shape.edge(at), next_edge)
        reached = self._eager.reached(group, signal, value, edge)
        if reached is None:
            return []
        group.ahead_at = edge
        since = min(at, group.watch.active_at or at)
        told = self._teller.tell(group, reached.level, reached.look, at=at, since=since)
        return told + self._teller.crowds(at) if group.crowded else told

    def _doors(self) -> Iterator[_Door]:
        for groups in self._groupings():
            for place, term in enumerate(groups.plan.terms):
                yield _Door(term, groups, place)

    def _groupings(self) -> Iterator[Grouping]:
        yield self._groups
        yield from (one.groups for one in self._further)

    def _is_needed(self) -> bool:
        """Is there anything that another edge could change?"""
        return bool(self._excess) or any(self._groupings())

    # Judging

    def _judged_until(self, now: int) -> list[Alert]:
        changed: list[Alert] = []
        for edge in self._edges.due(now):
            self._judging.prepare(edge)
            for group in self._groups:
                changed += self._judged(group, edge)
            changed += self._teller.crowds(edge)
            for groups in self._groupings():
                groups.forget(edge)
            changed += self._excess.evaluate(edge)
            if not self._is_needed():
                self._edges.stop()
        return changed

    def _judged(self, group: Group, edge: int) -> list[Alert]:
        if edge < self._shape.edge(group.born_at) or (group.others and not group.is_whole):
            return []
        if self.rule.require_full_window and not self._is_full(group, edge):
            return []
        look, verdict = self._judging.judged(group, edge)  # what is not told yet is a past, too
        if edge < group.born_at + self._delay:
            return []
        group.watch = step(group.watch, verdict, group.threshold, edge)
        if self._witness is not None:
            self._witness(self.rule, group, look, edge)
        if verdict is None:
            return []
        if edge < group.ahead_at and group.watch.level <= group.level:
            return []
        if edge >= group.ahead_at:
            group.ahead_at = 0
        if group.level != group.watch.level:
            group.looked_at = 0  # events may have another step to reach
        return self._teller.tell(group, group.watch.level, look, at=edge, since=group.watch.active_at)

    def _is_full(self, group: Group, edge: int) -> bool:
        """Is there a whole window to judge? Before anything was counted, the count was 0."""
        began_at = self._began_at if self._is_count else group.born_at
        return edge - self.rule.window >= began_at


def _intake(term: Term, observe: Callable[[Signal, int], list[Alert]]) -> Intake:
    return Intake(term.operand.kind, term.operand.metric, term.is_raw, term.narrow, observe)


def _pasts(rule: Rule) -> Iterator[int]:
    """For how long a rule must know its groups although they are silent: what is born anew has no past."""
    yield rule.remembers if rule.measure == "absent" else 0
    yield DAY if rule.new_group_delay else 0
    if rule.compare is not None:
        yield int(rule.compare.to + rule.window)
    if rule.baseline is not None:
        yield int(rule.baseline.history)
