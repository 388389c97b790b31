"""Patterns: RE2's syntax, whole texts, time in proportion to the text."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_alerting.dispatch.pattern import Pattern


@pytest.mark.parametrize(
    ("expression", "yes", "no"),
    [
        ("a|bc", ["a", "bc"], ["", "ab", "c"]),
        ("web-.*", ["web-", "web-1"], ["web", "web-\n"]),
        ("(?s).*", ["", "a\nb"], []),
        ("(?m)a$\n^b", ["a\nb"], ["ab"]),
        ("(?i)straße|K", ["STRAßE", "k", "\u212a"], ["strasse"]),
        ("(?i:a)b", ["Ab"], ["AB"]),
        ("a(?i)b|c", ["aB", "C"], ["AB"]),
        (r"\d+", ["42"], ["٤٢", ""]),
        (r"\w\W\s\S\D", ["a-\tb-"], ["é-\tb-"]),
        (r"[\d\-x]+[^\w]", ["1-x!"], ["1-xa"]),
        (r"[[:alpha:]_][[:^digit:]]", ["a-"], ["a1"]),
        (r"\pL\p{Greek}\PL\p{^Lu}", ["aβ1a"], ["aβ1A"]),
        (r"\x41\x{e9}\101\t\.\_", ["AéA\t._"], []),
        (r"\Qa.b\E+", ["a.bb"], ["axb"]),
        (r"a{2}b{1,2}c{2,}d{0}", ["aabcc", "aabbccc"], ["abcc", "aabbbcc", "aabc"]),
        ("a{,2}", ["a{,2}"], ["aa"]),
        ("a*?b+?c??", ["aabb", "bc"], ["ac"]),
        (r"foo\b.bar\B.", ["foo bart"], ["foo bar "]),
        (r"\Aa\z", ["a"], ["a\n"]),
        ("(?P<x>a)(?<y>b)(?:c)", ["abc"], ["ab"]),
        ("[]a]", ["]", "a"], [""]),
        ("(|a)*", ["", "aaa"], ["b"]),
        ("", [""], ["a"]),
    ],
)
def test_a_pattern_matches_whole_texts(expression: str, yes: list[str], no: list[str]) -> None:
    """What RE2 and so Alertmanager makes of it."""
    pattern = Pattern(expression)
    assert [text for text in yes if not pattern.matches(text)] == []
    assert [text for text in no if pattern.matches(text)] == []


@pytest.mark.parametrize(
    "expression",
    [
        "(",
        ")",
        "a)",
        "(?=a)",
        "(?!a)",
        r"(a)\1",
        "*",
        "a**",
        "[a",
        "[z-a]",
        "[[:word",
        "\\",
        r"\h",
        "a{3,2}",
        "a{1001}",
        r"\p{Nobody}",
        "((((a{100}){100}){100}){100})",
        "(" * 200 + ")" * 200,
        r"\x{110000}",
    ],
)
def test_what_re2_refuses_is_refused(expression: str) -> None:
    """When it is read, with a ValueError and the expression in it, not when an alert comes."""
    with pytest.raises(ValueError, match=r"regular expression|too large|closes a group|not a property|not a character"):
        Pattern(expression)


@pytest.mark.parametrize("expression", ["(a+)+b", "(a|aa)*c", "(a*)*d", "(.*)(.*)(.*)x", "(a|b|ab)*(a|b){20}c"])
def test_no_expression_holds_the_program_up(expression: str) -> None:
    """Those on which a backtracking engine takes ages, on a text of ten thousand characters."""
    assert not Pattern(expression).matches("ab" * 5_000)


def test_memory_is_bounded() -> None:
    """Many different characters and states: what is remembered is forgotten again, and the answers stay right."""
    pattern = Pattern("(a|b|.)*a(a|b|.){12}")
    for number in range(3_000):
        text = chr(0x4E00 + number) * 5 + "a" + format(number % 4096, "012b").replace("0", "a").replace("1", "b")
        assert pattern.matches(text)
    assert len(pattern._known) < 12_000


_PIECES = ["a", "b", "1", " ", "|", "(", ")", "*", "+", "?", ".", "[ab]", "[^a]", r"\d", r"\w", "{2}", "^", "$", "(?:"]


@given(st.lists(st.sampled_from(_PIECES), max_size=8).map("".join), st.text("ab1 ", max_size=6))
def test_it_agrees_with_the_standard_library(expression: str, text: str) -> None:
    """Where both know an expression, both give the same answer; Python's own may only be asked short questions."""
    try:
        theirs = re.compile(expression, re.ASCII)
        ours = Pattern(expression)
    except (re.error, ValueError):
        return
    assert ours.matches(text) is (theirs.fullmatch(text) is not None)
