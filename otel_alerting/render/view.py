"""A view is what templates see of a notification: plain data, redacted, with the words for it in the reader's language.

Everything in it is text, numbers, mappings and sequences of them; `Markup` where it is ready to be shown.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, islice
from typing import overload

from markupsafe import Markup

from otel_alerting.errors import TemplateError
from otel_alerting.model import Alert, News, Notification, Reading
from otel_alerting.model.alert import Fact
from otel_alerting.model.signal import Failure, Frame
from otel_alerting.render import words
from otel_alerting.render.clusters import cut, one_line
from otel_alerting.render.redact import Redactor
from otel_alerting.render.sandbox import RESERVED, Plain
from otel_alerting.render.templates import TemplateEngine
from otel_alerting.render.voice import Voice, safe

_SERVICE = ("service.name", "service", "job")
_ENVIRONMENT = ("deployment.environment.name", "deployment.environment", "environment", "env")
_SAID_ELSEWHERE = (
    *("severity", "overflow", "exception.type", "exception.message", "exception.stacktrace"),
    *("fingerprint", "origin"),  # the title and the location say them in words
)
_INSTALLED = re.compile(r"(?<=/)(?:site-packages|dist-packages|lib/python3\.\d+)/")
_FOLDERS = 2
"""Of a file of the program's own, these many are shown."""
_ONE_LINE = 160
_LONGEST_HEADLINE = 2_000
_LONGEST_TEXT, _LONGEST_SUMMARY = 1_400, 900
_OTHERS = 20
_LEVELS = ("last(", "avg(", "min(", "max(", "age(", "forecast(", "changes(")
_WITHOUT_NUMBER = ("absent(", "new(")
"""Measures that are yes or no."""
_FRAMES = 8
_RUN = 3
"""Lines of one library in a row that are shown as they are."""
_CAUSES = 4


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
        """What is wrong, on one line: the author's title, the exception, the rule's name, or what the program said."""
        if self.labels.get("overflow") == "true":  # what the last one of them said stands for none of the others
            return self._telling.voice.gettext(words.OTHERS)
        said = self.annotations.get("title", safe(""))
        if said:
            return said
        if self._alert.failure is not None:
            return _headline(_headed(self._alert.failure))
        if self.name in words.ALERTS and self.text:
            return _headline(self.text)
        return _headline(self.display_name)

    @functools.cached_property
    def summary(self) -> str | Markup:
        """What there is to say beyond the title."""
        for name in ("summary", "description", "message"):
            if self.annotations.get(name):
                return self.annotations[name]
        if self._alert.failure is None and self.details:
            return ""  # it is shown whole below
        said = one_line(self._alert.text)
        told = (self.title, self._alert.failure.message if self._alert.failure else None)
        if not said or (len(said) <= _ONE_LINE and said in told):
            return ""
        return cut(self._alert.text.strip(), _LONGEST_SUMMARY, self._telling.voice.missing)

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
        placed = {*_SERVICE, *_ENVIRONMENT, *_SAID_ELSEWHERE}
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

    @property
    def ending(self) -> str:
        """Why it ended, when that is not plain."""
        return words.ending(self._telling.voice.language, self._alert.ended_because)

    @property
    def failure_type(self) -> str:
        """The exception's full name; empty without one."""
        return self._alert.failure.type if self._alert.failure else ""

    @property
    def location(self) -> str:
        """The innermost line of the traceback: `shop/payments.py:41 charge`; empty when not known."""
        frames = self._alert.failure.frames if self._alert.failure else ()
        return _place(frames[-1]) if frames else ""

    @functools.cached_property
    def details(self) -> str:
        """Literal text worth showing in full: the end of the traceback, or a log message of several lines."""
        if self._alert.failure is not None:
            stack = "\n".join(_stack(self._alert.failure))
            return cut(stack, _LONGEST_TEXT, self._telling.voice.missing)
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

    def _annotation(self, name: str, source: str) -> Markup:
        telling = self._telling
        try:
            said = telling.engine.snippet(source, telling.voice, self.variables())
            return safe(telling.redactor.redact_text(said)) if "{{" in source else said
        except TemplateError as error:
            telling.raw[name] = error
            return safe(telling.voice.dialect.escape(source))


_VARIABLES = ("name", "severity", "labels", "facts", "text", "count", "trace_id", "correlation_id", "started_at")


class PartView(Plain):
    """One group of a digest as templates see it."""

    def __init__(self, part: Notification, telling: Telling) -> None:
        alerts = AlertViews(part.alerts, telling)
        self.emoji = words.RESOLVED_EMOJI if part.over else words.EMOJI[part.severity]
        self.state = telling.voice.gettext(words.state(part))
        self.total = max(part.firing + part.resolved, len(part.alerts))
        self.firing, self.resolved, self.over = part.firing, part.resolved, part.over
        self.occurrences = part.occurrences
        self.alert = alerts[0] if part.alerts else None
        self.names = shared_names(part, telling)
        self.several = self.total > 1


