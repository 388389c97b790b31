"""A baseline is what a number is expected to be, learned from its own past.

A group of a rule with a `baseline` has a `Judge` of its own, made with `judge_of(rule.baseline)`. At every edge it is
told the group's number and says whether that is unusual; the verdict goes into the same state machine as any other:

    judgement = judge.judge(edge, look.value)
    group.watch = step(group.watch, judgement.unusual, threshold, edge)      # None: nothing is known yet

Methods are in `baseline/methods/`, one file for one word behind `method:`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple, Protocol

import msgspec

from otel_alerting.model.duration import DAY, HOUR, Duration
from otel_alerting.rules.baseline import methods
from otel_alerting.rules.quantity import Quantity

MARGIN = Quantity(0.1, "ratio")
DEVIATIONS = 5.0
"""At 3, which textbooks say, a quiet series that is judged every 15 seconds is unusual 15 times a day."""


class Judgement(NamedTuple):
    """What a judge says about one number."""

    unusual: bool | None
    """None while it is learning, and where there was no number to judge."""
    value: float | None = None
    """What was held against the bounds: the number, or its mean over `over`."""
    low: float | None = None
    """What is less is unusual; None while it is learning, and where only more would be."""
    high: float | None = None
    """What is more is unusual; None while it is learning, and where only less would be."""
    over: int = 0
    """Nanoseconds that `value` is the mean of; 0 where it is the number itself."""
    known_at: int = 0
    """Until when it is learning; 0 when that is over."""


class Judge(Protocol):
    """Learns from one group's numbers, a few kilobytes of them, and judges each before it learns from it."""

    def judge(self, at: int, value: float | None) -> Judgement:
        """What to think of the number at a moment; None and NaN stand for none.

        Moments come in order. One that is not newer than the last is judged, and nothing is learned from it; one that
        is older by more than `history`, or newer by more than that, begins a new history.
        """
        ...

    def kept(self) -> bytes:
        """What it has learned, to outlive the process."""
        ...

    def resume(self, kept: bytes, away: int) -> None:
        """Go on from what was learned, `away` nanoseconds after it was; what is of no use is left."""
        ...


class Baseline(msgspec.Struct, frozen=True, kw_only=True):
    """What is usual is learned from the rule's own numbers; no limit is written."""

    method: str = "extremes"
    """`extremes`: beyond the highest and lowest. `zscore`: far from the mean. `seasonal`: far from the mean of the same
    time of day; with a `history` of three weeks and more, of the same time of the week."""
    history: Duration = Duration(7 * DAY)
    """How far back it remembers. It judges from a seventh of it on, `seasonal` when it has seen a time three times."""
    margin: Quantity | None = None
    """For `extremes`: how far beyond them, as a share of the distance between them. 10% by default."""
    deviations: float | None = None
    """For `zscore` and `seasonal`: how many standard deviations away from the mean. 5 by default."""
    direction: Literal["up", "down", "both"] = "both"
    """Which side is unusual."""

    @classmethod
    def parse(cls, said: str | int | float) -> Baseline:
        """A method alone."""
        return cls(method=str(said))

    @property
    def share(self) -> float:
        """`margin`, as a share of the distance between the extremes."""
        return (MARGIN if self.margin is None else self.margin).value

    @property
    def distance(self) -> float:
        """`deviations`, in standard deviations."""
        return DEVIATIONS if self.deviations is None else self.deviations

    def problems(self) -> Iterator[tuple[str, str, str]]:
        """What the types cannot say: path, what was found, what would be right."""
        if self.method not in methods.names():
            yield "method", repr(self.method), "one of " + ", ".join(methods.names())
            return
        least = 3 * DAY if self.method == "seasonal" else 7 * HOUR
        if self.history < least:
            yield "history", str(self.history), f"at least {Duration(least)}"
        given, other = ("margin", "deviations") if self.method != "extremes" else ("deviations", "margin")
        if getattr(self, given) is not None:
            yield given, f"{given} with {self.method}", other
        if self.margin is not None and (self.margin.unit not in ("", "ratio") or self.margin.value < 0):
            yield "margin", f"{self.margin.value:g}{self.margin.unit}", "a share, as 10%"
        if self.deviations is not None and not self.deviations > 0:
            yield "deviations", f"{self.deviations:g}", "more than 0"


def judge_of(baseline: Baseline) -> Judge:
    """A judge that has seen nothing yet.

    Raises:
        LookupError: when there is no such method.
    """
    return methods.maker(baseline.method)(baseline)
