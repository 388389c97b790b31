"""What is told without any rule."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from otel_alerting.model import Alert, Failure, Frame, Log, Severity, Signal, Span, State
from otel_alerting.model.duration import MINUTE, SECOND
from otel_alerting.rules.builtin import BuiltinRules
from otel_alerting.rules.facts import facts_of
from otel_alerting.rules.failures import culprit

NOW = 1_700_000_100 * SECOND
OWN = Frame("/srv/app/shop/cart.py", 12, "pay")
FOREIGN = Frame("/usr/lib/python3.11/site-packages/requests/api.py", 59, "get")


def log(body: str = "boom", **more: Any) -> Log:
    return Log(**{"at": NOW, "tenant": "acme", "severity": 13, "body": body, "scope": "shop", **more})


def span(**more: Any) -> Span:
    return Span(
        **{"at": NOW, "tenant": "acme", "started_at": NOW - SECOND, "name": "GET /pay", "status": "error", **more}
    )


def failure(kind: str = "shop.errors.Declined", *frames: Frame, **more: Any) -> Failure:
    return Failure(type=kind, message="card declined", frames=frames or (OWN, FOREIGN), **more)


def told(rules: BuiltinRules, signals: Iterable[Signal], now: int = NOW) -> list[Alert]:
    return [alert for signal in signals for alert in rules.observe(signal, now)]


def test_a_repeated_warning_is_counted_and_not_told_again() -> None:
    """Its count comes with the next refresh, a second later."""
    rules = BuiltinRules()
    assert len(told(rules, [log("user 1 gone"), log("user 2 gone"), log("user 3 gone")])) == 1
    assert rules.next_at() == NOW + SECOND
    (alert,) = rules.evaluate(NOW + SECOND)
    assert (alert.count, alert.text, alert.state) == (3, "user 3 gone", State.FIRING)
    assert rules.evaluate(NOW + 2 * SECOND) == []
    assert rules.next_at() == NOW + 5 * MINUTE


def test_it_is_over_after_the_last_one_was_long_ago() -> None:
    """Five minutes from the newest, whenever the evaluation comes."""
    rules = BuiltinRules()
    told(rules, [log()])
    told(rules, [log()], NOW + MINUTE)
    rules.evaluate(NOW + 5 * MINUTE)
    (alert,) = rules.evaluate(NOW + 20 * MINUTE)
    assert (alert.state, alert.ended_at, alert.ended_because, alert.count) == (
        State.RESOLVED, NOW + 6 * MINUTE, "quiet", 2,
    )  # fmt: skip
    assert rules.next_at() is None
    (again,) = told(rules, [log()], NOW + 21 * MINUTE)
    assert (again.count, again.identity) == (1, alert.identity)


def test_what_is_below_the_level_is_no_alert() -> None:
    """The handler's level."""
    assert told(BuiltinRules(), [log(severity=9), log(severity=0), span(status="ok")]) == []
    assert told(BuiltinRules(Severity.HIGH), [log(severity=13), span(status="unset", failures=(failure(),))]) == []
    assert len(told(BuiltinRules(Severity.DEBUG), [log(severity=5)])) == 1


def test_ten_thousand_distinct_warnings_are_all_counted() -> None:
    """A hundred alerts, the rest in one; the counts add up."""
    rules = BuiltinRules()
    words = [f"{chr(97 + n % 26)}{chr(97 + n // 26 % 26)}{chr(97 + n // 676)} is wrong" for n in range(10_000)]
    alerts = told(rules, map(log, words)) + rules.evaluate(NOW + SECOND)
    counts = {alert.identity: alert.count for alert in alerts}
    assert len(counts) == 101
    assert sum(counts.values()) == 10_000
    assert max(alerts, key=lambda alert: alert.count).labels == {"overflow": "true"}


def test_one_tenants_storm_takes_no_room_of_another() -> None:
    """The limit is per tenant."""
    rules = BuiltinRules(limit=1)
    alerts = told(rules, [log("a"), log("b"), log("a", tenant="globex"), log("b", tenant="globex")])
    assert [(alert.tenant, alert.labels.get("overflow")) for alert in alerts] == [
        ("acme", None), ("acme", "true"), ("globex", None), ("globex", "true"),
    ]  # fmt: skip


def test_an_exception_is_told_by_type_and_the_programs_own_innermost_frame() -> None:
    """Whatever the message says, and whichever library it came from."""
    (alert,) = told(BuiltinRules(), [log(severity=17, failure=failure(), resource={"service.name": "shop"})])
    assert alert.name == "UnhandledException"
    assert alert.labels == {"service.name": "shop", "exception.type": "Declined", "origin": "shop/cart.py:pay"}
    assert (alert.template, alert.severity, alert.text) == ("exception", Severity.HIGH, "boom")
    assert alert.failure == failure()


