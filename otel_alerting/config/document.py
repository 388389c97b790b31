"""A YAML text as a tree that remembers where everything stands and what came from the environment.

Scalars keep both the text and what YAML makes of it, so that whoever knows the wanted type decides: `locale: no` is
Norwegian, not false. Variables are put in here, `${env:NAME}`, `${env:NAME:-default}`, `${NAME}`, `${NAME:-default}`;
`$${` stands for a literal `${`. A variable that is empty counts as not set, as everywhere in OpenTelemetry.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import yaml

from otel_alerting.config.paths import step
from otel_alerting.config.sentence import quoted
from otel_alerting.errors import Problem

Plain: TypeAlias = str | int | float | bool | None


@dataclass(frozen=True)
class Scalar:
    """A single value."""

    said: str
    """The text, after variables were put in."""
    value: Plain
    """What YAML makes of it."""
    line: int
    plain: bool
    """Was it written without quotes?"""
    source: str = ""
    """The variables it came from, `${env:NAME}`; such a value is never shown."""
    broken: bool = False
    """Has a problem been told already, so that nobody need look at it again?"""


@dataclass(frozen=True)
class Items:
    """A list."""

    nodes: tuple[Node, ...]
    line: int


@dataclass(frozen=True)
class Pairs:
    """A mapping; keys are always text."""

    nodes: Mapping[str, Node]
    lines: Mapping[str, int]
    """Where each key stands."""
    line: int


Node: TypeAlias = Scalar | Items | Pairs

_TAG = "tag:yaml.org,2002:"
_KNOWN_TAGS = frozenset({"map", "seq", "null", "bool", "int", "float", "str", "timestamp", "value", "merge"})
_Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_resolve: Callable[..., object] = yaml.resolver.Resolver().resolve
_REFERENCE = re.compile(r"\$?\$\{([^}]*)(\}|\Z)")
_NAMED = re.compile(r"(?:env:)?([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?", re.DOTALL)
_DECIMAL = re.compile(r"[-+]?[0-9][0-9_]*")
_BASED = re.compile(r"[-+]?0[xob][0-9a-fA-F_]+")
_POWER = re.compile(r"[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]{1,3}")
_FLOATS = {".inf": "inf", "+.inf": "inf", "-.inf": "-inf", ".nan": "nan"}


def parse(text: str, where: str, env: Mapping[str, str]) -> tuple[Node | None, list[Problem]]:
    """Read a text; None for an empty one or one that is no YAML. `where` is the file's name for the problems."""
    parser = _Parser(where, env)
    try:
        root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        return None, [_syntax(error, text, where)]
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        return None, [Problem(f"{where}:{line}", "", "a character that YAML does not allow", "text in UTF-8")]
    except (RecursionError, ValueError):
        return None, [Problem(where, "", "YAML nested too deeply", "a flatter file")]
    if root is None:
        return None, [Problem(where, "", "an empty file", "at least `version: 1`")]
    return parser.node(root, ""), parser.problems


def shown(node: Node) -> str:
    """What stands there, in words; never what came from the environment, never a credential."""
    if isinstance(node, Items):
        return "a list" if node.nodes else "an empty list"
    if isinstance(node, Pairs):
        return "a mapping" if node.nodes else "an empty mapping"
    if node.source:
        return f"the value of {node.source}"
    if node.value is None:
        return "nothing"
    said = quoted(node.said)
    return said if isinstance(node.value, str) else said[1:-1]


def unseen(node: Node, found: str, right: str) -> tuple[str, str]:
    """The words of a problem without what came from the environment."""
    if not isinstance(node, Scalar) or not node.source:
        return found, right
    right = right.replace(repr(node.said), "it")
    if node.said and node.said in right:
        right = "another value"
    return shown(node), right


def locate(root: Node, path: str) -> tuple[int, Node]:
    """Line and node of a path, or of as much of it as is there."""
    node, line, rest = root, root.line, path
    while rest:
        rest = rest.removeprefix(".")
        if isinstance(node, Items):
            found = re.match(r"\[(\d+)\]", rest)
            if not found or int(found[1]) >= len(node.nodes):
                break
            node, rest = node.nodes[int(found[1])], rest[found.end() :]
            line = node.line
        elif isinstance(node, Pairs):
            key, length = _first_key(node, rest)
            if not length:
                break
            line, node, rest = node.lines[key], node.nodes[key], rest[length:]
        else:
            break
    return line, node


def _first_key(node: Pairs, rest: str) -> tuple[str, int]:
    """The longest key with which the rest of a path begins, and how much of the path it takes; names may have dots."""
    best, length = "", 0
    for key in node.nodes:
        for form in (key, f'["{key}"]'):
            if rest.startswith(form) and rest[len(form) : len(form) + 1] in ("", ".", "[") and len(form) > length:
                best, length = key, len(form)
    return best, length


def substituted(said: str, env: Mapping[str, str]) -> tuple[str, str]:
    """The text with its variables put in, and the references it had.

    Raises:
        LookupError: with the name of a variable that is not set and has no default.
        ValueError: with a reference that cannot be read; what follows an unclosed one may be a secret.
    """
    sources: list[str] = []

    def put(found: re.Match[str]) -> str:
        if found[0].startswith("$$"):
            return found[0][1:]
        if not found[2]:
            raise ValueError("an unclosed ${")
        named = _NAMED.fullmatch(found[1])
        if not named:
            raise ValueError(f"the reference {found[0]}")
        sources.append(f"${{env:{named[1]}}}")
        value = env.get(named[1], "") or named[2]
        if value is None:
            raise LookupError(named[1])
        return value

    return _REFERENCE.sub(put, said), " ".join(sources)


