"""A course is what became of one alert in a test: what its rule found at every edge, and what was told of it.

`play` plays a test and gives the courses of all its alerts.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias, TypeVar

from otel_alerting.model import Alert, Severity
from otel_alerting.rules.builtin import BuiltinRules
from otel_alerting.rules.play import Change, Evaluation, Player
from otel_alerting.rules.rule import Rule
from otel_alerting.testing.rules.file import RuleTest, Suite
from otel_alerting.testing.rules.signals import arrivals

T = TypeVar("T")

State: TypeAlias = Literal["pending", "firing", "resolved", "none"]


class Standing(NamedTuple):
    """How an alert stands at a moment, or what is told of it then."""

    at: int
    state: State
    severity: Severity | None
    value: float | None
    unit: str
    alert: Alert | None
    """As it was last told; None when it never was."""


@dataclass(eq=False)
class Course:
    """One alert's way through a test. Moments are those of the rules, from the test's start on."""

    name: str
    labels: Mapping[str, str]
    tenant: str
    rule: Rule | None = None
    """None for alerts of the built-in rules, and for what rules say about themselves."""
    evaluations: list[Evaluation] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    """What is told: that it fires, is of another severity, or is over."""
    alerts: list[Alert] = field(default_factory=list)

    def sort(self) -> None:
        """Put everything into the order of its moments: what an event does not wait for is told before older edges."""
        self.evaluations.sort(key=_at)
        self.changes.sort(key=_at)
        self.alerts.sort(key=moment_of)

    def standing(self, at: int) -> Standing:
        """How it stands at a moment: what fires is what was told, what is pending is what its rule found."""
        change, found, alert = self._change(at), self._evaluation(at), self._alert(at)
        value, unit = _number(found, alert)
        if change is not None and change.state == "firing":
            return Standing(at, "firing", change.severity, value, unit, alert)
        if found is not None and found.state == "pending":
            return Standing(at, "pending", found.severity, value, unit, alert)
        if change is not None:
            return Standing(at, "resolved", change.severity, value, unit, alert)
        return Standing(at, "none", None, value, unit, alert)

    def moments(self, after: int, before: int) -> Iterable[int]:
        """When anything was found or told between two moments."""
        for every in (self.evaluations, self.changes):
            first, end = bisect_right(every, after, key=_at), bisect_left(every, before, key=_at)
            yield from (one.at for one in every[first:end])

    def since(self, one: Standing) -> int | None:
        """Since when it has stood as it does; None where it never stood otherwise."""
        if one.state == "pending":
            before = [found.at for found in self.evaluations if found.at <= one.at and found.state != "pending"]
            first = bisect_right(self.evaluations, before[-1] if before else -1, key=_at)
            return self.evaluations[first].at
        changes = [change for change in self.changes if change.at <= one.at]
        while len(changes) > 1 and changes[-2].state == changes[-1].state:
            changes.pop()
        return changes[-1].at if changes else None

    def told(self) -> Iterable[Standing]:
        """Its changes, in order, as they were told."""
        for change in self.changes:
            alert = self._alert(change.at)
            unit = alert.reading.unit if alert and alert.reading else ""
            yield Standing(change.at, change.state, change.severity, change.value, unit, alert)

    def _change(self, at: int) -> Change | None:
        return _last(self.changes, at, _at)

    def _evaluation(self, at: int) -> Evaluation | None:
        return _last(self.evaluations, at, _at)

    def _alert(self, at: int) -> Alert | None:
        return _last(self.alerts, at, moment_of)


class Played(NamedTuple):
    """A test that was played."""

    courses: Sequence[Course]
    until: int
    """The last moment that was judged."""
    lost: Mapping[str, int]
    """By reason, the signals that could not be judged; see `RuleSet.lost`."""


def play(file: Suite, test: RuleTest) -> Played:
    """Play a test: the same signals at the same moments have the same courses, always."""
    start = test.start
    recorder = _Recorder(file.rules)
    player = Player(
        file.rules,
        started_at=start,
        builtin=BuiltinRules() if file.written.builtin else None,
        found=recorder.found,
        told=recorder.told,
    )
    until = start + (test.last_expected if test.until is None else test.until)
    for now, signal in arrivals((*test.input_series, *test.signals), file.stage(test)):
        if test.until is None:
            until = max(until, now)
        elif now > until:
            break
        recorder.changed(player.observe(signal, now))
    recorder.changed(player.finish(until))
    lost = Counter[str]()
    for (_, reason), number in player.lost().items():
        lost[reason] += number
    return Played(recorder.courses(until), until, lost)


def moment_of(alert: Alert) -> int:
    """When what an alert tells happened."""
    return alert.ended_at or alert.updated_at


def _at(one: Evaluation | Change) -> int:
    return one.at


def _last(every: Sequence[T], at: int, moment: Callable[[T], int]) -> T | None:
    """The last that is not after a moment."""
    index = bisect_right(every, at, key=moment)
    return every[index - 1] if index else None


def _number(found: Evaluation | None, alert: Alert | None) -> tuple[float | None, str]:
    """The newest number and its unit: that of an edge, or of an event that did not wait for one."""
    reading = alert.reading if alert else None
    if found is None or (reading and alert and (moment_of(alert) > found.at or (alert.firing and found.value is None))):
        return (reading.value, reading.unit) if reading else (None, "")
    return found.value, reading.unit if reading else found.unit


class _Recorder:
    """Puts what is found and told to the courses of the alerts it is about."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = {rule.alert: rule for rule in rules}
        self._courses: dict[tuple[object, ...], Course] = {}

    def found(self, one: Evaluation) -> None:
        self._course(one.tenant, one.alert, one.labels).evaluations.append(one)

    def told(self, one: Alert) -> None:
        self._course(one.tenant, one.name, one.labels).alerts.append(one)

    def changed(self, changes: Iterable[Change]) -> None:
        for one in changes:
            if one.state != "pending":  # evaluations say when that ends, too
                self._course(one.tenant, one.alert, one.labels).changes.append(one)

    def courses(self, until: int) -> Sequence[Course]:
        for course in self._courses.values():
            course.alerts = [one for one in course.alerts if moment_of(one) <= until]
            course.evaluations = [one for one in course.evaluations if one.at <= until]
            course.sort()
        return list(self._courses.values())

    def _course(self, tenant: str, name: str, labels: Mapping[str, str]) -> Course:
        key = (tenant, name, tuple(labels.items()))
        if key not in self._courses:
            self._courses[key] = Course(name, labels, tenant, self._rules.get(name))
        return self._courses[key]
