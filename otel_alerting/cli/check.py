"""`check` reads all that users write (configuration, rules, templates, catalogues) and tells every problem at once."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from otel_alerting.cli import surroundings
from otel_alerting.config.schema import Config
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
    config: Config | None = None
    try:
        config = around.load()
        problems = [*build_problems(config), *template_problems(config), *catalogue_problems(config)]
    except ConfigurationError as error:
        problems = list(error.problems)
    notes = _notes(around)
    if args.json:
        print(json.dumps(_report(around.file, config, problems, notes), indent=2, ensure_ascii=False))
    else:
        _print(around.file, config, problems, notes)
    return 1 if problems else 0


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


def template_problems(config: Config) -> Iterable[Problem]:
    """Templates that do not compile, annotations that do not, and templates that a rule names and nobody has."""
    from otel_alerting.config.shapes import choose
    from otel_alerting.errors import TemplateError
    from otel_alerting.render.templates import TemplateEngine

    engine = TemplateEngine(config.templates)
    folders = [tenant.templates for tenant in config.tenants.values() if tenant.templates is not None]
    engines = [engine, *(engine.beneath(folder) for folder in folders)]
    broken: dict[str, TemplateError] = {str(error): error for one in engines for error in one.problems()}
    for error in broken.values():
        where = f"{error.name}:{error.line}" if error.line else error.name
        yield Problem(where, "", error.reason, "a template that compiles")
    for rule in config.rules:
        named = rule.template
        if named and not any(one.has(named, format_) for one in engines for format_ in ("slack", "text")):
            known = sorted({name for one in engines for name in one.names("slack")})
            yield Problem(f"rule {rule.alert}", "template", f"no template {named!r}", choose(named, known))
        yield from _annotation_problems(rule.alert, rule.annotations)


def _annotation_problems(rule: str, annotations: Mapping[str, str]) -> Iterable[Problem]:
    for name, source in annotations.items():
        trouble = _compile_error(source)
        if trouble:
            yield Problem(f"rule {rule}", f"annotations.{name}", trouble, "a template that compiles")


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


def _notes(around: surroundings.Surroundings) -> Sequence[str]:
    from otel_alerting.config.settings import unknown_variables

    return [f"the variable {name} means nothing; {right}" for name, right in unknown_variables(around.env).items()]


def _counts(config: Config) -> Mapping[str, int]:
    return {"receivers": len(config.receivers), "tenants": len(config.tenants), "rules": len(config.rules)}


def _report(
    file: str, config: Config | None, problems: Sequence[Problem], notes: Sequence[str]
) -> Mapping[str, object]:
    return {
        "ok": not problems,
        "file": file,
        "problems": [
            {"where": one.where, "path": one.path, "found": one.found, "right": one.right} for one in problems
        ],
        "notes": list(notes),
        **(_counts(config) if config else {}),
    }


def _print(file: str, config: Config | None, problems: Sequence[Problem], notes: Sequence[str]) -> None:
    for problem in problems:
        print(problem, file=sys.stderr)
    for note in notes:
        print(f"note: {note}", file=sys.stderr)
    if problems or config is None:
        print(f"{len(problems)} {'problem' if len(problems) == 1 else 'problems'}", file=sys.stderr)
        return
    counts = ", ".join(f"{number} {word[:-1] if number == 1 else word}" for word, number in _counts(config).items())
    told = config.route.receiver
    print(f"{file or 'environment variables'}: ok ({counts}; alerts go to {told!r})")
