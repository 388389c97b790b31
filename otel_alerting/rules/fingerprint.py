"""A fingerprint is what stays the same in a message whose values change: `user <*> not found`.

Every step is one pass over words of bounded length, so that the time grows with the message and no message, however
it was made, can make it grow faster.
"""

from __future__ import annotations

import re

from otel_alerting.model import Log

MASK = "<*>"
LONGEST = 1_000
"""Characters of a message that count: what differs only behind them is the same."""

# Both ends of a quotation touch no letter, so that `can't` opens none; the bound keeps unclosed ones cheap.
_QUOTED = re.compile(r"(?<!\w)(['\"`])(?:(?!\1)[^\n]){1,200}\1(?!\w)")
# Letters, digits and what joins them into one value: addresses, times, uuids, versions, file names with lines.
_VALUE = re.compile(r"[+-]?[0-9A-Za-z_]+(?:[.:@+-][0-9A-Za-z_]+)*%?")
_LONG_HEX = re.compile(r"[0-9a-fA-F]{8,}")
_EDGES = "()[]{}<>,;:.!?'\"`"
_REMEMBERED = 10_000

_known: dict[str, str] = {}


def fingerprint(message: str) -> str:
    """The message with numbers, ids, addresses, paths, URLs, mail addresses and quoted values masked.

    The fingerprint of a fingerprint is itself.
    """
    message = message[:LONGEST]
    if "'" in message or '"' in message or "`" in message:
        message = _QUOTED.sub(rf"\1{MASK}\1", message)
    return " ".join([word if word.isalpha() else _masked(word) for word in message.split()])


def fingerprint_of(log: Log) -> str:
    """The fingerprint of a log record: its template where it has one, else that of its text."""
    if log.template and log.template != log.body:
        return log.template
    body = log.body[:LONGEST]
    known = _known.get(body)
    if known is None:
        if len(_known) >= _REMEMBERED:
            _known.clear()
        known = _known[body] = fingerprint(body)
    return known


def _masked(word: str) -> str:
    """A word without its values; of `key=value` the key stays."""
    key, equals, value = word.partition("=")
    if not equals or "/" in key:
        return _without_values(word)
    if not _is_place(value):
        value = "=".join([_without_values(part) for part in value.split("=")])
    return f"{_without_values(key)}={_without_values(value)}"


def _without_values(word: str) -> str:
    """The brackets and stops around a value stay."""
    bare = word.strip(_EDGES)
    if bare and MASK not in word and _is_place(bare):
        before, _, after = word.partition(bare)
        return f"{before}{MASK}{after}"
    return _VALUE.sub(_value, word)


def _value(found: re.Match[str]) -> str:
    value = found[0]
    if not value.isascii() or not any(map(str.isdigit, value)):
        return MASK if "@" in value.strip("@") or _LONG_HEX.fullmatch(value) else value
    return MASK


def _is_place(word: str) -> bool:
    """Is it a URL or a path? `and/or`, `read/write` and `application/json` are words."""
    if "://" in word:
        return True
    if "/" in word:
        return (word[0] in "/~." and len(word) > 1) or word.count("/") > 1 or not word.replace("/", "").isalpha()
    return "\\" in word and len(word) > 2
