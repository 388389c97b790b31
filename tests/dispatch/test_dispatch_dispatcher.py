"""The dispatcher: alerts in, notifications out, each change in exactly one."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import pytest

from otel_alerting.dispatch.dispatcher import Dispatcher
from otel_alerting.dispatch.group import LISTED
from otel_alerting.dispatch.matcher import Matcher
from otel_alerting.dispatch.route import Route
from otel_alerting.model import Alert, Delivery, News, Notification, Outcome, Reason, Receipt, Severity, Tenant
from otel_alerting.model.duration import HOUR, MINUTE, SECOND, Duration
from otel_alerting.telemetry import Counters

ROUTE = Route(
    receiver="ops",
    group_by=("alertname",),
    group_wait=Duration(5 * SECOND),
    group_interval=Duration(MINUTE),
    repeat_interval=Duration(4 * HOUR),
)


def dispatcher(route: Route = ROUTE, tenants: Mapping[str, Tenant] | None = None, **settings: object) -> Dispatcher:
    return Dispatcher(route=route, tenants=tenants or {}, **settings)  # type: ignore[arg-type]


def alert(host: str = "web-1", at: int = 0, severity: Severity = Severity.WARNING, **more: object) -> Alert:
    values = {"tenant": "acme", "name": "Slow", "labels": {"host": host}, "started_at": at, "updated_at": at, **more}
    return Alert(severity=severity, **values)  # type: ignore[arg-type]


def delivery(of: Notification, outcome: Outcome = Outcome.SENT, ts: str = "", place: str = "slack") -> Delivery:
    receipt = Receipt(destination=place, at=of.at, channel="C1" if ts else "", ts=ts)
    return Delivery(
        notification=of.id,
        tenant=of.tenant,
        receiver=of.receiver,
        group=of.group,
        destination=place,
        outcome=outcome,
        at=of.at,
        queued_at=of.at,
        changes=of.changes,
        receipt=receipt if outcome is Outcome.SENT else None,
    )


def only(notifications: list[Notification]) -> Notification:
    (one,) = notifications
    return one


def told(ours: Dispatcher, **more: object) -> Notification:
    """A dispatcher whose group has been told of one alert at 5 s."""
    ours.accept(alert(**more), 0)  # type: ignore[arg-type]
    return only(ours.due(5 * SECOND))


def test_a_new_group_waits_for_company() -> None:
    """Alerts that begin within `group_wait` are one message."""
    ours = dispatcher()
    ours.accept(alert("web-1"), 0)
    ours.accept(alert("web-2", 3 * SECOND), 3 * SECOND)
    assert ours.next_at() == 5 * SECOND
    assert ours.due(5 * SECOND - 1) == []
    first = only(ours.due(5 * SECOND))
    assert (first.reason, first.seq, first.firing, first.changes, first.at) == (Reason.FIRST, 1, 2, 2, 5 * SECOND)
    assert (first.receiver, first.group_labels, first.started_at) == ("ops", {"alertname": "Slow"}, 0)
    assert ours.due(50 * SECOND) == []


@pytest.mark.parametrize("severity", [Severity.HIGH, Severity.CRITICAL])
def test_high_does_not_wait_and_takes_along_what_does(severity: Severity) -> None:
    """An alert of high or critical severity is due at once, with everything its group has collected."""
    ours = dispatcher()
    ours.accept(alert("web-1"), 0)
    ours.accept(alert("web-2", 1, severity), 1)
    assert ours.next_at() == 1
    first = only(ours.due(1))
    assert (first.firing, first.severity, first.changes) == (2, severity, 2)
    assert [each.labels["host"] for each in first.alerts] == ["web-2", "web-1"]
    ours.accept(alert("web-3", 2, severity), 2)
    assert only(ours.due(2)).reason is Reason.MORE


def test_what_joins_a_told_group_waits_for_the_next_tick() -> None:
    """The grid of `group_interval` begins at the last message; between its ticks changes are collected."""
    ours = dispatcher()
    told(ours)
    ours.accept(alert("web-2", 70 * SECOND), 70 * SECOND)
    ours.accept(alert("web-3", 80 * SECOND), 80 * SECOND)
    assert ours.next_at() == 125 * SECOND
    more = only(ours.due(125 * SECOND))
    assert (more.reason, more.seq, more.firing, more.changes) == (Reason.MORE, 2, 3, 2)


def test_some_are_over_then_all_are() -> None:
    """What ended is listed once, then forgotten; the end of all is a message of its own."""
    ours = dispatcher()
    ours.accept(alert("web-1"), 0)
    ours.accept(alert("web-2"), 0)
    ours.due(5 * SECOND)
    ours.accept(alert("web-1").resolved(6 * SECOND), 6 * SECOND)
    fewer = only(ours.due(65 * SECOND))
    assert (fewer.reason, fewer.firing, fewer.resolved) == (Reason.FEWER, 1, 1)
    assert [each.state.value for each in fewer.alerts] == ["firing", "resolved"]
    ours.accept(alert("web-2").resolved(66 * SECOND), 66 * SECOND)
    over = only(ours.due(125 * SECOND))
    assert (over.reason, over.firing, over.resolved, over.over, len(over.alerts)) == (Reason.RESOLVED, 0, 1, True, 1)
    assert ours.next_at() is None


def test_what_ended_before_anybody_heard_is_told_once() -> None:
    """Accepted is kept: an alert that began and ended within `group_wait` is a message, not silence."""
    ours = dispatcher()
    ours.accept(alert(), 0)
    ours.accept(alert().resolved(SECOND), SECOND)
    assert ours.waiting("acme") == 2
    over = only(ours.due(5 * SECOND))
    assert (over.reason, over.changes, over.resolved) == (Reason.RESOLVED, 2, 1)
    assert ours.due(HOUR) == []


def test_what_began_and_ended_between_two_ticks_is_told() -> None:
    """The same in a group that its readers know."""
    ours = dispatcher()
    told(ours)
    ours.accept(alert("web-2", 10 * SECOND), 10 * SECOND)
    ours.accept(alert("web-2", 10 * SECOND).resolved(20 * SECOND), 20 * SECOND)
    more = only(ours.due(65 * SECOND))
    assert (more.firing, more.resolved, more.changes) == (1, 1, 2)


def test_an_end_that_nobody_saw_begin_is_nothing() -> None:
    """An alert that is over before it was ever accepted has no readers."""
    ours = dispatcher()
    ours.accept(alert().resolved(1), 1)
    assert (ours.next_at(), ours.raised("acme"), ours.flush(2)) == (None, 0, [])


def test_getting_worse_does_not_wait_for_the_tick() -> None:
    """A rise of severity is told at once, below high too; the identity stays."""
    ours = dispatcher()
    told(ours, severity=Severity.INFO)
    ours.accept(alert(at=6 * SECOND), 6 * SECOND)
    worse = only(ours.due(6 * SECOND))
    assert (worse.reason, worse.severity, worse.firing) == (Reason.ESCALATED, Severity.WARNING, 1)


def test_getting_better_is_quiet() -> None:
    """A fall of severity is no message of its own; rising back to what the readers know is none either."""
    ours = dispatcher()
    told(ours, severity=Severity.WARNING)
    ours.accept(alert(severity=Severity.INFO), 6 * SECOND)
    ours.accept(alert(severity=Severity.WARNING), 7 * SECOND)
    assert ours.due(2 * MINUTE) == []
    assert ours.waiting("acme") == 0


def test_nothing_new_is_repeated_while_it_is_wrong() -> None:
    """After `repeat_interval` since the last message, again and again."""
    ours = dispatcher()
    told(ours)
    assert ours.next_at() == 5 * SECOND + 4 * HOUR
    again = only(ours.due(5 * SECOND + 4 * HOUR))
    assert (again.reason, again.changes, again.seq) == (Reason.REPEAT, 0, 2)
    assert only(ours.due(9 * HOUR)).reason is Reason.REPEAT


def test_counts_that_move_update_a_message_that_can_be_changed() -> None:
    """At the next tick, in place, under the destination's receipt; a quiet update does not put off the repetition."""
    ours = dispatcher()
    ours.note(delivery(told(ours), ts="1.1"), 6 * SECOND)
    ours.accept(alert(count=9), 7 * SECOND)
    updated = only(ours.due(65 * SECOND))
    assert (updated.reason, updated.changes, updated.occurrences) == (Reason.UPDATED, 0, 9)
    assert updated.previous["slack"].ts == "1.1"
    assert ours.next_at() == 5 * SECOND + 4 * HOUR


