"""Does a node fit a type, as what, and within which limits?"""

from __future__ import annotations

import enum
import operator
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal, cast, get_args, get_origin

import msgspec

from otel_alerting.config import document, shapes
from otel_alerting.config.document import Items, Node, Pairs, Scalar
from otel_alerting.config.shapes import Wanted
from otel_alerting.config.values import FOLDER


class _Bad(enum.Enum):
    BAD = enum.auto()


BAD = _Bad.BAD
"""Stands where a value could not be made; its problem is told."""


def primitive(node: Scalar, wanted: Wanted, folder: Path) -> object:
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


def limit_of(value: object, limit: msgspec.Meta) -> str:
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


def fits(node: Node, wanted: Wanted) -> bool:
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


def of_one(node: Scalar, options: Iterable[Wanted]) -> Wanted | None:
    """The list among these types that a value without brackets is the only member of; None where there is none.

    A word that one of the types knows by itself is that word.
    """
    words = [str(word) for one in options if get_origin(one) is Literal for word in get_args(one)]
    if node.value is None or node.said in words:
        return None
    return next((one for one in options if shapes.takes_one(one)), None)


def _primitive_fits(node: Scalar, wanted: Wanted) -> bool:
    return wanted in (bool, int, float) and primitive(node, wanted, Path()) is not BAD


def breadth(wanted: Wanted) -> int:
    """Narrow types are tried first: a number before what is read from text, and that before any text."""
    return (
        (bool, int, float).index(wanted) if wanted in (bool, int, float) else 4 if wanted in (str, Path, object) else 3
    )


def familiar(node: Pairs, wanted: Wanted) -> int:
    """How many of the node's keys a Struct knows: the one meant is the one that knows most."""
    wanted, _ = shapes.bare(wanted)
    return len(node.nodes.keys() & shapes.fields(cast("type", wanted)).keys()) if shapes.is_struct(wanted) else 0


def blank(struct: type[msgspec.Struct]) -> object:
    """A Struct that says nothing, to keep the place of one that could not be read; `BAD` where it must say more."""
    needed = blanks(struct, {})
    return BAD if BAD in needed.values() else struct(**needed)


def blanks(struct: type[msgspec.Struct], there: Mapping[str, object]) -> dict[str, object]:
    """What stands for the required fields that are not there."""
    fields = shapes.fields(struct).values()
    return {one.name: _blank(one.type) for one in fields if one.required and one.name not in there}


def _blank(wanted: Wanted) -> object:
    wanted, _ = shapes.bare(wanted)
    if get_origin(wanted) is Literal:
        return get_args(wanted)[0]
    return "" if wanted is str else BAD
