"""A route says who is told of which alerts, in which groups and how often; routes form a tree, as in Alertmanager.

An alert walks down from the root: of the children that match it the first one takes it (and the next ones too where
it says `continue`), each looks among its own children first, and where none of them matches, the route itself is it.
What a route does not say it inherits from its parent; only the times at which it is muted are its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import cast

import msgspec

from otel_alerting.dispatch.flapping import DAMPED, Flapping
from otel_alerting.dispatch.intervals import Calendar
from otel_alerting.dispatch.matcher import Matchers
from otel_alerting.model import Alert, Labels
from otel_alerting.model.duration import HOUR, MINUTE, SECOND, Duration

ALL_LABELS = "..."
"""`group_by: ['...']`: alerts share a group only when all their labels are the same."""


class Escalation(msgspec.Struct, frozen=True, kw_only=True):
    """Who else is told of what nobody acknowledged."""

    after: Duration
    """Since the alert was first told, as `15m`."""
    receiver: str
    """Who is told then, of this and of what follows."""


class Path(msgspec.Struct, frozen=True, kw_only=True):
    """A route as one alert meets it: everything inherited is filled in."""

    key: str
    """Tells the routes of a tree apart; the same while the matchers on the way to it are the same."""
    receiver: str
    group_by: tuple[str, ...] = ()
    group_wait: int = 30 * SECOND
    group_interval: int = 5 * MINUTE
    repeat_interval: int = 4 * HOUR
    mute_time_intervals: tuple[str, ...] = ()
    active_time_intervals: tuple[str, ...] = ()
    escalate: tuple[Escalation, ...] = ()
    flapping: Flapping = DAMPED
    escalated_after: int = 0
    """How long nobody acknowledged, where that is why this receiver is told."""

    def group_labels(self, alert: Alert) -> Labels:
        """The labels that name an alert's group here, sorted; those it has not are left out."""
        if self.group_by == (ALL_LABELS,):
            return dict(sorted({**alert.labels, "alertname": alert.name}.items()))
        return {name: value for name in sorted(self.group_by) if (value := alert.label(name))}

    def muted_by(self, calendar: Calendar, now: int) -> tuple[str, ...]:
        """The names of the time intervals that keep this route quiet: it is in those, or in none of its active ones."""
        if not (self.mute_time_intervals or self.active_time_intervals):
            return ()
        muted = tuple(name for name in self.mute_time_intervals if calendar.contains(name, now))
        active = self.active_time_intervals
        if active and not any(calendar.contains(name, now) for name in active):
            return muted + active
        return muted

    def escalated(self, number: int) -> Path:
        """The way to the receiver of an escalation: the same groups, told at once."""
        step = self.escalate[number]
        return msgspec.structs.replace(
            self,
            key=f"{self.key}!{number}",
            receiver=step.receiver,
            group_wait=0,
            escalate=(),
            escalated_after=int(step.after),
        )


