"""How well baselines tell what is unusual: `python tests/bench/nab.py [--data DIR] [--method NAME ...] [--series]`.

DIR is a copy of the Numenta Anomaly Benchmark, or of some of its groups: `data/<group>/<series>.csv` with the columns
timestamp and value, and `labels/combined_windows.json`, from a series' path below `data/` to its labelled windows.
Without it, series are made up (seeded): days and weeks, trends, long tails, with spikes, dips, shifts, flat and noisy
stretches in them, gaps, repeated timestamps and a jump back in time. Scores on those say how methods compare, and
whether a change was one for the better; only scores on real data say how good a method is.

Every series is replayed through the rule engine, with one rule: `metric`, its `interval` that of the series, and
`baseline` with nothing but the method. A detection is a notification: an alert that begins to fire. Settings were fixed
before; nothing here looks for better ones.

The score is the benchmark's (A. Lavin and S. Ahmad, "Evaluating Real-Time Anomaly Detection Algorithms: the Numenta
Anomaly Benchmark", ICMLA 2015, section II): a detection in a window is worth up to 1, the earlier the more, and only
the first counts; one outside costs up to the profile's price of a false alarm, less when a window was just over; a
window without any costs the price of a miss; the first 15 % of a series (of 5,000 rows at most) are not scored. 0 is
who never says anything, 100 who says exactly the right things at once.
"""

from __future__ import annotations

import argparse
import bisect
import csv
import itertools
import json
import math
import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

from otel_alerting.config.read import read
from otel_alerting.model import Point
from otel_alerting.model.duration import DAY, HOUR, MINUTE, SECOND, Duration
from otel_alerting.rules.baseline import Baseline, judge_of, methods
from otel_alerting.rules.rule import RuleFile
from otel_alerting.rules.ruleset import RuleSet

START = 1_700_006_400 * SECOND
WEEK = 7 * DAY
PROBATION, MOST_ROWS = 0.15, 5_000


# The score


@dataclass(frozen=True)
class Profile:
    """What a miss and a false alarm cost, where finding a window is worth 1."""

    miss: float
    false: float


STANDARD, LOW_FALSE = Profile(miss=1.0, false=0.11), Profile(miss=1.0, false=0.22)

Window = tuple[int, int]
"""The first and the last row of something unusual."""


@dataclass
class Tally:
    """What came of one or many series."""

    standard: float = 0.0
    low_false: float = 0.0
    windows: int = 0
    found: int = 0
    false: int = 0
    weeks: float = 0.0
    nanoseconds: int = 0
    rows: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(**{name: value + getattr(other, name) for name, value in vars(self).items()})

    def score(self, raw: float, miss: float = 1.0) -> float:
        """From 0, nothing ever said, to 100, all windows found at once and nothing else said."""
        return 100 * (raw + miss * self.windows) / ((1 + miss) * self.windows) if self.windows else math.nan

    @property
    def precision(self) -> float:
        return self.found / (self.found + self.false) if self.found + self.false else math.nan

    @property
    def recall(self) -> float:
        return self.found / self.windows if self.windows else math.nan


def worth(position: float) -> float:
    """Of a detection: from nearly 1 at a window's beginning (-1), by 0 at its end (0), to -1 far behind it."""
    return 2 / (1 + math.exp(5 * position)) - 1 if position <= 3 else -1.0


def probation(rows: int) -> int:
    """How many rows at the beginning are not scored."""
    return math.floor(PROBATION * min(rows, MOST_ROWS))


def raw_score(windows: Sequence[Window], detections: Sequence[int], profile: Profile) -> float:
    """The worth of all detections (rows, sorted, none of the probation) in one series, less the price of misses."""
    return sum(found_worth(windows, detections, profile)) + sum(false_worth(windows, detections, profile))


def found_worth(windows: Sequence[Window], detections: Sequence[int], profile: Profile) -> Iterator[float]:
    """Of each window: what its first detection is worth, or what missing it costs."""
    for first, last in windows:
        inside = next((row for row in detections if first <= row <= last), None)
        if inside is None:
            yield -profile.miss
        else:
            yield worth(-(last - inside + 1) / (last - first + 1)) / worth(-1.0)


