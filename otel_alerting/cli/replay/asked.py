"""What was asked for is the rules of the files that are named, with other defaults where somebody tries some."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from otel_alerting.config.cross_check import repeated, rule_misfits
from otel_alerting.config.files import Files
from otel_alerting.config.read import in_order
from otel_alerting.config.shapes import choose
from otel_alerting.config.spot import Spot
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
    reading = Files(os.environ)
    rules: dict[str, Rule] = {}
    seen: dict[str, Spot] = {}
    for found in _read(reading, files, interval, lateness):
        reading.problems.extend(repeated(found, seen))
        seen.update({rule.alert: spot.down("alert") for rule, spot in found if rule.alert not in seen})
        rules.update({rule.alert: rule for rule, _ in found})
    unknown = [] if reading.problems else [name for name in select if name not in rules]
    problems = [*reading.problems, *(_unknown(name, rules) for name in unknown)]
    if problems:
        raise ConfigurationError(in_order(problems, reading.names))
    return [rule for rule in rules.values() if not select or rule.alert in select]


def _read(
    reading: Files, files: Sequence[str], interval: Duration | None, lateness: Duration | None
) -> Iterator[list[tuple[Rule, Spot]]]:
    for path in files:
        read = reading.read(Path(path), RuleFile, Spot("--rules"))
        if read is None or read.mended is None:
            continue
        defaults = read.mended.defaults
        given = msgspec.structs.replace(
            defaults,
            interval=defaults.interval if interval is None else interval,
            lateness=defaults.lateness if lateness is None else lateness,
        )
        file, top = msgspec.structs.replace(read.mended, defaults=given), Spot.of(read)
        reading.problems.extend(Problem("--interval", path, found, right) for path, found, right in given.problems())
        reading.problems.extend(rule_misfits(file, top))
        yield [(rule, top.down(f"rules[{number}]")) for number, rule in enumerate(file.complete())]


def _unknown(name: str, rules: dict[str, Rule]) -> Problem:
    return Problem("--select", "", repr(name), "a rule's name, " + choose(name, rules))
