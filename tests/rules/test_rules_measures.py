"""Each measure against somebody who keeps every value and counts everything again."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_alerting.model import Buckets, ExponentialBuckets, Log, Point
from otel_alerting.model.duration import DAY, HOUR, MINUTE, SECOND
from otel_alerting.rules import attributes, measures
from otel_alerting.rules.frame import Frame
from otel_alerting.rules.matching import AttributeMatcher
from otel_alerting.rules.measures.unique import MOST
from otel_alerting.rules.portion import Portion
from otel_alerting.rules.window import Shape

START = 1_700_000_100 * SECOND
EVERY = 15
SHAPE = Shape(MINUTE, EVERY * SECOND)

Sample = tuple[int, int]
"""Seconds since the start, and a value."""


def measure(name: str, **frame: Any) -> Any:
    return measures.maker(name)(Frame(**{"shape": SHAPE, "stale": 5 * MINUTE, **frame}))


def gauge(seconds: float, value: float, **more: Any) -> Point:
    return Point(at=START + int(seconds * SECOND), name="m", value=value, **{"kind": "gauge", **more})


def fed(kept: Any, points: Sequence[Any]) -> Any:
    for point in points:
        kept.add(point.at, point, getattr(point, "value", 0.0))
    return kept


def edge(seconds: int) -> int:
    return START + seconds * SECOND


def inside(samples: Sequence[Sample], until: int, window: int = 60) -> list[int]:
    """The values in (until - window, until], in the order in which they happened."""
    return [value for at, value in sorted(samples, key=lambda one: one[0]) if until - window < at <= until]


moments = st.lists(st.tuples(st.integers(0, 200), st.integers(0, 3)), min_size=1, max_size=60)
in_time = moments.map(lambda samples: sorted(samples, key=lambda one: one[0]))


def at_every_edge(samples: Sequence[Sample], found: Callable[[int], object], expected: Callable[[int], object]) -> None:
    last = -(-max(at for at, _ in samples) // EVERY) * EVERY
    for until in range(last, last + 120, EVERY):
        assert found(edge(until)) == expected(until), until


# increase


def test_the_increase_of_a_counter_is_the_sum_of_its_steps() -> None:
    """Which are worked out before, restarts included."""
    kept = fed(measure("increase"), [gauge(n, 2.5, kind="sum", monotonic=True) for n in (1, 20, 50)])
    assert (kept.value(edge(60)), kept.samples(edge(60)), kept.value(edge(75))) == (7.5, 7, 5.0)


def test_the_increase_of_a_histogram_or_of_logs_is_how_many_there_were() -> None:
    """As `count` is."""
    kept = fed(measure("increase"), [gauge(1, 9.0, kind="histogram", count=4)])
    kept.add(edge(2), Log(at=edge(2), severity=9, body="b"), 0.0)
    assert kept.value(edge(15)) == 5


@given(in_time)
def test_the_increase_of_a_level_is_the_sum_of_its_rises(samples: list[Sample]) -> None:
    """Each at the moment of the higher value; a fall is no restart."""
    samples = list({at: (at, value) for at, value in samples}.values())
    kept = fed(measure("increase"), [gauge(at, value) for at, value in samples])
    rises = [(after[0], max(0, after[1] - before[1])) for before, after in pairwise(samples)]
    at_every_edge(samples, kept.value, lambda until: sum(inside(rises, until)))


# changes


@given(in_time)
def test_changes_are_counted_between_neighbours_within_the_window(samples: list[Sample]) -> None:
    """As Prometheus' `changes` does; of nothing there are none, which is not 0."""
    kept = fed(measure("changes"), [gauge(at, value) for at, value in samples])

    def expected(until: int) -> float | None:
        values = inside(samples, until)
        return sum(one != other for one, other in pairwise(values)) if values else None

    at_every_edge(samples, kept.value, expected)
    at_every_edge(samples, kept.samples, lambda until: len(inside(samples, until)))


