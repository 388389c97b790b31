"""The store in memory: what every store does, and what only this one can be asked."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_alerting.model.duration import SECOND
from otel_alerting.ports import Store
from otel_alerting.stores.memory import MemoryStore
from otel_alerting.testing import ManualClock, StoreSuite


class TestMemoryStore(StoreSuite):
    """The suite of all stores, with time that is told to pass."""

    @pytest.fixture
    def clock(self) -> ManualClock:
        return ManualClock()

    @pytest.fixture
    def store(self, clock: ManualClock) -> Store:
        return MemoryStore(clock)

    @pytest.fixture
    def elapse(self, clock: ManualClock) -> Callable[[int], None]:
        return lambda duration: (clock.advance(duration), None)[1]


@given(st.lists(st.integers(0, 4), max_size=30), st.integers(0, 60), st.integers(-1, 60), st.integers(0, 60))
def test_a_stream_is_what_a_list_would_be(sizes: list[int], before: int, after: int, limit: int) -> None:
    """Reading from either end, behind any position, after any trim."""
    store = MemoryStore()
    plain: list[tuple[int, bytes]] = []
    for size in sizes:
        entries = [b"%d" % (len(plain) + number) for number in range(size)]
        plain += [(len(plain) + number + 1, entry) for number, entry in enumerate(entries)]
        assert store.append("s", entries) == len(plain)
    store.trim("s", before)
    kept = [(position, entry) for position, entry in plain if position >= before]
    assert list(store.read("s", after, limit)) == [pair for pair in kept if pair[0] > after][:limit]
    assert list(store.newest("s", limit)) == kept[::-1][:limit]


def test_expired_parts_take_no_room() -> None:
    """Buckets are named by time: what nobody reads any more is forgotten when others are written."""
    clock = ManualClock()
    store = MemoryStore(clock)
    for second in range(1000):
        store.put_part(f"bucket-{second}", "mine", b"x", 10 * SECOND)
        clock.advance(SECOND)
    assert len(store._buckets) <= 12


def test_setting_the_wall_clock_does_not_end_a_lease() -> None:
    """Leases run by monotonic time."""
    clock = ManualClock()
    store = MemoryStore(clock)
    store.lease("p", "alice", SECOND)
    clock.set(0)
    clock.set(clock.now() + 3600 * SECOND)
    assert store.lease("p", "bob", SECOND) is None


def test_without_a_clock_the_time_passes_by_itself() -> None:
    """Nothing has to be given."""
    store = MemoryStore()
    store.put_part("b", "gone", b"", 0)
    store.put_part("b", "there", b"", 60 * SECOND)
    assert list(store.parts("b")) == ["there"]
