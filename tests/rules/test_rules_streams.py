"""Cumulative streams become steps; the first point, resets and repeats are told apart."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from otel_alerting.model import Buckets, ExponentialBuckets, Point
from otel_alerting.model.duration import HOUR, MINUTE, SECOND
from otel_alerting.rules import streams
from otel_alerting.rules.streams import Streams

START = 1_700_000_100 * SECOND


def counter(value: float, seconds: int, *, started_at: int = START - HOUR, **more: object) -> Point:
    fields: dict[str, object] = {"kind": "sum", "monotonic": True, "temporality": "cumulative", **more}
    return Point(at=START + seconds * SECOND, name="n", value=value, started_at=started_at, **fields)  # type: ignore[arg-type]


def steps(*points: Point) -> list[float | None]:
    known = Streams(START)
    return [step and step.value for step in (known.step(point, point.at) for point in points)]


def test_a_first_point_from_before_our_time_is_a_baseline() -> None:
    """Nobody knows when the rest of it happened."""
    assert steps(counter(5000, 15), counter(5003, 30)) == [None, 3]


def test_a_first_point_of_a_counter_that_began_under_our_eyes_counts() -> None:
    """Its start lies after ours, so all of it is new."""
    assert steps(counter(7, 15, started_at=START + SECOND), counter(9, 30, started_at=START + SECOND)) == [7, 2]


def test_a_first_point_without_duration_counts_nothing() -> None:
    """Start and time are the same: it only says that the stream begins."""
    assert steps(counter(7, 15, started_at=START + 15 * SECOND)) == [None]


def test_a_restart_without_duration_counts_nothing_either() -> None:
    """It says only that the stream begins anew; its value is what later points are held against."""
    new = START + 30 * SECOND
    assert steps(counter(100, 15), counter(7, 30, started_at=new), counter(9, 45, started_at=new)) == [None, None, 2]


def test_a_drop_and_a_new_start_are_resets_from_zero() -> None:
    """A restarted process counts from 0 again, even when it overtakes its former self."""
    new = START + 20 * SECOND
    assert steps(counter(100, 15), counter(4, 30), counter(50, 45, started_at=new)) == [None, 4, 50]


def test_a_repeated_or_older_point_adds_nothing() -> None:
    """OTLP's retries send the same batch twice."""
    assert steps(counter(1, 15), counter(5, 30), counter(5, 30), counter(3, 20), counter(6, 45)) == [
        None, 4, None, None, 1,
    ]  # fmt: skip


def test_a_forked_childs_delta_counts_and_its_cumulative_sum_does_not() -> None:
    """The child inherits the parent's start, which lies before its own."""
    assert steps(counter(3, 15, temporality="delta"), counter(4, 30, temporality="delta")) == [3, 4]
    assert steps(counter(3, 15)) == [None]


def test_a_repeated_delta_point_with_a_start_counts_once() -> None:
    """Without a start, as from `track_counter`, equal points are two events."""
    same = counter(3, 15, temporality="delta")
    bare = msgspec.structs.replace(same, started_at=0)
    assert steps(same, same) == [3, None]
    assert steps(bare, bare) == [3, 3]


def test_levels_pass_as_they_are() -> None:
    """Gauges, and cumulative sums that may fall."""
    assert steps(counter(3, 15, kind="gauge"), counter(2, 30, kind="sum", monotonic=False)) == [3, 2]


def test_an_ended_stream_adds_nothing() -> None:
    """OTLP's NoRecordedValue."""
    assert steps(counter(3, 15), counter(9, 30, absent=True)) == [None, None]


def test_streams_differ_by_attributes_and_resource() -> None:
    """Two processes' counters are not one counter that jumps."""
    one, other = counter(5, 15, resource={"pid": 1}), counter(900, 20, resource={"pid": 2})
    assert steps(one, other, counter(6, 30, resource={"pid": 1}), counter(902, 35, resource={"pid": 2})) == [
        None, None, 1, 2,
    ]  # fmt: skip


def test_histograms_are_taken_apart_by_bucket() -> None:
    """Count, sum and each bucket; a drop in any of them is a reset."""
    known = Streams(START)

    def histogram(seconds: int, *counts: int) -> Point | None:
        point = counter(float(sum(counts)), seconds, kind="histogram", count=sum(counts))
        buckets = Buckets(bounds=(1.0, 2.0), counts=counts)
        return known.step(msgspec.structs.replace(point, buckets=buckets), point.at)

    assert histogram(15, 1, 2, 3) is None
    step = histogram(30, 2, 4, 6)
    assert step is not None
    assert (step.count, step.buckets) == (6, Buckets(bounds=(1.0, 2.0), counts=(1, 2, 3)))
    reset = histogram(45, 9, 0, 9)
    assert reset is not None
    assert reset.count == 18


def test_exponential_histograms_meet_at_the_coarser_scale() -> None:
    """A source may go down in scale between two points."""
    known = Streams(START)
    fine = ExponentialBuckets(scale=1, positive_offset=0, positive=(1, 2, 3, 4))
    coarse = ExponentialBuckets(scale=0, positive_offset=0, positive=(5, 7))
    first = counter(1, 15, kind="exponential_histogram", count=10, buckets=fine)
    second = counter(2, 30, kind="exponential_histogram", count=12, buckets=coarse)
    assert known.step(first, first.at) is None
    step = known.step(second, second.at)
    assert step is not None
    assert step.buckets == ExponentialBuckets(scale=0, positive_offset=0, positive=(2,))


def test_what_is_silent_for_an_hour_is_forgotten() -> None:
    """Its next point is a first one."""
    known = Streams(START)
    known.step(counter(5, 0), START)
    known.forget(START + 30 * MINUTE)
    assert known.step(counter(6, 1900), START + 1900 * SECOND) is not None
    known.forget(START + 3 * HOUR)
    assert known.step(counter(9, 12_000), START + 12_000 * SECOND) is None


def test_streams_beyond_the_limit_are_counted() -> None:
    """Their steps cannot be known; nothing is dropped in silence."""
    known = Streams(START)
    for number in range(streams.MOST + 3):
        known.step(counter(1, 1, attributes={"n": number}), START)
    assert known.overflowed == {"": 3}


@given(st.lists(st.lists(st.integers(0, 100), min_size=1, max_size=8), min_size=1, max_size=5))
def test_the_steps_add_up_to_what_was_counted(lives: list[list[int]]) -> None:
    """Over any number of restarts that the sources tell by a new start."""
    known, seconds, total = Streams(START), 0, 0.0
    for increments in lives:
        began, value = START + seconds * SECOND + 1, 0
        for increment in increments:
            seconds, value = seconds + 1, value + increment
            step = known.step(counter(value, seconds, started_at=began), START + seconds * SECOND)
            total += step.value if step else 0
    assert total == sum(map(sum, lives))
