"""The store in a SQLite file: what every store does, and what only a file can be asked."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from otel_alerting.errors import StoreError
from otel_alerting.model.duration import SECOND
from otel_alerting.ports import Store
from otel_alerting.stores.sqlite import SqliteStore
from otel_alerting.stores.sqlite_file import _Job
from otel_alerting.stores.sqlite_lease import Grant, boot
from otel_alerting.testing import ManualClock, StoreSuite


class TestSqliteStore(StoreSuite):
    """The suite of all stores, with two stores on one file, and time that is told to pass."""

    @pytest.fixture
    def clock(self) -> ManualClock:
        return ManualClock()

    @pytest.fixture
    def store(self, tmp_path: Path, clock: ManualClock) -> Iterator[Store]:
        store = SqliteStore(tmp_path / "state.db", clock=clock)
        yield store
        store.close()

    @pytest.fixture
    def other(self, store: Store, tmp_path: Path, clock: ManualClock) -> Iterator[Store]:
        other = SqliteStore(tmp_path / "state.db", clock=clock)
        yield other
        other.close()

    @pytest.fixture
    def elapse(self, clock: ManualClock) -> Callable[[int], None]:
        return lambda duration: (clock.advance(duration), None)[1]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "state.db"


def test_only_its_owner_may_read_it(path: Path) -> None:
    """Folder 0700, files 0600, whatever the umask; a folder that was there keeps its mode."""
    before = os.umask(0)
    try:
        store = SqliteStore(path)
        store.append("s", [b"a"])
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
        store.close()
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert modes == {"state.db": 0o600, "state.db-wal": 0o600, "state.db-shm": 0o600}
    path.parent.chmod(0o755)
    SqliteStore(path).append("s", [b"b"])
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o755


def test_nothing_is_touched_before_it_is_used(path: Path) -> None:
    """Opening a store makes no folder and no file: a program that never alerts leaves nothing behind."""
    store = SqliteStore(path)
    store.close()
    assert not path.parent.exists()
    assert repr(store) == f"SqliteStore('{path}')"


def test_what_was_written_is_there_when_it_is_opened_again(path: Path) -> None:
    """Streams with their positions, parts, epochs of leases, what was saved. One file is left, without a log."""
    store = SqliteStore(path)
    store.append("s", [b"a", b"b"])
    store.trim("s", 3)
    store.put_part("b", "f", b"1", 60 * SECOND)
    epoch = store.lease("p", "alice", 0)
    assert epoch is not None
    store.save("p", b"x", epoch)
    store.close()
    assert [file.name for file in path.parent.iterdir()] == ["state.db"]
    again = SqliteStore(path)
    assert again.append("s", [b"c"]) == 3
    assert (again.parts("b"), again.load("p")) == ({"f": b"1"}, b"x")
    assert again.lease("p", "bob", SECOND) == epoch + 1


def test_after_it_is_closed_it_says_so(path: Path) -> None:
    """It does not open the file again behind anybody's back."""
    store = SqliteStore(path)
    store.append("s", [b"a"])
    store.close()
    for verb in (lambda: store.append("s", [b"b"]), lambda: store.read("s", 0, 1)):
        with pytest.raises(StoreError, match=r"state\.db: is closed"):
            verb()


def test_a_newer_file_is_refused(path: Path) -> None:
    """With both versions and what to do; it is not changed."""
    SqliteStore(path).append("s", [b"a"])
    sql(path, "PRAGMA user_version = 2")
    store = SqliteStore(path)
    with pytest.raises(StoreError, match=r"newer otel-alerting \(schema 2, this one knows 1\)"):
        store.append("s", [b"b"])
    sql(path, "PRAGMA user_version = 1")
    assert store.append("s", [b"b"]) == 2


def test_another_programs_file_is_refused(path: Path) -> None:
    """And left as it is."""
    path.parent.mkdir()
    sql(path, "CREATE TABLE customers (name TEXT)")
    before = path.read_bytes()
    store = SqliteStore(path)
    for verb in (lambda: store.append("s", [b"b"]), lambda: store.read("s", 0, 1)):
        with pytest.raises(StoreError, match="is another program's SQLite file"):
            verb()
    assert path.read_bytes() == before


