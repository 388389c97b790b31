"""What was asked for is the rules of the files that are named, with other defaults where somebody tries some."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from otel_alerting.config.files import Files, Origin, named, origin
from otel_alerting.config.shapes import choose
from otel_alerting.errors import ConfigurationError, Problem
from otel_alerting.model.duration import Duration
from otel_alerting.rules.rule import Rule, RuleFile


def rules_asked(
    files: Sequence[str], *, interval: Duration | None, lateness: Duration | None, select: Sequence[str]
) -> Sequence[Rule]:
    """The rules to play to.

    Args:
        files: of rules.
        interval: for rules that say none, in place of their file's.
        lateness: the same.
        select: names; all rules where there are none.

    Raises:
        ConfigurationError: with all problems of all files, and names that no rule has.
    """
    reading = Files(os.environ, [])
    rules: dict[str, Rule] = {}
    for rule, place in _read(reading, files, interval, lateness):
        if rule.alert in rules:
            reading.problems.append(place(f"a second rule {rule.alert!r}", "a name that no other rule has"))
        rules[rule.alert] = rule
    unknown = [] if reading.problems else [name for name in select if name not in rules]
    problems = [*reading.problems, *(_unknown(name, rules) for name in unknown)]
    if problems:
        raise ConfigurationError(problems)
    return [rule for rule in rules.values() if not select or rule.alert in select]


def _read(
    reading: Files, files: Sequence[str], interval: Duration | None, lateness: Duration | None
) -> Iterator[tuple[Rule, Origin]]:
    for path in files:
        read = reading.read(Path(path), RuleFile, named("--rules"))
        if read is None or read.value is None:
            continue
        defaults = read.value.defaults
        given = msgspec.structs.replace(
            defaults,
            interval=defaults.interval if interval is None else interval,
            lateness=defaults.lateness if lateness is None else lateness,
        )
        file = msgspec.structs.replace(read.value, defaults=given)
        wrong = [*(("--interval: " + path, *rest) for path, *rest in given.problems()), *file.problems()]
        reading.problems.extend(read.problem(path, found, right) for path, found, right in wrong)
        for number, rule in enumerate(file.complete() if not wrong else ()):
            yield rule, origin(read, f"rules[{number}].alert")


def _unknown(name: str, rules: dict[str, Rule]) -> Problem:
    return Problem("--select", "", f"no rule {name!r}", choose(name, rules))
