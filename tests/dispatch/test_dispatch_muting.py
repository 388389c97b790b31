"""Alerts that are kept quiet: silenced, inhibited, muted by time, acknowledged, escalated, flapping; and why."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

from otel_alerting.dispatch.dispatcher import Dispatcher
from otel_alerting.dispatch.flapping import Flapping
from otel_alerting.dispatch.inhibition import InhibitRule
from otel_alerting.dispatch.intervals import NamedInterval, TimeInterval, TimeOfDay, TimeRange
from otel_alerting.dispatch.matcher import Matchers
from otel_alerting.dispatch.route import Escalation, Route
from otel_alerting.dispatch.silences import Silence
from otel_alerting.dispatch.whynot import Because
from otel_alerting.model import Alert, Delivery, Notification, Outcome, Reason, Receipt, Severity
from otel_alerting.model.duration import DAY, HOUR, MINUTE, SECOND, Duration

T0 = 20_000 * DAY
ROUTE = Route(
    receiver="ops",
    group_by=("alertname",),
    group_wait=Duration(5 * SECOND),
    group_interval=Duration(MINUTE),
    repeat_interval=Duration(4 * HOUR),
)
DOWN = InhibitRule(
    name="host down",
    source_matchers=Matchers.parse("alertname = Down"),
    target_matchers=Matchers.parse("alertname = Slow"),
    equal=("host",),
)
NIGHT = NamedInterval(
    name="night",
    time_intervals=(TimeInterval(times=(TimeRange(start_time=TimeOfDay(0), end_time=TimeOfDay(360)),)),),
)


def dispatcher(route: Route = ROUTE, **more: object) -> Dispatcher:
    return Dispatcher(route=route, tenants={}, inhibit_rules=[DOWN], time_intervals=[NIGHT], **more)  # type: ignore[arg-type]


def alert(host: str = "a", at: int = T0, name: str = "Slow", tenant: str = "acme", **more: object) -> Alert:
    values = {"severity": Severity.WARNING, "started_at": at, "updated_at": at, **more}
    return Alert(tenant=tenant, name=name, labels={"host": host}, **values)  # type: ignore[arg-type]


def hush(ours: Dispatcher, now: int, matchers: str = "host=a", tenant: str = "acme", **more: object) -> Silence:
    asked = {"tenant": tenant, "matchers": matchers, "ends_at": now + HOUR, **more}
    return ours.silence(Silence(**asked), now)  # type: ignore[arg-type]


def only(notifications: Sequence[Notification]) -> Notification:
    (one,) = notifications
    return one


def because(ours: Dispatcher, of: Alert, now: int) -> list[Because]:
    return [why.because for why in ours.why(of.tenant, of.identity, now)]


def test_a_silenced_alert_is_told_when_the_silence_ends_and_it_still_fires() -> None:
    """As the first word of it; until then it waits."""
    ours = dispatcher()
    made = hush(ours, T0)
    ours.accept(alert(), T0)
    assert ours.next_at() == made.ends_at
    assert ours.due(T0 + 30 * MINUTE) == []
    assert ours.waiting("acme") == 1
    assert because(ours, alert(), T0 + 30 * MINUTE) == [Because.SILENCED]
    assert ours.due(made.ends_at) == []
    first = only(ours.due(made.ends_at + 5 * SECOND))
    assert (first.reason, first.changes, first.firing) == (Reason.FIRST, 1, 1)


def test_a_silence_that_is_ended_or_shortened_frees_at_once() -> None:
    """Somebody's word counts from the moment it is said."""
    for edited in (False, True):
        ours = dispatcher()
        made = hush(ours, T0)
        ours.accept(alert(), T0)
        now = T0 + MINUTE
        if edited:
            ours.silence(msgspec.structs.replace(made, ends_at=now + SECOND), now)
            now += SECOND
        else:
            ours.expire_silence("acme", made.id, now)
        assert only(ours.due(now + 5 * SECOND)).reason is Reason.FIRST


def test_a_silence_that_is_lengthened_holds() -> None:
    """The old end is nothing any more."""
    ours = dispatcher()
    made = hush(ours, T0)
    ours.accept(alert(), T0)
    ours.silence(msgspec.structs.replace(made, ends_at=T0 + 2 * HOUR), T0 + MINUTE)
    assert ours.due(T0 + HOUR + MINUTE) == []
    assert len(ours.due(T0 + 2 * HOUR + MINUTE)) == 1


