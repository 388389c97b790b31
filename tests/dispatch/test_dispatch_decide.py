"""The decision to tell somebody: what they know, what happened and the moment go in, a reason comes out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_alerting.dispatch.decide import Since, Told, decide
from otel_alerting.model import Reason

TOLD = Told(at=100)
UNHEARD = Told(at=100, heard=False)


@pytest.mark.parametrize(
    ("since", "told", "firing", "reason"),
    [
        (Since(started=1), None, 1, Reason.FIRST),
        (Since(started=1), TOLD, 2, Reason.MORE),
        (Since(started=1), UNHEARD, 2, Reason.FIRST),
        (Since(ended=1), UNHEARD, 1, Reason.FIRST),
        (Since(started=1, worse=1, ended=1), TOLD, 2, Reason.ESCALATED),
        (Since(started=1, ended=1), TOLD, 1, Reason.MORE),
        (Since(ended=1), TOLD, 1, Reason.FEWER),
        (Since(ended=1), TOLD, 0, Reason.RESOLVED),
        (Since(started=1, ended=1), None, 0, Reason.RESOLVED),
        (Since(), TOLD, 1, None),
    ],
)
def test_the_loudest_thing_that_happened_is_the_reason(
    since: Since, told: Told | None, firing: int, reason: Reason | None
) -> None:
    """Over is over; before anybody heard of it everything is first; worse is louder than more, more than fewer."""
    assert decide(since, told, firing=firing, updatable=False, again_at=1100, now=101) is reason


def test_what_is_still_wrong_is_repeated() -> None:
    """After the interval, not before; to readers who never heard of it, it is the first time."""
    assert decide(Since(), TOLD, firing=1, updatable=False, again_at=150, now=149) is None
    assert decide(Since(), TOLD, firing=1, updatable=False, again_at=150, now=150) is Reason.REPEAT
    assert decide(Since(), UNHEARD, firing=1, updatable=False, again_at=150, now=150) is Reason.FIRST
    assert decide(Since(moved=True), TOLD, firing=1, updatable=True, again_at=150, now=150) is Reason.REPEAT


def test_moved_counts_only_update_a_message_that_can_be_changed() -> None:
    """A webhook posts a new message each time: it is not told that a count went up."""
    assert decide(Since(moved=True), TOLD, firing=1, updatable=True, again_at=150, now=101) is Reason.UPDATED
    assert decide(Since(moved=True), TOLD, firing=1, updatable=False, again_at=150, now=101) is None


def test_a_programs_last_words_have_the_last_number() -> None:
    """In place wherever that is possible; aloud when it has doubled, so that a storm is not remembered as one."""

    def last(occurrences: int, *, updatable: bool = False) -> Reason | None:
        told = Told(at=100, occurrences=100)
        moved = Since(moved=True)
        return decide(
            moved, told, firing=1, updatable=updatable, again_at=150, now=101, occurrences=occurrences, last=True
        )

    assert last(101, updatable=True) is Reason.REPEAT
    assert last(199) is None
    assert last(200) is Reason.REPEAT


@given(
    st.builds(Since, started=st.integers(0, 3), worse=st.integers(0, 3), ended=st.integers(0, 3), moved=st.booleans()),
    st.none() | st.builds(Told, at=st.integers(0, 100), heard=st.booleans()),
    st.integers(0, 5),
    st.booleans(),
    st.integers(0, 200),
)
def test_a_change_is_always_told(since: Since, told: Told | None, firing: int, updatable: bool, now: int) -> None:
    """Whatever else holds: with a change there is a loud reason, without one nothing begins, ends or gets worse."""
    reason = decide(since, told, firing=firing, updatable=updatable, again_at=150, now=now)
    if since.changes:
        assert reason not in (None, Reason.UPDATED, Reason.REPEAT)
        assert (reason is Reason.RESOLVED) == (firing == 0)
    else:
        assert reason in (None, Reason.UPDATED, Reason.REPEAT, Reason.FIRST)
        assert reason is not Reason.FIRST or (told is not None and not told.heard)
