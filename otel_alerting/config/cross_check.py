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
    yield from _receivers_are_unique(config)
    for path, found, right in config.route.root_faults():
        names = " (" + choose("", known) + ")" if path == "receiver" else ""
        yield f"route.{path}", found, right + names
    for path, name in receivers_named(config):
        if name not in known:
            yield path, f"no receiver {name!r}", choose(name, known)


def receivers_named(config: Config) -> Iterator[tuple[str, str]]:
    """Every place that names a receiver: its path and the name."""
    yield from _named_by("route", config.route)
    for name, tenant in config.tenants.items():
        if tenant.receiver:
            yield f"{step('tenants', name)}.receiver", tenant.receiver


def _named_by(path: str, route: Route) -> Iterator[tuple[str, str]]:
    if route.receiver:
        yield f"{path}.receiver", route.receiver
    for number, below in enumerate(route.routes):
        yield from _named_by(f"{path}.routes[{number}]", below)


def _receivers_are_unique(config: Config) -> Found:
    seen: set[str] = set()
    for number, receiver in enumerate(config.receivers):
        if receiver.name in seen:
            yield f"receivers[{number}].name", f"a second receiver {receiver.name!r}", "a name of its own"
        seen.add(receiver.name)
