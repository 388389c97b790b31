r"""Letters are the characters that one step of an expression takes: `a`, `[^0-9]`, `\w`, `[[:alpha:]]`, `\p{Greek}`."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

import regex

Span: TypeAlias = tuple[str, str]
"""First and last character, both included."""


@dataclass(frozen=True, slots=True)
class Letters:
    """A set of characters. Called with one, it says whether that is in it; made without anything, it has them all."""

    spans: tuple[Span, ...] = ()
    others: tuple[Callable[[str], bool], ...] = ()
    """Sets that are in it besides the spans."""
    negated: bool = True
    fold: bool = False
    """Are upper and lower case one?"""

    @classmethod
    def of(cls, char: str, *, fold: bool = False) -> Letters:
        """One character."""
        return cls(spans=((char, char),), negated=False, fold=fold)

    def __call__(self, char: str) -> bool:
        """Is this character in it?"""
        forms = _forms(char) if self.fold else (char,)
        return any(map(self._has, forms)) is not self.negated

    def _has(self, char: str) -> bool:
        return any(first <= char <= last for first, last in self.spans) or any(one(char) for one in self.others)


_DIGIT: Final = (("0", "9"),)
_WORD: Final = (("0", "9"), ("A", "Z"), ("_", "_"), ("a", "z"))
_SPACE: Final = (("\t", "\n"), ("\f", "\r"), (" ", " "))

CLASSES: Final[Mapping[str, Letters]] = {
    "not a line's end": Letters(spans=(("\n", "\n"),)),
    "d": Letters(spans=_DIGIT, negated=False),
    "D": Letters(spans=_DIGIT),
    "w": Letters(spans=_WORD, negated=False),
    "W": Letters(spans=_WORD),
    "s": Letters(spans=_SPACE, negated=False),
    "S": Letters(spans=_SPACE),
}
_POSIX: Final[Mapping[str, tuple[Span, ...]]] = {
    "alnum": (("0", "9"), ("A", "Z"), ("a", "z")),
    "alpha": (("A", "Z"), ("a", "z")),
    "ascii": (("\0", "\x7f"),),
    "blank": (("\t", "\t"), (" ", " ")),
    "cntrl": (("\0", "\x1f"), ("\x7f", "\x7f")),
    "digit": _DIGIT,
    "graph": (("!", "~"),),
    "lower": (("a", "z"),),
    "print": ((" ", "~"),),
    "punct": (("!", "/"), (":", "@"), ("[", "`"), ("{", "~")),
    "space": (("\t", "\r"), (" ", " ")),
    "upper": (("A", "Z"),),
    "word": _WORD,
    "xdigit": (("0", "9"), ("A", "F"), ("a", "f")),
}
_POSIX_CLASS = re.compile(r"\[:(\^?)(\w+):\]")
_PROPERTY = re.compile(r"([pP])(?:\{(\^?)(\w+)\}|(\w))")
_CODE = re.compile(r"x\{([0-9A-Fa-f]{1,6})\}|x([0-9A-Fa-f]{2})|([0-7]{3}|0[0-7]{0,2})")
_NAMED: Final = {"a": "\a", "f": "\f", "t": "\t", "n": "\n", "r": "\r", "v": "\v"}


def escaped(text: str, at: int, fold: bool) -> tuple[Letters, int]:
    r"""What stands behind a backslash (`d`, `p{Greek}`, `x41`, `.`), and where it ends.

    Raises:
        ValueError: an escape that RE2 does not know.
    """
    char = text[at]
    if char in CLASSES:
        return CLASSES[char], at + 1
    found = _PROPERTY.match(text, at)
    if found:
        negated = (found[1] == "P") is not bool(found[2])
        return Letters(others=(_property(found[3] or found[4]),), negated=negated, fold=fold), found.end()
    code = _CODE.match(text, at)
    if code:
        number = int(code[1] or code[2], 16) if code[1] or code[2] else int(code[3], 8)
        if number > 0x10FFFF:
            raise ValueError(f"\\{code[0]} is not a character")
        return Letters.of(chr(number), fold=fold), code.end()
    if char in _NAMED:
        return Letters.of(_NAMED[char]), at + 1
    if char.isascii() and char.isalnum():
        raise ValueError(f"{text!r} is not a regular expression: \\{char}, which RE2 does not know")
    return Letters.of(char), at + 1


def one_of(text: str, at: int, fold: bool) -> tuple[Letters, int]:
    """A class from behind its opening bracket, and where it ends.

    Raises:
        ValueError: it does not end, or a range runs backwards.
    """
    begin, spans, others = at, list[Span](), list[Callable[[str], bool]]()
    negated = text.startswith("^", at)
    at += negated
    first = True
    while first or not text.startswith("]", at):
        first = False
        posix = _POSIX_CLASS.match(text, at)
        if posix:
            others.append(_posix(posix[2], negated=bool(posix[1])))
            at = posix.end()
            continue
        one, at = _member(text, at)
        if not _is_one(one):
            others.append(Letters(one.spans, one.others, one.negated, fold))
        elif text.startswith("-", at) and not text.startswith("-]", at):
            last, at = _member(text, at + 1)
            if not _is_one(last) or last.spans[0][0] < one.spans[0][0]:
                raise ValueError(f"{text!r} is not a regular expression: the range [{text[begin:at]}")
            spans.append((one.spans[0][0], last.spans[0][0]))
        else:
            spans.append(one.spans[0])
    return Letters(tuple(spans), tuple(others), negated, fold), at + 1


def _member(text: str, at: int) -> tuple[Letters, int]:
    if at >= len(text) or (text[at] == "\\" and at + 1 >= len(text)):
        raise ValueError(f"{text!r} is not a regular expression: a [ that is not closed")
    return escaped(text, at + 1, fold=False) if text[at] == "\\" else (Letters.of(text[at]), at + 1)


def _is_one(letters: Letters) -> bool:
    spans = letters.spans
    return not letters.negated and not letters.others and len(spans) == 1 and spans[0][0] == spans[0][1]


def _posix(name: str, *, negated: bool) -> Letters:
    if name not in _POSIX:
        raise ValueError(f"[:{name}:] is not one of " + ", ".join(_POSIX))
    return Letters(_POSIX[name], negated=negated)


@functools.lru_cache(maxsize=256)
def _property(name: str) -> Callable[[str], bool]:
    """Unicode's categories and scripts, from the `regex` package's tables, one character at a time."""
    try:
        matches = regex.compile(rf"\p{{{name}}}").fullmatch
    except regex.error:
        raise ValueError(f"\\p{{{name}}} is not a property that Unicode has") from None
    return lambda char: matches(char) is not None


@functools.lru_cache(maxsize=4096)
def _forms(char: str) -> frozenset[str]:
    """The character in upper and lower case, as far as those are one character."""
    near = {char, char.lower(), char.upper(), char.casefold()}
    near |= {form for one in near for form in (one.lower(), one.upper())}
    return frozenset(one for one in near if len(one) == 1)
