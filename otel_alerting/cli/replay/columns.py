"""Columns are the CSV form of one metric: a moment, a value, and attributes where the header names further columns."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from otel_alerting.cli.moment import moment_of
from otel_alerting.model import Point

_TIMES, _VALUES = ("timestamp", "time"), ("value",)
_ROW = "a row of timestamp,value"


@dataclass(frozen=True)
class Columns:
    """Where everything stands in a row."""

    time: int = 0
    value: int = 1
    attributes: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def named(cls, header: Sequence[str]) -> Columns:
        """By the names in a header; without a `timestamp` and a `value` the first two columns are these."""
        names = [name.strip() for name in header]
        lower = [name.lower() for name in names]
        time = next((lower.index(name) for name in _TIMES if name in lower), 0)
        value = next((lower.index(name) for name in _VALUES if name in lower), 1 if time == 0 else 0)
        rest = {name: index for index, name in enumerate(names) if name and index not in (time, value)}
        return cls(time, value, rest)

    def point(self, row: Sequence[str], metric: str) -> Point:
        """The gauge point of a row.

        Raises:
            ValueError: with what is wrong with it.
        """
        if len(row) <= max(self.time, self.value):
            raise ValueError(_ROW)
        at, value = moment_of(row[self.time]), _number(row[self.value])
        attributes = {name: row[index] for name, index in self.attributes.items() if row[index : index + 1]}
        return Point(at=at, name=metric, kind="gauge", value=value, attributes=attributes)


def points_of(lines: Iterator[bytes], metric: str, complain: Callable[[int, str, str], None]) -> Iterator[Point]:
    """The points of a CSV's lines, in their own order; the first row may be a header."""
    reader = csv.reader(line.decode("utf-8", "replace") for line in lines)
    columns: Columns | None = None
    while True:
        try:
            row = next(reader, None)
            if row is None:
                return
            if not row:
                continue
            if columns is None and _is_header(row):
                columns = Columns.named(row)
                continue
            columns = columns or Columns()
            yield columns.point(row, metric)
        except csv.Error as error:
            complain(reader.line_num, str(error), _ROW)
        except ValueError as error:
            complain(reader.line_num, repr(",".join(row or ()))[:80], str(error))


def _is_header(row: Sequence[str]) -> bool:
    """A first row in which nothing is a moment."""
    return not any(map(_is_moment, row))


def _is_moment(said: str) -> bool:
    try:
        return moment_of(said) >= 0
    except ValueError:
        return False


def _number(said: str) -> float:
    try:
        return float(said)
    except ValueError:
        raise ValueError("a number as its value") from None
