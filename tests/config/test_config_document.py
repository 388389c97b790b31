"""A YAML text as a tree: lines, variables, and the corners of YAML that bite."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_alerting.config.document import Items, Node, Pairs, Scalar, locate, parse, shown, substituted
from otel_alerting.config.paths import step


def problems(text: str, **env: str) -> list[str]:
    return [str(problem) for problem in parse(text, "a.yaml", env)[1]]


def tree(text: str, **env: str) -> Pairs:
    root, found = parse(text, "a.yaml", env)
    assert not found
    assert isinstance(root, Pairs)
    return root


def scalar(text: str, **env: str) -> Scalar:
    node = tree(f"key: {text}", **env).nodes["key"]
    assert isinstance(node, Scalar)
    return node


def test_every_key_knows_its_line() -> None:
    """A problem names the line of the key, also where its value begins on the next one."""
    root = tree("a: 1\nb:\n  c:\n  - x\n  - y: 2\n")
    assert [locate(root, path)[0] for path in ("a", "b", "b.c", "b.c[1]", "b.c[1].y")] == [1, 2, 3, 5, 5]


def test_a_path_that_is_not_there_is_located_as_far_as_it_goes() -> None:
    """What is missing is shown where it would stand."""
    root = tree("a: 1\nb:\n  c: 1\n")
    assert locate(root, "b.d.e")[0] == 2
    assert locate(root, "zzz")[0] == 1


def test_keys_with_dots_are_found_with_and_without_brackets() -> None:
    """`http.route` is one key, however a path writes it."""
    root = tree("where:\n  http:\n    route: 1\n  http.route:\n    x: 1\n")
    assert locate(root, "where.http.route.x")[0] == 5
    assert locate(root, 'where["http.route"].x')[0] == 5


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12:30", "12:30"),
        ("2026-01-01", "2026-01-01"),
        ("0x1F", 31),
        ("1_000", 1000),
        ("010", 10),
        ("1.5", 1.5),
        ("~", None),
        ("'5'", "5"),
        ("true", True),
    ],
)
def test_scalars_are_what_people_mean(text: str, value: object) -> None:
    """No base 60, no octal by a leading zero, no dates."""
    assert scalar(text).value == value


def test_no_is_still_the_text_no() -> None:
    """The text is kept beside what YAML 1.1 makes of it: Norwegian stays Norwegian."""
    assert scalar("no").said == "no"


@pytest.mark.parametrize("key", ["on", "off", "yes", "no", "Yes", "OFF"])
def test_a_key_that_yaml_takes_for_a_boolean_is_told(key: str) -> None:
    """Other YAML readers would see `true`; the quotes make it plain."""
    assert problems(f"{key}: 1") == [
        f'a.yaml:1: {key}: found the key {key}, which YAML 1.1 reads as a boolean; expected "{key}" in quotes'
    ]
    assert not problems(f'"{key}": 1')


def test_a_key_given_twice_is_told_with_both_lines() -> None:
    """YAML readers silently take the last one."""
    assert problems("a: 1\nb: 2\na: 3") == [
        "a.yaml:3: a: found the key 'a' again; expected it once (the first: line 1)"
    ]


def test_an_empty_text_is_told() -> None:
    """A file of comments only is empty too."""
    assert problems("# nothing\n") == ["a.yaml: found an empty file; expected at least `version: 1`"]


def test_broken_yaml_names_its_line_and_not_its_text() -> None:
    """The line may hold a secret."""
    (said,) = problems("a: 1\nb: [xoxb-secret\nc: 2")
    assert said.startswith("a.yaml:3: found no YAML (")
    assert "xoxb" not in said


def test_an_unquoted_variable_in_braces_gets_a_hint() -> None:
    """`{a: ${env:X}}` is the mistake everybody makes once."""
    (said,) = problems("a: {b: ${env:X}}")
    assert said.endswith("expected ${…} in quotes")


def test_characters_that_yaml_forbids_are_told() -> None:
    """Control characters come from broken editors."""
    assert problems("a: 1\nb: \x07") == ["a.yaml:2: found a character that YAML does not allow; expected text in UTF-8"]


def test_an_anchor_inside_itself_is_told() -> None:
    """It would have no end."""
    assert problems("a: &a\n  b: *a") == [
        "a.yaml:1: a.b: found an anchor that contains itself; expected one that does not"
    ]


def test_anchors_and_merges_work() -> None:
    """What stands in the mapping itself wins over what is merged in."""
    root = tree("base: &base {x: 1, y: 2}\nuse:\n  <<: *base\n  y: 3")
    use = root.nodes["use"]
    assert isinstance(use, Pairs)
    assert {name: node.value for name, node in use.nodes.items() if isinstance(node, Scalar)} == {"x": 1, "y": 3}


def test_nine_levels_of_anchors_are_read_in_no_time() -> None:
    """An anchor is read once, however often it is used: 10**9 nodes would not fit anywhere."""
    lines = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    assert isinstance(tree("\n".join(lines)).nodes["a9"], Items)


def test_a_tag_is_told() -> None:
    """`!!python/object` and its kin have no meaning here."""
    assert problems("a: !!python/name:os.system x")[0].startswith("a.yaml:1: a: found the tag")


def test_a_variable_is_put_in_and_its_type_is_read_again() -> None:
    """`${env:N}` in plain text is a number when the variable is one, and text in quotes."""
    assert scalar("${env:N}", N="5").value == 5
    assert scalar('"${env:N}"', N="5").value == "5"
    assert scalar("a-${env:N}-${OTHER:-b}", N="5").value == "a-5-b"


def test_defaults_hold_for_variables_that_are_missing_or_empty() -> None:
    """OpenTelemetry takes an empty variable for one that is not set."""
    assert scalar("${env:N:-7}").value == 7
    assert scalar("${N:-7}", N="").value == 7
    assert scalar("${N:-}").said == ""
    assert scalar("${env:URL:-https://a.example:1/x}").said == "https://a.example:1/x"


def test_a_missing_variable_is_told_once() -> None:
    """Without a default there is nothing to put in."""
    assert problems("a: ${env:NOPE}") == [
        "a.yaml:1: a: found the variable NOPE, which is not set; expected it to be set, or a default: ${env:NOPE:-…}"
    ]


@pytest.mark.parametrize("text", ['"${NOPE2"', "x${env:A", "'${A'", "${SECRET:-xoxb-1"])
def test_an_unclosed_reference_is_told_and_not_taken_for_a_text(text: str) -> None:
    """It would be the token itself; and what stands behind it may be one, so it is not shown."""
    (said,) = problems(f"a: {text}", NOPE2="x", A="y")
    assert (
        said == "a.yaml:1: a: found an unclosed ${; expected ${env:NAME} or ${env:NAME:-default}; $${ for the text ${"
    )
    assert scalar("'$${NOPE2'").said == "${NOPE2"


def test_a_reference_that_is_none_is_told() -> None:
    """Better than passing `${1X}` on as text."""
    assert "found the reference ${1X}" in problems("a: ${1X}")[0]


def test_two_dollars_stand_for_one() -> None:
    """`$${` is how a literal `${` is written; a `$` alone is itself."""
    assert scalar("'^x$|$${env:N}'", N="5").said == "^x$|${env:N}"


def test_what_came_from_the_environment_is_not_shown() -> None:
    """Neither are credentials in addresses."""
    assert shown(scalar("${env:N}", N="hidden")) == "the value of ${env:N}"
    assert shown(scalar("redis://me:pw@host")) == "'redis://***@host'"
    assert "xoxb-1-2" not in shown(scalar("xoxb-1-2"))


@given(st.text(st.characters(exclude_characters="${}"), max_size=30))
def test_text_without_references_stays_as_it_is(text: str) -> None:
    """Substitution touches nothing else."""
    assert substituted(text, {}) == (text, "")


@given(st.text(max_size=200))
def test_no_text_at_all_makes_the_parser_fall_over(text: str) -> None:
    """Whatever stands in a file, the answer is a tree or problems."""
    root, found = parse(text, "a.yaml", {})
    assert root is not None or found


@given(st.lists(st.sampled_from(["a", "b.c", "d e", 'x"y', "ä"]) | st.integers(0, 3), min_size=1, max_size=4))
def test_step_writes_what_locate_reads(keys: list[str | int]) -> None:
    """A path made by the reader leads back to the node it was made for."""
    node: Node = Scalar("end", "end", 99, plain=True)
    path = ""
    for depth, key in reversed(list(enumerate(keys))):
        line = depth + 1
        node = Items((node,) * 4, line) if isinstance(key, int) else Pairs({key: node}, {key: line + 10}, line)
    for key in keys:
        path = step(path, key)
    assert locate(node, path)[1] == Scalar("end", "end", 99, plain=True)
