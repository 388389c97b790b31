"""The courier with real threads and real time: what hangs holds nobody else, and the end comes when it should."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from delivery_world import SECOND, Place, notification, render

from otel_alerting.context import is_quiet
from otel_alerting.delivery.courier import MOST, Courier
from otel_alerting.model import Delivery, Message, Outcome


class RealClock:
    def now(self) -> int:
        return time.time_ns()

    def monotonic(self) -> int:
        return time.monotonic_ns()


class Noted:
    """Takes deliveries, and lets a test wait for them."""

    def __init__(self) -> None:
        self.all: list[Delivery] = []
        self._more = threading.Condition()

    def __call__(self, delivery: Delivery) -> None:
        with self._more:
            self.all.append(delivery)
            self._more.notify_all()

    def wait_for(self, number: int) -> bool:
        with self._more:
            return self._more.wait_for(lambda: len(self.all) >= number, timeout=20)


@pytest.fixture
def noted() -> Noted:
    return Noted()


@pytest.fixture
def courier(noted: Noted) -> Iterator[Courier]:
    courier = Courier(render=render, told=noted, clock=RealClock())
    courier.start()
    yield courier
    courier.stop()


@pytest.fixture
def released() -> Iterator[threading.Event]:
    """Set at the end of the test, so that no thread hangs for ever."""
    event = threading.Event()
    yield event
    event.set()


def hanging(released: threading.Event, reached: Callable[[], object]) -> Callable[[Message], None]:
    def hang(message: Message) -> None:
        reached()
        released.wait(60)

    return hang


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("otel-alerting-courier")]


@pytest.mark.parametrize("number", [1, MOST - 2])
def test_a_hanging_destination_does_not_delay_another(
    courier: Courier, noted: Noted, released: threading.Event, number: int
) -> None:
    """Nor do more hanging destinations than there are workers."""
    hung = threading.Barrier(number + 1, timeout=20)
    for index in range(number):
        courier.deliver(notification(), [Place(f"hanging{index}", answer=hanging(released, hung.wait))])
    hung.wait()
    courier.deliver(notification(), [Place("good")])
    assert noted.wait_for(1)
    assert noted.all[0].destination == "good"
    released.set()
    assert noted.wait_for(number + 1)


def test_the_threads_that_came_for_hanging_destinations_go_again(
    courier: Courier, noted: Noted, released: threading.Event
) -> None:
    """At most MOST at any time, and only the workers stay."""
    before = len(threads())
    courier.deliver(notification(), [Place(f"p{index}", answer=hanging(released, lambda: None)) for index in range(50)])
    assert len(threads()) - before < MOST
    released.set()
    assert noted.wait_for(50)
    for thread in threads():
        if len(threads()) > 4:
            thread.join(0.05)
    assert len(threads()) <= 4 + before


def test_draining_returns_by_its_deadline_while_a_destination_hangs(
    courier: Courier, noted: Noted, released: threading.Event
) -> None:
    """Whoever answers is told; what hangs is given up by `stop`, and an answer that comes later changes nothing."""
    reached = threading.Event()
    courier.deliver(notification(), [Place("hanging", answer=hanging(released, reached.set))])
    assert reached.wait(20)
    courier.deliver(notification("other", changes=4), [Place("hanging"), Place("good")])
    began = time.monotonic()
    assert not courier.drain(time.monotonic_ns() + SECOND // 4)
    assert time.monotonic() - began < 2
    assert [one.destination for one in noted.all] == ["good"]
    courier.stop()
    assert sorted((one.group[9:], one.outcome, one.word) for one in noted.all[1:]) == [
        ("g", Outcome.DROPPED, "shutdown"),
        ("other", Outcome.DROPPED, "shutdown"),
    ]
    workers = threads()
    released.set()
    for worker in workers:
        worker.join(20)
    assert len(noted.all) == 3
    assert courier.waiting() == 0


def test_draining_ends_as_soon_as_everything_is_told(courier: Courier, noted: Noted) -> None:
    """The deadline is a limit, not a pause."""
    places = [Place(f"p{index}") for index in range(30)]
    courier.deliver(notification(), places)
    began = time.monotonic()
    assert courier.drain(time.monotonic_ns() + 60 * SECOND)
    assert time.monotonic() - began < 20
    assert {one.outcome for one in noted.all} == {Outcome.SENT}
    assert len(noted.all) == 30


def test_nothing_is_lost_between_threads(courier: Courier, noted: Noted) -> None:
    """Many writers, many lanes, an ending each."""
    places = [Place(f"p{index}") for index in range(8)]

    def write(writer: int) -> None:
        for number in range(200):
            courier.deliver(notification(f"{writer}.{number}"), [places[(writer + number) % 8]])

    writers = [threading.Thread(target=write, args=(writer,)) for writer in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(30)
    assert noted.wait_for(800)
    assert sum(message.changes for place in places for message in place.taken) == 800
    assert len({one.notification for one in noted.all}) == 800


def test_a_lane_is_served_by_one_thread_at_a_time(courier: Courier, noted: Noted) -> None:
    """So the order of a group's messages is kept."""
    inside: list[int] = []
    most: list[int] = []

    def answer(message: Message) -> None:
        inside.append(1)
        most.append(len(inside))
        inside.pop()

    place = Place(answer=answer)
    for number in range(300):
        courier.deliver(notification(f"g{number}"), [place])
    assert noted.wait_for(300)
    assert set(most) == {1}


