"""A matcher says which signals a rule speaks of: attributes, and what logs and spans have beyond them."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Literal, TypeAlias

import msgspec
import regex

from otel_alerting.model import Log, Severity, Signal, Span
from otel_alerting.rules import attributes
from otel_alerting.rules.expression import Expression
from otel_alerting.rules.index import Narrow
from otel_alerting.rules.quantity import Quantity

Kind: TypeAlias = Literal["metric", "span", "log"]
Takes: TypeAlias = Callable[[Signal], bool]
"""Says whether a signal is meant; raises `Undecided` when a regular expression took too long to say."""
Test: TypeAlias = Callable[[object], bool]

_LIMITS: Mapping[str, Callable[[float, float], bool]] = {
    "above": operator.gt,
    "at_least": operator.ge,
    "below": operator.lt,
    "at_most": operator.le,
}


class AttributeMatcher(msgspec.Struct, frozen=True, kw_only=True):
    """What an attribute must be. Written as a plain value, it must equal that; of several keys, all must hold."""

    equals: object = None
    one_of: tuple[object, ...] | None = msgspec.field(name="in", default=None)
    not_: AttributeMatcher | tuple[object, ...] | None = msgspec.field(name="not", default=None)
    """What it must not be. A signal without the attribute passes."""
    regex: str | None = None
    """The whole value must match, of which 256 characters count."""
    exists: bool | None = None
    above: float | str | None = None
    at_least: float | str | None = None
    below: float | str | None = None
    at_most: float | str | None = None

    @classmethod
    def parse(cls, said: str | int | float) -> AttributeMatcher:
        """A plain value is what the attribute must equal."""
        return cls(equals=said)

    def problems(self) -> Iterator[tuple[str, str, str]]:
        """What the types cannot say: an empty matcher, an expression that is none."""
        if self == AttributeMatcher():
            yield (
                "",
                "nothing to hold the attribute against",
                "a value, or one of in, not, regex, exists, above, below…",
            )
        if self.regex is not None:
            try:
                regex.compile(self.regex)
            except regex.error as error:
                yield "regex", repr(self.regex), f"a regular expression ({error})"


class SpanPattern(msgspec.Struct, frozen=True, kw_only=True):
    """Which spans. `{}` is all of them."""

    name: AttributeMatcher | None = None
    kind: AttributeMatcher | None = None
    """`server`, `client`, `producer`, `consumer` or `internal`."""
    status: AttributeMatcher | None = None
    """`ok`, `error` or `unset`."""
    event: AttributeMatcher | None = None
    """The name of any event in it; `exception` for spans that recorded one."""
    duration: AttributeMatcher | None = None
    """As `{above: 800ms}`."""

    def problems(self) -> Iterator[tuple[str, str, str]]:
        """Values that no span can have."""
        yield from unreadable("span", _given(self))


class LogPattern(msgspec.Struct, frozen=True, kw_only=True):
    """Which log records. `{}` is all of them."""

    severity: AttributeMatcher | None = None
    """As `error` or `{at_least: ERROR}`."""
    body: AttributeMatcher | None = None
    template: AttributeMatcher | None = None
    """The message before its values were put in, or the fingerprint where that is unknown."""

    def problems(self) -> Iterator[tuple[str, str, str]]:
        """Values that no log record can have."""
        yield from unreadable("log", _given(self))


Where: TypeAlias = Mapping[str, AttributeMatcher]


def takes(kind: Kind, pattern: SpanPattern | LogPattern | None, where: Where, any_where: tuple[Where, ...]) -> Takes:
    """One question out of a rule's pattern, its `where` (all must hold) and its `any_where` (one mapping must)."""
    tests = [*_compiled(kind, _given(pattern)), *_compiled("metric", where)]
    if not tests and not any_where:
        return lambda signal: True
    alternatives = [part("metric", one) for one in any_where]

    def covers(signal: Signal) -> bool:
        for read, test in tests:
            if not test(read(signal)):
                return False
        return not alternatives or any(one(signal) for one in alternatives)

    return covers


def narrow(kind: Kind, pattern: SpanPattern | LogPattern | None, where: Where) -> Narrow | None:
    """A value that every signal has that `takes` says yes to; None where nothing is asked so plainly."""
    fields, given = _FIELDS[kind], _given(pattern)
    places = [
        *((name, f"{kind}: {name}", fields[name][0], given[name]) for name in _OF_ONE_TEXT if name in given),
        *((name, name, attributes.reader(name), matcher) for name, matcher in where.items()),
    ]
    for _, name, read, matcher in sorted(places, key=lambda one: one[0] in _COARSE):
        words = _words(matcher)
        if words is not None:
            return Narrow(name, read, words)
    return None


_COARSE = ("status", "kind")
"""Fields that tell few signals apart."""
_OF_ONE_TEXT = ("name", "body", *_COARSE)
"""Fields of patterns that have one value, which is compared as text."""


def _words(matcher: AttributeMatcher) -> frozenset[str] | None:
    said = matcher.one_of if matcher.equals is None else (matcher.equals,)
    return None if said is None else frozenset(map(attributes.text, said))


def part(kind: Kind, where: Where) -> Takes:
    """The question of a ratio's numerator: keys that a pattern of this kind knows mean the same here."""
    tests = _compiled(kind, where)
    return lambda signal: all(test(read(signal)) for read, test in tests)


