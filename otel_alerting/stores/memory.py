"""State in this process's memory: no file, no cost, and gone when the process ends."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from otel_alerting.errors import StaleEpoch
from otel_alerting.ports import Clock, Epoch, Position
from otel_alerting.stores.running import Running


class MemoryStore:
    """A `Store` of dictionaries behind one lock, which is never held while anything waits.

    Streams are as long as nobody trims them; parts and leases expire by the clock's monotonic time.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock: Clock = clock or Running()
        self._lock = threading.Lock()
        self._streams: dict[str, _Stream] = {}
        self._buckets: dict[str, dict[str, _Part]] = {}
        self._leases: dict[str, _Lease] = {}
        self._saved: dict[str, tuple[Epoch, bytes]] = {}
        self._swept_at = 0

    def append(self, stream: str, entries: Sequence[bytes]) -> Position:
        """Add to the end of a stream; the last entry's position."""
        with self._lock:
            there = self._streams.setdefault(stream, _Stream())
            there.entries.extend(entries)
            there.last += len(entries)
            return there.last

    def read(self, stream: str, after: Position, limit: int) -> Sequence[tuple[Position, bytes]]:
        """The entries behind a position, oldest first."""
        with self._lock:
            there = self._streams.get(stream)
            if there is None:
                return []
            limit = max(min(limit, len(there.entries)), 0)
            begin = max(after, there.last - len(there.entries))
            behind = max(there.last - begin, 0)
            if behind * 2 < len(there.entries):  # a deque is walked, and readers are mostly near its end
                entries = list(islice(reversed(there.entries), behind))[::-1][:limit]
            else:
                skip = len(there.entries) - behind
                entries = list(islice(there.entries, skip, skip + limit))
            return list(enumerate(entries, start=begin + 1))

    def newest(self, stream: str, limit: int) -> Sequence[tuple[Position, bytes]]:
        """The last entries of a stream, newest first."""
        with self._lock:
            there = self._streams.get(stream)
            if there is None:
                return []
            entries = list(islice(reversed(there.entries), max(min(limit, len(there.entries)), 0)))
            return [(there.last - back, entry) for back, entry in enumerate(entries)]

    def trim(self, stream: str, before: Position) -> None:
        """Forget all entries before a position; positions go on where they were."""
        with self._lock:
            there = self._streams.get(stream)
            while there is not None and there.entries and there.last - len(there.entries) + 1 < before:
                there.entries.popleft()

    def put_part(self, bucket: str, field: str, value: bytes, ttl: int) -> None:
        """Put one process's part of a shared aggregate, for `ttl` nanoseconds."""
        now = self._clock.monotonic()
        with self._lock:
            self._sweep(now)
            self._buckets.setdefault(bucket, {})[field] = _Part(value, now + ttl)

    def parts(self, bucket: str) -> Mapping[str, bytes]:
        """All parts of a shared aggregate that have not expired."""
        now = self._clock.monotonic()
        with self._lock:
            there = self._buckets.get(bucket, {})
            return {field: part.value for field, part in there.items() if part.ends > now}

    def lease(self, name: str, holder: str, ttl: int) -> Epoch | None:
        """Take or renew a lease for `ttl` nanoseconds; None while somebody else holds it."""
        now = self._clock.monotonic()
        with self._lock:
            held = self._leases.get(name, _Lease())
            if held.holder == holder and held.ends > now:
                epoch = held.epoch
            elif held.ends > now:
                return None
            else:
                epoch = held.epoch + 1
            self._leases[name] = _Lease(holder, epoch, now + ttl)
            return epoch

    def save(self, name: str, value: bytes, epoch: Epoch) -> None:
        """Save under a name.

        Raises:
            StaleEpoch: a newer epoch has saved or holds the lease of that name.
        """
        with self._lock:
            newest = max(self._leases.get(name, _Lease()).epoch, self._saved.get(name, (0, b""))[0])
            if epoch < newest:
                raise StaleEpoch(f"{name}: epoch {epoch} is over, {newest} is the newest")
            self._saved[name] = (epoch, value)

    def load(self, name: str) -> bytes | None:
        """What was saved under a name."""
        with self._lock:
            saved = self._saved.get(name)
            return saved[1] if saved else None

    def close(self) -> None:
        """Nothing to let go of: what is in memory can still be read."""

    def _sweep(self, now: int) -> None:
        """Forget expired parts, once a second: buckets are named by time and would pile up."""
        if now - self._swept_at < _SWEEP:
            return
        self._swept_at = now
        for bucket, there in list(self._buckets.items()):
            alive = {field: part for field, part in there.items() if part.ends > now}
            if alive:
                self._buckets[bucket] = alive
            else:
                del self._buckets[bucket]


_SWEEP = 1_000_000_000


@dataclass(slots=True)
class _Stream:
    entries: deque[bytes] = field(default_factory=deque)
    last: Position = 0


@dataclass(frozen=True, slots=True)
class _Part:
    value: bytes
    ends: int


@dataclass(frozen=True, slots=True)
class _Lease:
    holder: str = ""
    epoch: Epoch = 0
    ends: int = -1
