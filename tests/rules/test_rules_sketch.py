"""A sketch reads any quantile of many numbers from few counts."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_alerting.model import Buckets, ExponentialBuckets
from otel_alerting.rules.sketch import Sketch

numbers = st.lists(st.floats(-1e6, 1e6, allow_nan=False).filter(lambda n: n == 0 or abs(n) > 1e-6), min_size=1)


def sketch_of(values: list[float]) -> Sketch:
    sketch = Sketch()
    for value in values:
        sketch.add(value)
    return sketch


@given(numbers, st.floats(0, 1))
def test_a_quantile_is_off_by_a_bucket_at_most(values: list[float], share: float) -> None:
    """2.2 % at scale 4: the value lies in the same bucket as the number of that rank."""
    found = sketch_of(values).quantile(share)
    exact = sorted(values)[max(0, math.ceil(share * len(values)) - 1)]
    assert found is not None
    assert found == pytest.approx(exact, rel=0.045, abs=1e-12)


@given(st.lists(numbers, min_size=1, max_size=5), st.permutations(range(5)), st.floats(0, 1))
def test_the_order_of_merging_does_not_matter(parts: list[list[float]], order: list[int], share: float) -> None:
    """Processes and sub-buckets are merged as they come."""
    one, other = Sketch(), sketch_of([value for part in parts for value in part])
    for index in order:
        if index < len(parts):
            one.merge(sketch_of(parts[index]))
    assert one.quantile(share) == other.quantile(share)
    assert one.count() == other.count()


def test_explicit_buckets_are_linear_inside() -> None:
    """As Prometheus reads them: the first bucket begins at 0, the last gives its lower bound."""
    sketch = Sketch()
    sketch.absorb(Buckets(bounds=(1.0, 2.0), counts=(2, 2, 0)))
    assert [sketch.quantile(share) for share in (0.25, 0.5, 0.75, 1.0)] == [0.5, 1.0, 1.5, 2.0]
    sketch.absorb(Buckets(bounds=(1.0, 2.0), counts=(0, 0, 96)))
    assert sketch.quantile(0.99) == 2.0


@pytest.mark.parametrize(("counts", "number"), [((4, -2, 0), 4), ((4, -2, 3), 5), ((-3, 1, 4), 2), ((1, -1, 1), 1)])
def test_a_decreasing_prefix_count_is_raised(counts: tuple[int, ...], number: int) -> None:
    """As many lie below a bound as below a smaller one, at least: 4, 2, 5 are 4, 4, 5."""
    sketch = Sketch()
    assert sketch.absorb(Buckets(bounds=(1.0, 2.0), counts=counts)) == number
    assert sketch.count() == number


def test_exponential_buckets_are_exponential_inside() -> None:
    """Half of (4, 16] lies below 8, the geometric middle; negative ones mirror that."""
    sketch = Sketch()
    sketch.absorb(ExponentialBuckets(scale=-1, positive_offset=1, positive=(10,)))
    assert sketch.quantile(0.5) == pytest.approx(8)
    sketch = Sketch()
    sketch.absorb(ExponentialBuckets(scale=-1, negative_offset=1, negative=(10,)))
    assert sketch.quantile(0.5) == pytest.approx(-8)


def test_the_zero_bucket_is_linear() -> None:
    """From its threshold below zero to that above, as far as there are numbers on that side."""
    sketch = Sketch()
    sketch.absorb(ExponentialBuckets(scale=0, zero_count=10, zero_threshold=0.5, positive=(10,), negative=(10,)))
    assert [sketch.quantile(share) for share in (0.5, 5 / 12)] == pytest.approx([0, -0.25])
    sketch = Sketch()
    sketch.absorb(ExponentialBuckets(scale=0, zero_count=10, zero_threshold=0.5, positive=(10,)))
    assert sketch.quantile(0.25) == pytest.approx(0.25)


@given(numbers, st.floats(0, 1))
def test_a_packed_sketch_is_the_same(values: list[float], share: float) -> None:
    """In a tenth of the memory."""
    sketch = sketch_of(values)
    sketch.absorb(Buckets(bounds=(1.0, 2.0), counts=(4, 2, 1)))
    sketch.absorb(ExponentialBuckets(scale=2, zero_count=3, zero_threshold=1e-3, positive=(1, 0, 2)))
    again = Sketch.unpacked(sketch.packed())
    assert (again.quantile(share), again.count()) == (sketch.quantile(share), sketch.count())


def test_finer_histograms_are_shifted_and_coarser_ones_bring_it_down() -> None:
    """Scales go down, never up."""
    fine = Sketch()
    fine.absorb(ExponentialBuckets(scale=20, positive_offset=0, positive=(10,)))
    assert fine.quantile(0.5) == pytest.approx(1.0, rel=0.05)
    fine.absorb(ExponentialBuckets(scale=0, positive_offset=2, positive=(30,)))
    assert 4 <= (fine.quantile(0.9) or 0) <= 8
    assert fine.count() == 40


def test_different_bounds_in_one_group_are_read_together() -> None:
    """Two services may measure the same thing with other buckets."""
    sketch = Sketch()
    sketch.absorb(Buckets(bounds=(10.0,), counts=(10, 0)))
    sketch.absorb(Buckets(bounds=(5.0, 10.0), counts=(0, 10, 0)))
    assert sketch.quantile(0.5) == pytest.approx(5 + 5 * 5 / 15)


def test_of_nothing_there_is_no_quantile() -> None:
    """Not 0, and not NaN."""
    assert Sketch().quantile(0.99) is None


@given(st.lists(st.floats(), max_size=50))
def test_any_float_may_come(values: list[float]) -> None:
    """What is no finite number is not counted; the others give a quantile."""
    finite = [value for value in values if math.isfinite(value)]
    sketch = sketch_of(values)
    assert sketch.count() == len(finite)
    assert (sketch.quantile(0.5) is None) == (not finite)


@given(
    st.lists(st.floats(1e-3, 1e6), min_size=1, max_size=200),
    st.integers(-6, 20),
    st.floats(0.01, 1),
)
def test_histograms_of_any_scale_give_their_quantiles(values: list[float], scale: int, share: float) -> None:
    """Within a bucket of theirs, or of our own where theirs are finer."""
    indices = [math.ceil(math.log2(value) * 2.0**scale) - 1 for value in values]
    low = min(indices)
    if max(indices) - low > 5_000:
        return
    counts = [indices.count(index) for index in range(low, max(indices) + 1)] if scale < 8 else None
    sketch = Sketch()
    if counts is None:  # one at a time: between fine buckets there are too many empty ones
        for index in indices:
            sketch.absorb(ExponentialBuckets(scale=scale, positive_offset=index, positive=(1,)))
    else:
        sketch.absorb(ExponentialBuckets(scale=scale, positive_offset=low, positive=tuple(counts)))
    exact = sorted(values)[max(0, math.ceil(share * len(values)) - 1)]
    base = 2 ** (2.0 ** -min(scale, 4))
    found = sketch.quantile(share)
    assert found is not None
    assert exact / base * (1 - 1e-9) <= found <= exact * base * (1 + 1e-9)
    assert sketch.count() == len(values)


def test_zero_buckets_of_different_width_are_merged_at_the_widest() -> None:
    """With the buckets that lie in it, to the end of the one that its threshold is in."""
    narrow = ExponentialBuckets(scale=0, zero_count=2, zero_threshold=0.1, positive_offset=-3, positive=(4, 4, 4, 4))
    wide = ExponentialBuckets(scale=0, zero_count=6, zero_threshold=0.3)
    for order in ((narrow, wide), (wide, narrow)):
        sketch = Sketch()
        for one in order:
            sketch.absorb(one)
        # (0.125, 0.25] and (0.25, 0.5] have fallen into it: 16 numbers up to 0.5
        assert sketch.quantile(8 / 24) == pytest.approx(0.25)
        assert sketch.quantile(16 / 24) == pytest.approx(0.5)
        assert sketch.quantile(18 / 24) == pytest.approx(0.5 * 2**0.5)


def test_classic_and_exponential_buckets_are_read_together() -> None:
    """Linear in the one, exponential in the other: the number at which their counts together pass the rank."""
    sketch = Sketch()
    sketch.absorb(Buckets(bounds=(4.0, 16.0), counts=(0, 10, 0)))
    sketch.absorb(ExponentialBuckets(scale=-1, positive_offset=1, positive=(10,)))
    for share in (0.1, 0.5, 0.9):
        found = sketch.quantile(share)
        assert found is not None
        below = 10 * (found - 4) / 12 + 10 * math.log(found / 4) / math.log(4)
        assert below == pytest.approx(20 * share)
    sketch.absorb(Buckets(bounds=(4.0, 16.0), counts=(0, 0, 80)))
    assert sketch.quantile(0.99) == 16.0


@given(
    st.lists(st.floats(-100, 100), min_size=1, max_size=50),
    st.lists(st.integers(0, 5), min_size=4, max_size=4),
    st.lists(st.floats(0, 1), min_size=2, max_size=5),
)
def test_quantiles_of_mixed_buckets_grow_with_the_share(
    values: list[float], counts: list[int], shares: list[float]
) -> None:
    """Whatever is merged."""
    sketch = sketch_of(values)
    sketch.absorb(Buckets(bounds=(-5.0, 1.0, 10.0), counts=tuple(counts)))
    sketch.absorb(ExponentialBuckets(scale=1, zero_count=3, zero_threshold=0.7, positive=(2,), negative=(1,)))
    found = [sketch.quantile(share) for share in sorted(shares)]
    assert all(one is not None for one in found)
    assert found == sorted(found, key=lambda one: one or 0.0)