def question(matcher: AttributeMatcher, number: Callable[[object], float | None] = attributes.number) -> Test:
    """One question about a value, None standing for none; `number` reads both sides of a comparison.

    Raises:
        ValueError: when a limit cannot be read.
    """
    tests = list(_tests(matcher, number))
    if len(tests) == 1:
        return tests[0]
    return lambda value: all(test(value) for test in tests)


def _tests(matcher: AttributeMatcher, number: Callable[[object], float | None]) -> Iterator[Test]:
    if matcher.equals is not None:
        yield _among((matcher.equals,))
    if matcher.one_of is not None:
        yield _among(matcher.one_of)
    if matcher.not_ is not None:
        inner = _among(matcher.not_) if isinstance(matcher.not_, tuple) else question(matcher.not_, number)
        yield lambda value: not inner(value)
    if matcher.regex is not None:
        yield _fully(matcher.regex)
    if matcher.exists is not None:
        wanted = matcher.exists
        yield lambda value: (value not in (None, ())) is wanted
    for word, holds in _LIMITS.items():
        said = getattr(matcher, word)
        if said is not None:
            yield _limited(holds, number, _limit(said, number))


def _among(wanted: tuple[object, ...]) -> Test:
    """Compared as text, so that 500 and "500" are the same status code whoever recorded it."""
    words = frozenset(map(attributes.text, wanted))
    return lambda value: value is not None and attributes.text(value) in words


def _fully(pattern: str) -> Test:
    matches = Expression(pattern).matches
    return lambda value: value is not None and matches(attributes.text(value))


def _limited(holds: Callable[[float, float], bool], number: Callable[[object], float | None], limit: float) -> Test:
    def within(value: object) -> bool:
        found = number(value)
        return found is not None and holds(found, limit)

    return within


def _limit(said: float | str, number: Callable[[object], float | None]) -> float:
    limit = number(said)
    return Quantity.parse(said).value if limit is None else limit


def _severity(value: object) -> float | None:
    """A severity as a number; records carry a SeverityNumber, rules say a word."""
    return None if value is None else float(Severity.parse(value if isinstance(value, int) else str(value)))


_Field: TypeAlias = tuple[attributes.Read, Callable[[AttributeMatcher], Test]]


def _any_of(test: Test) -> Test:
    return lambda values: any(map(test, values)) if isinstance(values, tuple) and values else test(None)


def _severity_test(matcher: AttributeMatcher) -> Test:
    return question(_severities(matcher), _severity)


def _severities(matcher: AttributeMatcher) -> AttributeMatcher:
    """The same with its words as numbers, so that `ERROR`, `error` and `high` are one."""
    inner = matcher.not_
    return msgspec.structs.replace(
        matcher,
        equals=None if matcher.equals is None else _severity(matcher.equals),
        one_of=None if matcher.one_of is None else tuple(map(_severity, matcher.one_of)),
        not_=tuple(map(_severity, inner)) if isinstance(inner, tuple) else inner and _severities(inner),
    )


def _log_severity(signal: Signal) -> object:
    return int(Severity.of_number(signal.severity)) if isinstance(signal, Log) else None


def _span_events(signal: Signal) -> object:
    if not isinstance(signal, Span):
        return ()
    return (*(event.name for event in signal.events), *(("exception",) if signal.failures else ()))


_FIELDS: Mapping[Kind, Mapping[str, _Field]] = {
    "metric": {},
    "span": {
        "name": (lambda signal: signal.name if isinstance(signal, Span) else None, question),
        "kind": (lambda signal: signal.kind if isinstance(signal, Span) else None, question),
        "status": (lambda signal: signal.status if isinstance(signal, Span) else None, question),
        "event": (_span_events, lambda matcher: _any_of(question(matcher))),
        "duration": (lambda signal: signal.duration / 1e9 if isinstance(signal, Span) else None, question),
    },
    "log": {
        "severity": (_log_severity, _severity_test),
        "body": (lambda signal: signal.body if isinstance(signal, Log) else None, question),
        "template": (attributes.reader("fingerprint"), question),
    },
}


def _compiled(kind: Kind, where: Where) -> list[tuple[attributes.Read, Test]]:
    known = _FIELDS[kind]
    return [
        (known[name][0], known[name][1](matcher)) if name in known else (attributes.reader(name), question(matcher))
        for name, matcher in where.items()
    ]


def _given(pattern: SpanPattern | LogPattern | None) -> Where:
    if pattern is None:
        return {}
    return {name: value for name in pattern.__struct_fields__ if (value := getattr(pattern, name)) is not None}


_TIME = "a time, as 800ms, or a number of seconds"


def _timeless(matcher: AttributeMatcher) -> Iterator[tuple[str, str, str]]:
    """Limits of a duration that are no time."""
    for word in _LIMITS:
        said = getattr(matcher, word)
        if said is not None and Quantity.parse(said).unit not in ("", "s"):
            yield f"duration.{word}", str(said), _TIME


_WORDS = {"kind": ("internal", "server", "client", "producer", "consumer"), "status": ("unset", "ok", "error")}


def unreadable(kind: Kind, where: Where) -> Iterator[tuple[str, str, str]]:
    """Matchers that nothing could be held against: path, what was found, what would be right."""
    for name, matcher in where.items():
        try:
            _compiled(kind, {name: matcher})
        except ValueError as error:
            yield name, "a value that cannot be compared", str(error)
            continue
        if kind == "span" and name == "duration":
            yield from _timeless(matcher)
        if kind == "span" and name in _WORDS and matcher.equals is not None and matcher.equals not in _WORDS[name]:
            yield name, repr(matcher.equals), "one of " + ", ".join(_WORDS[name])
