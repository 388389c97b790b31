"""Arrivals are the signals of all recordings in the order in which they would have come, each with its moment.

A signal comes when its line is read, and it is then as late as the newest signal before it is old: the newest moment
seen so far is "now". So what a recording holds out of order is late here as it was there. Several recordings are
joined by time, each in its own order.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter

import msgspec

from otel_alerting.model import Signal
from otel_alerting.rules.play import Arrival


def arrivals(recorded: Sequence[Iterable[Signal]], tenant: str) -> Iterator[Arrival]:
    """What came, and when.

    Args:
        recorded: the signals of each recording, in the order of its lines.
        tenant: whose the signals are that do not say it.
    """
    # The merge takes a signal that is late in its recording at once: it came right after the one before it.
    merged = heapq.merge(*recorded, key=attrgetter("at")) if len(recorded) > 1 else recorded[0]
    now = 0
    for signal in merged:
        now = max(now, signal.at)
        yield now, signal if signal.tenant else msgspec.structs.replace(signal, tenant=tenant)
