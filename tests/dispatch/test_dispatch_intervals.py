"""Time intervals: hand-made tables, as Alertmanager's own documentation and limits have it."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_alerting.config.read import read
from otel_alerting.dispatch.intervals import Calendar, NamedInterval
from otel_alerting.errors import ConfigurationError
from otel_alerting.model.duration import HOUR, MINUTE, SECOND


def interval(text: str) -> NamedInterval:
    return read(f"name: x\ntime_intervals: [{text}]", NamedInterval, "t.yaml")


def at(said: str) -> int:
    return int(datetime.fromisoformat(said).replace(tzinfo=timezone.utc).timestamp()) * SECOND


def contains(text: str, said: str) -> bool:
    return Calendar([interval(text)]).contains("x", at(said))


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("{}", ["2030-01-01 00:00"], []),
        (
            "{times: [{start_time: 09:00, end_time: '17:00'}]}",
            ["2030-01-01 09:00", "2030-01-01 16:59:59"],
            ["2030-01-01 08:59:59", "2030-01-01 17:00"],
        ),
        (
            "{times: [{start_time: 10:00, end_time: 24:00}]}",
            ["2030-01-01 23:59:59"],
            ["2030-01-01 00:00", "2030-01-01 09:59"],
        ),
        ("{weekdays: ['monday:friday', Sunday]}", ["2030-01-04 12:00", "2030-01-06 12:00"], ["2030-01-05 12:00"]),
        ("{weekdays: [sunday:monday]}", ["2030-01-06 00:00", "2030-01-07 23:59"], ["2030-01-08 00:00"]),
        (
            "{days_of_month: ['1:5', '-3:-1']}",
            ["2030-02-01 00:00", "2030-02-26 00:00", "2030-04-28 00:00"],
            ["2030-02-25 00:00", "2030-04-27 23:59", "2030-04-06 00:00"],
        ),
        (
            "{days_of_month: ['29:31']}",
            ["2028-02-29 00:00", "2030-04-30 00:00"],
            ["2030-02-28 00:00", "2030-03-01 00:00"],
        ),
        ("{days_of_month: ['-31:-1']}", ["2030-02-01 00:00"], []),
        ("{days_of_month: ['1:-10']}", ["2030-02-19 00:00"], ["2030-02-20 00:00"]),
        ("{days_of_month: [1:5]}", ["2030-02-05 00:00"], ["2030-02-06 00:00"]),
        (
            "{months: ['may:august', december, '2']}",
            ["2030-08-31 23:59", "2030-12-01 00:00", "2030-02-01 00:00"],
            ["2030-09-01 00:00"],
        ),
        (
            "{years: ['2030:2031', 2040]}",
            ["2030-01-01 00:00", "2040-06-01 00:00"],
            ["2029-12-31 23:59", "2032-01-01 00:00"],
        ),
        ("{months: [may], weekdays: [monday]}", ["2030-05-06 00:00"], ["2030-05-07 00:00", "2030-06-03 00:00"]),
        ("{weekdays: [monday]}, {weekdays: [friday]}", ["2030-01-07 00:00", "2030-01-04 00:00"], ["2030-01-05 00:00"]),
    ],
)
def test_a_moment_is_in_an_interval_or_not(text: str, inside: list[str], outside: list[str]) -> None:
    """All that is named must hold, of several values one; days count from the end and are cut to the month."""
    assert {said: contains(text, said) for said in inside} == dict.fromkeys(inside, True)
    assert {said: contains(text, said) for said in outside} == dict.fromkeys(outside, False)


@pytest.mark.parametrize(
    ("said", "inside"),
    [
        ("2030-01-15 08:00", True),  # winter: 09:00 in Paris
        ("2030-01-15 07:59", False),
        ("2030-07-15 07:00", True),  # summer: 09:00 in Paris
        ("2030-07-15 06:59", False),
        ("2030-07-15 15:00", False),  # 17:00
        ("2030-01-15 15:59", True),
    ],
)
def test_a_location_has_its_own_clock(said: str, inside: bool) -> None:
    """Office hours stay office hours when the clocks change."""
    assert contains("{times: [{start_time: '09:00', end_time: '17:00'}], location: Europe/Paris}", said) is inside


def test_an_hour_that_comes_twice_is_in_both_times() -> None:
    """The night on which clocks go back: 02:30 in Paris is 00:30 and 01:30 UTC; in spring it does not exist."""
    night = "{times: [{start_time: '02:00', end_time: '03:00'}], location: Europe/Paris}"
    assert [contains(night, f"2030-10-27 0{hour}:30") for hour in range(3)] == [True, True, False]
    assert [contains(night, f"2030-03-31 0{hour}:30") for hour in range(3)] == [False, False, False]


def test_a_day_begins_where_the_location_is() -> None:
    """Monday in Auckland begins on Sunday in UTC."""
    assert contains("{weekdays: [monday], location: Pacific/Auckland}", "2030-01-06 11:00")
    assert not contains("{weekdays: [monday], location: Pacific/Auckland}", "2030-01-06 10:59")


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("{times: [{start_time: '17:00', end_time: '09:00'}]}", "times[0].end_time"),
        ("{times: [{start_time: '9:00', end_time: '24:00'}]}", "times[0].start_time"),
        ("{times: [{start_time: '09:00', end_time: '24:01'}]}", "times[0].end_time"),
        ("{times: [{start_time: '09:00'}]}", "times[0].end_time"),
        ("{weekdays: ['friday:monday']}", "weekdays[0]"),
        ("{weekdays: [mon]}", "weekdays[0]"),
        ("{days_of_month: ['0']}", "days_of_month[0]"),
        ("{days_of_month: ['32']}", "days_of_month[0]"),
        ("{days_of_month: ['-1:3']}", "days_of_month[0]"),
        ("{days_of_month: ['31:-31']}", "days_of_month[0]"),
        ("{days_of_month: ['1:2:3']}", "days_of_month[0]"),
        ("{months: ['13']}", "months[0]"),
        ("{months: ['june:may']}", "months[0]"),
        ("{years: ['2031:2030']}", "years[0]"),
        ("{location: Europe/Nowhere}", "location"),
    ],
)
def test_what_can_never_be_is_refused(text: str, path: str) -> None:
    """With the place of the mistake; ranges over midnight or the week's end are two ranges, as in Alertmanager."""
    with pytest.raises(ConfigurationError) as caught:
        interval(text)
    assert [problem.path for problem in caught.value.problems] == [f"time_intervals[0].{path}"]


