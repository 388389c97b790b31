"""What a warning costs on the thread that logs it: `python tests/bench/handlers.py [calls]`.

All variants run in one process, in turns, so that they meet the same machine. The figure that counts is the distance
to `NullHandler`, which is what logging takes by itself; the promise is 2 us. Nanoseconds per call, by `perf_counter_ns`
(whose own cost, some 50 ns, is in every row).
"""

from __future__ import annotations

import logging
import logging.handlers
import queue
import sys
import threading
import time
from collections.abc import Callable

from otel_alerting.handlers.logging_handler import AlertHandler
from otel_alerting.inbox import Inbox

ROUNDS = 7


def drained(inbox: Inbox) -> None:
    """A reader that makes every signal and throws it away."""
    while True:
        entries = inbox.take(100)
        for make, arguments in entries:
            make(*arguments)
        if entries:
            time.sleep(0.05)
        else:
            inbox.wait(None)


def alerting() -> logging.Handler:
    inbox = Inbox()
    inbox.start = lambda inbox: threading.Thread(target=drained, args=(inbox,), daemon=True).start()
    return AlertHandler(sink=inbox)


def queued() -> logging.Handler:
    records: queue.SimpleQueue[logging.LogRecord] = queue.SimpleQueue()
    threading.Thread(target=lambda: [records.get() for _ in iter(int, 1)], daemon=True).start()
    return logging.handlers.QueueHandler(records)  # type: ignore[arg-type]


def repeated(logger: logging.Logger, number: int) -> None:
    logger.warning("card declined for %s", 1)


def new(logger: logging.Logger, number: int) -> None:
    logger.warning(f"card {number} declined")


def with_extra(logger: logging.Logger, number: int) -> None:
    logger.warning("card declined for %s", 1, extra={"shop": "a", "amount": 3, "currency": "EUR"})


def with_list(logger: logging.Logger, number: int) -> None:
    logger.warning("cards declined: %s", [1, 2])


def with_exception(logger: logging.Logger, number: int) -> None:
    try:
        raise ValueError(number)
    except ValueError:
        logger.warning("card declined for %s", 1, exc_info=True)


def logger_with(name: str, handler: logging.Handler) -> logging.Logger:
    logger = logging.getLogger(f"bench.{name}")
    logger.propagate = False
    logger.addHandler(handler)
    return logger


def timed(call: Callable[[logging.Logger, int], None], logger: logging.Logger, calls: int) -> list[int]:
    clock = time.perf_counter_ns
    taken = []
    for number in range(calls):
        before = clock()
        call(logger, number)
        taken.append(clock() - before)
        if number % 500 == 0:
            time.sleep(0.02)  # as a program that does something between two warnings; the inbox stays below its bound
    return taken


def main() -> None:
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    null, alert, queue_ = (
        logger_with("null", logging.NullHandler()),
        logger_with("alert", alerting()),
        logger_with("queue", queued()),
    )
    calls_by_name = {call.__name__: call for call in (repeated, new, with_extra, with_list, with_exception)}
    rows: dict[tuple[str, str], list[int]] = {}
    for _ in range(ROUNDS):
        for name, call in calls_by_name.items():
            for stack, logger in (("NullHandler", null), ("AlertHandler", alert), ("QueueHandler", queue_)):
                rows.setdefault((name, stack), []).extend(timed(call, logger, calls))
    print(f"{'call':<16}{'handler':<14}{'p50 ns':>9}{'p99 ns':>9}{'over Null, p50':>16}")
    for (name, stack), taken in rows.items():
        taken.sort()
        over = taken[len(taken) // 2] - sorted(rows[name, "NullHandler"])[len(taken) // 2]
        print(f"{name:<16}{stack:<14}{taken[len(taken) // 2]:>9,}{taken[len(taken) * 99 // 100]:>9,}{over:>16,}")


if __name__ == "__main__":
    main()
