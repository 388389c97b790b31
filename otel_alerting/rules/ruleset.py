"""A rule set holds signals against rules: observe what was seen, evaluate what is due.

Rules stand in an index by kind of signal and name of metric, so that a signal costs what its own rules cost. It has no
clock: the same signals at the same times give the same alerts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from otel_alerting.model import Alert, Log, Point, Signal, Span
from otel_alerting.rules.builtin import BuiltinRules
from otel_alerting.rules.rule import Rule
from otel_alerting.rules.running import RunningRule
from otel_alerting.rules.streams import Streams


class RuleSet:
    """All rules of a process, those of users and those that are built in.

    Args:
        rules: complete, with their file's defaults put in.
        builtin: the rules that are there without any; None for none.
        started_at: when this process began to look, for counters whose past it cannot know.
    """

    def __init__(self, rules: Sequence[Rule], *, builtin: BuiltinRules | None = None, started_at: int = 0) -> None:
        self._running = tuple(map(RunningRule, rules))
        self._logs = tuple(one for one in self._running if one.rule.kind == "log")
        self._spans = tuple(one for one in self._running if one.rule.kind == "span")
        self._metrics: dict[str, list[RunningRule]] = {}
        for one in self._running:
            if one.rule.metric is not None:
                self._metrics.setdefault(one.rule.metric, []).append(one)
        self._builtin = builtin
        self._streams = Streams(started_at)

    def observe(self, signal: Signal, now: int) -> list[Alert]:
        """Take a signal in; the alerts whose state changed on the event itself."""
        if isinstance(signal, Point):
            return self._point(signal, now) if signal.name in self._metrics else []
        changed = self._builtin.observe(signal, now) if self._builtin is not None else []
        rules = self._logs if isinstance(signal, Log) else self._spans if isinstance(signal, Span) else ()
        for one in rules:
            changed.extend(one.observe(signal, now))
        return changed

    def evaluate(self, now: int) -> list[Alert]:
        """Do what is due: the alerts whose state changed, and the firing ones whose counts or values moved."""
        changed = self._builtin.evaluate(now) if self._builtin is not None else []
        edges: list[Alert] = []
        for one in self._running:
            edges.extend(one.evaluate(now))
        self._streams.forget(now)
        edges.sort(key=lambda alert: alert.updated_at)
        return changed + edges

    def finish(self, now: int) -> list[Alert]:
        """At the program's end: what the edges that will not come any more would find wrong.

        Nothing is said to be over: that nothing more comes is no sign of it.
        """
        found = self._builtin.evaluate(now) if self._builtin is not None else []
        for one in self._running:
            found.extend(one.evaluate(now + one.rule.late + one.rule.every))
        return [alert for alert in found if alert.firing]

    def next_at(self) -> int | None:
        """When there is something to evaluate next; None while only a signal could bring it."""
        moments = [one.due_at for one in self._running]
        if self._builtin is not None:
            moments.append(self._builtin.next_at())
        return min((at for at in moments if at is not None), default=None)

    def lost(self) -> Mapping[tuple[str, str], int]:
        """By tenant and reason: what is in no window, since the last call.

        `late`: it came after the last window that could have held it was evaluated. `streams`: a counter's point beyond
        the number of streams that are remembered.
        """
        total = Counter({(tenant, "streams"): number for tenant, number in self._streams.overflowed.items()})
        self._streams.overflowed.clear()
        for one in self._running:
            total.update(one.lost)
            one.lost.clear()
        return total

    def _point(self, point: Point, now: int) -> list[Alert]:
        """Rules about the last value take a point as it is; all others take what it adds, worked out once."""
        rules = self._metrics[point.name]
        step = self._streams.step(point, now) if any(one.rule.measure != "last" for one in rules) else None
        changed: list[Alert] = []
        for one in rules:
            seen = point if one.rule.measure == "last" else step
            if seen is not None:
                changed.extend(one.observe(seen, now))
        return changed
