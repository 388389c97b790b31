"""Clusters are what readers count as characters: a flag, a family emoji, a letter with its accents.

Text from outside is made clean here, and cut here: between clusters, never inside one, and saying how much is missing.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import regex

FIRST_STRONG_ISOLATE = "\u2068"
POP_ISOLATE = "\u2069"

Said = Callable[[int], str]
"""Says in words that so many characters are missing: `… (+1,204 characters)`."""

# Control characters (but newline and tab), byte order marks, characters that turn the direction of what follows, and
# halves of surrogate pairs, which no encoder takes. A terminal's escape sequences go whole, else their letters stay.
_DIRT = re.compile(
    r"\x1b\[[0-?]{0,64}[ -/]{0,8}[@-~]"
    "|[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_SPACE = re.compile(r"[ \t\n\v\f\r]+")
_CLUSTER = regex.compile(r"\X")
_LONGEST_HEADLINE = 2_000
_LATIN = re.compile(r"[A-Za-z0-9]")


def clean(text: str) -> str:
    """Without control and direction characters; newlines and tabs stay."""
    if text.isascii() and text.isprintable():
        return text
    return _DIRT.sub(_replacement, text)


def _replacement(found: re.Match[str]) -> str:
    dirt = found[0]
    if dirt in "\u2028\u2029":
        return "\n"
    return "\ufffd" if "\ud800" <= dirt <= "\udfff" else ""


def one_line(text: str) -> str:
    """On one line, every run of white space one space; no-break spaces stay, French and numbers need them."""
    return " ".join(text.split()) if text.isascii() else _SPACE.sub(" ", text).strip(" ")


def headline(text: str) -> str:
    """On one line; of a text of any length, as much as a title could need."""
    return one_line(text[:_LONGEST_HEADLINE])


def isolate(text: str) -> str:
    """Keep left-to-right text (a host name, a number) from being torn apart inside right-to-left words."""
    if not _LATIN.search(text):
        return text
    return f"{FIRST_STRONG_ISOLATE}{text}{POP_ISOLATE}"


def ellipsis(missing: int) -> str:
    """The shortest way to say that something is missing."""
    return "…"


def cut(text: str, limit: int, said: Said = ellipsis, *, pieces: regex.Pattern[str] = _CLUSTER) -> str:
    """At most `limit` characters, ending between two clusters and, when cut, with what `said` says is missing.

    Direction isolates that the cut left open are closed. Takes time in proportion to `limit`, not to the text.
    """
    if len(text) <= limit:
        return text
    room = limit - len(said(len(text)))
    kept = _kept(text, room, pieces)
    unclosed = kept.count(FIRST_STRONG_ISOLATE) - kept.count(POP_ISOLATE)
    if unclosed > 0:
        kept = _kept(kept, room - unclosed, pieces)
        unclosed = kept.count(FIRST_STRONG_ISOLATE) - kept.count(POP_ISOLATE)
    return (kept.rstrip() + POP_ISOLATE * unclosed + said(len(text) - len(kept)))[: max(0, limit)]


def _kept(text: str, room: int, pieces: regex.Pattern[str]) -> str:
    end = 0
    for piece in pieces.finditer(text):
        if piece.end() > room:
            break
        end = piece.end()
    return text[:end]
