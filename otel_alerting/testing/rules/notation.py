"""A notation is how a test writes a series in one line: `queue.length{queue="mail"}` and `0+10x100 _x3 stale`.

It is promtool's, with OpenTelemetry's names (they have dots) and histograms with explicit bounds besides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TypeAlias

import msgspec

from otel_alerting.testing.rules.histogram import Histogram

MOST = 1_000_000
"""Values of one series; two years of minutes."""

_NUMBER = r"[-+]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?|[iI]nf|[nN]a[nN])"
_HISTOGRAM = r"\{\{[^{}]*\}\}"
_TOKEN = re.compile(
    rf"(?P<word>_|stale)(?:x(?P<missing>\d{{1,9}}))?"
    rf"|(?P<first>{_NUMBER}|{_HISTOGRAM})(?:(?P<sign>[-+])(?P<step>{_NUMBER}|{_HISTOGRAM}))?(?:x(?P<times>\d{{1,9}}))?"
)
_SERIES = re.compile(
    r"""(?P<bare>[^\s{},="']+)?\s*(?:\{\s*(?(bare)|"(?P<quoted>[^"]+)"\s*(?:,|(?=\})))(?P<rest>.*)\})?""", re.DOTALL
)
_LABEL = re.compile(
    r"""\s*(?P<name>[^\s{},="']+|"[^"]+")\s*=\s*(?P<value>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')\s*(?:,|$)"""
)
_RIGHT = "values as promtool writes them: 0+10x5, 7x3, 1.5, _, _x3, stale"


class Stale(msgspec.Struct, frozen=True):
    """The series says that it has ended."""


Sample: TypeAlias = "float | Histogram | Stale | None"
"""What a series says at one interval; None for nothing."""


class Values(tuple[Sample, ...]):
    """The samples of a series, read from text."""

    __slots__ = ()
    MAY_BE_A_NUMBER = True
    """A series of one value, as YAML reads it."""

    @classmethod
    def parse(cls, said: str | int | float) -> Values:
        """Read `0+10x100`, `1 2 _ 4x3 stale` or `{{schema:0 buckets:[1 2]}}x4`; `axn` is a and n more of it.

        Raises:
            ValueError: with what would be right.
        """
        samples: list[Sample] = []
        for token in _tokens(str(said)):
            samples.extend(_samples(token, MOST - len(samples)))
        return cls(samples)

    @property
    def has_histograms(self) -> bool:
        """Does it say histograms, and not numbers?"""
        return any(isinstance(sample, Histogram) for sample in self)

    @property
    def has_numbers(self) -> bool:
        """Does it say numbers?"""
        return any(isinstance(sample, float) for sample in self)


class SeriesName(msgspec.Struct, frozen=True, kw_only=True):
    """Whose values they are: a metric and the attributes of one of its series."""

    metric: str
    attributes: Mapping[str, str] = {}

    @classmethod
    def parse(cls, said: str | int | float) -> SeriesName:
        """Read `name{attribute="value"}`; or, as Prometheus 3, `{"name", "attribute"="value"}`.

        Raises:
            ValueError: with what would be right.
        """
        found = _SERIES.fullmatch(str(said).strip())
        if found is None or not (found["bare"] or found["quoted"]):
            raise ValueError('a series as name{attribute="value", other="value"}')
        return cls(metric=found["bare"] or found["quoted"], attributes=dict(_attributes((found["rest"] or "").strip())))


def _attributes(said: str) -> Iterator[tuple[str, str]]:
    end = 0
    while end < len(said):
        found = _LABEL.match(said, end)
        if found is None:
            raise ValueError(f'attribute="value" in place of {said[end:].strip()!r}')
        yield found["name"].strip('"'), re.sub(r"\\(.)", _unescaped, found["value"][1:-1])
        end = found.end()


def _unescaped(found: re.Match[str]) -> str:
    return {"n": "\n", "t": "\t"}.get(found[1], found[1])


def _tokens(said: str) -> Iterator[re.Match[str]]:
    end = 0
    while end < len(said):
        if said[end].isspace():
            end += 1
            continue
        found = _TOKEN.match(said, end)
        if found is None or (found.end() < len(said) and not said[found.end()].isspace()):
            raise ValueError(f"{_RIGHT}; {said[end:].split(maxsplit=1)[0]!r} is none")
        yield found
        end = found.end()


def _samples(token: re.Match[str], most: int) -> Iterator[Sample]:
    times = int(token["missing"] or token["times"] or 0)
    if times >= most:
        raise ValueError(f"at most {MOST} values")
    if token["word"]:
        yield from [None if token["word"] == "_" else Stale()] * max(1, times)
        return
    first, step = _sample(token["first"]), _sample(token["step"] or "0")
    if token["step"] and not token["times"]:
        raise ValueError(f"{token[0]}x5, say: a step says how often")
    sign = -1 if token["sign"] == "-" else 1
    for number in range(times + 1):
        yield _stepped(first, step, sign * number) if token["step"] else first


def _stepped(first: float | Histogram, step: float | Histogram, times: int) -> Sample:
    if isinstance(first, Histogram) and isinstance(step, Histogram):
        return first.plus(step, times)
    if isinstance(first, float) and isinstance(step, float):
        return first + times * step
    raise ValueError("a number and a number, or a histogram and a histogram")


def _sample(said: str) -> float | Histogram:
    return Histogram.parse(said) if said.startswith("{{") else float(said)
