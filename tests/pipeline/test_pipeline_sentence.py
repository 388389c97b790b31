"""The whole sentence on one thread and a clock that stands still: signals in, messages out, and the account."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_alerting import telemetry
from otel_alerting.config.build import build
from otel_alerting.config.read import read
from otel_alerting.config.schema import Config
from otel_alerting.errors import Refused
from otel_alerting.model import Alert, Log, Severity, Signal
from otel_alerting.model.duration import MINUTE, SECOND
from otel_alerting.pipeline import Pipeline, Receiver
from otel_alerting.telemetry import Counters
from otel_alerting.testing import CapturingNotifier, ManualClock

TENANTS = """
version: 1
tenants:
  acme: {locale: fr-FR, timezone: Europe/Paris, receiver: acme}
  globex: {locale: de, receiver: globex}
receivers:
- {name: acme, console_configs: [{}]}
- {name: globex, console_configs: [{}]}
- {name: default, console_configs: [{}]}
- {name: nobody}
route: {receiver: default, routes: [{matchers: ['service.name = silent'], receiver: nobody}]}
"""


class World:
    """A pipeline with a capturing notifier for every receiver that has one."""

    def __init__(self, text: str = TENANTS) -> None:
        self.clock = ManualClock()
        self.pipeline: Pipeline = build(
            read(text, Config, "alerting.yaml"), clock=self.clock, counters=Counters(), threads=False
        )
        self.places: dict[str, CapturingNotifier] = {}
        receivers = self.pipeline.receivers
        assert isinstance(receivers, dict)
        for name, receiver in list(receivers.items()):
            if receiver.notifiers:
                self.places[name] = CapturingNotifier(name)
                receivers[name] = Receiver(name=name, notifiers=(self.places[name],), locale=receiver.locale)

    def take(self, *items: Signal | Alert) -> None:
        for item in items:
            self.pipeline.take(item, self.clock.now())

    def run(self, duration: int, step: int = SECOND // 2) -> None:
        for _ in range(duration // step):
            self.clock.advance(step)
            self.pipeline.tick(self.clock.now())
            self.pipeline.courier.step(self.clock.monotonic())
        self.pipeline.settle(self.clock.now())

    def titles(self, name: str) -> Sequence[str]:
        return [message.text for message in self.places[name].messages]

    def warn(self, body: str, tenant: str = "acme", severity: int = 13, service: str = "shop") -> Log:
        return Log(
            at=self.clock.now(),
            tenant=tenant,
            severity=severity,
            body=body,
            scope="shop",
            resource={"service.name": service},
        )


def balances(world: World) -> None:
    for tenant, account in world.pipeline.account().items():
        told = sum(number for line, number in account.items() if line != "raised")
        assert account["raised"] == told, (tenant, account)


def test_a_warning_waits_for_its_group_and_an_error_does_not() -> None:
    """group_wait collects what is not urgent; high severity is told at once."""
    world = World()
    world.take(world.warn("low stock"))
    world.run(4 * SECOND)
    assert world.titles("acme") == []
    world.run(2 * SECOND)
    assert len(world.titles("acme")) == 1
    world.take(world.warn("no stock", severity=17))
    world.run(SECOND)
    assert len(world.titles("acme")) == 2
    balances(world)


def test_every_tenant_is_told_in_its_own_language_and_nobody_elses_words() -> None:
    """Isolation and language hold from the signal to the message."""
    world = World()
    world.take(world.warn("papier", "acme"), world.warn("Papier", "globex"), world.warn("paper", ""))
    world.run(10 * SECOND)
    (french,), (german,), (english,) = (world.places[name].messages for name in ("acme", "globex", "default"))
    assert (french.locale[:2], german.locale[:2], english.locale[:2]) == ("fr", "de", "en")
    assert "papier" in french.text
    assert "Papier" not in french.text
    assert german.tenant == "globex"


def test_an_alert_that_goes_quiet_is_resolved_once() -> None:
    """One message when it begins, one when it is over; nothing in between without a change."""
    world = World()
    world.take(world.warn("low stock"))
    world.run(7 * MINUTE, step=5 * SECOND)
    assert [message.over for message in world.places["acme"].messages] == [False, True]
    balances(world)


def test_a_receiver_without_a_notifier_means_nobody_and_is_counted() -> None:
    """As in Alertmanager; the account says why."""
    world = World()
    world.take(world.warn("hush", "acme", service="silent"))
    world.run(10 * SECOND)
    assert world.pipeline.account()["acme"]["dropped.no_notifier"] == 1
    balances(world)


def test_a_dead_destination_is_counted_by_its_word() -> None:
    """What cannot be told is in the account and never silently gone."""
    world = World()
    world.places["acme"].fail(Refused("channel_is_archived"), times=None)
    world.take(world.warn("low stock"))
    world.run(10 * SECOND)
    assert world.pipeline.account()["acme"]["dropped.channel_is_archived"] == 1
    balances(world)


def test_what_did_not_fit_into_the_inbox_is_said_in_the_next_message() -> None:
    """Losses are told, with their number."""
    world = World()
    world.pipeline.lose({"inbox_full": 4711})
    world.take(world.warn("low stock", ""))
    world.run(10 * SECOND)
    (message,) = world.places["default"].messages
    assert "4,711" in " ".join(message.context)


def test_an_alert_without_a_tenant_is_the_default_tenants() -> None:
    """Direct alerts come without one where nobody is bound."""
    world = World()
    now = world.clock.now()
    world.take(Alert(tenant="", name="direct", severity=Severity.HIGH, started_at=now, updated_at=now))
    world.run(2 * SECOND)
    (alert,) = world.pipeline.history.alerts("default", 10)
    assert alert.tenant == "default"
    assert len(world.places["default"].messages) == 1


def test_a_refused_tenant_is_counted_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the default tenant is unknown itself, so that no message would ever tell it."""
    stderr = io.StringIO()
    monkeypatch.setattr(sys, "__stderr__", stderr)
    monkeypatch.setattr(telemetry, "_said", {})  # another test may have said it within the minute
    world = World("version: 1\nunknown_tenant: refuse\ntenants: {acme: {}}\n")
    world.take(world.warn("nobody's", "stranger"))
    assert world.pipeline.account()["default"]["dropped.unknown_tenant"] == 1
    assert "'stranger' are refused" in stderr.getvalue()
    balances(world)


