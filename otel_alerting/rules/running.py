"""A running rule is a rule with its moving parts: the groups it has seen and the next edge it will be evaluated at.

Edge t is evaluated at t + lateness over what happened in (t - window, t]. What the window of an edge holds can only
grow until then, so a count, sum or maximum that is too much already need not wait: it fires on the event itself.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Mapping

from otel_alerting.model import Alert, Labels, Point, Reading, Signal
from otel_alerting.rules import measures
from otel_alerting.rules.attributes import failure_of
from otel_alerting.rules.crowd import LABELS as OVERFLOW
from otel_alerting.rules.crowd import Crowd
from otel_alerting.rules.facts import facts_of, text_of
from otel_alerting.rules.frame import Frame, is_gauge, measurements
from otel_alerting.rules.group import Group, Series
from otel_alerting.rules.matching import part, takes
from otel_alerting.rules.reading import labels_of, number_of, shown_unit, subject_of, unit_of
from otel_alerting.rules.rule import Rule
from otel_alerting.rules.streams import stream_key
from otel_alerting.rules.threshold import Phase, Step, Threshold, Watch, step
from otel_alerting.rules.window import FUTURE, Shape

_RISING = frozenset(("above", "at_least"))
_GROWING = frozenset(("count", "sum", "max"))
_ZERO = frozenset(("count", "rate", "sum"))
"""Measures for which nothing is 0, so that a guard must be asked for."""


class RunningRule:
    """Takes the signals its rule is about and says, on events and on edges, which alerts changed."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.lost: Counter[tuple[str, str]] = Counter()
        """By tenant and reason: what came too late to be in any window."""
        self._takes = takes(rule.kind, rule.span or rule.log, rule.where, rule.alternatives)
        self._shape = Shape(int(rule.window), rule.every, rule.late)
        self._horizon = int(rule.no_data_after if rule.measure == "last" else rule.window)
        self._make = measures.maker(rule.measure)
        self._frame = Frame(
            shape=self._shape,
            share=measures.share_of(rule.measure),
            part=part(rule.kind, rule.of) if isinstance(rule.of, Mapping) else None,
            stale=int(rule.no_data_after),
        )
        self._by = labels_of(rule)
        self._value = number_of(rule)
        self._labels = {name: value for name, value in rule.labels.items() if name != "severity"}
        self._thresholds: dict[str, Threshold] = {}
        self._groups: dict[Hashable, Group] = {}
        self._numbers: Counter[str] = Counter()
        self._shown: Counter[str] = Counter()
        self._crowds: dict[str, Crowd] = {}
        self._next: int | None = None
        self._done = 0

    @property
    def due_at(self) -> int | None:
        """When the next edge is evaluated; None while there is nothing to evaluate."""
        return None if self._next is None else self._next + self.rule.late

    def observe(self, signal: Signal, now: int) -> list[Alert]:
        """Take a signal in, if it is meant; the alerts that changed by it."""
        rule = self.rule
        if (rule.tenants is not None and signal.tenant not in rule.tenants) or not self._takes(signal):
            return []
        value = self._value(signal)
        at = min(signal.at, now) if signal.at > now + FUTURE else signal.at
        if value is None or not self._opens(signal, at, now):
            return []
        group = self._group(signal, at)
        count = 1 if rule.measure == "last" else measurements(signal)
        group.add(at, signal, value, self._series(group, signal), count)
        return self._on_event(group, at)

    def evaluate(self, now: int) -> list[Alert]:
        """All edges that are due, in order; the alerts that changed, and those whose numbers moved."""
        changed: list[Alert] = []
        while self._next is not None and self._next + self.rule.late <= now:
            edge = self._done = self._next
            for group in list(self._groups.values()):
                changed.extend(self._judged(group, edge))
            changed.extend(self._crowds_at(edge))
            self._forget(edge)
            self._next = edge + self.rule.every if self._groups else None
        return changed

    # Taking in

    def _opens(self, signal: Signal, at: int, now: int) -> bool:
        """See that an edge is planned; False when the signal is older than the window of the next one."""
        if self._next is None:
            pending = -(-(now - self.rule.late) // self.rule.every) * self.rule.every
            self._next = max(pending, self._done + self.rule.every)
        if at > self._next - self._horizon:
            return True
        self.lost[signal.tenant, "late"] += 1
        return False

    def _group(self, signal: Signal, at: int) -> Group:
        labels = self._by(signal)
        key: Hashable = (signal.tenant, *labels.items())
        group = self._groups.get(key)
        if group is not None:
            return group
        crowded = self._numbers[signal.tenant] >= self.rule.max_series
        if crowded:
            key, labels = (signal.tenant, "overflow"), dict(OVERFLOW)
            group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = self._born(signal, labels, at, crowded)
            self._numbers[signal.tenant] += not crowded
        return group

    def _born(self, signal: Signal, labels: Labels, at: int, crowded: bool) -> Group:
        unit = unit_of(self.rule, signal)
        if unit not in self._thresholds:
            self._thresholds[unit] = self.rule.threshold(unit)
        counts = isinstance(signal, Point) and not is_gauge(signal)
        return Group(
            tenant=signal.tenant,
            labels={**{name: value for name, value in labels.items() if value}, **self._labels},
            born_at=at,
            unit=unit,
            threshold=self._thresholds[unit],
            across=self.rule.across or ("sum" if counts else "max"),
            crowded=crowded,
        )

    def _series(self, group: Group, signal: Signal) -> Series:
        """The signal's series. What can be added up needs only one for all of them."""
        key: Hashable = None
        if isinstance(signal, Point) and (self.rule.across or self.rule.measure == "last" or is_gauge(signal)):
            key = stream_key(signal)
        series = group.series.get(key)
        if series is None:
            if len(group.series) >= self.rule.max_series:
                key = None
            series = group.series.get(key) or group.series.setdefault(key, Series(self._make(self._frame)))
        return series

    # Judging

    def _on_event(self, group: Group, at: int) -> list[Alert]:
        """Fire now where the next edge could not but fire; an event never ends anything."""
        rule, steps = self.rule, group.threshold.steps
        if rule.measure not in _GROWING or group.watch.level == len(steps) - 1 or group.watch.phase is Phase.RECOVERING:
            return []
        if rule.new_group_delay or not any(one.hold == 0 and one.comparison in _RISING for one in steps):
            return []
        edge = self._shape.edge(at)
        value, samples = group.value(edge), group.samples(edge)
        before = group.watch
        after = step(before, self._verdict(group, edge, value, samples), group.threshold, edge)
        if after.level <= before.level or edge < before.at:
            return []
        if not before.firing:
            after = _active_since(after, at)
        told = self._told(group, before, after, at, value, samples)
        return told + self._crowds_at(at) if group.crowded else told

    def _judged(self, group: Group, edge: int) -> list[Alert]:
        if edge < max(group.watch.at, self._shape.edge(group.born_at), group.born_at + self.rule.new_group_delay):
            return []
        value, samples = group.value(edge), group.samples(edge)
        before = group.watch
        after = step(before, self._verdict(group, edge, value, samples), group.threshold, edge)
        return self._told(group, before, after, edge, value, samples)

    def _verdict(self, group: Group, edge: int, value: float | None, samples: int) -> float | bool | None:
        """What the state machine is told: the number, a bare verdict, or that nothing is known."""
        rule = self.rule
        if value is None and not (rule.min_count and rule.no_data == "ok"):
            if edge - group.seen_at < rule.no_data_after and not _ended(group.last):
                return None
            return None if rule.no_data == "keep" else rule.no_data == "alert"
        guard = rule.min_count or (0 if rule.measure in _ZERO else 1)
        return False if value is None or samples < guard or math.isnan(value) else value

    # Telling

    def _told(
        self, group: Group, before: Watch, after: Watch, at: int, value: float | None, samples: int
    ) -> list[Alert]:
        """The alert, when there is something new to say about a group."""
        group.watch = after
        if not after.firing:
            return self._ended(group, at, value) if before.firing else []
        if not before.firing:
            group.before = max(0, group.total - samples)
            self._place(group)
        alert = self._alert(group, at, value, samples)
        if group.crowded:
            self._crowds[group.tenant].join(group, alert.severity)
            return []
        if group.alert is not None and _says_the_same(group.alert, alert):
            return []
        group.alert = alert
        return [alert]

    def _place(self, group: Group) -> None:
        """The first `limit` alerts of a tenant are told on their own; who is over it is told with the crowd."""
        group.crowded = group.crowded or self._shown[group.tenant] >= self.rule.limit
        if group.crowded:
            self._crowds.setdefault(group.tenant, Crowd())
        else:
            self._shown[group.tenant] += 1

    def _ended(self, group: Group, at: int, value: float | None) -> list[Alert]:
        alert, group.alert = group.alert, None
        if group.crowded:
            self._crowds[group.tenant].leave(group)
            group.crowded = group.labels.get("overflow") == "true"
            return []
        self._shown[group.tenant] -= 1
        return [alert.resolved(at, "stale" if value is None else "")] if alert else []

    def _crowds_at(self, at: int) -> list[Alert]:
        changed = []
        for tenant, crowd in list(self._crowds.items()):
            alert = crowd.tell(self._pattern(tenant, at), at)
            if alert is not None:
                changed.append(alert)
            if crowd.is_over:
                del self._crowds[tenant]
        return changed

    def _pattern(self, tenant: str, at: int) -> Alert:
        return Alert(
            tenant=tenant,
            name=self.rule.alert,
            labels={**OVERFLOW, **self._labels},
            severity=self.rule.threshold("").steps[0].severity,
            started_at=at,
            updated_at=at,
            template=self.rule.template or "threshold",
            annotations=self.rule.annotations,
        )

    def _alert(self, group: Group, at: int, value: float | None, samples: int) -> Alert:
        reached = group.threshold.steps[group.watch.level]
        last, told = group.last, group.alert
        return Alert(
            tenant=group.tenant,
            name=self.rule.alert,
            labels=group.labels,
            severity=reached.severity,
            started_at=group.watch.active_at,
            updated_at=at,
            count=group.count,
            template=self.rule.template or "threshold",
            text=text_of(last) if last else "",
            facts=facts_of(last, group.labels) if last else {},
            annotations=self.rule.annotations,
            reading=self._reading(group, reached, value, samples),
            failure=failure_of(last) if last else None,
            trace_id=last.trace_id if last else "",
            correlation_id=last.correlation_id if last else "",
            identity=told.identity if told else "",
        )

    def _reading(self, group: Group, reached: Step, value: float | None, samples: int) -> Reading | None:
        if value is None or math.isnan(value):
            return group.alert.reading if group.alert else None
        return Reading(
            value=value,
            threshold=reached.limit,
            comparison=reached.comparison,
            unit=shown_unit(self.rule, group.unit),
            measure=f"{self.rule.measure} of {subject_of(self.rule)}",
            window=0 if self.rule.measure == "last" else int(self.rule.window),
            samples=samples,
        )

    def _forget(self, edge: int) -> None:
        """Let go of groups that are quiet and have nothing in any window; they are born again when they come back."""
        for key, group in list(self._groups.items()):
            group.forget_series(edge - self._horizon)
            if group.watch.phase is Phase.QUIET and edge - group.seen_at >= self._horizon:
                del self._groups[key]
                self._numbers[group.tenant] -= group.labels.get("overflow") != "true"


def _active_since(watch: Watch, at: int) -> Watch:
    """What fires on an event began with the event, not with the edge behind it."""
    return Watch(phase=watch.phase, level=watch.level, since=watch.since, active_at=at, at=watch.at)


def _ended(signal: Signal | None) -> bool:
    """Has the stream said that it has ended?"""
    return isinstance(signal, Point) and signal.absent


def _says_the_same(told: Alert, newer: Alert) -> bool:
    return told.severity is newer.severity and told.count == newer.count and told.reading == newer.reading
