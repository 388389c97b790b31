"""A PromQL expression is a tree of these nodes; each knows which part of the text it stands for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from otel_alerting.model.duration import SECOND


@dataclass(frozen=True)
class Place:
    """A part of an expression's text: characters from `start` up to `end`."""

    start: int
    end: int

    def up_to(self, other: Place) -> Place:
        """From where this begins to where the other ends."""
        return Place(self.start, other.end)


MatchWord: TypeAlias = Literal["=", "!=", "=~", "!~"]


@dataclass(frozen=True)
class Matcher:
    """`label="value"`, or with `!=`, `=~`, `!~`."""

    label: str
    word: MatchWord
    value: str


@dataclass(frozen=True, kw_only=True)
class Node:
    """What all nodes have. Where it stands does not make it another node."""

    place: Place = field(compare=False)


@dataclass(frozen=True, kw_only=True)
class Number(Node):
    """A number; a duration written as one is its seconds."""

    value: float


@dataclass(frozen=True, kw_only=True)
class Text(Node):
    """A string, without its quotes."""

    value: str


@dataclass(frozen=True, kw_only=True)
class Shift(Node):
    """What moves an expression in time: `offset 5m`, `@ 1609746000`, `@ end()`."""

    offset: int = 0
    """Nanoseconds into the past."""
    pinned: str = ""
    """What stands behind `@`; empty without."""

    @property
    def moves(self) -> bool:
        """Does it look anywhere but at now?"""
        return bool(self.offset or self.pinned)


NOW = Shift(place=Place(0, 0))


@dataclass(frozen=True, kw_only=True)
class Selector(Node):
    """`name{label="value"}`; with `window` (nanoseconds), a range."""

    name: str
    matchers: tuple[Matcher, ...] = ()
    window: int = 0
    shift: Shift = NOW


@dataclass(frozen=True, kw_only=True)
class Subquery(Node):
    """`expression[1h:1m]`; `step` 0 is the evaluation interval."""

    inner: Expr
    window: int
    step: int = 0
    shift: Shift = NOW


@dataclass(frozen=True, kw_only=True)
class Call(Node):
    """`function(arguments)`."""

    name: str
    arguments: tuple[Expr, ...]


@dataclass(frozen=True, kw_only=True)
class Aggregation(Node):
    """`sum by (a, b) (inner)`; `parameter` is what `topk`, `quantile` and `count_values` take first."""

    word: str
    inner: Expr
    parameter: Expr | None = None
    labels: tuple[str, ...] = ()
    without: bool = False
    """Are `labels` those that are left out?"""


@dataclass(frozen=True)
class Matching:
    """How the series of two sides find each other."""

    labels: tuple[str, ...] = ()
    on: bool = False
    """Are `labels` those that must agree, and not those that need not?"""
    many: Literal["", "left", "right"] = ""
    """The side of which several series go with one of the other."""
    include: tuple[str, ...] = ()
    """Labels that the side of many gets from the other."""


@dataclass(frozen=True, kw_only=True)
class Binary(Node):
    """`left operator right`."""

    word: str
    left: Expr
    right: Expr
    matching: Matching = Matching()
    as_bool: bool = False


@dataclass(frozen=True, kw_only=True)
class Minus(Node):
    """A minus sign before an expression."""

    inner: Expr


Expr: TypeAlias = Number | Text | Selector | Subquery | Call | Aggregation | Binary | Minus

COMPARISONS = ("==", "!=", ">", "<", ">=", "<=")
SETS = ("and", "or", "unless")


def seconds(nanoseconds: int) -> float:
    """A duration as PromQL counts it."""
    return nanoseconds / SECOND
