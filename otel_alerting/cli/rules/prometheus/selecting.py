"""Selecting makes a measure of a selector; of a recorded series, what it was recorded from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from otel_alerting.cli.rules.prometheus.lexer import SyntaxTrouble
from otel_alerting.cli.rules.prometheus.matchers import holds
from otel_alerting.cli.rules.prometheus.measure import CannotSay, Measure
from otel_alerting.cli.rules.prometheus.parser import parse
from otel_alerting.cli.rules.prometheus.renaming import renamed
from otel_alerting.cli.rules.prometheus.syntax import Matcher, Selector
from otel_alerting.cli.rules.prometheus.vector import Cases, Vector

if TYPE_CHECKING:
    from otel_alerting.cli.rules.prometheus.translate import Translation


@dataclass(frozen=True)
class Recorded:
    """One rule that records a series; several may record one name, each with labels of its own."""

    expression: str
    where: str
    """File and line."""
    labels: Mapping[str, str] = field(default_factory=dict)


def plain(translation: Translation, node: Selector) -> Measure:
    """The newest value of what a selector selects.

    Raises:
        CannotSay: it is no single metric, or is asked for at another moment.
    """
    if any(one.label == "__name__" for one in node.matchers):
        raise CannotSay(node.place, "it selects metrics by a pattern of their names; a rule is about one metric")
    if not node.name:
        raise CannotSay(node.place, "it selects metrics by something else than their name")
    if node.name in ("ALERTS", "ALERTS_FOR_STATE"):
        raise CannotSay(node.place, "it asks which alerts fire; here routes and inhibition do that")
    if node.shift.pinned or node.shift.offset < 0:
        raise CannotSay(node.place, "it is asked for at a moment of its own")
    if ":" in node.name:
        translation.say(f"{node.name} is recorded by a rule that is not in these files; somebody must send it")
    return Measure(node.name, frozenset(node.matchers), offset=node.shift.offset, place=node.place)


def selected(translation: Translation, node: Selector, records: Iterable[Recorded]) -> Cases:
    """What recorded series are recorded from, as far as they carry the labels that are asked for.

    Raises:
        CannotSay: in the words of the recorded expression, at the place of the series.
    """
    if node.name in translation.inside:
        raise CannotSay(node.place, f"{node.name} is recorded from itself")
    fitting = [one for one in records if _fits(one, node.matchers)]
    if not fitting:
        raise CannotSay(node.place, f"no rule records {node.name} with these labels")
    return tuple(case for one in fitting for case in _inlined(translation, node, one))


def _fits(record: Recorded, matchers: Iterable[Matcher]) -> bool:
    return all(holds(one, record.labels[one.label]) for one in matchers if one.label in record.labels)


def _inlined(translation: Translation, node: Selector, record: Recorded) -> Cases:
    try:
        tree = renamed(parse(record.expression), translation.names)
        made = translation.below(node.name).cases(tree)
    except (SyntaxTrouble, CannotSay) as trouble:
        text = record.expression[trouble.place.start : trouble.place.end]
        raise CannotSay(node.place, f"{record.where} records it from `{text}`: {trouble.why}") from None
    if record.labels:
        translation.say(f"the labels {', '.join(record.labels)} that {node.name} is recorded with are not on the alert")
    rest = [one for one in node.matchers if one.label not in record.labels]
    return tuple(_narrowed(case, rest, node) for case in made)


def _narrowed(vector: Vector, matchers: list[Matcher], node: Selector) -> Vector:
    """The same of the series with these labels, at that time."""

    def change(measure: Measure) -> Measure:
        if not measure.metric:
            return measure
        for one in matchers:
            if measure.groups.kind == ("without" if one.label in measure.groups.labels else "by") and (
                one.label not in measure.groups.labels or measure.groups.kind == "without"
            ):
                raise CannotSay(node.place, f"the recorded series has no label {one.label}")
        return replace(
            measure,
            matchers=measure.matchers | set(matchers),
            offset=measure.offset + node.shift.offset,
            place=node.place,
        )

    if node.shift.pinned or node.shift.offset < 0:
        raise CannotSay(node.place, "it is asked for at a moment of its own")
    return vector.mapped(change)
