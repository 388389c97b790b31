"""A verdict is every difference between what is expected of a test and what became of its alerts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from otel_alerting.model.duration import Duration
from otel_alerting.testing.rules.course import Course, Played, Standing
from otel_alerting.testing.rules.file import AlertRuleTest, ExpAlert, Expected, ExpectedChange, ExpectedState, RuleTest
from otel_alerting.testing.rules.likeness import has_labels, is_meant, odd_annotations, odds
from otel_alerting.testing.rules.words import described, expected, named, shown

_NOTHING = "nothing: no signal ever matched the rule"


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Something that was expected and is not so, or the other way round."""

    path: str
    """Of the expectation, below the test: `alerts[2]`."""
    at: int
    """The moment it is about, from the test's start."""
    expected: str
    found: tuple[str, ...]
    """What there was instead, alert by alert."""
    courses: tuple[Course, ...]
    """Those it is about, for a picture; empty when nothing was ever seen of such an alert."""


class _Candidate(NamedTuple):
    """An alert that may be the expected one, and what of it is otherwise."""

    course: Course
    standing: Standing
    odd: tuple[str, ...]


def differences(test: RuleTest, played: Played) -> Iterator[Difference]:
    """All differences of a test, in the order in which it expects."""
    judge = _Judge(test.start, played.courses)
    for number, state in enumerate(test.alerts):
        yield from judge.state(f"alerts[{number}]", state)
    for number, group in enumerate(test.alert_rule_test):
        yield from judge.group(f"alert_rule_test[{number}]", group)
    if test.changes is not None:
        yield from judge.changes(test.changes)


@dataclass(frozen=True)
class _Judge:
    start: int
    courses: Sequence[Course]

    def state(self, path: str, wanted: ExpectedState) -> Iterator[Difference]:
        """Stands an alert so? One that is as expected in everything is enough."""
        at = self.start + wanted.at
        standings = [(course, course.standing(at)) for course in self.courses if is_meant(course, wanted)]
        if wanted.state == "none":
            wrong = [(course, one) for course, one in standings if one.state in ("pending", "firing")]
            if wrong:
                yield self._difference(path, wanted, wanted.state, [course for course, _ in wrong])
            return
        candidates = [_Candidate(course, one, tuple(odds(wanted, one, self.start))) for course, one in standings]
        best = _best(candidates)
        if best is not None and not best.odd:
            return
        if best is not None and best.standing.state == wanted.state:
            yield self._difference(path, wanted, wanted.state, [best.course], [_but(best)])
        else:
            yield self._difference(path, wanted, wanted.state, [one.course for one in candidates])

    def changes(self, wanted: Sequence[ExpectedChange]) -> Iterator[Difference]:
        """Is this all that is told, at these moments?"""
        told = [(course, one) for course in self.courses for one in course.told()]
        missed = dict[int, Difference]()
        # Who names more labels chooses first, or a vague one might take what another means.
        for number, change in sorted(enumerate(wanted), key=lambda pair: -len(pair[1].labels)):
            at = self.start + change.at
            best = _best(
                _Candidate(course, one, tuple(odds(change, one, self.start)))
                for course, one in told
                if one.at == at and is_meant(course, change)
            )
            if best is not None:
                told.remove((best.course, best.standing))
            if best is None or best.odd:
                missed[number] = self._missed(f"changes[{number}]", change, best)
        yield from (missed[number] for number in sorted(missed))
        for course, one in sorted(told, key=lambda pair: pair[1].at):
            found = (described(course, one, self.start),)
            yield Difference(
                path="changes", at=one.at - self.start, expected="nothing more", found=found, courses=(course,)
            )

    def group(self, path: str, wanted: AlertRuleTest) -> Iterator[Difference]:
        """Do these of its name fire, and no others?"""
        at = self.start + wanted.eval_time
        named_so = [course for course in self.courses if course.name == wanted.alertname]
        firing = [(course, one) for course in named_so if (one := course.standing(at)).state == "firing"]
        for number, alert in enumerate(wanted.exp_alerts or ()):
            best = _best(
                _Candidate(course, one, tuple(odd_annotations(alert.exp_annotations, one)))
                for course, one in firing
                if has_labels(alert.exp_labels, course, one.severity)
            )
            if best is not None:
                firing.remove((best.course, best.standing))
            if best is None or best.odd:
                yield self._not_firing(f"{path}.exp_alerts[{number}]", wanted, alert, best)
        for course, one in firing:
            right = f"no {'other ' if wanted.exp_alerts else ''}{wanted.alertname} firing"
            found = (described(course, one, self.start),)
            yield Difference(path=path, at=int(wanted.eval_time), expected=right, found=found, courses=(course,))

    # What is told of a difference

    def _difference(
        self, path: str, wanted: Expected, state: str, near: Sequence[Course], found: Sequence[str] = ()
    ) -> Difference:
        at = int(wanted.at)
        others = () if near else self._of_name(wanted.alert)
        words = found or [*self._standings(near, at), *(f"only {one}" for one in self._standings(others, at))]
        return Difference(
            path=path,
            at=at,
            expected=expected(wanted, state),
            found=tuple(words) or (_NOTHING,),
            courses=(*near, *others),
        )

    def _missed(self, path: str, wanted: ExpectedChange, best: _Candidate | None) -> Difference:
        if best is not None:
            return self._difference(path, wanted, wanted.state, [best.course], [_but(best)])
        near = [course for course in self.courses if is_meant(course, wanted)] or self._of_name(wanted.alert)
        near = [course for course in near if course.changes] or near
        found = [self._nearest(course, self.start + wanted.at) for course in near]
        return self._difference(path, wanted, wanted.state, near, found)

    def _not_firing(self, path: str, wanted: AlertRuleTest, alert: ExpAlert, best: _Candidate | None) -> Difference:
        near = [best.course] if best else self._of_name(wanted.alertname)
        found = [_but(best)] if best else self._standings(near, int(wanted.eval_time))
        return Difference(
            path=path,
            at=int(wanted.eval_time),
            expected=f"{wanted.alertname}{shown(alert.exp_labels)} firing",
            found=tuple(found) or (_NOTHING,),
            courses=tuple(near),
        )

    def _standings(self, courses: Iterable[Course], at: int) -> list[str]:
        return [described(course, course.standing(self.start + at), self.start) for course in courses]

    def _nearest(self, course: Course, at: int) -> str:
        """What was told of an alert nearest to a moment."""
        told = min(course.told(), key=lambda one: abs(one.at - at), default=None)
        if told is None:
            return f"{named(course)}: nothing is told of it"
        return f"{described(course, told, self.start)}, told at {Duration(told.at - self.start)}"

    def _of_name(self, name: str) -> Sequence[Course]:
        return [course for course in self.courses if course.name == name]


def _best(candidates: Iterable[_Candidate]) -> _Candidate | None:
    return min(candidates, key=lambda one: len(one.odd), default=None)


def _but(one: _Candidate) -> str:
    return f"{named(one.course)} {one.standing.state}, but {'; '.join(one.odd)}"
