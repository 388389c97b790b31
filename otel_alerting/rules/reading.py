"""What a rule reads from a signal: the labels of its group, its number, and the unit that number comes in."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias, cast

from otel_alerting.model import Labels, Point, Signal, Span
from otel_alerting.rules import attributes
from otel_alerting.rules.rule import Rule

Key: TypeAlias = tuple[object, ...]
"""What tells the groups of a tenant apart: the values of their labels, in the rule's order."""


def key_of(rule: Rule) -> Callable[[Signal], Key]:
    """How to read a group's key from a signal."""
    if rule.by == "series":
        return lambda signal: tuple((name, attributes.text(value)) for name, value in sorted(signal.attributes.items()))
    reads = [(attributes.reader(one.attribute), one.default) for one in rule.by]
    return lambda signal: tuple([attributes.text(read(signal)) or default for read, default in reads])


def labels_of(rule: Rule, key: Key) -> Labels:
    """The labels of a group, of which those without a value are left out."""
    pairs = key if rule.by == "series" else zip((one.attribute for one in rule.by), key, strict=True)
    return {name: value for name, value in cast("Iterable[tuple[str, str]]", pairs) if value}


def number_of(rule: Rule) -> Callable[[Signal], float | None]:
    """How to read the number of a signal; None for a signal that has none. NaN is no number."""
    if rule.kind == "metric":
        return _value
    if isinstance(rule.of, str) and rule.of != "duration":
        read = attributes.reader(rule.of)
        return lambda signal: attributes.number(read(signal))
    if rule.kind == "span":
        return lambda signal: signal.duration / 1e9 if isinstance(signal, Span) else None
    return lambda signal: 0.0


def _value(signal: Signal) -> float | None:
    if not isinstance(signal, Point) or (math.isnan(signal.value) and not signal.absent):
        return None
    return signal.value


def unit_of(rule: Rule, signal: Signal) -> str:
    """The unit that a rule's numbers come in (UCUM, `ratio`), or empty."""
    if rule.measure == "ratio":
        return "ratio"
    if rule.measure in ("count", "rate"):
        return ""
    if isinstance(signal, Point):
        return signal.unit
    return "s" if rule.of in (None, "duration") and isinstance(signal, Span) else ""


def shown_unit(rule: Rule, unit: str) -> str:
    """A plain share is shown as a percentage when the rule's author wrote one."""
    conditions = rule.severity.values() if isinstance(rule.severity, Mapping) else (rule,)
    triggers = [condition.trigger() for condition in conditions]
    written = {trigger[1].unit for trigger in triggers if trigger}
    return "ratio" if unit in ("1", "") and written == {"ratio"} else unit


def subject_of(rule: Rule) -> str:
    """What is measured, for `Reading.measure`: the metric, the attribute, `span.duration`, or the kind of signal."""
    if rule.metric is not None:
        return rule.metric
    if isinstance(rule.of, str) and rule.of != "duration":
        return rule.of
    return "span.duration" if rule.kind == "span" and rule.measure not in ("count", "rate", "ratio") else rule.kind
