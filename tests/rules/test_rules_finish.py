"""What a rule set says when the program ends."""

from __future__ import annotations

from otel_alerting.model import Point
from otel_alerting.model.duration import SECOND, Duration
from otel_alerting.rules.quantity import Quantity
from otel_alerting.rules.rule import Rule
from otel_alerting.rules.ruleset import RuleSet

T0 = 1_700_000_000 * SECOND


def rules(**more: object) -> RuleSet:
    rule = Rule(alert="Deep", metric="depth", above=Quantity.parse(50), **more)  # type: ignore[arg-type]
    return RuleSet([rule], started_at=T0)


def point(value: float, at: int = T0) -> Point:
    return Point(at=at, tenant="acme", name="depth", kind="gauge", value=value)


def test_what_was_seen_last_is_judged_at_the_end() -> None:
    """A short program's last measurement would otherwise wait for an edge that does not come."""
    ruleset = rules(interval=Duration(SECOND), lateness=Duration(30 * SECOND))
    assert ruleset.observe(point(99), T0) == []
    (alert,) = ruleset.finish(T0 + SECOND)
    assert alert.firing
    assert alert.reading is not None
    assert alert.reading.value == 99


def test_the_end_of_the_program_ends_no_alert() -> None:
    """That nothing more comes is no sign that it is over."""
    ruleset = rules(interval=Duration(SECOND), lateness=Duration(0))
    ruleset.observe(point(99), T0)
    assert [alert.firing for alert in ruleset.evaluate(T0 + SECOND)] == [True]
    ruleset.observe(point(1, T0 + 2 * SECOND), T0 + 2 * SECOND)
    assert ruleset.finish(T0 + 2 * SECOND) == []