def test_counts_that_move_before_the_receipt_is_there_are_not_forgotten() -> None:
    """Slack may answer after the count has moved."""
    ours = dispatcher()
    first = told(ours)
    ours.accept(alert(count=9), 7 * SECOND)
    ours.note(delivery(first, ts="1.1"), 8 * SECOND)
    assert only(ours.due(65 * SECOND)).reason is Reason.UPDATED


def test_counts_that_move_do_not_post_to_a_webhook() -> None:
    """Where a message cannot be changed, a count is told with the next real message."""
    ours = dispatcher()
    ours.note(delivery(told(ours)), 6 * SECOND)
    ours.accept(alert(count=9), 7 * SECOND)
    assert ours.due(HOUR) == []
    assert ours.flush(HOUR) == []
    ours.accept(alert(count=12).resolved(HOUR), HOUR)
    assert only(ours.flush(HOUR)).occurrences == 12


def test_a_direct_alert_adds_up_and_a_rules_total_replaces() -> None:
    """Direct calls do not count themselves: those are the alerts that expire."""
    ours = dispatcher()
    for count in (1, 5, 9):
        ours.accept(alert("rule", count=count), 0)
        ours.accept(alert("direct", expires_at=HOUR), 0)
    first = only(ours.due(5 * SECOND))
    assert {each.labels["host"]: each.count for each in first.alerts} == {"rule": 9, "direct": 3}
    assert (first.occurrences, first.changes) == (12, 2)


