"""The dispatcher as a machine: whatever happens in whatever order, the account is exact and nobody is told twice."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from otel_alerting.dispatch.dispatcher import Dispatcher
from otel_alerting.dispatch.flapping import Flapping
from otel_alerting.dispatch.matcher import Matcher
from otel_alerting.dispatch.route import Route
from otel_alerting.model import Alert, Delivery, Notification, Outcome, Reason, Receipt, Severity, Tenant
from otel_alerting.model.duration import SECOND, Duration

ROUTE = Route(
    receiver="root",
    group_by=("alertname",),
    group_wait=Duration(5 * SECOND),
    group_interval=Duration(20 * SECOND),
    repeat_interval=Duration(60 * SECOND),
    flapping=Flapping(times=0),
    routes=(
        Route(matchers=(Matcher.parse("host = b"),), receiver="copy", group_by=("...",), continue_=True),
        Route(matchers=(Matcher.parse("host = b"),)),
    ),
)
TENANTS = {"acme": Tenant(name="acme"), "globex": Tenant(name="globex", receiver="globex-ops")}
NAMES = ("acme", "globex", "ghost")


@dataclass
class Known:
    """What a plain book-keeper knows of one alert at one receiver."""

    severity: Severity
    worst: Severity
    expires_at: int
    firing: bool = True
    pending: int = 1


@dataclass
class Book:
    """The account, kept the slow and obvious way: every alert at every receiver by itself."""

    known: dict[tuple[str, str, str, str], Known] = field(default_factory=dict)
    raised: dict[str, int] = field(default_factory=dict)

    def accept(self, alert: Alert, now: int) -> None:
        self.expire(now - 1)
        host = alert.labels["host"]
        root = "globex-ops" if alert.tenant == "globex" else "root"
        for receiver in ("copy", root) if host == "b" else (root,):
            self._take((alert.tenant, receiver, alert.name, host), alert)

    def _take(self, key: tuple[str, str, str, str], alert: Alert) -> None:
        known = self.known.get(key)
        if known is None:
            if alert.firing:
                self.known[key] = Known(alert.severity, alert.severity, alert.expires_at)
                self._raise(key[0])
            return
        if known.firing != alert.firing or (alert.firing and alert.severity > known.worst):
            known.pending += 1
            self._raise(key[0])
        if alert.firing:
            known.severity, known.worst = alert.severity, max(known.worst, alert.severity)
            known.expires_at = alert.expires_at
        known.firing = alert.firing

    def expire(self, now: int) -> None:
        for key, known in self.known.items():
            if known.firing and known.expires_at and known.expires_at <= now:
                known.firing = False
                known.pending += 1
                self._raise(key[0])

    def tell(self, note: Notification) -> tuple[int, int, int]:
        """Cross off what a notification says; changes, firing and resolved as they should be."""
        tenant = note.unknown_tenant or note.tenant
        of_b = note.alerts[0].labels["host"] == "b"  # host b has routes of its own
        members = {
            key: known
            for key, known in self.known.items()
            if key[:3] == (tenant, note.receiver, note.group_labels["alertname"]) and (key[3] == "b") == of_b
        }
        told = (
            sum(known.pending for known in members.values()),
            sum(known.firing for known in members.values()),
            sum(not known.firing for known in members.values()),
        )
        for key, known in members.items():
            known.pending, known.worst = 0, known.severity
            if not known.firing:
                del self.known[key]
        return told

    def waiting(self, account: str) -> int:
        return sum(known.pending for key, known in self.known.items() if _account(key[0]) == account)

    def _raise(self, tenant: str) -> None:
        account = _account(tenant)
        self.raised[account] = self.raised.get(account, 0) + 1


def _account(tenant: str) -> str:
    return tenant if tenant in TENANTS else "acme"


def made() -> Dispatcher:
    return Dispatcher(route=ROUTE, tenants=TENANTS, default_tenant="acme")


class Account(RuleBasedStateMachine):
    """Alerts of three tenants come, change, end and expire; messages arrive, merge and get lost; time goes on."""

    @initialize()
    def begin(self) -> None:
        self.now = 1_000 * SECOND
        self.ours, self.twin = made(), made()
        self.book = Book()
        self.open: list[Notification] = []
        self.ids: set[str] = set()
        self.seqs: dict[str, int] = {}
        self.owners: dict[str, str] = {}
        self.told: dict[str, int] = {}

    @rule(
        tenant=st.sampled_from(NAMES),
        name=st.sampled_from(["Slow", "Down"]),
        host=st.sampled_from("abc"),
        severity=st.sampled_from(Severity),
        count=st.integers(1, 3),
        keep=st.sampled_from([0, 0, 7, 30]),
    )
    def raise_alert(self, tenant: str, name: str, host: str, severity: Severity, count: int, keep: int) -> None:
        self._accept(
            Alert(
                tenant=tenant,
                name=name,
                labels={"host": host},
                severity=severity,
                started_at=self.now,
                updated_at=self.now,
                count=count,
                expires_at=self.now + keep * SECOND if keep else 0,
            )
        )

    @precondition(lambda self: self.ours.active())
    @rule(data=st.data())
    def end_alert(self, data: st.DataObject) -> None:
        alert = data.draw(st.sampled_from(self.ours.active()))
        self._accept(alert.resolved(self.now))

    @rule(seconds=st.sampled_from([0, 1, 4, 20, 61]))
    def wait(self, seconds: int) -> None:
        self.now += seconds * SECOND

    @rule()
    def tick(self) -> None:
        next_at = self.ours.next_at()
        due = self.ours.due(self.now)
        assert due == self.twin.due(self.now), "the same alerts at the same times are the same notifications"
        assert not due or (next_at is not None and next_at <= self.now), "whoever sleeps until next_at misses nothing"
        after = self.ours.next_at()
        assert after is None or after > self.now, "what was due is done"
        self._take(due)

    @rule()
    def exit(self) -> None:
        flushed = self.ours.flush(self.now)
        assert flushed == self.twin.flush(self.now)
        self._take(flushed)
        assert [self.ours.waiting(tenant) for tenant in TENANTS] == [0, 0], "at exit nothing waits any more"

    @precondition(lambda self: self.open)
    @rule(data=st.data(), outcome=st.sampled_from(Outcome), ts=st.sampled_from(["", "1.1"]))
    def settle(self, data: st.DataObject, outcome: Outcome, ts: str) -> None:
        note = self.open.pop(data.draw(st.integers(0, len(self.open) - 1)))
        delivery = Delivery(
            notification=note.id,
            tenant=note.tenant,
            receiver=note.receiver,
            group=note.group,
            destination="slack",
            outcome=outcome,
            at=self.now,
            queued_at=note.at,
            changes=note.changes,
            receipt=Receipt(destination="slack", at=self.now, channel="C", ts=ts) if outcome is Outcome.SENT else None,
        )
        self.ours.note(delivery, self.now)
        self.twin.note(delivery, self.now)

    @invariant()
    def the_account_balances(self) -> None:
        for tenant in TENANTS:
            assert self.ours.raised(tenant) == self.book.raised.get(tenant, 0)
            assert self.ours.waiting(tenant) == self.book.waiting(tenant)
            assert self.ours.raised(tenant) == self.told.get(tenant, 0) + self.ours.waiting(tenant)

    def teardown(self) -> None:
        if not hasattr(self, "ours"):
            return
        for alert in self.ours.active():
            self._accept(alert.resolved(self.now))
        self.exit()
        self.the_account_balances()
        assert (self.ours.active(), self.ours.next_at()) == ([], None)
        assert (self.ours._roster.groups, self.ours._roster._following, len(self.ours._expiries)) == ({}, {}, 0), (
            "nothing stays behind"
        )

    def _accept(self, alert: Alert) -> None:
        self.ours.accept(alert, self.now)
        self.twin.accept(alert, self.now)
        self.book.accept(alert, self.now)

    def _take(self, notes: list[Notification]) -> None:
        self.book.expire(self.now)
        for note in notes:
            assert (note.changes, note.firing, note.resolved) == self.book.tell(note)
            self.told[note.tenant] = self.told.get(note.tenant, 0) + note.changes
            self._is_new(note)
            self._is_one_tenants(note)
            assert note.changes or note.reason in (Reason.UPDATED, Reason.REPEAT, Reason.FIRST)
            assert note.reason is not Reason.UPDATED or note.previous
            assert (note.reason is Reason.RESOLVED) == note.over
        self.open += notes

    def _is_new(self, note: Notification) -> None:
        assert note.id not in self.ids
        self.ids.add(note.id)
        assert note.seq == self.seqs.get(note.group, 0) + 1
        self.seqs[note.group] = note.seq

    def _is_one_tenants(self, note: Notification) -> None:
        tenant = note.unknown_tenant or note.tenant
        assert {alert.tenant for alert in note.alerts} == {tenant}
        assert self.owners.setdefault(note.group, tenant) == tenant
        assert note.tenant == _account(tenant)


TestAccount = Account.TestCase
TestAccount.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