def test_a_failed_span_with_an_exception_is_one_alert() -> None:
    """The exception says more; the span's own alert would say it again."""
    (alert,) = told(BuiltinRules(), [span(failures=(failure(),))])
    assert (alert.name, alert.text) == ("UnhandledException", "card declined")
    (bare,) = told(BuiltinRules(), [span(status_message="no luck", resource={"service.name": "shop"})])
    assert (bare.name, bare.text) == ("SpanFailed", "GET /pay: no luck")
    assert bare.labels == {"service.name": "shop", "span.name": "GET /pay"}


def test_a_failed_request_is_told_once_although_its_messages_have_spans_too() -> None:
    """ASGI's instrumentation marks the span of `http.response.start` as failed, and the server's."""
    message = span(name="GET /pay http send", attributes={"asgi.event.type": "http.response.start"})
    (alert,) = told(BuiltinRules(), [message, span()])
    assert alert.labels == {"span.name": "GET /pay"}


def test_an_exception_in_a_span_that_did_not_fail_is_a_warning() -> None:
    """Somebody recorded it and went on."""
    (alert,) = told(BuiltinRules(), [span(status="unset", failures=(failure(),))])
    assert alert.severity is Severity.WARNING


def test_an_exception_that_leaves_span_after_span_counts_once() -> None:
    """Each of them records it; a retry inside one of them is another exception."""
    inner, again = (
        span(name="charge", trace_id="t", span_id=one, parent_id="p", failures=(failure(),)) for one in "ab"
    )
    outer = span(name="pay", trace_id="t", span_id="p", parent_id="q", failures=(failure(),))
    root = span(name="GET /pay", trace_id="t", span_id="q", failures=(failure(),))
    end = log("an exception ended the program", scope="uncaught", severity=21, failure=failure())
    rules = BuiltinRules()
    told(rules, [inner, outer, root, end])
    told(rules, [again, outer, root])
    (alert,) = rules.evaluate(NOW + SECOND)
    assert alert.count == 2


def test_an_exception_told_by_a_log_and_by_its_span_counts_once() -> None:
    """Whichever comes first; two records of the same kind are two exceptions."""
    same = {"trace_id": "a" * 32, "span_id": "b" * 16}
    logged = log(severity=17, failure=failure("shop.errors.Declined"), **same)
    recorded = span(failures=(failure("Declined"),), **same)
    for first, second in ((logged, recorded), (recorded, logged)):
        rules = BuiltinRules()
        alerts = told(rules, [first, second]) + rules.evaluate(NOW + SECOND)
        assert [alert.count for alert in alerts] == [1]
    rules = BuiltinRules()
    alerts = told(rules, [logged, logged, recorded]) + rules.evaluate(NOW + SECOND)
    assert alerts[-1].count == 2


def test_the_culprit_is_looked_for_in_the_causes_too() -> None:
    """An exception that only foreign code raised points to the program's call of it."""
    assert culprit(failure("E", FOREIGN, cause=failure("C", OWN))) == "shop/cart.py:pay"
    assert culprit(failure("E", FOREIGN)) == "requests/api.py:get"
    assert culprit(Failure(type="E")) == ""
    trace = 'Traceback (most recent call last):\n  File "/srv/app/shop/mail.py", line 3, in send\n    x()\nE: no'
    assert culprit(Failure(type="E", stacktrace=trace)) == "shop/mail.py:send"


def test_a_worse_one_and_a_burst_are_told_at_once() -> None:
    """One identity: severity rises on the same alert."""
    rules = BuiltinRules(burst=10)
    alerts = told(rules, [log(severity=17), log(severity=21)])
    assert [alert.severity for alert in alerts] == [Severity.HIGH, Severity.CRITICAL]
    assert len({alert.identity for alert in alerts}) == 1
    storm = told(BuiltinRules(burst=10), [log()] * 30)
    assert [(alert.severity, alert.count) for alert in storm] == [(Severity.WARNING, 1), (Severity.HIGH, 10)]


def test_a_burst_says_that_it_made_an_alert_worse() -> None:
    """How many in which time, and how severe it is without; nothing once it is calm, and again when it is over."""
    rules = BuiltinRules(burst=10)
    (first, storm) = told(rules, [log()] * 30)
    burst = {"burst.count": 10, "burst.window": MINUTE, "burst.severity": "warning"}
    assert (first.facts, storm.facts) == ({}, burst)
    told(rules, [log()], NOW + 4 * MINUTE)
    rules.evaluate(NOW + 4 * MINUTE + SECOND)
    told(rules, [log()], NOW + 8 * MINUTE)
    (calm,) = rules.evaluate(NOW + 8 * MINUTE + SECOND)
    assert (calm.severity, calm.facts) == (Severity.WARNING, {})
    (over,) = rules.evaluate(NOW + 20 * MINUTE)
    assert (over.state, over.severity, over.facts) == (State.RESOLVED, Severity.HIGH, burst)


