"""What keeping costs: `python tests/bench/stores.py [memory sqlite redis cluster]`.

Entries of 300 bytes a second into one stream: one by one, in batches of 100, and one by one on 8 threads at the same
time; then read back in thousands, and a lease renewed. Beside them what the place itself takes: writing 300 bytes and
waiting for the disk, and asking the server for nothing. The servers of this bench write to the disk before they answer
(`appendfsync always`), as the file does.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "stores"))

from stores_servers import Cluster, Server, binaries

from otel_alerting.model.duration import MINUTE
from otel_alerting.ports import Store
from otel_alerting.stores.opening import open_store

SECONDS = 1.0
"""Of each measurement."""
ENTRY = b"x" * 300
COLUMNS = ("single", "batches of 100", "8 threads", "read", "leases")


def main() -> int:
    wanted = sys.argv[1:] or list(PLACES)
    with memory() as store:
        beside = measured(store)
    print(f"{'':10}" + "".join(f"{column:>24}" for column in COLUMNS) + "    a second (and of memory's)")
    for name in wanted:
        with PLACES[name]() as store:
            found = measured(store)
        print(f"{name:10}" + "".join(f"{shown(one, ours):>24}" for one, ours in zip(found, beside, strict=True)))
    return 0


def measured(store: Store) -> tuple[float, ...]:
    """By column: entries, or leases, a second."""
    single = rate(lambda: store.append("single", [ENTRY]))
    batches = rate(lambda: store.append("batches", [ENTRY] * 100)) * 100
    with ThreadPoolExecutor(8) as pool:
        threads = sum(pool.map(lambda _: rate(lambda: store.append("threads", [ENTRY])), range(8)))
    read = rate(lambda: store.read("batches", 0, 1000)) * 1000
    leases = rate(lambda: store.lease("p", "me", MINUTE))
    return single, batches, threads, read, leases


def rate(work: Callable[[], object]) -> float:
    """How often a second."""
    work()
    times, began = 0, time.perf_counter()
    while (took := time.perf_counter() - began) < SECONDS:
        work()
        times += 1
    return times / took


def shown(number: float, beside: float) -> str:
    return f"{number:,.0f} ({number / beside:.2g})"


@contextlib.contextmanager
def memory() -> Iterator[Store]:
    yield open_store("memory:")


@contextlib.contextmanager
def sqlite() -> Iterator[Store]:
    with tempfile.TemporaryDirectory() as folder:
        with (Path(folder) / "plain").open("ab", buffering=0) as plain:
            print(f"  disk: {rate(lambda: (plain.write(ENTRY), os.fsync(plain.fileno()))):,.0f} synced writes a second")
        store = open_store(f"sqlite://{folder}/state.db?limit=4GiB")
        yield store
        store.close()


@contextlib.contextmanager
def redis() -> Iterator[Store]:
    server = Server(next(iter(binaries().values()))).start()
    with server.client() as client:
        print(f"  server: {rate(client.ping):,.0f} round trips a second")
    store = open_store(f"redis://127.0.0.1:{server.port}")
    yield store
    store.close()
    server.stop()


@contextlib.contextmanager
def cluster() -> Iterator[Store]:
    servers = Cluster(next(iter(binaries().values())))
    store = open_store(f"redis+cluster://127.0.0.1:{servers.servers[0].port}")
    yield store
    store.close()
    servers.stop()


PLACES = {"memory": memory, "sqlite": sqlite, "redis": redis, "cluster": cluster}


if __name__ == "__main__":
    sys.exit(main())
