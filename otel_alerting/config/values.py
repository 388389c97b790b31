"""Values that people write as text and that can be wrong by themselves: languages, time zones, addresses, stores."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, TypeAlias
from urllib.parse import urlsplit

from msgspec import Meta

from otel_alerting.model.duration import DAY, Duration

_UNITS = ("y", "w", "d", "h", "m", "s", "ms", "us", "ns")
_LONGEST = 3_650 * DAY
_LONGEST_TEXT = 100
_AGES = "a duration of at most 10y"
FOLDER = "folder"
Folder: TypeAlias = Annotated[Path, Meta(extra={FOLDER: True})]
"""A folder that exists; the reader takes relative ones from the file they are written in."""


class LocaleName(str):
    """A language that CLDR knows, `fr-FR` or `fr_FR`; empty where nobody says one."""

    __slots__ = ()

    @classmethod
    def parse(cls, said: str | int | float) -> LocaleName:
        """Read a language tag.

        Raises:
            ValueError: with what would be right.
        """
        from babel import Locale, UnknownLocaleError

        text = str(said).strip()
        try:
            if text:
                Locale.parse(text.replace("-", "_"))
        except (ValueError, UnknownLocaleError, TypeError):
            raise ValueError("a language that Babel knows; there are words in en, fr, de, es, ja and ar") from None
        return cls(text)


class TimezoneName(str):
    """A time zone of the IANA list that this machine knows; empty where nobody says one."""

    __slots__ = ()

    @classmethod
    def parse(cls, said: str | int | float) -> TimezoneName:
        """Read a time zone's name.

        Raises:
            ValueError: with what would be right.
        """
        from zoneinfo import ZoneInfo

        text = str(said).strip()
        try:
            if text:
                ZoneInfo(text)
        except (ValueError, OSError, LookupError):  # ZoneInfoNotFoundError is a KeyError; a folder's name an OSError
            raise ValueError("a time zone of the IANA list: UTC, Europe/Paris") from None
        return cls(text)


class HttpUrl(str):
    """An absolute http or https URL."""

    __slots__ = ()

    @classmethod
    def parse(cls, said: str | int | float) -> HttpUrl:
        """Read a URL.

        Raises:
            ValueError: with what would be right.
        """
        text = str(said).strip()
        if not is_url(text):
            raise ValueError("a URL that begins with https:// or http://")
        return cls(text)


class TraceUrl(str):
    """Where a trace can be seen: a URL with `{trace_id}` in it; empty for nowhere."""

    __slots__ = ()

    @classmethod
    def parse(cls, said: str | int | float) -> TraceUrl:
        """Read a URL with a place for the trace id.

        Raises:
            ValueError: with what would be right.
        """
        text = str(said).strip()
        if text and not (is_url(text) and "{trace_id}" in text):
            raise ValueError("a URL with {trace_id} in it, as https://tempo.example/trace/{trace_id}")
        return cls(text)


class StoreUrl(str):
    """Where state rests: `auto` or `memory:`."""

    __slots__ = ()

    @classmethod
    def parse(cls, said: str | int | float) -> StoreUrl:
        """Read a store's address.

        Raises:
            ValueError: with what would be right; the address itself, which may hold a password, is not in it.
        """
        text = str(said).strip()
        if text not in ("auto", "memory:"):
            raise ValueError("auto or memory: (this version keeps its state in memory)")
        return cls(text)


class Pattern(str):
    """A regular expression that can be compiled."""

    __slots__ = ()

    @classmethod
    def parse(cls, said: str | int | float) -> Pattern:
        """Read a regular expression.

        Raises:
            ValueError: with what is wrong with it.
        """
        text = str(said)
        try:
            re.compile(text)
        except re.error as error:
            raise ValueError(f"a regular expression ({error})") from None
        return cls(text)


def duration(said: str | int | float) -> Duration:
    """Read `1h30m` as `Duration` does, but for what is a slip of the pen: a unit twice, seconds before hours, ages.

    Raises:
        ValueError: with what would be right.
    """
    text = str(said).strip()
    if len(text) > _LONGEST_TEXT:
        raise ValueError(_AGES)
    made = Duration.parse(text)
    units = [_UNITS.index(unit.replace("µs", "us")) for unit in re.findall(r"[a-zµ]+", text)]
    if units != sorted(set(units)):
        raise ValueError("each unit once and the largest first, as 1h30m")
    if made > _LONGEST:
        raise ValueError(_AGES)
    return made


def is_url(said: str) -> bool:
    """Is it an absolute http or https URL?"""
    try:
        parts = urlsplit(said)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def is_open(said: str) -> bool:
    """Can others read what is sent to a URL? It is not https, and leads to another machine."""
    return urlsplit(said).scheme == "http" and not is_local(said)


def is_local(said: str) -> bool:
    """Does a URL lead to this machine?"""
    return urlsplit(said).hostname in ("localhost", "127.0.0.1", "::1")
