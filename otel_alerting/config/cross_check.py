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
    yield from _receivers_are_unique(config, spot)
    known = known_receivers(config, spot)
    for path, found, right in config.route.root_faults():
        if path != "receiver":
            yield spot(f"route.{path}").misfit(found, right)
        elif known is not None and not spot("route.receiver").is_lost:
            yield spot("route.receiver").misfit(found, "the receiver of all that no branch takes: " + choose("", known))
    for path, name in receivers_named(config):
        if known is not None and name not in known:
            yield spot(path).misfit(repr(name), choose(name, known))


def known_receivers(config: Config, spot: Callable[[str], Spot]) -> set[str] | None:
    """The receivers' names; None where one of them could not be read, so that any name may be right."""
    names = {one.name for one in config.receivers}
    return None if "" in names or spot("receivers").is_lost else names


def receivers_named(config: Config) -> Iterator[tuple[str, str]]:
    """Every place that names a receiver: its path and the name."""
    for path, route in branches(config.route, "route"):
        if route.receiver:
            yield f"{path}.receiver", route.receiver
    for name, tenant in config.tenants.items():
        if tenant.receiver:
            yield f"{step('tenants', name)}.receiver", tenant.receiver


def branches(route: Route, path: str) -> Iterator[tuple[str, Route]]:
    """A route and all below it, each with its path."""
    yield path, route
    for number, below in enumerate(route.routes):
        yield from branches(below, f"{path}.routes[{number}]")


def rule_misfits(rules: RuleFile, top: Spot) -> Iterator[Problem]:
    """What only a whole file of rules can say, of a file of which perhaps not everything could be read."""
    for path, found, right in rules.problems():
        rule = path.partition(".")[0]
        if path.endswith(".alert"):
            is_known = bool(rules.rules[int(rule[6:-1])].alert)
        else:
            is_known = top.top(rule).is_sound and top.top("defaults.interval").is_sound
        if is_known:
            yield top.top(path).misfit(found, right)


def repeated(rules: Iterable[tuple[Rule, Spot]], seen: Mapping[str, Spot]) -> Iterator[Problem]:
    """Rules of one file whose names rules of other files have; an alert's name is its identity."""
    told: set[str] = set()
    for rule, spot in rules:
        if rule.alert in seen and rule.alert not in told:
            found = f"{rule.alert!r}, which {seen[rule.alert].where} has already"
            yield spot.down("alert").misfit(found, "a name that no other rule has")
        told.add(rule.alert)


def _receivers_are_unique(config: Config, spot: Callable[[str], Spot]) -> Iterator[Problem]:
    seen: dict[str, Spot] = {}
    for number, receiver in enumerate(config.receivers):
        here = spot(f"receivers[{number}].name")
        if receiver.name in seen:
            found = f"{receiver.name!r}, which {seen[receiver.name].where} has already"
            yield here.misfit(found, "a name that no other receiver has")
        if receiver.name:
            seen.setdefault(receiver.name, here)