def test_a_silence_made_while_it_waits_keeps_it_quiet() -> None:
    """What counts is the moment of telling."""
    ours = dispatcher()
    ours.accept(alert("a"), T0)
    ours.accept(alert("b"), T0)
    hush(ours, T0 + SECOND)
    first = only(ours.due(T0 + 5 * SECOND))
    assert [one.labels["host"] for one in first.alerts] == ["b"]
    assert (first.firing, first.changes, first.muted) == (1, 1, 1)
    assert ours.waiting("acme") == 1


def test_what_came_and_went_unheard_is_muted() -> None:
    """It is on the account, and in no message."""
    ours = dispatcher()
    hush(ours, T0)
    ours.accept(alert(), T0)
    ours.accept(alert().resolved(T0 + MINUTE), T0 + MINUTE)
    assert ours.due(T0 + DAY) == []
    assert (ours.raised("acme"), ours.waiting("acme"), ours.muted("acme")) == (2, 0, 2)
    assert ours.next_at() is None


def test_readers_who_know_of_an_alert_learn_its_end_when_the_silence_is_over() -> None:
    """Not before: nothing silenced is told. And not never: they believe that it fires."""
    ours = dispatcher()
    ours.accept(alert(), T0)
    ours.due(T0 + 5 * SECOND)
    made = hush(ours, T0 + MINUTE)
    ours.accept(alert().resolved(T0 + 2 * MINUTE), T0 + 2 * MINUTE)
    assert ours.due(T0 + 30 * MINUTE) == []
    assert only(ours.due(made.ends_at + 5 * SECOND)).reason is Reason.RESOLVED


def test_a_known_alert_that_comes_back_from_silence_is_told_again_only_if_something_was() -> None:
    """Nothing was said meanwhile: nobody need hear the same twice. The group was told without it: they must."""
    for others in (False, True):
        ours = dispatcher()
        ours.accept(alert("a"), T0)
        ours.accept(alert("b"), T0)
        ours.due(T0 + 5 * SECOND)
        made = hush(ours, T0 + MINUTE)
        if others:
            ours.accept(alert("b").resolved(T0 + 2 * MINUTE), T0 + 2 * MINUTE)
        told = ours.due(T0 + 10 * MINUTE)
        assert [one.reason for one in told] == ([Reason.RESOLVED] if others else [])
        back = ours.due(made.ends_at + 5 * SECOND)
        assert [(one.reason, one.changes, one.firing) for one in back] == ([(Reason.MORE, 0, 1)] if others else [])


def test_what_is_silenced_is_not_repeated() -> None:
    """When it is heard again it is overdue."""
    ours = dispatcher()
    ours.accept(alert(), T0)
    ours.due(T0 + 5 * SECOND)
    made = hush(ours, T0 + MINUTE, ends_at=T0 + 9 * HOUR)
    assert ours.due(T0 + 8 * HOUR) == []
    assert only(ours.due(made.ends_at)).reason is Reason.REPEAT


def test_a_tenants_silence_is_nobody_elses() -> None:
    """Neither another's alerts nor another's word can touch it."""
    ours = dispatcher()
    made = hush(ours, T0)
    ours.accept(alert(), T0)
    ours.accept(alert(tenant="globex"), T0)
    assert [one.tenant for one in ours.due(T0 + MINUTE)] == ["globex"]
    with pytest.raises(LookupError):
        ours.expire_silence("globex", made.id, T0)
    assert ours.silences("globex") == []
    assert ours.why("globex", alert().identity, T0) == []


def test_a_silence_until_resolved_ends_with_what_it_is_about() -> None:
    """With the last of them; the next one is told again."""
    ours = dispatcher()
    ours.accept(alert("a", name="One"), T0)
    ours.due(T0 + 5 * SECOND)
    made = hush(ours, T0 + MINUTE, ends_at=0, until_resolved=True)
    ours.accept(alert("a", name="Two"), T0 + 2 * MINUTE)
    ours.accept(alert("a", name="One").resolved(T0 + 3 * MINUTE), T0 + 3 * MINUTE)
    assert ours.due(T0 + HOUR) == []
    assert ours.silences("acme")[0].ends_at == 0
    ours.accept(alert("a", name="Two").resolved(T0 + HOUR), T0 + HOUR)
    assert ours.silences("acme") == [made.expired(T0 + HOUR)]
    assert only(ours.due(T0 + HOUR + 5 * SECOND)).reason is Reason.RESOLVED
    ours.accept(alert("a", name="Two", at=T0 + 2 * HOUR), T0 + 2 * HOUR)
    assert only(ours.due(T0 + 2 * HOUR + 5 * SECOND)).reason is Reason.FIRST


