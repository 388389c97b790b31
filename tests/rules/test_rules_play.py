"""Playing: recorded signals against rules, with the data's own time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hypothesis import given
from hypothesis import strategies as st

from otel_alerting.config.read import read
from otel_alerting.model import Point
from otel_alerting.model.duration import SECOND
from otel_alerting.rules.play import Arrival, Change, Evaluation, Player, play
from otel_alerting.rules.rule import Rule, RuleFile

START = 1_714_557_600 * SECOND
"""On an edge."""


def rules(*said: str, defaults: str = "{interval: 15s, lateness: 0s}") -> Sequence[Rule]:
    listed = "\n".join(f"- {{{one}}}" for one in said)
    return read(f"version: 1\ndefaults: {defaults}\nrules:\n{listed}\n", RuleFile, "rules").complete()


def point(seconds: float, value: float, **rest: object) -> Point:
    said = {"kind": "gauge", "tenant": "acme", **rest}
    return Point(at=START + round(seconds * SECOND), name="m", value=value, **said)  # type: ignore[arg-type]


def arriving(points: Iterable[Point]) -> Iterable[Arrival]:
    now = 0
    for one in points:
        now = max(now, one.at)
        yield now, one


def told(changes: Iterable[Change]) -> list[tuple[float, str, str, float | None]]:
    return [((one.at - START) / SECOND, one.state, one.severity.word, one.value) for one in changes]


def test_a_state_is_told_when_it_is_another() -> None:
    """Pending, firing and resolved, each with the number it was found by."""
    found = play(
        rules("alert: High, metric: m, above: 5, for: 30s"),
        arriving([point(0, 1), point(15, 7), point(30, 8), point(45, 9), point(60, 2), point(75, 2)]),
    )
    assert told(found) == [
        (15, "pending", "warning", 7),
        (45, "firing", "warning", 9),
        (60, "resolved", "warning", 2),
    ]


def test_what_stops_pending_is_dropped_without_a_word() -> None:
    """The next one is pending anew."""
    values = [7, 1, 7, 1, 7]
    found = play(
        rules("alert: High, metric: m, above: 5, for: 30s"),
        arriving([point(15 * index, value) for index, value in enumerate(values)]),
    )
    assert told(found) == [(0, "pending", "warning", 7), (30, "pending", "warning", 7), (60, "pending", "warning", 7)]


def test_another_severity_is_a_change() -> None:
    """In both directions; an alert that fires is not pending for its next step."""
    found = play(
        rules("alert: High, metric: m, severity: {warning: {above: 5}, critical: {above: 9, for: 15s}}"),
        arriving([point(0, 6), point(15, 10), point(30, 11), point(45, 6), point(60, 1)]),
    )
    assert told(found) == [
        (0, "firing", "warning", 6),
        (30, "firing", "critical", 11),
        (45, "firing", "warning", 6),
        (60, "resolved", "warning", 1),
    ]


def test_pending_is_of_the_severity_that_holds() -> None:
    """The mildest of those that it would fire with."""
    found = play(
        rules("alert: High, metric: m, for: 1m, severity: {warning: {above: 5}, critical: {above: 9}}"),
        arriving([point(0, 10), point(15, 10)]),
    )
    assert told(found) == [(0, "pending", "warning", 10)]


def test_an_edge_waits_for_all_that_comes_at_its_moment() -> None:
    """What happened at an edge belongs to its window, in whatever order it comes."""
    said = rules("alert: Many, metric: m, aggregate: count, window: 15s, equals: 2")
    found = play(said, arriving([point(15, 1), point(15, 1), point(16, 1)]), until=START + 15 * SECOND)
    assert told(found) == [(15, "firing", "warning", 2)]


def test_a_count_fires_on_the_event() -> None:
    """As it does live: its moment is the event's."""
    found = play(
        rules("alert: Many, metric: m, aggregate: count, window: 1m, above: 2"),
        arriving([point(second, 1) for second in (1, 2, 3, 4)]),
    )
    assert told(found) == [(3, "firing", "warning", 3)]


def test_the_end_is_the_last_signals_moment() -> None:
    """An edge after it would only show that the recording ends; what is due later by lateness is looked at."""
    said = rules("alert: Few, metric: m, aggregate: count, window: 15s, below: 2", defaults="{lateness: 30s}")
    points = [point(second, 1) for second in (1, 2, 16, 17, 31)]
    assert told(play(said, arriving(points))) == []
    assert told(play(said, arriving(points), until=START + 45 * SECOND)) == [(45, "firing", "warning", 1)]


