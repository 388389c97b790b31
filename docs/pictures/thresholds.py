"""Makes the recording that `docs/thresholds.md` is about, and draws its picture: `python docs/pictures/thresholds.py`.

A day of a shop's checkout: slower in the evening, a spike now and then, one bad hour in which it is slow on and off.
"""

from __future__ import annotations

import datetime as dt
import math
import random
from pathlib import Path

from otel_alerting.cli import main

HERE = Path(__file__).parent
EXAMPLE = HERE.parents[1] / "examples" / "replay"
DAY = dt.datetime(2024, 5, 1, tzinfo=dt.timezone.utc)
BAD_HOUR = range(14 * 60 + 10, 15 * 60 + 12)
SPIKES = {96: 1, 411: 2, 655: 1, 790: 1, 1003: 2, 1190: 1, 1313: 1}
"""Minute of the day, and how many minutes it takes."""


def seconds(minute: int, chance: random.Random) -> float:
    """The p95 of the checkout's latency in one minute."""
    usual = 0.26 + 0.12 * math.exp(-(((minute - 1230) / 130) ** 2)) + 0.05 * math.exp(-(((minute - 740) / 160) ** 2))
    value = usual * chance.lognormvariate(0, 0.09)
    if minute in BAD_HOUR:
        wave = 0.95 + 0.38 * math.sin((minute - BAD_HOUR.start) / 4.1)
        value = wave * chance.lognormvariate(0, 0.06)
    if any(begin <= minute < begin + long for begin, long in SPIKES.items()):
        value = chance.uniform(0.85, 1.5)
    return value


def record() -> None:
    """Write the day as CSV."""
    chance = random.Random(8)
    rows = [
        f"{DAY + dt.timedelta(minutes=minute):%Y-%m-%d %H:%M:%S},{seconds(minute, chance):.3f}"
        for minute in range(1440)
    ]
    (EXAMPLE / "checkout.csv").write_text("\n".join(["timestamp,value", *rows, ""]))


if __name__ == "__main__":
    record()
    recorded = ["--signals", str(EXAMPLE / "checkout.csv"), "--metric", "checkout.duration.p95"]
    main(["replay", "--rules", str(EXAMPLE / "checkout.yaml"), *recorded, "--plot", str(HERE / "thresholds.png")])
