"""Renaming gives labels the names that signals have for them: `job` is often `service.name`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeAlias

from otel_alerting.cli.rules.prometheus.syntax import (
    Aggregation,
    Binary,
    Call,
    Expr,
    Matcher,
    Minus,
    Selector,
    Subquery,
)

Names: TypeAlias = Mapping[str, str]
"""Attributes by the labels that they are called in Prometheus."""

LABEL = re.compile(r"""(?:\$labels|\.Labels)\.([A-Za-z_]\w*)|index\s+(?:\$labels|\.Labels)\s+["`]([^"`]+)["`]""")
"""How a template speaks of a label."""


def renamed(tree: Expr, names: Names) -> Expr:
    """The same expression of labels with other names."""
    if isinstance(tree, Selector):
        matchers = [Matcher(names.get(one.label, one.label), one.word, one.value) for one in tree.matchers]
        return replace(tree, matchers=tuple(matchers))
    if isinstance(tree, Aggregation):
        parameter = tree.parameter and renamed(tree.parameter, names)
        return replace(tree, inner=renamed(tree.inner, names), parameter=parameter, labels=each(tree.labels, names))
    if isinstance(tree, Binary):
        matching = tree.matching
        matching = replace(matching, labels=each(matching.labels, names), include=each(matching.include, names))
        return replace(tree, left=renamed(tree.left, names), right=renamed(tree.right, names), matching=matching)
    if isinstance(tree, Call):
        return replace(tree, arguments=tuple(renamed(one, names) for one in tree.arguments))
    if isinstance(tree, Subquery | Minus):
        return replace(tree, inner=renamed(tree.inner, names))
    return tree


def each(labels: Iterable[str], names: Names) -> tuple[str, ...]:
    """Labels by their new names."""
    return tuple(names.get(label, label) for label in labels)


def renamed_words(source: str, names: Names) -> str:
    """A template that speaks of labels with other names."""

    def put(found: re.Match[str]) -> str:
        label = found[1] or found[2]
        return f'(index $labels "{names[label]}")' if label in names else found[0]

    return LABEL.sub(put, source)
