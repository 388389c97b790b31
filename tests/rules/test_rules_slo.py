"""An objective's rule tells when its budget burns too fast over a long window and still does over a short one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from otel_alerting.config.read import read
from otel_alerting.model import Alert, Point, Severity, Signal, Span, State
from otel_alerting.model.duration import DAY, HOUR, MINUTE, SECOND
from otel_alerting.rules.rule import RuleFile
from otel_alerting.rules.ruleset import RuleSet
from otel_alerting.rules.state import RuleSetState

START = 1_700_006_400 * SECOND
"""On the hour."""
SHOP = "span: {kind: server}, bad: {status: error}"
PAGE = "{long: 10m, short: 1m, factor: 10, severity: page}"
TICKET = "{long: 1h, short: 10m, factor: 1, severity: ticket}"


def ruleset(slo: str = "", beside: str = "", sli: str = SHOP, rates: str = f"[{PAGE}, {TICKET}]") -> RuleSet:
    said = f"objective: 99%, sli: {{{sli}}}, burn_rates: {rates}{slo}"
    text = f"{{version: 1, rules: [{{alert: Burns, lateness: 0s, slo: {{{said}}}{beside}}}]}}"
    return RuleSet(read(text, RuleFile, "rules.yaml").complete(), started_at=START)


def span(second: float, status: str = "ok", **more: Any) -> Span:
    at = START + round(second * SECOND)
    return Span(at=at, started_at=at, **{"name": "pay", "kind": "server", "status": status, "tenant": "acme", **more})


def spans(begin: int, end: int, bad: float = 0.0, **more: Any) -> Iterator[Span]:
    """One a second, a share of them bad, evenly."""
    for second in range(begin, end):
        is_bad = int((second + 1) * bad) > int(second * bad)
        yield span(second + 1, "error" if is_bad else "ok", **more)


def told(rules: RuleSet, signals: Sequence[Signal], until: int) -> list[Alert]:
    """Every alert, edge by edge, until some second."""
    alerts = []
    for signal in sorted(signals, key=lambda one: one.at):
        alerts += evaluated(rules, signal.at - 1)
        alerts += rules.observe(signal, signal.at)
    return alerts + evaluated(rules, START + until * SECOND)


def evaluated(rules: RuleSet, now: int) -> list[Alert]:
    alerts = []
    while (due := rules.next_at()) is not None and due <= now:
        alerts += rules.evaluate(due)
    return alerts


def changes(alerts: Sequence[Alert]) -> list[tuple[int, State, Severity]]:
    """Seconds, state and severity, where one of these is another than before, by identity."""
    known: dict[str, tuple[State, Severity]] = {}
    found = []
    for alert in alerts:
        if known.get(alert.identity) != (alert.state, alert.severity):
            known[alert.identity] = (alert.state, alert.severity)
            found.append(((alert.updated_at - START) // SECOND, alert.state, alert.severity))
    return found


def test_both_windows_must_burn_too_fast() -> None:
    """A short burst does not fill the long window; after a long one the short window says when it is over."""
    rules = ruleset(rates=f"[{PAGE}]")
    burst = [*spans(0, 600), *spans(600, 630, bad=1.0), *spans(630, 1200)]
    assert told(rules, burst, 1200) == []
    trouble = [*spans(1200, 1320, bad=1.0), *spans(1320, 2400)]
    assert changes(told(rules, trouble, 2400)) == [
        # 75 bad ones in 600 seconds are 12.5 %; 60 are 10 %, which is not above ten times 1 %.
        (1275, State.FIRING, Severity.CRITICAL),
        # 15 of 60 a quarter of a minute before, none in the last minute.
        (1380, State.RESOLVED, Severity.CRITICAL),
    ]


def test_page_and_ticket_are_one_incident() -> None:
    """One identity; the severity rises and falls."""
    rules = ruleset()
    alerts = told(rules, [*spans(0, 3600), *spans(3600, 3720, bad=1.0), *spans(3720, 7200)], 7200)
    assert {alert.identity for alert in alerts} == {alerts[0].identity}
    assert {alert.started_at for alert in alerts} == {alerts[0].started_at}
    assert [(state, severity) for _, state, severity in changes(alerts)] == [
        (State.FIRING, Severity.WARNING),
        (State.FIRING, Severity.CRITICAL),
        (State.FIRING, Severity.WARNING),
        (State.RESOLVED, Severity.WARNING),
    ]


def test_the_alert_says_how_fast_and_what_is_left() -> None:
    """The burn rate of the long window as its value; the budget of the period beside it."""
    rules = ruleset(", period: 1d", rates=f"[{PAGE}]")
    alert = told(rules, [*spans(0, 3600), *spans(3600, 3690, bad=1.0)], 3690)[-1]
    reading = alert.reading
    assert reading is not None
    assert (reading.value, reading.threshold, reading.comparison) == (15.0, 10.0, "above")
    assert (reading.measure, reading.window, reading.samples, reading.unit) == ("burn rate", 10 * MINUTE, 600, "")
    assert alert.facts["budget_left"] == pytest.approx(1 - 90 / 3690 / 0.01, abs=1e-4)
    assert (alert.facts["objective"], alert.facts["windows"]) == ("99% / 1d", "10m / 1m")
    assert (alert.labels, alert.template) == ({"slo": "Burns"}, "threshold")


def test_the_label_slo_is_the_objective_s_name() -> None:
    """The rule's unless one is said; labels of the rule and its groups stand beside it."""
    rules = ruleset(", name: checkout", ", by: [http.route], labels: {team: shop}")
    alerts = told(rules, list(spans(0, 300, bad=1.0, attributes={"http.route": "/pay"})), 300)
    assert alerts[0].labels == {"slo": "checkout", "team": "shop", "http.route": "/pay"}


