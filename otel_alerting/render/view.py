"""A view is what templates see of an alert: plain data, redacted, with the words for it in the reader's language.

Everything in it is text, numbers, mappings and sequences of them; `Markup` where it is ready to be shown.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from otel_alerting.errors import TemplateError
from otel_alerting.model import Alert, News, Reading, Severity
from otel_alerting.model.alert import Fact
from otel_alerting.render import words
from otel_alerting.render.clusters import cut, headline, one_line
from otel_alerting.render.redact import Redactor
from otel_alerting.render.sandbox import RESERVED, Plain
from otel_alerting.render.stack import headed, location, stack
from otel_alerting.render.templates import TemplateEngine
from otel_alerting.render.voice import Voice, safe

_SERVICE = ("service.name", "service", "job")
_ENVIRONMENT = ("deployment.environment.name", "deployment.environment", "environment", "env")
_SAID_ELSEWHERE = (
    *("severity", "overflow", "exception.type", "exception.message", "exception.stacktrace"),
    *("fingerprint", "origin"),  # the title and the location say them in words
)
_ONE_LINE = 160
_LONGEST_TEXT, _LONGEST_SUMMARY = 1_400, 900
_OTHERS = 20
_LEVELS = ("last(", "avg(", "min(", "max(", "age(", "forecast(", "changes(")
_WITHOUT_NUMBER = ("absent(", "new(")
"""Measures that are yes or no."""
_BURST = ("burst.count", "burst.window", "burst.severity")
"""Facts by which a built-in rule says that a burst made its alert worse."""


@dataclass
class Telling:
    """One notification being told: what its views need, and what went wrong on the way."""

    engine: TemplateEngine
    voice: Voice
    redactor: Redactor
    trace_url: str = ""
    news: Mapping[str, News] = field(default_factory=dict)
    """By an alert's identity: what its readers did not know."""
    troubles: list[TemplateError] = field(default_factory=list)
    """Templates that failed; the default one took their place."""
    raw: dict[str, TemplateError] = field(default_factory=dict)
    """Annotations that failed, by name; they are shown as they were written."""


