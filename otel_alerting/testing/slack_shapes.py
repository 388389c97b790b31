"""How the shape of JSON is said: small checks that are put together, each answering with faults in Slack's words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that Slack refuses, and where: `must be less than 3001 characters`, `/blocks/0/text/text`."""

    constraint: str
    pointer: str

    def __str__(self) -> str:
        return f"{self.constraint} [json-pointer:{self.pointer}]"


Check: TypeAlias = Callable[[object, str], Iterator[Fault]]
"""A value and its pointer in, faults out."""


def length(text: str) -> int:
    """As the strictest reader counts: Slack counts code points in most places, UTF-16 units in some."""
    return max(len(text), len(text.encode("utf-16-le", "surrogatepass")) // 2)


def string(most: int, least: int = 1) -> Check:
    """A text of that many characters."""

    def check(value: object, pointer: str) -> Iterator[Fault]:
        if not isinstance(value, str):
            yield Fault("must provide a string", pointer)
        elif length(value) > most:
            yield Fault(f"must be less than {most + 1} characters", pointer)
        elif len(value) < least:
            yield Fault(f"must be more than {least - 1} characters", pointer)

    return check


def one_of(*allowed: str) -> Check:
    """One of these words."""

    def check(value: object, pointer: str) -> Iterator[Fault]:
        if not isinstance(value, str) or value not in allowed:
            yield Fault(f"must be one of: {', '.join(allowed)}", pointer)

    return check


def flag(value: object, pointer: str) -> Iterator[Fault]:
    """True or false."""
    if not isinstance(value, bool):
        yield Fault("must provide a boolean", pointer)


def number(low: float = float("-inf"), high: float = float("inf")) -> Check:
    """A number in a range, both ends included."""

    def check(value: object, pointer: str) -> Iterator[Fault]:
        if isinstance(value, bool) or not isinstance(value, int | float):
            yield Fault("must provide a number", pointer)
        elif not low <= value <= high:
            yield Fault(f"must be between {low} and {high}", pointer)

    return check


def items(each: Check, most: int, least: int = 1) -> Check:
    """A list of that many members."""

    def check(value: object, pointer: str) -> Iterator[Fault]:
        if not isinstance(value, list):
            yield Fault("must provide an array", pointer)
            return
        if len(value) > most:
            yield Fault(f"no more than {most} items allowed", pointer)
        if len(value) < least:
            yield Fault(f"no fewer than {least} items allowed", pointer)
        for place, member in enumerate(value):
            yield from each(member, f"{pointer}/{place}")

    return check


def shape(required: Mapping[str, Check] = {}, optional: Mapping[str, Check] = {}) -> Check:
    """An object with these properties and no other; `type` is always allowed."""
    known = {**required, **optional}

    def check(value: object, pointer: str) -> Iterator[Fault]:
        if not isinstance(value, dict):
            yield Fault("must provide an object", pointer)
            return
        for name in required:
            if name not in value:
                yield Fault(f"missing required field: {name}", pointer)
        for name, member in value.items():
            if name in known:
                yield from known[name](member, f"{pointer}/{name}")
            elif name != "type":
                yield Fault(f"invalid additional property: {name}", pointer)

    return check


def kinds(shapes: Mapping[str, Check]) -> Check:
    """An object whose `type` says which of these shapes it has."""

    def check(value: object, pointer: str) -> Iterator[Fault]:
        if not isinstance(value, dict):
            yield Fault("must provide an object", pointer)
            return
        kind = value.get("type")
        if not isinstance(kind, str):
            yield Fault("missing required field: type", pointer)
        elif kind not in shapes:
            yield Fault(f"unsupported type: {kind}", f"{pointer}/type")
        else:
            yield from shapes[kind](value, pointer)

    return check


def both(*checks: Check) -> Check:
    """All of these."""

    def check(value: object, pointer: str) -> Iterator[Fault]:
        for one in checks:
            yield from one(value, pointer)

    return check


def exactly_one(*names: str) -> Check:
    """An object with exactly one of these properties."""

    def check(value: object, pointer: str) -> Iterator[Fault]:
        if isinstance(value, dict) and sum(name in value for name in names) != 1:
            yield Fault(f"must provide exactly one of: {', '.join(names)}", pointer)

    return check


def distinct(name: str) -> Check:
    """A list whose members do not share a value of this property."""

    def check(value: object, pointer: str) -> Iterator[Fault]:
        seen: set[str] = set()
        for place, member in enumerate(value if isinstance(value, list) else ()):
            key = member.get(name) if isinstance(member, dict) else None
            if isinstance(key, str) and key in seen:
                yield Fault(f"`{name}` must be unique: {key}", f"{pointer}/{place}/{name}")
            elif isinstance(key, str):
                seen.add(key)

    return check
