"""Silences: made, changed, ended and listed as Alertmanager's users know it; recurring, and until it is over."""

from __future__ import annotations

import msgspec
import pytest

from otel_alerting.dispatch.intervals import Calendar, NamedInterval, TimeInterval, TimeOfDay, TimeRange
from otel_alerting.dispatch.silences import Silence, Silences, SilenceState
from otel_alerting.model import Alert, Severity
from otel_alerting.model.duration import DAY, HOUR, MINUTE

NOW = 20_000 * DAY
MORNING = NamedInterval(
    name="morning",
    time_intervals=(TimeInterval(times=(TimeRange(start_time=TimeOfDay(0), end_time=TimeOfDay(360)),)),),
)


def silences() -> Silences:
    return Silences(Calendar([MORNING]))


def silence(**more: object) -> Silence:
    said = {
        "tenant": "acme",
        "matchers": "host=a",
        "ends_at": NOW + HOUR,
        "created_by": "ann",
        "comment": "why",
        **more,
    }
    return Silence(**said)  # type: ignore[arg-type]


def alert(tenant: str = "acme", **labels: str) -> Alert:
    return Alert(tenant=tenant, name="Slow", labels=labels, severity=Severity.WARNING, started_at=1, updated_at=1)


def test_a_silence_lives_pending_active_expired() -> None:
    """By its moments alone; the end is not in it any more."""
    made = silence(starts_at=NOW + 1)
    assert [made.state(at) for at in (NOW, NOW + 1, NOW + HOUR - 1, NOW + HOUR)] == [
        SilenceState.PENDING,
        SilenceState.ACTIVE,
        SilenceState.ACTIVE,
        SilenceState.EXPIRED,
    ]


def test_a_new_one_gets_an_id_and_begins_now() -> None:
    """The same request at the same moment is the same silence, however often it arrives."""
    ours = silences()
    made, replaced = ours.put(silence(), NOW)
    assert (made.starts_at, made.updated_at, replaced) == (NOW, NOW, None)
    assert len(made.id) == 36
    assert ours.put(silence(), NOW)[0] == made
    assert ours.all("acme") == [made]
    assert ours.get("acme", made.id) == made
    other, _ = ours.put(silence(), NOW + 1)
    assert other.id != made.id


def test_the_end_may_be_changed_in_place() -> None:
    """Of an active one also who says so and why; the id stays."""
    ours = silences()
    made, _ = ours.put(silence(), NOW)
    edited, replaced = ours.put(msgspec.structs.replace(made, ends_at=NOW + 2 * HOUR, comment="longer"), NOW + 1)
    assert (edited.id, edited.ends_at, edited.comment, replaced) == (made.id, NOW + 2 * HOUR, "longer", made)
    assert ours.all("acme") == [edited]


@pytest.mark.parametrize("change", [{"matchers": "host=b"}, {"starts_at": NOW + MINUTE}, {"time_interval": "morning"}])
def test_any_other_change_ends_it_and_makes_another(change: dict[str, object]) -> None:
    """What it is about and when it began are not rewritten afterwards."""
    ours = silences()
    made, _ = ours.put(silence(), NOW)
    edited, replaced = ours.put(msgspec.structs.replace(made, **change), NOW + 1)
    assert replaced == made
    assert edited.id != made.id
    assert ours.get("acme", made.id).state(NOW + 1) is SilenceState.EXPIRED
    assert ours.get("acme", edited.id) == edited


def test_a_pending_one_may_begin_at_another_time() -> None:
    """As long as that is not in the past."""
    ours = silences()
    made, _ = ours.put(silence(starts_at=NOW + MINUTE), NOW)
    later, _ = ours.put(msgspec.structs.replace(made, starts_at=NOW + 2 * MINUTE), NOW + 1)
    assert later.id == made.id
    again, _ = ours.put(msgspec.structs.replace(later, starts_at=NOW), NOW + 1)
    assert (again.id == made.id, again.starts_at) == (False, NOW + 1)


