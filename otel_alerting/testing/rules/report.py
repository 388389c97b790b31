"""A report tells the differences of a test to people: what was expected, what was found, and why, as a picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from otel_alerting.model.duration import Duration
from otel_alerting.testing.rules import Outcome
from otel_alerting.testing.rules.course import Course
from otel_alerting.testing.rules.picture import picture

_DRAWN = 3
"""Alerts drawn for one difference."""
_REASONS = {
    "late": "late, after the last window that could have held it",
    "regex": "a regular expression took too long",
}
"""Why a signal was lost, as far as a test may lose one; see `RuleSet.lost`."""


def told(outcome: Outcome) -> Iterator[str]:
    """The differences of a test that fails, in lines."""
    yield f"{outcome.where}: {outcome.name}"
    for where, difference in outcome.differences:
        yield f"  {where}: at {Duration(difference.at)}"
        yield f"    expected  {difference.expected}"
        for number, found in enumerate(difference.found):
            yield f"    {'         ' if number else 'found    '} {found}"
        yield ""
        yield from drawn(outcome, difference.courses[:_DRAWN], difference.at)
    for reason, number in outcome.played.lost.items():
        yield f"  note: {number} could not be judged: {_REASONS.get(reason, reason)}"


def drawn(outcome: Outcome, courses: Sequence[Course], at: int | None = None) -> Iterator[str]:
    """Pictures of alerts in the whole test, or around a moment, counted from the test's start."""
    start, until = outcome.test.start, outcome.played.until
    for course in courses:
        lines = picture(course, start=start, until=until, at=None if at is None else start + at)
        yield from (f"    {line}" for line in lines)
        yield ""
