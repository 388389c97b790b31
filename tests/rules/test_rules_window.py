"""A streaming window gives what counting everything again would give."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from otel_alerting.model.duration import MINUTE, SECOND
from otel_alerting.rules.window import Extremes, Shape, Window

START = 1_700_000_100 * SECOND
SHAPE = Shape(MINUTE, 15 * SECOND, 30 * SECOND)
events = st.lists(st.tuples(st.integers(0, 90 * SECOND), st.integers(-1000, 1000)), max_size=60)


@given(events, st.integers(0, 6), st.randoms())
def test_on_an_edge_it_equals_brute_force_in_any_order(
    seen: list[tuple[int, int]], number: int, random: object
) -> None:
    """(t - window, t], exactly, however late and mixed up the events came."""
    edge = START + number * 15 * SECOND
    window, low, high = Window(SHAPE), Extremes(SHAPE, largest=False), Extremes(SHAPE, largest=True)
    for after, value in seen:
        assert all(one.add(START + after, float(value)) for one in (window, low, high))
    inside = [value for after, value in seen if edge - MINUTE < START + after <= edge]
    assert window.count(edge) == len(inside)
    assert window.sum(edge) == math.fsum(inside)
    assert low.value(edge) == min(inside, default=None)
    assert high.value(edge) == max(inside, default=None)


def test_the_window_is_open_on_the_left_and_closed_on_the_right() -> None:
    """An event on an edge belongs to the window that ends there, and to no later one than a window's length after."""
    window = Window(SHAPE)
    window.add(START, 1.0)
    assert [window.count(START + n * 15 * SECOND) for n in range(-1, 6)] == [0, 1, 1, 1, 1, 0, 0]


def test_what_is_too_old_for_any_place_is_refused() -> None:
    """Its place belongs to a newer sub-bucket by now."""
    window = Window(SHAPE)
    window.add(START + 10 * MINUTE, 1.0)
    assert not window.add(START + 10 * MINUTE - SHAPE.slots * 15 * SECOND, 1.0)
    assert window.count(START + 10 * MINUTE) == 1


def test_a_sub_bucket_forgets_its_former_life() -> None:
    """A ring's place is emptied before it is used again."""
    window = Window(SHAPE)
    window.add(START, 5.0)
    window.add(START + SHAPE.slots * 15 * SECOND, 2.0)
    assert window.sum(START + SHAPE.slots * 15 * SECOND) == 2.0