def test_no_database_is_refused_until_it_is_moved_away(path: Path) -> None:
    """A store that was open goes on with the new file by itself."""
    path.parent.mkdir()
    path.write_bytes(b"Dear diary, " * 1000)
    store = SqliteStore(path)
    with pytest.raises(StoreError, match=r"state\.db: is no SQLite file; move it away, and a new one is made"):
        store.append("s", [b"a"])
    path.rename(path.with_suffix(".broken"))
    assert store.append("s", [b"a"]) == 1


def test_a_damaged_file_is_named(path: Path) -> None:
    """Its pages are no pages any more."""
    store = SqliteStore(path)
    store.append("s", [b"a" * 100] * 5000)
    store.close()
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (path.stat().st_size - 4096))
    store = SqliteStore(path)
    with pytest.raises(StoreError, match="is damaged; move it away"):
        store.append("s", [b"a"])
    with pytest.raises(StoreError, match="is damaged; move it away"):
        store.read("s", 0, 10)


def test_a_file_that_was_deleted_is_made_again(path: Path) -> None:
    """What is appended afterwards goes into a file that exists."""
    store = SqliteStore(path)
    store.append("s", [b"a"])
    for file in path.parent.iterdir():
        file.unlink()
    assert store.append("s", [b"b"]) == 1
    assert SqliteStore(path).read("s", 0, 10) == [(1, b"b")]


def test_a_path_that_cannot_be_says_why(tmp_path: Path) -> None:
    """The path, and the system's word."""
    (tmp_path / "file").write_text("")
    store = SqliteStore(tmp_path / "file" / "state.db")
    with pytest.raises(StoreError, match=r"file/state\.db: cannot be opened: (Not a directory|File exists)"):
        store.append("s", [b"a"])
    (tmp_path / "file").unlink()
    assert store.append("s", [b"a"]) == 1


def test_a_file_that_is_kept_locked_is_told_and_waited_for(path: Path) -> None:
    """As long as `timeout` says; reading goes on; afterwards everything is as before."""
    store = SqliteStore(path, timeout=SECOND // 20)
    store.append("s", [b"a"])
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="another process has kept it locked for 50ms"):
        store.append("s", [b"b"])
    assert store.read("s", 0, 10) == [(1, b"a")]
    holder.execute("ROLLBACK")
    assert store.append("s", [b"b"]) == 2


def test_a_file_that_is_locked_for_a_moment_is_waited_for(path: Path) -> None:
    """Nobody is told that another process was writing."""
    store = SqliteStore(path)
    store.append("s", [b"a"])
    holder = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    holder.execute("BEGIN IMMEDIATE")
    threading.Timer(0.2, lambda: holder.execute("ROLLBACK")).start()
    assert store.append("s", [b"b"]) == 2


def test_a_full_file_takes_nothing_until_it_is_trimmed(path: Path) -> None:
    """Nothing of what was refused is there; everything before is; trimming makes room."""
    store = SqliteStore(path, limit=1 << 20)
    with pytest.raises(StoreError, match=r"has reached its limit of 1 MiB: what is in it must be trimmed"):
        fill(store)
    ((last, _),) = store.newest("s", 1)
    assert last % 10 == 0
    assert len(store.read("s", 0, 10_000)) == last
    store.trim("s", last - 10)
    assert store.append("s", [b"x" * 1000] * 10) == last + 10


def test_a_full_disk_takes_nothing_until_there_is_room(tmp_path: Path) -> None:
    """A real one, of a megabyte."""
    with small_disk(tmp_path) as disk:
        filler = disk / "filler"
        filler.write_bytes(b"x" * 700_000)
        store = SqliteStore(disk / "state.db")
        with pytest.raises(StoreError, match=r"state\.db: the disk is full"):
            fill(store)
        ((last, _),) = store.newest("s", 1)
        assert last % 10 == 0
        assert len(store.read("s", 0, 10_000)) == last
        filler.unlink()
        assert store.append("s", [b"x" * 1000] * 10) == last + 10
        store.close()