def test_a_recurring_silence_comes_and_goes() -> None:
    """Quiet until six, told then, quiet again the next night."""
    ours = dispatcher()
    hush(ours, T0, ends_at=T0 + 7 * DAY, time_interval="night")
    ours.accept(alert(), T0 + HOUR)
    assert ours.due(T0 + 6 * HOUR - 1) == []
    assert only(ours.due(T0 + 6 * HOUR + 5 * SECOND)).reason is Reason.FIRST
    ours.accept(alert("a", name="Other"), T0 + DAY)
    assert ours.due(T0 + DAY + HOUR) == []


def test_an_inhibited_alert_is_told_when_its_source_ends() -> None:
    """If it fires longer than the wait for company; if it ends with its source, nobody hears of it."""
    for ends in (False, True):
        ours = dispatcher()
        ours.accept(alert(name="Down", severity=Severity.HIGH), T0)
        ours.accept(alert(), T0)
        assert [one.alerts[0].name for one in ours.due(T0 + MINUTE)] == ["Down"]
        (why,) = ours.why("acme", alert().identity, T0 + MINUTE)
        assert (why.because, why.by, why.what) == (Because.INHIBITED, alert(name="Down").identity, "host down")
        over = T0 + HOUR
        ours.accept(alert(name="Down").resolved(over), over)
        if ends:
            ours.accept(alert().resolved(over + SECOND), over + SECOND)
        told = sorted(one.alerts[0].name for one in ours.due(over + MINUTE))
        assert told == (["Down"] if ends else ["Down", "Slow"])
        assert ours.muted("acme") == (2 if ends else 0)


def test_a_silenced_source_still_explains() -> None:
    """That nobody is told of it does not make it untrue."""
    ours = dispatcher()
    hush(ours, T0, "alertname=Down")
    ours.accept(alert(name="Down"), T0)
    ours.accept(alert(), T0)
    assert ours.due(T0 + MINUTE) == []


MUTED = msgspec.structs.replace(
    ROUTE, routes=(Route(matchers=Matchers.parse("host = a"), mute_time_intervals=("night",)),)
)


def test_a_route_that_is_muted_tells_when_its_night_is_over() -> None:
    """What still fires then; what came and went is muted."""
    ours = dispatcher(MUTED)
    ours.accept(alert("a"), T0)
    ours.accept(alert("a", name="Brief"), T0)
    ours.accept(alert("b"), T0)
    assert [one.alerts[0].labels["host"] for one in ours.due(T0 + MINUTE)] == ["b"]
    ours.accept(alert("b").resolved(T0 + MINUTE), T0 + MINUTE)
    assert only(ours.due(T0 + HOUR)).over
    assert [why.by for why in ours.why("acme", alert().identity, T0 + HOUR)] == ["night"]
    ours.accept(alert("a", name="Brief").resolved(T0 + HOUR), T0 + HOUR)
    assert ours.due(T0 + 6 * HOUR - 1) == []
    assert (ours.muted("acme"), ours.waiting("acme")) == (2, 1)
    assert only(ours.due(T0 + 6 * HOUR)).reason is Reason.FIRST


def test_a_route_that_is_active_only_at_night_is_quiet_by_day() -> None:
    """The other way round."""
    route = msgspec.structs.replace(
        ROUTE, routes=(Route(matchers=Matchers.parse("host = a"), active_time_intervals=("night",)),)
    )
    ours = dispatcher(route)
    ours.accept(alert("a"), T0 + 7 * HOUR)
    assert ours.due(T0 + DAY - 1) == []
    assert only(ours.due(T0 + DAY)).reason is Reason.FIRST


def test_an_acknowledged_group_is_not_repeated() -> None:
    """Whoever is told sees who knows and since when; a new alert in it is told, and repeated again."""
    ours = dispatcher()
    ours.accept(alert("a"), T0)
    first = only(ours.due(T0 + 5 * SECOND))
    assert ours.acknowledge("acme", first.group, "ann", T0 + MINUTE, "on it") == [alert("a").identity]
    assert ours.due(T0 + DAY) == []
    assert because(ours, alert("a"), T0 + DAY) == [Because.ACKNOWLEDGED, Because.TOLD]
    ours.accept(alert("b", at=T0 + DAY), T0 + DAY)
    more = only(ours.due(T0 + DAY + MINUTE))
    assert [(who.by, who.at, who.comment) for who in more.acknowledged.values()] == [("ann", T0 + MINUTE, "on it")]
    assert only(ours.due(T0 + 2 * DAY)).reason is Reason.REPEAT


