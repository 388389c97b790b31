"""Whatever is asked in whatever order, every store answers as the one in memory does."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from stores_servers import Cluster, Server

from otel_alerting.errors import StaleEpoch
from otel_alerting.model.duration import HOUR, MINUTE
from otel_alerting.ports import Store
from otel_alerting.stores.memory import MemoryStore
from otel_alerting.stores.opening import open_store
from otel_alerting.testing import ManualClock

NAMES = st.sampled_from(["", "a", "a}", "ä:*"])
ENTRIES = st.binary(max_size=20)
POSITIONS = st.one_of(st.integers(-2, 40), st.just(1 << 70))
LIMITS = st.one_of(st.integers(0, 12), st.just(1 << 70))
HOLDERS = st.sampled_from(["alice", "bob"])


class Machine(RuleBasedStateMachine):
    """The store of the class `place` beside the one in memory. A server has a clock of its own: nothing ends there."""

    place: Callable[[ManualClock], Store]
    clock_is_ours = True

    def __init__(self) -> None:
        super().__init__()
        self.clock = ManualClock()
        self.model = MemoryStore(self.clock)
        self.store = type(self).place(self.clock)
        self.epochs: dict[tuple[str, int], int] = {}

    def teardown(self) -> None:
        self.store.close()

    @rule(name=NAMES, entries=st.lists(ENTRIES, max_size=5))
    def append(self, name: str, entries: list[bytes]) -> None:
        assert self.store.append(name, entries) == self.model.append(name, entries)

    @rule(name=NAMES, after=POSITIONS, limit=LIMITS)
    def read(self, name: str, after: int, limit: int) -> None:
        assert list(self.store.read(name, after, limit)) == list(self.model.read(name, after, limit))

    @rule(name=NAMES, limit=LIMITS)
    def newest(self, name: str, limit: int) -> None:
        assert list(self.store.newest(name, limit)) == list(self.model.newest(name, limit))

    @rule(name=NAMES, before=POSITIONS)
    def trim(self, name: str, before: int) -> None:
        self.store.trim(name, before)
        self.model.trim(name, before)

    @rule(bucket=NAMES, field=NAMES, value=ENTRIES, ttl=st.sampled_from([0, MINUTE, HOUR]))
    def put_part(self, bucket: str, field: str, value: bytes, ttl: int) -> None:
        self.store.put_part(bucket, field, value, ttl)
        self.model.put_part(bucket, field, value, ttl)

    @rule(name=NAMES, holder=HOLDERS, ttl=st.sampled_from([MINUTE, HOUR]))
    def lease(self, name: str, holder: str, ttl: int) -> None:
        """Epochs need not be the same numbers, but grow in the same places."""
        expected, found = self.model.lease(name, holder, ttl), self.store.lease(name, holder, ttl)
        assert (found is None) == (expected is None)
        if expected is not None and found is not None:
            assert self.epochs.setdefault((name, expected), found) == found
            known = sorted((theirs, ours) for (of, theirs), ours in self.epochs.items() if of == name)
            assert all(earlier[1] < later[1] for earlier, later in itertools.pairwise(known))

    @rule(name=NAMES, value=ENTRIES, pick=st.integers(0, 10))
    def save(self, name: str, value: bytes, pick: int) -> None:
        """With an epoch that the name has had, old or new; 0 is before all."""
        known = [0, *(theirs for of, theirs in self.epochs if of == name)]
        theirs = known[pick % len(known)]
        assert outcome(self.store, name, value, self.epochs.get((name, theirs), 0)) == outcome(
            self.model, name, value, theirs
        )

    @precondition(lambda self: self.clock_is_ours)
    @rule(duration=st.sampled_from([MINUTE // 2, MINUTE, HOUR]))
    def advance(self, duration: int) -> None:
        self.clock.advance(duration)

    @invariant()
    def all_is_the_same(self) -> None:
        for name in ("", "a"):
            assert dict(self.store.parts(name)) == dict(self.model.parts(name))
            assert self.store.load(name) == self.model.load(name)


def outcome(store: Store, name: str, value: bytes, epoch: int) -> str:
    try:
        store.save(name, value, epoch)
    except StaleEpoch:
        return "stale"
    return "saved"


def compare(make: Callable[[ManualClock], Store], clock_is_ours: bool) -> None:
    class Chosen(Machine):
        place = staticmethod(make)

    Chosen.clock_is_ours = clock_is_ours
    run_state_machine_as_test(
        Chosen,
        settings=settings(
            max_examples=max(settings.default.max_examples // 2, 1),
            stateful_step_count=30,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_a_file_answers_as_memory_does(tmp_path: Path) -> None:
    """Any verbs in any order, with time passing."""
    compare(lambda clock: open_store(f"sqlite://{tempfile.mkdtemp(dir=tmp_path)}/state.db", clock), clock_is_ours=True)


@pytest.mark.process
def test_a_server_answers_as_memory_does(any_server: Server) -> None:
    """Any verbs in any order."""

    def make(_: ManualClock) -> Store:
        with any_server.client() as client:
            client.flushall()
        return open_store(f"redis://127.0.0.1:{any_server.port}")

    compare(make, clock_is_ours=False)


@pytest.mark.process
def test_a_cluster_answers_as_memory_does(cluster: Cluster) -> None:
    """Any verbs in any order, on two servers."""

    def make(_: ManualClock) -> Store:
        cluster.empty()
        return open_store(f"redis+cluster://127.0.0.1:{cluster.servers[0].port}")

    compare(make, clock_is_ours=False)
