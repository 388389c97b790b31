"""Inhibition: an alert keeps others quiet while it fires, as Alertmanager does it."""

from __future__ import annotations

from otel_alerting.config.read import read
from otel_alerting.dispatch.inhibition import Inhibitions, InhibitRule
from otel_alerting.dispatch.matcher import Matchers
from otel_alerting.model import Alert, Severity

RULE = InhibitRule(
    source_matchers=Matchers.parse("alertname = Down"),
    target_matchers=Matchers.parse("severity <= warning"),
    equal=("host", "zone"),
)


def alert(name: str = "Slow", tenant: str = "acme", severity: Severity = Severity.WARNING, **labels: str) -> Alert:
    return Alert(tenant=tenant, name=name, labels=labels, severity=severity, started_at=1, updated_at=1)


def down(**labels: str) -> Alert:
    return alert("Down", severity=Severity.HIGH, **labels)


def test_a_target_is_quiet_while_its_source_fires() -> None:
    """From the source's beginning to its end; what it is by is named."""
    inhibitions = Inhibitions([RULE])
    slow, source = alert(host="a"), down(host="a")
    assert inhibitions.by(slow) is None
    assert not inhibitions.see(source)
    by = inhibitions.by(slow)
    assert by is not None
    assert (by.source, by.rule) == (source.identity, RULE)
    assert inhibitions.see(source.resolved(2))
    assert inhibitions.by(slow) is None
    assert len(inhibitions) == 0


def test_labels_in_equal_must_be_the_same() -> None:
    """A missing label is an empty one: two alerts without a zone have the same."""
    inhibitions = Inhibitions([RULE])
    inhibitions.see(down(host="a"))
    assert inhibitions.by(alert(host="a")) is not None
    assert inhibitions.by(alert(host="a", zone="")) is not None
    assert inhibitions.by(alert(host="b")) is None
    assert inhibitions.by(alert(host="a", zone="z")) is None
    assert inhibitions.by(alert(host="a", severity=Severity.HIGH)) is None


def test_nothing_inhibits_itself() -> None:
    """An alert on both sides is inhibited only by one that is on the source's side alone."""
    rule = InhibitRule(
        source_matchers=Matchers.parse("team = x"), target_matchers=Matchers.parse("team =~ x|y, severity != critical")
    )
    inhibitions = Inhibitions([rule])
    both, twin = alert(team="x"), alert("Other", team="x")
    target, source = alert(team="y"), alert("Worst", severity=Severity.CRITICAL, team="x")
    inhibitions.see(both)
    inhibitions.see(twin)
    assert (inhibitions.by(both), inhibitions.by(twin)) == (None, None)
    assert inhibitions.by(target) is not None
    inhibitions.see(source)
    assert inhibitions.by(both) is not None
    assert inhibitions.by(source) is None


def test_tenants_are_strangers() -> None:
    """One tenant's outage keeps nobody else quiet."""
    inhibitions = Inhibitions([RULE])
    inhibitions.see(down(host="a"))
    assert inhibitions.by(alert(tenant="globex", host="a")) is None


def test_a_source_that_gets_milder_may_keep_quiet_no_longer() -> None:
    """Severity is not identity: the newest word counts."""
    rule = InhibitRule(
        source_matchers=Matchers.parse("severity = critical"), target_matchers=Matchers.parse("severity = warning")
    )
    inhibitions = Inhibitions([rule])
    inhibitions.see(alert("Down", severity=Severity.CRITICAL))
    assert inhibitions.by(alert()) is not None
    assert inhibitions.see(alert("Down", severity=Severity.HIGH))
    assert inhibitions.by(alert()) is None


def test_the_older_keys_mean_the_same() -> None:
    """`source_match` and the other three become matchers, beside those that are there."""
    old = read(
        "{source_match: {alertname: Down}, target_match_re: {severity: info|warning}, equal: [host]}", InhibitRule, "t"
    )
    new = InhibitRule(
        source_matchers=Matchers.parse("alertname = Down"),
        target_matchers=Matchers.parse('severity =~ "info|warning"'),
        equal=("host",),
    )
    assert old == new
