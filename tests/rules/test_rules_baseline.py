"""A baseline learns what is usual of a number, says what it expects, and finds unusual what is far beyond."""

from __future__ import annotations

import math
import random
import tracemalloc
from collections.abc import Callable, Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_alerting.config.read import read
from otel_alerting.errors import ConfigurationError
from otel_alerting.model.duration import DAY, HOUR, MINUTE, SECOND, Duration
from otel_alerting.rules.baseline import Baseline, Judge, Judgement, judge_of, methods
from otel_alerting.rules.baseline.moments import Moments
from otel_alerting.rules.rule import RuleFile

START = 1_700_006_400 * SECOND
EVERY = 5 * MINUTE
A_DAY = DAY // EVERY
METHODS = methods.names()


def daily(dice: random.Random, row: int) -> float:
    """Days between 30 and 70, with noise."""
    return 50 + 20 * math.sin(2 * math.pi * row / A_DAY) + dice.gauss(0, 1)


def rows(number: int, begin: int = 0, of: Callable[[random.Random, int], float] = daily) -> list[float]:
    dice = random.Random(f"{begin} {number}")
    return [of(dice, row) for row in range(begin, begin + number)]


def judged(judge: Judge, values: Sequence[float | None], begin: int = 0) -> Iterator[Judgement]:
    for row, value in enumerate(values, begin):
        yield judge.judge(START + row * EVERY, value)


def begun(judge: Judge, values: Sequence[float | None], begin: int) -> list[int]:
    """The rows at which something became unusual."""
    found = [bool(one.unusual) for one in judged(judge, values, begin)]
    return [row for row, is_unusual in enumerate(found) if is_unusual and not found[row - 1]]


def taught(method: str = "extremes", days: int = 8, **said: object) -> Judge:
    """One that has seen some days."""
    judge = judge_of(Baseline(method=method, **said))  # type: ignore[arg-type]
    assert not any(one.unusual for one in judged(judge, rows(days * A_DAY)))
    return judge


def test_there_is_a_file_for_every_method() -> None:
    """Named by its word; nobody lists them."""
    assert METHODS == ("extremes", "seasonal", "zscore")
    with pytest.raises(LookupError):
        judge_of(Baseline(method="history"))


@pytest.mark.parametrize("method", METHODS)
def test_what_is_as_ever_is_usual(method: str) -> None:
    """Four weeks of days and noise, and not one alarm."""
    assert not any(one.unusual for one in judged(judge_of(Baseline(method=method)), rows(28 * A_DAY)))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("value", "side"), [(140.0, "up"), (-40.0, "down")])
def test_what_is_far_beyond_is_unusual_on_the_sides_that_are_asked_for(method: str, value: float, side: str) -> None:
    """Above what is expected, or below; the bounds that were not asked for are not there."""
    for direction in ("both", "up", "down"):
        judge = taught(method, direction=direction)
        found = judge.judge(START + 8 * DAY, value)
        assert found.unusual is (direction in ("both", side))
        assert (found.low is None, found.high is None) == (direction == "up", direction == "down")
        assert found.value == value


@pytest.mark.parametrize("method", METHODS)
def test_it_says_what_it_expects(method: str) -> None:
    """The bounds of a number that is usual hold it, and are not far."""
    found = taught(method).judge(START + 8 * DAY, 50.0)
    assert found.unusual is False
    assert found.low is not None
    assert found.high is not None
    assert -60 < found.low < 50.0 < found.high < 160


@pytest.mark.parametrize(("method", "days"), [("extremes", 1), ("zscore", 1), ("seasonal", 3)])
def test_it_says_nothing_while_it_learns_and_for_how_long(method: str, days: int) -> None:
    """A day of a week's history; three days where it is about the time of day."""
    judge = judge_of(Baseline(method=method))
    found = list(judged(judge, rows(days * A_DAY)))
    assert {one.unusual for one in found} == {None}
    assert all(START + days * DAY <= one.known_at < START + (days + 1) * DAY for one in found)
    later = list(judged(judge, rows(A_DAY, days * A_DAY), days * A_DAY))[-1]
    assert (later.unusual, later.known_at) == (False, 0)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("value", [None, math.nan, math.inf])
def test_of_no_number_nothing_is_known(method: str, value: float | None) -> None:
    """It is neither usual nor unusual, and nothing is learned from it."""
    judge = taught(method)
    assert judge.judge(START + 8 * DAY, value) == Judgement(None)
    assert judge.judge(START + 8 * DAY + EVERY, 50.0).unusual is False


