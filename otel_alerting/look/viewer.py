"""A viewer is who looks at a message: Slack writes dates in their time zone and their language."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time, format_timedelta

_TOKEN = re.compile(r"\{(\w+)\}")
_LAST_SECOND = 253_402_300_799  # the year 9999 ends


@dataclass(frozen=True)
class Viewer:
    """Whose clock and whose language. `now` (nanoseconds) is for `{ago}`; 0 leaves relative times as dates."""

    timezone: str = "UTC"
    locale: str = "en"
    now: int = 0

    def when(self, at: int) -> datetime:
        """Nanoseconds since the epoch by this viewer's clock; an unknown zone is UTC."""
        return datetime.fromtimestamp(min(max(at // 1_000_000_000, 0), _LAST_SECOND - 86_400), self._zone())

    def clock(self, at: int) -> str:
        """`14:03` or `2:03 PM`, as the language has it."""
        return format_time(self.when(at), "short", locale=self._language())

    def day(self, at: int) -> str:
        """`Monday, 24 November 2025`."""
        return format_date(self.when(at), "full", locale=self._language())

    def date(self, seconds: str, tokens: str) -> str:
        """Slack's date tokens filled in; empty where that makes no sense, so that the fallback is shown."""
        if not seconds.isascii() or not seconds.isdigit() or int(seconds) > _LAST_SECOND:
            return ""
        at = int(seconds) * 1_000_000_000
        shown = _TOKEN.sub(lambda token: self._token(token[1], at), tokens)
        return shown[:1].upper() + shown[1:]

    def _token(self, name: str, at: int) -> str:
        if name == "ago" and self.now:
            return format_timedelta(
                timedelta(seconds=(at - self.now) // 1_000_000_000), add_direction=True, locale=self._language()
            )
        write = _TOKENS.get(name.removesuffix("_pretty"))
        return write(self.when(at), self._language()) if write else "{" + name + "}"

    def _zone(self) -> tzinfo:
        try:
            return ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return timezone.utc

    def _language(self) -> Locale:
        try:
            return Locale.parse(self.locale.replace("-", "_"))
        except (UnknownLocaleError, ValueError):
            return Locale("en")


_TOKENS: dict[str, Callable[[datetime, Locale], str]] = {
    "ago": lambda when, locale: f"{format_date(when, 'medium', locale)} {format_time(when, 'short', locale=locale)}",
    "date_num": lambda when, _: when.strftime("%Y-%m-%d"),
    "date_slash": lambda when, locale: format_date(when, "short", locale),
    "date": lambda when, locale: format_date(when, "long", locale),
    "date_short": lambda when, locale: format_date(when, "medium", locale),
    "date_long": lambda when, locale: format_date(when, "full", locale),
    "date_long_full": lambda when, locale: format_date(when, "full", locale),
    "day_divider": lambda when, locale: format_date(when, "full", locale),
    "time": lambda when, locale: format_time(when, "short", locale=locale),
    "time_secs": lambda when, locale: format_time(when, "medium", locale=locale),
}
