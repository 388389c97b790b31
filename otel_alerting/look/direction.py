"""Which way a text runs: by its first letter that has a direction, as Unicode's bidirectional algorithm has it."""

from __future__ import annotations

import unicodedata

_ISOLATES = "\u2066\u2067\u2068"
_END = "\u2069"


def runs_right_to_left(text: str) -> bool:
    """Does it run right to left? What stands between isolate marks says nothing about the text around it."""
    depth = 0
    for character in text:
        if character in _ISOLATES:
            depth += 1
        elif character == _END:
            depth = max(0, depth - 1)
        elif depth == 0:
            direction = unicodedata.bidirectional(character)
            if direction in ("L", "R", "AL"):
                return direction != "L"
    return False
