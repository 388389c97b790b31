"""A word is the smallest part of a PromQL expression that means something: a name, a number, an operator."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from otel_alerting.cli.rules.prometheus.syntax import Place

Kind: TypeAlias = Literal["name", "number", "duration", "text", "sign", "end"]

_WORDS = re.compile(
    r"""(?P<space>\s+|\#[^\n]*)
      | (?P<duration>(?:\d+(?:ms|[smhdwy]))+(?![\w.]))
      | (?P<number>0[xX][0-9a-fA-F_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][-+]?\d+)?(?![\w.]))
      | (?P<name>[A-Za-z_:][\w:]*)
      | (?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`)
      | (?P<sign>=~|!~|==|!=|>=|<=|[-+*/%^<>=(){}\[\],:@])""",
    re.VERBOSE | re.ASCII,
)
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|.)", re.DOTALL)
_ESCAPED = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", "'": "'", '"': '"'}


class SyntaxTrouble(Exception):
    """The text is no PromQL expression; says where and why."""

    def __init__(self, place: Place, why: str) -> None:
        super().__init__(why)
        self.place, self.why = place, why


@dataclass(frozen=True)
class Word:
    """One word and its place; a text without its quotes."""

    kind: Kind
    said: str
    place: Place


def words(text: str) -> list[Word]:
    """All words of an expression, and one of kind `end`.

    Raises:
        SyntaxTrouble: at the first character that begins none.
    """
    return [*_words(text), Word("end", "the end", Place(len(text), len(text)))]


def _words(text: str) -> Iterator[Word]:
    at, brackets = 0, 0
    while at < len(text):
        found = _WORDS.match(text, at)
        if found is None:
            raise SyntaxTrouble(Place(at, at + 1), f"the character {text[at]!r} begins nothing that PromQL knows")
        if brackets and text[at] == ":":  # outside of a range a colon belongs to a recorded series' name
            yield Word("sign", ":", Place(at, at + 1))
            at += 1
            continue
        brackets += (found[0] == "[") - (found[0] == "]")
        at = found.end()
        if found.lastgroup != "space":
            yield _word(found)


def _word(found: re.Match[str]) -> Word:
    place = Place(*found.span())
    if found.lastgroup == "text":
        return Word("text", _unquoted(found[0], place), place)
    if found.lastgroup == "duration":
        return Word("duration", found[0], place)
    if found.lastgroup == "number":
        return Word("number", found[0], place)
    return Word("name" if found.lastgroup == "name" else "sign", found[0], place)


def _unquoted(said: str, place: Place) -> str:
    if said.startswith("`"):
        return said[1:-1]

    def put(found: re.Match[str]) -> str:
        code = found[1]
        if code[0] in "xuU":
            return chr(int(code[1:], 16)) if len(code) > 1 else _refused(code, place)
        if len(code) == 3:
            return chr(int(code, 8))
        return _ESCAPED.get(code) or _refused(code, place)

    return _ESCAPE.sub(put, said[1:-1])


def _refused(code: str, place: Place) -> str:
    raise SyntaxTrouble(place, f"the escape \\{code} is none that PromQL knows")
