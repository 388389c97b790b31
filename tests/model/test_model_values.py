"""The values that flow: they encode themselves, and what is said about them holds for any of them."""

from __future__ import annotations

import itertools

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_alerting.model import (
    Action,
    Alert,
    Buckets,
    Delivery,
    ExponentialBuckets,
    Failure,
    Field,
    Frame,
    Log,
    Message,
    Notification,
    Outcome,
    Point,
    Reading,
    Reason,
    Receipt,
    Severity,
    Span,
    SpanEvent,
    State,
    Tenant,
    identity,
)
from otel_alerting.model.duration import DAY, HOUR, MINUTE, SECOND, Duration
from otel_alerting.model.notification import digest

FAILURE = Failure(
    type="shop.Declined",
    message="no",
    frames=(Frame(file="a.py", line=1, function="f"),),
    cause=Failure(type="OSError", stacktrace="…"),
)
ALERT = Alert(
    tenant="acme",
    name="Slow",
    labels={"host": "web-1"},
    severity=Severity.HIGH,
    started_at=1,
    updated_at=2,
    count=3,
    facts={"user": "u", "n": 1, "share": 0.5, "ok": True, "none": None},
    annotations={"summary": "{{ value }}"},
    reading=Reading(value=2.5, threshold=1.0, comparison="above", unit="s", window=MINUTE, samples=9),
    failure=FAILURE,
)
RECEIPT = Receipt(destination="slack", at=3, channel="C1", ts="1.2")
NOTE = Notification(
    tenant="acme",
    receiver="ops",
    group="g",
    group_labels={"alertname": "Slow"},
    reason=Reason.FIRST,
    seq=1,
    at=2,
    alerts=(ALERT,),
    firing=1,
    severity=Severity.HIGH,
    started_at=1,
    lost={"inbox_full": 2},
    previous={"slack": RECEIPT},
)
MESSAGE = Message(
    id=NOTE.id,
    tenant="acme",
    receiver="ops",
    group="g",
    reason=Reason.FIRST,
    seq=1,
    at=2,
    format="slack",
    locale="fr",
    severity=Severity.HIGH,
    over=False,
    color="#D93025",
    text="t",
    title="t",
    fields=(Field("a", "b"),),
    actions=(Action(name="runbook", label="Runbook", url="https://x.test"),),
    previous=RECEIPT,
)
DELIVERY = Delivery(
    notification=NOTE.id,
    tenant="acme",
    receiver="ops",
    group="g",
    destination="slack",
    outcome=Outcome.SENT,
    at=4,
    queued_at=3,
    changes=1,
    receipt=RECEIPT,
)
SIGNALS = (
    Log(at=1, severity=13, body="b", template="b", failure=FAILURE, attributes={"k": [1, "x"]}),
    Span(at=9, started_at=1, name="GET", status="error", events=(SpanEvent(name="e", at=2),), failures=(FAILURE,)),
    Point(at=1, name="m", kind="histogram", buckets=Buckets(bounds=(1.0,), counts=(1, 2))),
    Point(at=1, name="m", kind="exponential_histogram", absent=True),
)


@pytest.mark.parametrize(
    "value",
    [ALERT, NOTE, MESSAGE, DELIVERY, RECEIPT, Tenant(name="acme", locale="fr"), digest([NOTE, NOTE]), *SIGNALS],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("codec", [msgspec.json, msgspec.msgpack], ids=["json", "msgpack"])
def test_every_value_encodes_itself(value: object, codec: object) -> None:
    """What rests in a store or crosses to another process comes back as it was."""
    raw = codec.encode(value)  # type: ignore[attr-defined]
    assert codec.decode(raw, type=type(value)) == value  # type: ignore[attr-defined]


def test_signals_of_a_mixed_stream_are_told_apart() -> None:
    """Each says which kind it is."""
    raw = msgspec.json.encode(list(SIGNALS))
    assert msgspec.json.decode(raw, type=list[Log | Span | Point]) == list(SIGNALS)


def test_exponential_buckets_encode_themselves_as_part_of_a_point() -> None:
    """Explicit and exponential buckets are told apart too."""
    point = Point(at=1, name="m", kind="exponential_histogram", buckets=ExponentialBuckets(scale=3, positive=(1, 2)))
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(point), type=Point) == point


