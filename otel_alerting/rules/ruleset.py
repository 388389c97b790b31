"""A rule set holds signals against rules: observe what was seen, evaluate what is due.

Rules stand in an index by kind of signal and name of metric, so that a signal costs what its own rules cost. It has no
clock: the same signals at the same times give the same alerts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from otel_alerting.model import Alert, Log, Point, Signal
from otel_alerting.rules.builtin import BuiltinRules
from otel_alerting.rules.index import Index
from otel_alerting.rules.intake import Intake, Running
from otel_alerting.rules.keeping import over
from otel_alerting.rules.losses import Losses
from otel_alerting.rules.room import Room
from otel_alerting.rules.rule import Rule
from otel_alerting.rules.running import RunningRule, Witness
from otel_alerting.rules.slo.running import RunningSlo
from otel_alerting.rules.state import FORGOTTEN, RuleSetState
from otel_alerting.rules.streams import Streams, levels_of
from otel_alerting.rules.ticks import Ticks
from otel_alerting.rules.window import FUTURE


class RuleSet:
    """All rules of a process, those of users and those that are built in.

    Args:
        rules: complete, with their file's defaults put in.
        builtin: the rules that are there without any; None for none.
        started_at: when this process began to look, for counters whose past it cannot know, and for what is missed; by
            default with the first signal.
        witness: is told of every evaluation, also where nothing comes of it.
        tenant: who is meant where a rule misses something and nobody was ever seen.
    """

    def __init__(
        self,
        rules: Sequence[Rule],
        *,
        builtin: BuiltinRules | None = None,
        started_at: int = 0,
        witness: Witness | None = None,
        tenant: str = "default",
    ) -> None:
        self._losses, room = Losses(), Room()
        self._running: tuple[Running, ...] = tuple(_running(rule, room, self._losses, witness) for rule in rules)
        self._tenant, self._is_begun = tenant, False
        if started_at:
            self._begin(started_at)
        intakes = [intake for one in self._running for intake in one.intakes]
        self._logs = Index((one.narrow, one.observe) for one in intakes if one.kind == "log")
        self._spans = Index((one.narrow, one.observe) for one in intakes if one.kind == "span")
        self._metrics: dict[str, list[Intake]] = {}
        for intake in intakes:
            if intake.metric is not None:
                self._metrics.setdefault(intake.metric, []).append(intake)
        self._builtin = builtin
        self._streams = Streams(started_at)
        self._ticks = Ticks()
        self._ahead: Counter[str] = Counter()

    def observe(self, signal: Signal, now: int) -> list[Alert]:
        """Take a signal in; the alerts whose state changed on the event itself."""
        back = self._ticks.went_back(now)
        if back:
            self._move(back, now)
        if not self._is_begun:
            self._begin(now)
        if signal.at > now + FUTURE:
            self._ahead[signal.tenant] += 1
        if isinstance(signal, Point):
            return self._point(signal, now) if signal.name in self._metrics else []
        changed = self._builtin.observe(signal, now) if self._builtin is not None else []
        rules = self._logs if isinstance(signal, Log) else self._spans
        for observe in rules.find(signal):
            changed.extend(observe(signal, now))
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

    def state(self, now: int, redact: Callable[[Alert], Alert] | None = None) -> RuleSetState:
        """What must outlive this process: how each group of each rule stands, and what was told of it.

        Args:
            now: the time now.
            redact: takes secrets out of the alerts; the values that groups are known by stay as they are.
        """
        builtin = self._builtin.told() if self._builtin is not None else ()
        state = RuleSetState(at=now, rules={one.name: one.state() for one in self._running}, builtin=builtin)
        return state if redact is None else state.redacted(redact)

    def restore(self, state: RuleSetState, now: int) -> list[Alert]:
        """Go on from where another process stopped, before anything is observed.

        Returns:
            The alerts that are over by it: of rules that are gone or have other groups now, and, when nobody has looked
            for an hour, all of them.
        """
        if not self._is_begun:
            self._begin(now)
        running, away = {one.name: one for one in self._running}, max(0, now - state.at)
        ended: list[Alert] = []
        for name, kept in state.rules.items():
            one = running.get(name)
            ended += over(kept.alerts, now, "removed") if one is None else one.restore(kept, now, away)
        if self._builtin is None or away > FORGOTTEN:
            return ended + over(state.builtin, now, "removed" if self._builtin is None else "forgotten")
        self._builtin.resume(state.builtin, now)
        return ended

    def succeed(self, old: RuleSet, now: int) -> list[Alert]:
        """Take the place of another rule set in the same process, with rules that were changed, before observing.

        A rule that says the same, words aside, goes on as if nothing had happened. One that is changed keeps how its
        groups stand, as long as it groups by the same; what fires, fires on. The other rule set must not be used again.

        Returns:
            The alerts that are over by it.
        """
        self._streams, self._ticks, self._ahead = old._streams, old._ticks, old._ahead
        self._losses.take_over(old._losses)
        before = {one.name: one for one in old._running}
        ended: list[Alert] = []
        for one in self._running:
            theirs = before.pop(one.name, None)
            if theirs is not None:
                ended += one.succeed(theirs, now)
            elif old._is_begun and not self._is_begun:
                one.begin(self._tenant, now)
        self._is_begun = self._is_begun or old._is_begun
        gone = [alert for one in before.values() for alert in one.state().alerts]
        if old._builtin is not None and self._builtin is not None:
            self._builtin.take_over(old._builtin)
        elif old._builtin is not None:
            gone += old._builtin.told()
        return ended + over(gone, now, "removed")

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

    def _begin(self, now: int) -> None:
        self._is_begun = True
        for one in self._running:
            one.begin(self._tenant, now)

    def _move(self, by: int, now: int) -> None:
        """Time itself was moved: by a sleep of the machine, or by somebody's hand."""
        if self._builtin is not None:
            self._builtin.move(by, now)
        for one in self._running:
            one.move(by, now)
        self._streams.move(now)

    def _point(self, point: Point, now: int) -> list[Alert]:
        """Rules about the last value take a point as it is; all others take what it adds, worked out once."""
        intakes = self._metrics[point.name]
        step = None if all(one.is_raw for one in intakes) else self._streams.step(point, now)
        levels, steps = levels_of(point), () if step is None else (step,)
        changed: list[Alert] = []
        for one in intakes:
            for seen in levels if one.is_raw else steps:
                changed.extend(one.observe(seen, now))
        return changed


def _running(rule: Rule, room: Room, losses: Losses, witness: Witness | None) -> Running:
    if rule.slo is not None:
        return RunningSlo(rule, rule.slo, room, losses, witness)
    return RunningRule(rule, room, losses, witness)