def false_worth(windows: Sequence[Window], detections: Sequence[int], profile: Profile) -> Iterator[float]:
    """Of each detection outside the windows."""
    for row in outside(windows, detections):
        before = [window for window in windows if window[1] < row]
        if not before:
            yield -profile.false
            continue
        first, last = before[-1]
        yield profile.false * worth((row - last) / max(1, last - first))


def outside(windows: Sequence[Window], detections: Sequence[int]) -> list[int]:
    """The detections in no window."""
    return [row for row in detections if not any(first <= row <= last for first, last in windows)]


# Series


@dataclass(frozen=True)
class Series:
    """Rows in the order they came, and the windows in them."""

    name: str
    rows: Sequence[tuple[int, float]]
    """When, and the value."""
    windows: Sequence[Window]

    @property
    def step(self) -> int:
        """The usual time between two rows, in whole intervals of the rule engine."""
        gaps = [after - before for (before, _), (after, _) in zip(self.rows, self.rows[1:], strict=False)]
        return max(1, round(statistics.median(gaps) / (5 * SECOND))) * 5 * SECOND


def read_all(folder: Path) -> Iterator[Series]:
    """The benchmark's files, as far as they are there."""
    labels: dict[str, list[tuple[str, str]]] = json.loads((folder / "labels" / "combined_windows.json").read_text())
    for path in sorted((folder / "data").glob("*/*.csv")):
        name = path.relative_to(folder / "data").as_posix()
        with path.open(newline="") as lines:
            rows = [(_moment(row["timestamp"]), float(row["value"])) for row in csv.DictReader(lines)]
        windows = [(_moment(first), _moment(last)) for first, last in labels.get(name, [])]
        yield Series(name, rows, [_rows_between(rows, *window) for window in windows])


def _moment(said: str) -> int:
    at = datetime.fromisoformat(said.strip()).replace(tzinfo=timezone.utc)
    return int(at.timestamp()) * SECOND + at.microsecond * 1_000


def _rows_between(rows: Sequence[tuple[int, float]], begin: int, end: int) -> Window:
    inside = [index for index, (at, _) in enumerate(rows) if begin <= at <= end]
    return inside[0], inside[-1]


# Detections


def notified(method: str, series: Series) -> list[int]:
    """The rows at which the rule engine told that something began to be unusual."""
    step = Duration(series.step)
    text = f"""{{version: 1, rules: [{{alert: Unusual, metric: value, baseline: {method},
        interval: {step}, lateness: 0s, no_data_after: {Duration(2 * step)}}}]}}"""
    ruleset = RuleSet(read(text, RuleFile, "nab.yaml").complete(), started_at=series.rows[0][0])
    came, firing, moments = 0, False, list[int]()
    for at, value in series.rows:
        came = max(came, at)
        while (due := ruleset.next_at()) is not None and due < came:
            for alert in ruleset.evaluate(due):
                if alert.firing and not firing:
                    moments.append(alert.updated_at)
                firing = alert.firing
        ruleset.observe(Point(at=at, name="value", kind="gauge", value=value), came)
    highest = list(itertools.accumulate((at for at, _ in series.rows), max))
    return sorted({max(0, bisect.bisect_right(highest, moment) - 1) for moment in moments})


def nanoseconds(method: str, series: Series) -> int:
    """What judging all rows takes, without the rule engine around it."""
    judge = judge_of(Baseline(method=method)).judge
    before = time.process_time_ns()
    for at, value in series.rows:
        judge(at, value)
    return time.process_time_ns() - before


def tally(method: str, series: Series) -> Tally:
    """What a method does with a series."""
    begin = probation(len(series.rows))
    found = [row for row in notified(method, series) if row >= begin]
    return Tally(
        standard=raw_score(series.windows, found, STANDARD),
        low_false=raw_score(series.windows, found, LOW_FALSE),
        windows=len(series.windows),
        found=sum(any(first <= row <= last for row in found) for first, last in series.windows),
        false=len(outside(series.windows, found)),
        weeks=(series.rows[-1][0] - series.rows[begin][0]) / WEEK,
        nanoseconds=nanoseconds(method, series),
        rows=len(series.rows),
    )