def test_groups_have_budgets_of_their_own() -> None:
    """By attribute, and always by tenant."""
    rules = ruleset(beside=", by: [http.route]")
    bad = list(spans(0, 300, bad=1.0, attributes={"http.route": "/pay"}))
    well = list(spans(0, 300, attributes={"http.route": "/cart"}))
    other = list(spans(0, 300, tenant="globex", attributes={"http.route": "/pay"}))
    alerts = told(rules, [*bad, *well, *other], 300)
    assert {(alert.tenant, alert.labels["http.route"]) for alert in alerts} == {("acme", "/pay")}


def test_min_count_is_asked_of_the_long_window() -> None:
    """It is 0 by default: one bad request of one burns a hundred times as fast as 99% allow."""
    few = list(spans(0, 20, bad=1.0))
    assert changes(told(ruleset(), few, 60)) == [(15, State.FIRING, Severity.CRITICAL)]
    assert told(ruleset(beside=", min_count: 21"), few, 60) == []
    assert changes(told(ruleset(beside=", min_count: 20"), few, 60)) == [(30, State.FIRING, Severity.CRITICAL)]


def test_nothing_burns_nothing() -> None:
    """Without traffic an objective is met, and what burned is over."""
    alerts = told(ruleset(rates=f"[{PAGE}]"), list(spans(0, 60, bad=1.0)), 600)
    assert changes(alerts)[-1] == (120, State.RESOLVED, Severity.CRITICAL)


def test_for_and_keep_firing_for_mean_what_they_always_do() -> None:
    """The pair must hold so long; and be well so long."""
    rules = ruleset(beside=", for: 2m, keep_firing_for: 5m", rates=f"[{PAGE}]")
    alerts = told(rules, [*spans(0, 300, bad=1.0), *spans(300, 1200)], 1200)
    assert changes(alerts) == [(135, State.FIRING, Severity.CRITICAL), (660, State.RESOLVED, Severity.CRITICAL)]