@given(
    st.datetimes(datetime(2029, 1, 1), datetime(2032, 1, 1)),
    st.sampled_from(
        [
            "{times: [{start_time: '01:07', end_time: '23:52'}], location: Europe/Paris}",
            "{times: [{start_time: '01:15', end_time: '23:45'}], location: Asia/Kathmandu}",
            "{days_of_month: ['-1'], location: Australia/Lord_Howe}",
            "{weekdays: [sunday], location: America/New_York}",
        ]
    ),
    st.integers(0, 3 * 24 * 60),
)
def test_an_answer_holds_until_it_is_said_to_change(moment: datetime, text: str, minutes: int) -> None:
    """Whoever looks again only at `next_at` misses nothing, whatever the zone does."""
    calendar, now = Calendar([interval(text)]), at(moment.isoformat())
    answer, until = calendar.contains("x", now), calendar.next_at(now)
    assert now < until <= now + HOUR
    later = now + minutes * MINUTE // 300
    if later < until:
        assert Calendar([interval(text)]).contains("x", later) is answer
    assert Calendar([interval(text)]).contains("x", until - 1) is answer


def test_an_interval_that_nobody_described_has_no_moments() -> None:
    """The configuration refuses such names; a silence of yesterday may still have one."""
    assert not Calendar().contains("gone", 1)
