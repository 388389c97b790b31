"""Tests of rules are data: signals in a short notation, and the alerts that are expected of them.

    file.load ──▶ course.play ──▶ verdict.differences ──▶ picture

`outcomes` is the whole way. The command `otel-alerting rules test` prints it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from otel_alerting.testing.rules.course import Played, play
from otel_alerting.testing.rules.file import RuleTest, Suite
from otel_alerting.testing.rules.verdict import Difference, differences


@dataclass(frozen=True)
class Outcome:
    """What came of one test."""

    name: str
    """Its name, or `test 2` for one without."""
    where: str
    """File and line of the test."""
    test: RuleTest
    played: Played
    differences: tuple[tuple[str, Difference], ...]
    """With file and line of what was expected."""

    @property
    def ok(self) -> bool:
        """Is everything as expected?"""
        return not self.differences


def outcomes(file: Suite) -> Iterator[Outcome]:
    """Play the tests of a file, one after the other; each begins from nothing."""
    for number, test in enumerate(file.written.tests):
        place, played = f"tests[{number}]", play(file, test)
        found = tuple((file.where(f"{place}.{one.path}"), one) for one in differences(test, played))
        yield Outcome(test.name or f"test {number + 1}", file.where(place), test, played, found)
