"""A time interval is a part of the calendar with a name: office hours, weekends, the last three days of a month.

Everything that an interval names must hold at once; of several values under one key one is enough; what is not named
does not matter. Ranges include both ends, only a range of times ends before its last minute. Meaning and limits are
Alertmanager's: https://prometheus.io/docs/alerting/latest/configuration/#time_interval.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

import msgspec

from otel_alerting.model.duration import MINUTE, SECOND

R = TypeVar("R", bound="Range")

_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])|24:00")
_WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_SHORTEST_MONTH = 28
_QUARTER = 15 * MINUTE
"""Zones differ from UTC by whole quarters of an hour, so what changes at midnight or with DST changes on one."""


class TimeOfDay(int):
    """Minutes since midnight, written `09:30`; `24:00` is the day's end."""

    @classmethod
    def parse(cls, said: str | int | float) -> TimeOfDay:
        """Read a time of day.

        Raises:
            ValueError: with what would be right.
        """
        found = _TIME.fullmatch(str(said).strip())
        if found is None:
            raise ValueError("a time of day as '09:30', up to '24:00'")
        return cls(int(found[1]) * 60 + int(found[2]) if found[1] else 24 * 60)

    def __str__(self) -> str:
        return f"{self // 60:02}:{self % 60:02}"


