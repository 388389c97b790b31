"""A language is what one reader reads: the words of its catalogue, the numbers, units and dates of its CLDR locale.

Made once for each locale by `locales.LocaleManager` and shared by all threads. Patterns are parsed once and what was
formatted is remembered: formatting a date anew takes as long as all the rest of a message.
"""

from __future__ import annotations

import copy
import datetime as dt
import functools
import gettext
import math
import zoneinfo
from collections.abc import Callable

import babel
from babel.dates import DateTimePattern, format_timedelta, get_datetime_format, get_timezone, parse_pattern
from babel.numbers import NumberPattern
from babel.units import format_unit

from otel_alerting.model.duration import DAY, HOUR, MINUTE, SECOND

_MILLISECOND = 1_000_000
_MICROSECOND = 1_000

_DURATIONS = (
    (DAY, "duration-day"),
    (HOUR, "duration-hour"),
    (MINUTE, "duration-minute"),
    (SECOND, "duration-second"),
    (_MILLISECOND, "duration-millisecond"),
    (_MICROSECOND, "duration-microsecond"),
    (1, "duration-nanosecond"),
)
_SECONDS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0, "wk": 604800.0}
_BYTES = {"By": 1, "kBy": 1e3, "MBy": 1e6, "GBy": 1e9, "KiBy": 2**10, "MiBy": 2**20, "GiBy": 2**30, "TiBy": 2**40}
_BITS = {"bit": 1, "kbit": 1e3, "Mbit": 1e6, "Gbit": 1e9}
_BYTE_STEPS = (
    (1e15, "digital-petabyte"),
    (1e12, "digital-terabyte"),
    (1e9, "digital-gigabyte"),
    (1e6, "digital-megabyte"),
    (1e3, "digital-kilobyte"),
)
_BIT_STEPS = ((1e9, "digital-gigabit"), (1e6, "digital-megabit"), (1e3, "digital-kilobit"))
_UNITS = {
    "Cel": "temperature-celsius",
    "Hz": "frequency-hertz",
    "W": "power-watt",
    "kW": "power-kilowatt",
    "V": "electric-volt",
    "A": "electric-ampere",
    "J": "energy-joule",
    "m": "length-meter",
}
_REMEMBERED = 4096
_LONGEST_NUMBER = 1e15


