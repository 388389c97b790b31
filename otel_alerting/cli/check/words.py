"""The words of rules, their annotations, as `check` sees them: what does not compile, and doubtful names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import jinja2
import jinja2.meta
from jinja2 import nodes

from otel_alerting.cli.check.vocabulary import OF_OBJECTIVES, of_annotations
from otel_alerting.config.load import Examined
from otel_alerting.config.paths import step
from otel_alerting.config.sentence import quoted
from otel_alerting.config.shapes import close
from otel_alerting.config.spot import Spot
from otel_alerting.errors import Problem
from otel_alerting.render.sandbox import RESERVED, Sandbox
from otel_alerting.rules.rule import Rule


def problems(rules: Sequence[Rule], places: Sequence[Spot]) -> Iterator[Problem]:
    """Annotations that do not compile."""
    for rule, place in zip(rules, places, strict=True):
        for name, source in rule.annotations.items():
            trouble = _trouble(source)
            if trouble:
                here = _nearest(place, step("annotations", name))
                yield here.misfit(f"{quoted(source)} ({trouble.rstrip('.')})", "a template that compiles")


def notes(found: Examined) -> Iterator[str]:
    """Names in annotations that are neither a variable nor a label of the rule; a signal's attribute they may be."""
    told: set[str] = set()
    for rule, place in zip(found.config.rules, found.rules, strict=True):
        if not place.is_sound:
            continue  # what could not be read of it may be the label
        for name, source in rule.annotations.items():
            here = _nearest(place, step("annotations", name))
            for words in _doubts(source, rule):
                if here.note(words) not in told:
                    told.add(here.note(words))
                    yield here.note(words)


def _doubts(source: str, rule: Rule) -> Iterator[str]:
    if _trouble(source):
        return
    tree = Sandbox(strict=True).parse(source)
    labels = _labels(rule)
    known = of_annotations() | RESERVED | (labels or frozenset()) | (OF_OBJECTIVES if rule.slo else frozenset())
    for name in sorted(jinja2.meta.find_undeclared_variables(tree) - known):
        meant = close(name, known - RESERVED)
        yield (
            f"{name!r} is neither a variable nor a label of this rule: without a signal's attribute of that name the "
            f"text is shown as it is written{_guess(meant)}"
        )
    for name in _asked_of_labels(tree):
        if labels is not None and name not in labels:
            yield f"this rule has no label {name!r}: the text is shown as it is written{_guess(close(name, labels))}"


def _labels(rule: Rule) -> frozenset[str] | None:
    """The labels that a rule's alerts have; None where only the signals say."""
    if rule.by == "series":
        return None
    own = ("overflow",) if rule.slo is None else ("overflow", "slo")
    return frozenset((*(one.attribute for one in rule.by), *rule.labels, *own)) - {"severity"}


def _asked_of_labels(tree: nodes.Template) -> Iterator[str]:
    """`labels.host` and `labels['host.name']`."""
    for one in tree.find_all(nodes.Getattr):
        if _is_of_labels(one.node) and not hasattr(dict, one.attr):
            yield one.attr
    for item in tree.find_all(nodes.Getitem):
        if _is_of_labels(item.node) and isinstance(item.arg, nodes.Const):
            yield str(item.arg.value)


def _is_of_labels(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Name) and node.name == "labels"


def _guess(meant: Sequence[str]) -> str:
    return f" (did you mean {meant[0]!r}?)" if meant else ""


def _nearest(rule: Spot, path: str) -> Spot:
    """Where a rule says something, or the file's defaults do it for all of its rules."""
    own, shared = rule.down(path), rule.top(f"defaults.{path}")
    return shared if shared.is_written and not own.is_written else own


def _trouble(source: str) -> str:
    try:
        Sandbox(strict=True).from_string(source)
    except jinja2.TemplateError as error:
        return str(error.message)
    return ""
