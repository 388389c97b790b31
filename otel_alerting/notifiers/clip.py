"""Text cut to the room it has, in the units that Slack may count in.

Slack counts code points in some places, UTF-16 units or UTF-8 bytes in others, and says so nowhere: whoever stays
below in UTF-16 stays below in code points too. Messages come within their limits, so cutting is the exception here;
where it happens the text says by how many characters.
"""

from __future__ import annotations

import regex

_UNWANTED = regex.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_CLUSTERS = regex.compile(r"<[^<>\s][^<>]{0,3000}>|&(?:amp|lt|gt);|\X")
"""What must stay whole: a link or mention, an escaped character, what a reader sees as one letter."""


def units(text: str) -> int:
    """Its length in UTF-16 units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def octets(text: str) -> int:
    """Its length in UTF-8 bytes."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def cleaned(text: str) -> str:
    """Without control characters and halves of surrogate pairs: neither can be sent as JSON that Slack takes."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _UNWANTED.sub("", text) if _UNWANTED.search(text) else text


def escaped(text: str) -> str:
    """Literal text as mrkdwn: exactly the three characters that Slack wants escaped, which disarms mentions too."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def clipped(text: str, room: int, *, most_octets: int | None = None) -> str:
    """At most `room` UTF-16 units (and bytes), never cut inside a link, entity or letter; says how much is missing."""
    if units(text) <= room and (most_octets is None or octets(text) <= most_octets):
        return text
    left, left_octets = room - len(_note(len(text))), (most_octets or 4 * room) - octets(_note(len(text)))
    end = 0
    for piece in _CLUSTERS.finditer(text):
        left -= units(piece[0])
        left_octets -= octets(piece[0])
        if left < 0 or left_octets < 0:
            break
        end = piece.end()
    note = _note(len(text) - end)
    return text[:end] + note if end or units(note) <= room else ""


def _note(missing: int) -> str:
    """Reads the same in every language."""
    return f"…(+{missing})"
