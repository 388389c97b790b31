"""A running rule is a rule with its moving parts: the groups it has seen and the next edge it will be evaluated at.

Edge t is evaluated at t + lateness over what happened in (t - window, t]. What the window of an edge holds can only
grow until then, so a count, sum or maximum that is too much already need not wait: it is told on the event itself.
That takes nothing ahead: the edges go on by themselves, so that the same signals in any order have the same verdicts.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from otel_alerting.model import Alert, Point, Signal
from otel_alerting.model.duration import SECOND
from otel_alerting.rules import measures
from otel_alerting.rules.expression import Undecided
from otel_alerting.rules.frame import Frame, measurements, weight
from otel_alerting.rules.group import Group, Look
from otel_alerting.rules.grouping import Grouping
from otel_alerting.rules.losses import Losses
from otel_alerting.rules.matching import part, takes
from otel_alerting.rules.reading import number_of
from otel_alerting.rules.room import Room
from otel_alerting.rules.rule import Rule
from otel_alerting.rules.telling import Teller
from otel_alerting.rules.threshold import Step, Threshold, step
from otel_alerting.rules.window import FUTURE, Shape
from otel_alerting.telemetry import complain

REFRESH = SECOND
"""How long the count of what fires on events may be behind, so that a storm is told with its number and not as one."""
_RISING = frozenset(("above", "at_least"))
_GROWING = frozenset(("count", "sum", "max"))
_ZERO = frozenset(("count", "rate", "sum"))
"""Measures for which nothing is 0, so that a guard must be asked for."""


class RunningRule:
    """Takes the signals its rule is about and says, on events and on edges, which alerts changed."""

    def __init__(self, rule: Rule, room: Room, losses: Losses) -> None:
        self.rule = rule
        self._losses = losses
        self._takes = takes(rule.kind, rule.span or rule.log, rule.where, rule.alternatives)
        self._value = number_of(rule)
        self._shape = Shape(int(rule.window), rule.every, rule.late)
        self._horizon = int(rule.no_data_after if rule.measure == "last" else rule.window)
        frame = Frame(
            shape=self._shape,
            share=measures.share_of(rule.measure),
            part=part(rule.kind, rule.of) if isinstance(rule.of, Mapping) else None,
            stale=int(rule.no_data_after),
        )
        self._groups = Grouping(rule, frame, room, self._horizon)
        self._teller = Teller(rule)
        self._is_eager = _is_eager(rule)
        self._moved: list[Group] = []
        self._refresh_at = 0
        self._next: int | None = None
        self._done = 0

    @property
    def due_at(self) -> int | None:
        """When there is something to evaluate; None while there is nothing."""
        edge_at = None if self._next is None else self._next + self.rule.late
        if not self._moved:
            return edge_at
        return self._refresh_at if edge_at is None else min(self._refresh_at, edge_at)

    def observe(self, signal: Signal, now: int) -> list[Alert]:
        """Take a signal in, if it is meant; the alerts that changed by it."""
        rule = self.rule
        if rule.tenants is not None and signal.tenant not in rule.tenants:
            return []
        try:
            return self._taken(signal, now) if self._takes(signal) else []
        except Undecided as why:
            self._losses.add(signal, "regex")
            complain(f"rule {rule.alert}: {why}", about=f"regex {rule.alert} {why.pattern}")
            return []

    def evaluate(self, now: int) -> list[Alert]:
        """All edges that are due, in order; the alerts that changed, and those whose numbers moved.

        What should have been evaluated long ago is not made up for: nobody looked then, and `for` begins anew.
        """
        self._skip(now)
        changed = self._judged_until(now)
        if self._moved and now >= self._refresh_at:
            changed += self._refreshed(now)
        return changed

    def finish(self, now: int) -> list[Alert]:
        """The edges that will not come any more, over what was seen until now."""
        self._skip(now)
        return self._judged_until(now + self.rule.late + self.rule.every)

    def move(self, by: int, now: int) -> None:
        """Go on after time itself was moved, forward by a sleep of the machine, back by somebody's hand."""
        if abs(by) <= self._shape.patience:
            return
        self._groups.move(by, now)
        self._moved, self._done = [], 0
        self._next = None if self._groups.is_empty else self._edge_due(now)

    # Taking in

    def _taken(self, signal: Signal, now: int) -> list[Alert]:
        value = self._value(signal)
        if value is None or (_is_end(signal) and not self._groups.knows(signal)):
            return []
        at = now if signal.at > now + FUTURE else signal.at
        if not self._opens(at, now):
            self._losses.add(signal, "late")
            return []
        group = self._groups.group(signal, at)
        if group is None:
            self._losses.add(signal, "series")
            return []
        series, told = self._groups.series(group, signal, at)
        group.add(at, signal, value, series, 1 if self.rule.measure == "last" else measurements(signal))
        return told + self._on_event(group, signal, value, at, now) if self._is_eager else told

    def _opens(self, at: int, now: int) -> bool:
        """See that an edge is planned; False when a moment is older than the window of the next one."""
        if self._next is None:
            self._next = max(self._edge_due(now), self._done + self.rule.every)
        elif now > self._next:
            self._skip(now)
        return at > self._next - self._horizon

    def _edge_due(self, now: int) -> int:
        """The first edge that is not due before now."""
        return -(-(now - self.rule.late) // self.rule.every) * self.rule.every

    def _skip(self, now: int) -> None:
        """Leave out the edges that should have been evaluated long ago."""
        if self._next is not None and now - self.rule.late - self._next > self._shape.patience:
            self._next = (now - self.rule.late) // self.rule.every * self.rule.every

    # Judging

    def _on_event(self, group: Group, signal: Signal, value: float, at: int, now: int) -> list[Alert]:
        """Tell now what the next edge could not but find; an event never ends anything."""
        if group.level >= 0 and not group.is_moved:
            self._mark(group, now)
        if group.level == len(group.threshold.steps) - 1 or self._next is None:
            return []
        edge = max(self._shape.edge(at), self._next)
        if group.looked_at == edge:
            group.slack -= self._gain(signal, value, group.limit)
            if group.slack > 0:
                return []
        look = group.look(edge)
        group.looked_at, group.limit = edge, _limit(group)
        group.slack = _slack(group.limit, look.value or 0.0)
        level = self._reached(group, edge, look)
        if level <= group.level:
            return []
        group.ahead_at = edge
        told = self._teller.tell(group, level, look, at=at, since=min(at, group.watch.active_at or at))
        return told + self._teller.crowds(at) if group.crowded else told

    def _gain(self, signal: Signal, value: float, limit: float) -> float:
        """How much nearer to a limit a signal can have brought the number of an edge, at most."""
        if self.rule.across == "count":
            return 1.0
        if self.rule.measure == "count":
            return weight(signal)
        if self.rule.measure == "sum":
            return max(0.0, value)
        high = signal.high if isinstance(signal, Point) and signal.buckets is not None else value
        return math.inf if high is not None and high >= limit else 0.0

    def _reached(self, group: Group, edge: int, look: Look) -> int:
        """The highest step that fires without waiting."""
        verdict = self._verdict(group, edge, look)
        if verdict is None or isinstance(verdict, bool):
            return -1
        steps = group.threshold.steps
        return max((index for index, one in enumerate(steps) if _fires_at_once(one) and one.holds(verdict)), default=-1)

    def _judged_until(self, now: int) -> list[Alert]:
        changed: list[Alert] = []
        while self._next is not None and self._next + self.rule.late <= now:
            edge = self._done = self._next
            for group in self._groups:
                changed += self._judged(group, edge)
            changed += self._teller.crowds(edge)
            changed += self._groups.forget(edge)
            self._next = None if self._groups.is_empty else edge + self.rule.every
        return changed

    def _judged(self, group: Group, edge: int) -> list[Alert]:
        if edge < max(self._shape.edge(group.born_at), group.born_at + self.rule.new_group_delay):
            return []
        look = group.look(edge)
        verdict = self._verdict(group, edge, look)
        group.watch = step(group.watch, verdict, group.threshold, edge)
        if verdict is None:
            return []
        if edge < group.ahead_at and group.watch.level <= group.level:
            return []
        if edge >= group.ahead_at:
            group.ahead_at = 0
        if group.level != group.watch.level:
            group.looked_at = 0  # events may have another step to reach
        return self._teller.tell(group, group.watch.level, look, at=edge, since=group.watch.active_at)

    def _verdict(self, group: Group, edge: int, look: Look) -> float | bool | None:
        """What the state machine is told: the number, a bare verdict, or that nothing is known."""
        rule, value = self.rule, look.value
        is_partial = edge - self._horizon < group.cleared_at
        if value is None and (is_partial or not (rule.min_count and rule.no_data == "ok")):
            if edge - group.seen_at < rule.no_data_after and not _is_end(group.last):
                return None
            return None if rule.no_data == "keep" else rule.no_data == "alert"
        guard = rule.min_count or (0 if rule.measure in _ZERO else 1)
        if value is None or look.samples < guard or math.isnan(value):
            return None if is_partial else False
        if is_partial and rule.measure in _ZERO and not _rises_above(group.threshold, value):
            return None
        return value

    # Keeping up

    def _mark(self, group: Group, now: int) -> None:
        """Its count is to be told anew."""
        group.is_moved = True
        if not self._moved:
            self._refresh_at = now + REFRESH
        self._moved.append(group)

    def _refreshed(self, now: int) -> list[Alert]:
        """The counts of what fires as they are; the numbers stay those of the edge they were found at."""
        groups, self._moved = self._moved, []
        changed: list[Alert] = []
        for group in groups:
            group.is_moved = False
            edge = group.ahead_at or group.watch.at
            if group.level >= 0 and edge:
                look = group.look(edge)
                changed += self._teller.tell(group, group.level, look, at=now, since=group.started_at)
        return changed + self._teller.crowds(now) if any(group.crowded for group in groups) else changed


def _is_eager(rule: Rule) -> bool:
    """Can an event alone make it fire? Not where series join so that one more may lower the number."""
    grows = rule.measure in _GROWING and rule.across in (None, "sum", "max", "count")
    steps = rule.threshold("").steps
    return grows and not rule.new_group_delay and any(map(_fires_at_once, steps))


def _fires_at_once(one: Step) -> bool:
    return one.hold == 0 and one.comparison in _RISING


def _rises_above(threshold: Threshold, value: float) -> bool:
    """Does a step hold that more of the same cannot end?"""
    return any(one.comparison in _RISING and one.holds(value) for one in threshold.steps)


def _limit(group: Group) -> float:
    """What the number must reach for an event to raise the group's level."""
    steps = group.threshold.steps[group.level + 1 :]
    return min((one.limit for one in steps if _fires_at_once(one)), default=math.inf)


def _slack(limit: float, value: float) -> float:
    """By how much a number may grow before it is worth another look; a little less, for sums are rounded."""
    return limit if math.isinf(limit) else limit - value - abs(limit) * 1e-9


def _is_end(signal: Signal | None) -> bool:
    """Does a stream say that it has ended?"""
    return isinstance(signal, Point) and signal.absent
