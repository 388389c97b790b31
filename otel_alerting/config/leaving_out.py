"""A cost is what a program does without that runs on with a mistake in its configuration: a rule, or a tenant.

A mistake inside a rule costs that rule; one beside the rules of a file, in its `defaults` or its YAML, costs all rules
of that file, because each of them would be another one without it. The same goes for rules in the main file. A mistake
in a tenant's own file costs that tenant, whose alerts then go the way of those of unknown tenants.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import msgspec

from otel_alerting.config.read import place_of
from otel_alerting.config.schema import Config
from otel_alerting.config.spot import Spot
from otel_alerting.errors import Problem

_RULE = re.compile(r"rules\[\d+\]")
_RULES = re.compile(r"(rules|rule_files)(?![\w-])")


@dataclass(frozen=True)
class Cost:
    """What a mistake costs where it is left out with what it is in."""

    fault: Problem
    words: str
    """What is left out, in words: `this rule is`."""
    file: str = ""
    rules: str = ""
    """The path of the rule, or of all that are below it."""
    tenant: str = ""


@dataclass(frozen=True)
class Remote:
    """Whose mistakes are not those of the whole configuration."""

    main: str
    """The main file."""
    rule_files: Collection[str]
    tenants: Mapping[str, str]
    """By file: the tenant in it; empty for a second file of a tenant."""
    pattern: str
    """The variable or keyword that names rule files; empty where none does."""

    def cost(self, fault: Problem) -> Cost | None:
        """What has to be left out because of a mistake; None for the whole configuration."""
        file, _ = place_of(fault)
        if file in self.rule_files:
            return _cost_in_rules(fault, file)
        if file in self.tenants:
            return Cost(fault, "this tenant is", tenant=self.tenants[file])
        if file == self.main and _RULES.match(fault.path):
            return _cost_in_rules(fault, file) if fault.path.startswith("rules[") else _cost_of_a_key(fault, file)
        return Cost(fault, "these rules are") if file == self.pattern else None


def without(config: Config, costs: Iterable[Cost], rules: Iterable[Spot]) -> Config:
    """The configuration without what mistakes cost; `rules` says where each of its rules was written."""
    costs = tuple(costs)
    gone = {cost.tenant for cost in costs if cost.tenant}
    lost: dict[str, set[str]] = {}
    for cost in costs:
        if cost.file:
            lost.setdefault(cost.file, set()).add(cost.rules)
    kept = [rule for rule, spot in zip(config.rules, rules, strict=True) if not _is_lost(spot, lost)]
    tenants = {name: tenant for name, tenant in config.tenants.items() if name not in gone} if gone else config.tenants
    return msgspec.structs.replace(config, rules=tuple(kept), tenants=tenants)


def _is_lost(spot: Spot, lost: Mapping[str, set[str]]) -> bool:
    return not lost.get(spot.name, set()).isdisjoint(("", spot.path))


def _cost_in_rules(fault: Problem, file: str) -> Cost:
    rule = _RULE.match(fault.path)
    if rule is None:
        return Cost(fault, "the rules of this file are", file=file)
    return Cost(fault, "this rule is", file=file, rules=rule[0])


def _cost_of_a_key(fault: Problem, file: str) -> Cost:
    """`rules` that is no list costs all in the file; a pattern that finds nothing has nothing to lose."""
    return Cost(fault, "these rules are", file=file if fault.path == "rules" else "")
