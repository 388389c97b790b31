"""The courier brings notifications to their destinations: a desk that decides, and a few threads that wait for answers.

One lane is looked after by one thread at a time, so a hanging destination holds one thread and nobody else. There is
always one thread more than are waiting for an answer, up to `MOST`; with more destinations than that hanging at once,
the others wait for the first of them to run into its time limit, and soon the breakers keep the threads free.

One lock guards the desk. It is never held while rendering, sending or telling.
"""

from __future__ import annotations

import random as randomness
import threading
from collections.abc import Callable, Sequence

from otel_alerting import inbox
from otel_alerting.context import quiet
from otel_alerting.delivery.desk import Desk
from otel_alerting.delivery.lane import Lane, Turn
from otel_alerting.delivery.load import Ending, Load, named
from otel_alerting.delivery.retry import Random, Retry
from otel_alerting.errors import DeliveryError, Refused, Unknown
from otel_alerting.model import Delivery, Message, Notification, Receipt
from otel_alerting.model.duration import SECOND
from otel_alerting.ports import Budget, Clock, Notifier
from otel_alerting.telemetry import Counters, complain

MOST = 16
"""Threads, however many destinations hang."""
_GLANCE = SECOND // 50
"""Between two looks at the timetable where nobody else looks: only at the end of a program without threads."""

_DEFAULT_RETRY = Retry()