class TimeRange(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the day, from `start_time` until just before `end_time`."""

    start_time: TimeOfDay
    """The first minute, as `'09:00'`."""
    end_time: TimeOfDay
    """The first minute that is not in it any more; `'24:00'` is midnight."""

    def problems(self) -> Iterator[tuple[str, str, str]]:
        """A range over midnight is two ranges."""
        if self.start_time >= self.end_time:
            right = f"for a range over midnight two: {self.start_time} to 24:00, and 00:00 to {self.end_time}"
            yield "end_time", f"{self.end_time}, not after {self.start_time}", right


class Range:
    """A first and a last number, both included, written `3` or `1:5`."""

    __slots__ = ("first", "last")

    RIGHT = "a number, or a range as 1:5"

    def __init__(self, first: int, last: int) -> None:
        self.first, self.last = first, last

    @classmethod
    def parse(cls: type[R], said: str | int | float) -> R:
        """Read one value, or two with a colon between them.

        Raises:
            ValueError: with what would be right.
        """
        numbers = [cls.number(part.strip()) for part in str(said).lower().split(":")]
        made = cls(numbers[0], numbers[-1])
        if len(numbers) > 2 or made.backwards:
            raise ValueError(f"{cls.RIGHT}, the first before the last")
        return made

    @classmethod
    def number(cls, word: str) -> int:
        """One end of a range.

        Raises:
            ValueError: with what would be right.
        """
        if not re.fullmatch(r"-?\d{1,6}", word, re.ASCII):
            raise ValueError(cls.RIGHT)
        return int(word)

    @property
    def backwards(self) -> bool:
        """Can nothing ever be in it?"""
        return self.first > self.last

    def __contains__(self, number: int) -> bool:
        return self.first <= number <= self.last


class WeekdayRange(Range):
    """`monday`, `monday:friday`; the week begins on Sunday."""

    __slots__ = ()
    RIGHT = "a day as monday, or a range as monday:friday in a week from sunday to saturday"

    @classmethod
    def number(cls, word: str) -> int:
        """0 is Sunday."""
        if word not in _WEEKDAYS:
            raise ValueError(cls.RIGHT)
        return _WEEKDAYS.index(word)


class MonthRange(Range):
    """`may`, `5`, `1:3`, `may:august`."""

    __slots__ = ()
    RIGHT = "a month as may or 5, or a range as may:august"

    @classmethod
    def number(cls, word: str) -> int:
        """1 is January."""
        number = _MONTHS.index(word) + 1 if word in _MONTHS else super().number(word)
        if not 1 <= number <= 12:
            raise ValueError(cls.RIGHT)
        return number


class YearRange(Range):
    """`2030`, `2030:2032`."""

    __slots__ = ()
    RIGHT = "a year, or a range as 2030:2032"


class DayRange(Range):
    """`1`, `1:5`; from the month's end, `-1` is the last day and `-3:-1` are the last three."""

    __slots__ = ()
    RIGHT = "a day from 1 to 31, or from -1, the last, to -31; or a range as 1:5 or -3:-1"

    @classmethod
    def number(cls, word: str) -> int:
        """Never 0."""
        number = super().number(word)
        if number == 0 or abs(number) > 31:
            raise ValueError(cls.RIGHT)
        return number

    @property
    def backwards(self) -> bool:
        """Is it so even in the shortest month? From the end to a day from the start is never allowed."""
        if self.first < 0 < self.last:
            return True
        first, last = (end + _SHORTEST_MONTH if end < 0 else end for end in (self.first, self.last))
        return first > last

    def has(self, day: int, month_has: int) -> bool:
        """Is this day in it, in a month of so many days? A range is cut to the month."""
        first, last = (end + month_has + 1 if end < 0 else end for end in (self.first, self.last))
        return first <= day <= last


class Location(str):
    """A time zone of the IANA list that this machine knows, or `Local`, the machine's own."""

    __slots__ = ()

    @classmethod
    def parse(cls, said: str | int | float) -> Location:
        """Read a time zone's name.

        Raises:
            ValueError: with what would be right.
        """
        made = cls(str(said).strip())
        try:
            made.at(0)
        except (ValueError, OSError, LookupError):  # ZoneInfoNotFoundError is a KeyError; a folder's name an OSError
            raise ValueError("a time zone of the IANA list: UTC, Europe/Paris; or Local") from None
        return made

    def at(self, moment: int) -> datetime:
        """What calendar and clock say there at a moment."""
        return datetime.fromtimestamp(moment // SECOND, None if self == "Local" else ZoneInfo(self or "UTC"))


class TimeInterval(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the calendar. All that is named must hold."""

    times: tuple[TimeRange, ...] | None = None
    """Parts of the day."""
    weekdays: tuple[WeekdayRange, ...] | None = None
    """Days of the week, as `['monday:friday']`."""
    days_of_month: tuple[DayRange, ...] | None = None
    """Days of the month, as `['1:5', '-3:-1']`; negative ones count from its end."""
    months: tuple[MonthRange, ...] | None = None
    """Months by name or number, as `['may:august', '12']`."""
    years: tuple[YearRange, ...] | None = None
    """Years, as `['2030:2032']`."""
    location: Location = Location("UTC")
    """The time zone in which all of this is meant; `Local` for the machine's."""

    def contains(self, at: int) -> bool:
        """Is this moment in it?"""
        there = self.location.at(at)
        return (
            _any(self.years, there.year)
            and _any(self.months, there.month)
            and _any(self.weekdays, there.isoweekday() % 7)
            and self._has_day(there)
            and self._has_time(there.hour * 60 + there.minute)
        )

    @property
    def grain(self) -> int:
        """Nanoseconds: only at whole multiples of it can a moment be in and the one before not, or the reverse."""
        minutes = [int(end) for one in self.times or () for end in (one.start_time, one.end_time)]
        return MINUTE if any(minute * MINUTE % _QUARTER for minute in minutes) else _QUARTER

    def _has_day(self, there: datetime) -> bool:
        if self.days_of_month is None:
            return True
        month_has = calendar.monthrange(there.year, there.month)[1]
        return any(one.has(there.day, month_has) for one in self.days_of_month)

    def _has_time(self, minute: int) -> bool:
        return self.times is None or any(one.start_time <= minute < one.end_time for one in self.times)


def _any(ranges: Sequence[Range] | None, number: int) -> bool:
    return ranges is None or any(number in one for one in ranges)


class NamedInterval(msgspec.Struct, frozen=True, kw_only=True):
    """Parts of the calendar under a name that routes and silences use."""

    name: str
    """By which routes know it."""
    time_intervals: tuple[TimeInterval, ...] = ()
    """A moment that is in any of these is in it."""


class Calendar:
    """The named intervals, and whether a moment is in one of them; it remembers its last answers."""

    def __init__(self, intervals: Iterable[NamedInterval] = ()) -> None:
        self._intervals: Mapping[str, tuple[TimeInterval, ...]] = {one.name: one.time_intervals for one in intervals}
        grains = [part.grain for parts in self._intervals.values() for part in parts]
        self._grain = min(grains, default=_QUARTER)
        self._answers: dict[str, tuple[int, bool]] = {}

    def has(self, name: str) -> bool:
        """Is there an interval of this name?"""
        return name in self._intervals

    def contains(self, name: str, at: int) -> bool:
        """Is this moment in the interval? One that nobody described has no moments."""
        grain = at // self._grain
        answer = self._answers.get(name)
        if answer is None or answer[0] != grain:
            found = any(one.contains(at) for one in self._intervals.get(name, ()))
            answer = self._answers[name] = (grain, found)
        return answer[1]

    def next_at(self, at: int) -> int:
        """The first moment after this one at which an answer may be another."""
        return (at // self._grain + 1) * self._grain
