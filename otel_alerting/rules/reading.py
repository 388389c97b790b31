"""What a rule reads from a signal: the labels of its group, its number, and the unit that number comes in."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Literal, TypeAlias, cast

from otel_alerting.model import Labels, Point, Signal, Span
from otel_alerting.rules import attributes
from otel_alerting.rules.frame import is_spread
from otel_alerting.rules.operand import GroupAttribute, Operand
from otel_alerting.rules.portion import Portion
from otel_alerting.rules.rule import Rule

By: TypeAlias = "tuple[GroupAttribute, ...] | Literal['series']"
"""What a rule, or one of its further conditions, groups by."""

_COUNTS = frozenset(("count", "rate", "unique", "changes", "absent", "new"))
"""Measures whose numbers are without a unit, whatever they are counts of."""

_SEEN = frozenset(("count", "rate", "increase", "ratio", "age", "absent", "new"))
"""Measures of spans that are not about how long they took."""

_MORTAL = frozenset(("last", "age"))
"""Measures of a single value, which is gone when its stream says that it has ended."""

_WHOSE = ("service.name", "service.instance.id")
"""What tells the instances of a program apart, as OpenTelemetry names it; Prometheus says `job` and `instance`."""

Key: TypeAlias = tuple[object, ...]
"""What tells the groups of a tenant apart: the values of their labels, in the rule's order."""


def key_of(by: By) -> Callable[[Signal], Key]:
    """How to read a group's key from a signal."""
    if by == "series":
        return _series
    reads = [(attributes.reader(one.attribute), one.default) for one in by]
    return lambda signal: tuple([attributes.text(read(signal)) or default for read, default in reads])


def _series(signal: Signal) -> Key:
    """What a series has said it is: its own attributes, and whose it is, for two instances send the same ones."""
    whose = {name: signal.resource[name] for name in _WHOSE if name in signal.resource}
    return tuple((name, attributes.text(value)) for name, value in sorted({**whose, **signal.attributes}.items()))


def labels_of(by: By, key: Key) -> Labels:
    """The labels of a group, of which those without a value are left out."""
    pairs = key if by == "series" else zip((one.attribute for one in by), key, strict=True)
    return {name: value for name, value in cast("Iterable[tuple[str, str]]", pairs) if value}


def number_of(operand: Operand) -> Callable[[Signal], float | None]:
    """How to read the number of a signal; None for a signal that has none. NaN is no number."""
    attribute = _attribute_of(operand)
    if attribute:
        read = attributes.reader(attribute)
        if operand.measure in ("unique", "changes"):  # of any values, not of numbers
            return lambda signal: None if read(signal) is None or _ends(signal) else 0.0
        return lambda signal: attributes.number(read(signal))
    if operand.kind == "metric":
        return _value if operand.measure in _MORTAL else _recorded
    if operand.kind == "span":
        return lambda signal: signal.duration / 1e9 if isinstance(signal, Span) else None
    return lambda signal: 0.0


def _attribute_of(operand: Operand) -> str:
    """The attribute that is measured; empty where it is a metric's value, a span's duration, or nothing."""
    if operand.measure == "fraction" and isinstance(operand.of, Mapping):
        return Portion.parse(operand.of).attribute
    return operand.of if isinstance(operand.of, str) and operand.of != "duration" else ""


def _recorded(signal: Signal) -> float | None:
    """What has an end is told by its end; to a window it is a moment without a value, as any other."""
    return None if _ends(signal) else _value(signal)


def _ends(signal: Signal) -> bool:
    return isinstance(signal, Point) and signal.absent


def _value(signal: Signal) -> float | None:
    if not isinstance(signal, Point) or (math.isnan(signal.value) and not signal.absent):
        return None
    return signal.value


def unit_of(operand: Operand, signal: Signal) -> str:
    """The unit that a rule's numbers come in (UCUM, `ratio`), or empty."""
    if operand.measure in ("ratio", "fraction"):
        return "ratio"
    if operand.measure == "age":
        return "s"
    if operand.measure in _COUNTS or (operand.measure == "increase" and not _is_number(signal)):
        return ""
    if isinstance(signal, Point):
        return signal.unit
    return "s" if operand.of in (None, "duration") and isinstance(signal, Span) else ""


def _is_number(signal: Signal) -> bool:
    return isinstance(signal, Point) and not is_spread(signal)


def shown_unit(rule: Rule, unit: str) -> str:
    """A plain share is shown as a percentage when the rule's author wrote one."""
    conditions = rule.severity.values() if isinstance(rule.severity, Mapping) else (rule,)
    triggers = [condition.trigger() for condition in conditions]
    written = {trigger[1].unit for trigger in triggers if trigger}
    return "ratio" if unit in ("1", "") and written == {"ratio"} else unit


def subject_of(operand: Operand) -> str:
    """What is measured, for `Reading.measure`: the metric, the attribute, `span.duration`, or the kind of signal."""
    if operand.metric is not None:
        return operand.metric
    if attribute := _attribute_of(operand):
        return attribute
    return "span.duration" if operand.kind == "span" and operand.measure not in _SEEN else operand.kind
