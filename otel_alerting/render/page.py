"""A page is a filled-in sheet that gets its size: every piece is cut to its place in the message, and says so.

The small print gathers what must not go unsaid: what was lost, whose tenant nobody knows, which template failed and
what did not fit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePath

from otel_alerting.model import Action, Field, Message, Notification, Receipt
from otel_alerting.render import clusters, words
from otel_alerting.render.sheet import Button, Sheet
from otel_alerting.render.templates import Form
from otel_alerting.render.variables import PartView
from otel_alerting.render.view import AlertView, Telling
from otel_alerting.render.voice import safe

TITLE, TEXT, SUMMARY, DETAILS, CONTEXT = 300, 300, 1_000, 1_500, 1_000
FIELDS, FIELD_LABEL, FIELD_VALUE = 10, 80, 400
LINES, LINE, ALL_LINES = 20, 240, 2_500
CONTEXTS, ACTIONS, ACTION_LABEL, ACTION_NAME = 6, 5, 75, 60

_NAMELESS = "·"
_HEADLINE = 220
_NOTE = 300
_MORE = 120
_SEPARATOR = " · "
_NOT_IN_A_NAME = re.compile(r"[^a-z0-9_.-]+")
_STYLES = ("", "primary", "danger")


def filled(form: Form, notification: Notification, telling: Telling, alerts: Sequence[AlertView]) -> Page:
    """A page from an open template.

    Raises:
        TemplateError: one of its blocks fails.
    """
    sheet = form.sheet()
    lines: tuple[str, ...] = ()
    if notification.parts:
        parts = (PartView(part, telling) for part in notification.parts)
        lines = _listed(form, parts, notification, telling)
    elif max(notification.firing + notification.resolved, len(alerts)) > 1:
        lines = _listed(form, _news_first(alerts, notification, telling), notification, telling)
    return Page(sheet, lines, notification, telling, alerts[0] if alerts else None)


def bare(notification: Notification, telling: Telling, alerts: Sequence[AlertView]) -> Page:
    """A page without any template: the worst alert's name and what the program said."""
    alert = alerts[0] if alerts else None
    said = {"title": telling.voice.value(alert.name), "summary": telling.voice.value(alert.text)} if alert else {}
    return Page(Sheet(said), (), notification, telling, alert)


