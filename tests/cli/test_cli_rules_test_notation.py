"""The notation in which rule tests write series, histograms and moments."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_alerting.model import Buckets, ExponentialBuckets, Point
from otel_alerting.model.duration import MINUTE, SECOND
from otel_alerting.testing.rules.histogram import Histogram
from otel_alerting.testing.rules.notation import MOST, SeriesName, Stale, Values
from otel_alerting.testing.rules.signals import InputSeries, Moment, SeenMetric, SeenSpan, Stage, arrivals

START = 1_704_067_200 * SECOND
STAGE = Stage(START, MINUTE, frozenset(["orders"]))


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("-2+4x3", (-2.0, 2.0, 6.0, 10.0)),
        ("1-2x4", (1.0, -1.0, -3.0, -5.0, -7.0)),
        ("1x4", (1.0, 1.0, 1.0, 1.0, 1.0)),
        ("1 _x3 stale", (1.0, None, None, None, Stale())),
        ("_ 1e-3 .5 +5", (None, 0.001, 0.5, 5.0)),
        ("1-1e1x1", (1.0, -9.0)),
        ("Inf -inf", (math.inf, -math.inf)),
        ("", ()),
    ],
)
def test_values_are_read_as_promtool_reads_them(said: str, meant: tuple[object, ...]) -> None:
    """`axn` is a and n more of it: n + 1 values."""
    assert Values.parse(said) == meant


@given(st.integers(-1_000, 1_000), st.integers(-50, 50), st.integers(0, 300))
def test_a_row_has_one_value_more_than_it_says_times(first: int, step: int, times: int) -> None:
    """And the last one is first + times * step, without rounding on the way."""
    values = Values.parse(f"{first}{step:+}x{times}")
    assert (len(values), values[0], values[-1]) == (times + 1, first, first + times * step)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("1,2", "'1,2' is none"),
        ("1+2", "1+2x5, say"),
        ("0 x", "'x' is none"),
        ("1x3x4", "'1x3x4' is none"),
        (f"1x{MOST}", f"at most {MOST} values"),
        ("1+{{}}x2", "a number and a number"),
        ("{{schema:1}}+{{bounds:[1] counts:[0 0]}}x2", "histograms with the same buckets"),
        ("{{bounds:[1] counts:[1 0]}}-{{bounds:[1] counts:[1 0]}}x2", "does not count below 0"),
        ("{{bounds:[1] counts:[1]}}", "2 counts for 1 bounds"),
        ("{{bounds:[2 1] counts:[1 0 0]}}", "bounds that rise"),
        ("{{shape:1}}", "not of shape"),
        ("{{schema:x}}", "schema: a number"),
        ("{{buckets:[0.5]}}", "buckets: whole numbers"),
        ("{{sum}}", "property:value in place of 'sum'"),
    ],
)
def test_values_that_cannot_be_read_say_what_would_be_right(said: str, why: str) -> None:
    """With the word that is none."""
    with pytest.raises(ValueError, match=r".") as error:
        Values.parse(said)
    assert why in str(error.value)


def test_a_histogram_with_bounds_grows_by_another() -> None:
    """Counts, their total and the sum."""
    [_, _, last] = Values.parse("{{bounds:[0.5 1] counts:[1 2 3] sum:7}}+{{bounds:[0.5 1] counts:[10 0 1] sum:3}}x2")
    assert last == Histogram(buckets=Buckets(bounds=(0.5, 1.0), counts=(21, 2, 5)), count=28, sum=13.0)


def test_a_native_histogram_is_opentelemetrys_one_bucket_earlier() -> None:
    """Promtool's bucket 0 at schema 0 is (0.5, 1], which OpenTelemetry calls -1."""
    [one] = Values.parse(
        "{{schema:0 sum:5 count:4 z_bucket:1 z_bucket_w:0.001 buckets:[1 2] n_buckets:[3] n_offset:2}}"
    )
    assert one == Histogram(
        buckets=ExponentialBuckets(
            scale=0,
            zero_count=1,
            zero_threshold=0.001,
            positive_offset=-1,
            positive=(1, 2),
            negative_offset=1,
            negative=(3,),
        ),
        count=4,
        sum=5.0,
    )


