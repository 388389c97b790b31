"""A rule is one fixed sentence: which signals, by what, over which window, what number, and when it is too much.

These are the types of the YAML that people write; every field here works, and a field that is not here is an error.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Literal, TypeAlias

import msgspec

from otel_alerting.model import Severity
from otel_alerting.model.duration import MINUTE, SECOND, Duration
from otel_alerting.rules import measures
from otel_alerting.rules.matching import AttributeMatcher, Kind, LogPattern, SpanPattern, Where, part, unreadable
from otel_alerting.rules.quantity import Quantity
from otel_alerting.rules.threshold import COMPARISONS, Comparison, Step, Threshold

INTERVAL = Duration(15 * SECOND)
LATENESS = Duration(30 * SECOND)

Problems: TypeAlias = Iterator[tuple[str, str, str]]
"""Path below the value, what was found there, what would be right."""

MOST_BUCKETS = 10_000
"""Sub-buckets of a window: 41 hours at 15 seconds. Every group keeps them all."""

_RISING = ("above", "at_least")
_FALLING = ("below", "at_most")


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """What a number is held against: exactly one comparison, and where what fires ends."""

    above: Quantity | None = None
    below: Quantity | None = None
    at_least: Quantity | None = None
    at_most: Quantity | None = None
    equals: Quantity | None = None
    not_equals: Quantity | None = None
    recover: Quantity | None = None
    """The limit at which a firing alert ends; without it, the trigger itself."""

    def trigger(self) -> tuple[Comparison, Quantity] | None:
        """The comparison and its limit; None when there is none, or more than one."""
        given = self._given()
        return given[0] if len(given) == 1 else None

    def _given(self) -> list[tuple[Comparison, Quantity]]:
        return [(word, limit) for word in COMPARISONS if (limit := getattr(self, word)) is not None]

    def unclear(self) -> Problems:
        """What is wrong with the comparison and `recover`."""
        given = self._given()
        if len(given) > 1:
            yield given[1][0], " and ".join(word for word, _ in given), "one of them"
        trigger = self.trigger()
        if self.recover is None or trigger is None:
            return
        word, limit = trigger
        if word not in _RISING + _FALLING:
            yield "recover", f"recover with {word}", f"no recover: what no longer {word} has recovered"
        elif self.recover.unit != limit.unit and self.recover.value:
            yield "recover", "another unit than the trigger's", "the same unit"
        elif (self.recover.value > limit.value) if word in _RISING else (self.recover.value < limit.value):
            side = "at most" if word in _RISING else "at least"
            yield (
                "recover",
                f"{self.recover.value:g}",
                f"{side} the trigger's {limit.value:g}, or an alert would never fire",
            )


class SeverityStep(Condition, frozen=True, kw_only=True):
    """One severity of several, with its own trigger."""

    for_: Duration | None = msgspec.field(name="for", default=None)
    """How long the trigger must hold; the rule's `for` by default."""

    def problems(self) -> Problems:
        """What the types cannot say."""
        if not self._given():
            yield "", "no condition", "one of " + ", ".join(COMPARISONS)
        yield from self.unclear()


class GroupAttribute(msgspec.Struct, frozen=True, kw_only=True):
    """An attribute to group by, and what stands for it where a signal has none."""

    attribute: str
    default: str = ""

    @classmethod
    def parse(cls, said: str | int | float) -> GroupAttribute:
        """A plain name."""
        return cls(attribute=str(said))


