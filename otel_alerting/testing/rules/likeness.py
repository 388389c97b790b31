"""Likeness is how far an alert is what was expected: whether it is meant at all, and what of it is otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from otel_alerting.model import Severity
from otel_alerting.model.duration import Duration
from otel_alerting.rules.quantity import Quantity
from otel_alerting.testing.rules.course import Course, Standing
from otel_alerting.testing.rules.file import Expected, ExpectedChange, ExpectedState
from otel_alerting.testing.rules.words import number, quoted, rendered

_VIRTUAL = ("alertname", "severity", "tenant")
"""Labels that every alert answers to, without having them."""


def is_meant(course: Course, wanted: Expected) -> bool:
    """Has it the name and labels that are spoken of?"""
    return (
        course.name == wanted.alert
        and wanted.tenant in (None, course.tenant)
        and wanted.labels.items() <= course.labels.items()
    )


def has_labels(wanted: Mapping[str, str], course: Course, severity: Severity | None) -> bool:
    """Are these all labels that it has?"""
    virtual = {name for name in wanted if name in _VIRTUAL and name not in course.labels}
    own = {name: value for name, value in wanted.items() if name not in virtual}
    return own == dict(course.labels) and all(_answers(name, wanted[name], course, severity) for name in virtual)


def _answers(name: str, wanted: str, course: Course, severity: Severity | None) -> bool:
    if name == "severity":
        return severity is not None and wanted.lower() in severity.spellings
    return wanted == (course.name if name == "alertname" else course.tenant)


def odds(wanted: ExpectedState | ExpectedChange, found: Standing, start: int) -> Iterator[str]:
    """What is otherwise than expected, in words."""
    if found.state != wanted.state:
        yield f"state {found.state}"
    if wanted.severity is not None and found.severity is not wanted.severity:
        yield f"severity {found.severity.word if found.severity else 'none'}"
    if wanted.value is not None and not _is_near(wanted.value, wanted.tolerance, found):
        yield "no value" if found.value is None else f"value {number(found.value, found.unit)}"
    for word, value in _facts(found, start).items():
        if getattr(wanted, word) not in (None, value):
            yield f"{word} {quoted(value)}"
    yield from odd_annotations(wanted.annotations, found)


def odd_annotations(wanted: Mapping[str, str], found: Standing) -> Iterator[str]:
    """Those that a reader would see otherwise, in words."""
    said = rendered(found.alert) if wanted and found.alert else {}
    for name, text in wanted.items():
        if said.get(name) != text:
            yield f"annotation {name} {said[name]!r}" if name in said else f"no annotation {name}"


def _facts(found: Standing, start: int) -> Mapping[str, object]:
    """By the words of `Expected`; None where nobody says."""
    alert = found.alert
    return {
        "unit": found.unit,
        "count": alert.count if alert else None,
        "started": Duration(alert.started_at - start) if alert else None,
        "because": alert.ended_because if alert else None,
        "text": alert.text if alert else None,
    }


def _is_near(wanted: Quantity, tolerance: Quantity, found: Standing) -> bool:
    if found.value is None:
        return False
    value = wanted.within(found.unit)
    room = abs(value) * tolerance.value if tolerance.unit == "ratio" else tolerance.within(found.unit)
    return value == found.value or abs(found.value - value) <= room
