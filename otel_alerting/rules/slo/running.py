"""A running objective is a rule with an `slo` and its moving parts: budgets by group, and the next edge.

It differs from other rules in what it keeps (a budget with tiers, not a measure with one window) and in what it asks at
an edge: not one number against a limit, but which of several pairs of windows burn too fast. Groups, their state
machine, limits and words are those of all rules.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from otel_alerting.model import Alert, Point, Signal
from otel_alerting.model.duration import Duration
from otel_alerting.rules.edges import Edges
from otel_alerting.rules.excess import Excess
from otel_alerting.rules.expression import Undecided
from otel_alerting.rules.group import Group
from otel_alerting.rules.grouping import Grouping, Plan
from otel_alerting.rules.intake import Intake, Running
from otel_alerting.rules.keeping import Keeper, over
from otel_alerting.rules.losses import Losses
from otel_alerting.rules.operand import Operand
from otel_alerting.rules.room import Room
from otel_alerting.rules.rule import Rule
from otel_alerting.rules.running import Witness
from otel_alerting.rules.slo.budget import Budget, Contract, contract_of
from otel_alerting.rules.slo.objective import Sli, Slo
from otel_alerting.rules.slo.telling import BurnTeller, budget_of
from otel_alerting.rules.state import RuleState
from otel_alerting.rules.term import Term
from otel_alerting.rules.threshold import Threshold, step
from otel_alerting.rules.window import FUTURE
from otel_alerting.telemetry import complain


class RunningSlo:
    """Takes the signals an objective is about and says, on edges, which alerts changed.

    Args:
        rule: one with an `slo`.
        slo: which.
        room: how many series there may be in the process.
        losses: where what cannot be judged is counted.
        witness: is told of every evaluation.
    """

    def __init__(self, rule: Rule, slo: Slo, room: Room, losses: Losses, witness: Witness | None = None) -> None:
        self.rule = msgspec.structs.replace(rule, labels={"slo": slo.name or rule.alert, **rule.labels})
        self._losses, self._witness = losses, witness
        self._term = _Counted(slo.sli, contract_of(slo, rule), rule)
        self._counter = slo.sli.counter
        self._excess = Excess(rule.alert, rule.max_series, self._term.horizon)
        self._groups = Grouping(_plan(self.rule, self._term), room, self._excess)
        self._teller = BurnTeller(self.rule, slo)
        self._keeper = Keeper(self.rule, self._groups, self._teller, self._excess)
        self._ladder = _ladder(rule)
        self._edges = Edges(self._term.shape)

    @property
    def name(self) -> str:
        """The alert's."""
        return self.rule.alert

    @property
    def intakes(self) -> tuple[Intake, ...]:
        """One, and of metrics one more for a second counter."""
        kind, metric = self._term.operand.kind, self._term.operand.metric
        metrics = (metric,) if self._counter is None else (metric, self._counter)
        return tuple(Intake(kind, name, False, self._term.narrow, self.observe) for name in metrics)

    @property
    def due_at(self) -> int | None:
        """When there is something to evaluate; None while there is nothing."""
        return self._edges.due_at

    def observe(self, signal: Signal, now: int) -> list[Alert]:
        """Take a signal in, if it is meant; the alerts that changed by it, which are those about the rule itself."""
        rule = self.rule
        if rule.tenants is not None and signal.tenant not in rule.tenants:
            return []
        try:
            return self._taken(signal, now) if self._term.takes(signal) else []
        except Undecided as why:
            self._losses.add(signal, "regex")
            complain(f"rule {rule.alert}: {why}", about=f"regex {rule.alert} {why.pattern}")
            return []

    def begin(self, tenant: str, now: int) -> None:
        """Somebody looks from now on; where nothing happens, nothing is bad."""

    def evaluate(self, now: int) -> list[Alert]:
        """All edges that are due, in order; the alerts that changed, and the firing ones that burn otherwise."""
        self._edges.skip(now)
        return list(self._judged_until(now))

    def finish(self, now: int) -> list[Alert]:
        """The edges that will not come any more, over what was seen until now."""
        self._edges.skip(now)
        return list(self._judged_until(now + self.rule.late + self.rule.every))

    def move(self, by: int, now: int) -> None:
        """Go on after time itself was moved. What was counted stays: a month is not forgotten for a laptop's nap."""
        if abs(by) <= self._term.shape.patience:
            return
        for group in self._groups:
            if (budget := budget_of(group)) is not None:
                budget.tiers.rewind(now)
            group.seen_at = min(group.seen_at, now)
            group.move(by, now)
        self._excess.move(by, now)
        self._edges.move(now, is_needed=self._is_needed())

    def state(self) -> RuleState:
        """How its groups stand, what they have counted, and what was told of them."""
        return self._keeper.state()

    def restore(self, state: RuleState, now: int, away: int) -> list[Alert]:
        """Go on from a state, with what was counted in it."""
        ended = self._keeper.restore(state, now, away)
        self._edges.move(now, is_needed=self._is_needed())
        return ended

    def succeed(self, old: Running, now: int) -> list[Alert]:
        """Take over from another rule of the same name, with its budgets where both count the same."""
        if not isinstance(old, RunningSlo):
            return over(old.state().alerts, now, "changed")
        if (self._term.counted, self.rule.by) != (old._term.counted, old.rule.by):
            return self.restore(old.state(), now, 0)
        self._edges.take_over(old._edges)
        ended = self._keeper.take_over(old._keeper, now)
        for group in self._groups:
            if (budget := budget_of(group)) is not None:
                budget.bind(self._term.contract)
        return ended

    # Taking in

    def _taken(self, signal: Signal, now: int) -> list[Alert]:
        term, groups = self._term, self._groups
        if term.number(signal) is None:
            return []
        at = now if signal.at > now + FUTURE else signal.at
        if at <= self._edges.plan(now) - term.horizon:
            self._losses.add(signal, "late")
            return []
        group = groups.group(signal, at)
        if group is None:
            self._losses.add(signal, "series")
            return []
        series, told = groups.series(group, group, term, signal, at)
        last = group.last
        group.add(at, signal, 0.0, series, 0 if self._is_second(signal) else term.observations(signal))
        if last is not None and isinstance(series.measure, Budget) and series.measure.bad_at < at:
            group.last = last  # the alert shows something that was bad, if it can
        return told

    def _is_second(self, signal: Signal) -> bool:
        return isinstance(signal, Point) and signal.name == self._counter

    def _is_needed(self) -> bool:
        """Is there anything that another edge could change?"""
        return bool(self._excess) or bool(self._groups)

    # Judging

    def _judged_until(self, now: int) -> Iterator[Alert]:
        for edge in self._edges.due(now):
            for group in self._groups:
                yield from self._judged(group, edge)
            yield from self._teller.crowds(edge)
            self._groups.forget(edge)
            yield from self._excess.evaluate(edge)
            if not self._is_needed():
                self._edges.stop()

    def _judged(self, group: Group, edge: int) -> list[Alert]:
        budget = budget_of(group)
        if budget is None or edge < self._term.shape.edge(group.born_at) + self.rule.new_group_delay:
            return []
        climbed = self._climbed(group, budget, edge)
        group.watch = step(group.watch, climbed, self._ladder, edge)
        level = group.watch.level
        if self._witness is None and level < 0 and group.level < 0:
            return []
        look = budget.look(edge, level)
        if self._witness is not None:
            self._witness(self.rule, group, look, edge)
        if climbed is None:
            return []
        return self._teller.tell(group, level, look, at=edge, since=group.watch.active_at)

    def _climbed(self, group: Group, budget: Budget, edge: int) -> float | None:
        """How many steps burn too fast; None where one less is no news, for nobody looked during its short window."""
        found, level = budget.level(edge), group.watch.level
        if found < level and edge - self._term.contract.rates[level].short < group.cleared_at:
            return None
        return found + 1.0