@given(in_time, st.randoms())
def test_changes_may_come_late_by_whole_intervals(samples: list[Sample], random: Any) -> None:
    """Sub-buckets may come in any order; what is late into its own is known while nothing has changed there."""
    parts = [[one for one in samples if -(-one[0] // EVERY) == bucket] for bucket in range(15)]
    random.shuffle(parts)
    one, other = measure("changes"), measure("changes")
    fed(one, [gauge(at, value) for at, value in samples])
    fed(other, [gauge(*sample) for part in parts for sample in part])
    last = max(at for at, _ in samples)
    assert other.value(edge(-(-last // EVERY) * EVERY)) == one.value(edge(-(-last // EVERY) * EVERY))


def test_a_value_that_comes_late_between_two_like_ones_is_two_changes() -> None:
    """1 .. 1, then 2 between them."""
    kept = fed(measure("changes"), [gauge(1, 1), gauge(9, 1), gauge(5, 2), gauge(0.5, 0)])
    assert kept.value(edge(15)) == 3


def counter(seconds: int, value: float, *, started_at: int = START - HOUR, **more: Any) -> Point:
    return gauge(
        seconds,
        value,
        **{"kind": "sum", "monotonic": True, "temporality": "cumulative", "started_at": started_at, **more},
    )


def test_changes_of_a_counter_are_its_restarts() -> None:
    """A drop, or a new start, as Prometheus' `resets`; that it counts is no change of it."""
    new = START + 30 * SECOND
    points = [
        counter(1, 5),
        counter(10, 9),
        counter(20, 3),
        counter(40, 4, started_at=new),
        counter(50, 8, started_at=new),
    ]
    assert fed(measure("changes"), points).value(edge(60)) == 2
    spread = {"kind": "histogram", "temporality": "cumulative"}
    kept = fed(measure("changes"), [gauge(1, 9.0, count=5, **spread), gauge(2, 1.0, count=6, **spread)])
    assert kept.value(edge(15)) == 0  # of negative values, a sum may fall


def test_a_delta_counter_tells_no_restarts() -> None:
    """There is no value to compare."""
    assert fed(measure("changes"), [counter(1, 5, temporality="delta")]).value(edge(15)) is None


def test_changes_of_an_attribute_are_of_its_text() -> None:
    """As of a log record's `app.version`."""
    kept = measure("changes", read=attributes.reader("v"))
    fed(
        kept,
        [Log(at=edge(n), severity=9, body="b", attributes={"v": v}) for n, v in enumerate(["a", "b", "b", 1, "1"])],
    )
    assert kept.value(edge(15)) == 2


# forecast


@given(
    st.lists(st.tuples(st.integers(1, 119), st.floats(-1e12, 1e12)), min_size=2, max_size=40),
    st.sampled_from([0, 60, 3600]),
)
def test_a_forecast_is_the_least_squares_line_read_later(samples: list[tuple[int, float]], ahead: int) -> None:
    """As Prometheus' `predict_linear`, whatever the sub-buckets are."""
    kept = fed(measure("forecast", ahead=ahead * SECOND), [gauge(at, value) for at, value in samples])
    for until in (75, 120):
        xs = [at - until for at, _ in samples if until - 60 < at <= until]
        ys = [value for at, value in samples if until - 60 < at <= until]
        if len(set(xs)) < 2:
            assert kept.value(edge(until)) is None
        else:
            slope, intercept = statistics.linear_regression(xs, ys)
            tolerance = 1e-9 * max(abs(value) for _, value in samples) * (1 + ahead)
            assert kept.value(edge(until)) == pytest.approx(slope * ahead + intercept, rel=1e-6, abs=1e-9 + tolerance)


def test_a_level_that_does_not_move_is_forecast_exactly() -> None:
    """However large it is: no digit is lost to sums of squares."""
    kept = fed(measure("forecast", ahead=DAY), [gauge(n, 1e15 + 0.125) for n in range(0, 60, 5)])
    assert kept.value(edge(60)) == 1e15 + 0.125


def test_a_disk_that_fills_by_a_gigabyte_an_hour_is_full_in_time() -> None:
    """Six hours at 15 seconds, four hours ahead."""
    shape = Shape(6 * HOUR, 15 * SECOND)
    kept = measure("forecast", shape=shape, ahead=4 * HOUR)
    fed(kept, [gauge(n, 1e12 - n / 3600 * 1e9) for n in range(15, 6 * 3600 + 1, 15)])
    assert kept.value(edge(6 * 3600)) == pytest.approx(1e12 - 10e9, abs=1)
    assert kept.samples(edge(6 * 3600)) == 1440


# age, absent, new


def test_the_age_of_a_metric_is_the_time_since_the_moment_it_names() -> None:
    """In seconds since 1970, or in the unit it says; as long as the value is not stale."""
    kept = fed(measure("age"), [gauge(1, START / SECOND - 100), gauge(5, (START / SECOND - 10) * 1000, unit="ms")])
    assert (kept.value(edge(15)), kept.value(edge(300)), kept.samples(edge(300))) == (25, 310, 1)
    assert (kept.value(edge(305)), kept.samples(edge(305))) == (None, 0)
    kept.add(edge(20), gauge(20, 0, absent=True), 0.0)
    assert (kept.value(edge(15)), kept.value(edge(30))) == (25, None)


def test_the_age_of_logs_is_the_time_since_the_newest() -> None:
    """Whatever order they come in, for days if need be."""
    kept = measure("age", stale=14 * DAY)
    for seconds in (5, 2, 90, 60):
        kept.add(edge(seconds), Log(at=edge(seconds), severity=9, body="b"), 0.0)
    assert [kept.value(edge(n)) for n in (75, 90, 7200)] == [15, 0, 7110]
    assert kept.value(edge(14 * 86400 + 90)) is None


@given(moments)
def test_absent_is_that_the_window_is_empty(samples: list[Sample]) -> None:
    """And nothing else."""
    kept = fed(measure("absent", stale=DAY), [gauge(at, value) for at, value in samples])
    at_every_edge(samples, kept.value, lambda until: float(not inside(samples, until)))
    at_every_edge(samples, kept.samples, lambda until: int(bool(inside(samples, until))))
    assert kept.value(edge(2 * 86400)) is None


def test_a_window_of_a_week_costs_no_more_than_one_of_a_minute() -> None:
    """Only the newest sight is kept."""
    kept = fed(measure("absent", shape=Shape(7 * DAY, 15 * SECOND), stale=14 * DAY), [gauge(10, 1)])
    assert [kept.value(edge(15 + days * 86400)) for days in (0, 6, 7)] == [0, 0, 1]
    assert len(kept._newest._moments) < 20


@given(moments)
def test_new_counts_sights(samples: list[Sample]) -> None:
    """Of whatever comes to it."""
    kept = fed(measure("new"), [gauge(at, value) for at, value in samples])
    at_every_edge(samples, kept.value, lambda until: len(inside(samples, until)))


# fraction


def portion(**limits: object) -> Portion:
    return Portion.parse({side: AttributeMatcher(equals=limit) for side, limit in limits.items()})


@given(moments, st.integers(0, 3), st.sampled_from(["above", "at_least", "below", "at_most"]))
def test_the_fraction_of_samples_is_counted(samples: list[Sample], limit: int, side: str) -> None:
    """On one side of a limit, each sample by its own."""
    kept = fed(measure("fraction", portion=portion(**{side: limit})), [gauge(at, value) for at, value in samples])
    met: dict[str, Callable[[int], bool]] = {
        "above": lambda value: value > limit,
        "at_least": lambda value: value >= limit,
        "below": lambda value: value < limit,
        "at_most": lambda value: value <= limit,
    }

    def expected(until: int) -> float:
        values = inside(samples, until)
        return sum(map(met[side], values)) / len(values) if values else -1.0

    at_every_edge(samples, lambda at: -1.0 if math.isnan(kept.value(at)) else kept.value(at), expected)


def spread(buckets: Buckets | ExponentialBuckets, unit: str = "s") -> Point:
    kind = "histogram" if isinstance(buckets, Buckets) else "exponential_histogram"
    return gauge(1, 0.0, kind=kind, unit=unit, count=10, buckets=buckets)


CLASSIC = Buckets(bounds=(0.5, 1.0, 2.0), counts=(2, 4, 2, 2))


@pytest.mark.parametrize(
    ("limits", "share"),
    [
        ({"above": "500ms"}, 0.8),
        ({"above": "1s"}, 0.4),
        ({"above": 2}, 0.2),
        ({"above": 3}, 0.0),
        ({"above": "750ms"}, 0.6),
        ({"below": "250ms"}, 0.1),
        ({"at_most": "1s"}, 0.6),
        ({"above": "500ms", "at_most": "1s"}, 0.4),
        ({"above": "1s", "below": "500ms"}, 0.0),
    ],
)
def test_the_fraction_of_a_histogram_is_exact_at_its_bounds(limits: dict[str, object], share: float) -> None:
    """Between them values are spread evenly; what is beyond the last lies just beyond it."""
    kept = fed(measure("fraction", portion=portion(**limits)), [spread(CLASSIC)])
    assert kept.value(edge(15)) == pytest.approx(share)
    assert kept.samples(edge(15)) == 10


def test_the_fraction_of_an_exponential_histogram_is_exponential_inside() -> None:
    """At any scale, with a zero bucket and negative values."""
    fine = ExponentialBuckets(scale=-1, positive_offset=1, positive=(10,))  # (4, 16]
    assert fed(measure("fraction", portion=portion(above=8)), [spread(fine)]).value(edge(15)) == pytest.approx(0.5)
    both = ExponentialBuckets(scale=0, zero_count=2, zero_threshold=0.5, positive=(4,), negative=(4,))
    for limit, share in ((0, 0.5), (-1, 0.6), (-2, 1.0), (0.25, 0.45), (1, 0.4), (2, 0.0)):
        kept = fed(measure("fraction", portion=portion(above=limit)), [spread(both)])
        assert kept.value(edge(15)) == pytest.approx(share), limit
    none = ExponentialBuckets(scale=20, zero_count=5, positive_offset=0, positive=(5,))
    assert fed(measure("fraction", portion=portion(above=0)), [spread(none)]).value(edge(15)) == 0.5
    assert fed(measure("fraction", portion=portion(at_least=0)), [spread(none)]).value(edge(15)) == 1.0


def test_limits_of_a_fraction_are_in_the_metrics_own_unit() -> None:
    """`800ms` is 800 where the metric says ms, point by point."""
    kept = measure("fraction", portion=portion(above="800ms"))
    fed(kept, [gauge(1, 900, unit="ms"), gauge(2, 0.9, unit="s"), gauge(3, 700, unit="ms"), gauge(4, 0.7, unit="s")])
    assert kept.value(edge(15)) == 0.5


def test_a_histogram_without_buckets_has_no_values_to_give() -> None:
    """Its count says nothing about where they are."""
    kept = fed(measure("fraction", portion=portion(above=1)), [gauge(1, 5.0, kind="histogram", count=3)])
    assert math.isnan(kept.value(edge(15)))
    for name in ("min", "max", "p50"):
        assert fed(measure(name, share=0.5), [gauge(1, 5.0, kind="summary", count=3)]).value(edge(15)) is None


# unique


@settings(max_examples=50)
@given(moments)
def test_few_values_are_counted_exactly(samples: list[Sample]) -> None:
    """In any order, late ones too."""
    kept = measure("unique", read=attributes.reader("user"))
    fed(kept, [gauge(at, 1, attributes={"user": value}) for at, value in samples])
    at_every_edge(samples, kept.value, lambda until: len(set(inside(samples, until))))
    at_every_edge(samples, kept.samples, lambda until: len(inside(samples, until)))


@pytest.mark.parametrize("number", [MOST, MOST + 1, 5_000, 40_000])
def test_many_values_are_counted_within_two_percent(number: int) -> None:
    """Up to 1,000 a sub-bucket exactly; the same value in several sub-buckets is one."""
    kept = measure("unique", read=attributes.reader("user"))
    for member in range(number):
        for seconds in (5, 20) if member % 3 else (35,):
            kept.add(edge(seconds), gauge(seconds, 1, attributes={"user": f"user-{member}"}), 1.0)
    assert kept.value(edge(45)) == pytest.approx(number, rel=0 if number <= MOST else 0.02)