@pytest.mark.parametrize("method", METHODS)
def test_a_number_that_is_not_newer_is_judged_and_not_learned(method: str) -> None:
    """Repeats and clocks that are set back a little."""
    judge, copy = taught(method), taught(method)
    for ago in (1, 10, 11 * 12):
        assert judge.judge(START + (8 * A_DAY - ago) * EVERY, 500.0).unusual is True
    assert judge.judge(START + 8 * DAY, 50.0) == copy.judge(START + 8 * DAY, 50.0)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("away", [8 * DAY, -8 * DAY, 400 * DAY])
def test_a_clock_that_jumps_by_more_than_the_history_begins_a_new_one(method: str, away: int) -> None:
    """What was before is of no use, and nothing freezes."""
    judge = taught(method)
    found = judge.judge(START + 8 * DAY + away, 500.0)
    assert (found.unusual, found.known_at > START + 8 * DAY + away) == (None, True)


def test_a_gap_of_a_day_changes_nothing() -> None:
    """What was seen before it still holds."""
    judge = taught(days=8)
    found = list(judged(judge, rows(A_DAY, 9 * A_DAY), 9 * A_DAY))
    assert {one.unusual for one in found} == {False}


# extremes


def test_the_margin_is_a_share_of_the_extent() -> None:
    """10% of the distance between the highest and the lowest; 50% when that is said."""
    seen = rows(8 * A_DAY)
    extent = max(seen) - min(seen)
    for margin, beyond in ((None, 0.1), ("50%", 0.5)):
        judge = taught(**({} if margin is None else {"margin": _quantity(margin)}))
        found = judge.judge(START + 8 * DAY, 50.0)
        assert found.high == pytest.approx(max(seen) + beyond * extent, abs=1.0)
        assert found.low == pytest.approx(min(seen) - beyond * extent, abs=1.0)


def _quantity(said: str) -> object:
    text = f"{{version: 1, rules: [{{alert: A, metric: m, baseline: {{margin: {said}}}}}]}}"
    rule = read(text, RuleFile, "rules.yaml").rules[0]
    assert rule.baseline is not None
    return rule.baseline.margin


def test_a_young_history_has_a_wider_margin() -> None:
    """After two days of seven it is three and a half times as wide."""
    judge = judge_of(Baseline())
    list(judged(judge, rows(2 * A_DAY)))
    young = judge.judge(START + 2 * DAY, 50.0)
    old = taught().judge(START + 8 * DAY, 50.0)
    assert young.high is not None
    assert old.high is not None
    assert young.high - 72 > 2 * (old.high - 72)


def test_what_is_unusual_stays_so_until_it_is_within_the_extremes() -> None:
    """Between the highest and the margin beyond it nothing begins, and nothing ends."""
    judge = taught()
    seen = max(rows(8 * A_DAY))
    between, values = seen + 2.0, []
    for row, value in enumerate((between, seen + 20, between, seen - 5, between)):
        values.append(judge.judge(START + 8 * DAY + row * EVERY, value).unusual)
    assert values == [False, True, True, False, False]


def test_once_is_no_habit() -> None:
    """What was unusual is remembered for a day; what was unusual on two days of a week is usual, as long as it is."""
    judge = taught(days=8)
    told = {8: 1, 10: 1, 12: 0, 14: 0, 26: 1}
    for day in range(8, 28, 2):
        values = rows(2 * A_DAY, day * A_DAY)
        if day in told:
            values[100] = 150.0
        assert len(begun(judge, values, day * A_DAY)) == told.get(day, 0)


def test_twice_on_a_day_is_told_once() -> None:
    """Unless it goes farther by more than the margin."""
    judge = taught(days=8)
    values = rows(100, 8 * A_DAY)
    for row, value in ((10, 150.0), (40, 149.0), (60, 151.0), (90, 190.0)):
        values[row] = value
    assert begun(judge, values, 8 * A_DAY) == [10, 90]


def test_a_new_level_is_unusual_for_half_a_day() -> None:
    """Then it is what is usual now."""
    judge = taught(days=8)
    values = [value + 100 for value in rows(3 * A_DAY, 8 * A_DAY)]
    unusual = [row for row, one in enumerate(judged(judge, values, 8 * A_DAY)) if one.unusual and not one.over]
    assert unusual[0] == 0
    assert 11 * HOUR // EVERY < unusual[-1] < 13 * HOUR // EVERY


def test_a_steady_trend_is_usual() -> None:
    """It has a new highest number all the time, and never a surprising one."""
    judge = judge_of(Baseline())
    values = rows(28 * A_DAY, of=lambda dice, row: row / A_DAY + dice.gauss(0, 0.02))
    assert not any(one.unusual for one in judged(judge, values))


