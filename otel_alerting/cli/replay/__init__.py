"""`replay` holds recorded signals against rules: which alerts would have fired, before anybody is woken.

Time is the data's own, so the same files give the same answer, byte by byte. Nothing is kept but what rules keep: files
of any length are read in the same memory.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

from otel_alerting.cli.arguments import of
from otel_alerting.cli.moment import moment_of
from otel_alerting.cli.replay.arrivals import arrivals
from otel_alerting.cli.replay.asked import rules_asked
from otel_alerting.cli.replay.progress import Progress
from otel_alerting.cli.replay.recording import Recording
from otel_alerting.model.duration import Duration
from otel_alerting.rules.play import Change, Evaluation, Player
from otel_alerting.rules.rule import Rule

NAME = "replay"
HELP = "Hold recorded signals against rules: which alerts would have fired."

TENANT = "default"
"""Whose the signals are that do not say it, as in a configuration that says nothing."""
_REASONS = {
    "late": "came after the last window that could have held them; a greater lateness waits longer",
    "series": "were of groups that there was no room for",
    "streams": "were points of counters beyond those that are remembered",
    "regex": "could not be held against a regular expression in time",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say which arguments it takes."""
    parser.add_argument("--rules", metavar="RULES.yaml", action="append", required=True, help="a file of rules")
    parser.add_argument(
        "--signals", metavar="FILE", nargs="+", required=True,
        help="recordings: OTLP/JSON, one export request a line, or CSV; also packed by gzip; - for standard input",
    )  # fmt: skip
    parser.add_argument("--metric", metavar="NAME", default="", help="which metric the values of a CSV are")
    parser.add_argument("--interval", type=of(Duration.parse), metavar="TIME", help="in place of the file's default")
    parser.add_argument("--lateness", type=of(Duration.parse), metavar="TIME", help="in place of the file's default")
    parser.add_argument("--until", type=of(moment_of), metavar="T", help="the last moment (default: the last signal's)")
    parser.add_argument("--select", metavar="ALERT", action="append", help="only this rule; may be said again")
    parser.add_argument("--json", action="store_true", help="print one JSON object for each change of state")
    parser.add_argument("--values", action="store_true", help="with --json: also one for each evaluation of a group")
    parser.add_argument("--plot", type=of(_picture), metavar="PICTURE", help="draw it, as .png or .svg")


def run(args: argparse.Namespace) -> int:
    """Play the signals to the rules; 1 where a line could not be read, for then the answer is not about everything."""
    if args.values and not args.json:
        print("otel-alerting replay: --values goes with --json", file=sys.stderr)
        return 2
    rules = rules_asked(args.rules, interval=args.interval, lateness=args.lateness, select=args.select or ())
    progress = Progress(is_shown=sys.stderr.isatty() and not (args.json and sys.stdout.isatty()))
    views = list(_views(args, rules))
    player = Player(rules, found=_to_each([view.found for view in views if view.wants_evaluations]))
    with ExitStack() as opened:
        recordings = [Recording(path, args.metric, progress.complain) for path in args.signals]
        for one in recordings:
            opened.callback(one.close)
        opened.enter_context(progress)
        read = progress.over(arrivals([one.signals() for one in recordings], TENANT), recordings)
        for change in player.play(read, until=args.until):
            for view in views:
                view.changed(change)
    for view in views:
        view.show(progress.began_at, progress.last_at if args.until is None else args.until, progress.signals)
    _note_losses(player, progress)
    return 1 if progress.problems else 0


class View(Protocol):
    """How a play is told to somebody."""

    @property
    def wants_evaluations(self) -> bool:
        """Is it to be told of them? They are many."""
        ...

    def found(self, one: Evaluation) -> None:
        """An evaluation, before the changes that come of it."""
        ...

    def changed(self, one: Change) -> None:
        """A change of state."""
        ...

    def show(self, began_at: int, until: int, signals: int) -> None:
        """It is over: from the first signal to the last moment, over so many signals."""
        ...


def _views(args: argparse.Namespace, rules: Sequence[Rule]) -> Iterator[View]:
    if args.json:
        from otel_alerting.cli.replay.lines import Lines

        yield Lines(sys.stdout.write, TENANT, values=args.values)
    else:
        from otel_alerting.cli.replay.table import TableOfAlerts

        yield TableOfAlerts([rule.alert for rule in rules], TENANT)
    if args.plot:
        from otel_alerting.cli.replay.plot import Plot

        yield Plot(args.plot, rules, TENANT)


def _to_each(found: Sequence[Callable[[Evaluation], None]]) -> Callable[[Evaluation], None] | None:
    """Nobody is told of evaluations where nobody wants to be: making them costs as much as judging."""
    if len(found) < 2:
        return found[0] if found else None

    def tell(one: Evaluation) -> None:
        for each in found:
            each(one)

    return tell


def _note_losses(player: Player, progress: Progress) -> None:
    numbers = Counter[str]()
    for (_, reason), number in player.lost().items():
        numbers[reason] += number
    for reason, number in sorted(numbers.items()):
        progress.note(f"note: {number:,} {'signal' if number == 1 else 'signals'} {_REASONS.get(reason, reason)}")


def _picture(said: str) -> Path:
    if not said.lower().endswith((".png", ".svg")):
        raise ValueError("a file that ends with .png or .svg")
    return Path(said)
