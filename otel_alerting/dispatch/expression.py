r"""An expression is the text of a regular expression in RE2's syntax, read into the steps of an automaton.

RE2's is the syntax of Go and so of every `alertmanager.yml`: no look-around and no back-references, `\d \s \w \b` are
ASCII, `.` takes anything but a line's end. Syntax: https://github.com/google/re2/wiki/Syntax.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, TypeAlias, TypeVar

from otel_alerting.dispatch.letters import CLASSES, Letters, escaped, one_of

_MOST_STEPS = 20_000
"""Steps of one expression; RE2 has a limit of the same order."""
_MOST_REPEATS = 1_000
_DEEPEST = 100
"""Groups within groups."""
_REPEAT = re.compile(r"\{(\d+)(,(\d*))?\}")
_FLAGS = re.compile(r"\?([imsU]*)(-[imsU]+)?([:)])")
_LITERAL = re.compile(r"(\\[^Q])|\\Q(.*?)(?:\\E|\Z)", re.DOTALL)
_NAMED = re.compile(r"\?P?<\w+>")


@dataclass(eq=False, slots=True)
class Step:
    """A point in the automaton. Compared by identity."""


@dataclass(eq=False, slots=True)
class One(Step):
    """Takes one character."""

    takes: Letters
    then: Step


@dataclass(eq=False, slots=True)
class Fork(Step):
    """Goes on in any of several ways."""

    ways: list[Step]


@dataclass(eq=False, slots=True)
class Where(Step):
    """Goes on where something holds of the characters on both sides, by their kinds."""

    holds: Callable[[str, str], bool]
    then: Step


ACCEPTED: Final = Step()
"""The end of the expression."""

_S = TypeVar("_S", bound=Step)
_Part: TypeAlias = Callable[[Step], Step]
"""A piece of an expression: given what comes after it, its first step."""

_EDGES: Final[dict[str, Callable[[str, str], bool]]] = {
    "text begins": lambda before, after: before == "",
    "text ends": lambda before, after: after == "",
    "line begins": lambda before, after: before in ("", "line"),
    "line ends": lambda before, after: after in ("", "line"),
    "b": lambda before, after: (before == "word") is not (after == "word"),
    "B": lambda before, after: (before == "word") is (after == "word"),
}


def read(text: str) -> Step:
    """The first step of an expression that a whole text must match.

    Raises:
        ValueError: with what is wrong with it.
    """
    reader = _Reader(text)
    part = reader.either(_Flags(), 0)
    if reader.at < len(reader.text):
        raise ValueError(f"{text!r} closes a group that it did not open")
    return part(ACCEPTED)


@dataclass(frozen=True, slots=True)
class _Flags:
    i: bool = False
    """Upper and lower case are one."""
    m: bool = False
    """`^` and `$` stand at the ends of lines."""
    s: bool = False
    """`.` takes the end of a line too."""


class _Reader:
    """Reads from left to right; `at` is how far it is."""

    def __init__(self, text: str) -> None:
        self.text = _LITERAL.sub(lambda found: found[1] or re.escape(found[2]), text)
        self.at = 0
        self._steps = 0

    def either(self, flags: _Flags, depth: int) -> _Part:
        """Alternatives, up to the end of the group."""
        if depth > _DEEPEST:
            raise self._wrong(f"more than {_DEEPEST} groups within each other")
        ways: list[_Part] = []
        while True:
            way, flags = self._sequence(flags, depth)
            ways.append(way)
            if not self._next("|"):
                return ways[0] if len(ways) == 1 else self._any_of(ways)

    def _sequence(self, flags: _Flags, depth: int) -> tuple[_Part, _Flags]:
        parts: list[_Part] = []
        while self.at < len(self.text) and self.text[self.at] not in "|)":
            if self.text.startswith("(?", self.at) and (found := _FLAGS.match(self.text, self.at + 1)):
                self.at = found.end()
                inner = _with(flags, found[1], found[2] or "")
                if found[3] == ")":
                    flags = inner
                    continue
                parts.append(self._repeated(self._closed(inner, depth)))
            else:
                parts.append(self._repeated(self._atom(flags, depth)))
        return _in_order(parts), flags

    def _closed(self, flags: _Flags, depth: int) -> _Part:
        part = self.either(flags, depth + 1)
        if not self._next(")"):
            raise self._wrong("a group that is not closed")
        return part

    def _atom(self, flags: _Flags, depth: int) -> _Part:
        char = self.text[self.at]
        self.at += 1
        if char == "(":
            return self._group(flags, depth)
        if char == "[":
            letters, self.at = one_of(self.text, self.at, flags.i)
            return self._one(letters)
        if char == "\\":
            return self._escape(flags)
        if char in "*+?":
            raise self._wrong(f"nothing before {char}")
        if char == ".":
            return self._one(Letters() if flags.s else CLASSES["not a line's end"])
        if char in "^$":
            return self._where(("line " if flags.m else "text ") + ("begins" if char == "^" else "ends"))
        return self._one(Letters.of(char, fold=flags.i))

    def _group(self, flags: _Flags, depth: int) -> _Part:
        named = _NAMED.match(self.text, self.at)
        if named:
            self.at = named.end()
        elif self.text.startswith("?", self.at):
            raise self._wrong(f"({self.text[self.at : self.at + 2]}, which RE2 does not know")
        return self._closed(flags, depth)

    def _escape(self, flags: _Flags) -> _Part:
        if self.at >= len(self.text):
            raise self._wrong("a backslash at its end")
        char = self.text[self.at]
        if char in "AzbB":
            self.at += 1
            return self._where({"A": "text begins", "z": "text ends"}.get(char, char))
        letters, self.at = escaped(self.text, self.at, flags.i)
        return self._one(letters)

    def _repeated(self, part: _Part) -> _Part:
        """The part with what stands behind it: `* + ? {2} {2,} {2,5}`; lazy or not is the same for a whole text."""
        seen = False
        while self.at < len(self.text):
            bounds = self._bounds()
            if bounds is None:
                return part
            if seen:
                raise self._wrong("a repetition of a repetition")
            seen = True
            self._next("?")
            part = self._times(part, *bounds)
        return part

    def _bounds(self) -> tuple[int, int | None] | None:
        simple: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
        char = self.text[self.at]
        if char in simple:
            self.at += 1
            return simple[char]
        found = _REPEAT.match(self.text, self.at)
        if found is None:
            return None
        self.at = found.end()
        least = int(found[1])
        most = least if not found[2] else int(found[3]) if found[3] else None
        if max(least, most or 0) > _MOST_REPEATS or (most is not None and most < least):
            raise self._wrong(f"{found[0]}, which must be from 0 to {_MOST_REPEATS} and in order")
        return least, most

    def _times(self, part: _Part, least: int, most: int | None) -> _Part:
        def first(then: Step) -> Step:
            if most is None:
                loop = self._counted(Fork([]))
                loop.ways += [part(loop), then]
                step: Step = loop
            else:
                step = then
                for _ in range(most - least):
                    step = self._counted(Fork([part(step), then]))
            for _ in range(least):
                step = part(step)
            return step

        return first

    def _any_of(self, ways: list[_Part]) -> _Part:
        return lambda then: self._counted(Fork([way(then) for way in ways]))

    def _one(self, letters: Letters) -> _Part:
        return lambda then: self._counted(One(letters, then))

    def _where(self, edge: str) -> _Part:
        return lambda then: self._counted(Where(_EDGES[edge], then))

    def _counted(self, step: _S) -> _S:
        self._steps += 1
        if self._steps > _MOST_STEPS:
            raise ValueError(f"{self.text[:80]!r} is too large an expression")
        return step

    def _next(self, char: str) -> bool:
        if self.text.startswith(char, self.at):
            self.at += 1
            return True
        return False

    def _wrong(self, why: str) -> ValueError:
        return ValueError(f"{self.text!r} is not a regular expression: {why}")


def _in_order(parts: list[_Part]) -> _Part:
    def first(then: Step) -> Step:
        for part in reversed(parts):
            then = part(then)
        return then

    return first


def _with(flags: _Flags, on: str, off: str) -> _Flags:
    known = {"i", "m", "s"}
    set_on = {name: True for name in on if name in known}
    return replace(flags, **set_on, **{name: False for name in off if name in known})
