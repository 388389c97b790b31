"""What one part of the configuration cannot know of another: names that nobody has, names that two have."""

from __future__ import annotations

from collections.abc import Iterator

from otel_alerting.config.document import step
from otel_alerting.config.schema import Config, Found
from otel_alerting.config.shapes import choose
from otel_alerting.dispatch.route import Route


def cross_check(config: Config) -> Found:
    """Problems between the parts, each with its path from the top of the file."""
    known = {one.name for one in config.receivers}
    yield from _names_are_unique(config)
    for start, tree in _trees(config):
        for path, found, right in tree.root_faults():
            names = " (" + choose("", known) + ")" if path == "receiver" else ""
            yield f"{start}.{path}", found, right + names
        yield from _intervals_are_known(start, tree, {one.name for one in config.intervals})
    for path, name in receivers_named(config):
        if name not in known:
            yield path, f"no receiver {name!r}", choose(name, known)


def receivers_named(config: Config) -> Iterator[tuple[str, str]]:
    """Every place that names a receiver: its path and the name."""
    for name, tenant in config.tenants.items():
        if tenant.receiver:
            yield f"{step('tenants', name)}.receiver", tenant.receiver
    for start, tree in _trees(config):
        for path, route in tree.walk(start):
            if route.receiver:
                yield f"{path}.receiver", route.receiver
            for number, escalation in enumerate(route.escalate or ()):
                yield f"{path}.escalate[{number}].receiver", escalation.receiver


def _trees(config: Config) -> Iterator[tuple[str, Route]]:
    """All routes that stand at a root, each with its path."""
    yield "route", config.route
    for name in config.tenants:
        tree = config.tree(name)
        if tree is not None:
            yield f"{step('tenants', name)}.route", tree


def _intervals_are_known(start: str, tree: Route, known: set[str]) -> Found:
    for path, route in tree.walk(start):
        for key in ("mute_time_intervals", "active_time_intervals"):
            for number, name in enumerate(getattr(route, key)):
                if name not in known:
                    yield f"{path}.{key}[{number}]", f"no time interval {name!r}", choose(name, known)


def _names_are_unique(config: Config) -> Found:
    for keys, what in ((("receivers",), "receiver"), (("time_intervals", "mute_time_intervals"), "time interval")):
        seen: set[str] = set()
        for path, one in ((f"{key}[{n}].name", one) for key in keys for n, one in enumerate(getattr(config, key))):
            if one.name in seen:
                yield path, f"a second {what} {one.name!r}", "a name of its own"
            seen.add(one.name)
