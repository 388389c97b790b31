"""A moment is nanoseconds since the epoch that people and recordings write as ISO 8601, or as a plain number."""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache

from otel_alerting.model.duration import DAY, HOUR, MINUTE, SECOND

_ISO = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9})\d*)?)?"
    r"\s?(Z|z|UTC|[+-]\d\d(?::?\d\d)?)?)?"
)
_NUMBER = re.compile(r"(\d{1,19})(?:\.(\d{1,9})\d*)?")
_SCALES = ((10**11, SECOND), (10**14, 1_000_000), (10**17, 1_000))
"""A number below 10**11 is in seconds, until the year 5138; then milliseconds, microseconds, nanoseconds."""
_RIGHT = "a moment as 2024-05-01T10:00:00Z (UTC where no zone is said), or seconds or milliseconds since 1970"


def moment_of(said: str) -> int:
    """Read a moment.

    Raises:
        ValueError: with what would be right.
    """
    text = said.strip()
    found = _ISO.fullmatch(text)
    if found is not None:
        try:
            return _of_iso(found)
        except ValueError as error:
            raise ValueError(f"{error}; {_RIGHT}") from None
    number = _NUMBER.fullmatch(text)
    if number is None:
        raise ValueError(_RIGHT)
    whole = int(number[1])
    unit = next((unit for least, unit in _SCALES if whole < least), 1)
    return whole * unit + (int(number[2].ljust(9, "0")) * unit // SECOND if number[2] else 0)


def rfc3339(at: int) -> str:
    """A moment in UTC, to the nanosecond where it is not a full second: `2024-05-01T10:00:00Z`."""
    seconds, rest = divmod(at, SECOND)
    try:
        said = dt.datetime.fromtimestamp(seconds, dt.timezone.utc).isoformat()[:19]
    except (OverflowError, OSError, ValueError):
        return str(at)
    return f"{said}.{rest:09d}".rstrip("0") + "Z" if rest else f"{said}Z"


def _of_iso(found: re.Match[str]) -> int:
    date, hour, minute, second, part, zone = found.groups()
    at = _midnight(date)
    if hour is None:
        return at
    if int(hour) > 23 or int(minute) > 59 or int(second or 0) > 60:
        raise ValueError(f"no time {hour}:{minute}:{second or '00'}")
    at += int(hour) * HOUR + int(minute) * MINUTE + int(second or 0) * SECOND
    return at + (int(part.ljust(9, "0")) if part else 0) - _offset(zone)


@lru_cache(64)
def _midnight(date: str) -> int:
    return (dt.date.fromisoformat(date).toordinal() - dt.date(1970, 1, 1).toordinal()) * DAY


@lru_cache(64)
def _offset(zone: str | None) -> int:
    if zone in (None, "Z", "z", "UTC"):
        return 0
    digits = zone[1:].replace(":", "").ljust(4, "0")
    return (int(digits[:2]) * HOUR + int(digits[2:]) * MINUTE) * (-1 if zone[0] == "-" else 1)
