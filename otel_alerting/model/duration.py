"""A duration is a number of nanoseconds that people write as `5m`."""

from __future__ import annotations

import re
from fractions import Fraction

SECOND = 1_000_000_000
"""Nanoseconds."""
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_UNITS = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "ms": 1_000_000,
    "s": SECOND,
    "m": MINUTE,
    "h": HOUR,
    "d": DAY,
    "w": 7 * DAY,
    "y": 365 * DAY,
}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h|d|w|y)")
_RIGHT = "a duration as 500ms, 30s, 5m, 1h30m or 7d"


class Duration(int):
    """Nanoseconds, read from text; the units are Prometheus's and Go's: ns us ms s m h d w y."""

    @classmethod
    def parse(cls, said: str | int | float) -> Duration:
        """Read `1h30m`, `200ms` or `0`.

        Raises:
            ValueError: with what would be right. A bare number other than 0 says no unit and is refused.
        """
        text = str(said).strip()
        if text == "0":
            return cls(0)
        total, end = Fraction(0), 0  # a float would round nanoseconds from three months on
        for part in _PART.finditer(text):
            if part.start() != end:
                break
            total += Fraction(part[1]) * _UNITS[part[2]]
            end = part.end()
        if not text or end != len(text):
            raise ValueError(_RIGHT)
        return cls(round(total))

    def __str__(self) -> str:
        """As people write it: the largest units first, `1h30m`; `0s` for nothing."""
        rest, words = int(self), []
        for unit in ("d", "h", "m", "s", "ms", "us", "ns"):
            number, rest = divmod(rest, _UNITS[unit])
            if number:
                words.append(f"{number}{unit}")
        return "".join(words) or "0s"
