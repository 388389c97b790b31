"""What an alert of a rule says of its group, and as what it ends."""

from __future__ import annotations

from typing import Any

from otel_alerting.config.read import read
from otel_alerting.model import Alert, Point, Reading, Severity, State
from otel_alerting.model.duration import MINUTE, SECOND
from otel_alerting.rules.rule import RuleFile
from otel_alerting.rules.ruleset import RuleSet

START = 1_700_000_100 * SECOND


def told(rule: str, *values: float, until: int = 0, **more: Any) -> list[Alert]:
    """What a rule says of a gauge's values, fifteen seconds apart."""
    text = f"version: 1\nrules:\n- {{alert: QueueLong, metric: queue, lateness: 0s, {rule}}}\n"
    rules = RuleSet(read(text, RuleFile, "rules.yaml").complete(), started_at=START)
    said: list[Alert] = []
    for place, value in enumerate(values):
        at = START + place * 15 * SECOND
        point = Point(at=at, tenant="acme", name="queue", kind="gauge", value=value, unit="s", **more)
        said += [*rules.observe(point, at), *rules.evaluate(at)]
    while until and (due := rules.next_at()) is not None and due <= START + until:
        said += rules.evaluate(due)
    return said


def reading(alert: Alert) -> Reading:
    assert alert.reading is not None
    return alert.reading


def test_what_is_over_has_the_number_that_ended_it() -> None:
    """Held against what it was held against, in the same unit."""
    first, over = told("above: 10000", 12_000, 3_000)
    assert (over.state, reading(over).value) == (State.RESOLVED, 3_000)
    for name in ("threshold", "comparison", "unit", "measure", "window"):
        assert getattr(reading(over), name) == getattr(reading(first), name)


def test_what_is_over_because_nothing_came_has_the_last_number() -> None:
    """There is no other."""
    (*_, over) = told("above: 10000", 12_000, until=10 * MINUTE)
    assert (over.ended_because, reading(over).value) == ("stale", 12_000)


def test_what_is_over_is_as_severe_as_it_ever_was() -> None:
    """Its readers remember the page; the next incident begins anew."""
    steps = "severity: {warning: {above: 5}, high: {above: 7}, critical: {above: 9}}"
    said = told(steps, 10, 8, 6, 1, 6, 1)
    assert [(alert.state, alert.severity) for alert in said] == [
        (State.FIRING, Severity.CRITICAL),
        (State.FIRING, Severity.HIGH),
        (State.FIRING, Severity.WARNING),
        (State.RESOLVED, Severity.CRITICAL),
        (State.FIRING, Severity.WARNING),
        (State.RESOLVED, Severity.WARNING),
    ]


def test_an_alert_says_which_service_it_was_last_seen_of() -> None:
    """And where that runs; as facts, unless they are what its groups are made by."""
    resource = {"service.name": "shop", "deployment.environment.name": "production", "host.name": "h"}
    (alert,) = told("above: 5", 9, resource=resource)
    assert alert.labels == {}
    assert alert.facts == {"service.name": "shop", "deployment.environment.name": "production"}
    (alert,) = told("above: 5, by: [service.name]", 9, resource=resource)
    assert alert.labels == {"service.name": "shop"}
    assert alert.facts == {"deployment.environment.name": "production"}