def test_a_new_group_may_say_nothing_at_first() -> None:
    """`new_group_delay`, from its first signal on."""
    alerts = told(ruleset(beside=", new_group_delay: 3m"), list(spans(0, 300, bad=1.0)), 300)
    assert changes(alerts)[0][0] == 195


def test_only_the_tenants_that_are_named() -> None:
    """Others have no budget."""
    assert told(ruleset(beside=", tenants: [globex]"), list(spans(0, 300, bad=1.0)), 300) == []


def test_over_the_limit_the_rest_is_one_alert() -> None:
    """As for all rules, with the objective's label."""
    rules = ruleset(beside=", by: [route], limit: 2", rates=f"[{PAGE}]")
    signals = [one for route in range(5) for one in spans(0, 60, bad=1.0, attributes={"route": route})]
    crowd = [alert for alert in told(rules, signals, 60) if alert.labels.get("overflow")]
    assert crowd[-1].labels == {"slo": "Burns", "overflow": "true"}
    assert crowd[-1].facts["overflow.groups"] == 3


def test_groups_beyond_max_series_share_a_budget() -> None:
    """And the rule says so."""
    rules = ruleset(beside=", by: [route], max_series: 2", rates=f"[{PAGE}]")
    signals = [one for route in range(4) for one in spans(0, 60, bad=1.0, attributes={"route": route})]
    alerts = told(rules, signals, 60)
    assert {alert.name for alert in alerts} == {"Burns", "TooManySeries"}
    assert len({alert.identity for alert in alerts if alert.name == "Burns"}) == 3