def test_an_alert_that_nobody_raises_again_expires() -> None:
    """At its own moment, whoever asks when; raised again in time, it goes on."""
    ours = dispatcher()
    told(ours, expires_at=10 * MINUTE)
    ours.accept(alert(at=9 * MINUTE, expires_at=20 * MINUTE), 9 * MINUTE)
    assert ours.due(15 * MINUTE) == []
    over = only(ours.due(HOUR))
    assert (over.reason, over.alerts[0].ended_because, over.alerts[0].ended_at) == (
        Reason.RESOLVED,
        "expired",
        20 * MINUTE,
    )
    assert (over.alerts[0].count, over.alerts[0].started_at) == (2, 0)
    assert ours.raised("acme") == 2


def test_an_alert_raised_after_it_expired_began_anew() -> None:
    """Even when nobody asked what was due in between: the same account however often `due` is called."""
    for asks in (False, True):
        ours = dispatcher()
        told(ours, expires_at=10 * MINUTE)
        if asks:
            ours._pass(11 * MINUTE)
        ours.accept(alert(at=12 * MINUTE, expires_at=20 * MINUTE), 12 * MINUTE)
        assert ours.waiting("acme") == 2
        assert only(ours.due(12 * MINUTE + 5 * SECOND)).reason is Reason.MORE


def test_at_exit_everything_that_was_never_told_is_due() -> None:
    """And nothing else: what the readers know is not told again."""
    ours = dispatcher()
    told(ours)
    ours.accept(alert("web-2", 6 * SECOND), 6 * SECOND)
    ours.accept(alert(name="Other"), 6 * SECOND)
    assert [(each.reason, each.changes) for each in ours.flush(7 * SECOND)] == [(Reason.MORE, 1), (Reason.FIRST, 1)]
    assert ours.waiting("acme") == 0
    assert ours.flush(8 * SECOND) == []


