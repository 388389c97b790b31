"""PromQL is read by its grammar, and what is no PromQL is refused at its place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_alerting.cli.rules.prometheus.lexer import SyntaxTrouble
from otel_alerting.cli.rules.prometheus.parser import parse
from otel_alerting.cli.rules.prometheus.syntax import (
    Aggregation,
    Binary,
    Call,
    Expr,
    Matcher,
    Minus,
    Number,
    Selector,
    Subquery,
    Text,
)
from otel_alerting.model.duration import HOUR, MINUTE, SECOND

SAME = [
    ("a + b * c", "a + (b * c)"),
    ("a - b - c", "(a - b) - c"),
    ("a ^ b ^ c", "a ^ (b ^ c)"),
    ("-a ^ b", "-(a ^ b)"),
    ("-a * b", "(-a) * b"),
    ("a == b > c", "(a == b) > c"),
    ("a or b and c unless d", "a or ((b and c) unless d)"),
    ("a > b and c < d", "(a > b) and (c < d)"),
    ("a % b / c atan2 d", "((a % b) / c) atan2 d"),
    ("a - -b", "a - (-b)"),
    ("sum by (x) (a)", "sum(a) by (x)"),
    ("SUM(a) WITHOUT (x, y,)", "sum without (x, y) (a)"),
    ("a AND ON (x) b OR c", "(a and on(x) b) or c"),
    ("a{x='y', z=`w`}", 'a{x="y",z="w",}'),
    ('{__name__="a", x="y"}', 'a{x="y"}'),
    ('{"a", "x"="y"}', 'a{x="y"}'),
    ("rate(a[1h30m])", "rate(a[90m])"),
    ("a > 5m", "a > 300"),
    ("a > 0x1F", "a > 31"),
    ("a > 1_000", "a > 1e3"),
    ("a # what it is\n > 5", "a > 5"),
    ("((a))", "a"),
    ("a > +5", "a > 5"),
    ("a offset 1m", "a offset 60s"),
    ("a[5m] @ end()", "a [5m] @ end( )"),
]


@pytest.mark.parametrize(("said", "meant"), SAME)
def test_two_ways_to_say_one_thing_are_one_tree(said: str, meant: str) -> None:
    """How strong operators bind, and where a clause may stand."""
    assert parse(said) == parse(meant)


def test_every_kind_of_node_is_read_with_what_belongs_to_it() -> None:
    """One expression with all of them."""
    tree = parse('topk by (a) (3, rate(x{b!~"c"}[5m] offset -1h)) / ignoring (d) group_left (e) y[1h:30s] >= bool -1.5')
    assert isinstance(tree, Binary)
    assert (tree.word, tree.as_bool, tree.right) == (">=", True, Number(value=-1.5, place=tree.place))
    ratio = tree.left
    assert isinstance(ratio, Binary)
    assert (ratio.matching.labels, ratio.matching.on, ratio.matching.many) == (("d",), False, "left")
    assert ratio.matching.include == ("e",)
    top, subquery = ratio.left, ratio.right
    assert isinstance(top, Aggregation)
    assert (top.word, top.labels, top.parameter) == ("topk", ("a",), Number(value=3.0, place=tree.place))
    assert isinstance(top.inner, Call)
    (selector,) = top.inner.arguments
    assert isinstance(selector, Selector)
    assert (selector.matchers, selector.window) == ((Matcher("b", "!~", "c"),), 5 * MINUTE)
    assert selector.shift.offset == -HOUR
    assert isinstance(subquery, Subquery)
    assert (subquery.window, subquery.step) == (HOUR, 30 * SECOND)


TROUBLE = [
    ("", "", "an expression"),
    ("x >", "", "an expression"),
    ("sum(x", "", "')'"),
    ("x y", "y", "an operator or the end"),
    ("x[5m", "", "']'"),
    ("x[soon]", "soon", "a duration"),
    ("(x)[5m] + rate(y)[5m]", "rate(y)[5m]", "a range stands behind a metric only"),
    ("rate(x[5m]) offset 1h", "offset", "stands behind a metric"),
    ("x{a=b}", "b", "a text in quotes"),
    ("x{a}", "}", "one of = != =~ !~"),
    ("x{__name__='y'}", "}", "said twice"),
    ("{}", "{}", "selects everything"),
    ("x + bool y", "y", "no bool behind +"),
    ("x and on (a) group_left y", "group_left", "joins many to many"),
    ("topk(x)", "topk(x)", "takes 2"),
    ("sum(x, y)", "sum(x, y)", "takes 1"),
    ("x{a='\\q'}", "'\\q'", "escape"),
    ("x > $limit", "$", "begins nothing"),
    ("rate(x[$__rate_interval])", "$", "begins nothing"),
    ("x offset 1m offset 2m", "offset", "said twice"),
    ("{{ x }}", "{", "a label"),
    ("(" * 200 + "x", "(", "in each other"),
    ("x" + " + x" * 500, "+", "operators"),
]


@pytest.mark.parametrize(("said", "part", "why"), TROUBLE)
def test_what_is_no_promql_is_refused_at_its_place(said: str, part: str, why: str) -> None:
    """With the part of the text, and what was expected there."""
    with pytest.raises(SyntaxTrouble) as trouble:
        parse(said)
    place = trouble.value.place
    assert said[place.start : place.end] == part
    assert why in trouble.value.why


names = st.sampled_from(["a", "up", "job:x:rate5m", "z_total"])
labels = st.lists(st.sampled_from(["x", "by", "sum", "instance"]), max_size=2, unique=True)
values = st.text(max_size=8)


@given(names, st.dictionaries(st.sampled_from(["a", "le", "on"]), values, max_size=3))
def test_whatever_stands_in_quotes_is_read_back(name: str, matchers: dict[str, str]) -> None:
    """Every text can be a label's value."""
    said = ", ".join(f"{label}={_quoted(value)}" for label, value in matchers.items())
    tree = parse(f"{name}{{{said}}}")
    assert isinstance(tree, Selector)
    assert {one.label: one.value for one in tree.matchers} == matchers


