"""Whatever happens, in whatever order: the account balances, order is kept, gates and budgets hold."""

from __future__ import annotations

from collections import Counter

from delivery_world import HOUR, MINUTE, SECOND, World, notification
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from otel_alerting.delivery.retry import Retry
from otel_alerting.errors import DeliveryError, Refused, TryLater, Unknown
from otel_alerting.model import Message, Notification, Outcome, Reason, Severity
from otel_alerting.ports import Budget

ANSWERS: dict[str, DeliveryError | None] = {
    "taken": None,
    "down": TryLater("connect"),
    "later": TryLater("http_503", after=20 * SECOND),
    "wait": TryLater("ratelimited", after=30 * SECOND, gate=True),
    "unknown": Unknown("timeout"),
    "refused": Refused("no_service"),
}
PLACES = ("one", "two")
EVERY = SECOND
WORKSPACE = Budget("workspace", 1, burst=100)


class Delivering(RuleBasedStateMachine):
    """Two channels of one workspace, notifications of two tenants, and a world that fails as it likes."""

    @initialize(updates=st.booleans(), queue_size=st.sampled_from([3, 100]), jitter=st.sampled_from([0.0, 0.5, 0.999]))
    def begin(self, updates: bool, queue_size: int, jitter: float) -> None:
        self.world = World(queue_size=queue_size, jitter=jitter, retry=Retry(max_elapsed_time=5 * MINUTE))
        self.answers: dict[str, list[str]] = {name: [] for name in PLACES}
        self.opens_at = 0
        self.drained = False
        self.trespasses: list[tuple[str, int]] = []
        self.places = {
            name: self.world.place(name, every=EVERY, updates=updates, also=[WORKSPACE], answer=self.answering(name))
            for name in PLACES
        }
        self.seq: Counter[str] = Counter()
        self.delivered: list[tuple[str, Notification]] = []

    def answering(self, name: str):
        def answer(message: Message) -> DeliveryError | None:
            now = self.world.clock.monotonic()
            if now < self.opens_at:  # an assertion here would count as the notifier's fault
                self.trespasses.append((name, now))
            word = self.answers[name].pop(0) if self.answers[name] else "taken"
            if word == "wait":
                self.opens_at = now + 30 * SECOND
            return ANSWERS[word]

        return answer

    @rule(name=st.sampled_from(PLACES), words=st.lists(st.sampled_from(sorted(ANSWERS)), max_size=8))
    def will_answer(self, name: str, words: list[str]) -> None:
        self.answers[name][:] = words

    @rule(
        group=st.sampled_from("abcdef"),
        tenant=st.sampled_from(["acme", "globex"]),
        reason=st.sampled_from(list(Reason)),
        severity=st.sampled_from(list(Severity)),
        changes=st.integers(0, 5),
        names=st.sampled_from([("one",), ("two",), PLACES]),
    )
    def deliver(
        self, group: str, tenant: str, reason: Reason, severity: Severity, changes: int, names: tuple[str, ...]
    ) -> None:
        key = f"{tenant}/{group}"
        self.seq[key] += 1
        told = notification(
            group,
            seq=self.seq[key],
            tenant=tenant,
            reason=reason,
            severity=severity,
            changes=0 if reason is Reason.UPDATED else changes,
            firing=0 if reason is Reason.RESOLVED else 1,
        )
        self.delivered.extend((name, told) for name in names)
        self.world.deliver(told, *(self.places[name] for name in names))

    @rule(duration=st.sampled_from([0, SECOND // 2, SECOND, 10 * SECOND, MINUTE, 10 * MINUTE, HOUR]))
    def time_passes(self, duration: int) -> None:
        self.world.run(duration)

    @rule(budget=st.sampled_from([0, SECOND // 2, 5 * SECOND]))
    def drain(self, budget: int) -> None:
        self.drained = True
        self.world.courier.drain(self.world.clock.monotonic() + budget)

    @invariant()
    def no_notification_has_two_endings_and_the_account_balances(self) -> None:
        ended = Counter((one.destination, one.notification) for one in self.world.told)
        began = Counter((name, told.id) for name, told in self.delivered)
        assert not ended - began
        waiting = self.world.courier.waiting()
        assert sum(one.changes for one in self.world.told) + waiting == sum(told.changes for _, told in self.delivered)
        for tenant in ("acme", "globex"):
            told = sum(one.changes for one in self.world.told if one.tenant == tenant)
            raised = sum(one.changes for _, one in self.delivered if one.tenant == tenant)
            assert told + self.world.courier.waiting(tenant) == raised

    @invariant()
    def no_request_leaves_through_a_closed_gate(self) -> None:
        assert not self.trespasses

    @invariant()
    def a_channel_takes_one_message_an_interval(self) -> None:
        for place in self.places.values():
            if self.drained:  # a drain may be one message too fast
                return
            gaps = [later - earlier for earlier, later in zip(place.asked_at, place.asked_at[1:], strict=False)]
            assert min(gaps, default=EVERY) >= EVERY

    @invariant()
    def messages_count_what_they_tell(self) -> None:
        """Every change that counts as told was counted in a message that was taken."""
        for name, place in self.places.items():
            told = [one for one in self.world.told if one.destination == name and one.outcome is not Outcome.DROPPED]
            assert sum(one.changes for one in told) == sum(message.changes for message in place.taken)

    @invariant()
    def no_message_mixes_tenants_and_a_groups_messages_keep_their_order(self) -> None:
        for place in self.places.values():
            newest: Counter[str] = Counter()
            for message in place.taken:
                groups = message.title.split("+")
                assert all(group.startswith(message.tenant + "/") for group in groups)
                if len(groups) == 1:
                    assert newest[message.group] <= message.seq
                    newest[message.group] = message.seq

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        self.world.courier.stop()
        assert self.world.courier.waiting() == 0
        ended = Counter((one.destination, one.notification) for one in self.world.told)
        assert ended == Counter((name, told.id) for name, told in self.delivered)


Delivering.TestCase.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
test_delivering = Delivering.TestCase