@pytest.mark.parametrize(
    ("said", "severity"),
    [
        ("debug", 5),
        ("TRACE", 5),
        ("Info", 9),
        ("notice", 9),
        (" warn ", 13),
        ("WARNING", 13),
        ("HIGH", 17),
        ("error", 17),
        ("critical", 21),
        ("fatal", 21),
        ("page", 21),
        (13, 13),
        (16, 13),
        (17, 17),
        (24, 21),
        (99, 21),
        (1, 5),
        (0, 9),
        (Severity.HIGH, 17),
    ],
)
def test_a_severity_is_read_as_people_write_it(said: str | int, severity: int) -> None:
    """Any case, the usual aliases, and SeverityNumbers by their range."""
    assert Severity.parse(said) == severity


def test_every_spelling_of_a_severity_is_read_as_it() -> None:
    """And no word belongs to two."""
    spelled = [(word, each) for each in Severity for word in each.spellings]
    assert all(Severity.parse(word.upper()) is each for word, each in spelled)
    assert len({word for word, _ in spelled}) == len(spelled)


def test_a_word_that_is_no_severity_is_refused() -> None:
    """With the words that would be right."""
    with pytest.raises(ValueError, match="debug, info, warning, high, critical"):
        Severity.parse("soon")


@pytest.mark.parametrize(
    ("level", "severity"), [(0, 5), (10, 5), (20, 9), (25, 9), (30, 13), (40, 17), (50, 21), (99, 21)]
)
def test_levels_of_logging_have_a_severity(level: int, severity: int) -> None:
    """A level between two names counts as the lower one."""
    assert Severity.of_level(level) == severity


@given(st.sampled_from(Severity), st.integers(0, 9))
def test_raising_a_severity_ends_at_critical(severity: Severity, steps: int) -> None:
    """One step worse each, in order."""
    assert severity.raised(steps) == list(Severity)[min(4, list(Severity).index(severity) + steps)]


@given(st.integers(0, 10 * 365 * DAY))
def test_a_duration_is_read_as_it_is_written(duration: int) -> None:
    """To the nanosecond."""
    assert Duration.parse(str(Duration(duration))) == duration


