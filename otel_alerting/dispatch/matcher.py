"""A matcher is one condition on an alert's labels, as Alertmanager writes it: `env = prod`, `service =~ "api-.*"`.

Beyond Alertmanager's four operators there is an order on severity, `severity >= high`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

from otel_alerting.dispatch import spelling
from otel_alerting.dispatch.pattern import Pattern
from otel_alerting.dispatch.spelling import OPERATORS, ORDERED, Said
from otel_alerting.model import Alert, Severity

Test: TypeAlias = Callable[[Alert], bool]

EQUAL, NOT_EQUAL, MATCHES, NOT_MATCHES = OPERATORS
_ORDER: Final = dict(zip(ORDERED, (Severity.__ge__, Severity.__le__, Severity.__gt__, Severity.__lt__), strict=True))
_EMPTY: Final = Alert(tenant="", name="", labels={"severity": ""}, severity=Severity.DEBUG, started_at=0, updated_at=0)


class Matcher:
    """One condition on a label, or on the virtual `alertname`, `severity` and `tenant`. Frozen, hashable.

    A label that an alert has not is the empty text. Regular expressions (RE2's syntax) match the whole value. An alert
    whose maker gave it a label `severity` is held against that word as it is; any other has its severity under each of
    its names, so that `severity = error` means high here as everywhere.

    Raises:
        ValueError: an unknown operator, an order on anything but severity or against no severity, or a regular
            expression that is none.
    """

    __slots__ = ("_test", "name", "operator", "value")

    name: Final[str]
    operator: Final[str]
    value: Final[str]

    def __init__(self, name: str, operator: str, value: str) -> None:
        if not name:
            raise ValueError(f"a label's name is missing; {spelling.RIGHT}")
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

    @property
    def takes_nothing(self) -> bool:
        """Does it hold where the label is missing?"""
        return self.operator not in ORDERED and self._test(_EMPTY)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Matcher) and self._said == other._said

    def __hash__(self) -> int:
        return hash(self._said)

    def __str__(self) -> str:
        """As `parse` reads it, always in the same spelling."""
        return spelling.written(self._said)

    def __repr__(self) -> str:
        return f"Matcher.parse({str(self)!r})"

    @property
    def _said(self) -> Said:
        return Said(self.name, self.operator, self.value)


class Matchers(tuple[Matcher, ...]):
    """Conditions that must all hold; without any, every alert matches."""

    __slots__ = ()

    @classmethod
    def parse(cls, said: str | int | float) -> Matchers:
        """Read matchers as Alertmanager's files, its API and `amtool` write them: `a=b, c!="d"`, braces or not.

        Raises:
            ValueError: with what would be right.
        """
        return cls(Matcher(*one) for one in spelling.read(str(said)))

    @classmethod
    def of(
        cls,
        said: Iterable[Matcher | Iterable[Matcher]],
        match: Mapping[str, str] = MappingProxyType({}),
        match_re: Mapping[str, str] = MappingProxyType({}),
    ) -> Matchers:
        """One list of conditions from all ways to write them in a file.

        Args:
            said: Conditions, and lists of them (one text may hold several).
            match: Alertmanager's older form: a label and its value.
            match_re: The same with regular expressions.

        Raises:
            ValueError: what is no regular expression.
        """
        found = [Matcher(name, EQUAL, value) for name, value in sorted(match.items())]
        found += [Matcher(name, MATCHES, value) for name, value in sorted(match_re.items())]
        for one in said:
            found += [one] if isinstance(one, Matcher) else one
        return cls(found)

    def matches(self, alert: Alert) -> bool:
        """Do all conditions hold for this alert?"""
        return all(matcher._test(alert) for matcher in self)

    def __str__(self) -> str:
        return "{" + ",".join(map(str, self)) + "}"


def _test(name: str, operator: str, value: str) -> Test:
    if operator in _ORDER:
        return _order_test(name, operator, value)
    if operator not in OPERATORS:
        raise ValueError(f"{operator!r} is not an operator; one of {' '.join((*OPERATORS, *ORDERED))}")
    if operator in (MATCHES, NOT_MATCHES):
        matches, wanted = Pattern(value).matches, operator == MATCHES
        if name == "severity":
            return _severity_test(matches, wanted)
        return lambda alert: matches(alert.label(name)) is wanted
    if name == "severity":
        return _severity_test(value.__eq__, operator == EQUAL, value)
    if operator == EQUAL:
        return lambda alert: alert.label(name) == value
    return lambda alert: alert.label(name) != value


def _order_test(name: str, operator: str, value: str) -> Test:
    if name != "severity":
        raise ValueError(f"only severity has an order; {name} takes {' '.join(OPERATORS)}")
    compare, bound = _ORDER[operator], Severity.parse(value)
    covered = frozenset(each for each in Severity if compare(each, bound))
    return lambda alert: alert.severity in covered


def _severity_test(is_meant: Callable[[str], object], wanted: bool, word: str = "") -> Test:
    """A severity that somebody gave as a label is a text like any other; ours are all of their names."""
    words = {word, word.strip().lower()}
    covered = frozenset(
        each
        for each in Severity
        if (any(is_meant(name) is True for name in each.spellings) or not words.isdisjoint(each.spellings)) is wanted
    )

    def holds(alert: Alert) -> bool:
        said = alert.labels.get("severity")
        return alert.severity in covered if said is None else (is_meant(said) is True) is wanted

    return holds
