"""A measure is one number for each group of series, as PromQL asks for it; forms and conditions are made of these."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from otel_alerting.cli.rules.prometheus.syntax import Matcher, Place


class CannotSay(Exception):
    """A part of an expression that our rules have no words for: which, and why."""

    def __init__(self, place: Place, why: str) -> None:
        super().__init__(why)
        self.place, self.why = place, why


Grouping: TypeAlias = Literal["series", "by", "without"]


@dataclass(frozen=True)
class Groups:
    """By what a number is one of several: each series by itself, some labels, or all labels but some."""

    kind: Grouping
    labels: frozenset[str] = frozenset()
    order: tuple[str, ...] = field(default=(), compare=False)
    """The labels as they were written."""

    @property
    def names(self) -> tuple[str, ...]:
        """The labels in the order of the text."""
        return self.order


SERIES = Groups("series")


def by(labels: Iterable[str]) -> Groups:
    """Groups by these labels."""
    order = tuple(dict.fromkeys(labels))
    return Groups("by", frozenset(order), order)


def without(labels: Iterable[str]) -> Groups:
    """Groups by all labels but these."""
    order = tuple(dict.fromkeys(labels))
    return Groups("without", frozenset(order), order)


WORST = "worst"
"""`across`: the highest where a high number is the bad one, else the lowest; the comparison will say which."""


@dataclass(frozen=True)
class Measure:
    """One number for each group."""

    metric: str
    matchers: frozenset[Matcher] = frozenset()
    groups: Groups = SERIES
    aggregate: str = "last"
    window: int = 0
    """Nanoseconds; 0 where only the newest value counts."""
    across: str = ""
    """How series of a group join; empty where each group is one series."""
    ahead: int = 0
    """Of a forecast: how far."""
    of: str = ""
    """Of `unique`: the label whose values are counted; of `fraction`: the bound that values lie below or at."""
    offset: int = 0
    """How far in the past it is asked for."""
    place: Place = field(default=Place(0, 0), compare=False)

    @property
    def is_plain(self) -> bool:
        """Is it the newest value of each series, and nothing more?"""
        return self == Measure(self.metric, self.matchers)

    def now(self) -> Measure:
        """The same, asked for now."""
        return replace(self, offset=0)


TIME = Measure(metric="", aggregate="time")
"""What `time()` gives; it means something only together with a metric that is a moment."""

COUNTED = "counted"
"""The aggregate that says for how many series a condition holds; our rules can ask whether there is one."""

SWITCHES = ("up", "probe_success")
"""Metrics that are 1 or 0 and nothing else."""
