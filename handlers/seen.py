"""Seen is the memory of what was let in, so that one record or span is told once, whichever doors it comes through.

A program may use several ways in at the same time: the handler and the bridge to an exporter see the same record, a
processor and an exporter the same span. A door is one of them. Of equal things each door is allowed as many as any
single door has shown, no matter in which order they come; so two equal records of the same nanosecond stay two.

Nothing is kept while there is only one door. Reader threads call it; a program's own thread does with a sink of its
own, and to note a structlog event.
"""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict, deque
from collections.abc import Hashable

from otel_alerting import inbox as inboxes
from otel_alerting.inbox import Settings

_SIZE = 16_384
"""Things kept: more than four times what the SDK's batch processors hold back."""
_NEAR = 1_000_000_000
"""Nanoseconds between a structlog event and the record that the standard library makes of it, at most."""


class Door:
    """One way in. Its settings say to whom it tells: doors with other settings tell somebody else.

    `place` is the sink of its own that a way in may have, which is nobody else's business; None is the process's inbox.
    """

    def __init__(self, kind: str, settings: Settings = (), place: Hashable = None) -> None:
        self.kind = kind
        """`logging`, `structlog`, `otel` or `metrics`."""
        self.settings = settings
        self.place = place
        self._latest: deque[object] = deque(maxlen=32)  # more than threads that log at the same moment

    def repeats(self, identity: object) -> bool:
        """Did the very same object come in a moment ago? So it does where one handler sits on two loggers in a row."""
        if identity in self._latest:
            return True
        self._latest.append(identity)
        return False


class Event:
    """A structlog event that may come by once more, as a record of the standard library."""

    __slots__ = ("at", "consumed", "door", "level", "logger", "text", "thread")

    def __init__(self, *, door: Door, thread: int, logger: str, level: int, text: str, at: int) -> None:
        self.door, self.thread, self.logger, self.level, self.text, self.at = door, thread, logger, level, text, at
        self.consumed: list[Door] = []

    def answers(self, door: Door) -> bool:
        """Once for each door that tells the same people."""
        elsewhere = bool(door.settings and self.door.settings and door.settings != self.door.settings)
        if elsewhere or door.place != self.door.place or door in self.consumed:
            return False
        self.consumed.append(door)
        return True


class Seen:
    """What came in through which door."""

    def __init__(self, size: int = _SIZE) -> None:
        self._size = size
        self._lock = threading.Lock()
        self._doors: weakref.WeakSet[Door] = weakref.WeakSet()
        self._counts: OrderedDict[Hashable, dict[Door, int]] = OrderedDict()
        self._told: dict[Hashable, dict[Settings, int]] = {}
        self._events: deque[Event] = deque(maxlen=size)

    def open(self, door: Door) -> Door:
        """Have one more door; from the second on, what comes in is remembered."""
        with self._lock:
            self._doors.add(door)
        return door

    @property
    def has_several_doors(self) -> bool:
        """Is anything remembered?"""
        return len(self._doors) > 1

    def is_new(self, door: Door, key: Hashable) -> bool:
        """May this thing come in through this door, or did it come in by another one?"""
        with self._lock:
            if len(self._doors) < 2:
                return True
            counts, told = self._remembered((door.place, key))
            counts[door] = counts.get(door, 0) + 1
            before = max(told.values(), default=0) if not door.settings else self._told_before(told, door.settings)
            if counts[door] <= before:
                return False
            told[door.settings] = counts[door]
            return True

    def note(self, event: Event) -> None:
        """An event came in; the standard library's record of it must not."""
        with self._lock:
            self._events.append(event)

    def is_noted(self, door: Door, *, thread: int | None, logger: str, level: int, text: str, at: int) -> bool:
        """Is this record one of the noted events? Each event answers once for each door."""
        if not self._events:
            return False
        with self._lock:
            for event in reversed(self._events):
                if at - event.at > _NEAR:
                    return False  # and those before it are older still
                if _same(event, thread, logger, level, text, at) and event.answers(door):
                    return True
        return False

    def forget_lock(self) -> None:
        """In a forked child: a lock that a thread of the parent held is held for ever."""
        self._lock = threading.Lock()

    def _remembered(self, key: Hashable) -> tuple[dict[Door, int], dict[Settings, int]]:
        if key in self._counts:
            self._counts.move_to_end(key)
        elif len(self._counts) >= self._size:
            oldest, _ = self._counts.popitem(last=False)
            self._told.pop(oldest, None)
        return self._counts.setdefault(key, {}), self._told.setdefault(key, {})

    @staticmethod
    def _told_before(told: dict[Settings, int], settings: Settings) -> int:
        return max(told.get(settings, 0), told.get((), 0))


def _same(event: Event, thread: int | None, logger: str, level: int, text: str, at: int) -> bool:
    return (
        event.level == level
        and at - event.at > -1_000  # a record's time is a float, good to a quarter of a microsecond
        and (thread is None or event.thread == thread)
        and (not event.logger or event.logger == logger)
        and event.text in text
    )


SEEN = Seen()
"""This process's memory."""

inboxes.in_children(SEEN.forget_lock)