def test_a_burst_outlives_a_restart() -> None:
    """It is calm as long after it, and what it made worse is as mild as before."""
    storm = told(BuiltinRules(burst=10), [log()] * 30)[-1]
    rules = BuiltinRules(burst=10)
    rules.resume([storm], NOW + SECOND)
    assert [(alert.severity, alert.facts) for alert in rules.told()] == [(Severity.HIGH, storm.facts)]
    told(rules, [log()], NOW + 4 * MINUTE)
    rules.evaluate(NOW + 4 * MINUTE + SECOND)
    told(rules, [log()], NOW + 8 * MINUTE)
    (calm,) = rules.evaluate(NOW + 8 * MINUTE + SECOND)
    assert (calm.severity, calm.facts) == (Severity.WARNING, {})


def test_a_programs_own_words_for_a_burst_are_its_own() -> None:
    """They make nothing milder after a restart, and do not stand in the way of ours."""
    own = {"burst.count": 3, "burst.severity": "loud"}
    (alert,) = told(BuiltinRules(), [log(attributes=own)])
    rules = BuiltinRules()
    rules.resume([alert], NOW + SECOND)
    assert [(alert.severity, alert.facts) for alert in rules.told()] == [(Severity.WARNING, own)]
    storm = told(BuiltinRules(burst=10), [log(attributes=own)] * 30)[-1]
    assert storm.facts == {"burst.count": 10, "burst.window": MINUTE, "burst.severity": "warning"}


def test_ninety_nine_in_a_minute_are_no_burst() -> None:
    """And neither are a hundred in more than a minute."""
    rules = BuiltinRules()
    alerts = [alert for n in range(1000) for alert in rules.observe(log(), NOW + n * 607_000_000)]
    assert [alert.severity for alert in alerts] == [Severity.WARNING]


def test_facts_are_few_and_short() -> None:
    """Twelve attributes of at most 256 characters; nothing that stands in the labels or says what every record says."""
    attributes = {"code.lineno": 3, "long": "x" * 1000, "n": 5, **{f"a{n}": n for n in range(50)}}
    (alert,) = told(BuiltinRules(), [log(attributes=attributes)])
    assert len(alert.facts) == 12
    assert (alert.facts["long"], alert.facts["n"]) == ("x" * 256, 5)
    assert "code.lineno" not in alert.facts


def test_the_resource_says_where_it_happened() -> None:
    """Its service and environment are facts, as far as no label says so; a service that nobody named is none."""
    resource = {"service.name": "shop", "deployment.environment": "production", "host.name": "h"}
    (alert,) = told(BuiltinRules(), [log(resource=resource, attributes={"n": 5})])
    assert alert.labels["service.name"] == "shop"
    assert alert.facts == {"deployment.environment.name": "production", "n": 5}
    signal = log(resource=resource, attributes={"env": "test"})
    assert facts_of(signal, {"job": "shop"}) == {"env": "test"}
    assert facts_of(signal, {}) == {"service.name": "shop", "env": "test"}
    assert facts_of(log(resource={"service.name": "unknown_service:python"}), {}) == {}
    assert "service.name" not in facts_of(signal, {"overflow": "true"})


def test_secrets_are_taken_out_of_everything_that_is_told() -> None:
    """Text, fingerprint, facts, exception and its causes."""

    def redact(said: str) -> str:
        return said.replace("hunter", "***")

    rules = BuiltinRules(redact=redact)
    cause = Failure(type="K", message="hunter", stacktrace="hunter")
    alerts = told(
        rules,
        [
            log("password hunter wrong", attributes={"password": "hunter"}),
            log("hunter", failure=Failure(type="E", message="hunter", cause=cause)),
        ],
    )
    assert len(alerts) == 2
    assert "hunter" not in repr(alerts)


signals = st.lists(
    st.tuples(
        st.integers(0, 20 * 60),
        st.sampled_from([log("a"), log("b"), log("b", severity=21), span(), span(failures=(failure(),))]),
    ),
    max_size=40,
)


@given(signals)
def test_every_signal_is_in_exactly_one_alert(seen: list[tuple[int, Signal]]) -> None:
    """Whatever comes when: each alert is resolved in the end, and the counts add up."""
    rules, open_, total = BuiltinRules(burst=5), {}, 0
    for after, signal in sorted(seen, key=lambda one: one[0]):
        now = NOW + after * SECOND
        for alert in [*rules.evaluate(now), *rules.observe(signal, now)]:
            open_[alert.identity] = alert
            if not alert.firing:
                total += open_.pop(alert.identity).count
    for alert in rules.evaluate(NOW + 60 * MINUTE):
        open_[alert.identity] = alert
    assert not any(alert.firing for alert in open_.values())
    assert total + sum(alert.count for alert in open_.values()) == len(seen)
    assert rules.next_at() is None