class _Counted(Term):
    """What an objective counts, as a term of which a group keeps a budget."""

    def __init__(self, sli: Sli, contract: Contract, rule: Rule) -> None:
        operand = Operand(
            metric=sli.metric,
            span=sli.span,
            log=sli.log,
            where=sli.where,
            any_where=sli.any_where,
            aggregate="count",
            window=Duration(rule.every),
        )
        super().__init__(operand, rule)
        self.contract = contract
        self.horizon = contract.period

    @property
    def counted(self) -> tuple[object, ...]:
        """The same for those that count the same, into the same steps."""
        return self.contract.sli, self.contract.period, self.shape.interval, self.shape.lateness

    def empty(self) -> Budget:
        """A budget of which nothing was used."""
        return Budget(self.contract)


def _plan(rule: Rule, term: Term) -> Plan:
    return Plan(
        terms=(term,),
        by=rule.by,
        labels={name: value for name, value in rule.labels.items() if name != "severity"},
        max_series=rule.max_series,
        threshold=rule.threshold,
        unit=lambda units: "",
        delay=int(rule.new_group_delay),
    )


def _ladder(rule: Rule) -> Threshold:
    """The rule's steps, for the state machine: it is told how many of them are climbed, not how fast anything burns.

    Each pair of windows has a rate of its own, so no one number could say which pairs burn too fast.
    """
    said = rule.threshold("")
    steps = tuple(
        msgspec.structs.replace(one, comparison="at_least", limit=index + 1.0) for index, one in enumerate(said.steps)
    )
    return msgspec.structs.replace(said, steps=steps)
