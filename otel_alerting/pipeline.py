"""The sentence, in order: a signal is observed, an alert accepted, a notification due, a message delivered.

Everything here runs on one thread, the pipeline's own; only waiting for the network happens elsewhere, in the courier.
`now` is always an argument, so a whole program's day can be played back in a test.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from otel_alerting import inbox
from otel_alerting.context import TENANT_KEYS, first_of
from otel_alerting.delivery.courier import Courier
from otel_alerting.dispatch.dispatcher import Dispatcher
from otel_alerting.dispatch.history import History
from otel_alerting.model import Alert, Attributes, Delivery, Notification, Outcome, Signal
from otel_alerting.ports import Clock, Notifier
from otel_alerting.rules.ruleset import RuleSet
from otel_alerting.telemetry import Counters

Account = Mapping[str, int]
"""`raised`, `sent`, `merged`, `waiting`, `muted` and `dropped.<reason>` where there were any: the first is the sum."""


@dataclass(frozen=True)
class Receiver:
    """Who is told, where, and in which language if not the tenant's."""

    name: str
    notifiers: tuple[Notifier, ...]
    locale: str = ""
    timezone: str = ""


class Pipeline:
    """From signals to delivered messages, for all tenants."""

    def __init__(
        self,
        *,
        ruleset: RuleSet,
        dispatcher: Dispatcher,
        courier: Courier,
        told: deque[Delivery],
        receivers: Mapping[str, Receiver],
        history: History,
        clock: Clock,
        counters: Counters,
        redact: Callable[[Alert], Alert],
        default_tenant: str = "default",
        resource: Attributes | None = None,
    ) -> None:
        self.ruleset = ruleset
        self.dispatcher = dispatcher
        self.courier = courier
        self.receivers = receivers
        self.history = history
        self.clock = clock
        self.counters = counters
        self._told = told
        self._under_way: Counter[str] = Counter()
        """By tenant: alert changes that were handed over, and nobody has said yet what became of them."""
        self._redact = redact
        self.default_tenant = default_tenant
        self._resource = resource or {}

    def take(self, item: Signal | Alert, now: int) -> None:
        """Take what came in, whichever of the two it is."""
        if isinstance(item, Alert):
            self.accept(item, now)
        else:
            self.observe(item, now)

    def observe(self, signal: Signal, now: int) -> None:
        """Hold a signal against the rules."""
        resource = signal.resource or self._resource
        tenant = signal.tenant or first_of(TENANT_KEYS, resource) or self.default_tenant
        if resource is not signal.resource or tenant != signal.tenant:
            signal = msgspec.structs.replace(signal, tenant=tenant, resource=resource)
        self.counters.add("signals", kind=type(signal).__name__.lower())  # names of tenants may be anybody's invention
        for alert in self.ruleset.observe(signal, now):
            self.accept(alert, now)

    def accept(self, alert: Alert, now: int) -> None:
        """Take an alert in: from here on it is told, or it is said why not."""
        alert = self._redact(alert)
        if not alert.tenant:
            alert = msgspec.structs.replace(alert, tenant=self.default_tenant, identity="")
        if self.history.saw(alert):
            self.counters.add("alerts", state=alert.state.value)
        self.dispatcher.accept(alert, now)

    def lose(self, counts: Mapping[str, int]) -> None:
        """Say what could not be taken in, by reason: the next message to the default tenant tells it."""
        for reason, number in counts.items():
            self._lose(self.default_tenant, reason, number)

    def tick(self, now: int) -> None:
        """Do what is due: settle deliveries, evaluate rules, decide, and hand over to the courier."""
        with inbox.unforkable:
            self.settle(now)
            for alert in self.ruleset.evaluate(now, self.clock.monotonic()):
                self.accept(alert, now)
            for (tenant, reason), number in self.ruleset.lost().items():
                self._lose(tenant, reason, number)
            for number in self.ruleset.ahead().values():
                self.counters.add("ahead", number)
            self._send(self.dispatcher.due(now))

    def change_rules(self, ruleset: RuleSet, now: int) -> None:
        """Go on with other rules; those that are the same go on as if nothing had happened."""
        for alert in ruleset.succeed(self.ruleset, now):
            self.accept(alert, now)
        self.ruleset = ruleset

    def next_at(self) -> int | None:
        """When there is something to do next; None while only a signal could bring it."""
        moments = [at for at in (self.ruleset.next_at(), self.dispatcher.next_at()) if at is not None]
        return min(moments, default=None)

    def settle(self, now: int) -> None:
        """Take in what became of the messages that were handed over."""
        while self._told:
            delivery = self._told.popleft()
            self._arrived(delivery)
            self.dispatcher.note(delivery, now)
            self.history.told(delivery)
            self._book(delivery)

    def flush(self, now: int, deadline: int) -> bool:
        """Tell everything that waits, now, until a monotonic `deadline` in nanoseconds; True when all of it is told."""
        before = self._came_to_nothing()
        with inbox.unforkable:
            self.tick(now)
            self._send(self.dispatcher.flush(now))
        done = self.courier.drain(deadline)
        self.settle(self.clock.now())
        return done and self._came_to_nothing() == before

    def _came_to_nothing(self) -> int:
        """Alert changes that were to be told and were not."""
        dropped = self.counters.by("dropped", "reason")
        return sum(number for reason, number in dropped.items() if reason not in _FOR_NOBODY)

    def finish(self, now: int, deadline: int) -> bool:
        """The program ends: judge what rules have seen, and tell everything, as `flush` does."""
        for alert in self.ruleset.finish(now):
            self.accept(alert, now)
        return self.flush(now, deadline)

    def waiting(self) -> int:
        """Alert changes that nobody was told of yet, of all tenants."""
        return self.courier.waiting() + sum(map(self.dispatcher.waiting, self.dispatcher.tenants()))

    def account(self) -> Mapping[str, Account]:
        """By tenant: what there was to tell, and what became of it. Balances between any two verbs of this pipeline."""
        self.settle(self.clock.now())
        books: dict[str, Counter[str]] = defaultdict(lambda: Counter(raised=0, sent=0, merged=0, waiting=0))
        for tenant in self.dispatcher.tenants():
            books[tenant]["raised"] += self.dispatcher.raised(tenant)
            books[tenant]["waiting"] += self.dispatcher.waiting(tenant)
            if muted := self.dispatcher.muted(tenant):
                books[tenant]["muted"] += muted
        for tenant, changes in self._under_way.items():
            books[tenant]["waiting"] += changes
        for (name, labels), number in self.counters.all().items():
            if name in _LINES:
                there = dict(labels)
                line = f"dropped.{there['reason']}" if name == "dropped" else _LINES[name]
                books[there["tenant"]][line] += number
        return {tenant: books[tenant] for tenant in sorted(books)}

    def close(self) -> None:
        """Stop telling. What waits is settled as dropped."""
        self.courier.stop()
        self.settle(self.clock.now())
        for receiver in self.receivers.values():
            for notifier in receiver.notifiers:
                notifier.close()

    def _lose(self, tenant: str, reason: str, number: int) -> None:
        self.counters.add("lost", number, reason=reason)
        self.dispatcher.lose(tenant, reason, number)

    def _send(self, notifications: Sequence[Notification]) -> None:
        for notification in notifications:
            notifiers = self.receivers[notification.receiver].notifiers
            self._under_way[notification.tenant] += notification.changes * max(1, len(notifiers))
            if not notifiers:
                self._nobody(notification)
                continue
            extra = (len(notifiers) - 1) * notification.changes  # every place is told everything
            if extra:
                self.counters.add("raised_copies", extra, tenant=notification.tenant)
            self.courier.deliver(notification, notifiers)

    def _nobody(self, notification: Notification) -> None:
        """A receiver without any notifier means nobody, as in Alertmanager: it is counted and otherwise silent."""
        now = self.clock.now()
        self._told.append(
            Delivery(
                notification=notification.id,
                tenant=notification.tenant,
                receiver=notification.receiver,
                group=notification.group,
                destination="",
                outcome=Outcome.DROPPED,
                at=now,
                queued_at=now,
                changes=notification.changes,
                attempts=0,
                word="no_notifier",
            )
        )

    def _arrived(self, delivery: Delivery) -> None:
        self._under_way[delivery.tenant] -= delivery.changes
        if not self._under_way[delivery.tenant]:
            del self._under_way[delivery.tenant]  # names of tenants may be anybody's invention

    def _book(self, delivery: Delivery) -> None:
        if delivery.outcome is Outcome.DROPPED:
            self.counters.add("dropped", delivery.changes, tenant=delivery.tenant, reason=delivery.word)
        else:
            self.counters.add(delivery.outcome.value, delivery.changes, tenant=delivery.tenant)
        if delivery.outcome is Outcome.SENT and delivery.attempts:
            self.counters.add("messages", tenant=delivery.tenant, destination=delivery.destination)


_FOR_NOBODY = ("no_notifier", "unknown_tenant")
"""Reasons of what was not to be told."""
_LINES = {"sent": "sent", "merged": "merged", "dropped": "dropped", "raised_copies": "raised"}
"""Counters by tenant that are lines of its account."""
