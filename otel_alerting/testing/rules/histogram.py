"""A histogram in a test is what one has counted at one moment, written in braces as promtool does.

`{{bounds:[0.5 1 2] counts:[60 0 0 0] sum:6}}` has explicit bounds; `{{schema:0 buckets:[5 10 7] offset:1}}` and its
other properties are those of promtool's native histograms, which are OpenTelemetry's exponential ones.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import msgspec

from otel_alerting.model import Buckets, ExponentialBuckets

_PROPERTY = re.compile(r"\s*(?P<name>\w+):(?P<value>\[[^\]]*\]|\S+)\s*")
_EXPONENTIAL = ("schema", "sum", "count", "z_bucket", "z_bucket_w", "buckets", "offset", "n_buckets", "n_offset")
_EXPLICIT = ("bounds", "counts", "sum")
_HINT = "counter_reset_hint"
"""Promtool's; without meaning here, where a series says what it is."""


class Histogram(msgspec.Struct, frozen=True, kw_only=True):
    """What a histogram has counted at one moment."""

    buckets: Buckets | ExponentialBuckets
    count: int
    sum: float = 0.0

    @classmethod
    def parse(cls, said: str | int | float) -> Histogram:
        """Read one, braces included.

        Raises:
            ValueError: with what would be right.
        """
        properties = _properties(str(said).strip().removeprefix("{{").removesuffix("}}"))
        known = _EXPLICIT if "bounds" in properties else _EXPONENTIAL
        strange = sorted(properties.keys() - {*known, _HINT})
        if strange:
            raise ValueError(f"a histogram of {', '.join(known)}; not of {strange[0]}")
        return _explicit(properties) if "bounds" in properties else _exponential(properties)

    def plus(self, other: Histogram, times: int) -> Histogram:
        """With another one's counts added so many times; negative to take them away.

        Raises:
            ValueError: their buckets are others, or a count would be less than nothing.
        """
        added = Histogram(
            buckets=_added(self.buckets, other.buckets, times),
            count=self.count + times * other.count,
            sum=self.sum + times * other.sum,
        )
        if min((added.count, *_counts(added.buckets))) < 0:
            raise ValueError("a histogram that does not count below 0")
        return added


def _properties(said: str) -> Mapping[str, str]:
    properties, end = dict[str, str](), 0
    while end < len(said):
        found = _PROPERTY.match(said, end)
        if found is None:
            raise ValueError(f"property:value in place of {said[end:].strip()!r}")
        properties[found["name"]] = found["value"]
        end = found.end()
    return properties


def _explicit(properties: Mapping[str, str]) -> Histogram:
    """`{{bounds:[0.5 1 2] counts:[60 0 0 0] sum:6}}`: one count more than bounds, the last one for all above."""
    bounds, counts = _numbers(properties, "bounds"), _wholes(properties, "counts")
    if len(counts) != len(bounds) + 1:
        raise ValueError(f"{len(bounds) + 1} counts for {len(bounds)} bounds: the last is for what is above them all")
    if list(bounds) != sorted(set(bounds)):
        raise ValueError("bounds that rise")
    return Histogram(buckets=Buckets(bounds=bounds, counts=counts), count=sum(counts), sum=_number(properties, "sum"))


def _exponential(properties: Mapping[str, str]) -> Histogram:
    """Promtool's native histogram. Its bucket i ends at base**i, where OpenTelemetry's begins: one less is the same."""
    buckets = ExponentialBuckets(
        scale=_whole(properties, "schema"),
        zero_count=_whole(properties, "z_bucket"),
        zero_threshold=_number(properties, "z_bucket_w"),
        positive_offset=_whole(properties, "offset") - 1,
        positive=_wholes(properties, "buckets"),
        negative_offset=_whole(properties, "n_offset") - 1,
        negative=_wholes(properties, "n_buckets"),
    )
    count = _whole(properties, "count") if "count" in properties else sum(_counts(buckets))
    return Histogram(buckets=buckets, count=count, sum=_number(properties, "sum"))


def _number(properties: Mapping[str, str], name: str) -> float:
    return _numbers({name: f"[{properties.get(name, '0')}]"}, name)[0]


def _whole(properties: Mapping[str, str], name: str) -> int:
    return _wholes({name: f"[{properties.get(name, '0')}]"}, name)[0]


def _numbers(properties: Mapping[str, str], name: str) -> tuple[float, ...]:
    said = properties.get(name, "[]").strip("[]").replace(",", " ").split()
    try:
        return tuple(map(float, said))
    except ValueError:
        raise ValueError(f"{name}: a number, or numbers as [1 2 3], in place of {' '.join(said)!r}") from None


def _wholes(properties: Mapping[str, str], name: str) -> tuple[int, ...]:
    numbers = _numbers(properties, name)
    if not all(number.is_integer() for number in numbers):
        raise ValueError(f"{name}: whole numbers, as OpenTelemetry counts")
    return tuple(map(int, numbers))


def _counts(buckets: Buckets | ExponentialBuckets) -> tuple[int, ...]:
    if isinstance(buckets, Buckets):
        return buckets.counts
    return (buckets.zero_count, *buckets.positive, *buckets.negative)


def _added(
    first: Buckets | ExponentialBuckets, second: Buckets | ExponentialBuckets, times: int
) -> Buckets | ExponentialBuckets:
    if isinstance(first, Buckets) and isinstance(second, Buckets) and first.bounds == second.bounds:
        _, counts = _joined((0, first.counts), (0, second.counts), times)
        return Buckets(bounds=first.bounds, counts=counts)
    if not (isinstance(first, ExponentialBuckets) and isinstance(second, ExponentialBuckets)) or (
        first.scale != second.scale
    ):
        raise ValueError("histograms with the same buckets: the same bounds, or the same schema")
    positive = _joined((first.positive_offset, first.positive), (second.positive_offset, second.positive), times)
    negative = _joined((first.negative_offset, first.negative), (second.negative_offset, second.negative), times)
    return msgspec.structs.replace(
        first,
        zero_count=first.zero_count + times * second.zero_count,
        positive_offset=positive[0],
        positive=positive[1],
        negative_offset=negative[0],
        negative=negative[1],
    )


def _joined(
    first: tuple[int, Sequence[int]], second: tuple[int, Sequence[int]], times: int
) -> tuple[int, tuple[int, ...]]:
    """Counts that begin at an index each, laid over one another."""
    if not second[1]:
        return first[0], tuple(first[1])
    offset = min(first[0], second[0]) if first[1] else second[0]
    end = max(first[0] + len(first[1]), second[0] + len(second[1])) if first[1] else second[0] + len(second[1])
    counts = [0] * (end - offset)
    for begin, many, factor in ((*first, 1), (*second, times)):
        for index, count in enumerate(many):
            counts[begin - offset + index] += factor * count
    return offset, tuple(counts)
