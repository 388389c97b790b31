"""The dispatcher as a machine, with all that keeps alerts quiet: the account balances, and nothing muted is told."""

from __future__ import annotations

import contextlib
from collections import Counter

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from otel_alerting.dispatch.dispatcher import Dispatcher
from otel_alerting.dispatch.flapping import Flapping
from otel_alerting.dispatch.inhibition import InhibitRule
from otel_alerting.dispatch.intervals import NamedInterval, TimeInterval, TimeOfDay, TimeRange
from otel_alerting.dispatch.matcher import Matchers
from otel_alerting.dispatch.route import Escalation, Route
from otel_alerting.dispatch.silences import Silence, SilenceState
from otel_alerting.dispatch.whynot import Because
from otel_alerting.model import Alert, Notification, Severity, Tenant
from otel_alerting.model.duration import DAY, HOUR, MINUTE, SECOND, Duration

LUNCH = NamedInterval(
    name="lunch",
    time_intervals=(
        TimeInterval(times=(TimeRange(start_time=TimeOfDay(12 * 60 + 2), end_time=TimeOfDay(12 * 60 + 5)),)),
    ),
)
RULE = InhibitRule(
    source_matchers=Matchers.parse("alertname = Down"),
    target_matchers=Matchers.parse('alertname =~ "Slow|Down", severity <= warning'),
    equal=("host",),
)
ROUTE = Route(
    receiver="root",
    group_by=("alertname",),
    group_wait=Duration(5 * SECOND),
    group_interval=Duration(20 * SECOND),
    repeat_interval=Duration(60 * SECOND),
    escalate=(
        Escalation(after=Duration(30 * SECOND), receiver="second"),
        Escalation(after=Duration(70 * SECOND), receiver="third"),
    ),
    flapping=Flapping(times=3, window=Duration(40 * SECOND)),
    routes=(
        Route(
            matchers=Matchers.parse("host = b"),
            receiver="copy",
            group_by=("...",),
            mute_time_intervals=("lunch",),
            continue_=True,
        ),
        Route(matchers=Matchers.parse("host = b")),
    ),
)
TENANTS = {"acme": Tenant(name="acme"), "globex": Tenant(name="globex", receiver="globex-ops")}
NOON = 20_000 * DAY + 12 * HOUR


def made() -> Dispatcher:
    return Dispatcher(route=ROUTE, tenants=TENANTS, default_tenant="acme", inhibit_rules=[RULE], time_intervals=[LUNCH])