def test_a_group_that_nobody_heard_of_is_first_again() -> None:
    """When every message about it was dropped, the next change, or the repetition, is the first that arrives."""
    ours = dispatcher()
    ours.note(delivery(told(ours), Outcome.DROPPED), 6 * SECOND)
    ours.accept(alert("web-2", 7 * SECOND), 7 * SECOND)
    assert only(ours.due(65 * SECOND)).reason is Reason.FIRST
    ours = dispatcher()
    ours.note(delivery(told(ours), Outcome.DROPPED), 6 * SECOND)
    assert only(ours.due(5 * HOUR)).reason is Reason.FIRST


def test_one_place_that_heard_is_enough() -> None:
    """A receiver with several destinations knows the group as soon as one of them was told."""
    for order in ((Outcome.SENT, Outcome.DROPPED), (Outcome.DROPPED, Outcome.SENT)):
        ours = dispatcher()
        first = told(ours)
        for outcome in order:
            ours.note(delivery(first, outcome, place=outcome.value), 6 * SECOND)
        ours.accept(alert("web-2", 7 * SECOND), 7 * SECOND)
        assert only(ours.due(65 * SECOND)).reason is Reason.MORE


def test_a_message_among_others_cannot_be_changed() -> None:
    """Told in a digest: heard, but there is no message to update in place."""
    ours = dispatcher()
    ours.note(delivery(told(ours), Outcome.MERGED), 6 * SECOND)
    ours.accept(alert(count=9), 7 * SECOND)
    ours.accept(alert("web-2", 7 * SECOND), 7 * SECOND)
    more = only(ours.due(65 * SECOND))
    assert (more.reason, more.previous) == (Reason.MORE, {})


def test_a_group_that_comes_back_is_a_new_message() -> None:
    """First again, without the old receipt, in a number sequence that goes on: ids are never used twice."""
    ours = dispatcher()
    first = told(ours)
    ours.note(delivery(first, ts="1.1"), 6 * SECOND)
    ours.accept(alert().resolved(7 * SECOND), 7 * SECOND)
    over = only(ours.due(65 * SECOND))
    ours.accept(alert(at=70 * SECOND), 70 * SECOND)
    ours.note(delivery(over, ts="1.1"), 71 * SECOND)
    again = only(ours.due(75 * SECOND))
    assert (again.group, again.reason, again.seq, again.previous) == (first.group, Reason.FIRST, 3, {})


def test_tenants_never_share_a_group() -> None:
    """Whatever is the same about their alerts; the account is each one's own."""
    ours = dispatcher()
    for tenant in ("acme", "globex"):
        ours.accept(alert(tenant=tenant), 0)
    one, two = ours.due(5 * SECOND)
    assert {one.tenant, two.tenant} == {"acme", "globex"}
    assert one.group != two.group
    assert all(each.tenant == note.tenant for note in (one, two) for each in note.alerts)
    assert [each.tenant for each in ours.active("acme")] == ["acme"]
    assert len(ours.active()) == 2
    assert ours.tenants() == ["acme", "globex"]


def test_a_tenants_own_receiver_is_told() -> None:
    """In place of the root's."""
    ours = dispatcher(tenants={"acme": Tenant(name="acme", receiver="acme-ops"), "globex": Tenant(name="globex")})
    for tenant in ("acme", "globex"):
        ours.accept(alert(tenant=tenant), 0)
    assert [note.receiver for note in ours.due(5 * SECOND)] == ["acme-ops", "ops"]


def test_an_unknown_tenant_is_told_to_the_default_one() -> None:
    """Marked with its name, and never in one group with another's alerts."""
    tenants = {"home": Tenant(name="home", receiver="home-ops")}
    ours = dispatcher(tenants=tenants, default_tenant="home")
    for tenant in ("home", "ghost", "spook"):
        ours.accept(alert(tenant=tenant), 0)
    found = ours.due(5 * SECOND)
    assert [(each.tenant, each.receiver, each.unknown_tenant) for each in found] == [
        ("home", "home-ops", ""),
        ("home", "home-ops", "ghost"),
        ("home", "home-ops", "spook"),
    ]
    assert len({each.group for each in found}) == 3
    assert (ours.raised("home"), ours.raised("ghost")) == (3, 0)
    ours.accept(alert(tenant="ghost").resolved(MINUTE), MINUTE)
    assert only(ours.due(HOUR)).over


