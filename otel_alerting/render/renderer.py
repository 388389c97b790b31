"""A renderer puts a notification into words: a template's blocks, each cut to its place in the message.

What is cut, left out or went wrong is said in the message's small print; a template that fails costs its own words,
never the alert.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from otel_alerting.errors import TemplateError
from otel_alerting.model import Message, Notification, Reason, Receipt, Severity
from otel_alerting.render.locales import LocaleManager
from otel_alerting.render.page import Page, bare, filled
from otel_alerting.render.redact import Redactor
from otel_alerting.render.sample import notification_of
from otel_alerting.render.templates import DEFAULT, TemplateEngine
from otel_alerting.render.variables import AlertViews, variables
from otel_alerting.render.view import Telling
from otel_alerting.render.voice import Voice, dialect_of
from otel_alerting.telemetry import Counters, complain

DIGEST = "digest"
_BUILTIN_DEFAULT = f"builtin/{DEFAULT}"


class Links(msgspec.Struct, frozen=True, kw_only=True):
    """Where more is to be seen."""

    trace_url: str = ""
    """A trace's page; `{trace_id}` in it is replaced: `https://jaeger.example/trace/{trace_id}`."""


class Renderer:
    """Puts notifications into words, within the limits of `Message`. Safe from any thread; raises nothing.

    Args:
        templates: where the templates are.
        locales: the languages.
        redact: takes secrets out of everything that is shown; the built-in patterns when not given.
        counters: `templates_failed`, by template, is counted there.
    """

    def __init__(
        self,
        templates: TemplateEngine,
        locales: LocaleManager,
        *,
        redact: Redactor | None = None,
        counters: Counters | None = None,
    ) -> None:
        self._templates, self._locales = templates, locales
        self._redact = redact or Redactor()
        self._counters = counters or Counters()

    def render(
        self,
        notification: Notification,
        *,
        format: str = "slack",  # noqa: A002
        locale: str = "",
        timezone: str = "",
        previous: Receipt | None = None,
        links: Links | None = None,
        templates: Path | str = "",
    ) -> Message:
        """The notification in words.

        Args:
            notification: what to tell.
            format: the folder of templates and the markup: `slack` or `text`.
            locale: the reader's language, any spelling; the default language when empty.
            timezone: the reader's time zone, an IANA name; UTC when empty.
            previous: the message to be changed in place of posting a new one.
            links: where more is to be seen.
            templates: the tenant's own folder of templates, looked into first.
        """
        voice = Voice(self._locales.language(locale), dialect_of(format), timezone or "UTC", notification.at)
        engine = self._templates.beneath(templates)
        news = {} if notification.reason is Reason.FIRST else notification.news
        telling = Telling(engine, voice, self._redact, links.trace_url if links else "", news)
        return self._page(notification, telling).message(format, previous)

    def render_sample(
        self,
        template: str,
        data: Mapping[str, object],
        *,
        now: int,
        severity: Severity = Severity.INFO,
        tenant: str = "default",
        format: str = "slack",  # noqa: A002
        locale: str = "",
        timezone: str = "",
        templates: Path | str = "",
    ) -> Message:
        """A message from plain data; see `sample.notification_of`."""
        notification = notification_of(template, data, at=now, severity=severity, tenant=tenant)
        return self.render(notification, format=format, locale=locale, timezone=timezone, templates=templates)

    def _page(self, notification: Notification, telling: Telling) -> Page:
        alerts = AlertViews(notification.alerts, telling)
        values = variables(notification, telling, alerts)
        name = template_for(notification)
        try:
            return filled(telling.engine.open(name, telling.voice, values), notification, telling, alerts)
        except TemplateError as error:
            self._failed(name, error)
            trouble = error
        telling.troubles.append(trouble)
        try:
            return filled(telling.engine.open(_BUILTIN_DEFAULT, telling.voice, values), notification, telling, alerts)
        except TemplateError as error:  # a fault of ours, but not a reason to tell nobody
            self._failed(_BUILTIN_DEFAULT, error)
            return bare(notification, telling, alerts)

    def _failed(self, name: str, error: TemplateError) -> None:
        self._counters.add("templates_failed", template=name)
        complain(f"the template {name} failed, the default one was used: {error}", about=f"template {name}")


def template_for(notification: Notification) -> str:
    """The template that a group's alerts agree on; the default one when they do not."""
    if notification.parts:
        return DIGEST
    wanted = {alert.template or DEFAULT for alert in notification.alerts}
    return wanted.pop() if len(wanted) == 1 else DEFAULT