# Series that are made up


Shape = Callable[[random.Random, int], Iterator[float]]
"""Makes values for ever, one every so many nanoseconds."""


def cpu(dice: random.Random, step: int) -> Iterator[float]:
    """Busy by day, with noise, in percent."""
    for at in _moments(step):
        yield min(100.0, max(0.0, 40 + 15 * _daily(at) + dice.gauss(0, 4)))


def requests(dice: random.Random, step: int) -> Iterator[float]:
    """Days, and weekends that are quiet; counts."""
    for at in _moments(step):
        expected = (200 if at // DAY % 7 < 5 else 110) * (1 + 0.6 * _daily(at))
        yield float(max(0, round(dice.gauss(expected, math.sqrt(expected)))))


def latency(dice: random.Random, step: int) -> Iterator[float]:
    """Log-normal, as durations are: a long tail."""
    for at in _moments(step):
        yield 120 * (1 + 0.2 * _daily(at)) * dice.lognormvariate(0, 0.35)


def mentions(dice: random.Random, step: int) -> Iterator[float]:
    """Few, with bursts that are quite usual."""
    burst = 0.0
    for at in _moments(step):
        burst = burst * 0.7 + (dice.paretovariate(2.2) * 4 if dice.random() < 0.02 else 0)
        yield float(round(max(0.0, dice.gauss(12 * (1 + 0.4 * _daily(at)), 4) + burst)))


def disk(dice: random.Random, step: int) -> Iterator[float]:
    """Fills steadily, and is tidied up every three days."""
    for at in _moments(step):
        yield 30 + 12 * (at % (3 * DAY)) / DAY + dice.gauss(0, 0.2)


def temperature(dice: random.Random, step: int) -> Iterator[float]:
    """Wanders, and is drawn back."""
    value = 0.0
    for _ in _moments(step):
        value = 0.995 * value + dice.gauss(0, 0.25)
        yield 80 + value


def memory(dice: random.Random, step: int) -> Iterator[float]:
    """Grows a little every day."""
    for at in _moments(step):
        yield 500 + 4 * at / DAY + 20 * _daily(at) + dice.gauss(0, 5)


def queue(dice: random.Random, step: int) -> Iterator[float]:
    """Empty, but for a job every night."""
    for at in _moments(step):
        job = 300 if at % DAY < 2 * HOUR else 0
        yield max(0.0, dice.gauss(job, 20) if job else dice.expovariate(0.5))


def _moments(step: int) -> Iterator[int]:
    at = 0
    while True:
        yield at
        at += step


def _daily(at: int) -> float:
    return math.sin(2 * math.pi * at / DAY)


SHAPES: Sequence[Shape] = (cpu, requests, latency, mentions, disk, temperature, memory, queue)

Trouble = Callable[[list[float], int, float, random.Random], None]
"""Changes values from a row on; the third is how far they usually lie apart."""


def spike(values: list[float], row: int, extent: float, dice: random.Random) -> None:
    for index in range(row, row + dice.randint(1, 3)):
        values[index] = max(values) + extent * dice.uniform(0.3, 1.0)


def dip(values: list[float], row: int, extent: float, dice: random.Random) -> None:
    for index in range(row, row + dice.randint(3, 24)):
        values[index] = min(values) - extent * dice.uniform(0.15, 0.4)


def shift(values: list[float], row: int, extent: float, dice: random.Random) -> None:
    by = extent * dice.choice((-0.6, 0.6, 0.9))
    for index in range(row, min(len(values), row + 600)):
        values[index] += by


def flat(values: list[float], row: int, extent: float, dice: random.Random) -> None:
    for index in range(row, row + 200):
        values[index] = values[row]


def noisy(values: list[float], row: int, extent: float, dice: random.Random) -> None:
    for index in range(row, row + 100):
        values[index] += dice.gauss(0, extent * 0.25)


TROUBLES: Sequence[Trouble] = (spike, dip, shift, flat, noisy)


def made_up(number: int = 24, rows: int = 8_064, step: int = 5 * MINUTE, seed: int = 1) -> Iterator[Series]:
    """Series of four weeks: of every shape some without any trouble, some with one or two kinds of it."""
    for index in range(number):
        dice = random.Random(f"{seed} {index}")
        shape, troubles = SHAPES[index % len(SHAPES)], index // len(SHAPES)
        source = shape(dice, step)
        values = [next(source) for _ in range(rows)]
        begins = [rows * (2 + place) // (2 + troubles) - rows // 10 for place in range(troubles)]
        extent = statistics.quantiles(values, n=50)[-1] - statistics.quantiles(values, n=50)[0]
        names = []
        for place, begin in enumerate(begins):
            trouble = TROUBLES[(index + 2 * place) % len(TROUBLES)]
            trouble(values, begin, extent, dice)
            names.append(trouble.__name__)
        half = rows // 20 // max(1, troubles)
        windows = [(begin - half // 2, min(rows - 1, begin + half * 3 // 2)) for begin in begins]
        yield _worn(Series(f"{shape.__name__} {index} {' '.join(names)}".strip(), _timed(values, step), windows), dice)


def _timed(values: Sequence[float], step: int) -> list[tuple[int, float]]:
    return [(START + index * step, value) for index, value in enumerate(values)]


def _worn(series: Series, dice: random.Random) -> Series:
    """With what happens to real series: rows that are missing, timestamps that repeat, a clock that is set back."""
    rows, kept = series.rows, list[int]()
    gap = dice.randrange(len(rows) // 3, len(rows) - 100)
    inside = {row for first, last in series.windows for row in range(first, last + 1)}
    for index in range(len(rows)):
        is_missing = dice.random() < 0.002 or gap <= index < gap + 40
        if index in inside or not is_missing:
            kept.append(index)
    worn = [rows[index] for index in kept]
    for index in dice.sample(range(1, len(worn)), 5):
        worn[index] = (worn[index - 1][0], worn[index][1])
    back = dice.randrange(len(worn) // 2, len(worn) - 20)
    for index in range(back, back + 3):
        worn[index] = (worn[index][0] - 55 * MINUTE, worn[index][1])
    places = {index: place for place, index in enumerate(kept)}
    return Series(series.name, worn, [(places[first], places[last]) for first, last in series.windows])


# The report


@dataclass
class Report:
    """Tallies by method, and of each series if wanted."""

    each: bool = False
    sums: dict[str, Tally] = field(default_factory=dict)

    def take(self, method: str, series: Series) -> None:
        one = tally(method, series)
        self.sums[method] = self.sums.get(method, Tally()) + one
        if self.each:
            print(f"{method:<10}{one.found:>3} of {one.windows} found{one.false:>4} false  {series.name}")

    def show(self) -> None:
        print(f"{'':<10}{'standard':>9}{'low FP':>8}{'precision':>11}{'recall':>8}{'false/week':>12}{'us/sample':>11}")
        for method, one in self.sums.items():
            print(
                f"{method:<10}{one.score(one.standard):>9.1f}{one.score(one.low_false):>8.1f}{one.precision:>11.2f}"
                f"{one.recall:>8.2f}{one.false / one.weeks:>12.2f}{one.nanoseconds / one.rows / 1e3:>11.2f}"
            )
        some = next(iter(self.sums.values()))
        print(f"{some.rows:,} rows, {some.weeks:.0f} weeks of one series, {some.windows} windows")


def main() -> None:
    parser = argparse.ArgumentParser(description="Score baselines on the Numenta Anomaly Benchmark or made-up series.")
    parser.add_argument("--data", type=Path, help="folder with data/ and labels/combined_windows.json")
    parser.add_argument("--method", action="append", choices=methods.names(), help="only these")
    parser.add_argument("--series", action="store_true", help="a line for each series")
    said = parser.parse_args()
    report = Report(each=said.series)
    for series in read_all(said.data) if said.data else made_up():
        for method in said.method or methods.names():
            report.take(method, series)
    report.show()


if __name__ == "__main__":
    main()