def test_an_unknown_tenant_is_refused_and_counted() -> None:
    """By setting: nothing of it is told but that it was there, with the default tenant's next message."""
    counters = Counters()
    ours = dispatcher(
        tenants={"home": Tenant(name="home")}, default_tenant="home", unknown_tenant="refuse", counters=counters
    )
    ours.accept(alert(tenant="ghost"), 0)
    assert (ours.next_at(), ours.waiting("home"), ours.raised("home")) == (None, 0, 1)
    assert counters.total("dropped", tenant="home", reason="unknown_tenant") == 1
    ours.accept(alert(tenant="home"), 0)
    assert only(ours.due(MINUTE)).lost == {"unknown_tenant": 1}


def test_known_tenants_may_be_asked_for() -> None:
    """A callable knows some names and not others."""
    ours = Dispatcher(
        route=ROUTE, tenants=lambda name: Tenant(name=name) if name.startswith("a") else None, default_tenant="all"
    )
    ours.accept(alert(tenant="acme"), 0)
    ours.accept(alert(tenant="globex"), 0)
    assert [(each.tenant, each.unknown_tenant) for each in ours.due(MINUTE)] == [("acme", ""), ("all", "globex")]


def test_what_was_lost_is_told_with_the_next_message_of_its_tenant() -> None:
    """Once, summed by reason, to nobody else."""
    ours = dispatcher()
    ours.lose("acme", "inbox_full", 3)
    ours.lose("acme", "inbox_full", 4)
    ours.lose("acme", "shutdown", 1)
    for tenant in ("globex", "acme"):
        ours.accept(alert(tenant=tenant), 0)
    ours.accept(alert(name="Other"), 0)
    assert [each.lost for each in ours.due(MINUTE)] == [{}, {"inbox_full": 7, "shutdown": 1}, {}]


SEVERITIES = Route(
    receiver="ops",
    group_wait=Duration(0),
    group_interval=Duration(0),
    routes=(Route(matchers=(Matcher.parse("severity >= high"),), receiver="pager"),),
)


def test_whoever_was_told_follows_an_alert_to_its_end() -> None:
    """Severity is not identity: when it leads to other readers they join, and the first ones hear the rest."""
    ours = dispatcher(SEVERITIES)
    ours.accept(alert(), 0)
    assert [each.receiver for each in ours.due(0)] == ["ops"]
    ours.accept(alert(severity=Severity.HIGH), 1)
    assert {each.receiver: each.reason for each in ours.due(1)} == {
        "ops": Reason.ESCALATED,
        "pager": Reason.FIRST,
    }
    assert len(ours.active("acme")) == 1
    ours.accept(alert().resolved(2), 2)
    assert {each.receiver: each.reason for each in ours.due(2)} == dict.fromkeys(("ops", "pager"), Reason.RESOLVED)
    assert ours._roster._following == {}


def test_an_alert_that_gets_better_wakes_nobody_new() -> None:
    """The pager keeps what it was told of; its milder form is no news to the others."""
    ours = dispatcher(SEVERITIES)
    ours.accept(alert(severity=Severity.HIGH), 0)
    assert [each.receiver for each in ours.due(0)] == ["pager"]
    ours.accept(alert(severity=Severity.WARNING), 1)
    assert ours.due(1) == []
    assert ours.active()[0].severity is Severity.WARNING


def test_a_notification_lists_the_worst_and_counts_all() -> None:
    """At most fifty alerts, worst first; the totals are those of the whole group."""
    ours = dispatcher()
    for number in range(200):
        severity = Severity.HIGH if number == 77 else Severity.WARNING
        ours.accept(alert(f"h{number:03}", number, severity, count=number + 1), 200)
    first = only(ours.due(200))
    assert (len(first.alerts), first.firing, first.changes, first.occurrences) == (LISTED, 200, 200, 20_100)
    assert [each.labels["host"] for each in first.alerts[:3]] == ["h077", "h199", "h198"]
    assert first.started_at == 0