@dataclass
class _Parser:
    where: str
    env: Mapping[str, str]
    problems: list[Problem] = field(default_factory=list)
    _done: dict[int, Node | None] = field(default_factory=dict)

    def node(self, raw: yaml.Node, path: str) -> Node:
        """The same node of ours; an anchor is read once, however often it is used."""
        if id(raw) in self._done:
            done = self._done[id(raw)]
            if done is not None:
                return done
            self._say(raw, path, "an anchor that contains itself", "one that does not")
            return Scalar("", None, raw.start_mark.line + 1, plain=True, broken=True)
        self._done[id(raw)] = None
        node = self._made(raw, path)
        self._done[id(raw)] = node
        return node

    def _made(self, raw: yaml.Node, path: str) -> Node:
        line = raw.start_mark.line + 1
        if str(raw.tag).removeprefix(_TAG) not in _KNOWN_TAGS:
            self._say(raw, path, f"the tag {raw.tag}", "a value without a tag")
        if isinstance(raw, yaml.SequenceNode):
            return Items(tuple(self.node(item, step(path, n)) for n, item in enumerate(raw.value)), line)
        if isinstance(raw, yaml.MappingNode):
            return self._pairs(raw, path)
        assert isinstance(raw, yaml.ScalarNode)
        return self._scalar(raw, path)

    def _pairs(self, raw: yaml.MappingNode, path: str) -> Pairs:
        nodes: dict[str, Node] = {}
        lines: dict[str, int] = {}
        merged: dict[str, tuple[Node, int]] = {}
        for key, value in raw.value:
            line = key.start_mark.line + 1
            if key.tag == _TAG + "merge":
                self._merge(self.node(value, path), merged, line, path)
                continue
            name = self._key(key, path)
            if name in nodes:
                self._say(key, step(path, name), f"the key {name!r} again", f"it once (the first: line {lines[name]})")
                continue
            lines[name] = line
            nodes[name] = self.node(value, step(path, name))
        for name, (node, line) in merged.items():
            if name not in nodes:
                nodes[name], lines[name] = node, line
        return Pairs(nodes, lines, raw.start_mark.line + 1)

    def _merge(self, node: Node, into: dict[str, tuple[Node, int]], line: int, path: str) -> None:
        """`<<: *anchor`: the anchor's pairs, behind those that stand here."""
        parts = node.nodes if isinstance(node, Items) else (node,)
        for part in parts:
            if not isinstance(part, Pairs):
                self.problems.append(
                    Problem(f"{self.where}:{line}", path, shown(part) + " behind <<", "an anchor to a mapping")
                )
                return
            for name, value in part.nodes.items():
                into.setdefault(name, (value, line))

    def _key(self, raw: yaml.Node, path: str) -> str:
        if not isinstance(raw, yaml.ScalarNode):
            self._say(raw, path, "a list or mapping as a key", "a text as the key")
            return ""
        name = str(raw.value)
        if raw.tag == _TAG + "bool" and name.lower() not in ("true", "false"):
            self._say(
                raw, step(path, name), f"the key {name}, which YAML 1.1 reads as a boolean", f'"{name}" in quotes'
            )
        return name

    def _scalar(self, raw: yaml.ScalarNode, path: str) -> Scalar:
        said, source, before = str(raw.value), "", len(self.problems)
        try:
            said, source = substituted(said, self.env)
        except LookupError as error:
            name = error.args[0]
            right = f"it to be set, or a default: ${{env:{name}:-…}}"
            self._say(raw, path, f"the variable {name}, which is not set", right)
        except ValueError as error:
            self._say(raw, path, str(error), "${env:NAME} or ${env:NAME:-default}; $${ for the text ${")
        plain = not raw.style  # None, or empty where libyaml reads
        value = resolved(said) if plain and source else _value(said, str(raw.tag).removeprefix(_TAG), plain=plain)
        broken = len(self.problems) > before
        return Scalar(said, value, raw.start_mark.line + 1, plain=plain, source=source, broken=broken)

    def _say(self, raw: yaml.Node, path: str, found: str, right: str) -> None:
        self.problems.append(Problem(f"{self.where}:{raw.start_mark.line + 1}", path, found, right))


def resolved(said: str) -> Plain:
    """What YAML makes of a text without quotes."""
    return _value(said, str(_resolve(yaml.ScalarNode, said, (True, False))).removeprefix(_TAG), plain=True)


def _value(said: str, tag: str, *, plain: bool) -> Plain:
    """What YAML makes of a text; but `12:30` (base 60) and dates stay text, and `1e3` is a number."""
    if tag == "null":
        return None
    if tag == "bool":
        return said.lower() in ("true", "yes", "on")
    if tag == "int" and _BASED.fullmatch(said):
        return int(said.replace("_", ""), 0)
    if tag == "int" and _DECIMAL.fullmatch(said):
        return int(said.replace("_", ""))
    if tag == "str" and plain and _POWER.fullmatch(said):
        return float(said)
    if tag == "float" and ":" not in said:
        return float(_FLOATS.get(said.lower(), said.replace("_", "")))
    return said


def _syntax(error: yaml.MarkedYAMLError, text: str, where: str) -> Problem:
    """YAML's own words for it, without the line itself: a secret may stand there."""
    mark = error.problem_mark or error.context_mark
    line = mark.line + 1 if mark else 1
    found = f"no YAML ({error.problem or error.context or 'it ends too early'})"
    lines = text.splitlines()
    near = lines[max(0, line - 2) : line]
    right = "${…} in quotes" if any("${" in one for one in near) else "a YAML document with spaces for indentation"
    return Problem(f"{where}:{line}", "", found, right)
