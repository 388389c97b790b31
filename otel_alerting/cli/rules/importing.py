"""`rules import` brings rules here that were written for something else, and says what of them it cannot."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from otel_alerting.errors import ConfigurationError, Problem

if TYPE_CHECKING:
    from otel_alerting.cli.rules.prometheus.files import Rules

NAME = "rules import"
HELP = "Turn alerting rules of Prometheus into rules of ours; tell what cannot be said."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say which arguments it takes."""
    parser.add_argument("source", choices=("prometheus",), metavar="prometheus", help="what the rules were written for")
    parser.add_argument("files", nargs="+", metavar="FILE", help="rule files or PrometheusRule resources; - for input")
    parser.add_argument("-o", "--output", metavar="OUT.yaml", help="the file to write (default: standard output)")
    parser.add_argument(
        "--rename",
        action="append",
        type=_name,
        default=[],
        metavar="LABEL=ATTRIBUTE",
        help="what signals call a label, as job=service.name; may be given again",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object: rules, notes and refusals")


def run(args: argparse.Namespace) -> int:
    """Translate, write, and tell what is not quite the same on stderr."""
    from otel_alerting.cli.rules.prometheus.bringing import as_json, bring, told
    from otel_alerting.cli.rules.prometheus.yaml_text import document

    rules = _read(args.files)
    made = bring(rules, dict(args.rename))
    if args.output:
        _write(Path(args.output), document(made.rules))
    if args.json:
        print(json.dumps(as_json(made), indent=2, ensure_ascii=False))
        return 0
    if not args.output:
        print(document(made.rules), end="")
    for line in told(made):
        print(line, file=sys.stderr)
    return 0


def _name(said: str) -> tuple[str, str]:
    label, equals, attribute = said.partition("=")
    if not (label and equals and attribute):
        raise argparse.ArgumentTypeError(f"found {said!r}; LABEL=ATTRIBUTE")
    return label, attribute


def _read(files: Sequence[str]) -> Rules:
    from otel_alerting.cli.rules.prometheus.files import Rules, read_rules

    rules = Rules()
    problems = [problem for file in files for problem in read_rules(_text(file), file, rules)]
    if problems:
        raise ConfigurationError(problems)
    return rules


def _text(file: str) -> str:
    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise ConfigurationError([Problem(file, "", str(why), "a rule file of Prometheus")]) from None


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise ConfigurationError([Problem(str(path), "", str(error.strerror), "a place to write to")]) from None
