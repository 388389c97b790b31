"""A test file says which rules are meant, what is seen, and which alerts are expected of it.

It is written as promtool's unit tests of rules are, where they mean the same; signals that are no series, states other
than firing, values and severities are said in words of our own. A test file may hold the rules it is about.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

from otel_alerting.config.cross_check import repeated
from otel_alerting.config.files import Files
from otel_alerting.config.read import in_order
from otel_alerting.config.shapes import choose
from otel_alerting.config.spot import Spot
from otel_alerting.errors import ConfigurationError, Problem
from otel_alerting.model import Severity
from otel_alerting.model.duration import SECOND, Duration
from otel_alerting.rules.quantity import Quantity
from otel_alerting.rules.rule import Rule, RuleFile
from otel_alerting.testing.rules.signals import INTERVAL, InputSeries, Moment, SeenLog, SeenMetric, SeenSpan, Stage

Problems: TypeAlias = Iterator[tuple[str, str, str]]
Labels: TypeAlias = Mapping[str, str]

START = Moment(1_704_067_200 * SECOND)
"""Monday, 2024-01-01T00:00:00Z: an edge of every interval and the beginning of an hour, a day and a week."""
_OUR_OWN = ("LoggedWarning", "LoggedError", "UnhandledException", "SpanFailed")
_OF_RULES = ("TooManySeries",)
"""What rules say about themselves."""


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """What is expected of one alert. What is not mentioned is not looked at."""

    at: Duration
    alert: str
    labels: Labels = {}
    """Those that it must have; it may have others."""
    tenant: str | None = None
    severity: Severity | None = None
    value: Quantity | None = None
    """The number behind it, with or without a unit: `5%`, `800ms`."""
    tolerance: Quantity = Quantity(1e-6, "ratio")
    """By how much the value may be another: so much, or with `%` that share of it."""
    unit: str | None = None
    count: int | None = None
    """Observations behind it since it started."""
    started: Duration | None = None
    """When it began to be true."""
    because: str | None = None
    """Why it ended: `quiet`, `stale`; empty when that is plain."""
    text: str | None = None
    """What the program itself said."""
    annotations: Mapping[str, str] = {}
    """As a reader of English sees them, without markup."""


class ExpectedState(Expected, frozen=True, kw_only=True):
    """How an alert stands at a moment."""

    state: Literal["pending", "firing", "resolved", "none"] = "firing"
    """`none`: none with these labels is pending or firing."""


class ExpectedChange(Expected, frozen=True, kw_only=True):
    """What is told of an alert at a moment: that it fires, is of another severity, or is over."""

    state: Literal["firing", "resolved"] = "firing"


class ExpAlert(msgspec.Struct, frozen=True, kw_only=True):
    """A firing alert, as promtool writes it."""

    exp_labels: Labels = {}
    """All that it has; `severity` is the alert's severity, and `alertname` need not be said."""
    exp_annotations: Mapping[str, str] = {}
    """As a reader of English sees them, without markup; those that are mentioned."""


class AlertRuleTest(msgspec.Struct, frozen=True, kw_only=True):
    """All alerts of one name that fire at a moment, as promtool writes it."""

    eval_time: Duration
    alertname: str
    exp_alerts: tuple[ExpAlert, ...] | None = None
    """None by default."""


class RuleTest(msgspec.Struct, frozen=True, kw_only=True):
    """One test: what is seen, and what is expected of it."""

    name: str = ""
    start_timestamp: Moment | None = None
    """What all moments count from; 2024-01-01T00:00:00Z by default."""
    interval: Annotated[Duration, Meta(gt=0)] | None = None
    """Between the values of series; `evaluation_interval` by default, else 1m."""
    input_series: tuple[InputSeries, ...] = ()
    signals: tuple[SeenLog | SeenSpan | SeenMetric, ...] = ()
    until: Duration | None = None
    """The last moment that is judged; by default the last that is seen or expected."""
    alert_rule_test: tuple[AlertRuleTest, ...] = ()
    alerts: tuple[ExpectedState, ...] = ()
    changes: tuple[ExpectedChange, ...] | None = None
    """Everything that is told, in the order of time; `[]` for nothing."""

    @property
    def start(self) -> int:
        """What all moments count from."""
        return int(START if self.start_timestamp is None else self.start_timestamp)

    @property
    def last_expected(self) -> int:
        """The last moment that is spoken of."""
        moments = [one.at for one in (*self.alerts, *(self.changes or ()))]
        return max((*moments, *(one.eval_time for one in self.alert_rule_test)), default=0)

    def problems(self) -> Problems:
        """What the types cannot say."""
        if not (self.alert_rule_test or self.alerts or self.changes is not None):
            yield "", "nothing that is expected", "one of alerts, changes, alert_rule_test"
        if self.until is not None and self.until < self.last_expected:
            yield "until", str(self.until), f"a moment after all that is expected, {Duration(self.last_expected)}"

    def named(self) -> Iterator[tuple[str, str]]:
        """The alerts that are spoken of, and where."""
        for word, every in (("alerts", self.alerts), ("changes", self.changes or ())):
            yield from ((f"{word}[{number}].alert", one.alert) for number, one in enumerate(every))
        for number, one in enumerate(self.alert_rule_test):
            yield f"alert_rule_test[{number}].alertname", one.alertname