def _quoted(value: str) -> str:
    return '"' + "".join(f"\\U{ord(one):08x}" if one in '"\\' or ord(one) < 32 else one for one in value) + '"'


leaves = st.one_of(names, st.sampled_from(["1", "0.5", "5m", 'x{a=~"b|c"}', "rate(x[5m])"]))
operators = st.sampled_from(["+", "-", "*", "/", "^", "%", ">", "<=", "== bool", "and", "or", "unless on(a)"])
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(inner, operators, inner).map(lambda one: f"({one[0]} {one[1]} {one[2]})"),
        inner.map(lambda one: f"-({one})"),
        st.tuples(labels, inner).map(lambda one: f"sum by ({', '.join(one[0])}) ({one[1]})"),
    ),
    max_leaves=12,
)


@given(trees)
def test_a_tree_written_out_is_read_as_the_same_tree(said: str) -> None:
    """With all parentheses, or only those that are needed for this one."""
    tree = parse(said)
    assert parse(_written(tree)) == tree


def _written(tree: Expr) -> str:
    if isinstance(tree, Binary):
        matching = f" on ({', '.join(tree.matching.labels)})" if tree.matching.on else ""
        return f"({_written(tree.left)} {tree.word}{' bool' if tree.as_bool else ''}{matching} {_written(tree.right)})"
    if isinstance(tree, Aggregation):
        return f"{tree.word}({_written(tree.inner)}) by ({', '.join(tree.labels)})"
    if isinstance(tree, Minus):
        return f"(-({_written(tree.inner)}))"
    if isinstance(tree, Call):
        return f"{tree.name}({', '.join(map(_written, tree.arguments))})"
    if isinstance(tree, Selector):
        said = ",".join(f'{one.label}{one.word}"{one.value}"' for one in tree.matchers)
        return f"{tree.name}{{{said}}}" + (f"[{tree.window // SECOND}s]" if tree.window else "")
    assert isinstance(tree, Number | Text)
    return str(tree.value)
