"""Shapes are what the reader and the JSON Schema both know about a type: options, limits, fields, words for it."""

from __future__ import annotations

import difflib
import enum
import types
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias, Union, get_args, get_origin

import msgspec

from otel_alerting.config.secret import Secret
from otel_alerting.config.values import duration
from otel_alerting.model.duration import Duration

Wanted: TypeAlias = object
"""A type annotation, resolved: `tuple[Route, ...]`, `Annotated[int, Meta(ge=1)]`, `Secret | None`."""

LISTS = (list, tuple, set, frozenset)
_SHOWN = 12
"""Names in one message: whoever misspelled one finds it at the front, and the others in the documentation."""
_NAMES: Mapping[object, str] = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    Path: "a path",
    Secret: "a text",
    None: "nothing",
}


def bare(wanted: Wanted) -> tuple[Wanted, tuple[msgspec.Meta, ...]]:
    """The type without its annotations, and those of msgspec."""
    if get_origin(wanted) is Annotated:
        inner, *notes = get_args(wanted)
        deeper, metas = bare(inner)
        return deeper, (*(note for note in notes if isinstance(note, msgspec.Meta)), *metas)
    return wanted, ()


def options(wanted: Wanted) -> tuple[Wanted, ...]:
    """The members of a union; the type itself where it is none. `None` stands for NoneType."""
    wanted, _ = bare(wanted)
    if get_origin(wanted) in (Union, types.UnionType):
        return tuple(None if one is type(None) else one for one in get_args(wanted))
    return (wanted,)


def is_struct(wanted: Wanted) -> bool:
    """Is it a msgspec Struct?"""
    return isinstance(wanted, type) and issubclass(wanted, msgspec.Struct)


def is_list(wanted: Wanted) -> bool:
    """Is it a list, tuple or set of something?"""
    origin = get_origin(wanted) or wanted
    return isinstance(origin, type) and (
        origin in LISTS or (origin.__module__ == "collections.abc" and not is_mapping(origin))
    )


def takes_one(wanted: Wanted) -> bool:
    """Is it a list of which a single member may be written without brackets?"""
    return any((limit.extra or {}).get("single") for limit in bare(wanted)[1])


def is_mapping(wanted: Wanted) -> bool:
    """Is it a mapping?"""
    origin = get_origin(wanted) or wanted
    return isinstance(origin, type) and issubclass(origin, Mapping)


def is_anything(wanted: Wanted) -> bool:
    """Does it take any plain data?"""
    return wanted is object or wanted is Any


def is_enum(wanted: Wanted) -> bool:
    """Is it an enumeration?"""
    return isinstance(wanted, type) and issubclass(wanted, enum.Enum)


def parser(wanted: Wanted) -> Callable[[str | int | float], object] | None:
    """The `parse` of a type that people write as text; None for one that has none."""
    if wanted is Duration:
        return duration
    parse = getattr(wanted, "parse", None)
    return parse if isinstance(wanted, type) and callable(parse) else None


def members(wanted: Wanted) -> tuple[Wanted, ...]:
    """What is in a list (the member's type) or mapping (key's and value's type)."""
    inside = tuple(one for one in get_args(wanted) if one is not Ellipsis)
    if inside:
        return inside
    return (str, object) if is_mapping(wanted) else (object,)


def fields(struct: type) -> Mapping[str, msgspec.structs.FieldInfo]:
    """The fields of a Struct by the name users write."""
    return {field.encode_name: field for field in msgspec.structs.fields(struct)}


def words(wanted: Wanted) -> str:
    """What would be right, in words: `a list`, `a whole number or nothing`."""
    wanted, _ = bare(wanted)
    several = options(wanted)
    if len(several) > 1:
        return either(words(one) for one in several if one is not None)
    if get_origin(wanted) is Literal:
        return one_of([str(one) for one in get_args(wanted)])
    if wanted in _NAMES:
        return _NAMES[wanted]
    if parser(wanted) and is_struct(wanted):
        return "a value or a mapping"
    if parser(wanted):
        return "a " + getattr(wanted, "__name__", "value").lower()
    if is_struct(wanted) or is_mapping(wanted):
        return "a mapping"
    if is_list(wanted):
        return "a list"
    return "a value"


def either(said: Iterable[str]) -> str:
    """`a`, `a or b`, `a, b or c`, each once."""
    parts = list(dict.fromkeys(said))
    return " or ".join(filter(None, (", ".join(parts[:-1]), parts[-1]))) if parts else ""


def choose(said: str, known: Collection[str]) -> str:
    """What would be right instead of an unknown name: those that are known, and the one that was probably meant.

    That one stands behind a short list, where it is seen, and before a long one.
    """
    meant = close(said, known) if len(known) > 1 else []
    names = one_of(sorted(known))
    if not meant:
        return names
    return (
        f"{meant[0]!r} (did you mean that?), or {names}"
        if len(known) > _SHOWN
        else f"{names} (did you mean {meant[0]!r}?)"
    )


def one_of(names: Sequence[str]) -> str:
    """`one of a, b, c`; of very many only some, because a message is to be read."""
    if len(names) <= 1:
        return names[0] if names else "nothing, since there is none"
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return "one of " + ", ".join(names[:_SHOWN]) + more


def close(said: str, known: Collection[str]) -> list[str]:
    """The known name that was probably meant; none where nothing is near."""
    if not said:
        return []
    return difflib.get_close_matches(said, known, 1, 0.6) or [one for one in known if one.lower() == said.lower()][:1]
