"""A walk goes over a tree with a type in hand and makes the value, or tells what is wrong and goes on."""

from __future__ import annotations

import contextlib
import enum
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, cast, get_args, get_origin

import msgspec

from otel_alerting.config import document, shapes
from otel_alerting.config.document import Items, Node, Pairs, Scalar, shown, unseen
from otel_alerting.config.fitting import BAD, blank, blanks, breadth, familiar, fits, limit_of, of_one, primitive
from otel_alerting.config.paths import Place, head, joined, step
from otel_alerting.config.secret import Secret
from otel_alerting.config.sentence import expected, unravelled
from otel_alerting.config.shapes import Wanted, choose
from otel_alerting.config.unread import UNREAD, complaints, told
from otel_alerting.errors import Problem


@dataclass
class Walk:
    """One walk over a tree; problems gather on the way. Relative paths in the text start from `folder`."""

    where: str
    folder: Path
    problems: list[Problem] = field(default_factory=list)
    mended: dict[str, object] = field(default_factory=dict)
    """By path: what could be read of a value that has problems. Entries of lists and mappings keep their places."""
    meant: list[str] = field(default_factory=list)
    """Paths of keys that are not there, but that a key which nobody knows was probably meant for."""

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
        made = primitive(node, wanted, self.folder)
        return self._wrong(node, wanted, place) if made is BAD else made

    def _parsed(
        self, node: Scalar, parse: Callable[[str | int | float], object], wanted: Wanted, place: Place
    ) -> object:
        said = node.value if isinstance(node.value, int | float) and not isinstance(node.value, bool) else node.said
        try:
            return parse(said)
        except (ValueError, TypeError) as error:
            right = expected(wanted, "" if node.source else str(said), error)
            return self._say(place, node, _unshown(wanted, node), right)

    def _one_of(self, node: Scalar, known: Mapping[str, object], place: Place) -> object:
        if node.said in known:
            return known[node.said]
        return self._say(place, node, shown(node), choose("" if node.source else node.said, known))

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
        make = cast("Callable[[Iterable[object]], object]", origin if origin in shapes.LISTS else tuple)
        fixed = origin is tuple and get_args(wanted) and Ellipsis not in get_args(wanted)
        if fixed and len(inside) != len(node.nodes):
            return self._say(place, node, f"a list of {len(node.nodes)}", f"a list of {len(inside)}")
        kinds = inside if fixed else inside[:1] * len(node.nodes)
        places = [place.down(n, one.line) for n, one in enumerate(node.nodes)]
        made = [self.value(*one) for one in zip(node.nodes, kinds, places, strict=True)]
        if BAD not in made:
            return make(made)
        rest = (self._rest(*one) for one in zip(made, kinds, places, strict=True))
        self.mended[place.path] = make(one for one in rest if one is not BAD)
        return BAD

    def _pairs(self, node: Pairs, wanted: Wanted, place: Place) -> object:
        if shapes.is_anything(wanted):
            return self._plain(node, place)
        if shapes.is_struct(wanted):
            return self._struct(node, cast("type[msgspec.Struct]", wanted), place)
        if not shapes.is_mapping(wanted):
            return self._wrong(node, wanted, place)
        kind_of_key, kind = shapes.members(wanted)
        made: dict[object, object] = {}
        rest: dict[object, object] = {}
        for name, one in node.nodes.items():
            below = place.down(name, node.lines[name])
            key = self.value(Scalar(name, name, below.line, plain=False), kind_of_key, below)
            made[key] = self.value(one, kind, below)
            rest[key] = self._rest(made[key], kind, below)
        if BAD not in made and BAD not in made.values():
            return made
        self.mended[place.path] = {key: one for key, one in rest.items() if BAD not in (key, one)}
        return BAD

    def _rest(self, made: object, wanted: Wanted, place: Place) -> object:
        """A part of something, or what could be read of it; a blank one where others are counted or named by it."""
        if made is not BAD:
            return made
        wanted, _ = shapes.bare(wanted)
        empty = blank(cast("type[msgspec.Struct]", wanted)) if shapes.is_struct(wanted) else BAD
        return self.mended.get(place.path, empty)

    # Structs

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
                meant.update(shapes.close(name, known.keys() - node.nodes.keys()))
                self._say(below, node, f"the unknown key {name!r}", choose(name, known))
        for name, about in known.items():
            if about.required and name not in node.nodes and name not in meant:
                self._say(place.down(name, place.line), node, "nothing", f"{shapes.words(about.type)} (it is required)")
        self._secret_files(node, made, known, place)
        self.meant.extend(step(place.path, name) for name in meant)
        if BAD not in made.values() and len(self.problems) == before:
            return self._checked(node, wanted, made, place)
        self._partly(node, wanted, made, meant, place)
        return BAD

    def _checked(self, node: Pairs, wanted: type[msgspec.Struct], made: dict[str, object], place: Place) -> object:
        """Make the Struct and let it say what its types cannot."""
        try:
            value = wanted(**made)
        except (ValueError, TypeError) as error:
            return self._say(place, node, "a mapping", str(error))
        before = len(self.problems)
        for complaint in complaints(value):
            self._complain(node, place, *complaint)
        if len(self.problems) == before:
            return value
        self.mended[place.path] = value
        return BAD

    def _partly(
        self, node: Pairs, wanted: type[msgspec.Struct], made: dict[str, object], meant: set[str], place: Place
    ) -> None:
        """Of a Struct with something wrong in it: keep what could be read, and tell what that alone proves wrong."""
        known = shapes.fields(wanted)
        good = {name: one for name, one in made.items() if one is not BAD}
        missing = blanks(wanted, good)
        unread = {
            name
            for name, about in known.items()
            if name in meant or about.name in missing or made.get(about.name) is BAD
        }
        paths = {known[name].name: step(place.path, name) for name in unread}
        parts = {name: self.mended[path] for name, path in paths.items() if path in self.mended}
        self._keep(wanted, {**missing, **parts, **good}, place)
        standins = {known[name].name: UNREAD for name in unread}
        is_strange = not node.nodes.keys() <= known.keys()
        for path, found, right in told(lambda: complaints(wanted(**good, **standins))):
            # What a mapping lacks altogether may be what a key that nobody knows was meant for.
            if head(path) not in unread and (path or not is_strange):
                self._complain(node, place, path, found, right)

    def _keep(self, wanted: type[msgspec.Struct], parts: Mapping[str, object], place: Place) -> None:
        with contextlib.suppress(ValueError, TypeError):
            self.mended[place.path] = wanted(**{name: one for name, one in parts.items() if one is not BAD})

    def _complain(self, node: Pairs, place: Place, path: str, found: str, right: str) -> None:
        line, at = document.locate(node, path)
        there = Place(joined(place.path, path), line if at is not node else place.line)
        self._say(there, at, *unravelled(found, right))

    def _secret_files(
        self, node: Pairs, made: dict[str, object], known: Mapping[str, msgspec.structs.FieldInfo], place: Place
    ) -> None:
        """`token_file` stands for `token`."""
        for name, about in known.items():
            path = made.get(f"{about.name}_file")
            if Secret in shapes.options(about.type) and path is BAD:
                made.setdefault(about.name, BAD)
            if Secret not in shapes.options(about.type) or not isinstance(path, Path):
                continue
            below = place.down(f"{name}_file", node.lines.get(f"{name}_file", place.line))
            if name in node.nodes:
                self._say(below, node, f"{name} and {name}_file", "one of the two")
                continue
            try:
                made[about.name] = Secret.of_file(path)
            except ValueError as error:
                at = node.nodes[f"{name}_file"]
                made[about.name] = self._say(below, at, shown(at), str(error))

    # Unions

    def _union(self, node: Node, options: tuple[Wanted, ...], place: Place) -> object:
        if isinstance(node, Scalar) and node.value is None and None in options:
            return None
        if isinstance(node, Scalar) and (single := of_one(node, options)) is not None:
            return self.value(Items((node,), node.line), single, place)
        fitting = [one for one in options if one is not None and fits(node, one)]
        if isinstance(node, Pairs):
            fitting = sorted(fitting, key=lambda one: -familiar(node, one))[:1]
        else:
            fitting.sort(key=breadth)
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
            right = limit_of(made, limit) if made is not BAD and made is not None else ""
            if right:
                return self._say(place, node, shown(node), right)
        return made


def _unshown(wanted: Wanted, node: Node) -> str:
    if wanted is Secret and isinstance(node, Scalar) and node.value is not None:
        return "a value that is not shown"
    return shown(node)