def test_secrets_are_out_of_alerts_before_history_and_message() -> None:
    """Redaction stands at the door, not at the wire."""
    world = World()
    world.take(world.warn("login failed: password=hunter2", severity=17))
    world.run(2 * SECOND)
    (alert,) = world.pipeline.history.alerts("acme", 10)
    assert "hunter2" not in str(alert)
    assert "hunter2" not in str(world.places["acme"].messages)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["acme", "globex", "", "stranger"]),
            st.sampled_from(["a is broken", "b is broken", "c is broken", "d is slow"]),
            st.sampled_from([13, 17, 21]),
            st.integers(0, 90),
            st.booleans(),
        ),
        max_size=25,
    )
)
def test_the_account_always_balances(steps: list[tuple[str, str, int, int, bool]]) -> None:
    """raised = sent + merged + waiting + dropped, per tenant, at every moment."""
    world = World()
    for tenant, body, severity, pause, works in steps:
        place = world.places["acme"]
        place.recover() if works else place.fail(Refused("no_service"), times=None)
        world.take(world.warn(body, tenant, severity))
        balances(world)
        world.run(pause * SECOND, step=5 * SECOND)
        balances(world)


@pytest.mark.parametrize("distinct", [10_000])
def test_ten_thousand_distinct_warnings_are_a_few_messages_that_count_them_all(distinct: int) -> None:
    """Grouping and the overflow alert keep the message short and the number right."""
    world = World()
    letters = "abcdefghijklmnopqrstuvwxyz"
    for number in range(distinct):
        word = "".join(letters[number // 26**place % 26] for place in range(4))
        world.take(world.warn(f"the {word} broke"))
    world.run(10 * SECOND)
    messages = world.places["acme"].messages
    assert len(messages) <= 3
    assert max(message.occurrences for message in messages) == distinct
    balances(world)
