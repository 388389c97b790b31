"""The text of a rule file: small mappings and lists on one line, as people write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import yaml

_BLOCKS = ("labels", "annotations")
_WIDTH = 140


class _Dumper(yaml.SafeDumper):
    pass


class _OnOneLine(dict[str, object]):
    """A mapping in braces."""


def _flow(dumper: _Dumper, value: _OnOneLine) -> yaml.Node:
    return dumper.represent_mapping("tag:yaml.org,2002:map", value.items(), flow_style=True)


def _list(dumper: _Dumper, value: list[object]) -> yaml.Node:
    is_small = not any(isinstance(one, Mapping) for one in value)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=is_small)


def _str(dumper: _Dumper, value: str) -> yaml.Node:
    style = "|" if "\n" in value and not any(line.endswith(" ") for line in value.splitlines()) else None
    if value == "on" or ("'" in value and not set('"\\\n') & set(value)):
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(_OnOneLine, _flow)
_Dumper.add_representer(list, _list)
_Dumper.add_representer(str, _str)


def document(rules: Sequence[Mapping[str, object]]) -> str:
    """A rule file with these rules."""
    if not rules:
        return "version: 1\nrules: []\n"
    intervals = {rule.get("interval") for rule in rules}
    shared = intervals.pop() if len(intervals) == 1 else None
    defaults = f"defaults: {{interval: {shared}}}\n" if shared else ""
    own = [{key: value for key, value in rule.items() if key != "interval" or not shared} for rule in rules]
    return f"version: 1\n{defaults}rules:\n" + "\n".join(map(_rule, own))


def _rule(rule: Mapping[str, object]) -> str:
    said = {key: _escaped(value) if key in _BLOCKS else _folded(_escaped(value), key) for key, value in rule.items()}
    return yaml.dump([said], Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH)


def _folded(value: object, key: str) -> object:
    """Conditions beside the rule's own stand each on lines of its own."""
    if isinstance(value, Mapping):
        inner = {name: _folded(one, "") for name, one in value.items()}
        return inner if len(str(value)) > _WIDTH else _OnOneLine(inner)
    if isinstance(value, list):
        return [_folded(one, "") for one in value]
    return value


def _escaped(value: object) -> object:
    """`${` would be a variable in our files."""
    if isinstance(value, str):
        return value.replace("${", "$${")
    if isinstance(value, Mapping):
        return {name: _escaped(one) for name, one in value.items()}
    return [_escaped(one) for one in value] if isinstance(value, list) else value