class RuleTests(RuleFile, frozen=True, kw_only=True):
    """A test file. It is a rule file, with tests."""

    version: Literal[1] = 1
    rule_files: tuple[str, ...] = ()
    """Patterns, from the test file's folder."""
    builtin: bool = False
    """Are the built-in rules there too?"""
    evaluation_interval: Annotated[Duration, Meta(gt=0)] | None = None
    """How often every rule is evaluated, in place of what it says itself."""
    tests: Annotated[tuple[RuleTest, ...], Meta(min_length=1)]


@dataclass(frozen=True)
class Suite:
    """A test file that was read, and the rules it is about."""

    path: str
    written: RuleTests
    rules: tuple[Rule, ...]
    top: Spot

    def where(self, path: str) -> str:
        """File and line of a part, as `queue.yaml:12`."""
        return self.top.top(path).where

    def stage(self, test: RuleTest) -> Stage:
        """What a test is played on."""
        every = test.interval or self.written.evaluation_interval or INTERVAL
        return Stage(test.start, int(every), frozenset(_counters(self.rules)))


def load(path: Path, env: Mapping[str, str] | None = None) -> Suite:
    """Read a test file and the rule files it names.

    Raises:
        ConfigurationError: with everything that is wrong with any of them.
    """
    files = Files(os.environ if env is None else env)
    reading = files.read(path, RuleTests, Spot(str(path)))
    if reading is None or reading.mended is None:
        raise ConfigurationError(in_order(files.problems, files.names))
    top, written = Spot.of(reading), reading.mended
    rules = _rules(files, written, top, path.absolute().parent)
    if not files.problems:
        files.problems.extend(_unknown_names(written, top, [rule.alert for rule in rules]))
    if files.problems:
        raise ConfigurationError(in_order(files.problems, files.names))
    return Suite(path=str(path), written=written, rules=rules, top=top)


def _rules(files: Files, written: RuleTests, top: Spot, folder: Path) -> tuple[Rule, ...]:
    """The rules of the file and of the files it names, evaluated as often as it says."""
    found = [(rule, top.top(f"rules[{number}]")) for number, rule in enumerate(written.complete())]
    seen = {rule.alert: spot.down("alert") for rule, spot in found}
    for number, pattern in enumerate(written.rule_files):
        whole = os.path.normpath(folder / Path(pattern).expanduser())  # `tests/../a.yaml` is not how people know a file
        for rules in files.rules(whole, folder, top.top(f"rule_files[{number}]")):
            files.problems.extend(repeated(rules, seen))
            seen.update({rule.alert: spot.down("alert") for rule, spot in rules if rule.alert not in seen})
            found.extend(rules)
    every = written.evaluation_interval
    return tuple(rule if every is None else _evaluated(files, rule, every, spot) for rule, spot in found)


def _evaluated(files: Files, rule: Rule, every: Duration, spot: Spot) -> Rule:
    for path, found, right in rule.unfit(every):
        files.problems.append(spot.down(path).misfit(f"{found} with the test's evaluation_interval", right))
    return msgspec.structs.replace(rule, interval=every)


def _unknown_names(written: RuleTests, top: Spot, known: Sequence[str]) -> Iterator[Problem]:
    """A name that no rule has would never fire, and a test that expects so would hold for ever."""
    known = [*known, *(_OUR_OWN if written.builtin else ())]
    for number, test in enumerate(written.tests):
        for path, name in test.named():
            if name not in known and name not in _OF_RULES:
                yield top.top(f"tests[{number}].{path}").misfit(repr(name), "a rule's name, " + choose(name, known))


def _counters(rules: Sequence[Rule]) -> Iterator[str]:
    """The metrics that must be counters, for a rule takes their rate or increase."""
    for rule in rules:
        numbers = (rule, *(condition for _, condition in rule.further))
        operands = (one for number in numbers for one in (number, *(second for _, second in number.further_operands)))
        yield from (one.metric for one in operands if one.metric and one.measure in ("rate", "increase"))
