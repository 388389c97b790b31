"""`check` reads all that users write (configuration, rules, templates, catalogues) and tells every problem at once."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from otel_alerting.cli import surroundings
from otel_alerting.config.load import Examined, examine
from otel_alerting.config.notes import notes
from otel_alerting.config.paths import step
from otel_alerting.config.schema import Config
from otel_alerting.config.sentence import quoted
from otel_alerting.config.shapes import choose
from otel_alerting.config.spot import Spot
from otel_alerting.errors import ConfigurationError, Problem
from otel_alerting.rules.rule import Rule

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
    templates = template_problems(found.config, found.rules, folders_are_known=_folders_are_known(found))
    problems = found.in_order((*templates, *catalogue_problems(found.config)))
    report = _Report(around.file, found.config, problems or tuple(build_problems(found.config)), tuple(notes(found)))
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


def template_problems(
    config: Config, places: Sequence[Spot] = (), *, folders_are_known: bool = True
) -> Iterable[Problem]:
    """Templates that do not compile, annotations that do not, and templates that a rule names and nobody has.

    Args:
        config: the configuration.
        places: where each of its rules was written; by default they go by their names.
        folders_are_known: without, a template that is not there may be in a folder that could not be read.
    """
    from otel_alerting.render.templates import TemplateEngine

    engine = TemplateEngine(config.templates)
    folders = {tenant.templates for tenant in config.tenants.values() if tenant.templates is not None}
    engines = [engine, *(engine.beneath(folder) for folder in sorted(folders))]
    broken = {str(error): error for one in engines for error in one.problems()}
    for error in broken.values():
        where = f"{error.name}:{error.line}" if error.line else error.name
        yield Problem(where, "", error.reason, "a template that compiles")
    known = {name for one in engines for format_ in ("slack", "text") for name in one.names(format_)}
    places = places or [Spot(f"rule {rule.alert}") for rule in config.rules]
    for rule, place in zip(config.rules, places, strict=True):
        if rule.template and folders_are_known and rule.template not in known:
            yield place.down("template").misfit(repr(rule.template), choose(rule.template, known))
        yield from _annotation_problems(rule, place)


def _annotation_problems(rule: Rule, place: Spot) -> Iterable[Problem]:
    for name, source in rule.annotations.items():
        trouble = _compile_error(source)
        if trouble:
            here = _nearest(place, step("annotations", name))
            yield here.misfit(f"{quoted(source)} ({trouble.rstrip('.')})", "a template that compiles")


def _folders_are_known(found: Examined) -> bool:
    """Could all folders of templates be read? A template may be in one that could not."""
    paths = ("templates", *(f"{step('tenants', name)}.templates" for name in found.config.tenants))
    return all(found.spot(path).is_sound for path in paths)


def _nearest(rule: Spot, path: str) -> Spot:
    """Where a rule says something, or the file's defaults do it for all of its rules."""
    own, shared = rule.down(path), rule.top(f"defaults.{path}")
    return shared if shared.is_written and not own.is_written else own


def _compile_error(source: str) -> str:
    import jinja2

    from otel_alerting.render.sandbox import Sandbox

    try:
        Sandbox(strict=True).from_string(source)
    except jinja2.TemplateError as error:
        return str(error.message)
    return ""


def catalogue_problems(config: Config) -> Iterable[Problem]:
    """Catalogues of the user's own that cannot be read, or whose translations lose a placeholder."""
    folder = config.locales
    for path in sorted(folder.glob("*/LC_MESSAGES/otel_alerting.po")) if folder else ():
        yield from _catalogue_problems(path)


def _catalogue_problems(path: Path) -> Iterable[Problem]:
    from babel import UnknownLocaleError
    from babel.messages.pofile import PoFileError, read_po

    try:
        with path.open("rb") as file:
            catalogue = read_po(file, locale=path.parent.parent.name, abort_invalid=True)
    except (OSError, ValueError, PoFileError, UnknownLocaleError) as error:
        yield Problem(str(path), "", str(error), "a catalogue that can be read")
        return
    for message, mistakes in catalogue.check():
        for mistake in mistakes:
            right = "a translation with the placeholders of the original"
            yield Problem(f"{path}:{message.lineno}", "", str(mistake), right)


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
