"""A Go template as a list of pieces: text, and what stands between its braces."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

_ACTION = re.compile(r"""\{\{(-\s)?((?:"(?:[^"\\]|\\.)*"|`[^`]*`|.)*?)(\s-)?\}\}""", re.DOTALL)
_TOKEN = re.compile(
    r"""\s+ | (?P<text>"(?:[^"\\]|\\.)*"|`[^`]*`) | (?P<number>-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)
      | (?P<name>\$?[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*|(?:\.[A-Za-z_]\w*)+|\$|\.)
      | (?P<sign>:=|[|()=,])""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class Literal:
    """Text, or a text or number in an action."""

    value: str
    is_number: bool = False


@dataclass(frozen=True)
class Name:
    """`$labels.job`, `.Value`, or a function."""

    said: str


@dataclass(frozen=True)
class Command:
    """A function or value with its arguments; the result of the command before a `|` is the last of them."""

    words: tuple[Operand, ...]


Operand: TypeAlias = Literal | Name | Command


@dataclass(frozen=True)
class Action:
    """What stands between `{{` and `}}`."""

    source: str


Piece: TypeAlias = str | Action


class Unread(Exception):
    """An action that cannot be read; says why."""


def pieces(source: str) -> Iterator[Piece]:
    """Texts and actions in turn; `{{-` and `-}}` take the white space beside them away."""
    at, trim = 0, False
    for found in _ACTION.finditer(source):
        text = source[at : found.start()]
        text = text.lstrip() if trim else text
        yield text.rstrip() if found[1] else text
        yield Action(found[2].strip())
        at, trim = found.end(), bool(found[3])
    yield source[at:].lstrip() if trim else source[at:]


def pipeline(source: str) -> Command:
    """What an action says, its pipe turned into nested commands.

    Raises:
        Unread: it is not made of values, functions and pipes.
    """
    tokens = list(_tokens(source))
    command, rest = _pipeline(tokens)
    if rest:
        raise Unread(f"{rest[0][1]!r} is not expected there")
    return command


def _tokens(source: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(source):
        found = _TOKEN.match(source, at)
        if found is None:
            raise Unread(f"{source[at]!r} is not expected there")
        at = found.end()
        if found.lastgroup:
            yield found.lastgroup, found[0]


def _pipeline(tokens: list[tuple[str, str]]) -> tuple[Command, list[tuple[str, str]]]:
    command, tokens = _command(tokens)
    while tokens and tokens[0][1] == "|":
        following, tokens = _command(tokens[1:])
        command = Command((*following.words, command))
    return command, tokens


def _command(tokens: list[tuple[str, str]]) -> tuple[Command, list[tuple[str, str]]]:
    words: list[Operand] = []
    while tokens and tokens[0][1] not in ("|", ")"):
        kind, said = tokens[0]
        tokens = tokens[1:]
        if said == "(":
            inner, tokens = _pipeline(tokens)
            if not tokens:
                raise Unread("a parenthesis is not closed")
            words.append(inner)
            tokens = tokens[1:]
        elif kind == "sign":
            raise Unread(f"{said!r} is not expected there")
        else:
            words.append(_word(kind, said))
    if not words:
        raise Unread("nothing stands there")
    return Command(tuple(words)), tokens


def _word(kind: str, said: str) -> Operand:
    if kind == "number":
        return Literal(said, is_number=True)
    if kind == "text":
        return Literal(said[1:-1] if said.startswith("`") else _unquoted(said))
    return Name(said)


def _unquoted(said: str) -> str:
    try:
        return str(json.loads(said))
    except ValueError:
        return said[1:-1]
