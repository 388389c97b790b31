"""The desk decides: which lane has its turn, what goes out in one message, and what becomes of it.

Nothing here sends, waits or locks. `now` is an argument, by a clock that only grows; who calls holds one lock around
every verb, and looks after a lane alone from `claim` to `release`.

What an answer means:

- *later* (nothing was delivered): again after a pause with full jitter, until `max_elapsed_time` has passed since a
  notification's own first attempt. Failures in a row open the destination's breaker.
- *later, with a gate* (429): everybody who sends under these budgets waits. Nothing is given up for it, however long
  it takes: the other side works, and what waits merges.
- *unknown* (the answer got lost): once more, then dropped as `unknown`. It may well be there, perhaps twice; a proxy
  that swallows every answer must not make it thirty times. The drop is counted, so that it can be told.
- *refused*: everything that waits is dropped with that word, and so is what comes, until an attempt gets through; there
  is one an hour, if there is something to tell.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterable, Iterator, Sequence

from otel_alerting.delivery import load as loads
from otel_alerting.delivery.lane import Lane, Turn
from otel_alerting.delivery.load import Ending, Letter, Load, named
from otel_alerting.delivery.pace import Pacer
from otel_alerting.delivery.retry import Backoff, Random, Retry
from otel_alerting.errors import DeliveryError, Refused, TryLater, Unknown
from otel_alerting.model import Notification, Receipt
from otel_alerting.model.duration import SECOND
from otel_alerting.ports import Budget, Notifier
from otel_alerting.telemetry import complain

LANES = 20_000
"""Destinations remembered; beyond it, those that nothing waits for are forgotten."""
UNKNOWNS = 2
"""Attempts at one notification whose answers may get lost."""


class Desk:
    """All lanes of one process, their timetable and their budgets."""

    def __init__(self, *, retry: Retry, queue_size: int, random: Random) -> None:
        self.pacer = Pacer()
        self.hurry: int | None = None
        """The deadline of somebody who waits for everything to be told."""
        self.letters = 0
        """Letters without an ending, the quiet ones left out."""
        self._retry = retry
        self._queue_size = queue_size
        self._random = random
        self._lanes: dict[str, Lane] = {}
        self._timetable: list[tuple[int, int, Lane]] = []
        self._tickets = itertools.count(1)
        self._waiting: dict[str, int] = {}
        self._busy = 0

    def post(self, notification: Notification, notifier: Notifier, at: int, now: int) -> tuple[Lane, list[Ending]]:
        """Queue a notification; the endings that this brings at once."""
        lane = self._lane(notifier)
        letter = Letter(notification, queued_at=at, since=now)
        self._count(letter, 1)
        if lane.breaker.parked(now):
            return lane, self._drop(lane, [letter], lane.breaker.word)
        if letter.quiet and not notifier.updates:
            return lane, self._end(loads.unneeded([letter]))
        gone = lane.add(letter)
        if gone:
            complain(f"too much waits for {lane.title}: what does not fit is dropped and counted")
        if not lane.busy and len(lane) and (not lane.ticket or (lane.waits_quietly and not letter.quiet)):
            lane.waits_quietly = False
            self._schedule(lane, max(now, lane.not_before))
        return lane, self._drop(lane, gone, "queue_full")

    def waiting(self, tenant: str | None) -> int:
        """Alert changes without an ending."""
        return sum(self._waiting.values()) if tenant is None else self._waiting.get(tenant, 0)

    def next_at(self) -> int | None:
        """When a lane has its turn; None when nothing waits."""
        table = self._timetable
        while table and table[0][2].ticket != table[0][1]:
            heapq.heappop(table)
        return table[0][0] if table else None

    def claim(self, now: int) -> Lane | None:
        """A lane whose turn it is; nobody else gets it before it is released."""
        at = self.next_at()
        if at is None or at > now:
            return None
        lane = heapq.heappop(self._timetable)[2]
        lane.ticket, lane.busy = 0, True
        self._busy += 1
        return lane

    def release(self, lane: Lane, at: int) -> None:
        """Give a lane back; what waits in it has its next turn at that moment."""
        lane.busy = False
        self._busy -= 1
        if len(lane):
            self._schedule(lane, max(at, lane.not_before))

    def turn(self, lane: Lane) -> tuple[Turn | None, list[Ending]]:
        """What a lane sends next, and the endings of what needs no sending."""
        endings = self._end(loads.unneeded(lane.take_unneeded()))
        return lane.turn(), endings

    def ready_at(self, lane: Lane, turn: Turn, budgets: Sequence[Budget], now: int) -> int:
        """The first moment, not before `now`, at which a turn's budgets allow it."""
        ready_at = self.pacer.ready_at(budgets, now)
        if self.hurry is not None and ready_at > self.hurry and not turn.quiet:
            ready_at = self.pacer.opens_at(budgets, now)  # a program's last words may come one message too fast
        lane.waits_quietly = ready_at > now and turn.quiet
        return ready_at

    def take(self, lane: Lane, turn: Turn, budgets: Sequence[Budget], now: int) -> Load | None:
        """What goes out now; None when nothing is left of it."""
        load = lane.take(turn)
        if load is not None:
            self.pacer.take(budgets, now)
            load.start(now)
        return load

    def leaves(self, load: Load, budgets: Sequence[Budget], now: int) -> None:
        """Take in that a load is on the wire only now: finding the words took a while."""
        self.pacer.put_off(budgets, now - load.taken_at)

    def sent(self, lane: Lane, load: Load, told: Notification, receipt: Receipt) -> list[Ending]:
        """Take in that a load arrived."""
        lane.load = None
        lane.backoff.answered()
        if lane.breaker.answered():
            complain(f"{lane.title} takes messages again")
        if load.given_up:
            return []
        lane.remember(load, told, receipt)
        return self._end(loads.sent(load, receipt))

    def failed(self, lane: Lane, load: Load, error: DeliveryError, budgets: Iterable[Budget], now: int) -> list[Ending]:
        """Take in that a load did not arrive, or may not have."""
        lane.load = None
        if isinstance(error, Refused):
            return self._refused(lane, load, error, now)
        if isinstance(error, TryLater) and error.gate:
            self._gated(lane, error, budgets, now)
            load.forget_tries()
        else:
            self._pause(lane, error, now)
        if load.given_up:
            return []
        gone = self._out_of_tries(load, error, lane.not_before)
        if gone:
            why = "no answer twice" if isinstance(error, Unknown) else error.word
            words = f"given up for {lane.title} ({why}): {named(gone)}; what goes on is told again later"
            complain(words, about=f"given up for {lane.destination}")
        lane.put_back(load.without(gone))
        return self._drop(lane, gone, "unknown" if isinstance(error, Unknown) else error.word)

    def spoil(self, lane: Lane, word: str) -> list[Ending]:
        """Give up what is under way in a lane, for a fault that is ours."""
        load, lane.load = lane.load, None
        if load is None or load.given_up:
            return []
        lane.owe(load.address, load.owed)
        return self._drop(lane, list(load.letters), word)

    def hurry_until(self, deadline: int, now: int) -> None:
        """Let everything have its turn before a deadline: pauses that end later are not waited for."""
        self.hurry = deadline
        for lane in self._lanes.values():
            if not lane.busy and len(lane):
                lane.not_before = lane.not_before if lane.not_before <= deadline else now
                self._schedule(lane, max(now, lane.not_before))

    def hopes(self, deadline: int) -> bool:
        """Can anything still happen before a deadline?"""
        at = self.next_at()
        return bool(self._busy) or (at is not None and at <= deadline)

    def left(self) -> list[Letter]:
        """Everything that waits or is under way."""
        lanes = self._lanes.values()
        under_way = [letter for lane in lanes if lane.load and not lane.load.given_up for letter in lane.load.letters]
        return [*under_way, *(letter for lane in lanes for letter in lane.waiting())]

    def give_up(self, word: str) -> Iterator[tuple[Lane, list[Ending]]]:
        """End everything that has no ending yet, under way or not."""
        for lane in self._lanes.values():
            letters = lane.take_all()
            if lane.load is not None and not lane.load.given_up:
                lane.load.given_up = True
                letters.extend(lane.load.letters)
            yield lane, self._end(loads.dropped(letters, word))

    def _lane(self, notifier: Notifier) -> Lane:
        destination = notifier.destination
        lane = self._lanes.get(destination)
        if lane is None:
            if len(self._lanes) >= LANES:
                self._lanes = {name: one for name, one in self._lanes.items() if not one.idle}
            lane = Lane(notifier, size=self._queue_size, backoff=Backoff(self._retry, self._random))
            self._lanes[destination] = lane
        lane.notifier = notifier
        return lane

    def _schedule(self, lane: Lane, at: int) -> None:
        lane.ticket = next(self._tickets)
        heapq.heappush(self._timetable, (at, lane.ticket, lane))

    def _pause(self, lane: Lane, error: DeliveryError, now: int) -> None:
        after = error.after if isinstance(error, TryLater) else 0
        lane.not_before = now + max(lane.backoff.failed(), after)
        if lane.breaker.failed(now):
            complain(f"{lane.title} does not answer ({error.word}); what there is to tell waits")
        lane.not_before = max(lane.not_before, lane.breaker.allows_at())

    def _gated(self, lane: Lane, error: TryLater, budgets: Iterable[Budget], now: int) -> None:
        jitter = int(self._random() * SECOND / 4)  # not all processes of a fleet in the same instant
        lane.not_before = now + max(lane.backoff.failed(), error.after) + jitter
        self.pacer.close_gate([budget.key for budget in budgets], lane.not_before)

    def _refused(self, lane: Lane, load: Load, error: Refused, now: int) -> list[Ending]:
        if lane.breaker.refused(error.word, now):
            why = f"{error.word}: {error.detail}" if error.detail else error.word
            complain(f"{lane.title} refuses messages ({why}); they are dropped until it takes one again")
        letters = lane.take_all()
        if not load.given_up:
            lane.owe(load.address, load.owed)
            letters.extend(load.letters)
        return self._drop(lane, letters, error.word)

    def _out_of_tries(self, load: Load, error: DeliveryError, next_at: int) -> list[Letter]:
        if isinstance(error, Unknown):
            for letter in load.letters:
                letter.unknowns += 1
        return [
            letter
            for letter in load.letters
            if letter.unknowns >= UNKNOWNS
            or (letter.tried_at is not None and self._retry.gives_up(letter.tried_at, next_at))
        ]

    def _drop(self, lane: Lane, letters: list[Letter], word: str) -> list[Ending]:
        for letter in letters:
            lane.owe(letter.address, letter.notification.lost)
        return self._end(loads.dropped(letters, word))

    def _end(self, endings: Iterable[Ending]) -> list[Ending]:
        ended = [ending for ending in endings if not ending.letter.echo]
        for ending in ended:
            self._count(ending.letter, -1)
        return ended

    def _count(self, letter: Letter, sign: int) -> None:
        self.letters += 0 if letter.quiet else sign
        tenant, changes = letter.notification.tenant, letter.notification.changes
        left = self._waiting.get(tenant, 0) + sign * changes
        if left:
            self._waiting[tenant] = left
        else:
            self._waiting.pop(tenant, None)
