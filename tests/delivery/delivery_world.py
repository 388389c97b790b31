"""What the tests of delivery are played with: places that answer as told, and a courier without threads."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from otel_alerting.delivery.courier import Courier
from otel_alerting.delivery.retry import Retry
from otel_alerting.errors import DeliveryError
from otel_alerting.model import Alert, Delivery, Message, Notification, Outcome, Reason, Receipt, Severity
from otel_alerting.ports import Budget, Notifier
from otel_alerting.telemetry import Counters
from otel_alerting.testing.clock import ManualClock

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE


def notification(
    group: str = "g",
    *,
    seq: int = 1,
    tenant: str = "acme",
    receiver: str = "ops",
    reason: Reason = Reason.FIRST,
    severity: Severity = Severity.WARNING,
    changes: int = 1,
    firing: int = 1,
    **more: object,
) -> Notification:
    alert = Alert(tenant=tenant, name=group, severity=severity, started_at=1, updated_at=1)
    return Notification(
        tenant=tenant,
        receiver=receiver,
        group=f"{tenant}/{receiver}/{group}",
        reason=reason,
        seq=seq,
        at=seq,
        alerts=(alert,),
        firing=firing,
        changes=changes,
        severity=severity,
        started_at=1,
        **more,  # type: ignore[arg-type]
    )


def render(told: Notification, notifier: Notifier, previous: Receipt | None) -> Message:
    return Message(
        id=told.id,
        tenant=told.tenant,
        receiver=told.receiver,
        group=told.group,
        reason=told.reason,
        seq=told.seq,
        at=told.at,
        format=notifier.format,
        locale="en",
        severity=told.severity,
        over=told.over,
        color="#000000",
        text=" ".join(f"{reason}={number}" for reason, number in sorted(told.lost.items())),
        title="+".join(part.group for part in told.parts) or told.group,
        changes=told.changes,
        previous=previous,
    )


Answer = Callable[[Message], "DeliveryError | None"]


class Place:
    """A destination: `answer` may return an error to raise; what was taken is in `taken`, every attempt in `asked`."""

    format = "text"

    def __init__(
        self,
        destination: str = "place",
        *,
        answer: Answer | None = None,
        every: int = 0,
        burst: int = 1,
        key: str = "",
        also: Sequence[Budget] = (),
        updates: bool = False,
        clock: ManualClock | None = None,
    ) -> None:
        self.destination = destination
        self.updates = updates
        self.answer = answer or (lambda message: None)
        self.asked: list[Message] = []
        self.asked_at: list[int] = []
        self.taken: list[Message] = []
        self._budgets = (Budget(key or destination, every, burst),) if every else ()
        self._budgets += tuple(also)
        self._clock = clock

    def budgets(self, previous: Receipt | None) -> Sequence[Budget]:
        return self._budgets

    def notify(self, message: Message) -> Receipt:
        self.asked.append(message)
        if self._clock is not None:
            self.asked_at.append(self._clock.monotonic())
        error = self.answer(message)
        if error is not None:
            raise error
        self.taken.append(message)
        if not self.updates:
            return Receipt(destination=self.destination, at=message.at)
        ts = message.previous.ts if message.previous else str(len(self.taken))
        return Receipt(destination=self.destination, at=message.at, channel="C1", ts=ts)

    def close(self) -> None:
        pass


class World:
    """A courier without threads, on a clock that is turned by hand."""

    def __init__(self, *, retry: Retry | None = None, queue_size: int = 10_000, jitter: float = 0.5) -> None:
        self.clock = ManualClock()
        self.told: list[Delivery] = []
        self.counters = Counters()
        self.courier = Courier(
            render=render,
            told=self.told.append,
            clock=self.clock,
            retry=retry or Retry(),
            queue_size=queue_size,
            counters=self.counters,
            random=lambda: jitter,
        )

    def place(self, destination: str = "place", **more: object) -> Place:
        return Place(destination, clock=self.clock, **more)  # type: ignore[arg-type]

    def deliver(self, told: Notification, *places: Place) -> None:
        self.courier.deliver(told, places)

    def step(self) -> int | None:
        return self.courier.step(self.clock.monotonic())

    def run(self, duration: int) -> None:
        """Let time pass, stopping at every moment at which there is something to do."""
        end = self.clock.monotonic() + duration
        at = self.step()
        while at is not None and at <= end:
            self.clock.advance(max(0, at - self.clock.monotonic()))
            at = self.step()
        self.clock.advance(end - self.clock.monotonic())

    def outcomes(self) -> list[tuple[str, str]]:
        return [(one.outcome.value, one.word) for one in self.told]

    def changes(self, outcome: Outcome) -> int:
        return sum(one.changes for one in self.told if one.outcome is outcome)
