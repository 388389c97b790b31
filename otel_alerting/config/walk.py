"""A walk goes over a tree with a type in hand and makes the value, or tells what is wrong and goes on."""

from __future__ import annotations

import enum
import operator
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, cast, get_args, get_origin

import msgspec

from otel_alerting.config import document, shapes
from otel_alerting.config.document import Items, Node, Pairs, Scalar, shown, step
from otel_alerting.config.secret import Secret
from otel_alerting.config.shapes import Wanted, choose
from otel_alerting.config.values import FOLDER
from otel_alerting.errors import Problem


@dataclass(frozen=True)
class Place:
    """Where the walk is: the key's path and its line."""

    path: str
    line: int

    def down(self, key: str | int, line: int) -> Place:
        """One step further down."""
        return Place(step(self.path, key), line)


class _Bad(enum.Enum):
    BAD = enum.auto()


BAD = _Bad.BAD
"""Stands where a value could not be made; its problem is told."""


@dataclass
class Walk:
    """One walk over a tree; problems gather on the way. Relative paths in the text start from `folder`."""

    where: str
    folder: Path
    problems: list[Problem] = field(default_factory=list)

    def value(self, node: Node, wanted: Wanted, place: Place) -> object:
        """What the node is as a value of the type; `BAD` after a problem was told."""
        wanted, limits = shapes.bare(wanted)
        if isinstance(node, Scalar) and node.broken:
            return BAD
        if len(shapes.options(wanted)) > 1:
            made = self._union(node, shapes.options(wanted), place)
        elif isinstance(node, Scalar):
            made = self._scalar(node, wanted, place)
        elif isinstance(node, Items):
            made = self._items(node, wanted, place)
        else:
            made = self._pairs(node, wanted, place)
        return self._within(made, node, limits, place)

    def _say(self, place: Place, node: Node, found: str, right: str) -> object:
        self.problems.append(Problem(f"{self.where}:{place.line}", place.path, *unseen(node, found, right)))
        return BAD

    # Scalars

    def _scalar(self, node: Scalar, wanted: Wanted, place: Place) -> object:
        if shapes.is_anything(wanted):
            return self._plain(node, place)
        parse = shapes.parser(wanted)
        if wanted is str and node.source:
            return node.said  # `${env:NAME:-}` is an empty text, not a forgotten one
        if wanted is None or node.value is None:
            return None if wanted is None and node.value is None else self._wrong(node, wanted, place)
        if parse is not None:
            return self._parsed(node, parse, wanted, place)
        if get_origin(wanted) is Literal:
            return self._one_of(node, {str(one): one for one in get_args(wanted)}, place)
        if shapes.is_enum(wanted):
            return self._one_of(node, {str(one.value): one for one in cast("type[enum.Enum]", wanted)}, place)
        made = _primitive(node, wanted, self.folder)
        return self._wrong(node, wanted, place) if made is BAD else made

    def _parsed(
        self, node: Scalar, parse: Callable[[str | int | float], object], wanted: Wanted, place: Place
    ) -> object:
        said = node.value if isinstance(node.value, int | float) and not isinstance(node.value, bool) else node.said
        try:
            return parse(said)
        except (ValueError, TypeError) as error:
            return self._say(place, node, _unshown(wanted, node), str(error))

    def _one_of(self, node: Scalar, known: Mapping[str, object], place: Place) -> object:
        if node.said in known:
            return known[node.said]
        right = choose(node.said, known) if not node.source else "one of " + ", ".join(known)
        return self._say(place, node, shown(node), right)

    def _plain(self, node: Node, place: Place) -> object:
        """Any data as it is; what YAML 1.1 alone takes for a boolean is asked about."""
        if isinstance(node, Items):
            made = [self._plain(one, place.down(n, one.line)) for n, one in enumerate(node.nodes)]
            return BAD if BAD in made else made
        if isinstance(node, Pairs):
            pairs = {key: self._plain(one, place.down(key, node.lines[key])) for key, one in node.nodes.items()}
            return BAD if BAD in pairs.values() else pairs
        if node.broken:
            return BAD
        if isinstance(node.value, bool) and node.said.lower() not in ("true", "false"):
            right = f'"{node.said}" in quotes for the text, or {str(node.value).lower()}'
            return self._say(place, node, f"{node.said}, which YAML 1.1 reads as a boolean", right)
        return node.value

    # Lists and mappings

    def _items(self, node: Items, wanted: Wanted, place: Place) -> object:
        if shapes.is_anything(wanted):
            return self._plain(node, place)
        if not shapes.is_list(wanted):
            return self._wrong(node, wanted, place)
        inside = shapes.members(wanted)
        origin = get_origin(wanted) or wanted
        fixed = origin is tuple and get_args(wanted) and Ellipsis not in get_args(wanted)
        if fixed and len(inside) != len(node.nodes):
            return self._say(place, node, f"a list of {len(node.nodes)}", f"a list of {len(inside)}")
        kinds = inside if fixed else inside[:1] * len(node.nodes)
        made = [
            self.value(one, kind, place.down(n, one.line))
            for n, (one, kind) in enumerate(zip(node.nodes, kinds, strict=True))
        ]
        if BAD in made:
            return BAD
        return origin(made) if origin in shapes.LISTS and callable(origin) else tuple(made)

    def _pairs(self, node: Pairs, wanted: Wanted, place: Place) -> object:
        if shapes.is_anything(wanted):
            return self._plain(node, place)
        if shapes.is_struct(wanted):
            return self._struct(node, cast("type[msgspec.Struct]", wanted), place)
        if not shapes.is_mapping(wanted):
            return self._wrong(node, wanted, place)
        kind_of_key, kind = shapes.members(wanted)
        made: dict[object, object] = {}
        for name, one in node.nodes.items():
            below = place.down(name, node.lines[name])
            key = self.value(Scalar(name, name, below.line, plain=False), kind_of_key, below)
            made[key] = self.value(one, kind, below)
        return BAD if BAD in made or BAD in made.values() else made

    def _struct(self, node: Pairs, wanted: type[msgspec.Struct], place: Place) -> object:
        known = shapes.fields(wanted)
        made: dict[str, object] = {}
        before = len(self.problems)
        meant: set[str] = set()
        for name, one in node.nodes.items():
            below = place.down(name, node.lines[name])
            if name in known:
                made[known[name].name] = self.value(one, known[name].type, below)
            else:
                meant.update(shapes.close(name, known))
                self._say(below, node, f"the unknown key {name!r}", choose(name, known))
        for name, about in known.items():
            if about.required and name not in node.nodes and name not in meant:
                right = f"{shapes.words(about.type)}; this key is required"
                self._say(place.down(name, place.line), node, "nothing", right)
        self._secret_files(node, made, known, place)
        if BAD in made.values() or len(self.problems) > before:
            return BAD
        return self._checked(node, wanted, made, place)

    def _checked(self, node: Pairs, wanted: type[msgspec.Struct], made: dict[str, object], place: Place) -> object:
        """Make the Struct and let it say what its types cannot."""
        try:
            value = wanted(**made)
        except (ValueError, TypeError) as error:
            return self._say(place, node, "a mapping", str(error))
        check: Callable[[], Iterable[tuple[str, str, str]]] | None = getattr(value, "problems", None)
        before = len(self.problems)
        for path, found, right in check() if check else ():
            line, at = document.locate(node, path)
            self._say(Place(_joined(place.path, path), line if at is not node else place.line), at, found, right)
        return BAD if len(self.problems) > before else value

    def _secret_files(
        self, node: Pairs, made: dict[str, object], known: Mapping[str, msgspec.structs.FieldInfo], place: Place
    ) -> None:
        """`token_file` stands for `token`."""
        for name, about in known.items():
            path = made.get(f"{about.name}_file")
            if Secret not in shapes.options(about.type) or not isinstance(path, Path):
                continue
            below = place.down(f"{name}_file", node.lines.get(f"{name}_file", place.line))
            if name in node.nodes:
                self._say(below, node, f"{name} and {name}_file", "one of the two")
                continue
            try:
                made[about.name] = Secret.of_file(path)
            except ValueError as error:
                self._say(below, node.nodes[f"{name}_file"], shown(node.nodes[f"{name}_file"]), str(error))

    # Unions

    def _union(self, node: Node, options: tuple[Wanted, ...], place: Place) -> object:
        if isinstance(node, Scalar) and node.value is None and None in options:
            return None
        fitting = [one for one in options if one is not None and _fits(node, one)]
        if isinstance(node, Pairs):
            fitting = sorted(fitting, key=lambda one: -_familiar(node, one))[:1]
        else:
            fitting.sort(key=_breadth)
        if isinstance(node, Scalar) and bool in fitting and str in fitting and isinstance(node.value, bool):
            return self._plain(node, place)
        if not fitting:
            return self._say(
                place, node, shown(node), shapes.either(shapes.words(one) for one in options if one is not None)
            )
        if len(fitting) == 1:
            return self.value(node, fitting[0], place)
        return self._first_that_reads(node, fitting, place)

    def _first_that_reads(self, node: Node, fitting: list[Wanted], place: Place) -> object:
        rights: list[str] = []
        for one in fitting:
            trial = Walk(self.where, self.folder)
            made = trial.value(node, one, place)
            if not trial.problems:
                return made
            rights.extend(problem.right for problem in trial.problems)
        return self._say(place, node, shown(node), shapes.either(rights))

    # What is wrong

    def _wrong(self, node: Node, wanted: Wanted, place: Place) -> object:
        right = shapes.words(wanted)
        if shapes.is_list(wanted) and isinstance(node, Scalar) and node.value is not None:
            right = "a list" if node.source else f"a list: [{shown(node)}]"
        return self._say(place, node, _unshown(wanted, node), right)

    def _within(self, made: object, node: Node, limits: tuple[msgspec.Meta, ...], place: Place) -> object:
        for limit in limits:
            right = _limit(made, limit) if made is not BAD and made is not None else ""
            if right:
                return self._say(place, node, shown(node), right)
        return made