class Muting(RuleBasedStateMachine):
    """Alerts come and go while people silence, acknowledge and wait."""

    @initialize()
    def begin(self) -> None:
        self.now = NOON
        self.ours, self.twin = made(), made()
        self.firing: dict[tuple[str, str], Alert] = {}
        self.silences: dict[str, Silence] = {}
        self.told: Counter[str] = Counter()

    @rule(
        tenant=st.sampled_from(["acme", "globex", "ghost"]),
        name=st.sampled_from(["Slow", "Down"]),
        host=st.sampled_from("ab"),
        severity=st.sampled_from([Severity.INFO, Severity.WARNING, Severity.HIGH]),
        keep=st.sampled_from([0, 0, 7, 30]),
    )
    def raise_alert(self, tenant: str, name: str, host: str, severity: Severity, keep: int) -> None:
        self._accept(
            Alert(
                tenant=tenant,
                name=name,
                labels={"host": host},
                severity=severity,
                started_at=self.now,
                updated_at=self.now,
                expires_at=self.now + keep * SECOND if keep else 0,
            )
        )

    @precondition(lambda self: self.firing)
    @rule(data=st.data())
    def end_alert(self, data: st.DataObject) -> None:
        alert = self.firing[data.draw(st.sampled_from(sorted(self.firing)))]
        self._accept(alert.resolved(self.now))

    @rule(
        tenant=st.sampled_from(sorted(TENANTS)),
        matchers=st.sampled_from(["host=a", "host=b", "alertname=~S.*", "severity<=warning", "tenant=ghost"]),
        after=st.sampled_from([0, 10]),
        lasts=st.sampled_from([0, 5, 30, 90]),
        recurs=st.booleans(),
    )
    def silence(self, tenant: str, matchers: str, after: int, lasts: int, recurs: bool) -> None:
        asked = Silence(
            tenant=tenant,
            matchers=matchers,
            starts_at=self.now + after * SECOND,
            ends_at=self.now + (after + lasts) * SECOND if lasts else 0,
            until_resolved=not lasts,
            time_interval="lunch" if recurs else "",
        )
        self._keep(self.ours.silence(asked, self.now), self.twin.silence(asked, self.now))

    @precondition(lambda self: self.silences)
    @rule(data=st.data(), lasts=st.sampled_from([1, 20]))
    def edit(self, data: st.DataObject, lasts: int) -> None:
        old = self.silences[data.draw(st.sampled_from(sorted(self.silences)))]
        asked = Silence(
            tenant=old.tenant,
            id=old.id,
            matchers=old.matchers,
            starts_at=old.starts_at,
            ends_at=max(self.now, old.starts_at) + lasts * SECOND,
        )
        self._keep(self.ours.silence(asked, self.now), self.twin.silence(asked, self.now))

    @precondition(lambda self: self.silences)
    @rule(data=st.data())
    def expire(self, data: st.DataObject) -> None:
        old = self.silences[data.draw(st.sampled_from(sorted(self.silences)))]
        for one in (self.ours, self.twin):
            with contextlib.suppress(ValueError):  # it may have ended by itself
                one.expire_silence(old.tenant, old.id, self.now)
        self._learn()

    @precondition(lambda self: self.firing)
    @rule(data=st.data())
    def acknowledge(self, data: st.DataObject) -> None:
        alert = self.firing[data.draw(st.sampled_from(sorted(self.firing)))]
        tenant = alert.tenant if alert.tenant in TENANTS else "acme"
        for one in (self.ours, self.twin):
            with contextlib.suppress(LookupError):  # it may have expired
                one.acknowledge(tenant, alert.identity, "ann", self.now)

    @rule(seconds=st.sampled_from([0, 1, 4, 20, 61, 200]))
    def wait(self, seconds: int) -> None:
        self.now += seconds * SECOND

    @rule()
    def tick(self) -> None:
        next_at = self.ours.next_at()
        due = self.ours.due(self.now)
        assert due == self.twin.due(self.now), "the same at the same times is the same"
        assert not due or (next_at is not None and next_at <= self.now), "whoever sleeps until next_at misses nothing"
        after = self.ours.next_at()
        assert after is None or after > self.now, "what was due is done"
        self._take(due)

    @rule()
    def exit(self) -> None:
        flushed = self.ours.flush(self.now)
        assert flushed == self.twin.flush(self.now)
        self._take(flushed)

    @rule(tenant=st.sampled_from(sorted(TENANTS)))
    def ask_why(self, tenant: str) -> None:
        for alert in self.ours.active(tenant):
            found = self.ours.why(tenant, alert.identity, self.now)
            if alert not in self.ours.active(tenant):
                continue  # it has expired meanwhile
            assert found, "every alert says why it is told or not"
            if alert.tenant == tenant and (silenced := self._silenced(alert, tenant)):
                assert silenced <= {why.by for why in found if why.because is Because.SILENCED}

    @invariant()
    def the_account_balances(self) -> None:
        for tenant in TENANTS:
            accounted = self.told[tenant] + self.ours.waiting(tenant) + self.ours.muted(tenant)
            assert self.ours.raised(tenant) == accounted
            assert min(self.ours.waiting(tenant), self.ours.muted(tenant)) >= 0

    def teardown(self) -> None:
        if not hasattr(self, "ours"):
            return
        self._take(self.ours.due(self.now))
        self.the_account_balances()
        for silence in [one for tenant in TENANTS for one in self.ours.silences(tenant)]:
            if silence.state(self.now) is not SilenceState.EXPIRED:
                self.ours.expire_silence(silence.tenant, silence.id, self.now)
        self._learn()
        for alert in self.ours.active():
            self.ours.accept(alert.resolved(self.now), self.now)
        self.firing = {}
        while (at := self.ours.next_at()) is not None:
            self.now = max(self.now, at)
            self._take(self.ours.due(self.now))
        self.the_account_balances()
        assert [self.ours.waiting(tenant) for tenant in TENANTS] == [0, 0], "in the end all is told or was muted"
        assert (self.ours._roster.groups, self.ours._roster._following) == ({}, {}), "nothing stays behind"
        assert (self.ours._mutes._held, len(self.ours._mutes.inhibitions), len(self.ours._expiries)) == ({}, 0, 0)
        assert not any(record.held for record in self.ours._damper._records.values())

    def _accept(self, alert: Alert) -> None:
        self.ours.accept(alert, self.now)
        self.twin.accept(alert, self.now)
        if alert.firing:
            self.firing[alert.tenant, alert.identity] = alert
        else:
            self.firing.pop((alert.tenant, alert.identity), None)

    def _keep(self, ours: Silence, twins: Silence) -> None:
        assert ours == twins, "the same request makes the same silence"
        self._learn()

    def _learn(self) -> None:
        """Silences may have ended by themselves, with what they are about."""
        self.silences = {one.id: one for tenant in TENANTS for one in self.ours.silences(tenant)}

    def _take(self, notes: list[Notification]) -> None:
        self._learn()
        for note in notes:
            self.told[note.tenant] += note.changes
            assert note.receiver != "copy" or not self._lunch(), "muted by time"
            for alert in note.alerts:
                assert not self._silenced(alert, note.tenant), "silenced"
                assert not self._inhibited(alert), "inhibited"

    def _silenced(self, alert: Alert, owner: str) -> set[str]:
        return {
            one.id
            for one in self.silences.values()
            if one.tenant == owner
            and one.state(self.now) is SilenceState.ACTIVE
            and (not one.time_interval or self._lunch())
            and one.conditions.matches(alert)
        }

    def _inhibited(self, alert: Alert) -> bool:
        """By the letter of the rule: another alert of the tenant explains it, and is not itself to be explained."""
        if not RULE.is_target(alert):
            return False
        return any(
            other.tenant == alert.tenant
            and RULE.is_source(other)
            and other.label("host") == alert.label("host")
            and not (RULE.is_source(alert) and RULE.is_target(other))
            and (not other.expires_at or other.expires_at > self.now)
            for other in self.firing.values()
        )

    def _lunch(self) -> bool:
        return 12 * 60 + 2 <= self.now % DAY // MINUTE < 12 * 60 + 5


TestMuting = Muting.TestCase
TestMuting.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)


@pytest.mark.parametrize("tenant", sorted(TENANTS))
def test_the_machine_can_mute(tenant: str) -> None:
    """What the machine examines does happen: a silenced alert that comes and goes is muted, and counted so."""
    ours = made()
    ours.silence(Silence(tenant=tenant, matchers="host=a", ends_at=NOON + HOUR), NOON)
    alert = Alert(
        tenant=tenant, name="Slow", labels={"host": "a"}, severity=Severity.HIGH, started_at=NOON, updated_at=NOON
    )
    ours.accept(alert, NOON)
    assert ours.due(NOON + MINUTE) == []
    ours.accept(alert.resolved(NOON + MINUTE), NOON + MINUTE)
    assert ours.due(NOON + 2 * HOUR) == []
    assert (ours.raised(tenant), ours.waiting(tenant), ours.muted(tenant)) == (2, 0, 2)
