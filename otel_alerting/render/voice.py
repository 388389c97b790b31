"""A voice is how one message speaks: a language, a time zone, and the markup of the place it goes to.

Templates reach it through their filters; it turns every value into markup, so that nothing gets into a message as it
came in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from markupsafe import Markup

from otel_alerting.render import mrkdwn, plain
from otel_alerting.render.clusters import Said, cut, ellipsis, isolate
from otel_alerting.render.language import Language


class Dialect(Protocol):
    """One format's markup; the modules `mrkdwn` and `plain` are two."""

    NAME: str

    def escape(self, text: str) -> str: ...  # noqa: D102
    def disarm(self, text: str) -> str: ...  # noqa: D102
    def code(self, text: str) -> str: ...  # noqa: D102
    def strong(self, markup: str) -> str: ...  # noqa: D102
    def link(self, url: str, label: str = "") -> str: ...  # noqa: D102
    def is_link(self, url: str) -> bool: ...  # noqa: D102
    def headline_link(self, url: str, markup: str) -> str: ...  # noqa: D102
    def target(self, url: str) -> str: ...  # noqa: D102
    def date(self, at: int, fallback: str) -> str: ...  # noqa: D102
    def literal(self, markup: str) -> str: ...  # noqa: D102
    def cut(self, markup: str, limit: int, said: Said = ellipsis) -> str: ...  # noqa: D102


_DIALECTS: Mapping[str, Dialect] = {mrkdwn.NAME: mrkdwn, plain.NAME: plain}
_LONGEST_VALUE = 2_000
_PLACE = re.compile(r"%\((\w+)\)s|%%")


def safe(markup: str) -> Markup:
    """Vouch for text that is in the format's markup already: escaped by a dialect, or a template author's own."""
    return Markup(markup)  # noqa: S704 - the only place that does


def dialect_of(format: str) -> Dialect:  # noqa: A002 - the word users and notifiers know it by
    """The markup of a format; plain for one that has none of its own."""
    return _DIALECTS.get(format, plain)


@dataclass(frozen=True)
class Voice:
    """How one message speaks. Everything it returns as `Markup` is safe to put into the message as it stands."""

    language: Language
    dialect: Dialect
    timezone: str = "UTC"
    now: int = 0
    """The message's moment, from which relative times are told."""

    def value(self, value: object) -> str:
        """Any value as markup: numbers as the language writes them, text escaped and kept in its own direction."""
        if isinstance(value, Markup):
            return value
        if isinstance(value, str):
            text = self.dialect.disarm(cut(value, _LONGEST_VALUE, self.missing))
            return isolate(text) if self.language.rtl else text
        if value is None:
            return ""
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return self.language.number(value)
        return self.dialect.disarm(str(value)[:_LONGEST_VALUE])

    def words(self, text: str, values: Mapping[str, object]) -> Markup:
        """Words of ours with values in their places, `%(name)s`; an unknown place stays as it is written."""
        said = self.dialect.escape(text)
        if not values:
            return safe(said)

        def put(place: re.Match[str]) -> str:
            if place[0] == "%%":
                return "%"
            return self.value(values[place[1]]) if place[1] in values else place[0]

        return safe(_PLACE.sub(put, said))

    def gettext(self, message: str, /, **values: object) -> Markup:
        """A message in the reader's language."""
        return self.words(self.language.gettext(message), values)

    def ngettext(self, singular: str, plural: str, number: int, /, **values: object) -> Markup:
        """The form that goes with `number`, which is there as `%(number)s` too."""
        return self.words(self.language.ngettext(singular, plural, number), {"number": number, **values})

    def pgettext(self, context: str, message: str, /, **values: object) -> Markup:
        """A message in the reader's language, where one English word stands for several."""
        return self.words(self.language.pgettext(context, message), values)

    def code(self, value: object) -> Markup:
        """A name to be copied: shown letter by letter."""
        text = value if isinstance(value, str) and not isinstance(value, Markup) else self.dialect.literal(str(value))
        span = self.dialect.code(text)
        return safe(isolate(span) if self.language.rtl else span)

    def strong(self, value: object) -> Markup:
        """Bold."""
        return safe(self.dialect.strong(self.value(value)))

    def link(self, url: object, label: object = "") -> Markup:
        """A link; the label alone where the address is none."""
        return safe(self.dialect.link(str(url), self.dialect.literal(str(label))))

    def moment(self, at: int) -> Markup:
        """A moment: for Slack in the viewer's own zone, else in the reader's zone with its name."""
        return safe(self.dialect.date(at, self.language.moment(at, self.timezone)))

    def missing(self, number: int) -> str:
        """Says that so many characters were cut off."""
        text = self.language.ngettext("%(number)s character", "%(number)s characters", number)
        return f"… (+{text % {'number': self.language.number(number)}})"
