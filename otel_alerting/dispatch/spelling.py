r"""A spelling is how matchers are written: in Alertmanager's classic or UTF-8 grammar, or as our order on severity.

Alertmanager reads a text by both of its grammars and takes the classic reading where they differ; so the classic one is
tried first, on the whole text, and then the UTF-8 one. What it knows no order for, `severity >= high`, comes before.

classic: `name=value`, names of `[a-zA-Z0-9_:]`, a value with or without double quotes that knows `\n \" \\`; any other
backslash stands for itself, so that a regular expression reads as it was written.
UTF-8: names and values with or without double quotes, any character in quotes, Go's escapes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

RIGHT = 'a matcher as service = api, severity >= high or host =~ "web-.*"'
OPERATORS: Final = ("=", "!=", "=~", "!~")
ORDERED: Final = (">=", "<=", ">", "<")
"""Operators that only severity has, because only it has an order."""

_BLANK = r"[ \t\n\f\r]*"
_CLASSIC = re.compile(rf"{_BLANK}([a-zA-Z_:][a-zA-Z0-9_:]*){_BLANK}(=~|=|!=|!~){_BLANK}(.*?){_BLANK}", re.DOTALL)
_PLAIN = r"[^\s{}!=~,\\\"'`]+"
_QUOTED = r'"(?:[^"\\\n]|\\.)*"'
_IN_QUOTES = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_UTF8 = re.compile(rf"\s*({_QUOTED}|{_PLAIN})\s*(=~|=|!=|!~)\s*({_QUOTED}|{_PLAIN})\s*")
_ORDERED = re.compile(rf"\s*({_QUOTED}|[^\s{{}}!=~,<>\\\"'`]+)\s*(>=|<=|>|<)\s*({_QUOTED}|[^\s=<>,\"'`]+)\s*")
_LOOSE = re.compile(rf"\s*({_QUOTED}|[^\s{{}}!=~,<>\\\"'`]+)\s*(=~|=(?!=)|!=(?!=)|!~)\s*({_QUOTED}|[^\"'`]*?)\s*")
_ESCAPE = re.compile(
    r'\\(?:([abfnrtv\\"])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.))', re.DOTALL
)
_ESCAPED: Final = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", '"': '"'}
_MEANT_OTHERWISE = re.compile(r"!?==.*|!?=~?(?:'.*'|`.*`)|!~(?:'.*'|`.*`)", re.DOTALL)
"""What nobody means, and the UTF-8 grammar refuses: `severity == high`, `team = 'a'`."""


class Said(NamedTuple):
    """One condition as it is written."""

    name: str
    operator: str
    value: str


def read(text: str) -> list[Said]:
    """The conditions of a text, with or without braces, separated by commas.

    Raises:
        ValueError: with what would be right.
    """
    text = _unbraced(text.strip())
    tokens = list(_tokens(text))
    if not any(map(_ORDERED.fullmatch, tokens)):
        for grammar in (_classic, _utf8):
            found = [grammar(token) for token in tokens]
            if None not in found:
                return [one for one in found if one is not None]
    return [_ours(token) for token in tokens]


def written(said: Said) -> str:
    """As both grammars read it, always in the same spelling."""
    name = said.name if re.fullmatch(r"[a-zA-Z_:][a-zA-Z0-9_:.\-/]*", said.name) else _quoted(said.name)
    return f"{name}{said.operator}{_quoted(said.value)}"


def _unbraced(text: str) -> str:
    if not text.startswith("{"):
        return text
    if not text.endswith("}"):
        raise ValueError(f"{text!r} opens a brace and does not close it")
    return text[1:-1]


def _tokens(text: str) -> Iterator[str]:
    """The text cut at its commas; those in quotes do not count, and one at the end separates nothing."""
    begin, quoted, escape = 0, False, False
    for at, char in enumerate(text):
        if char == "," and not quoted:
            yield text[begin:at]
            begin = at + 1
        elif char == '"' and not escape:
            quoted = not quoted
        escape = char == "\\" and not escape
    if text[begin:].strip():
        yield text[begin:]


def _classic(token: str) -> Said | None:
    found = _CLASSIC.fullmatch(token)
    if found is None or _MEANT_OTHERWISE.fullmatch(found[2] + found[3]):
        return None
    inner = _IN_QUOTES.fullmatch(found[3])
    value = inner[1] if inner else found[3]
    if re.search(r'(?<!\\)(?:\\\\)*"', value) or (found[3].startswith('"') and not inner):
        return None
    return Said(found[1], found[2], re.sub(r'\\([n"\\])', lambda escape: escape[1].replace("n", "\n"), value))


def _utf8(token: str) -> Said | None:
    found = _UTF8.fullmatch(token)
    try:
        return Said(_unquoted(found[1]), found[2], _unquoted(found[3])) if found else None
    except ValueError:
        return None


def _ours(token: str) -> Said:
    """One condition by whichever grammar it fits, with an order, or with any name before a value of several words."""
    found = _ORDERED.fullmatch(token)
    if found:
        return Said(_unquoted(found[1]), found[2], _unquoted(found[3]))
    said = _classic(token) or _utf8(token)
    if said is not None:
        return said
    found = _LOOSE.fullmatch(token)
    if found is None:
        raise ValueError(_trouble(token))
    return Said(_unquoted(found[1]), found[2], _unquoted(found[3]))


def _trouble(token: str) -> str:
    """What is wrong with a condition that no grammar reads."""
    name = re.match(rf"\s*({_QUOTED}|[^\s{{}}!=~,<>\\\"'`]+)\s*", token)
    if name is None:
        return f"a label's name is expected at {token.strip()!r}; {RIGHT}"
    operator = re.match(r"(=~|!~|!=|>=|<=|=(?!=)|>|<)\s*", token[name.end() :])
    if operator is None:
        return f"one of {' '.join((*OPERATORS, *ORDERED))} is expected after {name[0].strip()!r}; {RIGHT}"
    value = token[name.end() + operator.end() :].strip()
    return f'{value!r} is not a value; quote it as "…", with \\" for a quote inside'


def _unquoted(text: str) -> str:
    return _ESCAPE.sub(_unescaped, text[1:-1]) if text.startswith('"') else text


def _unescaped(found: re.Match[str]) -> str:
    if found[1]:
        return _ESCAPED[found[1]]
    if found[6] is not None:
        raise ValueError(f"{found[0]} is an escape that nobody knows")
    code = int(found[5], 8) if found[5] else int(found[2] or found[3] or found[4], 16)
    if code > 0x10FFFF:
        raise ValueError(f"{found[0]} is no character")
    return chr(code)


def _quoted(text: str) -> str:
    return '"' + re.sub(r'[\n"\\]', lambda found: {"\n": "\\n"}.get(found[0], "\\" + found[0]), text) + '"'
