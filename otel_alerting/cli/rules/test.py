"""`rules test` plays signals to rules and says where the alerts are others than those that are expected."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from otel_alerting.errors import ConfigurationError, Problem
from otel_alerting.model.duration import Duration

if TYPE_CHECKING:
    from otel_alerting.testing.rules import Outcome
    from otel_alerting.testing.rules.verdict import Difference

NAME = "rules test"
HELP = "Test rules: play signals to them, and tell every alert that is not as expected."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say which arguments it takes."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="tests, in YAML")
    parser.add_argument("--draw", action="store_true", help="also draw the alerts of tests that hold")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Test and print: 0 when all is as expected, 1 when something is not, 2 when a file cannot be read."""
    results = []
    for path in args.files:
        results.append(_tested(path))
        if not args.json:
            _print(results[-1], draw=args.draw)
    if args.json:
        print(json.dumps(_report(results), indent=2, ensure_ascii=False))
    return 2 if any(one.problems for one in results) else 0 if all(one.ok for one in results) else 1


@dataclass(frozen=True)
class _Result:
    """What came of one file: outcomes, or problems."""

    file: str
    outcomes: Sequence[Outcome]
    problems: Sequence[Problem]

    @property
    def ok(self) -> bool:
        return not self.problems and all(one.ok for one in self.outcomes)


def _tested(path: str) -> _Result:
    from otel_alerting.testing.rules import outcomes
    from otel_alerting.testing.rules.file import load

    try:
        return _Result(path, tuple(outcomes(load(Path(path)))), ())
    except ConfigurationError as error:
        return _Result(path, (), error.problems)


# For people


def _print(result: _Result, *, draw: bool) -> None:
    from otel_alerting.testing.rules.report import drawn, told

    for problem in result.problems:
        print(problem, file=sys.stderr)
    for outcome in result.outcomes:
        if not outcome.ok:
            print("\n".join(told(outcome)))
        if draw and outcome.ok:
            print(f"{outcome.where}: {outcome.name}")
            print("\n".join(drawn(outcome, outcome.played.courses)))
    if not result.problems:
        failed, every = sum(not one.ok for one in result.outcomes), len(result.outcomes)
        counted = f"{every} {'test' if every == 1 else 'tests'}"
        print(f"{result.file}: " + (f"{failed} of {counted} failed" if failed else f"ok, {counted}"))


# For machines


def _report(results: Sequence[_Result]) -> Mapping[str, object]:
    return {
        "ok": all(one.ok for one in results),
        "files": [
            {
                "file": one.file,
                "ok": one.ok,
                "problems": [
                    {"where": each.where, "path": each.path, "found": each.found, "right": each.right}
                    for each in one.problems
                ],
                "tests": [_test_report(outcome) for outcome in one.outcomes],
            }
            for one in results
        ],
    }


def _test_report(outcome: Outcome) -> Mapping[str, object]:
    return {
        "name": outcome.name,
        "where": outcome.where,
        "ok": outcome.ok,
        "differences": [_difference_report(outcome, where, one) for where, one in outcome.differences],
    }


def _difference_report(outcome: Outcome, where: str, one: Difference) -> Mapping[str, object]:
    start = outcome.test.start
    return {
        "where": where,
        "path": one.path,
        "at": str(Duration(one.at)),
        "expected": one.expected,
        "found": list(one.found),
        "changes": [
            {
                "at": str(Duration(told.at - start)),
                "alert": course.name,
                "labels": dict(course.labels),
                "state": told.state,
                "severity": told.severity.word if told.severity else None,
                "value": told.value,
            }
            for course in one.courses
            for told in course.told()
        ],
    }
