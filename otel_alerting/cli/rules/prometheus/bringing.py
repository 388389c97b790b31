"""Bringing rules here: each alert of a Prometheus file becomes rules of ours, or a refusal that says why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from otel_alerting.cli.rules.prometheus.condition import Say
from otel_alerting.cli.rules.prometheus.files import AlertingRule, Rules
from otel_alerting.cli.rules.prometheus.lexer import SyntaxTrouble
from otel_alerting.cli.rules.prometheus.measure import CannotSay
from otel_alerting.cli.rules.prometheus.parser import parse
from otel_alerting.cli.rules.prometheus.renaming import Names, each, renamed, renamed_words
from otel_alerting.cli.rules.prometheus.syntax import Place
from otel_alerting.cli.rules.prometheus.translate import Translation
from otel_alerting.cli.rules.prometheus.words import Speech, jinja, labels_of
from otel_alerting.cli.rules.prometheus.writing import TARGET_LABELS, Body, Written, body
from otel_alerting.cli.rules.prometheus.yaml_text import document
from otel_alerting.config.read import attempt
from otel_alerting.model import Severity
from otel_alerting.model.duration import Duration
from otel_alerting.rules.rule import RuleFile

KEPT_SEVERITY = "prometheus_severity"
"""The label that keeps a severity that is none of ours."""


@dataclass(frozen=True)
class Refusal:
    """An alert that cannot be brought here, and which part of its expression it is for."""

    alert: str
    where: str
    """File and line of the part."""
    part: str
    column: int
    """Where the part begins in the expression, from 1."""
    why: str

    def __str__(self) -> str:
        return f"{self.where}: {self.alert}: cannot say `{self.part}` (character {self.column} of expr): {self.why}"


@dataclass(frozen=True)
class Brought:
    """An alert that is here: the rules it became, and where they are not quite the same."""

    alert: str
    where: str
    rules: tuple[Written, ...]
    notes: tuple[str, ...] = ()


@dataclass
class Import:
    """What became of all alerts."""

    brought: list[Brought] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)

    @property
    def rules(self) -> list[Written]:
        """The rules, in the order of the files."""
        return [rule for one in self.brought for rule in one.rules]


def bring(rules: Rules, labels: Names | None = None) -> Import:
    """Translate every alert; `labels` are those that signals have under other names."""
    made, names = Import(), set[str]()
    for alert in rules.alerts:
        try:
            brought = _brought(_renamed(alert, labels or {}), Translation(rules.records, labels or {}), names)
        except (CannotSay, SyntaxTrouble) as trouble:
            made.refused.append(_refusal(alert, trouble.place, trouble.why))
            continue
        names.update(str(rule["alert"]) for rule in brought.rules)
        made.brought.append(brought)
    return made


def _refusal(alert: AlertingRule, place: Place, why: str) -> Refusal:
    text = alert.expression.value
    part = " ".join(text[place.start : place.end].split())
    where = f"{alert.file}:{alert.expression.line_of(place.start)}"
    return Refusal(alert.name, where, part, place.start + 1, why)


def _renamed(alert: AlertingRule, labels: Names) -> AlertingRule:
    words = {name: renamed_words(text, labels) for name, text in alert.annotations.items()}
    own = {labels.get(name, name): renamed_words(text, labels) for name, text in alert.labels.items()}
    return replace(alert, annotations=words, labels=own)


def _brought(alert: AlertingRule, translation: Translation, names: set[str]) -> Brought:
    tree = renamed(parse(alert.expression.value), translation.names)
    cases = translation.whole(tree)
    if not cases:
        raise CannotSay(tree.place, "it never holds")
    known = [name for text in (*alert.annotations.values(), *alert.labels.values()) for name in labels_of(text)]
    known = [*each(TARGET_LABELS, translation.names), *known]
    bodies = [body(one, known, alert.interval, tree.place, translation.say) for one in cases]
    called = _named(alert.name, len(bodies), alert.labels, names)
    if called[0] != alert.name or len(called) > 1:
        translation.say(f"called {' and '.join(called)}: each rule has a name of its own")
    made = tuple(_rule(name, alert, one, translation.say) for name, one in zip(called, bodies, strict=True))
    for rule in made:
        _check(rule, tree.place)
    return Brought(alert.name, alert.where, made, tuple(translation.notes))


def _check(rule: Written, place: Place) -> None:
    """What our own reader would refuse is refused here."""
    for problem in attempt(document([rule]), RuleFile, "the rule").problems:
        raise CannotSay(place, f"{problem.path.partition('.')[2]}: {problem.found}; {problem.right}")


# Names


def _named(name: str, number: int, labels: Mapping[str, str], taken: set[str]) -> list[str]:
    """Names that no other rule has: with the severity where that tells two apart, else with a number."""
    severity = labels.get("severity", "")
    if name in taken and severity.isalnum() and f"{name}{severity.title()}" not in taken and number == 1:
        return [f"{name}{severity.title()}"]
    free = (f"{name}{index}" if index > 1 else name for index in range(1, len(taken) + number + 2))
    return [one for one, _ in zip((one for one in free if one not in taken), range(number), strict=False)]


# The whole rule


def _rule(name: str, alert: AlertingRule, said: Body, say: Say) -> Written:
    rule: Written = {"alert": name, **{key: value for key, value in said.keys.items() if key not in _LAST}}
    hold = 0 if said.linger and said.linger >= alert.hold else alert.hold + said.hold
    if hold:
        rule["for"] = str(Duration(hold))
    if alert.keep + said.linger:
        rule["keep_firing_for"] = str(Duration(alert.keep + said.linger))
    rule.update({key: said.keys[key] for key in _LAST if key in said.keys})
    severity, labels = _labels(alert.labels, said, say)
    if severity:
        rule["severity"] = severity
    if labels:
        rule["labels"] = labels
    has = None if said.labels is None else (*said.labels, *labels)
    annotations = {key: jinja(text, Speech(has, said.value, say, key)) for key, text in alert.annotations.items()}
    if annotations:
        rule["annotations"] = annotations
    return rule


_LAST = ("no_data_after", "interval", "lateness")


def _labels(labels: Mapping[str, str], said: Body, say: Say) -> tuple[str, dict[str, str]]:
    kept = dict(said.fixed)
    for name, value in labels.items():
        if name == "severity":
            continue
        if "{{" in value:
            _templated(name, value, said, say)
        else:
            kept[name] = value
    severity, other = _severity(labels.get("severity", ""), say)
    return severity, {**kept, **({KEPT_SEVERITY: other} if other else {})}


def _templated(name: str, value: str, said: Body, say: Say) -> None:
    """A label that copies a label of the series is there already."""
    own = labels_of(value)
    is_copy = own == [name] and value.strip().count("{{") == 1 and value.strip().endswith("}}")
    if not (is_copy and (said.labels is None or name in said.labels)):
        say(f"without the label {name}: labels are fixed texts here, and {value!r} is none")


def _severity(word: str, say: Say) -> tuple[str, str]:
    """The severity, and the word that is kept as a label because it is none of ours."""
    if not word:
        return "", ""
    try:
        severity = Severity.parse(word)
    except ValueError:
        is_none = word.lower() in ("none", "ok", "watchdog")
        say(f"severity {word!r} is {'info' if is_none else 'warning'} here, and kept as the label {KEPT_SEVERITY}")
        return "info" if is_none else "warning", "" if "{{" in word else word
    if severity.word != word.lower():
        say(f"severity {word!r} is {severity.word} here")
    return severity.word, ""


def told(made: Import) -> Iterator[str]:
    """What became of the alerts, line by line: refusals, notes and the sum."""
    for refusal in made.refused:
        yield str(refusal)
    for one in made.brought:
        for note in one.notes:
            yield f"{one.where}: {one.alert}: note: {note}"
    yield f"{len(made.brought)} of {len(made.brought) + len(made.refused)} imported"


def as_json(made: Import) -> Mapping[str, object]:
    """The same for machines."""
    return {
        "imported": len(made.brought),
        "of": len(made.brought) + len(made.refused),
        "rules": made.rules,
        "alerts": [_brought_json(one) for one in made.brought],
        "refused": [
            {"alert": one.alert, "where": one.where, "part": one.part, "column": one.column, "why": one.why}
            for one in made.refused
        ],
    }


def _brought_json(one: Brought) -> Mapping[str, object]:
    names: Sequence[object] = [rule["alert"] for rule in one.rules]
    return {"alert": one.alert, "where": one.where, "rules": names, "notes": list(one.notes)}