class Courier:
    """Brings every notification to every destination, merged and paced, and says what became of each exactly once.

    Args:
        render: puts a notification in words, for a notifier and perhaps a message to be changed. Any thread.
        told: takes each `Delivery`: from a thread of the courier, or from within `deliver`, `step`, `drain` and `stop`.
            It should do no more than append.
        clock: `monotonic` for all pauses, `now` for the moments in deliveries.
        retry: how to try again.
        queue_size: notifications that may wait for one destination; more are dropped as `queue_full`.
        workers: threads that stay; more come while destinations hang, and go.
        counters: takes `requests` by destination and answer.
        random: for the jitter of pauses.
    """

    def __init__(
        self,
        *,
        render: Callable[[Notification, Notifier, Receipt | None], Message],
        told: Callable[[Delivery], None],
        clock: Clock,
        retry: Retry = _DEFAULT_RETRY,
        queue_size: int = 10_000,
        workers: int = 4,
        counters: Counters | None = None,
        random: Random = randomness.random,
    ) -> None:
        self._render = render
        self._told = told
        self._clock = clock
        self._workers = workers
        self._counters = counters or Counters()
        self._desk = Desk(retry=retry, queue_size=queue_size, random=random)
        self._lock = threading.Lock()
        self._bell = threading.Condition(self._lock)
        """Rung for a thread that waits for a lane."""
        self._progress = threading.Condition(self._lock)
        """Rung for somebody who waits in `drain`."""
        self._threads = 0
        self._free = 0
        self._started = False
        self._stopped = False

    def deliver(self, notification: Notification, notifiers: Sequence[Notifier]) -> None:
        """Queue a notification for each of these destinations. Never blocks on anything but a short lock."""
        at, now = self._clock.now(), self._clock.monotonic()
        for notifier in notifiers:
            with self._lock:
                lane, endings = self._desk.post(notification, notifier, at, now)
                self._bell.notify()
                self._man()
            self._tell(lane, endings)
        if self._stopped:
            self._give_up()

    def start(self) -> None:
        """Let threads do the work from now on."""
        with self._lock:
            self._started = True
            self._man(at_least_one=True)

    def step(self, now: int) -> int | None:
        """Send what may be sent at a moment of the monotonic clock, on this thread; when there is more to do."""
        with quiet():
            while (lane := self._claim(now)) is not None:
                self._serve(lane, now)
        with self._lock:
            return self._desk.next_at()

    def drain(self, deadline: int) -> bool:
        """Send everything that waits, until a moment of the monotonic clock; True when nothing is left.

        Pauses and pacing that end after the deadline are not waited for (one message more than a budget allows is the
        price), except for a closed gate. Where no thread can be started, as at the end of a program on Python 3.12,
        the work is done on this one; then a hanging destination may hold it beyond the deadline, for its own time
        limit. What is left goes on waiting: `stop` gives it up.
        """
        with self._lock:
            self._desk.hurry_until(deadline, self._clock.monotonic())
            self._bell.notify_all()
            self._man()
        try:
            with quiet():
                return self._finish(deadline)
        finally:
            with self._lock:
                self._desk.hurry = None

    def stop(self) -> None:
        """End the threads, without waiting for them. What is not told by now is dropped as `shutdown`."""
        with self._lock:
            self._stopped = True
            self._bell.notify_all()
            changes, names = self._desk.waiting(None), named(self._desk.left())
        self._give_up()
        if changes:
            complain(f"stopped before {changes} alert change{'s' if changes > 1 else ''} could be told: {names}")

    def waiting(self, tenant: str | None = None) -> int:
        """Alert changes that have not been told, of one tenant or of all."""
        with self._lock:
            return self._desk.waiting(tenant)

    def _man(self, *, at_least_one: bool = False) -> None:
        """See that a thread is free for the next lane, as far as possible. The lock is held."""
        wanted = at_least_one or self._desk.next_at() is not None
        if not self._started or self._stopped or self._free or self._threads >= MOST or not wanted:
            return
        name = f"otel-alerting-courier-{self._threads + 1}"
        try:
            threading.Thread(target=self._work, name=name, daemon=True).start()
        except RuntimeError:  # the interpreter is on its way out, or the system has no thread left
            return
        self._threads += 1
        self._free += 1

    def _work(self) -> None:
        with quiet():
            while (lane := self._next_lane()) is not None:
                self._serve(lane, self._clock.monotonic())
                with self._lock:
                    self._free += 1

    def _next_lane(self) -> Lane | None:
        """Wait for a lane whose turn it is; None when this thread is not needed any more."""
        with self._bell:
            while not self._stopped:
                now = self._clock.monotonic()
                lane = self._desk.claim(now)
                if lane is not None:
                    self._free -= 1
                    self._man()
                    return lane
                if self._threads > self._workers and self._free > 1:
                    break
                at = self._desk.next_at()
                self._bell.wait(None if at is None else _seconds(at - now))
            self._free -= 1
            self._threads -= 1
            return None

    def _claim(self, now: int) -> Lane | None:
        with self._lock:
            return self._desk.claim(now)

    def _finish(self, deadline: int) -> bool:
        while True:
            with self._lock:
                now = self._clock.monotonic()
                if not self._desk.letters:
                    return True
                if now >= deadline or not self._desk.hopes(deadline):
                    return False
                self._man()
                alone = not self._free and self._threads < MOST
                lane = self._desk.claim(now) if alone else None
                if lane is None and not self._await_progress(_GLANCE if alone else deadline - now, now):
                    return False
            if lane is not None:
                self._serve(lane, now)

    def _await_progress(self, wait: int, now: int) -> bool:
        """Wait for another thread or for time to pass; False for a clock that stands still. The lock is held."""
        return self._progress.wait(_seconds(wait)) or self._clock.monotonic() > now

    def _serve(self, lane: Lane, now: int) -> None:
        """Look after a claimed lane: send one load, or find out when that may be."""
        at = now
        try:
            at = self._send_next(lane, now)
        except BaseException as error:  # noqa: BLE001 - the thread goes on, and no letter is left without an ending
            complain(f"fault in delivery: {type(error).__name__}: {error}", about=f"courier {type(error).__name__}")
            at = now + SECOND
            with self._lock:
                endings = self._desk.spoil(lane, "fault")
            self._tell(lane, endings)
        finally:
            with self._lock:
                self._desk.release(lane, at)
                self._bell.notify()
                self._progress.notify_all()

    def _send_next(self, lane: Lane, now: int) -> int:
        """Send a lane's next load; the moment for another look."""
        with self._lock:
            turn, endings = self._desk.turn(lane)
        self._tell(lane, endings)
        if turn is None:
            return now
        notifier = lane.notifier
        budgets = self._budgets(notifier, turn)
        with self._lock:
            ready_at = self._desk.ready_at(lane, turn, budgets, now)
            load = self._desk.take(lane, turn, budgets, now) if ready_at <= now else None
        if load is not None:
            self._tell(lane, self._send(lane, notifier, load, budgets))
        return ready_at

    def _budgets(self, notifier: Notifier, turn: Turn) -> Sequence[Budget]:
        own = Budget(f"gate of {notifier.destination}", 0)  # costs nothing, but can be closed
        try:
            return (*notifier.budgets(turn.previous), own)
        except Exception as error:  # noqa: BLE001 - a notifier may be anybody's
            complain(f"{notifier.destination} cannot say its budgets: {type(error).__name__}")
            return (own,)

    def _send(self, lane: Lane, notifier: Notifier, load: Load, budgets: Sequence[Budget]) -> list[Ending]:
        told = load.notification()
        try:
            with inbox.unforkable:
                message = self._render(told, notifier, load.previous)
        except BaseException as error:  # noqa: BLE001 - a template may be anybody's
            complain(f"cannot render a message for {lane.destination}: {type(error).__name__}: {error}")
            with self._lock:
                return self._desk.spoil(lane, "render_failed")
        with self._lock:
            self._desk.leaves(load, budgets, self._clock.monotonic())
        answer = _ask(notifier, message)
        self._counters.add("requests", destination=lane.destination, answer=_word(answer))
        with self._lock:
            if isinstance(answer, Receipt):
                return self._desk.sent(lane, load, told, answer)
            return self._desk.failed(lane, load, answer, budgets, self._clock.monotonic())

    def _give_up(self) -> None:
        with self._lock:
            given_up = list(self._desk.give_up("shutdown"))
            self._progress.notify_all()
        for lane, endings in given_up:
            self._tell(lane, endings)

    def _tell(self, lane: Lane, endings: Sequence[Ending]) -> None:
        at = self._clock.now() if endings else 0
        for ending in endings:
            self._note(ending.delivery(lane.destination, at))

    def _note(self, delivery: Delivery) -> None:
        try:
            self._told(delivery)
        except BaseException as error:  # noqa: BLE001 - the others are still to be told
            complain(f"a delivery could not be noted: {type(error).__name__}: {error}")


def _ask(notifier: Notifier, message: Message) -> Receipt | DeliveryError:
    try:
        return notifier.notify(message)
    except DeliveryError as error:
        return error
    except BaseException as error:  # noqa: BLE001 - a notifier may be anybody's; how far it came, nobody knows
        complain(f"fault in the notifier of {message.receiver}: {type(error).__name__}", about=type(error).__name__)
        return Unknown("fault", type(error).__name__)


def _word(answer: Receipt | DeliveryError) -> str:
    if isinstance(answer, Receipt):
        return "taken"
    return "refused" if isinstance(answer, Refused) else answer.word  # the words of what may pass are few


def _seconds(wait: int) -> float:
    return min(3600.0, max(0.0, wait / SECOND))
