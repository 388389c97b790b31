"""Opening a store: from its URL, without touching it; the place is asked when the first verb is called."""

from __future__ import annotations

from otel_alerting.ports import Clock, Store
from otel_alerting.stores.address import MemoryAddress, SqliteAddress, parse


def open_store(url: str, clock: Clock | None = None) -> Store:
    """The store at a URL, as written in `address`. `clock` is for tests; Redis has a clock of its own.

    Raises:
        ValueError: with what would be right, and nothing of the URL, which may hold a password.
    """
    address = parse(url)
    if isinstance(address, MemoryAddress):
        from otel_alerting.stores.memory import MemoryStore

        return MemoryStore(clock)
    if isinstance(address, SqliteAddress):
        from otel_alerting.stores.sqlite import SqliteStore

        return SqliteStore(address.path, limit=address.limit, timeout=address.timeout, clock=clock)
    from otel_alerting.stores.redis import RedisStore  # 60 ms that users of the others do not wait for

    return RedisStore(address)