def test_one_that_ended_is_not_brought_back() -> None:
    """Changing it makes a new one; ending it again is an error."""
    ours = silences()
    made, _ = ours.put(silence(), NOW)
    ended = ours.expire("acme", made.id, NOW + 1)
    assert (ended.ends_at, ended.state(NOW + 1)) == (NOW + 1, SilenceState.EXPIRED)
    with pytest.raises(ValueError, match="ended already"):
        ours.expire("acme", made.id, NOW + 2)
    again, _ = ours.put(msgspec.structs.replace(made, comment="again"), NOW + 2)
    assert again.id != made.id


def test_a_pending_one_that_is_ended_never_begins() -> None:
    """Its start moves to its end."""
    ours = silences()
    made, _ = ours.put(silence(starts_at=NOW + MINUTE), NOW)
    ended = ours.expire("acme", made.id, NOW + 1)
    assert ended.state(NOW + 1) is SilenceState.EXPIRED
    assert ended.starts_at == ended.ends_at


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"matchers": ""}, "matchers is nothing"),
        ({"matchers": "host=~.*,zone!=a"}, "without labels"),
        ({"matchers": "host=~("}, "regular expression"),
        ({"ends_at": NOW}, "ends_at is"),
        ({"ends_at": NOW + 1, "starts_at": NOW + 2}, "ends_at is"),
        ({"ends_at": 0}, "until_resolved"),
        ({"time_interval": "evening"}, "time_interval"),
    ],
)
def test_what_could_not_be_kept_is_refused(wrong: dict[str, object], words: str) -> None:
    """A silence of everything, one that is over, one without an end."""
    ours = silences()
    with pytest.raises(ValueError, match=words):
        ours.put(silence(**wrong), NOW)
    assert ours.all("acme") == []


def test_tenants_are_strangers() -> None:
    """Nobody finds, changes, ends or feels another's silence."""
    ours = silences()
    made, _ = ours.put(silence(), NOW)
    assert ours.matching("acme", alert(host="a")) == (made,)
    assert ours.matching("globex", alert("globex", host="a")) == ()
    assert ours.all("globex") == []
    with pytest.raises(LookupError):
        ours.expire("globex", made.id, NOW)
    with pytest.raises(LookupError):
        ours.put(msgspec.structs.replace(made, tenant="globex"), NOW)
    assert ours.version("globex") == 0


def test_a_recurring_one_counts_within_its_interval() -> None:
    """Every morning until six, for a week."""
    ours = silences()
    made, _ = ours.put(silence(time_interval="morning", ends_at=NOW + 7 * DAY), NOW)
    assert [ours.counts(made, NOW + hours * HOUR) for hours in (0, 5, 6, 24, 7 * 24)] == [
        True,
        True,
        False,
        True,
        False,
    ]


def test_thousands_cost_no_more_than_one() -> None:
    """They are found by a label that they want to have one value; only those are held against the alert."""
    ours = silences()
    for number in range(2_000):
        ours.put(silence(matchers=f'host="h{number}", zone!=b'), NOW)
    looked: list[str] = []

    class Counted(dict):  # type: ignore[type-arg]
        def values(self) -> list[Silence]:  # type: ignore[override]
            looked.extend(self)
            return list(super().values())

    shelf = ours._shelves["acme"]
    shelf._by_pair = {pair: Counted(found) for pair, found in shelf._by_pair.items()}
    assert [one.matchers for one in ours.matching("acme", alert(host="h7", zone="a"))] == ['host="h7", zone!=b']
    assert len(looked) == 1


def test_those_that_ended_are_shown_for_five_days() -> None:
    """Then they are forgotten, and until then they cost no look."""
    ours = silences()
    made, _ = ours.put(silence(), NOW)
    ours.tidy(NOW + HOUR)
    assert ours.matching("acme", alert(host="a")) == ()
    assert ours.all("acme") == [made]
    ours.tidy(NOW + HOUR + 5 * DAY)
    assert ours.all("acme") == []


def test_a_silence_is_plain_data() -> None:
    """It can be written down and read again anywhere."""
    made, _ = silences().put(silence(matchers='host=~"web-\\d+", team="a,b"'), NOW)
    assert msgspec.json.decode(msgspec.json.encode(made), type=Silence) == made
