"""State in Redis or Valkey, shared by processes on many machines; one round trip a verb, one hash tag a name.

A stream is a Redis Stream whose ids are our positions: `1-0`, `2-0`… The server is asked twice when its answer got
lost; every verb may be, because an append carries a token by which the server knows it again.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import secrets
import threading
from collections import OrderedDict, deque
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from otel_alerting.errors import StaleEpoch, StoreError
from otel_alerting.ports import Epoch, Position
from otel_alerting.stores.address import RedisAddress
from otel_alerting.stores.redis_server import RedisServer, Script

_APPEND, _LEASE, _SAVE, _PUT_PART, _PARTS = map(Script, ("append", "lease", "save", "put_part", "parts"))
_REMEMBERED = 600_000
"""Milliseconds for which an append is known again: far longer than anybody tries."""
_UNANSWERED = 64
"""Appends without an answer whose tokens are kept for the caller to try again."""
_LARGEST = (1 << 63) - 1


class RedisStore:
    """A `Store` in a server, a cluster or behind sentinels. Any number of threads; a forked child connects anew.

    Parts and leases end by the server's clock. How durable an append is, is the server's configuration: see
    `docs/stores.md`. An append that failed may be called again with the same entries: they are added once.
    """

    def __init__(self, address: RedisAddress) -> None:
        self._server = RedisServer(address)
        self._prefix = address.prefix.encode()
        self._writers = _Writers()

    def __repr__(self) -> str:
        return f"RedisStore({str(self._server.address)!r})"

    def append(self, stream: str, entries: Sequence[bytes]) -> Position:
        """Add to the end of a stream; the last entry's position."""
        entries = tuple(entries)
        token = self._writers.take(stream, entries)
        keys = (self._key(stream, "stream"), self._key(stream, f"writer:{token.writer}"))
        try:
            last = self._server.run(lambda client: _APPEND(client, keys, (token.number, _REMEMBERED, *entries)))
        except StoreError:
            self._writers.keep(token, stream, entries)
            raise
        self._writers.give_back(token)
        return int(last)

    def read(self, stream: str, after: Position, limit: int) -> Sequence[tuple[Position, bytes]]:
        """The entries behind a position, oldest first."""
        first = min(max(after, 0), _LARGEST) + 1
        return self._entries("XRANGE", stream, (first, "+"), limit)

    def newest(self, stream: str, limit: int) -> Sequence[tuple[Position, bytes]]:
        """The last entries of a stream, newest first."""
        return self._entries("XREVRANGE", stream, ("+", "-"), limit)

    def trim(self, stream: str, before: Position) -> None:
        """Forget all entries before a position; positions go on where they were."""
        first = min(max(before, 0), _LARGEST)
        key = self._key(stream, "stream")
        self._server.run(lambda client: client.execute_command("XTRIM", key, "MINID", "=", first))

    def put_part(self, bucket: str, field: str, value: bytes, ttl: int) -> None:
        """Put one process's part of a shared aggregate, for `ttl` nanoseconds (the server counts milliseconds)."""
        keys = (self._key(bucket, "parts"), self._key(bucket, "ends"))
        self._server.run(lambda client: _PUT_PART(client, keys, (_bytes(field), value, max(_milliseconds(ttl), 0))))

    def parts(self, bucket: str) -> Mapping[str, bytes]:
        """All parts of a shared aggregate that have not expired."""
        keys = (self._key(bucket, "parts"), self._key(bucket, "ends"))
        found = self._server.run(lambda client: _PARTS(client, keys, ()))
        return {_text(field): value for field, value in zip(found[::2], found[1::2], strict=True)}

    def lease(self, name: str, holder: str, ttl: int) -> Epoch | None:
        """Take or renew a lease for `ttl` nanoseconds; None while somebody else holds it."""
        keys = (self._key(name, "lease"), self._key(name, "epoch"))
        epoch = self._server.run(lambda client: _LEASE(client, keys, (_bytes(holder), max(_milliseconds(ttl), 1))))
        return None if epoch is None else int(epoch)

    def save(self, name: str, value: bytes, epoch: Epoch) -> None:
        """Save under a name.

        Raises:
            StaleEpoch: a newer epoch has saved or holds the lease of that name.
        """
        keys = (self._key(name, "epoch"), self._key(name, "saved"))
        newest = self._server.run(lambda client: _SAVE(client, keys, (epoch, value)))
        if newest is not None:
            raise StaleEpoch(f"{name}: epoch {epoch} is over, {newest} is the newest")

    def load(self, name: str) -> bytes | None:
        """What was saved under a name."""
        key = self._key(name, "saved")
        found: bytes | None = self._server.run(lambda client: client.execute_command("HGET", key, "value"))
        return found

    def close(self) -> None:
        """Let go of all connections."""
        self._server.close()

    def _entries(
        self, verb: str, stream: str, between: tuple[int | str, int | str], limit: int
    ) -> Sequence[tuple[Position, bytes]]:
        if limit <= 0:
            return []
        key = self._key(stream, "stream")
        words = (verb, key, *between, "COUNT", min(limit, _LARGEST))
        found = self._server.run(lambda client: client.execute_command(*words))
        return [(int(where.partition(b"-")[0]), fields[b"e"]) for where, fields in found]

    def _key(self, name: str, what: str) -> bytes:
        """`otel-alerting:{alerts/7}:stream`: what stands in braces decides the cluster's slot, so it may hold none."""
        tag = _bytes(name).replace(b"%", b"%25").replace(b"{", b"%7B").replace(b"}", b"%7D") or b"%"
        return b"%s:{%s}:%s" % (self._prefix, tag, what.encode())


