"""A picture is one alert's way in a few lines of text.

They are what its rule asks for, its number, its state, the moment that was asked about, and the time that is shown::

    QueueLong{queue="mail"}: above 100 for 1m
      value  ▁▁▁▂▂▃▃▄▅▅▆▆▇▇██  0 to 150
      state  ······░░░░██████  · quiet  ░ pending  █ firing
                       ▲ 10m
             0s ────────── 15m
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

from otel_alerting.model.duration import MINUTE, Duration
from otel_alerting.testing.rules.course import Course
from otel_alerting.testing.rules.words import limits, named

WIDTH = 60
"""Columns."""
_BARS = "▁▂▃▄▅▆▇█"
_STATES = {"none": "·", "resolved": "·", "pending": "░", "firing": "█"}
_WORST = ("firing", "pending", "resolved", "none")
_LEGEND = "· quiet  ░ pending  █ firing"


def picture(course: Course, *, start: int, until: int, at: int | None = None) -> Iterator[str]:
    """Draw an alert's way.

    Args:
        course: what became of it.
        start: when the test starts.
        until: the last moment that was judged.
        at: the moment that was asked about, to show what is around it; None for the whole test.
    """
    until = max(until, start + MINUTE)
    begin, end = (start, until) if at is None else _around(at, course, start, until)
    edges = [begin + (end - begin) * column // WIDTH for column in range(WIDTH + 1)]
    values = [_value(course, right) for right in edges[1:]]
    states = [_state(course, left, right) for left, right in pairwise(edges)]
    known = [value for value in values if value is not None]
    held = limits(course.rule, course.standing(until).unit) if course.rule else ""
    yield f"{named(course)}: {held}" if held else named(course)
    if known:
        yield f"  value  {_bars(values)}  {_span(known)}"
    yield f"  state  {''.join(states)}  {_LEGEND}"
    if at is not None:
        yield f"         {_marker(at - begin, end - begin)}▲ {Duration(at - start)}"
    yield f"         {_scale(str(Duration(begin - start)), str(Duration(end - start)))}"


def _around(at: int, course: Course, start: int, until: int) -> tuple[int, int]:
    """The time to show: from the moment to what happens nearest to it, and some more; all where nothing does."""
    moments = [change.at for change in course.changes]
    moments += [one.at for one in course.evaluations if one.state == "pending"]
    if not moments:
        return start, until
    near = min(moments, key=lambda moment: abs(moment - at))
    room = -(-max(abs(near - at), (until - start) // 10, MINUTE) // MINUTE) * MINUTE
    return max(start, min(at, near) - room), min(until, max(at, near) + room)


def _value(course: Course, at: int) -> float | None:
    value = course.standing(at).value
    return None if value is None or not math.isfinite(value) else value


def _state(course: Course, left: int, right: int) -> str:
    """The worst of a column: what is short must not be overlooked."""
    states = {course.standing(moment).state for moment in (*course.moments(left, right), right)}
    return _STATES[next(state for state in _WORST if state in states)]


def _bars(values: Sequence[float | None]) -> str:
    known = [value for value in values if value is not None]
    low, high = min(known), max(known)
    height = (high - low) or 1.0
    return "".join(
        " " if value is None else _BARS[round((value - low) / height * (len(_BARS) - 1))] for value in values
    )


def _span(known: Sequence[float]) -> str:
    low, high = min(known), max(known)
    return f"{low:.4g}" if low == high else f"{low:.4g} to {high:.4g}"


def _marker(passed: int, whole: int) -> str:
    """The room before the column that holds a moment."""
    return " " * min(WIDTH - 1, max(0, -(-passed * WIDTH // whole) - 1))


def _scale(left: str, right: str) -> str:
    return f"{left} {'─' * (WIDTH - len(left) - len(right) - 2)} {right}"