class Page:
    """What one message says, about to be cut to size."""

    def __init__(
        self,
        sheet: Sheet,
        lines: tuple[str, ...],
        notification: Notification,
        telling: Telling,
        alert: AlertView | None,
    ) -> None:
        self._sheet, self._lines, self._told, self._telling = sheet, lines, notification, telling
        self._first, self._alert = alert, None if lines else alert
        self._voice = telling.voice
        self._notes: list[str] = []

    def message(self, format: str, previous: Receipt | None) -> Message:  # noqa: A002
        """The message, every piece within its place."""
        told = self._told
        title = self._title()
        fields = self._fields()
        actions = self._actions()
        return Message(
            id=told.id,
            tenant=told.tenant,
            receiver=told.receiver,
            group=told.group,
            reason=told.reason,
            seq=told.seq,
            at=told.at,
            format=format,
            locale=self._voice.language.name,
            rtl=self._voice.language.rtl,
            severity=told.severity,
            over=told.over,
            color=words.RESOLVED_COLOR if told.over else words.COLORS[told.severity],
            text=self._text(title),
            title=self._linked(title),
            summary=self._voice.dialect.cut(self._sheet.summary(), SUMMARY, self._voice.missing),
            fields=fields,
            lines=self._lines,
            details=self._details(),
            actions=actions,
            context=self._context(),
            changes=told.changes,
            occurrences=told.occurrences,
            previous=previous,
        )

    def _title(self) -> str:
        """The state's emoji and word and what is wrong."""
        voice, told = self._voice, self._told
        said = clusters.one_line(self._sheet.text("title")) or voice.value(self._first.title if self._first else "")
        headline = safe(voice.dialect.cut(said, _HEADLINE))
        emoji = words.RESOLVED_EMOJI if told.over else words.EMOJI[told.severity]
        # TRANSLATORS: A title. %(state)s is "Firing", "Resolved" and so on; %(headline)s says what is wrong.
        title = voice.gettext("%(state)s: %(headline)s", state=voice.gettext(words.state(told)), headline=headline)
        return f"{emoji} {title}"

    def _text(self, title: str) -> str:
        """The title as plain text, with the service and where it runs when the title does not name them."""
        said = self._voice.dialect.literal(title)
        where = (self._alert.service, self._alert.environment) if self._alert else ()
        return clusters.cut(_SEPARATOR.join((said, *(name for name in where if name and name not in said))), TEXT)

    def _linked(self, title: str) -> str:
        """The title as a link to the alert's dashboard or trace, where there is one and the link fits."""
        dialect, alert = self._voice.dialect, self._alert
        if alert is not None and "<" not in title:
            dashboard = dialect.literal(alert.annotations.get("dashboard_url", ""))
            linked = dialect.headline_link(dashboard or alert.trace_url, title)
            if len(linked) <= TITLE:
                return linked
        return dialect.cut(title, TITLE)

    def _fields(self) -> tuple[Field, ...]:
        voice = self._voice
        cut = [
            Field(
                voice.dialect.cut(label, FIELD_LABEL) or _NAMELESS, voice.dialect.cut(value, FIELD_VALUE, voice.missing)
            )
            for label, value in self._sheet.fields()
        ]
        more = len(cut) - FIELDS
        if more > 0:
            more += self._alert.others_left if self._alert else 0
            # TRANSLATORS: Small print: a message has room for ten fields, this many did not fit.
            self._notes.append(voice.ngettext("+%(number)s more field", "+%(number)s more fields", more))
        return tuple(cut[:FIELDS])

    def _details(self) -> str:
        literal = clusters.clean(self._voice.dialect.literal(self._sheet.text("details")))
        return clusters.cut(literal, DETAILS, self._voice.missing)

    def _actions(self) -> tuple[Action, ...]:
        actions: dict[str, Action] = {}
        for button in self._sheet.buttons():
            action = self._action(button)
            if action is None or (action.name not in actions and len(actions) == ACTIONS):
                self._notes.append(self._voice.words("%(label)s: %(url)s", {"label": button.label, "url": button.url}))
            else:
                actions[action.name] = action
        return tuple(actions.values())

    def _action(self, button: Button) -> Action | None:
        label = clusters.cut(clusters.clean(clusters.one_line(button.label)), ACTION_LABEL)
        if not label or not self._voice.dialect.is_link(button.url):
            return None
        name = _NOT_IN_A_NAME.sub("-", button.name.lower())[:ACTION_NAME] or "open"
        return Action(
            name=name,
            label=label,
            url=self._voice.dialect.target(button.url),
            style=button.style if button.style in _STYLES else "",
        )

    def _context(self) -> tuple[str, ...]:
        """The template's small print and, behind it but sooner than it, ours."""
        cut = self._voice.dialect.cut
        ours = [cut(clusters.one_line(note), _NOTE) for note in (*self._warnings(), *self._notes)]
        own = [cut(line, _NOTE) for line in self._sheet.lines("context")]
        if len(own) + len(ours) > CONTEXTS:
            own = _joined(own, max(1, CONTEXTS - len(ours)))
            ours = _joined(ours, CONTEXTS - len(own))
        fitting, room = [], CONTEXT
        for line in (*ours, *own):
            fitting.append(cut(line, max(0, room)))
            room -= len(fitting[-1])
        order = [*fitting[len(ours) :], *fitting[: len(ours)]]
        return tuple(line for line in order if line)

    def _warnings(self) -> Iterator[str]:
        voice, told = self._voice, self._told
        for reason, number in told.lost.items():
            # TRANSLATORS: Small print. A signal is a log record, a span or a measurement; %(reason)s says why, as in
            # "too many at once".
            said = voice.ngettext(
                "%(number)s signal was lost (%(reason)s)",
                "%(number)s signals were lost (%(reason)s)",
                number,
                reason=words.loss(voice.language, reason),
            )
            yield f"⚠️ {said}"
        if told.unknown_tenant:
            # TRANSLATORS: Small print: a signal named a tenant (a customer) that is not configured.
            said = voice.gettext("Unknown tenant: %(name)s", name=voice.code(told.unknown_tenant))
            yield f"⚠️ {said}"
        for trouble in self._telling.troubles[:2]:
            file = "/".join(PurePath(trouble.name).parts[-2:])  # where it lies on the host is no reader's business
            where = f"{file}:{trouble.line}" if trouble.line else file
            # TRANSLATORS: Small print. %(where)s is a file and a line in it.
            said = voice.gettext("Template error in %(where)s; the default text is shown", where=voice.code(where))
            yield f"⚠️ {said}"
        if self._telling.raw:
            # TRANSLATORS: Small print. Annotations are texts that the author of a rule wrote; %(names)s lists them.
            said = voice.gettext("Shown as written, because they failed: %(names)s", names=", ".join(self._telling.raw))
            yield f"⚠️ {said}"


def _news_first(alerts: Sequence[AlertView], notification: Notification, telling: Telling) -> Iterator[AlertView]:
    """Each group of alerts worst first, and before them those that the readers do not know."""
    known = [alert.identity not in telling.news for alert in notification.alerts]
    return (alerts[index] for index in sorted(range(len(alerts)), key=known.__getitem__))


def _listed(
    form: Form, entries: Iterator[PartView] | Iterator[AlertView], notification: Notification, telling: Telling
) -> tuple[str, ...]:
    """One line an entry, as many as fit, and a last one that counts the rest."""
    voice = telling.voice
    total = len(notification.parts) or max(notification.firing + notification.resolved, len(notification.alerts))
    lines: list[str] = []
    room, told = ALL_LINES - _MORE, 0
    for entry in entries:
        values = {"part": entry, "alert": entry.alert} if isinstance(entry, PartView) else {"alert": entry}
        line = voice.dialect.cut(clusters.one_line(form.block("line", **values)), LINE)
        if len(lines) == LINES or len(line) > room:
            break
        lines.append(line or "…")
        room -= len(line) + 1
        told += entry.occurrences
    if total > len(lines):
        lines.append(_and_more(total - len(lines), max(0, notification.occurrences - told), telling))
    return tuple(lines)


def _and_more(hidden: int, occurrences: int, telling: Telling) -> str:
    voice = telling.voice
    # TRANSLATORS: How often something was seen; stands alone or in brackets.
    seen = voice.ngettext("%(number)s occurrence", "%(number)s occurrences", occurrences)
    # TRANSLATORS: Last line of a list of alerts: this many are not listed. %(seen)s is "1,234 occurrences".
    return voice.ngettext("… and %(number)s more (%(seen)s)", "… and %(number)s more (%(seen)s)", hidden, seen=seen)


def _joined(lines: list[str], most: int) -> list[str]:
    """At most so many lines; the last one takes up the rest."""
    if len(lines) <= most:
        return lines
    return [*lines[: most - 1], _SEPARATOR.join(lines[most - 1 :])]
