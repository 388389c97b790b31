"""Tiers remember a month in a few kilobytes, exactly where it matters and to a step's share where it does not."""

from __future__ import annotations

import random
import sys
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_alerting.model.duration import DAY, HOUR, MINUTE, SECOND
from otel_alerting.rules.slo.tiers import FINEST, Tally, Tiers, shapes

START = 1_700_000_100 * SECOND
WINDOWS = {5 * MINUTE: 15 * SECOND, 30 * MINUTE: MINUTE, HOUR: MINUTE, 6 * HOUR: 5 * MINUTE}
WINDOWS |= {3 * DAY: HOUR, 30 * DAY: 6 * HOUR}
"""Google's windows and the period, and the step in which the far end of each lies."""

Event = tuple[int, float, float]
"""When, how much, and how much of it bad."""


def month() -> Tiers:
    return Tiers(shapes(15 * SECOND, 30 * SECOND, 30 * DAY))


def by_the_book(events: Sequence[Event], edge: int, window: int, step: int) -> Tally:
    """All events kept: whole ones inside, a share of those in the step that the far end cuts."""
    total = bad = 0.0
    for at, size, wrong in events:
        end = -(-at // step) * step
        share = min(1.0, max(0.0, (end - (edge - window)) / step)) if at <= edge else 0.0
        total, bad = total + size * share, bad + wrong * share
    return Tally(total, bad)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 40 * DAY // SECOND), st.integers(1, 9), st.booleans()), max_size=60),
    st.sampled_from(sorted(WINDOWS)),
    st.integers(0, 40 * DAY // (15 * SECOND)),
)
def test_a_window_holds_what_somebody_who_keeps_everything_finds(
    said: list[tuple[int, int, bool]], window: int, edges: int
) -> None:
    """At every edge, however the far end lies, and whatever happened after the edge."""
    events = [(START + at * SECOND, float(size), size * float(bad)) for at, size, bad in sorted(said)]
    edge = -(-START // (15 * SECOND)) * 15 * SECOND + edges * 15 * SECOND
    tiers = month()
    for at, size, bad in events:
        if at <= edge + 90 * SECOND:
            tiers.add(at, size, bad)
    expected = by_the_book(events, edge, window, WINDOWS[window])
    assert tiers.tally(edge, window) == pytest.approx(expected)


def test_google_s_windows_are_exact_on_the_hour() -> None:
    """Where the far end is no one's inside, nothing is shared out."""
    dice = random.Random(1)
    edge = -(-START // (6 * HOUR)) * 6 * HOUR + 30 * DAY
    events = [(edge - dice.randrange(31 * DAY), 1.0, float(dice.random() < 0.1)) for _ in range(5_000)]
    tiers = month()
    for one in sorted(events):
        tiers.add(*one)
    for window in WINDOWS:
        inside = [bad for at, _, bad in events if edge - window < at <= edge]
        assert tiers.tally(edge, window) == (len(inside), sum(inside))


def test_traffic_that_is_even_is_told_exactly() -> None:
    """A share of a step is what was in the window, when the step was even."""
    tiers, edge = month(), START // MINUTE * MINUTE + 15 * SECOND
    for second in range(2 * HOUR // SECOND):
        tiers.add(edge - 2 * HOUR + (second + 1) * SECOND, 1.0, 0.0)
    assert tiers.tally(edge, HOUR).total == pytest.approx(3600)
    assert tiers.tally(edge, 30 * MINUTE).total == pytest.approx(1800)


def test_what_happens_after_an_edge_is_in_none_of_its_windows() -> None:
    """It arrives before the edge is evaluated, and is in the same hour."""
    tiers, edge = month(), START // HOUR * HOUR + 15 * SECOND
    tiers.add(edge, 1.0, 0.0)
    tiers.add(edge + 1, 1.0, 1.0)
    assert {tiers.tally(edge, window) for window in WINDOWS} == {Tally(1.0, 0.0)}


def test_late_events_count_where_there_is_still_a_step() -> None:
    """An hour late is too late for five minutes, and in time for three days."""
    tiers, edge = month(), START // HOUR * HOUR
    tiers.add(edge, 1.0, 0.0)
    tiers.add(edge - 2 * HOUR, 1.0, 1.0)
    assert tiers.tally(edge, HOUR) == (1.0, 0.0)
    assert tiers.tally(edge, 6 * HOUR) == (2.0, 1.0)
    assert tiers.tally(edge, 30 * DAY) == (2.0, 1.0)


def test_a_window_longer_than_the_data_is_what_there_is() -> None:
    """Nothing is made up for the days before."""
    tiers, edge = month(), START // HOUR * HOUR
    tiers.add(edge, 4.0, 1.0)
    assert tiers.tally(edge, 30 * DAY).share == 0.25
    assert month().tally(edge, 30 * DAY).share == 0.0


def test_a_clock_that_is_set_back_forgets_only_what_is_after_it() -> None:
    """And what happens then is counted at once."""
    tiers, now = month(), START // HOUR * HOUR
    tiers.add(now - 30 * MINUTE, 1.0, 0.0)
    tiers.add(now, 1.0, 1.0)
    tiers.rewind(now - 20 * MINUTE)
    assert tiers.tally(now - 20 * MINUTE, HOUR) == (1.0, 0.0)
    tiers.add(now - 19 * MINUTE, 1.0, 0.0)
    assert tiers.tally(now - 19 * MINUTE, HOUR) == (2.0, 0.0)
    assert tiers.tally(now - 19 * MINUTE, 5 * MINUTE) == (1.0, 0.0)


def test_a_month_takes_six_kilobytes() -> None:
    """As many steps as 5m, 1h, 6h, 3d and 30d need, and some for what is late."""
    said = shapes(15 * SECOND, 30 * SECOND, 30 * DAY)
    assert [(shape.interval, shape.window) for shape in said] == [
        (15 * SECOND, FINEST),
        (MINUTE, HOUR),
        (5 * MINUTE, 6 * HOUR),
        (HOUR, 3 * DAY),
        (6 * HOUR, 30 * DAY),
    ]
    tiers = Tiers(said)
    columns = [column for tier in tiers._tiers for column in (tier._total, tier._bad)]
    assert sum(map(sys.getsizeof, (*tiers._tiers, *columns))) < 8_000


@pytest.mark.parametrize("interval", [SECOND, 5 * SECOND, 15 * SECOND, 50 * SECOND, MINUTE, 100 * SECOND, 5 * MINUTE])
@pytest.mark.parametrize("period", [HOUR, DAY, 7 * DAY, 28 * DAY, 90 * DAY, 365 * DAY])
def test_tiers_fit_into_each_other_whatever_the_rule(interval: int, period: int) -> None:
    """A step is a multiple of the one before, a tier no shorter than the next one's step, the last than the period."""
    said = shapes(interval, 30 * SECOND, period)
    assert said[0].interval == interval
    for finer, coarser in pairwise(said):
        assert coarser.interval % finer.interval == 0
        assert finer.window >= coarser.interval
    assert said[-1].window >= period
    assert said[-1].length <= max(122, 300 * SECOND // interval, 72)


@given(st.lists(st.tuples(st.integers(0, 5 * DAY // SECOND), st.booleans()), max_size=30))
def test_what_is_packed_is_the_same_when_it_is_put_back(said: list[tuple[int, bool]]) -> None:
    """Of tiers that are cut alike; into others nothing is put."""
    tiers, copy, other = month(), month(), Tiers(shapes(MINUTE, 0, DAY))
    for at, bad in said:
        tiers.add(START + at * SECOND, 1.0, float(bad))
    copy.unpack(tiers.packed())
    other.unpack(tiers.packed()[:1])
    edge = -(-(START + 5 * DAY) // HOUR) * HOUR
    assert [copy.tally(edge, window) for window in WINDOWS] == [tiers.tally(edge, window) for window in WINDOWS]
    assert other.tally(edge, HOUR) == (0.0, 0.0)
