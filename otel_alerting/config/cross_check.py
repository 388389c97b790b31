"""What one part of the configuration cannot know of another: names that nobody has, names that two have.

Also of what could be read only in parts: what cannot be known then is not told, because it would only be noise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from otel_alerting.config.paths import step
from otel_alerting.config.schema import Config
from otel_alerting.config.shapes import choose
from otel_alerting.config.spot import Spot
from otel_alerting.dispatch.route import Route
from otel_alerting.errors import Problem
from otel_alerting.rules.rule import Rule, RuleFile


def cross_check(config: Config, spot: Callable[[str], Spot]) -> Iterator[Problem]:
    """Problems between the parts.

    Args:
        config: as much of it as could be read.
        spot: where a path of it was written.
    """
    yield from _names_are_unique(config, spot)
    known = known_receivers(config, spot)
    for start, tree in _trees(config):
        yield from _roots_are_whole(start, tree, known, spot)
        yield from _intervals_are_known(start, tree, config, spot)
    for path, name in receivers_named(config):
        if known is not None and name not in known:
            yield spot(path).misfit(repr(name), choose(name, known))


def known_receivers(config: Config, spot: Callable[[str], Spot]) -> set[str] | None:
    """The receivers' names; None where one of them could not be read, so that any name may be right."""
    names = {one.name for one in config.receivers}
    return None if "" in names or spot("receivers").is_lost else names


def receivers_named(config: Config) -> Iterator[tuple[str, str]]:
    """Every place that names a receiver: its path and the name."""
    for start, tree in _trees(config):
        for path, route in tree.walk(start):
            if route.receiver:
                yield f"{path}.receiver", route.receiver
            for number, escalation in enumerate(route.escalate or ()):
                yield f"{path}.escalate[{number}].receiver", escalation.receiver
    for name, tenant in config.tenants.items():
        if tenant.receiver:
            yield f"{step('tenants', name)}.receiver", tenant.receiver


def branches(route: Route, path: str) -> Iterator[tuple[str, Route]]:
    """A route and all below it, each with its path."""
    return route.walk(path)


def rule_misfits(rules: RuleFile, top: Spot) -> Iterator[Problem]:
    """What only a whole file of rules can say, of a file of which perhaps not everything could be read."""
    for path, found, right in rules.problems():
        rule = path.partition(".")[0]
        is_named = path.endswith(".alert")
        if bool(rules.rules[int(rule[6:-1])].alert) if is_named else _is_known(rule, path, top):
            yield top.top(path).misfit(found, right)


def _is_known(rule: str, path: str, top: Spot) -> bool:
    """Is it certain that a span does not fit its interval, whatever else of the rule could not be read?

    How many intervals a window may have depends on what is measured in it.
    """
    if not top.top("defaults.interval").is_sound:
        return False
    above = path.rpartition(".")[0]
    parts = (path, f"{rule}.interval", f"{rule}.slo", f"{above}.aggregate")
    return top.top(rule).is_sound or (top.top(path).is_written and all(top.top(part).is_sound for part in parts))


def repeated(rules: Iterable[tuple[Rule, Spot]], seen: Mapping[str, Spot]) -> Iterator[Problem]:
    """Rules of one file whose names rules of other files have; an alert's name is its identity."""
    told: set[str] = set()
    for rule, spot in rules:
        if rule.alert in seen and rule.alert not in told:
            found = f"{rule.alert!r}, which {seen[rule.alert].where} has already"
            yield spot.down("alert").misfit(found, "a name that no other rule has")
        told.add(rule.alert)


def _trees(config: Config) -> Iterator[tuple[str, Route]]:
    """All routes that stand at a root, each with its path."""
    yield "route", config.route
    for name in config.tenants:
        tree = config.tree(name)
        if tree is not None:
            yield f"{step('tenants', name)}.route", tree


def _roots_are_whole(start: str, tree: Route, known: set[str] | None, spot: Callable[[str], Spot]) -> Iterator[Problem]:
    for path, found, right in tree.root_faults():
        here = spot(f"{start}.{path}")
        if path != "receiver":
            yield here.misfit(found, right)
        elif known is not None and not here.is_lost:
            yield here.misfit(found, "the receiver of all that no branch takes: " + choose("", known))


def _intervals_are_known(start: str, tree: Route, config: Config, spot: Callable[[str], Spot]) -> Iterator[Problem]:
    known = {one.name for one in config.intervals}
    if "" in known or spot("time_intervals").is_lost or spot("mute_time_intervals").is_lost:
        return  # one could not be read, so that any name may be right
    for path, route in tree.walk(start):
        for key in ("mute_time_intervals", "active_time_intervals"):
            for number, name in enumerate(getattr(route, key)):
                if name not in known:
                    yield spot(f"{path}.{key}[{number}]").misfit(repr(name), "a time interval, " + choose(name, known))


def _names_are_unique(config: Config, spot: Callable[[str], Spot]) -> Iterator[Problem]:
    for keys, what in ((("receivers",), "receiver"), (("time_intervals", "mute_time_intervals"), "time interval")):
        seen: dict[str, Spot] = {}
        for path, one in ((f"{key}[{n}].name", one) for key in keys for n, one in enumerate(getattr(config, key))):
            if one.name in seen:
                found = f"{one.name!r}, which {seen[one.name].where} has already"
                yield spot(path).misfit(found, f"a name that no other {what} has")
            if one.name:
                seen.setdefault(one.name, spot(path))
