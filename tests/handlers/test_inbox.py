"""The inbox: bounded, counted, one reader, safe over a fork."""

from __future__ import annotations

import os
import threading

import pytest

from otel_alerting import inbox as inboxes
from otel_alerting.inbox import Inbox
from otel_alerting.model import Log


def log(number: int) -> Log:
    return Log(at=number, severity=13, body=str(number))


def test_entries_come_out_in_the_order_they_came_in() -> None:
    """Oldest first, as many as asked for."""
    inbox = Inbox()
    for number in range(5):
        inbox.observe(log(number))
    assert [make(*arguments).at for make, arguments in inbox.take(3)] == [0, 1, 2]  # type: ignore[union-attr]
    assert len(inbox) == 2


def test_what_does_not_fit_is_counted() -> None:
    """Nothing is dropped in silence."""
    inbox = Inbox(capacity=2)
    for number in range(5):
        inbox.observe(log(number))
    inbox.closed = True
    inbox.observe(log(9))
    assert inbox.lost() == {"inbox_full": 3, "shutdown": 1}
    assert inbox.lost() == {}


def test_the_reader_is_started_by_the_first_entry_only() -> None:
    """Also when many threads bring the first one at the same time, and none of their entries gets lost."""
    for _ in range(50):
        inbox, started, together = Inbox(), list[Inbox](), threading.Barrier(4)
        inbox.start = started.append

        def bring(inbox: Inbox = inbox, together: threading.Barrier = together) -> None:
            together.wait()
            inbox.observe(log(1))

        threads = [threading.Thread(target=bring) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (len(started), len(inbox)) == (1, 4)


def test_a_reader_that_cannot_start_does_not_trouble_the_program() -> None:
    """It is complained about; the entry stays."""

    def fail(_: Inbox) -> None:
        raise RuntimeError("no threads left")

    inbox = Inbox()
    inbox.start = fail
    inbox.observe(log(1))
    assert len(inbox) == 1


def test_a_sleeping_reader_is_woken_by_an_entry_and_by_the_bell() -> None:
    """It may sleep without a limit, since nothing that it should do comes without waking it."""
    inbox, turns = Inbox(), threading.Semaphore(0)

    def read() -> None:
        for _ in range(2):
            inbox.wait(None)
            inbox.take()
            turns.release()

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    inbox.observe(log(1))
    assert turns.acquire(timeout=10)
    inbox.ring()
    inbox.ring()
    assert turns.acquire(timeout=10)
    reader.join(10)
    assert not reader.is_alive()


def test_the_bell_rings_before_anybody_sleeps_and_is_heard_then() -> None:
    """A ring between two looks is not lost, and two rings are one."""
    inbox = Inbox()
    inbox.ring()
    inbox.ring()
    inbox.wait(60)
    inbox.wait(0)


@pytest.mark.process
def test_a_forked_child_does_not_hold_its_parents_entries() -> None:
    """What the parent left is the parent's to tell; the child's first entry starts a reader of its own."""
    inbox, started = Inbox(), list[int]()
    inbox.start = lambda _: started.append(os.getpid())
    inbox.observe(log(1))
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        before = len(inbox)
        inbox.observe(log(2))
        os.write(writing, f"{before} {len(inbox)} {started == [os.getppid(), os.getpid()]}".encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reading, 100) == b"0 1 True"
    assert len(inbox) == 1


@pytest.mark.process
def test_a_lock_that_a_thread_of_the_parent_held_does_not_stop_the_child() -> None:
    """Only the forking thread lives on in the child; what others held is never let go there."""
    with inboxes._shared_lock:
        child = os.fork()
        if child == 0:
            inboxes.shared(locale="fr")
            os._exit(0)
    assert os.waitpid(child, 0)[1] == 0


def test_the_same_settings_share_an_inbox() -> None:
    """An exporter and a handler without any are one and the same way into one engine."""
    assert inboxes.shared(locale="xx", config=None) is inboxes.shared(locale="xx")
    assert inboxes.shared(locale="xx") is not inboxes.shared(locale="yy")


def test_chores_are_done_until_they_are_left_and_one_that_fails_stops_no_other() -> None:
    """The reader calls them all, whatever one of them does."""
    done: list[str] = []

    def good() -> None:
        done.append("good")

    def bad() -> None:
        raise ValueError("bad")

    for chore in (bad, good, good):
        inboxes.look_after(chore)
    assert inboxes.do_chores()
    inboxes.leave(good)
    inboxes.leave(bad)
    inboxes.do_chores()
    assert done == ["good"]
