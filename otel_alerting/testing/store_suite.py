"""What every store must do, as a pytest class: a new store inherits it and is done when it is green."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

import pytest

from otel_alerting.errors import StaleEpoch
from otel_alerting.model.duration import SECOND
from otel_alerting.ports import Store

T = TypeVar("T")

TTL = SECOND // 2
"""Of parts and leases in these tests: long enough for a slow machine, short enough to wait for."""


class StoreSuite:
    """Inherit it, and give it a `store`.

    ```python
    class TestMyStore(StoreSuite):
        @pytest.fixture
        def store(self, tmp_path):
            store = MyStore(tmp_path / "state")
            yield store
            store.close()
    ```

    Override `other` where a second process can open the same place, and `elapse` where time can be told to pass.
    """

    @pytest.fixture
    def store(self) -> Store:
        """An empty store."""
        raise NotImplementedError("give the suite a store: override the fixture `store`")

    @pytest.fixture
    def other(self, store: Store) -> Store:
        """The same place as another process sees it; the store itself where there is no such thing."""
        return store

    @pytest.fixture
    def elapse(self) -> Callable[[int], None]:
        """Let nanoseconds pass for the store."""
        return lambda duration: time.sleep(duration / SECOND)

    def test_a_stream_begins_at_position_one(self, store: Store) -> None:
        """`append` returns the last entry's position; the first is 1, whatever other streams hold."""
        store.append("others", [b"x", b"y"])
        assert store.append("s", [b"a"]) == 1
        assert store.append("s", [b"b", b"c"]) == 3

    def test_entries_are_read_behind_a_position_oldest_first(self, store: Store, other: Store) -> None:
        """`read` gives at most `limit` entries, each with its position, and nothing that was read before."""
        store.append("s", [b"a", b"b", b"c", b"d"])
        assert list(other.read("s", 0, 2)) == [(1, b"a"), (2, b"b")]
        assert list(other.read("s", 2, 10)) == [(3, b"c"), (4, b"d")]
        assert list(other.read("s", 4, 10)) == []

    def test_the_newest_come_first_when_asked_for(self, store: Store, other: Store) -> None:
        """`newest` gives the last `limit` entries, newest first."""
        store.append("s", [b"a", b"b", b"c"])
        assert list(other.newest("s", 2)) == [(3, b"c"), (2, b"b")]
        assert list(other.newest("s", 10)) == [(3, b"c"), (2, b"b"), (1, b"a")]

    def test_a_limit_of_nothing_gives_nothing(self, store: Store) -> None:
        """0 is a limit like any other."""
        store.append("s", [b"a"])
        assert list(store.read("s", 0, 0)) == []
        assert list(store.newest("s", 0)) == []

    def test_appending_nothing_says_where_the_end_is(self, store: Store) -> None:
        """No entry is added, and the position is that of the last one; 0 when there never was one."""
        assert store.append("s", []) == 0
        store.append("s", [b"a", b"b"])
        assert store.append("s", []) == 2
        assert len(store.read("s", 0, 10)) == 2

    def test_names_that_look_alike_are_different(self, store: Store) -> None:
        """Whatever a name is made into, another name is made into something else."""
        names = [
            "",
            "a",
            "A",
            "a:b",
            "{a}",
            "a}b",
            "{",
            "}",
            "%",
            "%25",
            "%7B",
            "a/b",
            "a b",
            "ä",
            "a\u0308",
            "*",
            "a\x00b",
        ]
        for name in names:
            store.append(name, [name.encode()])
            store.put_part(name, name, name.encode(), 60 * SECOND)
            epoch = store.lease(name, name, 60 * SECOND)
            assert epoch is not None
            store.save(name, name.encode(), epoch)
        for name in names:
            assert list(store.read(name, 0, 10)) == [(1, name.encode())]
            assert dict(store.parts(name)) == {name: name.encode()}
            assert store.load(name) == name.encode()

    def test_an_unknown_stream_is_empty(self, store: Store) -> None:
        """Nothing has to be created before it is read or trimmed."""
        store.trim("s", 5)
        assert list(store.read("s", 0, 10)) == []
        assert list(store.newest("s", 10)) == []

    def test_a_reader_ahead_of_the_stream_finds_nothing(self, store: Store) -> None:
        """A position that does not exist yet is no error."""
        store.append("s", [b"a"])
        assert list(store.read("s", 7, 10)) == []

    def test_an_entry_is_any_bytes_under_any_name(self, store: Store) -> None:
        """Empty, binary and large entries come back as they were; names are any text."""
        entries = [b"", b"\x00\xff\r\n", b"x" * 100_000]
        store.append("alerts/ünï ténant:*{}", entries)
        assert [entry for _, entry in store.read("alerts/ünï ténant:*{}", 0, 10)] == entries

    def test_trimming_forgets_what_is_before(self, store: Store) -> None:
        """The entry at the position stays; positions go on where they were, even when nothing is left."""
        store.append("s", [b"a", b"b", b"c"])
        store.trim("s", 3)
        assert list(store.read("s", 0, 10)) == [(3, b"c")]
        store.trim("s", 100)
        assert list(store.newest("s", 10)) == []
        assert store.append("s", [b"d"]) == 4
        assert list(store.read("s", 1, 10)) == [(4, b"d")]

    def test_trimming_what_is_not_there_changes_nothing(self, store: Store) -> None:
        """Trimming twice, or before the beginning, is harmless."""
        store.append("s", [b"a", b"b"])
        for before in (-1, 0, 1):
            store.trim("s", before)
        assert len(store.read("s", -5, 10)) == 2
        store.trim("s", 2)
        store.trim("s", 2)
        assert list(store.read("s", 0, 10)) == [(2, b"b")]

    def test_a_batch_is_not_torn_apart(self, store: Store, other: Store) -> None:
        """The entries of one `append` stand next to each other, whoever appends at the same time, in their order."""

        def write(place: Store, name: int) -> None:
            for number in range(10):
                place.append("s", [b"%d:%d:%d" % (name, number, part) for part in range(7)])

        _at_once([partial(write, place, name) for name, place in enumerate((store, other) * 2)])
        entries = [entry for _, entry in store.read("s", 0, 1000)]
        batches = [entries[at : at + 7] for at in range(0, len(entries), 7)]
        assert len(batches) == 40
        assert all(
            [entry.rsplit(b":", 1) for entry in batch]
            == [[batch[0].rsplit(b":", 1)[0], b"%d" % part] for part in range(7)]
            for batch in batches
        )

    def test_writers_at_the_same_time_lose_nothing(self, store: Store, other: Store) -> None:
        """Every entry of every thread is there once, each thread's in its order, without a gap."""

        def write(place: Store, name: int) -> None:
            for number in range(25):
                place.append("s", [b"%d:%d" % (name, number)])

        _at_once([partial(write, place, name) for name, place in enumerate((store, other) * 2)])
        found = store.read("s", 0, 1000)
        assert [position for position, _ in found] == list(range(1, 101))
        for name in range(4):
            mine = [entry for _, entry in found if entry.startswith(b"%d:" % name)]
            assert mine == [b"%d:%d" % (name, number) for number in range(25)]

    def test_parts_of_one_bucket_come_together(self, store: Store, other: Store) -> None:
        """Every process puts its own field; writing a field again replaces it; buckets do not mix."""
        store.put_part("b", "one", b"1", 60 * SECOND)
        other.put_part("b", "two", b"2", 60 * SECOND)
        other.put_part("c", "one", b"9", 60 * SECOND)
        store.put_part("b", "one", b"3", 60 * SECOND)
        assert dict(other.parts("b")) == {"one": b"3", "two": b"2"}
        assert dict(store.parts("nothing")) == {}

    def test_a_part_expires(self, store: Store, elapse: Callable[[int], None]) -> None:
        """After its `ttl` a part is gone; one that was written again later stays."""
        store.put_part("b", "old", b"1", TTL)
        store.put_part("b", "kept", b"2", TTL)
        store.put_part("b", "kept", b"2", 60 * SECOND)
        elapse(TTL + TTL // 5)
        assert dict(store.parts("b")) == {"kept": b"2"}

    def test_a_part_is_any_bytes_in_any_field(self, store: Store) -> None:
        """Empty, binary and large parts come back as they were."""
        parts = {"": b"", "ünï:{}": b"\x00\xff", "large": b"x" * 100_000}
        for field, value in parts.items():
            store.put_part("b", field, value, 60 * SECOND)
        assert dict(store.parts("b")) == parts

    def test_the_last_word_says_how_long_a_part_lives(self, store: Store, elapse: Callable[[int], None]) -> None:
        """Writing it again with a shorter `ttl` shortens its life; with none it is over at once."""
        store.put_part("b", "short", b"1", 60 * SECOND)
        store.put_part("b", "short", b"2", TTL)
        store.put_part("b", "long", b"1", 60 * SECOND)
        store.put_part("b", "over", b"1", 60 * SECOND)
        store.put_part("b", "over", b"2", 0)
        assert dict(store.parts("b")) == {"short": b"2", "long": b"1"}
        elapse(TTL + TTL // 5)
        assert dict(store.parts("b")) == {"long": b"1"}

    def test_a_lease_has_one_holder(self, store: Store, other: Store) -> None:
        """While somebody holds a lease nobody else gets it; leases of other names are free."""
        assert store.lease("p1", "alice", 60 * SECOND) is not None
        assert other.lease("p1", "bob", 60 * SECOND) is None
        assert other.lease("p2", "bob", 60 * SECOND) is not None

    def test_renewing_keeps_the_epoch(self, store: Store, elapse: Callable[[int], None]) -> None:
        """Its holder may take a lease again before it ends: the same epoch, and the time begins anew."""
        epoch = store.lease("p", "alice", TTL)
        elapse(TTL // 2)
        assert store.lease("p", "alice", 60 * SECOND) == epoch
        elapse(TTL)
        assert store.lease("p", "bob", TTL) is None

    def test_a_new_holder_has_a_greater_epoch(self, store: Store, other: Store, elapse: Callable[[int], None]) -> None:
        """An expired lease may be taken by anybody; whoever takes it has a greater epoch than all before."""
        first = store.lease("p", "alice", TTL)
        elapse(TTL + TTL // 5)
        second = other.lease("p", "bob", TTL)
        assert first is not None
        assert second is not None
        assert second > first

    def test_an_old_holder_that_comes_back_has_a_greater_epoch(
        self, store: Store, elapse: Callable[[int], None]
    ) -> None:
        """A lease that ended has ended, also for its holder: somebody may have held it in between."""
        first = store.lease("p", "alice", TTL)
        elapse(TTL + TTL // 5)
        again = store.lease("p", "alice", 60 * SECOND)
        assert first is not None
        assert again is not None
        assert again > first

    def test_an_expired_lease_saves_until_somebody_else_holds_it(
        self, store: Store, elapse: Callable[[int], None]
    ) -> None:
        """What decides is the epoch, not the time: nobody else can have decided anything yet."""
        epoch = store.lease("p", "alice", TTL)
        assert epoch is not None
        elapse(TTL + TTL // 5)
        store.save("p", b"late", epoch)
        assert store.load("p") == b"late"

    def test_what_is_saved_is_any_bytes(self, store: Store) -> None:
        """Nothing saved is None; empty is empty; a checkpoint may be large."""
        epoch = store.lease("p", "alice", 60 * SECOND)
        assert epoch is not None
        for value in (b"", b"\x00\xff\r\n", b"x" * 1_000_000):
            store.save("p", value, epoch)
            assert store.load("p") == value

    def test_saving_needs_no_lease(self, store: Store) -> None:
        """Under a name that nobody holds any epoch saves, until a newer one has."""
        store.save("q", b"one", 1)
        store.save("q", b"two", 2)
        with pytest.raises(StaleEpoch):
            store.save("q", b"one again", 1)
        assert store.load("q") == b"two"

    def test_what_was_saved_is_loaded(self, store: Store, other: Store) -> None:
        """The last value under a name is what everybody loads; nothing saved is None."""
        epoch = store.lease("p", "alice", 60 * SECOND)
        assert epoch is not None
        assert store.load("p") is None
        store.save("p", b"one", epoch)
        store.save("p", b"two", epoch)
        assert other.load("p") == b"two"

    def test_a_late_old_owner_cannot_overwrite(self, store: Store, other: Store, elapse: Callable[[int], None]) -> None:
        """As soon as somebody else holds the lease, and after they saved, saving with the old epoch is refused."""
        old = store.lease("p", "alice", TTL)
        assert old is not None
        store.save("p", b"alice", old)
        elapse(TTL + TTL // 5)
        new = other.lease("p", "bob", 60 * SECOND)
        assert new is not None
        with pytest.raises(StaleEpoch):
            store.save("p", b"late", old)
        assert store.load("p") == b"alice"
        other.save("p", b"bob", new)
        with pytest.raises(StaleEpoch):
            store.save("p", b"late", old)
        assert store.load("p") == b"bob"

    def test_one_of_many_gets_the_lease(self, store: Store, other: Store) -> None:
        """Whoever asks at the same time, one of them holds it."""
        places = zip("abcdefgh", (store, other) * 4, strict=True)
        epochs = _at_once([partial(place.lease, "p", name, 60 * SECOND) for name, place in places])
        assert len([epoch for epoch in epochs if epoch is not None]) == 1

    def test_closing_twice_is_harmless(self, store: Store) -> None:
        """Whoever shuts down need not know who did before."""
        store.close()
        store.close()


def _at_once(work: Sequence[Callable[[], T]]) -> Sequence[T]:
    """Do each on a thread of its own; what they return, and what one of them raises is raised."""
    with ThreadPoolExecutor(len(work)) as pool:
        return [one.result() for one in [pool.submit(one) for one in work]]