def test_a_root_that_cannot_work_is_refused() -> None:
    """Before the first alert."""
    with pytest.raises(ValueError, match=r"receiver is nothing"):
        dispatcher(Route())


def test_the_opaque_key_of_a_group_stays_the_same() -> None:
    """Receipts and threads are found under it after a restart and an upgrade."""
    assert told(dispatcher()).group == told(dispatcher()).group == "aa3f12dee9cb539d"


def test_what_is_due_is_found_without_looking_at_every_group() -> None:
    """Ten thousand groups: asking what is due costs the same as with none, as long as nothing is."""
    ours = dispatcher(msgspec.structs.replace(ROUTE, group_by=("...",)))
    for number in range(10_000):
        ours.accept(alert(f"h{number}"), number)
    assert len(ours.due(10_000 + 5 * SECOND, most=20_000)) == 10_000
    looked = 0

    class Counted(dict):  # type: ignore[type-arg]
        def __getitem__(self, key: str) -> object:
            nonlocal looked
            looked += 1
            return super().__getitem__(key)

    ours._roster.groups = Counted(ours._roster.groups)
    ours.accept(alert("h7").resolved(6 * SECOND), 6 * SECOND)
    assert len(ours.due(3 * MINUTE)) == 1
    assert looked == 1


def test_readers_are_told_what_they_do_not_know() -> None:
    """By alert: what began, got worse or ended since."""
    ours = dispatcher()
    first = told(ours)
    assert first.alerts[0].identity in first.news
    for host, severity in (("web-1", Severity.HIGH), ("web-2", Severity.WARNING)):
        ours.accept(alert(host, 6 * SECOND, severity), 6 * SECOND)
    more = only(ours.due(6 * SECOND))
    assert {one.labels["host"]: more.news[one.identity] for one in more.alerts} == {
        "web-1": News.WORSE,
        "web-2": News.NEW,
    }
    ours.accept(alert("web-2").resolved(7 * SECOND), 7 * SECOND)
    fewer = only(ours.due(2 * MINUTE))
    assert [(one.labels["host"], fewer.news.get(one.identity)) for one in fewer.alerts] == [
        ("web-1", None),
        ("web-2", News.OVER),
    ]


def test_what_is_new_is_listed_however_long_the_list_is() -> None:
    """Of two hundred that are worse, and were told, room is made for the one that was not."""
    ours = dispatcher()
    for number in range(200):
        ours.accept(alert(f"h{number:03}", 0, Severity.HIGH, count=9), 0)
    ours.due(0)
    ours.accept(alert("late", 1), 1)
    more = only(ours.due(2 * MINUTE))
    assert (more.alerts[-1].labels["host"], len(more.alerts)) == ("late", LISTED)


def test_what_came_to_nothing_is_told_again_soon_and_then_less_and_less_often() -> None:
    """A destination that did not answer may be well again; one that swallows answers was told each time."""
    ours = dispatcher()
    told_at = []
    notification = told(ours)
    for _ in range(5):
        told_at.append(notification.at // SECOND)
        ours.note(delivery(notification, Outcome.DROPPED), notification.at)
        now = ours.next_at()
        assert now is not None
        notification = only(ours.due(now))
        assert (notification.reason, notification.changes) == (Reason.FIRST, 0)
    assert told_at == [5, 65, 185, 425, 905]
    ours.note(delivery(notification), notification.at)
    assert ours.next_at() == notification.at + 4 * HOUR


def test_a_message_that_one_place_took_is_not_told_again_for_another() -> None:
    """Whatever order they are learned in."""
    for outcomes in ((Outcome.DROPPED, Outcome.SENT), (Outcome.SENT, Outcome.DROPPED)):
        ours = dispatcher()
        notification = told(ours)
        for place, outcome in zip("ab", outcomes, strict=True):
            ours.note(delivery(notification, outcome, place=place), notification.at)
        assert ours.next_at() == notification.at + 4 * HOUR