class Route(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One node of the tree, as it is written. A tree that cannot work is refused by whoever is to walk it."""

    receiver: str = ""
    """Whom to tell; empty for the parent's."""
    matchers: Matchers | tuple[Matchers, ...] = Matchers()
    """All must hold; none are allowed at the root."""
    match: Mapping[str, str] = {}
    """Older form of `matchers`, as `{team: shop}`."""
    match_re: Mapping[str, str] = {}
    """The same with regular expressions."""
    continue_: bool = msgspec.field(default=False, name="continue")
    """Let the routes after this one have the alert too."""
    group_by: tuple[str, ...] | None = None
    """Labels whose values name a group; `...` alone for all. Not said, or `[]`: the parent's."""
    group_wait: Duration | None = None
    """How long a new group collects alerts before it is told. High and critical alerts do not wait."""
    group_interval: Duration | None = None
    """How long changes of a group that was told are collected."""
    repeat_interval: Duration | None = None
    """After how long what is still wrong is told again."""
    mute_time_intervals: tuple[str, ...] = ()
    """Names of time intervals in which nothing is told here. Not inherited, and not at the root."""
    active_time_intervals: tuple[str, ...] = ()
    """Names of time intervals outside of which nothing is told here. Not inherited, and not at the root."""
    escalate: tuple[Escalation, ...] | None = None
    """Who else is told of what nobody acknowledged, and after how long."""
    flapping: Flapping | None = None
    """When an alert that comes and goes is held as firing; `{times: 0}` for never."""
    routes: tuple[Route, ...] = ()
    """Routes for some of its alerts; the first that matches takes them."""

    def __post_init__(self) -> None:
        """The older forms become matchers."""
        put = msgspec.structs.force_setattr
        put(self, "matchers", Matchers.of(self.matchers, self.match, self.match_re))
        put(self, "match", {})
        put(self, "match_re", {})

    @property
    def conditions(self) -> Matchers:
        """All that must hold for an alert that this route takes."""
        return cast("Matchers", self.matchers)

    def problems(self) -> Iterator[tuple[str, str, str]]:
        """What cannot work in this node, wherever it stands: path, what was found, what would be right."""
        names = self.group_by or ()
        if ALL_LABELS in names and len(names) > 1:
            yield "group_by", ", ".join(names), f"{ALL_LABELS} alone, or not at all"
        if len(set(names)) < len(names):
            yield "group_by", ", ".join(names), "every label once"
        for name in ("group_wait", "group_interval", "repeat_interval"):
            value = getattr(self, name)
            if value is not None and value < 0:
                yield name, f"{int(value)} ns", "0s or longer"
        if self.repeat_interval == 0:
            yield "repeat_interval", "0s", "longer than 0s: it would never stop telling"
        for number, step in enumerate(self.escalate or ()):
            if step.after <= (self.escalate or ())[number - 1].after * (number > 0):
                yield f"escalate[{number}].after", str(step.after), "longer than 0s, and than the step before it"

    def root_faults(self) -> Iterator[tuple[str, str, str]]:
        """What cannot work when this node is the root: path, what was found, what would be right."""
        if not self.receiver:
            yield "receiver", "nothing", "the root route names the receiver of all that nobody else takes"
        if self.conditions:
            yield "matchers", str(self.conditions), "none: the root route takes every alert"
        if self.continue_:
            yield "continue", "true", "false: nothing comes after the root route"
        for name in ("mute_time_intervals", "active_time_intervals"):
            if getattr(self, name):
                yield name, ", ".join(getattr(self, name)), "none: the root route is never muted; a route below may be"

    def check(self) -> Route:
        """The same tree, when it can work as a whole.

        Raises:
            ValueError: with everything that cannot.
        """
        found = [*self.root_faults(), *_everywhere(self, "")]
        if found:
            raise ValueError("; ".join(f"{path} is {was}: {right}" for path, was, right in found))
        return self

    def paths(self, alert: Alert, receiver: str = "") -> list[Path]:
        """The routes that take an alert, in the order of the tree; at the root there is always at least one.

        Args:
            alert: The alert to find readers for.
            receiver: Stands in for the root's receiver, and for whoever inherits it: the tenant's own.
        """
        found = self._node.paths(alert)
        if not receiver:
            return found
        return [path if path.key in self._named else self._told_to(path, receiver) for path in found]

    def walk(self, at: str = "") -> Iterator[tuple[str, Route]]:
        """This node and all below it, each with its path from here: `routes[1].routes[0]`."""
        yield at, self
        for number, child in enumerate(self.routes):
            yield from child.walk(f"{at}.routes[{number}]" if at else f"routes[{number}]")

    @cached_property
    def _node(self) -> _Node:
        return _grown(self, Path(key="", receiver=self.receiver), 0)

    @cached_property
    def _named(self) -> frozenset[str]:
        """Keys of the routes below the root that have, or inherit, a receiver of their own."""
        return frozenset(_named(self._node, self.routes))

    @cached_property
    def _others(self) -> dict[tuple[str, str], Path]:
        """Paths to receivers of tenants, each made once: a hundred thousand groups may stand on one."""
        return {}

    def _told_to(self, path: Path, receiver: str) -> Path:
        found = self._others.get((path.key, receiver))
        if found is None:
            found = self._others[path.key, receiver] = msgspec.structs.replace(path, receiver=receiver)
        return found


@dataclass(frozen=True, slots=True)
class _Node:
    """A route with its inheritance worked out once, so that walking only matches."""

    matchers: Matchers
    goes_on: bool
    path: Path
    children: tuple[_Node, ...]

    def paths(self, alert: Alert) -> list[Path]:
        found: list[Path] = []
        for child in self.children:
            if child.matchers.matches(alert):
                found += child.paths(alert)
                if not child.goes_on:
                    break
        return found or [self.path]


def _grown(route: Route, parent: Path, twin: int) -> _Node:
    path = Path(
        # Only a twin needs its number: a route put in before it must not change the groups of the others.
        key=f"{parent.key}/{route.conditions}" + (f"#{twin}" if twin else ""),
        receiver=route.receiver or parent.receiver,
        group_by=route.group_by or parent.group_by,
        group_wait=_first(route.group_wait, parent.group_wait),
        group_interval=_first(route.group_interval, parent.group_interval),
        repeat_interval=_first(route.repeat_interval, parent.repeat_interval),
        mute_time_intervals=route.mute_time_intervals,
        active_time_intervals=route.active_time_intervals,
        escalate=parent.escalate if route.escalate is None else route.escalate,
        flapping=route.flapping or parent.flapping,
    )
    seen: dict[str, int] = {}
    children = []
    for child in route.routes:
        text = str(child.conditions)
        children.append(_grown(child, path, seen.get(text, 0)))
        seen[text] = seen.get(text, 0) + 1
    return _Node(route.conditions, route.continue_, path, tuple(children))


def _everywhere(tree: Route, at: str) -> Iterator[tuple[str, str, str]]:
    for where, route in tree.walk(at):
        yield from ((f"{where}.{path}" if where else path, found, right) for path, found, right in route.problems())


def _first(said: int | None, inherited: int) -> int:
    return inherited if said is None else int(said)


def _named(node: _Node, routes: tuple[Route, ...], inherited: bool = False) -> Iterator[str]:
    for child, route in zip(node.children, routes, strict=True):
        named = inherited or bool(route.receiver)
        if named:
            yield child.path.key
        yield from _named(child, route.routes, named)