class Rule(Condition, frozen=True, kw_only=True):
    """One rule, as it is written."""

    alert: str
    """The alert's name; unique."""
    metric: str | None = None
    span: SpanPattern | None = None
    log: LogPattern | None = None
    where: Mapping[str, AttributeMatcher] = {}
    any_where: tuple[Mapping[str, AttributeMatcher], ...] | Mapping[str, AttributeMatcher] = ()
    """A list of `where`s of which one must hold; written as one mapping, one of its attributes must."""
    tenants: tuple[str, ...] | None = None
    """Only these; all by default."""
    by: tuple[GroupAttribute, ...] | Literal["series"] = ()
    aggregate: str | None = None
    """`last` for metrics, else `count`, by default."""
    of: str | Mapping[str, AttributeMatcher] | None = None
    """What is measured: `duration` or an attribute; of a ratio, what its numerator takes."""
    across: Literal["sum", "avg", "min", "max", "count"] | None = None
    """How several series of one group join. Counters and histograms are added up, of levels the highest counts."""
    window: Duration = Duration(5 * MINUTE)
    severity: Severity | Mapping[Severity, SeverityStep] | None = None
    """A severity, or several with their own conditions. Warning by default."""
    min_count: int | None = None
    """Fewer observations in the window: the condition is false."""
    for_: Duration = msgspec.field(name="for", default=Duration(0))
    keep_firing_for: Duration = Duration(0)
    no_data: Literal["ok", "keep", "alert"] = "ok"
    """What it means that a value is gone. A count or rate of nothing is 0, and not gone."""
    no_data_after: Duration = Duration(5 * MINUTE)
    new_group_delay: Duration = Duration(0)
    """How long a group that was just born says nothing."""
    limit: int = 100
    """Alerts of one tenant at once; the others become one alert with `overflow="true"`."""
    max_series: int = 2000
    """Groups of one tenant; the others become one group."""
    interval: Duration | None = None
    """How often it is evaluated; `defaults.interval`, else 15s."""
    lateness: Duration | None = None
    """How long an evaluation waits for late data; `defaults.lateness`, else 30s."""
    labels: Mapping[str, str] = {}
    """Added to the alert's labels; `severity` here is the alert's severity."""
    annotations: Mapping[str, str] = {}
    template: str | None = None
    """Of the message; `threshold` by default."""

    @property
    def kind(self) -> Kind:
        """The kind of signal it is about."""
        return "metric" if self.metric is not None else "span" if self.span is not None else "log"

    @property
    def measure(self) -> str:
        """`aggregate`, or what it is when nobody says it."""
        return self.aggregate or ("last" if self.kind == "metric" else "count")

    @property
    def every(self) -> int:
        """The evaluation step."""
        return int(INTERVAL if self.interval is None else self.interval)

    @property
    def late(self) -> int:
        """How long an evaluation waits for late data."""
        return int(LATENESS if self.lateness is None else self.lateness)

    @property
    def alternatives(self) -> tuple[Where, ...]:
        """`any_where` as a list of `where`s."""
        if isinstance(self.any_where, tuple):
            return self.any_where
        return tuple({name: matcher} for name, matcher in self.any_where.items())

    def threshold(self, unit: str) -> Threshold:
        """What its number is held against, where that number comes in this unit."""
        steps = sorted(self._steps(unit), key=lambda one: one.severity)
        return Threshold(steps=tuple(steps), keep=int(self.keep_firing_for), gap=2 * self.every)

    def _steps(self, unit: str) -> Iterator[Step]:
        if isinstance(self.severity, Mapping):
            for severity, condition in self.severity.items():
                yield _step(condition, severity, unit, int(self.for_ if condition.for_ is None else condition.for_))
            return
        said = self.severity or self.labels.get("severity") or Severity.WARNING
        yield _step(self, Severity.parse(said), unit, int(self.for_))

    def problems(self) -> Problems:
        """What the types cannot say."""
        yield from self._unclear_signal()
        yield from self._unclear_measure()
        yield from self._unclear_severity()
        yield from self._unclear_numbers()
        yield from self.unclear()

    def _unclear_signal(self) -> Problems:
        if not self.alert:
            yield "alert", "nothing", "the alert's name"
        given = [word for word in ("metric", "span", "log") if getattr(self, word) is not None]
        if len(given) != 1:
            yield (given[1] if given else ""), " and ".join(given) or "no signal", "exactly one of metric, span, log"
        if self.metric == "":
            yield "metric", "nothing", "the metric's name"
        for path, where in (("where", self.where), *(("any_where", one) for one in self.alternatives)):
            for name, found, right in unreadable("metric", where):
                yield f"{path}.{name}", found, right

    def _unclear_measure(self) -> Problems:
        name = self.measure
        if not measures.knows(name):
            yield "aggregate", repr(name), "one of " + ", ".join(measures.names())
            return
        if name == "ratio":
            if not isinstance(self.of, Mapping):
                yield "of", "no numerator", "what the numerator takes, as {status: error}"
            else:
                yield from self._unclear_numerator(self.of)
        elif isinstance(self.of, Mapping):
            yield "of", "a mapping", f"duration or an attribute; only a ratio takes a mapping, and this is {name}"
        if self.kind == "log" and self.of is None and name not in ("count", "rate", "ratio"):
            yield "of", "nothing", f"the attribute whose {name} is meant"
        if self.kind == "metric" and isinstance(self.of, str):
            yield "of", repr(self.of), "no `of`: a metric has its own value"
        if self.kind != "metric" and (self.across or self.by == "series"):
            yield "across" if self.across else "by", "series", "metrics only: spans and logs have no series"

    def _unclear_numerator(self, of: Where) -> Problems:
        try:
            part(self.kind, of)
        except ValueError as error:
            yield "of", "a value that cannot be compared", str(error)

    def _unclear_severity(self) -> Problems:
        if isinstance(self.severity, Mapping):
            yield from self._unclear_steps(self.severity)
        elif not self._given():
            yield "", "no condition", "one of " + ", ".join(COMPARISONS) + ", or severity steps that have one"
        said = self.labels.get("severity")
        if said is not None and self.severity is not None:
            yield "labels.severity", "severity and labels.severity", "one of the two"
        elif said is not None:
            try:
                Severity.parse(said)
            except ValueError as error:
                yield "labels.severity", repr(said), str(error)
        for name, value in self.labels.items():
            if "{{" in value:
                yield f"labels.{name}", "a template", "fixed text: labels are identity; put words into annotations"

    def _unclear_steps(self, steps: Mapping[Severity, SeverityStep]) -> Problems:
        if not steps:
            yield "severity", "no step", "a severity, or steps as {warning: {above: 5}}"
        if self._given():
            yield self._given()[0][0], "a condition beside severity steps", "the condition in the steps only"
        triggers = [(severity, steps[severity].trigger()) for severity in sorted(steps)]
        for (_, mild), (severity, bad) in pairwise(triggers):
            if mild is None or bad is None:
                continue
            path = f"severity.{severity.word}"
            rising = mild[0] in _RISING
            if (mild[0] in _FALLING, rising) != (bad[0] in _FALLING, bad[0] in _RISING):
                yield path, f"{bad[0]} after {mild[0]}", "all steps in one direction"
            elif bad[1].value < mild[1].value if rising else bad[1].value > mild[1].value:
                yield (
                    path,
                    f"{bad[1].value:g}",
                    f"{'more' if rising else 'less'} than the milder step's {mild[1].value:g}",
                )

    def unfit(self, interval: Duration) -> Problems:
        """A window that this interval does not divide, or divides into too many."""
        if self.window % interval:
            yield "window", str(self.window), f"a multiple of the interval, {interval}"
        longest = max(self.window, self.no_data_after if self.measure == "last" else 0)
        if longest > MOST_BUCKETS * interval:
            right = f"at most {MOST_BUCKETS} intervals of {interval}, or a longer interval"
            yield "window" if longest == self.window else "no_data_after", str(longest), right

    def _unclear_numbers(self) -> Problems:
        for name in ("limit", "max_series"):
            if getattr(self, name) < 1:
                yield name, str(getattr(self, name)), "at least 1"
        if self.min_count is not None and self.min_count < 1:
            yield "min_count", str(self.min_count), "at least 1"
        for name in ("interval", "window", "no_data_after"):
            if getattr(self, name) is not None and getattr(self, name) <= 0:
                yield name, "0", "more than 0"
        if self.interval is not None and self.interval > 0:
            yield from self.unfit(self.interval)


