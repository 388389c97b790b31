"""A way is where the signals of one handler, processor or exporter go: into the process's inbox, or to its own sink.

With the inbox a signal is made later, on the reader's thread. With a sink of the user's own it is made at once.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import TYPE_CHECKING

from otel_alerting import inbox as inboxes
from otel_alerting.handlers.seen import SEEN, Door
from otel_alerting.handlers.settings import inbox_for, is_enabled
from otel_alerting.telemetry import complain

if TYPE_CHECKING:
    from otel_alerting.inbox import Inbox
    from otel_alerting.model import Signal
    from otel_alerting.ports import Sink

_LONGEST_FLUSH = 5.0
"""Seconds that a flush asked for by the SDK may take, however much it allows: a program waits for it."""


class Way:
    """Made by the constructor of its owner, hence inert: opens nothing, starts nothing, does not raise."""

    def __init__(
        self,
        owner: str,
        kind: str,
        settings: Mapping[str, object],
        *,
        sink: Sink | Inbox | None = None,
        tenant: str | None = None,
    ) -> None:
        self.owner = owner
        self.enabled = is_enabled()
        self.tenant = str(tenant or "")
        """Whose the signals are that do not say it themselves."""
        given: object = sink
        if given is not None and not callable(given) and not isinstance(given, inboxes.Inbox):
            complain(
                f"{owner}: sink: found {type(given).__name__}; something to call, or an Inbox; the process's holds"
            )
            sink = None
        if isinstance(sink, inboxes.Inbox):
            self.inbox, self.sink = sink, None
        else:
            self.inbox, self.sink = inbox_for(owner, settings), sink
        self.door = SEEN.open(Door(kind, self.inbox.settings, _place(sink)))

    def put(self, make: Callable[..., Signal | None], *args: object) -> None:
        """Send what `make(*args)` makes on its way; does not raise."""
        if not self.enabled:
            return
        try:
            if self.sink is None:
                self.inbox.defer(make, *args)
                return
            signal = make(*args)
            if signal is not None:
                self.sink(signal)
        except Exception as error:  # noqa: BLE001 - a program never fails for its alerts
            self.complain(error)

    def begin(self) -> None:
        """Its owner is an exporter: somebody will shut it down, and it may have more to hand over until then."""
        inboxes.is_fed_by(self)

    def end(self) -> None:
        """It was shut down."""
        inboxes.is_fed_no_more_by(self)

    def complain(self, error: Exception) -> None:
        """Count and say that something could not be taken; its text may hold anything, so only its type is said."""
        self.inbox.miss()
        kind = type(error).__name__
        complain(f"{self.owner}: cannot take a signal: {kind}", about=f"{self.owner} {kind}")

    def flush(self, timeout_millis: float) -> bool:
        """Wait until what came in so far was told, at most as long as asked and never over five seconds."""
        if self.sink is not None or not self.enabled:
            return True
        return inboxes.flush(min(max(0.0, timeout_millis / 1e3), _LONGEST_FLUSH))


def _place(sink: Sink | Inbox | None) -> Hashable:
    """What tells one sink from another: `seen.append` is a new object each time, and equal to itself."""
    try:
        hash(sink)
    except TypeError:
        return id(sink)
    return sink
