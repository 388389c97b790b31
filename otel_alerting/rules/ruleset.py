"""A rule set holds signals against rules: observe what was seen, evaluate what is due.

Rules stand in an index by kind of signal and name of metric, so that a signal costs what its own rules cost. It has no
clock: the same signals at the same times give the same alerts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from otel_alerting.model import Alert, Log, Point, Signal, Span
from otel_alerting.rules.builtin import BuiltinRules
from otel_alerting.rules.losses import Losses
from otel_alerting.rules.room import Room
from otel_alerting.rules.rule import Rule
from otel_alerting.rules.running import RunningRule
from otel_alerting.rules.streams import Streams
from otel_alerting.rules.ticks import Ticks
from otel_alerting.rules.window import FUTURE


class RuleSet:
    """All rules of a process, those of users and those that are built in.

    Args:
        rules: complete, with their file's defaults put in.
        builtin: the rules that are there without any; None for none.
        started_at: when this process began to look, for counters whose past it cannot know.
    """

    def __init__(self, rules: Sequence[Rule], *, builtin: BuiltinRules | None = None, started_at: int = 0) -> None:
        self._losses, room = Losses(), Room()
        self._running = tuple(RunningRule(rule, room, self._losses) for rule in rules)
        self._logs = tuple(one for one in self._running if one.rule.kind == "log")
        self._spans = tuple(one for one in self._running if one.rule.kind == "span")
        self._metrics: dict[str, list[RunningRule]] = {}
        for one in self._running:
            if one.rule.metric is not None:
                self._metrics.setdefault(one.rule.metric, []).append(one)
        self._builtin = builtin
        self._streams = Streams(started_at)
        self._ticks = Ticks()
        self._ahead: Counter[str] = Counter()

    def observe(self, signal: Signal, now: int) -> list[Alert]:
        """Take a signal in; the alerts whose state changed on the event itself."""
        back = self._ticks.went_back(now)
        if back:
            self._move(back, now)
        if signal.at > now + FUTURE:
            self._ahead[signal.tenant] += 1
        if isinstance(signal, Point):
            return self._point(signal, now) if signal.name in self._metrics else []
        changed = self._builtin.observe(signal, now) if self._builtin is not None else []
        rules = self._logs if isinstance(signal, Log) else self._spans if isinstance(signal, Span) else ()
        for one in rules:
            changed.extend(one.observe(signal, now))
        return changed

    def evaluate(self, now: int, monotonic: int | None = None) -> list[Alert]:
        """Do what is due: the alerts whose state changed, and the firing ones whose counts or values moved.

        Args:
            now: by the wall's clock.
            monotonic: by a clock that only ever grows, by which a machine that slept is told from one that was slow.
        """
        by = self._ticks.gap(now, monotonic)
        if by:
            self._move(by, now)
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
            found.extend(one.finish(now))
        return [alert for alert in found if alert.firing]

    def next_at(self) -> int | None:
        """When there is something to evaluate next; None while only a signal could bring it."""
        moments = [one.due_at for one in self._running]
        if self._builtin is not None:
            moments.append(self._builtin.next_at())
        return min((at for at in moments if at is not None), default=None)

    def lost(self) -> Mapping[tuple[str, str], int]:
        """By tenant and reason: the signals that are in no window, or not in that of every rule, since the last call.

        `late`: it came after the last window that could have held it was evaluated. `streams`: a counter's point beyond
        the number of streams that are remembered. `series`: there was no room. `regex`: a regular expression took too
        long to say whether it is meant.
        """
        total = Counter({(tenant, "streams"): number for tenant, number in self._streams.overflowed.items()})
        self._streams.overflowed.clear()
        total.update(self._losses.take())
        return total

    def ahead(self) -> Mapping[str, int]:
        """By tenant: the signals whose clock was more than a minute ahead of ours, since the last call.

        They are not lost: they count as if they had happened when they came.
        """
        ahead, self._ahead = self._ahead, Counter()
        return ahead

    def _move(self, by: int, now: int) -> None:
        """Time itself was moved: by a sleep of the machine, or by somebody's hand."""
        if self._builtin is not None:
            self._builtin.move(by, now)
        for one in self._running:
            one.move(by, now)
        self._streams.move(now)

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
