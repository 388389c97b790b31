"""`routes test` says where an alert with some labels would go: receivers in order, groups, and whether muted by a time.

It reads `alerting.yaml`, and a plain `alertmanager.yml` too, of which only the routes and their time intervals matter.
In a file of ours (one with a `version`) a severity may be named by its aliases, as everywhere; in any other a label
`severity` is a text like all labels, as Alertmanager takes it.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from otel_alerting.cli import surroundings
from otel_alerting.config.document import Items, Pairs, Scalar
from otel_alerting.config.read import Reading, attempt
from otel_alerting.config.schema import Config
from otel_alerting.config.shapes import choose
from otel_alerting.config.spot import Spot
from otel_alerting.dispatch import spelling
from otel_alerting.dispatch.inhibition import InhibitRule
from otel_alerting.dispatch.intervals import Calendar, NamedInterval
from otel_alerting.dispatch.route import Path as Way
from otel_alerting.dispatch.route import Route
from otel_alerting.errors import ConfigurationError, Problem
from otel_alerting.model import Alert, Severity
from otel_alerting.model.duration import SECOND, Duration

NAME = "routes"
HELP = "Say who would be told of an alert with these labels, in which groups, and whether it is muted at a time."


class _Plain(msgspec.Struct, frozen=True):
    """What counts of a plain alertmanager.yml."""

    route: Route | None = None
    inhibit_rules: tuple[InhibitRule, ...] = ()
    time_intervals: tuple[NamedInterval, ...] = ()
    mute_time_intervals: tuple[NamedInterval, ...] = ()


_SECTIONS = _Plain.__struct_fields__


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say which arguments it takes."""
    test = parser.add_subparsers(metavar="test", required=True).add_parser("test", help=HELP, description=HELP)
    test.add_argument(
        "labels",
        nargs="*",
        metavar="LABELS",
        help="name=value…, or one JSON object, or - for one JSON object a line on standard input",
    )
    surroundings.add_arguments(test)
    test.add_argument("--at", metavar="TIME", help="when, as 2030-05-01T09:30:00+02:00 or in seconds (default: now)")
    test.add_argument("--json", action="store_true", help="print one JSON object for each answer")


def run(args: argparse.Namespace) -> int:
    """Answer for each set of labels."""
    try:
        at = _moment(args.at)
        asked = _asked(args.labels)
        routing = _routing(surroundings.look_around(args.config, args.env_file))
        for labels in asked:
            ways, muted_by = routing.answer(labels, at)
            print(_as_json(ways, muted_by) if args.json else _as_text(ways, muted_by), flush=True)
    except ValueError as error:
        print(f"otel-alerting routes: {error}", file=sys.stderr)
        return 2
    return 0


@dataclass(frozen=True)
class _Routing:
    """The routes of a file, and how its labels are read."""

    route: Route
    calendar: Calendar
    config: Config | None
    aliases: bool
    """May a severity be named by its aliases?"""

    def answer(self, labels: Mapping[str, str], at: int) -> tuple[Sequence[Way], Sequence[str]]:
        """Who is told, and the time intervals that keep some of them quiet at that moment."""
        alert = self._alert(dict(labels))
        tree, receiver = self.route, ""
        if self.config is not None and alert.tenant in self.config.tenants:
            tree = self.config.tree(alert.tenant) or tree
            receiver = self.config.tenants[alert.tenant].receiver
        ways = tree.paths(alert, receiver)
        return ways, list(dict.fromkeys(name for way in ways for name in way.muted_by(self.calendar, at)))

    def _alert(self, labels: dict[str, str]) -> Alert:
        default = self.config.defaults.tenant if self.config is not None and self.aliases else ""
        name, tenant, said = labels.pop("alertname", ""), labels.pop("tenant", default), labels.get("severity", "")
        try:
            severity = Severity.parse(said)
            if self.aliases:
                del labels["severity"]
        except ValueError:
            severity = Severity.WARNING
            labels["severity"] = said
        return Alert(tenant=tenant, name=name, labels=labels, severity=severity, started_at=0, updated_at=0)


def _routing(around: surroundings.Surroundings) -> _Routing:
    """The routes of ours, or of a file that only Alertmanager could read as a whole."""
    reading = _read(around) if around.file else None
    ours = reading is None or (isinstance(reading.root, Pairs) and "version" in reading.root.nodes)
    try:
        config = around.load()
    except ConfigurationError:
        if ours or reading is None:
            raise
        return _plain(reading)
    return _Routing(config.route, Calendar(config.intervals), config, aliases=ours)


def _read(around: surroundings.Surroundings) -> Reading[_Plain] | None:
    try:
        text = Path(around.file).expanduser().read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return None  # loading says it better
    return attempt(text, _Plain, around.file, env=around.env)