def test_a_number_that_never_changed_is_unusual_when_it_does() -> None:
    """There is nothing that a margin could be a share of."""
    judge = judge_of(Baseline())
    assert not any(one.unusual for one in judged(judge, [0.0] * (3 * A_DAY)))
    assert judge.judge(START + 3 * DAY, 1.0).unusual is True


def test_many_high_numbers_are_unusual_where_one_is_not() -> None:
    """Durations have long tails; that all of them are twice as long for hours shows in their mean over an hour."""

    def latency(dice: random.Random, row: int) -> float:
        return dice.lognormvariate(0, 0.5)

    judge = judge_of(Baseline())
    list(judged(judge, rows(8 * A_DAY, of=latency)))
    found = list(judged(judge, [2.2 * value for value in rows(72, 8 * A_DAY, latency)], 8 * A_DAY))
    assert any(one.unusual and one.over == HOUR for one in found)
    told = next(one for one in found if one.unusual and one.over == HOUR)
    assert told.value is not None
    assert told.high is not None
    assert told.value > told.high


def test_a_day_that_is_unlike_all_others_is_unusual_though_no_number_in_it_is() -> None:
    """A day without its noon, seen in its mean."""
    judge = judge_of(Baseline())
    list(judged(judge, rows(9 * A_DAY)))
    found = list(judged(judge, [31.0] * A_DAY, 9 * A_DAY))
    assert any(one.unusual and one.over == DAY for one in found)


# zscore, seasonal


def test_deviations_say_how_far_is_too_far() -> None:
    """Of normal noise around 50 with a deviation of 1."""
    noise = rows(8 * A_DAY, of=lambda dice, row: 50 + dice.gauss(0, 1))
    for said, beyond in ((None, 5.0), (8.0, 8.0)):
        judge = judge_of(Baseline(method="zscore", deviations=said))
        list(judged(judge, noise))
        found = judge.judge(START + 8 * DAY, 50.0)
        assert found.high == pytest.approx(50 + beyond, abs=0.3)
        assert found.low == pytest.approx(50 - beyond, abs=0.3)


def test_noise_at_the_limit_does_not_end_and_begin_it() -> None:
    """It must come a deviation nearer to be usual again."""
    judge = judge_of(Baseline(method="zscore"))
    list(judged(judge, rows(8 * A_DAY, of=lambda dice, row: 50 + dice.gauss(0, 1))))
    found = [one.unusual for one in judged(judge, [55.8, 54.7, 55.8, 54.7, 53.5, 54.7], 8 * A_DAY)]
    assert found == [True, True, True, True, False, False]


def test_one_outlier_does_not_make_the_next_one_usual() -> None:
    """What is unusual is learned as much as would be usual, until it lasts."""
    for method in ("zscore", "seasonal"):
        judge = taught(method)
        before = judge.judge(START + 8 * DAY, 50.0).high
        judge.judge(START + 8 * DAY + EVERY, 1e9)
        list(judged(judge, rows(10 * A_DAY, 8 * A_DAY + 2), 8 * A_DAY + 2))
        after = judge.judge(START + 18 * DAY + 3 * EVERY, 50.0).high
        assert before is not None
        assert after == pytest.approx(before, rel=0.2)


