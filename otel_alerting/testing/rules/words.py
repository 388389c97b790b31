"""The words in which tests speak of alerts: names, labels, how they stand, and annotations as readers see them."""

from __future__ import annotations

import functools
from collections.abc import Mapping

from otel_alerting.model import Alert
from otel_alerting.model.duration import Duration
from otel_alerting.render.language import Language
from otel_alerting.render.locales import LocaleManager
from otel_alerting.render.redact import Redactor
from otel_alerting.render.templates import TemplateEngine
from otel_alerting.render.view import AlertView, Telling
from otel_alerting.render.voice import Voice, dialect_of
from otel_alerting.rules.rule import Rule
from otel_alerting.rules.threshold import Step
from otel_alerting.testing.rules.course import Course, Standing, moment_of
from otel_alerting.testing.rules.file import Expected
from otel_alerting.testing.rules.signals import TENANT

FACTS = ("unit", "count", "started", "because", "text", "tenant")
"""What may be expected besides labels, severity, value and annotations."""


def named(one: Course | Expected) -> str:
    """An alert by name and labels, and its tenant where there are several: `QueueLong{queue="mail"} of acme`."""
    if isinstance(one, Expected):
        return one.alert + shown(one.labels)
    return one.name + shown(one.labels) + (f" of {one.tenant}" if one.tenant != TENANT else "")


def shown(labels: Mapping[str, str]) -> str:
    """Labels as they are written in a series; nothing for none."""
    pairs = ", ".join(f'{name}="{value}"' for name, value in labels.items())
    return f"{{{pairs}}}" if pairs else ""


def described(course: Course, one: Standing, start: int) -> str:
    """How an alert stands: `QueueLong{queue="mail"} pending since 9m45s, warning, value 95`."""
    words = [f"{named(course)} {'quiet' if one.state == 'none' else one.state}{_since(course, one, start)}"]
    if one.state != "none" and one.severity is not None:
        words.append(one.severity.word)
    words.append("without a value" if one.value is None else f"value {number(one.value, one.unit)}")
    return ", ".join(words)


def limits(rule: Rule, unit: str) -> str:
    """What a rule's number is held against: `above 100 for 1m`; empty where there is none."""
    if not (rule.given() or isinstance(rule.severity, Mapping)):
        return ""
    steps = rule.threshold(unit).steps
    words = (f"{one.severity.word} " if len(steps) > 1 else "" for one in steps)
    return ", ".join(word + _limit(one, unit) for word, one in zip(words, steps, strict=True))


def number(value: float, unit: str) -> str:
    """A number and its unit, in plain digits: a test compares numbers, and what readers see is rounded."""
    if unit == "ratio":
        return f"{value * 100:.8g}%"
    return f"{value:.10g}{' ' + unit if unit else ''}"


def rendered(alert: Alert) -> Mapping[str, str]:
    """Its annotations in English and without markup; one that cannot be rendered stands as it is written."""
    engine, english = _english()
    telling = Telling(engine, Voice(english, dialect_of("text"), "UTC", moment_of(alert)), Redactor())
    return {name: str(text) for name, text in AlertView(alert, telling).annotations.items()}


def expected(wanted: Expected, state: str) -> str:
    """What was expected: `QueueLong{queue="mail"} firing, severity critical, value 100`."""
    words = [f"no {named(wanted)} pending or firing" if state == "none" else f"{named(wanted)} {state}"]
    if wanted.severity is not None:
        words.append(f"severity {wanted.severity.word}")
    if wanted.value is not None:
        words.append(f"value {number(wanted.value.value, wanted.value.unit)}")
    words.extend(f"{word} {quoted(value)}" for word in FACTS if (value := getattr(wanted, word)) is not None)
    words.extend(f"annotation {name} {text!r}" for name, text in wanted.annotations.items())
    return ", ".join(words)


def quoted(value: object) -> str:
    """Texts in quotes, all else as it is."""
    return repr(value) if type(value) is str else str(value)


def _limit(step: Step, unit: str) -> str:
    held = f" for {Duration(step.hold)}" if step.hold else ""
    return f"{step.comparison.replace('_', ' ')} {number(step.limit, unit)}{held}"


def _since(course: Course, one: Standing, start: int) -> str:
    since = course.since(one)
    return "" if since in (None, one.at) else f" since {Duration(since - start)}"


@functools.cache
def _english() -> tuple[TemplateEngine, Language]:
    return TemplateEngine(), LocaleManager().language("en")