def test_until_ends_the_looking() -> None:
    """What comes later is not taken, though it may say that it happened before."""
    points = [point(0, 1), point(15, 1), point(40, 9), point(14, 9)]
    found = play(rules("alert: High, metric: m, above: 5"), arriving(points), until=START + 30 * SECOND)
    assert told(found) == []


def test_what_is_late_is_late_as_it_was_live() -> None:
    """It is in no verdict that was given before it came, only in later ones; with lateness, verdicts wait for it."""
    points = [point(0, 1), point(31, 2), point(20, 9), point(46, 3)]
    hasty, patient = (
        rules("alert: Max, metric: m, aggregate: max, window: 30s, above: 5", defaults=f"{{lateness: {wait}}}")
        for wait in ("0s", "1m")
    )
    evaluations: list[Evaluation] = []
    list(play(hasty, arriving(points), found=evaluations.append))
    assert [one.value for one in evaluations] == [1, 1, None, 9]
    evaluations.clear()
    list(play(patient, arriving(points), found=evaluations.append))
    assert [one.value for one in evaluations] == [1, 1, 9, 9]


def test_what_is_later_than_every_window_is_lost_and_counted() -> None:
    """Asked for once."""
    player = Player(rules("alert: Max, metric: m, aggregate: max, window: 30s, above: 5"))
    assert told(player.play(arriving([point(0, 1), point(31, 2), point(15, 9)]))) == []
    assert player.lost() == {("acme", "late"): 1}
    assert player.lost() == {}


def test_a_counter_that_ran_before_is_known_from_its_second_point() -> None:
    """Nobody knows when its past happened; by default the looking begins with the first signal."""
    points = [
        point(second, value, kind="sum", monotonic=True, temporality="cumulative", started_at=START - 10**12)
        for second, value in ((10, 1_000), (20, 1_003))
    ]
    evaluations: list[Evaluation] = []
    said = rules("alert: Sum, metric: m, aggregate: sum, above: 100")
    assert told(play(said, arriving(points), until=START + 30 * SECOND, found=evaluations.append)) == []
    assert evaluations[-1].value == 3


def test_evaluations_say_how_every_group_stands() -> None:
    """Its number, its unit, and whether it is quiet, pending or firing; the severity with it."""
    evaluations: list[Evaluation] = []
    list(
        play(
            rules("alert: High, metric: m, above: 5, for: 15s, severity: high"),
            arriving([point(0, 1, unit="s"), point(15, 7), point(30, 8), point(45, 1)]),
            found=evaluations.append,
        )
    )
    assert [(one.value, one.state, one.severity and one.severity.word) for one in evaluations] == [
        (1, "quiet", None),
        (7, "pending", "high"),
        (8, "firing", "high"),
        (1, "quiet", None),
    ]
    assert {(one.tenant, one.alert, one.unit) for one in evaluations} == {("acme", "High", "s")}


def test_a_value_that_vanished_resolves_with_none() -> None:
    """Its last number is not what it ended by."""
    found = list(
        play(
            rules("alert: High, metric: m, above: 5, no_data_after: 1m"),
            arriving([point(0, 9)]),
            until=START + 120 * SECOND,
        )
    )
    assert told(found) == [(0, "firing", "warning", 9), (60, "resolved", "warning", None)]


def test_nothing_played_is_nothing_told() -> None:
    """Without signals there is no time."""
    assert list(play(rules("alert: High, metric: m, above: 5"), [])) == []


@given(
    st.lists(st.tuples(st.integers(0, 600), st.integers(0, 10)), max_size=60),
    st.sampled_from(["above: 5", "above: 5, for: 30s", "aggregate: avg, window: 1m, above: 4, keep_firing_for: 30s"]),
)
def test_changes_and_evaluations_tell_the_same(points: list[tuple[int, int]], condition: str) -> None:
    """After every edge a group is what its last change said, whatever came."""
    said = rules(f"alert: High, metric: m, {condition}")
    evaluations: list[Evaluation] = []
    changes = list(play(said, arriving([point(*one) for one in sorted(points)]), found=evaluations.append))
    for one in evaluations:
        before = [change.state for change in changes if change.at <= one.at and change.state != "pending"]
        assert (one.state == "firing") == (bool(before) and before[-1] == "firing")
        pending = any(change.at == one.at and change.state == "pending" for change in changes)
        assert not pending or one.state == "pending"


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 10)), max_size=60))
def test_the_same_signals_give_the_same_changes(points: list[tuple[int, int]]) -> None:
    """Always."""
    said = rules(
        "alert: High, metric: m, aggregate: max, above: 5", "alert: Many, metric: m, aggregate: count, above: 3"
    )
    first, second = (list(play(said, arriving([point(*one) for one in points]))) for _ in range(2))
    assert first == second
