r"""A matcher is one condition on an alert's labels, as Alertmanager writes it: `env = prod`, `service =~ "api-.*"`.

Beyond Alertmanager's four operators there is an order on severity (`severity >= high`), which may be named by any of
its aliases. Values know the escapes `\n \r \t \" \\ \xHH \uHHHH`; any other backslash stands for itself, so that a
regular expression in quotes reads as it was written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from otel_alerting.model import Alert, Severity

Test: TypeAlias = Callable[[Alert], bool]

EQUAL, NOT_EQUAL, MATCHES, NOT_MATCHES = "=", "!=", "=~", "!~"
ORDERED: Final = {
    ">=": Severity.__ge__,
    "<=": Severity.__le__,
    ">": Severity.__gt__,
    "<": Severity.__lt__,
}
"""Operators that only severity has, because only it has an order."""
OPERATORS: Final = (EQUAL, NOT_EQUAL, MATCHES, NOT_MATCHES, *ORDERED)

_RIGHT = 'a matcher as service = api, severity >= high or host =~ "web-.*"'
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_NAME = re.compile(rf"\s*({_QUOTED}|[^\s{{}}!=~,<>\\\"'`]+)\s*", re.DOTALL)
_OPERATOR = re.compile(r"(=~|!~|!=|>=|<=|=(?!=)|>|<)\s*")
_PLAIN_NAME = re.compile(r"[^\s{}!=~,<>\\\"'`]+")
_PLAIN_VALUE = re.compile(r"[^,\"'`]*")
_ESCAPE = re.compile(r'\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|([nrt"\\]))')
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_SPELLED = {char: f"\\{letter}" for letter, char in _ESCAPED.items()}


class Matcher:
    """One condition on a label, or on the virtual `alertname`, `severity` and `tenant`. Frozen, hashable.

    A label that an alert has not is the empty text. Regular expressions match the whole value.

    Raises:
        ValueError: an unknown operator, an order on anything but severity, a word that is no severity, or a regular
            expression that cannot be compiled.
    """

    __slots__ = ("_test", "name", "operator", "value")

    name: Final[str]
    operator: Final[str]
    value: Final[str]

    def __init__(self, name: str, operator: str, value: str) -> None:
        if not name:
            raise ValueError(f"a label's name is missing; {_RIGHT}")
        self.name, self.operator, self.value = name, operator, value
        self._test: Test = _test(name, operator, value)

    @classmethod
    def parse(cls, said: str | int | float) -> Matcher:
        """Read one matcher, alone or in braces.

        Raises:
            ValueError: with what would be right.
        """
        found = Matchers.parse(said)
        if len(found) != 1:
            raise ValueError(f"one matcher is wanted and {len(found)} were found; quote a value that holds a comma")
        return found[0]

    def matches(self, alert: Alert) -> bool:
        """Does the condition hold for this alert?"""
        return self._test(alert)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Matcher) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash((self.name, self.operator, self.value))

    def __str__(self) -> str:
        """As `parse` reads it, always in the same spelling."""
        name = self.name if _PLAIN_NAME.fullmatch(self.name) else _quoted(self.name)
        return f"{name}{self.operator}{_quoted(self.value)}"

    def __repr__(self) -> str:
        return f"Matcher.parse({str(self)!r})"


class Matchers(tuple[Matcher, ...]):
    """Conditions that must all hold; without any, every alert matches."""

    __slots__ = ()

    @classmethod
    def parse(cls, said: str | int | float) -> Matchers:
        """Read matchers as Alertmanager's API and `amtool` write them: `a=b, c!="d"`, with or without braces.

        Raises:
            ValueError: with what would be right.
        """
        text = str(said).strip()
        if text.startswith("{"):
            if not text.endswith("}"):
                raise ValueError(f"{text!r} opens a brace and does not close it")
            text = text[1:-1]
        return cls(_each(text))

    def matches(self, alert: Alert) -> bool:
        """Do all conditions hold for this alert?"""
        return all(matcher.matches(alert) for matcher in self)

    def __str__(self) -> str:
        return "{" + ",".join(map(str, self)) + "}"


def _each(text: str) -> Iterator[Matcher]:
    at = 0
    while text[at:].strip():
        name, at = _name(text, at)
        operator, at = _operator(text, at)
        value, at = _value(text, at)
        yield Matcher(name, operator, value)


def _name(text: str, at: int) -> tuple[str, int]:
    found = _NAME.match(text, at)
    if found is None:
        raise ValueError(f"a label's name is expected at {text[at:]!r}; {_RIGHT}")
    return _unquoted(found[1]), found.end()


def _operator(text: str, at: int) -> tuple[str, int]:
    found = _OPERATOR.match(text, at)
    if found is None:
        raise ValueError(f"one of {' '.join(OPERATORS)} is expected after {text[:at].strip()!r}; {_RIGHT}")
    return found[1], found.end()


def _value(text: str, at: int) -> tuple[str, int]:
    quoted = re.compile(_QUOTED, re.DOTALL).match(text, at)
    found = quoted or _PLAIN_VALUE.match(text, at)
    assert found is not None  # a plain value may be empty
    rest = text[found.end() :].lstrip()
    if rest and not rest.startswith(","):
        raise ValueError(f'{text[at:]!r} is not a value; quote it as "…", with \\" for a quote inside')
    return _unquoted(found[0].strip()), len(text) - len(rest) + 1 if rest else len(text)


def _unquoted(text: str) -> str:
    if text.startswith('"'):
        text = text[1:-1]
    return _ESCAPE.sub(_unescaped, text)


def _unescaped(found: re.Match[str]) -> str:
    code = found[1] or found[2]
    return chr(int(code, 16)) if code else _ESCAPED[found[3]]


def _quoted(text: str) -> str:
    return '"' + re.sub(r'[\n\r\t"\\]', lambda found: _SPELLED[found[0]], text) + '"'


def _test(name: str, operator: str, value: str) -> Test:
    if name == "severity":
        return _severity_test(operator, value)
    if operator in ORDERED:
        raise ValueError(f"only severity has an order; {name} takes = != =~ !~")
    if operator == EQUAL:
        return lambda alert: alert.label(name) == value
    if operator == NOT_EQUAL:
        return lambda alert: alert.label(name) != value
    pattern, wanted = _pattern(value), _wanted(operator)
    return lambda alert: (pattern.fullmatch(alert.label(name)) is not None) is wanted


def _severity_test(operator: str, value: str) -> Test:
    """Every condition on severity is a set of severities: five look-ups now, one later."""
    if operator in (MATCHES, NOT_MATCHES):
        pattern, wanted = _pattern(value), _wanted(operator)
        covered = frozenset(each for each in Severity if any(map(pattern.fullmatch, each.spellings)) is wanted)
    else:
        bound = Severity.parse(value)
        compare = {EQUAL: Severity.__eq__, NOT_EQUAL: Severity.__ne__, **ORDERED}.get(operator)
        if compare is None:
            raise _no_operator(operator)
        covered = frozenset(each for each in Severity if compare(each, bound))
    return lambda alert: alert.severity in covered


def _pattern(value: str) -> re.Pattern[str]:
    try:
        return re.compile(value)
    except re.error as error:
        raise ValueError(f"{value!r} is not a regular expression: {error}") from None


def _wanted(operator: str) -> bool:
    if operator not in (MATCHES, NOT_MATCHES):
        raise _no_operator(operator)
    return operator == MATCHES


def _no_operator(operator: str) -> ValueError:
    return ValueError(f"{operator!r} is not an operator; one of {' '.join(OPERATORS)}")