def test_what_is_late_counts_and_what_is_older_than_the_period_is_lost() -> None:
    """A late event changes what is found later; nothing fires for the past."""
    rules = ruleset(", period: 1d", rates="[{long: 6h, short: 1h, factor: 10, severity: page}]")
    told(rules, list(spans(0, 60)), 60)
    for number in range(30):
        rules.observe(span(-1800 - number, "error"), START + 70 * SECOND)
    assert changes(evaluated(rules, START + 90 * SECOND)) == [(75, State.FIRING, Severity.CRITICAL)]
    rules.observe(span(-2 * DAY // SECOND, "error"), START + 90 * SECOND)
    assert rules.lost() == {("acme", "late"): 1}


def test_an_event_from_the_future_counts_as_now() -> None:
    """A clock that is an hour ahead must not fill an hour that nobody has seen."""
    rules = ruleset(rates=f"[{PAGE}]")
    alerts = []
    for second in range(1, 61):
        rules.observe(span(second + 3600, "error"), START + second * SECOND)
        alerts += evaluated(rules, START + second * SECOND)
    assert changes(alerts) == [(15, State.FIRING, Severity.CRITICAL)]
    assert rules.ahead() == {"acme": 60}


def test_a_counter_s_first_point_is_no_event() -> None:
    """Steps are counted: the sum of the steps of all streams of a group, resets included."""
    rules = ruleset(sli="metric: requests, bad: {code: 500}", rates=f"[{PAGE}]", beside=", min_count: 100")
    signals = []
    for code, values in ((200, (1000, 1050, 1100, 20)), (500, (500, 500, 540, 40))):
        for number, value in enumerate(values):
            at = START + (number * 10 + 1) * SECOND
            signals.append(counter("requests", at, value, code=code))
    alert = told(rules, signals, 45)[-1]
    # 50 + 50 + 20 are well, 40 + 40 are not.
    assert alert.reading is not None
    assert (alert.reading.samples, alert.reading.value) == (200, 40.0)
    assert alert.count == 200


def counter(name: str, at: int, value: float, **attributes: object) -> Point:
    return Point(
        at=at,
        name=name,
        kind="sum",
        temporality="cumulative",
        monotonic=True,
        value=value,
        started_at=START - HOUR,
        tenant="acme",
        attributes=attributes,
    )


@pytest.mark.parametrize(
    ("outcome", "second", "share"),
    [("bad: {metric: failures}", "failures", 0.25), ("good: {metric: successes}", "successes", 0.75)],
)
def test_two_counters_make_a_ratio(outcome: str, second: str, share: float) -> None:
    """One counts everything, the other what is bad, or what is good; they meet in groups of the same labels."""
    rules = ruleset(sli=f"metric: requests, {outcome}", rates=f"[{PAGE}]", beside=", by: [route]")
    signals = []
    for number in range(6):
        at = START + (number * 10 + 1) * SECOND
        signals.append(counter("requests", at, 100.0 * number, route="/pay"))
        signals.append(counter(second, at, 100.0 * number * share, route="/pay"))
    alert = told(rules, signals, 60)[-1]
    assert alert.reading is not None
    assert (alert.reading.value, alert.reading.samples, alert.count) == (25.0, 500, 500)


def test_a_counter_of_failures_that_was_never_seen_is_0() -> None:
    """Programs make it with the first failure."""
    rules = ruleset(sli="metric: requests, bad: {metric: failures}")
    signals = [counter("requests", START + number * 10 * SECOND, 100.0 * number) for number in range(6)]
    assert told(rules, signals, 60) == []


def test_the_alert_shows_something_that_was_bad() -> None:
    """Its trace is the one to look at, though better ones came later."""
    rules = ruleset(rates=f"[{PAGE}]")
    signals = [
        *spans(0, 30, trace_id="a" * 32),
        span(31, "error", trace_id="b" * 32),
        *spans(31, 60, trace_id="c" * 32),
    ]
    signals += [span(32 + n / 100, "error", trace_id="b" * 32) for n in range(20)]
    assert told(rules, signals, 60)[-1].trace_id == "b" * 32


def test_a_machine_that_slept_keeps_its_month() -> None:
    """What was counted was counted; what pends begins anew, nothing ends because of it."""
    rules = ruleset(", period: 1d", rates="[{long: 6h, short: 1h, factor: 10, severity: page}]")
    rules.evaluate(START, 1)
    alerts = told(rules, [*spans(0, 600), *spans(600, 1000, bad=1.0)], 1000)
    assert alerts[-1].firing
    asleep = START + 1000 * SECOND + 30 * MINUTE
    alerts = rules.evaluate(asleep, 1000 * SECOND + 1)
    alerts += evaluated(rules, asleep + MINUTE)
    assert alerts[-1].firing
    assert alerts[-1].reading is not None
    assert alerts[-1].reading.samples == 1000


def test_a_clock_set_back_does_not_stop_the_counting() -> None:
    """Bad events after it are seen at once."""
    rules = ruleset(rates=f"[{PAGE}]")
    told(rules, list(spans(3600, 3900)), 3900)
    alerts = []
    for signal in spans(0, 120, bad=1.0):
        alerts += evaluated(rules, signal.at - 1)
        alerts += rules.observe(signal, signal.at)
    assert [state for _, state, _ in changes(alerts)] == [State.FIRING]


def test_a_program_s_end_is_not_the_end_of_its_trouble() -> None:
    """What the last edges would find wrong is told, and nothing is said to be over."""
    rules = ruleset(rates=f"[{PAGE}]")
    for signal in spans(0, 8, bad=1.0):
        rules.observe(signal, signal.at)
    assert changes(rules.finish(START + 8 * SECOND)) == [(15, State.FIRING, Severity.CRITICAL)]


def test_a_quiet_group_is_forgotten_after_the_period() -> None:
    """Not before: its budget is not over."""
    rules = ruleset(", period: 1h", rates=f"[{PAGE}]")
    told(rules, list(spans(0, 60)), 60)
    evaluated(rules, START + HOUR)
    assert rules.next_at() is not None
    evaluated(rules, START + HOUR + 2 * MINUTE)
    assert rules.next_at() is None


# Restart and reload


def restarted(rules: RuleSet, second: int, away: int, new: RuleSet) -> tuple[RuleSet, list[Alert]]:
    """A new process goes on after so many seconds."""
    state = RuleSetState.decoded(rules.state(START + second * SECOND).encoded())
    return new, new.restore(state, START + (second + away) * SECOND)


def test_a_restart_forgets_neither_the_month_nor_the_alert() -> None:
    """What was counted counts, what fires fires on, as one incident."""
    rules = ruleset(", period: 1d", rates=f"[{PAGE}]")
    before = told(rules, [*spans(0, 600), *spans(600, 700, bad=1.0)], 700)[-1]
    rules, ended = restarted(rules, 700, 10, ruleset(", period: 1d", rates=f"[{PAGE}]"))
    assert ended == []
    alerts = told(rules, list(spans(710, 800)), 800)
    assert {alert.identity for alert in alerts} == {before.identity}
    assert alerts[-1].state is State.RESOLVED
    firing = next(alert for alert in alerts if alert.firing)
    assert firing.started_at == before.started_at
    assert firing.facts["budget_left"] == pytest.approx(1 - 100 / 705 / 0.01, rel=1e-2)


def test_a_restart_is_no_recovery() -> None:
    """A short window in which nobody looked says nothing; one in which somebody did and nothing was bad does."""
    rules = ruleset(", period: 1d", rates=f"[{PAGE}]")
    assert told(rules, [*spans(0, 600), *spans(600, 700, bad=1.0)], 700)[-1].firing
    rules, _ = restarted(rules, 700, 300, ruleset(", period: 1d", rates=f"[{PAGE}]"))
    assert changes(told(rules, list(spans(1000, 1100)), 1100))[-1] == (1065, State.RESOLVED, Severity.CRITICAL)


def test_a_long_absence_ends_the_alert_and_keeps_the_month() -> None:
    """After an hour nobody knows what went on; what was counted before is true all the same."""
    rules = ruleset(", period: 1d", rates=f"[{PAGE}]")
    assert told(rules, list(spans(0, 600, bad=1.0)), 600)[-1].firing
    rules, ended = restarted(rules, 600, 7200, ruleset(", period: 1d", rates=f"[{PAGE}]"))
    assert [alert.state for alert in ended] == [State.RESOLVED]
    alerts = told(rules, list(spans(7800, 7900, bad=1.0)), 7900)
    assert alerts[-1].facts["budget_left"] == pytest.approx(1 - 100)
    assert alerts[-1].count < 700


def test_other_rates_keep_what_was_counted() -> None:
    """On reload the budgets go on under the new contract."""
    rules = ruleset(rates=f"[{PAGE}]")
    assert told(rules, [*spans(0, 600), *spans(600, 650, bad=1.0)], 650) == []
    new = ruleset(rates="[{long: 10m, short: 1m, factor: 5, severity: ticket}]")
    assert new.succeed(rules, START + 650 * SECOND) == []
    assert changes(told(new, list(spans(650, 660)), 660)) == [(660, State.FIRING, Severity.WARNING)]


def test_another_indicator_counts_anew() -> None:
    """What was bad by one says nothing about the other; what fires ends after a short window in which nothing was."""
    rules = ruleset(rates=f"[{PAGE}]")
    assert told(rules, list(spans(0, 120, bad=1.0)), 120)[-1].firing
    new = ruleset(sli="span: {}, bad: {status: unset}", rates=f"[{PAGE}]")
    new.succeed(rules, START + 120 * SECOND)
    assert changes(told(new, list(spans(120, 200)), 200)) == [(180, State.RESOLVED, Severity.CRITICAL)]


def test_an_objective_that_becomes_another_rule_is_over() -> None:
    """Nothing of it can go on."""
    rules = ruleset(rates=f"[{PAGE}]")
    assert told(rules, list(spans(0, 120, bad=1.0)), 120)[-1].firing
    text = "{version: 1, rules: [{alert: Burns, span: {}, above: 5}]}"
    new = RuleSet(read(text, RuleFile, "rules.yaml").complete(), started_at=START)
    assert [alert.state for alert in new.succeed(rules, START + 120 * SECOND)] == [State.RESOLVED]