def test_native_histograms_may_begin_at_different_buckets() -> None:
    """They are laid over one another."""
    [_, last] = Values.parse("{{buckets:[1 2] offset:1}}+{{buckets:[5] offset:4}}x1")
    assert isinstance(last, Histogram)
    assert isinstance(last.buckets, ExponentialBuckets)
    assert (last.buckets.positive_offset, last.buckets.positive, last.count) == (0, (1, 2, 0, 5), 8)


@pytest.mark.parametrize(
    ("said", "metric", "attributes"),
    [
        ("up", "up", {}),
        ("up{}", "up", {}),
        ('up{job="a", instance="b:90"}', "up", {"job": "a", "instance": "b:90"}),
        ("queue.length{http.route='/a b',}", "queue.length", {"http.route": "/a b"}),
        (r'm{a="say \"}\"\n"}', "m", {"a": 'say "}"\n'}),
        ('{"http.requests", "odd name"="x"}', "http.requests", {"odd name": "x"}),
    ],
)
def test_a_series_is_named_as_in_prometheus(said: str, metric: str, attributes: dict[str, str]) -> None:
    """With the dots of OpenTelemetry's names; odd names in quotes, as Prometheus 3 writes them."""
    assert SeriesName.parse(said) == SeriesName(metric=metric, attributes=attributes)


@pytest.mark.parametrize("said", ["", '{a="b"}', "up{a=b}", 'up{a="b"', 'up{a="b" c="d"}', 'up{="b"}'])
def test_a_series_without_a_name_or_quotes_is_refused(said: str) -> None:
    """With what would be right."""
    with pytest.raises(ValueError, match='="value"'):
        SeriesName.parse(said)


@pytest.mark.parametrize("said", ["2024-01-01T00:00:00Z", "2024-01-01", "2024-01-01T01:00:00+01:00", 1704067200])
def test_a_moment_is_the_same_on_every_machine(said: str | int) -> None:
    """What names no zone is UTC."""
    assert Moment.parse(said) == START


@pytest.mark.parametrize("said", ["yesterday", "1969-01-01", 0, -5, "nan", "1e999"])
def test_a_moment_that_is_none_is_refused(said: str | int) -> None:
    """Also those before 1970."""
    with pytest.raises(ValueError, match="after 1970"):
        Moment.parse(said)


def test_a_series_has_a_value_at_every_interval() -> None:
    """A missing one is no point; a stale one says that the stream has ended."""
    series = InputSeries(series=SeriesName.parse('q{a="b"}'), values=Values.parse("1 _ 3 stale"))
    points = [signal for _, signal in arrivals([series], STAGE) if isinstance(signal, Point)]
    assert [((point.at - START) // MINUTE, point.value, point.absent) for point in points] == [
        (0, 1.0, False),
        (2, 3.0, False),
        (3, 0.0, True),
    ]
    assert points[0].attributes == {"a": "b"}


@pytest.mark.parametrize(
    ("metric", "kind", "meant"),
    [
        ("http_requests_total", None, ("sum", True, "cumulative")),
        ("orders", None, ("sum", True, "cumulative")),
        ("queue.length", None, ("gauge", False, "cumulative")),
        ("queue.length", "counter", ("sum", True, "cumulative")),
        ("http_requests_total", "gauge", ("gauge", False, "cumulative")),
    ],
)
def test_a_counter_is_known_by_its_name_or_said(metric: str, kind: object, meant: object) -> None:
    """OpenMetrics keeps `_total` for counters; and who takes a rate means one."""
    one = SeenMetric(metric=metric, values=Values.parse("1"), kind=kind)  # type: ignore[arg-type]
    [(_, point)] = arrivals([one], STAGE)
    assert isinstance(point, Point)
    assert (point.kind, point.monotonic, point.temporality) == meant


def test_what_comes_late_is_as_late_every_time() -> None:
    """And all that is seen is played in the order in which it comes."""
    late = SeenSpan(span="late", every=SECOND, times=2, arrives=3 * SECOND)  # type: ignore[arg-type]
    soon = SeenSpan(span="soon", at=2 * SECOND, times=2, attributes={"id": "id-{n}"})  # type: ignore[arg-type]
    came = [
        ((now - START) // SECOND, (signal.at - START) // SECOND, signal.attributes.get("id"))
        for now, signal in arrivals([late, soon], STAGE)
    ]
    assert came == [(2, 2, "id-1"), (2, 2, "id-2"), (3, 0, None), (4, 1, None)]