class Defaults(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for every rule of the file that does not say it itself."""

    interval: Duration = INTERVAL
    lateness: Duration = LATENESS
    labels: Mapping[str, str] = {}
    annotations: Mapping[str, str] = {}

    def problems(self) -> Problems:
        """What the types cannot say."""
        if self.interval <= 0:
            yield "interval", "0", "more than 0"


class RuleFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of rules."""

    version: Literal[1]
    defaults: Defaults = Defaults()
    rules: tuple[Rule, ...] = ()

    def complete(self) -> tuple[Rule, ...]:
        """The rules with the defaults put in."""
        return tuple(map(self._completed, self.rules))

    def _completed(self, rule: Rule) -> Rule:
        defaults = self.defaults
        labels = defaults.labels if rule.severity is None else _without_severity(defaults.labels)
        return msgspec.structs.replace(
            rule,
            interval=defaults.interval if rule.interval is None else rule.interval,
            lateness=defaults.lateness if rule.lateness is None else rule.lateness,
            labels={**labels, **rule.labels},
            annotations={**defaults.annotations, **rule.annotations},
        )

    def problems(self) -> Problems:
        """What only the whole file can say: names given twice, windows that the interval does not divide."""
        seen: set[str] = set()
        for index, rule in enumerate(self.rules):
            if rule.alert in seen:
                yield f"rules[{index}].alert", f"{rule.alert!r} again", "a name that no other rule has"
            seen.add(rule.alert)
            if rule.interval is None and self.defaults.interval > 0:
                for path, found, right in rule.unfit(self.defaults.interval):
                    yield f"rules[{index}].{path}", found, right


def _step(condition: Condition, severity: Severity, unit: str, hold: int) -> Step:
    trigger = condition.trigger()
    if trigger is None:
        raise ValueError("a condition needs exactly one of " + ", ".join(COMPARISONS))
    word, limit = trigger
    recover = None if condition.recover is None else condition.recover.within(unit)
    return Step(severity=severity, comparison=word, limit=limit.within(unit), recover=recover, hold=hold)


def _without_severity(labels: Mapping[str, str]) -> Mapping[str, str]:
    return {name: value for name, value in labels.items() if name != "severity"}