class _Token(NamedTuple):
    """By these two the server knows an append again."""

    writer: str
    number: int


class _Writers:
    """Names for the appends under way. The server keeps one token a writer, so there are as many as work at once."""

    def __init__(self) -> None:
        self._begin_anew()

    def take(self, stream: str, entries: Sequence[bytes]) -> _Token:
        """A new token, or that of the same append when it got no answer."""
        if self._pid != os.getpid():
            self._begin_anew()
        if self._unanswered:
            with self._lock:
                kept = self._unanswered.pop(_fingerprint(stream, entries), None)
            if kept is not None:
                return kept
        try:
            writer = self._free.pop()
        except IndexError:
            writer = f"{self._process}.{next(self._names)}"
        return _Token(writer, next(self._numbers))

    def give_back(self, token: _Token) -> None:
        """It was answered."""
        self._free.append(token.writer)

    def keep(self, token: _Token, stream: str, entries: Sequence[bytes]) -> None:
        """It was not: should it be called again, it is the same append."""
        with self._lock:
            self._unanswered[_fingerprint(stream, entries)] = token
            while len(self._unanswered) > _UNANSWERED:
                self._unanswered.popitem(last=False)

    def _begin_anew(self) -> None:
        """In a forked child too: its appends are not its parent's."""
        self._pid = os.getpid()
        self._process = secrets.token_hex(8)
        self._names, self._numbers = itertools.count(), itertools.count(1)
        self._free: deque[str] = deque()
        self._lock = threading.Lock()
        self._unanswered: OrderedDict[bytes, _Token] = OrderedDict()


def _fingerprint(stream: str, entries: Sequence[bytes]) -> bytes:
    digest = hashlib.blake2b(_bytes(stream), digest_size=16)
    for entry in entries:
        digest.update(b"%d:" % len(entry))
        digest.update(entry)
    return digest.digest()


def _milliseconds(duration: int) -> int:
    """Never less than was asked for."""
    return min(-(-duration // 1_000_000), _FOREVER)


_FOREVER = 10**14
"""Milliseconds, three thousand years: what is more, Lua cannot count."""


def _bytes(name: str) -> bytes:
    return name.encode("utf-8", "surrogatepass")


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogatepass")
