"""A grant is a lease as it stands in a file: who holds it, and until when, by clocks that processes share.

The wall clock may be set, so it is the last resort. On Linux all processes of a machine share one monotonic clock, and
the kernel says which run of which machine this is; a grant of the same run is measured by that clock.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

from otel_alerting.ports import Clock, Epoch


@dataclass(frozen=True, slots=True)
class Grant:
    """One row of the table `leases`, without its name."""

    holder: str
    epoch: Epoch
    ttl: int
    boot: str
    granted: int
    granted_at: int

    @classmethod
    def begin(cls, holder: str, epoch: Epoch, ttl: int, clock: Clock) -> Grant:
        """A lease that begins now."""
        return cls(holder, epoch, ttl, boot(), clock.monotonic(), clock.now())

    def holds(self, clock: Clock) -> bool:
        """Is it still held?

        By the wall clock, a grant from further ahead than it lasts is over: the clock was set back since then, and
        nobody would see its end for as long.
        """
        if self.boot and self.boot == boot():
            return clock.monotonic() - self.granted < self.ttl
        return abs(clock.now() - self.granted_at) < self.ttl


@functools.cache
def boot() -> str:
    """Which run of which machine this is, as far as its monotonic clock goes; empty where nobody says."""
    try:
        run = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return ""
    namespace = Path("/proc/self/ns/time")  # a container may have a monotonic clock of its own
    return f"{run} {namespace.readlink()}" if namespace.is_symlink() else run
