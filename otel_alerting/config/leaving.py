"""What a program that is to run on leaves out of its configuration: rules with a mistake in them, and only those.

One wrong rule must not take Slack away from all others. `otel-alerting check` refuses the same files.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from otel_alerting.config.load import Examined, examine, say
from otel_alerting.config.schema import Config
from otel_alerting.config.settings import replace, variable
from otel_alerting.config.spot import Spot
from otel_alerting.errors import ConfigurationError, Problem

_BY_HAND = ("rules=", variable("rules"))
"""Where rule files are named outside of files."""


class Usable(NamedTuple):
    """A configuration without what is wrong in it."""

    config: Config
    left_out: tuple[Problem, ...]
    """Why rules are missing."""
    examined: Examined


def load_usable(path: str | None, overrides: Mapping[str, str]) -> Usable:
    """Load the configuration, without rules that have a mistake.

    Raises:
        ConfigurationError: with all problems, when some of them are elsewhere.
    """
    found = examine(path, None, overrides)
    say(found)
    left_out = tuple(fault for fault in found.faults if _is_of_a_rule(fault, found))
    if len(left_out) < len(found.faults):
        raise ConfigurationError(found.faults)
    written = zip(found.config.rules, found.rules, strict=True)
    whole = tuple(rule for rule, spot in written if not any(_lies_in(fault, spot) for fault in left_out))
    return Usable(replace(found.config, rules=whole), left_out, found)


def _is_of_a_rule(fault: Problem, found: Examined) -> bool:
    """Does a mistake stand in a rule, in a file of rules, or where such files are named?"""
    file = _file(fault)
    others = {found.main.name, *(spot.name for spot in found.tenants.values())}
    if file in found.files and file not in others:
        return True
    top = fault.path.partition("[")[0].partition(".")[0]
    return file in _BY_HAND or (file == found.main.name and top in ("rules", "rule_files"))


def _lies_in(fault: Problem, spot: Spot) -> bool:
    """Does a mistake stand in this rule, or in what holds for all rules of its file?"""
    if _file(fault) != spot.name:
        return False
    return not fault.path.startswith("rules[") or f"{fault.path}.".startswith(f"{spot.path}.")


def _file(fault: Problem) -> str:
    """Without the line."""
    file, _, line = fault.where.rpartition(":")
    return file if line.isdigit() else fault.where
