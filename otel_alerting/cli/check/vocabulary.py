"""A vocabulary is all names that templates know by themselves; labels and facts beyond it may have any name."""

from __future__ import annotations

import functools

import msgspec

from otel_alerting.cli.sample import sample
from otel_alerting.render.locales import LocaleManager
from otel_alerting.render.redact import Redactor
from otel_alerting.render.templates import TemplateEngine
from otel_alerting.render.variables import AlertViews, variables
from otel_alerting.render.view import AlertView, Telling
from otel_alerting.render.voice import Voice, dialect_of

OF_OBJECTIVES = frozenset(("budget_left", "objective", "windows"))
"""Facts that every alert of an objective has."""


@functools.cache
def of_templates() -> frozenset[str]:
    """What every template may name."""
    notification = sample("threshold", at=0, facts={})
    bare = msgspec.structs.replace(notification.alerts[0], labels={})
    telling = _telling()
    return frozenset(variables(notification, telling, AlertViews((bare,), telling)))


@functools.cache
def of_alerts() -> frozenset[str]:
    """What `alert` has."""
    view = AlertView(sample("threshold", at=0, facts={}).alerts[0], _telling())
    return frozenset(name for name in dir(view) if not name.startswith("_"))


@functools.cache
def of_annotations() -> frozenset[str]:
    """What an annotation may name, whatever the rule."""
    bare = msgspec.structs.replace(sample("threshold", at=0, facts={}).alerts[0], labels={})
    return frozenset(AlertView(bare, _telling()).variables())


def _telling() -> Telling:
    voice = Voice(LocaleManager().language("en"), dialect_of("slack"), "UTC", 0)
    return Telling(TemplateEngine(), voice, Redactor())