def _plain(reading: Reading[_Plain]) -> _Routing:
    """The sections of an alertmanager.yml that matter here.

    Raises:
        ConfigurationError: with the problems in those.
    """
    wrong = [one for one in reading.problems if not one.path or one.path.startswith(_SECTIONS)]
    plain, top = reading.mended, Spot.of(reading)
    if plain is None or plain.route is None:
        raise ConfigurationError(wrong or [top.top("route").misfit("nothing", "a route")])
    intervals = (*plain.time_intervals, *plain.mute_time_intervals)
    wrong += _faults(plain.route, {one.name for one in intervals}, top, set(_receivers(reading)))
    if wrong:
        raise ConfigurationError(wrong)
    return _Routing(plain.route, Calendar(intervals), None, aliases=False)


def _faults(route: Route, intervals: set[str], top: Spot, receivers: set[str]) -> Iterator[Problem]:
    """Names that the file does not know, and what cannot stand at a root."""
    for path, found, right in route.root_faults():
        yield top.top(f"route.{path}").misfit(found, right)
    for path, one in route.walk("route"):
        if one.receiver and one.receiver not in receivers:
            yield top.top(f"{path}.receiver").misfit(repr(one.receiver), "a receiver, " + choose("", receivers))
        for name in (*one.mute_time_intervals, *one.active_time_intervals):
            if name not in intervals:
                yield top.top(path).misfit(repr(name), "a time interval, " + choose(name, intervals))


def _receivers(reading: Reading[_Plain]) -> Iterator[str]:
    """The names alone: what stands in a receiver is another program's."""
    root = reading.root
    found = root.nodes.get("receivers") if isinstance(root, Pairs) else None
    for one in found.nodes if isinstance(found, Items) else ():
        name = one.nodes.get("name") if isinstance(one, Pairs) else None
        if isinstance(name, Scalar):
            yield name.said


def _asked(said: Sequence[str]) -> Iterator[Mapping[str, str]]:
    """Sets of labels, in any of the three ways to say them.

    Raises:
        ValueError: with what would be right.
    """
    if list(said) == ["-"]:
        yield from (_object(line) for line in sys.stdin if line.strip())
    elif len(said) == 1 and said[0].lstrip().startswith("{"):
        yield _object(said[0])
    else:
        yield dict(map(_pair, said))


def _object(said: str) -> Mapping[str, str]:
    try:
        labels = json.loads(said)
    except ValueError:
        labels = None
    if not isinstance(labels, dict) or not all(isinstance(value, str) for value in labels.values()):
        raise ValueError(f'found {said.strip()[:80]!r}; one JSON object of texts, as {{"service": "api"}}')
    return labels


def _pair(said: str) -> tuple[str, str]:
    name, equals, value = said.partition("=")
    if not (name and equals):
        raise ValueError(f"found {said!r}; labels as service=api")
    if value.startswith('"'):
        ((name, _, value),) = spelling.read(said)
    return name.strip(), value


def _moment(said: str | None) -> int:
    """A moment as nanoseconds; now where nobody says one."""
    if said is None:
        return time.time_ns()
    try:
        if said.replace(".", "", 1).isdigit():
            return int(float(said) * SECOND)
        read = dt.datetime.fromisoformat(said.replace("Z", "+00:00").replace("z", "+00:00"))
    except ValueError:
        raise ValueError(f"found {said!r}; a time as 2030-05-01T09:30:00Z, or in seconds") from None
    aware = read if read.tzinfo else read.replace(tzinfo=dt.timezone.utc)
    return int(aware.timestamp()) * SECOND


def _as_json(ways: Sequence[Way], muted_by: Sequence[str]) -> str:
    answer = {
        "receivers": [way.receiver for way in ways],
        "routes": [
            {
                "receiver": way.receiver,
                "group_by": list(way.group_by),
                "group_wait": _seconds(way.group_wait),
                "group_interval": _seconds(way.group_interval),
                "repeat_interval": _seconds(way.repeat_interval),
            }
            for way in ways
        ],
        "muted_by": list(muted_by),
    }
    return json.dumps(answer, ensure_ascii=False)


def _seconds(duration: int) -> int | float:
    return duration // SECOND if duration % SECOND == 0 else duration / SECOND


def _as_text(ways: Sequence[Way], muted_by: Sequence[str]) -> str:
    lines = [
        f"{way.receiver}: grouped by {', '.join(way.group_by) or 'nothing'}; told after {Duration(way.group_wait)}, "
        f"changes after {Duration(way.group_interval)}, again after {Duration(way.repeat_interval)}"
        for way in ways
    ]
    return "\n".join([*lines, *([f"muted by {', '.join(muted_by)}"] if muted_by else [])])
