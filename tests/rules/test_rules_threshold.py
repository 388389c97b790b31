"""The machine that makes firing and recovering of numbers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from otel_alerting.model import Severity
from otel_alerting.model.duration import SECOND
from otel_alerting.rules.threshold import QUIET, Phase, Step, Threshold, Watch, moved, step

START = 1_700_000_100 * SECOND
EVERY = 15 * SECOND


def above(limit: float, *, recover: float | None = None, hold: int = 0, severity: Severity = Severity.WARNING) -> Step:
    return Step(severity=severity, comparison="above", limit=limit, recover=recover, hold=hold)


def run(threshold: Threshold, *values: float | bool | None, every: int = EVERY) -> list[Watch]:
    watches, watch = [], QUIET
    for number, value in enumerate(values):
        watch = step(watch, value, threshold, START + number * every)
        watches.append(watch)
    return watches


def phases(threshold: Threshold, *values: float | bool | None) -> list[str]:
    return [watch.phase.value for watch in run(threshold, *values)]


def test_without_for_it_fires_at_once_and_ends_at_once() -> None:
    """`for: 0`, no recovery."""
    assert phases(Threshold(steps=(above(5),)), 5, 6, 5) == ["quiet", "firing", "quiet"]


def test_it_fires_at_the_first_evaluation_at_which_it_has_held_for_long_enough() -> None:
    """t - active_at >= for."""
    threshold = Threshold(steps=(above(5, hold=30 * SECOND),))
    assert phases(threshold, 6, 6, 6) == ["pending", "pending", "firing"]
    assert run(threshold, 6, 6, 6)[-1].active_at == START


def test_what_is_pending_and_stops_is_dropped_without_a_word() -> None:
    """And starts anew next time."""
    threshold = Threshold(steps=(above(5, hold=30 * SECOND),))
    assert phases(threshold, 6, 6, 1, 6, 6, 6) == ["pending", "pending", "quiet", "pending", "pending", "firing"]


def test_leaving_is_judged_by_recover_and_entering_by_the_trigger() -> None:
    """Hysteresis, so that a number near the limit does not flap."""
    threshold = Threshold(steps=(above(5, recover=2),))
    assert phases(threshold, 3, 6, 3, 2.5, 2, 3) == ["quiet", "firing", "firing", "firing", "quiet", "quiet"]


def test_pending_is_judged_by_the_trigger() -> None:
    """`recover` is for what fires."""
    threshold = Threshold(steps=(above(5, recover=2, hold=15 * SECOND),))
    assert phases(threshold, 6, 3, 6, 6) == ["pending", "quiet", "pending", "firing"]


def test_what_recovers_still_fires_outside_until_its_time_is_over() -> None:
    """`keep_firing_for`; and it is back at once when the trigger holds again."""
    threshold = Threshold(steps=(above(5, hold=15 * SECOND),), keep=30 * SECOND)
    watches = run(threshold, 6, 6, 1, 6, 1, 1, 1)
    assert [watch.phase.value for watch in watches] == [
        "pending",
        "firing",
        "recovering",
        "firing",
        "recovering",
        "recovering",
        "quiet",
    ]
    assert all(watch.firing for watch in watches[1:6])
    assert watches[4].active_at == START


def test_the_highest_step_that_held_for_its_own_time_is_the_severity() -> None:
    """Each step has its own `for`."""
    steps = (above(80, hold=45 * SECOND), above(95, hold=15 * SECOND, severity=Severity.CRITICAL))
    assert [watch.level for watch in run(Threshold(steps=steps), 96, 96, 90, 90)] == [-1, 1, 0, 0]


def test_each_step_is_left_by_its_own_recover() -> None:
    """A critical alert that recovers a little is a warning."""
    steps = (above(80, recover=75), above(95, recover=90, severity=Severity.CRITICAL))
    assert [watch.level for watch in run(Threshold(steps=steps), 81, 96, 92, 90, 76, 75)] == [0, 1, 1, 0, 0, -1]


def test_a_gap_in_the_evaluations_starts_for_anew() -> None:
    """Nobody knows what was in between; what fires stays firing."""
    threshold = Threshold(steps=(above(5, hold=30 * SECOND),), gap=30 * SECOND)
    watch = step(QUIET, 6, threshold, START)
    assert step(watch, 6, threshold, START + 60 * SECOND).phase is Phase.PENDING
    fires = run(threshold, 6, 6, 6)[-1]
    assert step(fires, 6, threshold, START + 600 * SECOND).phase is Phase.FIRING


def test_a_gap_is_no_shorter_for_what_is_not_known_at_its_end() -> None:
    """The number comes back an edge later: what held before the gap has not held since."""
    threshold = Threshold(steps=(above(5, hold=30 * SECOND),), gap=30 * SECOND)
    watch = step(step(QUIET, 6, threshold, START), None, threshold, START + 60 * SECOND)
    assert step(watch, 6, threshold, START + 75 * SECOND).active_at == START + 75 * SECOND


def test_a_watch_that_is_moved_goes_on_where_it_stopped() -> None:
    """Pending: the time that is gone by stays. Firing: since when does, unless that is in the future."""
    threshold = Threshold(steps=(above(5, hold=30 * SECOND),), gap=30 * SECOND)
    pending = moved(run(threshold, 6, 6)[-1], 3600 * SECOND, START + 3620 * SECOND)
    assert step(pending, 6, threshold, START + 3630 * SECOND).phase is Phase.FIRING
    firing = run(threshold, 6, 6, 6)[-1]
    assert moved(firing, 3600 * SECOND, START + 3630 * SECOND).active_at == START
    assert moved(firing, -3600 * SECOND, START - 3570 * SECOND).active_at == START - 3570 * SECOND


def test_where_nothing_is_known_everything_stays() -> None:
    """None is no verdict; True and False are verdicts without a number."""
    threshold = Threshold(steps=(above(5),))
    assert phases(threshold, 6, None, False, None, True) == ["firing", "firing", "quiet", "quiet", "firing"]


values = st.lists(st.one_of(st.none(), st.booleans(), st.floats(0, 10)), max_size=40)
steps = st.tuples(st.integers(0, 3), st.floats(0, 10), st.integers(0, 3), st.floats(0, 3)).map(
    lambda t: (
        above(min(t[1], 6), recover=min(t[1], 6) - t[3], hold=t[0] * EVERY),
        above(min(t[1], 6) + 2, hold=t[2] * EVERY, severity=Severity.HIGH),
    )
)
thresholds = st.builds(Threshold, steps=steps, keep=st.integers(0, 3).map(lambda n: n * EVERY))


@given(thresholds, values)
def test_its_phases_follow_one_another_as_drawn(threshold: Threshold, seen: list[float | bool | None]) -> None:
    """Nothing recovers that did not fire; what fires began before now, and keeps its beginning until it is over."""
    before = QUIET
    for number, value in enumerate(seen):
        now = START + number * EVERY
        after = step(before, value, threshold, now)
        assert after.firing == (after.phase in (Phase.FIRING, Phase.RECOVERING))
        assert after.at == now
        assert after.active_at <= now
        if after.phase is Phase.RECOVERING:
            assert before.firing
            assert now - after.left_at < threshold.keep or value is None
        if before.firing and after.firing:
            assert after.active_at == before.active_at
        if after.phase is Phase.PENDING:
            assert after.active_at > 0
        before = after


@given(thresholds, values)
def test_it_fires_only_after_the_condition_held_for_its_time(
    threshold: Threshold, seen: list[float | bool | None]
) -> None:
    """Compared with looking back over the whole history."""
    watches = run(threshold, *seen)
    for number, watch in enumerate(watches):
        if watch.firing and not (number and watches[number - 1].firing):
            held = threshold.steps[watch.level]
            span = held.hold // EVERY
            assert number >= span
            for value in seen[number - span : number + 1]:
                assert value is None or value is True or (not isinstance(value, bool) and held.holds(value))


@given(thresholds, values)
def test_an_evaluation_of_the_past_changes_nothing(threshold: Threshold, seen: list[float | bool | None]) -> None:
    """An event may have told already what an edge finds out later."""
    watch = run(threshold, *seen)[-1] if seen else QUIET
    if seen:
        assert step(watch, 10.0, threshold, watch.at - 1) is watch