def test_an_acknowledgement_is_shown_at_once_where_the_message_can_be_changed() -> None:
    """In place, quietly."""
    ours = dispatcher()
    ours.accept(alert(), T0)
    first = only(ours.due(T0 + 5 * SECOND))
    receipt = Receipt(destination="slack", at=T0, channel="C", ts="1.1")
    said = {"receiver": "ops", "destination": "slack", "outcome": Outcome.SENT, "queued_at": T0, "changes": 1}
    ours.note(
        Delivery(notification=first.id, tenant="acme", group=first.group, at=T0, receipt=receipt, **said),  # type: ignore[arg-type]
        T0 + 6 * SECOND,
    )
    ours.acknowledge("acme", alert().identity, "ann", T0 + 7 * SECOND)
    shown = only(ours.due(T0 + 7 * SECOND))
    assert (shown.reason, shown.acknowledged[alert().identity].by) == (Reason.UPDATED, "ann")


def test_getting_worse_ends_an_acknowledgement() -> None:
    """Whoever knew of a warning does not know of the critical it became."""
    ours = dispatcher()
    ours.accept(alert(), T0)
    ours.due(T0 + 5 * SECOND)
    ours.acknowledge("acme", alert().identity, "ann", T0 + MINUTE)
    ours.accept(alert(severity=Severity.CRITICAL), T0 + HOUR)
    worse = only(ours.due(T0 + HOUR))
    assert (worse.reason, worse.acknowledged) == (Reason.ESCALATED, {})
    assert only(ours.due(T0 + 6 * HOUR)).reason is Reason.REPEAT


def test_nobody_acknowledges_for_another_tenant() -> None:
    """Neither an alert nor a group; nor what is over."""
    ours = dispatcher()
    ours.accept(alert(), T0)
    first = only(ours.due(T0 + 5 * SECOND))
    for tenant, key in (("globex", first.group), ("globex", alert().identity), ("acme", "nothing")):
        with pytest.raises(LookupError):
            ours.acknowledge(tenant, key, "eve", T0 + MINUTE)
    assert only(ours.due(T0 + DAY)).acknowledged == {}


STEPS = msgspec.structs.replace(
    ROUTE,
    escalate=(
        Escalation(after=Duration(15 * MINUTE), receiver="oncall"),
        Escalation(after=Duration(HOUR), receiver="boss"),
    ),
)


def test_what_nobody_acknowledges_goes_further_once_for_each_step() -> None:
    """To the next receiver, as its first word; both learn the end."""
    ours = dispatcher(STEPS)
    ours.accept(alert(), T0)
    ours.due(T0 + 5 * SECOND)
    told_at = T0 + 5 * SECOND
    assert ours.next_at() == told_at + 15 * MINUTE
    assert ours.due(told_at + 15 * MINUTE - 1) == []
    step = only(ours.due(told_at + 15 * MINUTE))
    assert (step.receiver, step.reason, step.escalated_after, step.changes) == ("oncall", Reason.FIRST, 15 * MINUTE, 1)
    assert ours.due(told_at + HOUR - 1) == []
    assert only(ours.due(told_at + HOUR)).receiver == "boss"
    assert ours.due(told_at + 2 * HOUR) == []
    ours.accept(alert().resolved(told_at + 2 * HOUR), told_at + 2 * HOUR)
    over = ours.due(told_at + 3 * HOUR)
    assert {one.receiver: one.reason for one in over} == dict.fromkeys(("ops", "oncall", "boss"), Reason.RESOLVED)
    assert (ours.raised("acme"), ours.waiting("acme")) == (6, 0)


def test_an_acknowledgement_stops_the_escalation() -> None:
    """From whichever message it comes."""
    ours = dispatcher(STEPS)
    ours.accept(alert(), T0)
    ours.due(T0 + 5 * SECOND)
    step = only(ours.due(T0 + 16 * MINUTE))
    ours.acknowledge("acme", step.group, "ann", T0 + 20 * MINUTE)
    assert ours.due(T0 + 3 * DAY) == []


def test_what_is_over_or_silenced_goes_no_further() -> None:
    """Only what still fires, and may be told, is worth somebody else's night."""
    ours = dispatcher(STEPS)
    ours.accept(alert("a"), T0)
    ours.accept(alert("b"), T0)
    ours.due(T0 + 5 * SECOND)
    ours.accept(alert("b").resolved(T0 + MINUTE), T0 + MINUTE)
    hush(ours, T0 + MINUTE)
    assert {one.receiver for one in ours.due(T0 + 20 * MINUTE)} == {"ops"}


def test_a_route_below_inherits_its_escalation_and_may_have_none() -> None:
    """`escalate: []` says so."""
    tree = msgspec.structs.replace(
        STEPS,
        routes=(Route(matchers=Matchers.parse("host = a")), Route(matchers=Matchers.parse("host = b"), escalate=())),
    )
    assert [len(path.escalate) for host in "ab" for path in tree.paths(alert(host))] == [2, 0]


