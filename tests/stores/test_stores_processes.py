"""Real processes on one place: nothing acknowledged is lost, whoever is killed or stopped, and whenever."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import stores_child
from stores_servers import Server

from otel_alerting.errors import StaleEpoch
from otel_alerting.model.duration import SECOND
from otel_alerting.ports import Store
from otel_alerting.stores.opening import open_store

pytestmark = pytest.mark.process

ROUNDS = int(os.environ.get("OTEL_ALERTING_TEST_ROUNDS", "5"))
"""Processes killed by each test that kills."""


@pytest.fixture(params=["sqlite", "redis"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty place that processes can share."""
    if request.param == "sqlite":
        return f"sqlite://{tmp_path}/state.db"
    server: Server = request.getfixturevalue("any_server")
    with server.client() as client:
        client.flushall()
    return f"redis://127.0.0.1:{server.port}"


@pytest.fixture
def place(url: str) -> Store:
    return open_store(url)


def acknowledged(child: subprocess.Popen[str]) -> dict[int, bytes]:
    """What it was promised, by position."""
    assert child.stdout is not None
    lines = [line.rstrip("\n").split(" ") for line in child.stdout if line.endswith("\n")]
    return {int(position): entry.encode() for position, entry in lines}


def test_processes_share_one_stream(url: str, place: Store) -> None:
    """Four processes with two threads each: every entry is there once, where its writer was told, without a gap."""
    children = [stores_child.start(url, "append", name, 50, 2) for name in "abcd"]
    promised: dict[int, bytes] = {}
    for child in children:
        promised |= acknowledged(child)
        assert child.wait() == 0
    there = dict(place.read("s", 0, 1000))
    assert there == promised
    assert list(there) == list(range(1, 401))


def test_each_process_reads_what_another_has_appended(url: str, place: Store) -> None:
    """As soon as `append` has returned, anywhere."""
    child = stores_child.start(url, "append", "a", 20, 1)
    assert child.stdout is not None
    for line in child.stdout:
        position, entry = line.split()
        assert (int(position), entry.encode()) in place.newest("s", 20)
    assert child.wait() == 0


def test_what_was_acknowledged_survives_sigkill(url: str, place: Store) -> None:
    """Killed at any moment: all that was promised is there, in its place; at most one entry a thread more than that."""
    dice = random.Random(7)
    for _ in range(ROUNDS):
        begin = max((position for position, _ in place.newest("s", 1)), default=0)
        child = stores_child.start(url, "append", "a", 1_000_000, 3)
        assert child.stdout is not None
        first = [child.stdout.readline() for _ in range(dice.randrange(1, 60))]
        child.kill()
        promised = acknowledged(child) | {
            int(position): entry.encode() for position, entry in (line.split() for line in first)
        }
        child.wait()
        there = dict(place.read("s", begin, 1_000_000))
        assert {position: there.get(position) for position in promised} == promised
        assert len(there) - len(promised) <= 3
        assert list(there) == list(range(begin + 1, begin + 1 + len(there)))


def test_a_killed_writer_stops_nobody(url: str, place: Store) -> None:
    """The next append of another process needs no repair and no wait."""
    for _ in range(ROUNDS):
        child = stores_child.start(url, "append", "a", 1_000_000, 2)
        assert child.stdout is not None
        child.stdout.readline()
        child.kill()
        assert place.append("s", [b"mine"]) > 0
        child.communicate()


def test_a_stopped_holder_cannot_save_after_a_newer_epoch(url: str, place: Store) -> None:
    """SIGSTOP, somebody else takes the lease, SIGCONT: what the old holder then wants to save is refused."""
    child = stores_child.start(url, "hold", SECOND // 2)
    old = int(_line(child))
    _, status = os.waitpid(child.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    new = _until(lambda: place.lease("p", "parent", 60 * SECOND))
    assert new > old
    place.save("p", b"parent", new)
    os.kill(child.pid, signal.SIGCONT)
    assert _line(child) == "stale"
    child.communicate()
    assert place.load("p") == b"parent"


def test_a_stopped_holder_cannot_save_once_the_lease_is_taken(url: str, place: Store) -> None:
    """Even when the new holder has saved nothing yet."""
    child = stores_child.start(url, "hold", SECOND // 2)
    old = int(_line(child))
    os.waitpid(child.pid, os.WUNTRACED)
    _until(lambda: place.lease("p", "parent", 60 * SECOND))
    os.kill(child.pid, signal.SIGCONT)
    assert _line(child) == "stale"
    child.communicate()
    assert place.load("p") == b"child"
    with pytest.raises(StaleEpoch):
        place.save("p", b"child", old)


def test_a_forked_child_uses_the_same_store(url: str, place: Store) -> None:
    """Threads of the parent write while it forks; parent and children go on with the store that they had."""
    writers = _Writers(place)
    statuses = []
    for number in range(8):
        child = os.fork()
        if child == 0:
            os._exit(_append_some(place, number))
        statuses.append(os.waitpid(child, 0)[1])
    promised = writers.finish()
    assert statuses == [0] * 8
    there = dict(place.read("s", 0, 1_000_000))
    assert {position: there[position] for position in promised} == promised
    assert sorted(entry for entry in there.values() if entry.startswith(b"child")) == sorted(
        b"child %d %d" % (child, number) for child in range(8) for number in range(5)
    )
    assert list(there) == list(range(1, len(there) + 1))


def _append_some(place: Store, child: int) -> int:
    try:
        for number in range(5):
            place.append("s", [b"child %d %d" % (child, number)])
        place.close()
    except BaseException:
        return 1
    return 0


class _Writers:
    """Threads that append until they are told to stop."""

    def __init__(self, place: Store) -> None:
        self._place = place
        self._stop = threading.Event()
        self._promised: dict[int, bytes] = {}
        self._threads = [threading.Thread(target=self._work, args=(name,)) for name in range(3)]
        for thread in self._threads:
            thread.start()

    def _work(self, name: int) -> None:
        number = 0
        while not self._stop.is_set():
            entry = b"parent %d %d" % (name, number)
            self._promised[self._place.append("s", [entry])] = entry
            number += 1

    def finish(self) -> dict[int, bytes]:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        return self._promised


def _line(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    return child.stdout.readline().rstrip("\n")


def _until(ask: Callable[[], int | None]) -> int:
    """Asked again and again, as whoever waits for a lease does; the test's own time limit ends it."""
    while (answer := ask()) is None:
        pass
    return answer