@pytest.mark.parametrize(
    ("said", "duration"),
    [
        ("0", 0),
        (0, 0),
        ("0s", 0),
        ("90s", 90 * SECOND),
        ("1h30m", HOUR + 30 * MINUTE),
        ("1.5h", HOUR + 30 * MINUTE),
        ("500ms", SECOND // 2),
        (" 7d ", 7 * DAY),
        ("2w", 14 * DAY),
        ("1y", 365 * DAY),
        ("5us3ns", 5003),
    ],
)
def test_durations_as_people_write_them(said: str | int, duration: int) -> None:
    """Prometheus's and Go's units, put together at will."""
    assert Duration.parse(said) == duration


@pytest.mark.parametrize("said", ["", "5", 5, 1.5, "5 m", "m", "-5m", "5m!", "5x", "nan", "1e3s", "5m 3s"])
def test_a_duration_without_a_unit_is_refused(said: str | float) -> None:
    """Nobody has to guess whether 5 are seconds."""
    with pytest.raises(ValueError, match="30s, 5m"):
        Duration.parse(said)


@given(st.text(), st.text(), st.dictionaries(st.text(), st.text(), max_size=4))
def test_an_identity_is_not_the_order_of_labels(tenant: str, name: str, labels: dict[str, str]) -> None:
    """Nor the moment, the severity or the count."""
    backwards = dict(reversed(labels.items()))
    assert identity(tenant, name, labels) == identity(tenant, name, backwards)
    one = Alert(tenant=tenant, name=name, labels=labels, severity=Severity.INFO, started_at=1, updated_at=1)
    two = Alert(tenant=tenant, name=name, labels=backwards, severity=Severity.HIGH, started_at=2, updated_at=3, count=9)
    assert one.identity == two.identity == one.resolved(5).identity == one.raised_again(two).identity


def test_an_identity_is_the_same_in_every_version() -> None:
    """Stored states and open messages are found by it."""
    assert identity("acme", "Slow", {"host": "web-1"}) == "172dd8e19f48cf0c"


def test_identities_that_read_alike_are_not_the_same() -> None:
    """Where one text ends and the next begins is part of it."""
    alike = [
        ("ab", "c", {}),
        ("a", "bc", {}),
        ("a", "b", {"c": ""}),
        ("a", "b", {"": "c"}),
        ("a", "b", {"c": "d"}),
        ("a", "bc", {"d": ""}),
        ("", "abcd", {}),
    ]
    assert len({identity(*each) for each in alike}) == len(alike)


def test_a_resolved_alert_keeps_what_it_was() -> None:
    """Only its end is new."""
    over = ALERT.resolved(9, "quiet")
    assert (over.state, over.ended_at, over.updated_at, over.ended_because) == (State.RESOLVED, 9, 9, "quiet")
    assert (over.started_at, over.count, over.severity, over.firing) == (1, 3, Severity.HIGH, False)


def test_virtual_labels_are_read_like_others() -> None:
    """`alertname`, `severity` and `tenant` are there for every alert; what it has not is empty."""
    assert [ALERT.label(name) for name in ("alertname", "severity", "tenant", "host", "none")] == [
        "Slow",
        "high",
        "acme",
        "web-1",
        "",
    ]


_notes = st.builds(
    lambda group, seq, at, reason, firing, resolved, changes, occurrences, severity, lost: msgspec.structs.replace(
        NOTE,
        group=group,
        seq=seq,
        at=at,
        reason=Reason.RESOLVED if not firing else reason,
        firing=firing,
        resolved=resolved,
        changes=changes,
        occurrences=occurrences,
        severity=severity,
        lost=lost,
        previous={},
    ),
    st.sampled_from("abcd"),
    st.integers(1, 9),
    st.integers(1, 9),
    st.sampled_from([reason for reason in Reason if reason is not Reason.RESOLVED]),
    st.integers(0, 3),
    st.integers(0, 3),
    st.integers(0, 9),
    st.integers(0, 99),
    st.sampled_from(Severity),
    st.dictionaries(st.sampled_from(["full", "late"]), st.integers(1, 5)),
)


@given(st.lists(_notes, min_size=3, max_size=3))
def test_what_waits_together_is_counted_in_any_order(notes: list[Notification]) -> None:
    """A later notification takes over what the earlier ones never got to say: the sums do not depend on when."""
    one, two, three = (msgspec.structs.replace(note, group="g") for note in notes)
    at_once, in_steps = three.after(two.after(one)), three.after(two).after(one)
    for found in (at_once, in_steps):
        assert found.changes == one.changes + two.changes + three.changes
        assert found.resolved == one.resolved + two.resolved + three.resolved
        assert {key: found.lost.get(key, 0) for key in ("full", "late")} == {
            key: sum(note.lost.get(key, 0) for note in (one, two, three)) for key in ("full", "late")
        }
        assert (found.firing, found.alerts, found.at, found.seq) == (three.firing, three.alerts, three.at, three.seq)
        assert (found.reason is Reason.RESOLVED) == three.over
    assert at_once.id == in_steps.id
    assert two.over or at_once.reason is in_steps.reason  # what began after all was over is a story of its own


def test_the_louder_reason_stays_and_the_newer_receipt_counts() -> None:
    """Whoever never heard the first message hears of the group for the first time, at the place that is known last."""
    moved = msgspec.structs.replace(RECEIPT, ts="9.9")
    newer = msgspec.structs.replace(NOTE, seq=2, reason=Reason.MORE, previous={"slack": moved})
    found = newer.after(msgspec.structs.replace(NOTE, previous={"slack": RECEIPT, "mail": RECEIPT}))
    assert (found.reason, found.seq) == (Reason.FIRST, 2)
    assert found.previous == {"slack": moved, "mail": RECEIPT}


@given(st.lists(_notes, min_size=1, max_size=5))
def test_a_digest_counts_everything_in_any_order(notes: list[Notification]) -> None:
    """Its totals are the sums of its parts, which stay as they are; only their order is the caller's."""
    for order in itertools.islice(itertools.permutations(notes), 6):
        found = digest(order)
        assert found.parts == order
        assert found.changes == sum(note.changes for note in notes)
        assert found.firing == sum(note.firing for note in notes)
        assert found.resolved == sum(note.resolved for note in notes)
        assert found.occurrences == sum(note.occurrences for note in notes)
        assert found.severity == max(note.severity for note in notes)
        assert found.over == all(note.over for note in notes)
        assert (found.group, found.id) == (digest(notes).group, digest(notes).id)


def test_the_same_decision_has_the_same_id() -> None:
    """Another number, receiver or group is another decision; the moment is not part of it."""
    assert NOTE.id == msgspec.structs.replace(NOTE, at=99, alerts=()).id
    others = [msgspec.structs.replace(NOTE, **{key: value}) for key, value in _OTHERS.items()]
    assert len({NOTE.id, *(other.id for other in others)}) == len(others) + 1


_OTHERS: dict[str, object] = {"seq": 2, "receiver": "dev", "group": "h"}
