"""A HyperLogLog counts what is different, whatever the order and however it was shared out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_alerting.rules.hyperloglog import HyperLogLog, hash_of


def of(names: range, salt: str = "") -> HyperLogLog:
    return HyperLogLog(hash_of(f"{salt}{name}") for name in names)


@pytest.mark.parametrize("number", [0, 1, 10, 100, 1_000, 5_000, 20_000, 60_000, 200_000])
def test_the_number_is_known_within_two_percent(number: int) -> None:
    """Few are as well known as many."""
    for salt in "abc":
        assert of(range(number), salt).estimate() == pytest.approx(number, rel=0.02, abs=0.01)


@given(st.lists(st.integers(0, 500), max_size=300), st.integers(0, 300))
def test_merging_is_having_seen_everything(names: list[int], cut: int) -> None:
    """In any order, as often as one likes."""
    whole = HyperLogLog(hash_of(str(name)) for name in names)
    first = HyperLogLog(hash_of(str(name)) for name in names[cut:])
    first.merge(HyperLogLog(hash_of(str(name)) for name in names[:cut]))
    first.merge(whole)
    assert first.estimate() == whole.estimate()


def test_a_hash_is_the_same_in_every_process() -> None:
    """Or the parts of two processes could not be merged."""
    assert hash_of("user-1") == 11145382709976293768