class AlertView(Plain):
    """One alert as templates see it."""

    def __init__(self, alert: Alert, telling: Telling) -> None:
        shown = telling.redactor.redact_alert(alert)
        self._alert, self._telling = shown, telling
        self._raw: set[str] = set()
        """Annotations of its own that failed."""
        self.name = shown.name
        self.severity = shown.severity.word
        self.severity_name = telling.voice.gettext(words.SEVERITIES[shown.severity])
        self.emoji = words.EMOJI[shown.severity] if shown.firing else words.RESOLVED_EMOJI
        self.firing = shown.firing
        self.labels, self.facts = shown.labels, shown.facts
        self.text = cut(shown.text, _LONGEST_TEXT, telling.voice.missing)
        self.news = telling.news.get(alert.identity)
        self.count = self.occurrences = shown.count
        self.started_at, self.ended_at = shown.started_at, shown.ended_at
        self.lasted = max(0, (shown.ended_at or telling.voice.now) - shown.started_at)
        self.trace_id, self.correlation_id = shown.trace_id, shown.correlation_id

    @functools.cached_property
    def annotations(self) -> Mapping[str, Markup]:
        """The rule author's words, rendered."""
        return {name: self._annotation(name, source) for name, source in self._alert.annotations.items()}

    @functools.cached_property
    def display_name(self) -> str:
        """The alert's name; a built-in one in the reader's language."""
        return words.alert_name(self._telling.voice.language, self.name)

    @functools.cached_property
    def title(self) -> str | Markup:
        """What is wrong, on one line: the author's title, the exception, what the program said, or the rule's name.

        Of a rule that somebody wrote, its name says what is wrong, and an exception only which one was last; unless it
        looks for what is new, which is the exception itself.
        """
        if self.labels.get("overflow") == "true":  # what the last one of them said stands for none of the others
            return self._telling.voice.gettext(words.OTHERS)
        said = self.annotations.get("title", safe(""))
        if said and "title" not in self._raw:
            return said
        is_builtin = self.name in words.ALERTS
        if self.exception and (is_builtin or self.measure.startswith("new(")):
            return self.exception
        if is_builtin and self.text:
            return headline(self.text)
        return headline(self.display_name)

    @functools.cached_property
    def summary(self) -> str | Markup:
        """What there is to say beyond the title."""
        for name in ("summary", "description", "message"):
            if self.annotations.get(name):
                return self.annotations[name]
        if self.exception:
            lines = ("" if self.exception in self.title else self.exception, self._alert.text if self.message else "")
            return self._summary("\n".join(filter(None, lines)))
        if self.details:
            return ""  # it is shown whole below
        said = one_line(self._alert.text)
        return "" if len(said) <= _ONE_LINE and said == self.title else self._summary(self._alert.text)

    @property
    def service(self) -> str:
        """The service it is about; empty when nobody says."""
        return self._named(_SERVICE)

    @property
    def environment(self) -> str:
        """Where that service runs; empty when nobody says."""
        return self._named(_ENVIRONMENT)

    @functools.cached_property
    def _others(self) -> Sequence[tuple[str, Fact]]:
        placed = {*_SERVICE, *_ENVIRONMENT, *_SAID_ELSEWHERE, *(_BURST if self.burst else ())}
        everything: dict[str, Fact] = {**self.labels, **{k: v for k, v in self.facts.items() if k not in self.labels}}
        return [(name, value) for name, value in everything.items() if name not in placed and value not in (None, "")]

    @property
    def others(self) -> Sequence[tuple[str, Fact]]:
        """Labels and facts that have no place of their own, labels first; no more than a message could show."""
        return self._others[:_OTHERS]

    @property
    def others_left(self) -> int:
        """How many of them `others` leaves out."""
        return len(self._others[_OTHERS:])

    @property
    def value(self) -> float | None:
        """The number behind it, where there is one."""
        return self._alert.reading.value if self._alert.reading else None

    @property
    def threshold(self) -> float | None:
        """What the number was held against."""
        return self._alert.reading.threshold if self._alert.reading else None

    @property
    def unit(self) -> str:
        """The unit of both, as UCUM writes it."""
        return self._alert.reading.unit if self._alert.reading else ""

    @property
    def measure(self) -> str:
        """What was measured."""
        return self._alert.reading.measure if self._alert.reading else ""

    @property
    def counts(self) -> bool:
        """Does its count say anything? Of a level, how often it was read does not."""
        return not self.measure.startswith(_LEVELS)

    @property
    def window(self) -> int:
        """Over which time it was measured, in nanoseconds."""
        return self._alert.reading.window if self._alert.reading else 0

    @functools.cached_property
    def reading(self) -> Markup:
        """The number against its threshold, with units: `7.3% (> 2%)`; empty without a number."""
        reading = self._alert.reading
        if reading is None or reading.measure.startswith(_WITHOUT_NUMBER):
            return safe("")
        return _reading(reading, self._telling.voice)

    @functools.cached_property
    def burst(self) -> Markup:
        """The burst that made it more severe than what was seen: `≥ 100 / 1 minute`; empty without one."""
        number, window, _ = map(self.facts.get, _BURST)
        if not self.milder or not isinstance(number, int) or not isinstance(window, int):
            return safe("")
        language = self._telling.voice.language
        sign = words.COMPARISONS["at_least"]
        return safe(self._telling.voice.value(f"{sign} {language.number(number)} / {language.duration(window)}"))

    @property
    def milder(self) -> str:
        """How severe it would be without the burst, in the reader's language; empty without one."""
        said = str(self.facts.get(_BURST[2]) or "")
        known = (severity for severity in Severity if severity.word == said)
        return "".join(self._telling.voice.gettext(words.SEVERITIES[severity]) for severity in known)

    @property
    def ending(self) -> str:
        """Why it ended, when that is not plain."""
        return words.ending(self._telling.voice.language, self._alert.ended_because)

    @property
    def failure_type(self) -> str:
        """The exception's full name; empty without one."""
        return self._alert.failure.type if self._alert.failure else ""

    @functools.cached_property
    def exception(self) -> str:
        """The exception on one line, `KeyError: 'k'`; empty without one."""
        return headline(headed(self._alert.failure)) if self._alert.failure else ""

    @functools.cached_property
    def message(self) -> str:
        """What was logged with the exception, on one line; empty where that is what the exception says itself."""
        if self._alert.failure is None:
            return ""
        said = headline(self._alert.text)
        return "" if said in (self.exception, headline(self._alert.failure.message)) else said

    @functools.cached_property
    def location(self) -> str:
        """The innermost line of the traceback: `shop/payments.py:41 charge`; empty when not known."""
        return location(self._alert.failure) if self._alert.failure else ""

    @functools.cached_property
    def details(self) -> str:
        """Literal text worth showing in full: the end of the traceback, or a log message of several lines."""
        if self._alert.failure is not None:
            return cut("\n".join(stack(self._alert.failure)), _LONGEST_TEXT, self._telling.voice.missing)
        return self.text.strip() if "\n" in self.text.strip() else ""

    @property
    def trace_url(self) -> str:
        """Where its trace is shown; empty when nobody configured where."""
        url = self._telling.trace_url
        return url.replace("{trace_id}", self.trace_id) if url and self.trace_id else ""

    def variables(self) -> dict[str, object]:
        """What an annotation or a template may name: labels and facts under their own names, and ours, which win."""
        data = {**self.labels, **self.facts}
        reading = {"value": self.value, "threshold": self.threshold, "window": self.window or None}
        return {
            **{name: value for name, value in data.items() if name not in RESERVED},
            **{name: value for name, value in reading.items() if value is not None},
            **{name: getattr(self, name) for name in _VARIABLES},
            "data": data,
            "unit": self.unit,
        }

    def _named(self, names: Sequence[str]) -> str:
        found = (self.labels.get(name) or self.facts.get(name) for name in names)
        return str(next((value for value in found if value), ""))

    def _summary(self, text: str) -> str:
        return cut(text.strip(), _LONGEST_SUMMARY, self._telling.voice.missing)

    def _annotation(self, name: str, source: str) -> Markup:
        telling = self._telling
        try:
            said = telling.engine.snippet(source, telling.voice, self.variables())
            return safe(telling.redactor.redact_text(said)) if "{{" in source else said
        except TemplateError as error:
            telling.raw[name] = error
            self._raw.add(name)
            return safe(telling.voice.dialect.escape(source))


_VARIABLES = ("name", "severity", "labels", "facts", "text", "count", "trace_id", "correlation_id", "started_at")


def _reading(reading: Reading, voice: Voice) -> Markup:
    value = voice.language.quantity(reading.value, reading.unit)
    if reading.threshold is None:
        return safe(voice.value(value))
    sign = words.COMPARISONS.get(reading.comparison, "")
    threshold = voice.language.quantity(reading.threshold, reading.unit)
    limit = f"{sign} {threshold}" if sign else threshold
    if not reading.holds:
        # TRANSLATORS: A number that is back on the right side, while its alert waits to be sure: "10 (was > 100)".
        return safe(voice.value(voice.gettext("%(value)s (was %(limit)s)", value=value, limit=limit)))
    return safe(voice.value(f"{value} ({limit})"))
