"""Deadlines: whose moment has come."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from otel_alerting.dispatch.deadlines import Deadlines


@given(st.lists(st.tuples(st.integers(0, 5), st.none() | st.integers(0, 20), st.booleans()), max_size=300))
def test_deadlines_are_what_a_plain_dictionary_would_say(steps: list[tuple[int, int | None, bool]]) -> None:
    """However often they move: the same keys are due, in order of their moments, and none stays behind."""
    deadlines: Deadlines[int] = Deadlines()
    plain: dict[int, int] = {}
    for key, at, takes in steps:
        deadlines.set(key, at)
        plain.pop(key, None)
        if at is not None:
            plain[key] = at
        assert deadlines.next_at() == min(plain.values(), default=None)
        if takes and at is not None:
            taken = deadlines.take(at)
            assert sorted(taken) == sorted(key for key, moment in plain.items() if moment <= at)
            assert [plain[key] for key in taken] == sorted(plain[key] for key in taken)
            plain = {key: moment for key, moment in plain.items() if moment > at}
        assert len(deadlines) == len(plain)


def test_a_deadline_that_moves_often_takes_no_room() -> None:
    """Old entries are cleaned away: an alert raised again every second for a year is one entry."""
    deadlines: Deadlines[str] = Deadlines()
    for at in range(100_000):
        deadlines.set("often", at)
    assert len(deadlines._heap) < 200
    assert deadlines.take(99_998) == []
    assert deadlines.take(99_999) == ["often"]
