"""The benchmark's score is computed as it is described: these cases are worked out by hand."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "bench"))

import nab

STANDARD, LOW_FALSE = nab.STANDARD, nab.LOW_FALSE
WINDOW = (100, 109)
"""Ten rows."""


def squash(position: float) -> float:
    return 2 / (1 + math.exp(5 * position)) - 1


def test_the_worth_of_a_place_is_a_sigmoid() -> None:
    """Nearly 1 at the beginning of a window, 0 at its end, -1 far behind it, and exactly that beyond three widths."""
    assert nab.worth(0.0) == 0.0
    assert nab.worth(-1.0) == pytest.approx(0.98661, abs=1e-5)
    assert nab.worth(0.5) == pytest.approx(-0.84828, abs=1e-5)
    assert nab.worth(3.01) == -1.0


def test_probation_is_15_percent_of_5000_rows_at_most() -> None:
    """Of a short series 15 %, of a long one 750 rows."""
    assert [nab.probation(rows) for rows in (10, 4_032, 5_000, 22_695)] == [1, 604, 750, 750]


def test_the_first_row_of_a_window_is_worth_1() -> None:
    """And only the first detection in it counts."""
    assert nab.raw_score([WINDOW], [100], STANDARD) == 1.0
    assert nab.raw_score([WINDOW], [100, 103, 109], STANDARD) == 1.0


def test_the_last_row_of_a_window_is_worth_little() -> None:
    """One tenth of the window is left: sigmoid of a half, as a share of the most there is."""
    assert nab.raw_score([WINDOW], [109], STANDARD) == pytest.approx(squash(-0.1) / squash(-1.0))


def test_a_window_missed_costs_1() -> None:
    """Whatever the profile."""
    assert nab.raw_score([WINDOW, (200, 209)], [], STANDARD) == -2.0
    assert nab.raw_score([WINDOW], [], LOW_FALSE) == -1.0


def test_a_false_alarm_costs_more_the_farther_it_is_behind_a_window() -> None:
    """Before the first window all of its price; right behind a window a part of it."""
    assert nab.raw_score([], [50], STANDARD) == pytest.approx(-0.11)
    assert nab.raw_score([WINDOW], [50, 100], STANDARD) == pytest.approx(1 - 0.11)
    assert nab.raw_score([WINDOW], [100, 112], STANDARD) == pytest.approx(1 + 0.11 * squash(3 / 9))
    assert nab.raw_score([WINDOW], [100, 500], STANDARD) == pytest.approx(1 - 0.11)
    assert nab.raw_score([WINDOW], [100, 500], LOW_FALSE) == pytest.approx(1 - 0.22)


def test_it_is_the_nearest_window_before_that_is_just_over() -> None:
    """Not the first."""
    found = nab.raw_score([WINDOW, (200, 219)], [100, 200, 222], STANDARD)
    assert found == pytest.approx(2 + 0.11 * squash(3 / 19))


def test_silence_is_0_and_perfection_100() -> None:
    """And half of the windows, at once and without anything else, 50."""
    assert nab.Tally(windows=4).score(-4.0) == 0.0
    assert nab.Tally(windows=4).score(4.0) == 100.0
    assert nab.Tally(windows=4).score(0.0) == 50.0


def test_a_worked_example() -> None:
    """Two windows, one found in its middle, one missed, and one false alarm before them."""
    raw = nab.raw_score([WINDOW, (200, 209)], [40, 105], STANDARD)
    assert raw == pytest.approx(squash(-0.5) / squash(-1.0) - 1 - 0.11)
    assert nab.Tally(windows=2).score(raw) == pytest.approx(100 * (raw + 2) / 4)


def test_the_benchmark_s_folder_is_read_as_it_is(tmp_path: Path) -> None:
    """Rows in the order they stand in, windows by their timestamps."""
    (tmp_path / "data" / "group").mkdir(parents=True)
    (tmp_path / "labels").mkdir()
    lines = [f"2014-04-01 00:{5 * row:02d}:00,{row}.5" for row in range(8)]
    (tmp_path / "data" / "group" / "one.csv").write_text("\n".join(["timestamp,value", *lines]) + "\n")
    windows = {"group/one.csv": [["2014-04-01 00:10:00.000000", "2014-04-01 00:20:00.000000"]], "group/two.csv": []}
    (tmp_path / "labels" / "combined_windows.json").write_text(json.dumps(windows))
    (series,) = nab.read_all(tmp_path)
    assert (series.name, series.windows, series.step) == ("group/one.csv", [(2, 4)], 300 * 10**9)
    assert series.rows[1] == (1_396_310_700 * 10**9, 1.5)


def test_made_up_series_are_worn_and_always_the_same() -> None:
    """Gaps, timestamps that repeat, one jump back; windows where the trouble is."""
    first, again = list(nab.made_up(number=9)), list(nab.made_up(number=9))
    assert [one.rows for one in first] == [one.rows for one in again]
    for series in first:
        steps = [after - before for (before, _), (after, _) in zip(series.rows, series.rows[1:], strict=False)]
        assert min(steps) <= -40 * 60 * 10**9
        assert steps.count(0) >= 3
        assert max(steps) > 30 * 60 * 10**9
        assert all(nab.probation(len(series.rows)) < begin < end for begin, end in series.windows)


def test_detections_are_notifications_of_the_rule_engine() -> None:
    """A spike in a day like all others is told once, at its row."""
    values = [50 + 20 * math.sin(2 * math.pi * row / 288) + row % 7 / 7 for row in range(10 * 288)]
    values[9 * 288 : 9 * 288 + 3] = [200.0] * 3
    rows = [(nab.START + row * nab.HOUR // 12, value) for row, value in enumerate(values)]
    assert nab.notified("extremes", nab.Series("spike", rows, [])) == [9 * 288]
