"""A process that the tests kill, stop and compare with: `python stores_child.py URL append|hold|append_twice …`.

It prints what was acknowledged, a line each, and flushes: what it has printed it was promised.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from otel_alerting.errors import StaleEpoch
from otel_alerting.stores.opening import open_store


def start(url: str, *words: object, **options: object) -> subprocess.Popen[str]:
    """For the tests: this program as a child of theirs."""
    root = Path(__file__).resolve().parents[2]
    env = {**os.environ, "PYTHONPATH": str(root)}
    command = [sys.executable, __file__, url, *map(str, words)]
    return subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def append(url: str, name: str, count: str, threads: str) -> None:
    """Append `name:thread:number`, `count` times on each of so many threads; print position and entry."""
    store = open_store(url)
    say = threading.Lock()

    def work(thread: int) -> None:
        for number in range(int(count)):
            entry = f"{name}:{thread}:{number}"
            position = store.append("s", [entry.encode()])
            with say:
                sys.stdout.write(f"{position} {entry}\n")
                sys.stdout.flush()

    workers = [threading.Thread(target=work, args=(thread,)) for thread in range(int(threads))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def hold(url: str, ttl: str) -> None:
    """Take the lease `p`, save, stop as by SIGSTOP, and save again when continued; print what became of each."""
    store = open_store(url)
    epoch = store.lease("p", "child", int(ttl))
    assert epoch is not None
    store.save("p", b"child", epoch)
    print(epoch, flush=True)
    os.kill(os.getpid(), signal.SIGSTOP)
    try:
        store.save("p", b"child, late", epoch)
        print("saved", flush=True)
    except StaleEpoch:
        print("stale", flush=True)


def main(words: Sequence[str]) -> None:
    url, verb, *rest = words
    {"append": append, "hold": hold}[verb](url, *rest)


if __name__ == "__main__":
    main(sys.argv[1:])