class AlertViews(Sequence[AlertView]):
    """Views that are made when a template looks at them: of fifty alerts, twenty may fit."""

    def __init__(self, alerts: Sequence[Alert], telling: Telling) -> None:
        self._alerts, self._telling = alerts, telling
        self._made: dict[int, AlertView] = {}

    def __len__(self) -> int:
        return len(self._alerts)

    @overload
    def __getitem__(self, index: int) -> AlertView: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[AlertView]: ...
    def __getitem__(self, index: int | slice) -> AlertView | Sequence[AlertView]:
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(len(self)))]
        at = range(len(self))[index]
        if at not in self._made:
            self._made[at] = AlertView(self._alerts[at], self._telling)
        return self._made[at]

    def __iter__(self) -> Iterator[AlertView]:
        return (self[index] for index in range(len(self)))


def variables(notification: Notification, telling: Telling, alerts: Sequence[AlertView]) -> dict[str, object]:
    """Everything a template may name."""
    first = alerts[0] if alerts else None
    total = max(notification.firing + notification.resolved, len(notification.alerts))
    ended_at = max((alert.ended_at for alert in notification.alerts), default=0) or notification.at
    return {
        **(first.variables() if first else {}),
        "alert": first,
        "alerts": alerts,
        "annotations": first.annotations if first else {},
        "service": first.service if first else "",
        "environment": first.environment if first else "",
        "tenant": notification.tenant,
        "receiver": notification.receiver,
        "reason": notification.reason.value,
        "at": notification.at,
        "severity": notification.severity.word,
        "severity_name": telling.voice.gettext(words.SEVERITIES[notification.severity]),
        "over": notification.over,
        "several": total > 1 or bool(notification.parts),
        "total": total,
        "firing": notification.firing,
        "resolved": notification.resolved,
        "occurrences": notification.occurrences or sum(alert.count for alert in notification.alerts),
        "started_at": notification.started_at,
        "ended_at": ended_at,
        "lasted": max(0, (ended_at if notification.over else notification.at) - notification.started_at),
        "names": shared_names(notification, telling),
        "parts": [PartView(part, telling) for part in notification.parts[:_PARTS]],
        "number_of_parts": len(notification.parts),
        "trace_url": first.trace_url if first else "",
    }


_PARTS = 50


def shared_names(notification: Notification, telling: Telling) -> Sequence[str]:
    """What all alerts of a group have in common: the alert's name, the service, and the other group labels."""
    names = {alert.name for alert in notification.alerts}
    labels = dict(notification.group_labels)
    name = labels.pop("alertname", "") or (names.pop() if len(names) == 1 else "")
    shown = [words.alert_name(telling.voice.language, name)] if name else []
    redacted = (str(telling.redactor.redact_value(key, value)) for key, value in labels.items() if key != "tenant")
    return [_headline(text) for text in (*shown, *redacted) if text]


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


def _headline(text: str) -> str:
    """On one line; of a text of any length, as much as a title could need."""
    return one_line(text[:_LONGEST_HEADLINE])


def _headed(failure: Failure) -> str:
    return f"{failure.bare_type}: {failure.message}" if failure.message else failure.bare_type


def _stack(failure: Failure) -> Iterator[str]:
    """The exception's head and its innermost frames, then what it was raised from."""
    current: Failure | None = failure
    for _ in range(_CAUSES):
        if current is None:
            return
        if current.stacktrace:
            yield current.stacktrace.strip()
            return
        yield _headed(current)
        yield from islice((f"  {line}" for line in _lines(current.frames)), _FRAMES)
        current = current.cause
        if current is not None:
            yield "↳"


def _lines(frames: Sequence[Frame]) -> Iterator[str]:
    """Innermost first. Of a library that calls itself, its first and last line are told, and how many lie between."""
    for package, run in groupby(reversed(frames), key=_package):
        lines = [_place(frame) for frame in run]
        if package and len(lines) > _RUN:
            lines[1:-1] = [f"… {len(lines) - 2} in {package}"]
        yield from lines


def _package(frame: Frame) -> str:
    """The installed package that a line belongs to; empty for the program's own."""
    found = _INSTALLED.split(frame.file.replace("\\", "/"))
    return found[-1].split("/")[0] if len(found) > 1 else ""


def _place(frame: Frame) -> str:
    """A line of a traceback, with as much of its path as tells one file from another: `flask/app.py:902 wsgi_app`."""
    file = frame.file.replace("\\", "/")
    installed = _INSTALLED.split(file)
    if len(installed) > 1:
        file = installed[-1]
    elif file.count("/") > _FOLDERS + 1:
        file = "…/" + "/".join(file.split("/")[-_FOLDERS - 1 :])
    return f"{file}:{frame.line} {frame.function}"