def test_a_disk_that_is_read_only_is_told(tmp_path: Path) -> None:
    """And written again when it can be."""
    with small_disk(tmp_path) as disk:
        store = SqliteStore(disk / "folder" / "state.db")
        store.append("s", [b"a"])
        store.close()
        store = SqliteStore(disk / "folder" / "state.db")
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        with pytest.raises(StoreError, match=r"state\.db: cannot be (opened: Read-only file system|written)"):
            store.append("s", [b"b"])
        subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
        assert store.append("s", [b"b"]) == 2
        store.close()


def test_a_file_that_others_own_is_told(path: Path) -> None:
    """The system's word, in a process that may not open it."""
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    SqliteStore(path).append("s", [b"a"])
    said = subprocess.run([sys.executable, "-c", AS_NOBODY, str(path)], capture_output=True, text=True, check=True)
    assert said.stdout == f"{path}: cannot be opened: Permission denied\n"


def test_what_was_trimmed_makes_the_file_smaller(path: Path) -> None:
    """Most of it is given back to the disk; what stays is room for what comes next."""
    store = SqliteStore(path)
    for _ in range(20):
        store.append("s", [b"x" * 1000] * 1000)
    store.close()
    full = path.stat().st_size
    assert full > 20_000_000
    store = SqliteStore(path)
    store.trim("s", 20_000)
    store.trim("s", 20_000)
    store.close()
    assert path.stat().st_size < full // 3


def test_a_stream_that_is_trimmed_as_it_grows_keeps_its_size(path: Path) -> None:
    """File and log stay within bounds, however long it goes on."""
    store = SqliteStore(path)
    sizes = []
    for _ in range(300):
        last = store.append("s", [b"x" * 1000] * 100)
        store.trim("s", last - 1000)
        sizes.append(sum(file.stat().st_size for file in path.parent.iterdir()))
    assert max(sizes[150:]) <= max(sizes[:150])
    assert max(sizes) < 20_000_000


def test_expired_parts_are_forgotten(path: Path) -> None:
    """Buckets are named by time: what nobody reads any more goes when others are written."""
    clock = ManualClock()
    store = SqliteStore(path, clock=clock)
    for second in range(50):
        store.put_part(f"bucket-{second}", "mine", b"x", 10 * SECOND)
        clock.advance(SECOND)
    assert sql(path, "SELECT count(*) FROM parts")[0][0] <= 12


def test_setting_the_wall_clock_does_not_end_a_lease(path: Path) -> None:
    """All processes of a machine share a monotonic clock, where the kernel says which machine it is."""
    if not boot():
        pytest.skip("this kernel does not say")
    clock = ManualClock(at=10**18)
    store = SqliteStore(path, clock=clock)
    store.lease("p", "alice", SECOND)
    clock.set(0)
    assert store.lease("p", "bob", SECOND) is None
    clock.set(2 * 10**18)
    assert store.lease("p", "bob", SECOND) is None
    clock.advance(SECOND)
    assert store.lease("p", "bob", SECOND) is not None


def test_a_lease_of_another_boot_is_measured_by_the_wall_clock() -> None:
    """Its monotonic time says nothing here. One from further ahead than it lasts is over: the clock was set back."""
    clock = ManualClock(at=1000 * SECOND)
    grant = Grant("alice", 1, 10 * SECOND, "another machine", clock.monotonic(), clock.now())
    clock.advance(9 * SECOND)
    assert grant.holds(clock)
    clock.set(999 * SECOND)
    assert grant.holds(clock)
    for at in (1010, 990):
        clock.set(at * SECOND)
        assert not grant.holds(clock)


def test_threads_share_commits(path: Path) -> None:
    """Sixteen threads that append at the same time need fewer commits than appends: who waits is taken along."""
    store = SqliteStore(path)
    store.append("s", [b"a"])
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")  # nobody gets in before all of them wait
    before = commits(path)
    with ThreadPoolExecutor(16) as pool:
        waiting = [pool.submit(store.append, "s", [b"%d" % number]) for number in range(16)]
        while len(store._file._jobs) < 15:
            pass
        holder.execute("ROLLBACK")
        positions = {one.result() for one in waiting}
    assert positions == set(range(2, 18))
    assert commits(path) - before <= 2