FLAPS = msgspec.structs.replace(
    ROUTE, group_wait=Duration(0), group_interval=Duration(0), flapping=Flapping(times=2, window=Duration(10 * MINUTE))
)


def test_an_alert_that_comes_and_goes_is_told_once() -> None:
    """At the third beginning it is held as firing; its end is told when it has stayed away for the window."""
    ours = dispatcher(FLAPS)
    told: list[Notification] = []
    for minute in range(0, 20, 2):
        for at, ends in ((T0 + minute * MINUTE, False), (T0 + (minute + 1) * MINUTE, True)):
            ours.accept(alert(at=at).resolved(at) if ends else alert(at=at), at)
            told += ours.due(at)
    assert [one.reason for one in told] == [Reason.FIRST, Reason.RESOLVED] * 2 + [Reason.FIRST]
    assert told[-1].alerts[0].facts == {"flapping": 3}
    assert Because.FLAPPING in because(ours, alert(), T0 + 19 * MINUTE)
    assert ours.due(T0 + 29 * MINUTE - 1) == []
    over = only(ours.due(T0 + 29 * MINUTE))
    assert (over.reason, over.alerts[0].ended_at) == (Reason.RESOLVED, T0 + 19 * MINUTE)
    assert ours.waiting("acme") == 0


def test_an_end_that_is_said_again_is_not_held_longer() -> None:
    """Some makers say it every minute."""
    ours = dispatcher(FLAPS)
    for minute in range(6):
        at = T0 + minute * MINUTE
        ours.accept(alert(at=at) if minute % 2 == 0 else alert(at=at).resolved(at), at)
        ours.due(at)
    for minute in range(6, 15):
        ours.accept(alert().resolved(T0 + minute * MINUTE), T0 + minute * MINUTE)
    assert only(ours.due(T0 + 15 * MINUTE)).reason is Reason.RESOLVED


def test_damping_can_be_switched_off_and_is_on_by_default() -> None:
    """Five times in half an hour, where nobody says anything."""
    quick = {"group_wait": Duration(0), "group_interval": Duration(0)}
    for route, expected in ((ROUTE, 11), (msgspec.structs.replace(ROUTE, flapping=Flapping(times=0)), 20)):
        ours = dispatcher(msgspec.structs.replace(route, **quick))
        told = 0
        for minute in range(20):
            at = T0 + minute * MINUTE
            ours.accept(alert(at=at) if minute % 2 == 0 else alert(at=at).resolved(at), at)
            told += len(ours.due(at))
        assert told == expected


def test_why_says_what_waits_and_what_comes() -> None:
    """For each receiver, with the moment."""
    ours = dispatcher(STEPS)
    ours.accept(alert(), T0)
    (waits,) = ours.why("acme", alert().identity, T0)
    assert (waits.because, waits.what, waits.until, waits.receiver) == (
        Because.WAITING,
        "group_wait",
        T0 + 5 * SECOND,
        "ops",
    )
    ours.due(T0 + 5 * SECOND)
    told, further = ours.why("acme", alert().identity, T0 + MINUTE)
    assert (told.because, told.at) == (Because.TOLD, T0 + 5 * SECOND)
    assert (further.because, further.by, further.until) == (Because.ESCALATES, "oncall", T0 + 5 * SECOND + 15 * MINUTE)
    assert ours.why("acme", "nobody", T0) == []


def test_one_tenants_storm_waits_for_anothers_single_alert() -> None:
    """Tenants take turns: of a hundred thousand notifications nobody else's has to wait for more than one."""
    ours = dispatcher(msgspec.structs.replace(ROUTE, group_by=("...",)))
    for number in range(5_000):
        ours.accept(alert(f"h{number}"), T0)
    ours.accept(alert(tenant="globex"), T0 + 1)
    told = ours.due(T0 + MINUTE)
    assert len(told) == 2_000
    assert [one.tenant for one in told].index("globex") <= 1
    assert ours.next_at() == T0 + MINUTE
    assert [len(ours.due(T0 + MINUTE)) for _ in range(3)] == [2_000, 1_001, 0]


def test_a_tenant_may_have_routes_of_its_own() -> None:
    """Nobody else's alerts walk them."""
    ours = dispatcher(routes={"globex": msgspec.structs.replace(ROUTE, receiver="globex-ops")})
    for tenant in ("acme", "globex"):
        ours.accept(alert(tenant=tenant), T0)
    assert {one.tenant: one.receiver for one in ours.due(T0 + MINUTE)} == {"acme": "ops", "globex": "globex-ops"}