class Language:
    """The words and formats of one locale. Every method is safe from any thread and raises nothing for odd values."""

    def __init__(self, locale: babel.Locale, words: gettext.NullTranslations) -> None:
        self.locale = locale
        self.name = str(locale)
        """As Babel writes it: `fr`, `pt_BR`."""
        self.rtl = locale.text_direction == "rtl"
        self._words = words
        self._decimal = locale.decimal_formats[None]
        self._percent = locale.percent_formats[None]
        remember = functools.lru_cache(_REMEMBERED)
        self.number: Callable[[float], str] = remember(self._number)
        """A number with the digits that matter: `1,234`, `7.31`, `0.000123`."""
        self.percent: Callable[[float], str] = remember(self._percentage)
        """A share as a percentage: 0.073 is `7.3%`."""
        self.quantity: Callable[[float, str], str] = remember(self._quantity)
        """A number with its UCUM unit (`s`, `ms`, `By`, `1`, `{request}`; also `ratio`, `%`), scaled for people."""
        self.duration: Callable[[int], str] = remember(self._duration)
        """Nanoseconds in words, the two largest units: `12 minutes`, `1 hour, 30 minutes`."""
        self.moment: Callable[[int, str], str] = remember(self._moment)
        """Nanoseconds since the epoch as date and time with the zone's name: `24 Nov 2026, 13:24 CET`."""

    def gettext(self, message: str) -> str:
        """The message in this language; itself where the catalogue has none."""
        return self._words.gettext(message) if message else ""

    def ngettext(self, singular: str, plural: str, number: int) -> str:
        """The form that goes with a number, by the language's own plural rule."""
        return self._words.ngettext(singular, plural, number)

    def pgettext(self, context: str, message: str) -> str:
        """The message in this language, where one English word stands for several."""
        return self._words.pgettext(context, message)

    def relative(self, at: int, now: int) -> str:
        """A moment as seen from another: `5 minutes ago`."""
        return format_timedelta(dt.timedelta(microseconds=(at - now) / 1000), add_direction=True, locale=self.locale)

    def _number(self, value: float) -> str:
        if _is_odd(value):
            return _odd(value)
        return str(self._shape(_digits(value)).apply(value, self.locale))

    def _percentage(self, value: float) -> str:
        if _is_odd(value * 100):
            return f"{_odd(value * 100)}%"
        return str(self._shape(min(2, _digits(value * 100)), share=True).apply(value, self.locale))

    @functools.lru_cache(64)  # noqa: B019 - languages live as long as the program
    def _shape(self, digits: int, *, share: bool = False) -> NumberPattern:
        shape: NumberPattern = copy.copy(self._percent if share else self._decimal)
        shape.frac_prec = (0, digits)
        return shape

    def _quantity(self, value: float, unit: str) -> str:
        if unit in ("ratio", "%"):
            return self.percent(value / 100 if unit == "%" else value)
        if unit in ("", "1") or _is_odd(value):
            return self.number(value)
        if unit in _SECONDS:
            return self._seconds(value * _SECONDS[unit])
        if unit in _BYTES:
            return self._scaled(value * _BYTES[unit], _BYTE_STEPS, "digital-byte")
        if unit in _BITS:
            return self._scaled(value * _BITS[unit], _BIT_STEPS, "digital-bit")
        if unit in _UNITS:
            return self._unit(value, _UNITS[unit], "short")
        return f"{self.number(value)} {unit.replace('{', '').replace('}', '')}"

    def _seconds(self, seconds: float) -> str:
        size = abs(seconds)
        if size >= 120:
            return self.duration(round(seconds * SECOND))
        if size == 0 or size >= 1:
            return self._unit(seconds, "duration-second", "short")
        if size >= 1e-3:
            return self._unit(seconds * 1e3, "duration-millisecond", "short")
        return self._unit(seconds * 1e6, "duration-microsecond", "short")

    def _scaled(self, value: float, steps: tuple[tuple[float, str], ...], smallest: str) -> str:
        for size, unit in steps:
            if abs(value) >= size:
                return self._unit(value / size, unit, "short")
        return self._unit(value, smallest, "short")

    def _unit(self, value: float, unit: str, length: str) -> str:
        if _is_odd(value):
            return f"{_odd(value)} {unit.partition('-')[2]}"
        # Where CLDR has a unit in one length only (Japanese minutes), Babel says "12 duration-minute" in the others.
        for wanted in (length, "short", "narrow"):
            said = format_unit(round(value, _digits(value)), unit, wanted, locale=self.locale)  # type: ignore[arg-type]
            if unit not in said:
                return said
        return f"{self.number(value)} {unit.partition('-')[2]}"

    def _duration(self, nanoseconds: int) -> str:
        rest = abs(int(nanoseconds))
        if rest < SECOND:
            return self._short_duration(rest)
        parts: list[str] = []
        for size, unit in _DURATIONS[:4]:
            number, rest = divmod(rest, size)
            if number:
                parts.append(self._unit(number, unit, "long"))
            if len(parts) == 2 or (parts and not number):
                break
        return self._pair.format(*parts) if len(parts) > 1 else parts[0]

    @functools.cached_property
    def _pair(self) -> str:
        # Not babel.lists.format_list: it stops with a KeyError where CLDR has no "unit" list for a language.
        patterns = self.locale.list_patterns
        for style in ("unit", "standard"):
            pattern = patterns[style].get("2") if style in patterns else None
            if pattern:
                return str(pattern)
        return "{0} {1}"

    def _short_duration(self, nanoseconds: int) -> str:
        for size, unit in _DURATIONS[4:]:
            if nanoseconds >= size:
                return self._unit(nanoseconds / size, unit, "long")
        return self._unit(0, "duration-second", "long")

    def _moment(self, at: int, timezone: str) -> str:
        zone = zone_of(timezone)
        try:
            when = dt.datetime.fromtimestamp(at / SECOND, zone)
        except (OverflowError, OSError, ValueError):
            return str(at)
        return f"{self._moment_shape.apply(when, self.locale)} {when.tzname()}"

    @functools.cached_property
    def _moment_shape(self) -> DateTimePattern:
        date = self.locale.date_formats["medium"].pattern
        time = self.locale.time_formats["short"].pattern
        joined = str(get_datetime_format("medium", self.locale))
        return parse_pattern(joined.replace("'", "").replace("{0}", time).replace("{1}", date))


@functools.lru_cache(1024)
def zone_of(timezone: str) -> dt.tzinfo:
    """The time zone of that IANA name; UTC when there is none such on this machine."""
    try:
        return get_timezone(timezone or "UTC")
    except (LookupError, ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        return dt.timezone.utc


def _digits(value: float) -> int:
    """Digits behind the point so that three figures are seen: 1234.5 -> 0, 7.31 -> 2, 0.000123 -> 6."""
    size = abs(value)
    if size == 0 or not math.isfinite(size):
        return 0
    return min(12, max(0, 2 - math.floor(math.log10(size))))


def _is_odd(value: float) -> bool:
    """Is it no number, or longer than anybody reads? Beyond 28 digits Babel's decimals fail."""
    return not abs(value) < _LONGEST_NUMBER


def _odd(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    return f"{value:.2e}"