def test_seasonal_knows_the_time_of_day() -> None:
    """What is usual at noon is not at midnight."""
    judge, other = taught("seasonal"), taught("zscore")
    noon = 8 * A_DAY + A_DAY // 4
    list(judged(judge, rows(A_DAY // 4, 8 * A_DAY), 8 * A_DAY))
    list(judged(other, rows(A_DAY // 4, 8 * A_DAY), 8 * A_DAY))
    assert judge.judge(START + noon * EVERY, 32.0).unusual is True
    assert other.judge(START + noon * EVERY, 32.0).unusual is False


def test_seasonal_knows_the_day_of_the_week_from_three_weeks_on() -> None:
    """What is usual on a Monday is not on a Sunday; with a week of history it cannot know."""

    def weekly(dice: random.Random, row: int) -> float:
        return (100 if row // A_DAY % 7 < 5 else 20) + dice.gauss(0, 1)

    judge = judge_of(Baseline(method="seasonal", history=Duration(28 * DAY)))
    list(judged(judge, rows(27 * A_DAY, of=weekly)))
    sunday = 27 * A_DAY
    assert judge.judge(START + sunday * EVERY, 20.0).unusual is False
    assert judge.judge(START + (sunday + 1) * EVERY, 100.0).unusual is True


# What it takes


@pytest.mark.parametrize(
    "said", [{"method": method, "history": Duration(days * DAY)} for method in METHODS for days in (7, 28, 90)]
)
def test_a_series_takes_less_than_20_kilobytes(said: dict[str, object]) -> None:
    """Whatever the history."""
    judge_of(Baseline(**said)).judge(START, 1.0)  # type: ignore[arg-type]
    values = rows(20 * A_DAY)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    judge = judge_of(Baseline(**said))  # type: ignore[arg-type]
    for row, value in enumerate(values):
        judge.judge(START + row * EVERY, value)
    taken = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert taken < 20_000


@pytest.mark.parametrize("method", METHODS)
def test_what_was_learned_outlives_the_process(method: str) -> None:
    """A week is not learned anew after a restart; both judge the same from there on, also in the midst of trouble."""
    judge, copy = taught(method), judge_of(Baseline(method=method))
    judge.judge(START + 8 * DAY, 400.0)
    kept = judge.kept()
    copy.resume(kept, 0)
    values = [400.0, *rows(A_DAY, 8 * A_DAY + 2), 400.0]
    assert list(judged(copy, values, 8 * A_DAY + 1)) == list(judged(judge, values, 8 * A_DAY + 1))
    assert len(kept) < 20_000


@pytest.mark.parametrize("method", METHODS)
def test_what_another_baseline_learned_is_of_no_use(method: str) -> None:
    """Of another method, another history, or no baseline at all: it learns anew."""
    for kept in (*(taught(other).kept() for other in METHODS if other != method), b"", b"nonsense"):
        judge = judge_of(Baseline(method=method))
        judge.resume(kept, 0)
        assert judge.judge(START + 8 * DAY, 50.0).unusual is None
    judge = judge_of(Baseline(method=method, history=Duration(14 * DAY)))
    judge.resume(taught(method).kept(), 0)
    assert judge.judge(START + 8 * DAY, 50.0).unusual is None


@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from(METHODS),
    st.lists(st.tuples(st.integers(-3, 300), st.floats(-1e12, 1e12) | st.none()), max_size=300),
)
def test_nothing_makes_it_fail(method: str, seen: list[tuple[int, float | None]]) -> None:
    """Any numbers at any moments; and what it found unusual lay beyond a bound it told, or was so before."""
    judge, at, was = judge_of(Baseline(method=method)), START, False
    for minutes, value in seen:
        at += minutes * 30 * MINUTE
        found = judge.judge(at, value)
        if found.unusual and not was:
            assert found.value is not None
            low = -math.inf if found.low is None else found.low
            high = math.inf if found.high is None else found.high
            assert not low <= found.value <= high
        was = bool(found.unusual)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=50))
def test_moments_of_pieces_are_those_of_all_their_numbers(values: list[float]) -> None:
    """However they are cut."""
    moments = Moments(10 * HOUR, HOUR)
    for number, value in enumerate(values):
        at = START + number * 10 * MINUTE
        if at // HOUR != moments.newest:
            moments.turn(at)
        moments.add(at, value)
    mean, deviation = moments.together(range(moments.size))
    expected = math.fsum(values) / len(values)
    assert mean == pytest.approx(expected, abs=1e-6)
    spread = math.sqrt(math.fsum((value - expected) ** 2 for value in values) / (len(values) - 1))
    assert deviation == pytest.approx(spread, rel=1e-6, abs=1e-6)


# How it is written


@pytest.mark.parametrize(
    ("said", "path", "right"),
    [
        ("{method: magic}", "method", "one of extremes, seasonal, zscore"),
        ("{history: 1h}", "history", "at least 7h"),
        ("{method: seasonal, history: 2d}", "history", "at least 3d"),
        ("{method: zscore, margin: 10%}", "margin", "deviations"),
        ("{deviations: 3}", "deviations", "margin"),
        ("{margin: 3s}", "margin", "a share, as 10%"),
        ("{margin: -5%}", "margin", "a share, as 10%"),
        ("{method: zscore, deviations: 0}", "deviations", "more than 0"),
    ],
)
def test_what_makes_no_sense_is_refused(said: str, path: str, right: str) -> None:
    """With the place and what would be right."""
    with pytest.raises(ConfigurationError) as refused:
        read(f"{{version: 1, rules: [{{alert: A, metric: m, baseline: {said}}}]}}", RuleFile, "rules.yaml")
    found = [(problem.path, problem.right) for problem in refused.value.problems]
    assert found == [(f"rules[0].baseline.{path}", right)]


def test_a_method_alone_is_a_baseline() -> None:
    """With its defaults; and a rule with one needs no limit."""
    rules = read("{version: 1, rules: [{alert: A, metric: m, baseline: zscore}]}", RuleFile, "rules.yaml").rules
    assert rules[0].baseline == Baseline(method="zscore")
