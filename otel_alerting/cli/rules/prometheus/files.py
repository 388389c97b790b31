"""A rule file of Prometheus: its alerts and recorded series, each with its line. Custom resources are read, too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import yaml

from otel_alerting.cli.rules.prometheus.selecting import Recorded
from otel_alerting.errors import ConfigurationError, Problem
from otel_alerting.model.duration import Duration

_Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Text:
    """A scalar with its place in the file."""

    value: str
    line: int
    """Of its first character."""
    is_literal: bool = False
    """Do its line breaks stand in the file as they stand in the text?"""

    def line_of(self, at: int) -> int:
        """The line of one of its characters; of its beginning where the file folds its lines."""
        return self.line + self.value.count("\n", 0, at) if self.is_literal else self.line


@dataclass(frozen=True)
class AlertingRule:
    """One alert as it is written for Prometheus."""

    name: str
    expression: Text
    file: str
    line: int
    hold: int = 0
    keep: int = 0
    interval: int = 0
    """The group's; 0 where it says none."""
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)

    @property
    def where(self) -> str:
        """File and line."""
        return f"{self.file}:{self.line}"


@dataclass
class Rules:
    """What the files have."""

    alerts: list[AlertingRule] = field(default_factory=list)
    records: dict[str, list[Recorded]] = field(default_factory=dict)


def read_rules(text: str, file: str, into: Rules) -> Sequence[Problem]:
    """Read all documents of a file; the problem when it is no YAML, or has no groups of rules."""
    try:
        _read(text, file, into)
    except ConfigurationError as error:
        return error.problems
    return ()


def _read(text: str, file: str, into: Rules) -> None:
    try:
        documents = list(yaml.compose_all(text, Loader=_Loader))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise _trouble(file, line, str(error.problem), "YAML") from None
    except yaml.YAMLError as error:
        raise _trouble(file, 1, str(error), "YAML") from None
    groups = [group for document in documents for group in _groups(document, file)]
    if not groups:
        raise _trouble(file, 1, "no groups of rules", "groups: [{name: …, rules: […]}], or a PrometheusRule")
    for group in groups:
        _read_group(_mapping(group, file), file, into)


def _groups(document: yaml.Node, file: str) -> Iterator[yaml.Node]:
    """The groups of a rule file, of a custom resource, or of a list of those."""
    keys = _mapping(document, file)
    for name in ("groups", "spec"):
        if name in keys:
            inner = keys[name]
            yield from _items(inner) if name == "groups" else _groups(inner, file)
            return
    for item in _items(keys["items"]) if "items" in keys else ():
        yield from _groups(item, file)


def _read_group(group: Mapping[str, yaml.Node], file: str, into: Rules) -> None:
    interval = _duration(group.get("interval"), file)
    labels = _texts(group.get("labels"), file)
    for node in _items(group["rules"]) if "rules" in group else ():
        rule = _mapping(node, file)
        name, expression = rule.get("alert") or rule.get("record"), rule.get("expr")
        if name is None or expression is None:
            raise _trouble(file, _line(node), "a rule without a name or without expr", "alert: NAME and expr: …")
        own = {**labels, **_texts(rule.get("labels"), file)}
        if "record" in rule:
            recorded = Recorded(_text(expression).value, f"{file}:{_line(node)}", own)
            into.records.setdefault(_text(name).value, []).append(recorded)
            continue
        into.alerts.append(_alert(rule, node, file, own, interval))


def _alert(
    rule: Mapping[str, yaml.Node], node: yaml.Node, file: str, labels: Mapping[str, str], interval: int
) -> AlertingRule:
    return AlertingRule(
        name=_text(rule["alert"]).value,
        expression=_text(rule["expr"]),
        file=file,
        line=_line(node),
        hold=_duration(rule.get("for"), file),
        keep=_duration(rule.get("keep_firing_for"), file),
        interval=interval,
        labels=labels,
        annotations=_texts(rule.get("annotations"), file),
    )


# YAML


def _mapping(node: yaml.Node, file: str) -> Mapping[str, yaml.Node]:
    if not isinstance(node, yaml.MappingNode):
        raise _trouble(file, _line(node), "no mapping", "a mapping, as groups: […]")
    merged: dict[str, yaml.Node] = {}
    for key, value in node.value:
        if key.tag.endswith(":merge"):
            for part in _items(value) if isinstance(value, yaml.SequenceNode) else [value]:
                merged = {**_mapping(part, file), **merged}
    return {**merged, **{str(key.value): value for key, value in node.value if not key.tag.endswith(":merge")}}


def _items(node: yaml.Node) -> Sequence[yaml.Node]:
    return node.value if isinstance(node, yaml.SequenceNode) else []


def _text(node: yaml.Node) -> Text:
    is_literal = isinstance(node, yaml.ScalarNode) and node.style == "|"
    is_block = isinstance(node, yaml.ScalarNode) and node.style in ("|", ">")
    return Text(str(node.value), _line(node) + is_block, is_literal=is_literal)


def _texts(node: yaml.Node | None, file: str) -> dict[str, str]:
    if node is None or (isinstance(node, yaml.ScalarNode) and not node.value):
        return {}
    return {name: _text(value).value for name, value in _mapping(node, file).items()}


def _duration(node: yaml.Node | None, file: str) -> int:
    if node is None or not str(node.value):
        return 0
    try:
        return int(Duration.parse(str(node.value)))
    except ValueError as error:
        raise _trouble(file, _line(node), repr(str(node.value)), str(error)) from None


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _trouble(file: str, line: int, found: str, right: str) -> ConfigurationError:
    return ConfigurationError([Problem(f"{file}:{line}", "", found, right)])
