"""A rule is one fixed sentence: which signals, by what, over which window, what number, and when it is too much.

These are the types of the YAML that people write; every field here works, and a field that is not here is an error.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Literal

import msgspec

from otel_alerting.model import Severity
from otel_alerting.model.duration import MINUTE, SECOND, Duration
from otel_alerting.rules.baseline import Baseline
from otel_alerting.rules.condition import Comparing, Problems, SeverityStep, apart, step_of, unclear_steps
from otel_alerting.rules.dimension import dimension_of, misfits
from otel_alerting.rules.operand import WINDOW, FurtherCondition, GroupAttributes, Number
from otel_alerting.rules.quantity import Quantity
from otel_alerting.rules.slo.objective import Slo
from otel_alerting.rules.threshold import COMPARISONS, Comparison, Step, Threshold

INTERVAL = Duration(15 * SECOND)
LATENESS = Duration(30 * SECOND)


class Compare(msgspec.Struct, frozen=True, kw_only=True):
    """The number is not itself but how far it is from what it was at the same time of an earlier day."""

    to: Duration
    """How much earlier."""
    as_: Literal["percent", "absolute"] = msgspec.field(name="as", default="percent")
    """The difference as a share of what it was, or as it is."""

    def problems(self) -> Problems:
        """What the types cannot say."""
        if self.to <= 0:
            yield "to", "0", "more than 0"


class Rule(Number, frozen=True, kw_only=True):
    """One rule, as it is written."""

    alert: str
    """The alert's name; unique."""
    tenants: tuple[str, ...] | None = None
    """Only these; all by default."""
    by: GroupAttributes | Literal["series"] = ()
    window: Duration = WINDOW
    recover: Quantity | None = None
    """The limit at which a firing alert ends; without it, the trigger itself."""
    compare: Compare | None = None
    """The number is held against what it was so much earlier."""
    baseline: Baseline | None = None
    """The number is held against what it is expected to be, learned from its own past, and not against a limit."""
    slo: Slo | None = None
    """The rule is about an objective: which signals, what of them and how much is too much stand in here."""
    and_: tuple[FurtherCondition, ...] = msgspec.field(name="and", default=())
    """Conditions that must hold too."""
    unless: tuple[FurtherCondition, ...] = ()
    """Conditions of which none may hold."""
    severity: Severity | Mapping[Severity, SeverityStep] | None = None
    """A severity, or several with their own conditions. Warning by default."""
    for_: Duration = msgspec.field(name="for", default=Duration(0))
    keep_firing_for: Duration = Duration(0)
    no_data: Literal["ok", "keep", "alert"] = "ok"
    """What it means that a value is gone. A count or rate of nothing is 0, and not gone."""
    no_data_after: Duration = Duration(5 * MINUTE)
    require_full_window: bool = False
    """Nothing is judged before there is a whole window of it."""
    reappears_after: Duration | None = None
    """Of `new`: for how long something must not have been seen to be new again; its `memory` by default."""
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
    def every(self) -> int:
        """The evaluation step."""
        return int(INTERVAL if self.interval is None else self.interval)

    @property
    def late(self) -> int:
        """How long an evaluation waits for late data."""
        return int(LATENESS if self.lateness is None else self.lateness)

    def trigger(self) -> tuple[Comparison, Quantity] | None:
        """The comparison and its limit; what is unusual is wrong without one."""
        if self.baseline is not None and not self.given():
            return "above", Quantity(0.0)
        return super().trigger()

    def threshold(self, unit: str) -> Threshold:
        """What its number is held against, where that number comes in this unit; of an objective its burn rate."""
        steps = sorted(self._steps(unit), key=lambda one: one.severity)
        return Threshold(steps=tuple(steps), keep=int(self.keep_firing_for), gap=2 * self.every)

    def _steps(self, unit: str) -> Iterator[Step]:
        if self.slo is not None:
            yield from self.slo.steps(int(self.for_))
            return
        if isinstance(self.severity, Mapping):
            for severity, condition in self.severity.items():
                yield step_of(condition, severity, unit, int(self.for_ if condition.for_ is None else condition.for_))
            return
        said = self.severity or self.labels.get("severity") or Severity.WARNING
        yield step_of(self, Severity.parse(said), unit, int(self.for_))

    def problems(self) -> Problems:
        """What the types cannot say."""
        yield from apart(self._unclear_name, self._unclear_labels, self._unclear_sentence, self._unclear_numbers)

    def _unclear_sentence(self) -> Problems:
        if self.slo is not None:
            yield from self._unclear_beside(self.slo)
            return
        limits = (self._unclear_severity, self._unclear_label, self._unclear_limits, self._unclear_further)
        yield from apart(super().problems, self._unclear_by, *limits, self._unclear_memory)

    def _unclear_name(self) -> Problems:
        if not self.alert:
            yield "alert", "nothing", "the alert's name"

    def _unclear_by(self) -> Problems:
        if self.by == "series" and self.kind != "metric":
            yield "by", "series", "metrics only: spans and logs have no series"

    def _unclear_limits(self) -> Problems:
        if self.compare is None:
            yield from misfits(dimension_of(self), self._conditions())

    def _unclear_further(self) -> Problems:
        for key, further in (("and", self.and_), ("unless", self.unless)):
            for number, one in enumerate(further):
                yield from misfits(dimension_of(one), iter([(f"{key}[{number}].", one)]))

    def _conditions(self) -> Iterator[tuple[str, Comparing]]:
        yield "", self
        if isinstance(self.severity, Mapping):
            yield from ((f"severity.{severity.word}.", step) for severity, step in self.severity.items())

    def _unclear_severity(self) -> Problems:
        if isinstance(self.severity, Mapping):
            if self.given():
                yield self.given()[0][0], "a condition beside severity steps", "the condition in the steps only"
            yield from unclear_steps(self.severity)
        elif self.severity in (None, *Severity) and not self.given() and self.trigger() is None:
            yield "", "no condition", "one of " + ", ".join(COMPARISONS) + ", or severity steps that have one"

    def _unclear_label(self) -> Problems:
        said = self.labels.get("severity")
        if said is not None and self.severity is not None:
            yield "labels.severity", "severity and labels.severity", "one of the two"
        elif said is not None:
            try:
                Severity.parse(said)
            except ValueError as error:
                yield "labels.severity", repr(said), str(error)

    def _unclear_labels(self) -> Problems:
        for name, value in self.labels.items():
            if "{{" in value:
                yield f"labels.{name}", "a template", "fixed text: labels are identity; put words into annotations"

    def _unclear_beside(self, slo: Slo) -> Problems:
        """What is said beside an objective that has its own word for it, or none."""
        unsaid = Rule(alert=self.alert)
        for field in msgspec.structs.fields(self):
            if field.name not in _BESIDE_SLO and getattr(self, field.name) != getattr(unsaid, field.name):
                yield field.encode_name, f"{field.encode_name} beside slo", "nothing: slo says what is meant"
        if "severity" in self.labels:
            yield "labels.severity", "labels.severity beside slo", "the severities of its burn rates"
        if slo.sli.kind != "metric" and self.by == "series":
            yield "by", "series", "metrics only: spans and logs have no series"
        if self.min_count is not None and self.min_count < 0:
            yield "min_count", str(self.min_count), "at least 0"

    @property
    def further(self) -> tuple[tuple[str, FurtherCondition], ...]:
        """The conditions of `and` and `unless`, with their paths."""
        said = (("and", self.and_), ("unless", self.unless))
        return tuple((f"{key}[{n}]", one) for key, conditions in said for n, one in enumerate(conditions))

    def unfit(self, interval: Duration) -> Problems:
        """Windows and other spans that this interval does not divide, or divides into too many."""
        if self.slo is not None:
            yield from self.slo.unfit(interval)
            return
        beside = (partial(self._conditions_unfit, interval), partial(self._compare_unfit, interval))
        yield from apart(partial(super().unfit, interval), *beside)

    def _conditions_unfit(self, interval: Duration) -> Problems:
        for place, condition in self.further:
            for path, found, right in condition.unfit(interval):
                yield f"{place}.{path}", found, right

    def _compare_unfit(self, interval: Duration) -> Problems:
        if self.compare is not None and self.compare.to % interval:
            yield "compare.to", str(self.compare.to), f"a multiple of the interval, {interval}"

    def _unclear_memory(self) -> Problems:
        if self.reappears_after is None:
            return
        if self.measure != "new":
            yield "reappears_after", f"reappears_after of {self.measure}", "no reappears_after: only new has one"
        elif not 0 < self.reappears_after <= self.remembers:
            yield "reappears_after", str(self.reappears_after), "more than 0, and at most the memory"

    def _unclear_numbers(self) -> Problems:
        rights = {
            "limit": "at least 1",
            "max_series": "at least 1",
            "interval": "more than 0",
            "no_data_after": "more than 0",
        }
        yield from apart(*(partial(self._too_small, *one) for one in rights.items()), self._unfit_own)

    def _too_small(self, name: str, right: str) -> Problems:
        said = getattr(self, name)
        if said is not None and said < 1:
            yield name, str(int(said)), right

    def _unfit_own(self) -> Problems:
        if self.interval is not None and self.interval > 0:
            yield from self.unfit(self.interval)


_BESIDE_SLO = frozenset(
    (
        *("alert", "slo", "tenants", "by", "min_count", "for_", "keep_firing_for", "new_group_delay", "limit"),
        *("max_series", "interval", "lateness", "labels", "annotations", "template"),
    )
)
"""What an objective's rule may say beside it."""


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
        is_said = rule.severity is not None or rule.slo is not None
        labels = _without_severity(defaults.labels) if is_said else defaults.labels
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


def _without_severity(labels: Mapping[str, str]) -> Mapping[str, str]:
    return {name: value for name, value in labels.items() if name != "severity"}
