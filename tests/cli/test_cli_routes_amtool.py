"""`otel-alerting routes test` beside Alertmanager's own `amtool`, on trees and labels that nobody wrote by hand."""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from otel_alerting.cli import main
from otel_alerting.dispatch.pattern import Pattern

AMTOOL = shutil.which("amtool")
pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(AMTOOL is None, reason="amtool is not here: apt-get install prometheus-alertmanager"),
]

NAMES = ("team", "severity", "alertname", "service", "tenant")
VALUES = ("a", "b", "page", "critical", "warning", "none", "a b", "A", "")
EXPRESSIONS = (
    "a|b",
    "a.*",
    "",
    ".+",
    "(?i)a",
    "[^a]",
    r"\w+",
    "page|critical",
    "a{1,2}",
    "^a$",
    r"a\sb",
    "[[:lower:]]",
)

_matcher = st.builds(
    lambda name, operator, value, style: style.format(name=name, operator=operator, value=value.replace("\\", "\\\\")),
    st.sampled_from(NAMES),
    st.sampled_from(["=", "!="]),
    st.sampled_from([value for value in VALUES if value]),
    st.sampled_from(["{name}{operator}{value}", '{name} {operator} "{value}"', '{{{name}{operator}"{value}",}}']),
) | st.builds(
    lambda name, operator, value: f'{name}{operator}"{value}"',
    st.sampled_from(NAMES),
    st.sampled_from(["=~", "!~"]),
    st.sampled_from(EXPRESSIONS),
)
_conditions = st.fixed_dictionaries(
    {},
    optional={
        "matchers": st.lists(_matcher, min_size=1, max_size=2),
        "match": st.dictionaries(st.sampled_from(NAMES), st.sampled_from(VALUES), min_size=1, max_size=1),
        "match_re": st.dictionaries(st.sampled_from(NAMES), st.sampled_from(EXPRESSIONS), min_size=1, max_size=1),
        "continue": st.booleans(),
        "receiver": st.sampled_from(["one", "two", "three"]),
        "group_by": st.sampled_from([["team"], ["..."], []]),
    },
)
_routes = st.recursive(
    _conditions,
    lambda below: st.builds(lambda one, routes: {**one, "routes": routes}, _conditions, st.lists(below, max_size=3)),
    max_leaves=12,
)
_labels = st.dictionaries(st.sampled_from(NAMES), st.sampled_from([value for value in VALUES if value]))


@settings(max_examples=60)
@given(st.lists(_routes, min_size=1, max_size=4), st.lists(_labels, min_size=1, max_size=3))
def test_receivers_are_those_of_amtool(routes: list[dict[str, object]], asked: list[dict[str, str]]) -> None:
    """The same receivers in the same order, whatever the tree, the matchers and the labels."""
    file = {
        "route": {"receiver": "root", "routes": routes},
        "receivers": [{"name": name} for name in ("root", "one", "two", "three")],
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "alertmanager.yml"
        path.write_text(json.dumps(file), "utf-8")
        for labels in asked:
            assert _ours(path, labels) == _amtool(path, labels), (file, labels)


@settings(max_examples=120)
@given(st.text("ab|*+?().[]^$\\-dwsb{}1,:in", max_size=8), st.text("ab1 -", max_size=4))
def test_an_expression_means_what_go_means(expression: str, value: str) -> None:
    """Refused by both, or the same answer: Alertmanager's regular expressions are Go's, which are RE2's.

    But for `)(`: Alertmanager puts the expression between `^(?:` and `)$` before it looks whether it is one.
    """
    depths = itertools.accumulate({"(": 1, ")": -1}.get(char, 0) for char in expression)
    assume(min(depths, default=0) >= 0)
    file = {
        "route": {"receiver": "root", "routes": [{"match_re": {"x": expression}, "receiver": "one"}]},
        "receivers": [{"name": "root"}, {"name": "one"}],
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "alertmanager.yml"
        path.write_text(json.dumps(file), "utf-8")
        theirs = _amtool(path, {"x": value} if value else {})
    try:
        matches = Pattern(expression).matches(value)
    except ValueError:
        assert theirs == [], expression
    else:
        assert theirs == (["one"] if matches else ["root"]), (expression, value)


def _ours(path: Path, labels: dict[str, str]) -> Sequence[str]:
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        assert main(["routes", "test", "--config", str(path), "--json", json.dumps(labels)]) == 0
    found = json.loads(said.getvalue())["receivers"]
    assert isinstance(found, list)
    return found


def _amtool(path: Path, labels: dict[str, str]) -> Sequence[str]:
    """What amtool prints; nothing where it refuses the file."""
    assert AMTOOL is not None
    pairs = [f'{name}="{value}"' for name, value in labels.items()]
    ran = subprocess.run(
        [AMTOOL, "config", "routes", "test", f"--config.file={path}", *pairs],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    if ran.returncode:
        assert re.search(r"error parsing regexp|expansion|invalid", ran.stderr), ran.stderr
        return []
    return ran.stdout.strip().split(",")