def test_one_that_fails_spoils_no_other(path: Path) -> None:
    """In one commit with others: they are written, and it alone is told why."""
    store = SqliteStore(path)
    store.append("s", [b"a"])
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with ThreadPoolExecutor(9) as pool:
        good = [pool.submit(store.append, "s", [b"%d" % number]) for number in range(4)]
        bad = pool.submit(store.append, "s", [b"half of it", object()])  # type: ignore[list-item]
        stale = pool.submit(store.save, "p", b"", -1)
        more = [pool.submit(store.append, "s", [b"%d" % number]) for number in range(3)]
        while len(store._file._jobs) < 8:
            pass
        holder.execute("ROLLBACK")
        assert len({one.result() for one in good + more}) == 7
        with pytest.raises(StoreError, match="type"):
            bad.result()
        stale.result()
    assert len(store.read("s", 0, 100)) == 8


@pytest.mark.parametrize("after_commit", [False, True])
def test_an_interrupt_costs_nobody_else_anything(path: Path, after_commit: bool) -> None:
    """A signal's handler raises in the thread that writes for all: what the others wait for is done once, and soon."""
    store = SqliteStore(path)
    store.append("s", [b"a"])

    def interrupt(db: sqlite3.Connection) -> None:
        if after_commit:
            db.execute("COMMIT")
        raise KeyboardInterrupt

    taken_along = _Job(lambda db: db.execute("UPDATE streams SET last = last + 10").rowcount)
    store._file._jobs.append(taken_along)
    with pytest.raises(KeyboardInterrupt):
        store._file.write(interrupt)
    assert taken_along.done is after_commit
    assert store.append("s", [b"b"]) == 12
    assert (taken_along.done, taken_along.result()) == (True, 1)


def test_a_child_that_was_forked_without_a_hook_does_not_write(path: Path) -> None:
    """By C code, say. SQLite's locks in its memory are not its own: it would write what the parent throws away."""
    store = SqliteStore(path)
    store.append("s", [b"a"])
    inherited = store._file._writer.connection
    said = forked(lambda: forget_the_pid(store, inherited), lambda: store.append("s", [b"b"]))
    assert said == f"{path}: was being written while this process was forked, and cannot be used in it"
    assert store.append("s", [b"c"]) == 2


def fill(store: Store) -> None:
    """Two megabytes, in tens."""
    for _ in range(200):
        store.append("s", [b"x" * 1000] * 10)


def forget_the_pid(store: SqliteStore, inherited: sqlite3.Connection | None) -> None:
    """What the child of a fork without hooks finds: the parent's connection, and the parent's process id."""
    store._file._writer.connection = inherited
    store._file._pid = os.getppid()


def forked(*work: Callable[[], object]) -> str:
    """What a forked child says to it: its error, or nothing."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            for one in work:
                one()
        except BaseException as error:
            os.write(writing, str(error).encode())
        os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading) as said:
        return said.read()


def commits(path: Path) -> int:
    """Frames of the log that end a commit: those that say how large the database is."""
    log = path.with_name(path.name + "-wal").read_bytes()
    frames = [log[at : at + 24] for at in range(32, len(log), 24 + 4096)]
    return sum(frame[4:8] != b"\0\0\0\0" for frame in frames)


def sql(path: Path, statement: str) -> list[tuple[int]]:
    """As an operator with the program `sqlite3` would."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
        return database.execute(statement).fetchall()


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of a megabyte."""
    disk = folder / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True).returncode != 0:
        pytest.skip("this user may not mount")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


AS_NOBODY = """
import os, sys
from otel_alerting.errors import StoreError
from otel_alerting.stores.sqlite import SqliteStore
from otel_alerting.stores.sqlite_file import _Job
os.setgroups([]), os.setgid(65534), os.setuid(65534)
try:
    SqliteStore(sys.argv[1]).append("s", [b"a"])
except StoreError as error:
    print(error)
"""