def _primitive(node: Scalar, wanted: Wanted, folder: Path) -> object:
    """A text, number, boolean or path; `BAD` when it is none."""
    if wanted is str:
        return node.said
    if wanted is Path:
        return folder / Path(node.said).expanduser() if node.said else BAD
    # In a flow mapping a reference must be quoted; that does not make a text of the number it stands for.
    value = document.resolved(node.said) if node.source else node.value
    if wanted is bool:
        return value if isinstance(value, bool) else BAD
    if wanted in (int, float):
        return _number(value, whole=wanted is int)
    if isinstance(wanted, type) and (shapes.is_list(wanted) or shapes.is_mapping(wanted) or shapes.is_struct(wanted)):
        return BAD
    if get_origin(wanted) is not None:
        return BAD
    raise TypeError(f"the reader knows no {wanted!r}")


def _number(value: object, *, whole: bool) -> object:
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float) or value != value:
        return BAD
    return value if whole else float(value)


def _limit(value: object, limit: msgspec.Meta) -> str:
    """What would be right where a value is outside a limit; empty inside."""
    if isinstance(value, int | float):
        for bound, holds, word in (
            (limit.ge, operator.ge, "at least"),
            (limit.gt, operator.gt, "more than"),
            (limit.le, operator.le, "at most"),
            (limit.lt, operator.lt, "less than"),
        ):
            if bound is not None and not holds(value, bound):
                return f"{word} {bound}"
    if isinstance(value, str | tuple | list | dict):
        if limit.min_length is not None and len(value) < limit.min_length:
            return "something that is not empty" if limit.min_length == 1 else f"at least {limit.min_length} long"
        if limit.max_length is not None and len(value) > limit.max_length:
            return f"at most {limit.max_length} long"
    if isinstance(value, Path) and (limit.extra or {}).get(FOLDER) and not value.is_dir():
        return "a folder that exists"
    if isinstance(value, str) and limit.pattern is not None and not re.search(limit.pattern, value):
        return f"a text like {limit.pattern}"
    return ""


