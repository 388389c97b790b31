"""The doors between the rooms and to the world. Protocols only: nobody has to inherit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeAlias

import msgspec

from otel_alerting.model import Message, Receipt, Signal

Sink: TypeAlias = Callable[[Signal], None]
"""Takes what was seen. Any thread; never blocks, never raises. A test passes `list.append`."""

Position: TypeAlias = int
"""A place in a stream: grows with every entry, starts at 1; 0 is before the first."""

Epoch: TypeAlias = int
"""Grows with every new holder of a lease."""


class Clock(Protocol):
    """What time it is."""

    def now(self) -> int:
        """Nanoseconds since the epoch, by the wall."""
        ...

    def monotonic(self) -> int:
        """Nanoseconds that only ever grow: for timers."""
        ...


class Budget(msgspec.Struct, frozen=True):
    """A limit that whoever sends must keep: one thing every `every` nanoseconds, `burst` of them at once.

    Budgets with the same `key` are one budget, whoever asks: `slack:T024BE7LD:#ops`.
    """

    key: str
    every: int
    burst: int = 1


class Notifier(Protocol):
    """One place to tell."""

    @property
    def destination(self) -> str:
        """Its name in logs, metrics and receipts. Never a secret; two notifiers with the same name are one queue."""
        ...

    @property
    def format(self) -> str:
        """The folder of templates it speaks: `slack` or `text`."""
        ...

    @property
    def updates(self) -> bool:
        """Can it change a message that it sent?"""
        ...

    def budgets(self, previous: Receipt | None) -> Sequence[Budget]:
        """What sending (or, with `previous`, changing) one message takes."""
        ...

    def notify(self, message: Message) -> Receipt:
        """Tell, and wait for the answer, within a time limit of its own.

        Raises:
            TryLater: nothing was delivered.
            Unknown: the answer got lost.
            Refused: it will not be delivered, ever.
        """
        ...

    def close(self) -> None:
        """Let go of connections. May be called from any thread, more than once."""
        ...


class Store(Protocol):
    """Where state can rest. Bytes only; every verb is atomic; knows nothing of alerts.

    Raises:
        StoreError: from every verb, when the place does not answer.
    """

    def append(self, stream: str, entries: Sequence[bytes]) -> Position:
        """Add to the end of a stream, durable when it returns; the last entry's position."""
        ...

    def read(self, stream: str, after: Position, limit: int) -> Sequence[tuple[Position, bytes]]:
        """The entries behind a position, oldest first."""
        ...

    def newest(self, stream: str, limit: int) -> Sequence[tuple[Position, bytes]]:
        """The last entries of a stream, newest first."""
        ...

    def trim(self, stream: str, before: Position) -> None:
        """Forget all entries before a position."""
        ...

    def put_part(self, bucket: str, field: str, value: bytes, ttl: int) -> None:
        """Put one process's part of a shared aggregate; writing it again is harmless. `ttl` in nanoseconds."""
        ...

    def parts(self, bucket: str) -> Mapping[str, bytes]:
        """All parts of a shared aggregate that have not expired."""
        ...

    def lease(self, name: str, holder: str, ttl: int) -> Epoch | None:
        """Take or renew a lease; None while somebody else holds it."""
        ...

    def save(self, name: str, value: bytes, epoch: Epoch) -> None:
        """Save under a name.

        Raises:
            StaleEpoch: a newer epoch has saved or holds the lease of that name.
        """
        ...

    def load(self, name: str) -> bytes | None:
        """What was saved under a name."""
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...


class Measure(Protocol):
    """A number that a rule keeps for one group of signals: one file in `rules/measures/`.

    It adds up observations in sub-buckets of the rule's interval, so that a window over whole sub-buckets is exact.
    """

    def add(self, at: int, signal: Signal, value: float) -> None:
        """Take one observation in."""
        ...

    def value(self, at: int) -> float | None:
        """The number over the window that ends at `at`; None when there is none."""
        ...

    def samples(self, at: int) -> int:
        """Observations in the window that ends at `at`."""
        ...
