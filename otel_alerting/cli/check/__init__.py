"""`check` reads all that users write (configuration, rules, templates, catalogues) and tells every problem at once."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from otel_alerting.cli import surroundings
from otel_alerting.config.load import Examined, examine
from otel_alerting.config.notes import notes
from otel_alerting.config.paths import step
from otel_alerting.config.schema import Config
from otel_alerting.config.spot import Spot
from otel_alerting.errors import ConfigurationError, Problem

NAME = "check"
HELP = "Check the configuration, its rules, templates and catalogues; tell every problem."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say which arguments it takes."""
    parser.add_argument("file", nargs="?", metavar="FILE", help="the configuration, as --config")
    surroundings.add_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Check, print, and say by the exit status whether all is well."""
    around = surroundings.look_around(args.file or args.config, args.env_file)
    found = examine(around.file or None, around.env)
    problems = found.in_order(text_problems(found))
    hints = (*notes(found), *_text_notes(found))
    report = _Report(around.file, found.config, problems or tuple(build_problems(found.config)), hints)
    if args.json:
        print(json.dumps(report.data(), indent=2, ensure_ascii=False))
    else:
        report.print()
    return 1 if report.problems else 0


def build_problems(config: Config) -> Iterable[Problem]:
    """What only building the pipeline shows; nothing is sent by it."""
    from otel_alerting.background import SystemClock
    from otel_alerting.config.build import build
    from otel_alerting.telemetry import Counters

    try:
        build(config, clock=SystemClock(), counters=Counters()).close()
    except ConfigurationError as error:
        yield from error.problems
    except ValueError as error:
        yield Problem("the configuration", "", "parts that do not work together", str(error))


def text_problems(found: Examined) -> tuple[Problem, ...]:
    """What is wrong with the words: templates, annotations, catalogues."""
    from otel_alerting.cli.check import catalogues

    known = _folders_are_known(found)
    templates = template_problems(found.config, found.rules, folders_are_known=known)
    return (*templates, *catalogues.problems(found.config))


def template_problems(
    config: Config, places: Sequence[Spot] = (), *, folders_are_known: bool = True
) -> Iterable[Problem]:
    """What is wrong with templates and annotations.

    Args:
        config: the configuration.
        places: where each of its rules was written; by default they go by their names.
        folders_are_known: without, a template that is not there may be in a folder that could not be read.
    """
    from otel_alerting.cli.check import templates, words

    places = places or [Spot(f"rule {rule.alert}") for rule in config.rules]
    yield from templates.problems(config, places, folders_are_known=folders_are_known)
    yield from words.problems(config.rules, places)


def _text_notes(found: Examined) -> tuple[str, ...]:
    from otel_alerting.cli.check import catalogues, templates, words

    config = found.config
    catalogue_notes = catalogues.notes(config, templates.folders_of(config))
    return (*words.notes(found), *templates.notes(config), *catalogue_notes)


def _folders_are_known(found: Examined) -> bool:
    """Could all folders of templates be read? A template may be in one that could not."""
    paths = ("templates", *(f"{step('tenants', name)}.templates" for name in found.config.tenants))
    return all(found.spot(path).is_sound for path in paths)


@dataclass(frozen=True)
class _Report:
    """What was found, as people read it and as machines do."""

    file: str
    config: Config
    problems: Sequence[Problem]
    notes: Sequence[str]

    def data(self) -> Mapping[str, object]:
        return {
            "ok": not self.problems,
            "file": self.file,
            "problems": [
                {"where": one.where, "path": one.path, "found": one.found, "right": one.right} for one in self.problems
            ],
            "notes": list(self.notes),
            **({} if self.problems else self._counts()),
        }

    def print(self) -> None:
        for problem in self.problems:
            print(problem, file=sys.stderr)
        for note in self.notes:
            print(f"note: {note}", file=sys.stderr)
        if self.problems:
            print(_number(len(self.problems), "problems"), file=sys.stderr)
            return
        counts = ", ".join(_number(number, word) for word, number in self._counts().items())
        told = self.config.route.receiver
        print(f"{self.file or 'environment variables'}: ok ({counts}; alerts go to {told!r})")

    def _counts(self) -> Mapping[str, int]:
        config = self.config
        return {"receivers": len(config.receivers), "tenants": len(config.tenants), "rules": len(config.rules)}


def _number(number: int, word: str) -> str:
    return f"{number} {word[:-1] if number == 1 else word}"