def _fits(node: Node, wanted: Wanted) -> bool:
    """Has the node the shape of the type?"""
    wanted, _ = shapes.bare(wanted)
    if shapes.is_anything(wanted):
        return True
    if isinstance(node, Items):
        return shapes.is_list(wanted)
    if isinstance(node, Pairs):
        return shapes.is_mapping(wanted) or shapes.is_struct(wanted)
    if shapes.parser(wanted) or get_origin(wanted) is Literal or shapes.is_enum(wanted):
        return True
    return (isinstance(wanted, type) and wanted in (str, Path)) or _primitive_fits(node, wanted)


def _primitive_fits(node: Scalar, wanted: Wanted) -> bool:
    return wanted in (bool, int, float) and _primitive(node, wanted, Path()) is not BAD


def _breadth(wanted: Wanted) -> int:
    """Narrow types are tried first: a number before what is read from text, and that before any text."""
    return (
        (bool, int, float).index(wanted) if wanted in (bool, int, float) else 4 if wanted in (str, Path, object) else 3
    )


def _familiar(node: Pairs, wanted: Wanted) -> int:
    """How many of the node's keys a Struct knows: the one meant is the one that knows most."""
    wanted, _ = shapes.bare(wanted)
    return len(node.nodes.keys() & shapes.fields(cast("type", wanted)).keys()) if shapes.is_struct(wanted) else 0


def _unshown(wanted: Wanted, node: Node) -> str:
    if wanted is Secret and isinstance(node, Scalar) and node.value is not None:
        return "a value that is not shown"
    return shown(node)


def unseen(node: Node, found: str, right: str) -> tuple[str, str]:
    """The words of a problem without what came from the environment."""
    if not isinstance(node, Scalar) or not node.source:
        return found, right
    right = right.replace(repr(node.said), "it")
    if node.said and node.said in right:
        right = "another value"
    return shown(node), right


def _joined(path: str, below: str) -> str:
    return path + below if below.startswith("[") or not (path and below) else f"{path}.{below}"