def test_the_threads_are_quiet_and_do_not_hold_the_program(courier: Courier, noted: Noted) -> None:
    """No instrumentation traces our requests, and no thread of ours keeps a program alive."""
    seen: list[tuple[bool, bool, str]] = []

    def answer(message: Message) -> None:
        thread = threading.current_thread()
        seen.append((is_quiet(), thread.daemon, thread.name[:21]))

    courier.deliver(notification(), [Place(answer=answer)])
    assert noted.wait_for(1)
    assert seen == [(True, True, "otel-alerting-courier")]


@pytest.mark.process
def test_a_program_that_ends_is_drained_by_an_exit_hook() -> None:
    """With threads that are there already, and with none: since 3.12 no thread can be started any more by then."""
    program = """
import atexit, sys, time
sys.path.insert(0, {here!r})
from delivery_world import Place, notification, render
from test_delivery_threads import RealClock
from otel_alerting.delivery.courier import Courier

told = []
started, late = (Courier(render=render, told=told.append, clock=RealClock()) for _ in range(2))
started.start()

def end():
    late.start()
    for courier in (started, late):
        courier.deliver(notification(), [Place("one"), Place("two")])
        assert courier.drain(time.monotonic_ns() + 10**10)
        courier.stop()
    print(*sorted(one.outcome.value for one in told))

atexit.register(end)
"""
    here = str(Path(__file__).parent)
    done = subprocess.run(
        [sys.executable, "-c", program.format(here=here)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.split() == ["sent"] * 4, done.stderr


@pytest.mark.process
@pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="needs fork")
def test_a_forked_child_may_throw_its_courier_away() -> None:
    """The parent's threads are not there; nothing of ours waits for them."""
    program = """
import os, sys, threading, time
sys.path.insert(0, {here!r})
from delivery_world import Place, notification, render
from test_delivery_threads import RealClock
from otel_alerting.delivery.courier import Courier

release = threading.Event()
courier = Courier(render=render, told=lambda d: None, clock=RealClock())
courier.start()
reached = threading.Event()
courier.deliver(notification(), [Place(answer=lambda m: (reached.set(), release.wait(20)) and None)])
reached.wait(20)
if os.fork() == 0:
    told = []
    new = Courier(render=render, told=told.append, clock=RealClock())
    courier = None
    new.start()
    new.deliver(notification(), [Place("child")])
    assert new.drain(time.monotonic_ns() + 10**10)
    print(told[0].outcome.value, flush=True)
else:
    os.wait()
    release.set()
"""
    here = str(Path(__file__).parent)
    done = subprocess.run(
        [sys.executable, "-c", program.format(here=here)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.split() == ["sent"], done.stderr
