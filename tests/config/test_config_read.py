"""The typed reader: what each type takes, and that all problems come at once."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta

from otel_alerting.config.read import attempt, read
from otel_alerting.config.secret import Secret
from otel_alerting.config.values import Folder
from otel_alerting.errors import ConfigurationError
from otel_alerting.model.duration import SECOND, Duration
from otel_alerting.model.severity import Severity


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Part(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    count: Annotated[int, Meta(ge=1, le=9)] = 1

    def problems(self) -> list[tuple[str, str, str]]:
        return [("name", repr(self.name), "a better name")] if self.name == "bad" else []


class Whole(msgspec.Struct, frozen=True, kw_only=True):
    version: Literal[1] = 1
    parts: tuple[Part, ...] = ()
    by_name: Mapping[str, Part] = {}
    hold: Duration = Duration(0)
    level: Severity = Severity.INFO
    for_: bool = msgspec.field(name="for", default=False)
    share: float = 0.5
    either: int | Literal["all"] | list[str] | Part | None = None
    data: object = None
    pair: tuple[int, str] = (0, "")
    color: Color = Color.RED
    tags: frozenset[str] = frozenset()
    token: Secret | None = None
    token_file: Path | None = None
    folder: Folder | None = None
    per_level: Mapping[Severity, int] = {}


def problems(text: str, **env: str) -> list[str]:
    return [str(problem) for problem in attempt(text, Whole, "a.yaml", env=env).problems]


def test_everything_is_read_as_its_type() -> None:
    """One text with every kind of type in it."""
    made = read(
        "version: 1\nparts: [{name: x, count: 2}]\nby_name: {y: {name: z}}\nhold: 1m30s\nlevel: error\nfor: true\n"
        "share: 1e-1\neither: all\ndata: {a: [1, true, null]}\npair: [1, b]\ncolor: blue\ntags: [a, a]\n"
        "per_level: {warn: 1}\n",
        Whole,
        "a.yaml",
    )
    assert made == Whole(
        parts=(Part(name="x", count=2),),
        by_name={"y": Part(name="z")},
        hold=Duration(90 * SECOND),
        level=Severity.HIGH,
        for_=True,
        share=0.1,
        either="all",
        data={"a": [1, True, None]},
        pair=(1, "b"),
        color=Color.BLUE,
        tags=frozenset("a"),
        per_level={Severity.WARNING: 1},
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "parts: [{nam: x}]",
            "parts[0].nam: found the unknown key 'nam'; expected one of count, name (did you mean 'name'?)",
        ),
        ("parts: [{}]", "parts[0].name: found nothing; expected a text (it is required)"),
        ("parts: {a: 1}", "parts: found a mapping; expected a list"),
        ("parts: x", "parts: found 'x'; expected a list: ['x']"),
        ("parts: [5]", "parts[0]: found 5; expected a mapping"),
        ("parts: [{name: x, count: 10}]", "parts[0].count: found 10; expected at most 9"),
        ("parts: [{name: x, count: true}]", "parts[0].count: found true; expected a whole number"),
        ("parts: [{name: x, count: 1.5}]", "parts[0].count: found 1.5; expected a whole number"),
        ("parts: [{name: [a]}]", "parts[0].name: found a list; expected a text"),
        ("parts: [{name: }]", "parts[0].name: found nothing; expected a text"),
        ("parts: [{name: bad}]", "parts[0].name: found 'bad'; expected a better name"),
        ("by_name: {http.route: {}}", 'by_name["http.route"].name: found nothing; expected a text (it is required)'),
        ("hold: 5", "hold: found 5; expected a duration as 500ms, 30s, 5m, 1h30m or 7d"),
        ("version: 2", "version: found 2; expected 1"),
        ("for: maybe", "for: found 'maybe'; expected true or false"),
        ("either: some", "either: found 'some'; expected all"),
        ("pair: [1]", "pair: found a list of 1; expected a list of 2"),
        ("color: blu", "color: found 'blu'; expected one of blue, red (did you mean 'blue'?)"),
        (
            "data: {a: no}",
            'data.a: found no, which YAML 1.1 reads as a boolean; expected "no" in quotes for the text, or false',
        ),
        ("folder: ./nowhere", "folder: found './nowhere'; expected a folder that exists"),
        ("level: [high]", "level: found a list; expected a severity"),
    ],
)
def test_a_problem_says_where_what_and_what_would_be_right(text: str, said: str) -> None:
    """File, line, path, what was found, what would be right."""
    assert problems(text) == [f"a.yaml:1: {said}"]


def test_all_problems_come_at_once_in_the_order_of_the_text() -> None:
    """Nobody wants to run a check ten times."""
    found = problems("hold: x\nhold: y\nparts:\n- {nam: a}\n- {name: b, count: 0}\nzzz: 1\nlevel: loud\n")
    assert [said.split(": ")[0] for said in found] == [f"a.yaml:{line}" for line in (1, 2, 4, 5, 6, 7)]


def test_a_union_takes_the_member_that_fits() -> None:
    """By shape first, then narrow types before wide ones."""
    for text, value in [("5", 5), ("all", "all"), ("[a]", ["a"]), ("{name: x}", Part(name="x")), ("~", None)]:
        assert read(f"either: {text}", Whole, "a.yaml").either == value


def test_text_is_text_whatever_yaml_makes_of_it() -> None:
    """`name: 007` and `name: no` are names."""
    for said in ("007", "no", "1e3", "2026-01-01", "12:30"):
        assert read(f"parts: [{{name: {said}}}]", Whole, "a.yaml").parts[0].name == said


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    """`token_file` stands for `token`; blanks and line ends around it do not count; relative to the text's folder."""
    (tmp_path / "token").write_text("  xoxb-1\n")
    made = attempt("token_file: token", Whole, "a.yaml", folder=tmp_path).required()
    assert made.token == Secret("xoxb-1")


def test_a_secret_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """Missing, empty, not text, or given twice."""
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    (tmp_path / "good").write_text("x")

    def said(text: str) -> str:
        (problem,) = attempt(text, Whole, "a.yaml", folder=tmp_path).problems
        return str(problem)

    assert said("token_file: gone").endswith("a file that can be read (No such file or directory)")
    assert said("token_file: .").endswith("a file that can be read (Is a directory)")
    assert said("token_file: empty").endswith("a file that is not empty")
    assert said("token_file: bytes").endswith("a file with one line of text in UTF-8")
    assert said("token: a\ntoken_file: good").endswith("found token and token_file; expected one of the two")


def test_nothing_from_the_environment_is_ever_shown() -> None:
    """Not in a wrong value, not in a parser's words, not in a Struct's own check."""
    found = problems(
        "level: '${env:A}'\nhold: '${env:A}'\ncolor: '${env:A}'\nparts: [{name: '${env:B}'}]\neither: '${env:A}'\n"
        "share: '${env:A}'\nversion: '${env:A}'\nfolder: '${env:A}'\nby_name: '${env:A}'\npair: '${env:A}'\n",
        A="hunter2",
        B="bad",
    )
    assert len(found) == 10
    assert not [said for said in found if "hunter2" in said or "'bad'" in said]


def test_a_value_of_a_secret_is_not_shown() -> None:
    """Even where it is not one."""
    assert problems("token: [xoxb-1]") == ["a.yaml:1: token: found a list; expected a text"]
    assert problems("token: ''") == [
        "a.yaml:1: token: found a value that is not shown; expected a text that is not empty"
    ]


def test_a_struct_that_refuses_itself_is_told() -> None:
    """`__post_init__` may raise ValueError."""

    class Picky(msgspec.Struct):
        a: int

        def __post_init__(self) -> None:
            raise ValueError("something else")

    with pytest.raises(ConfigurationError, match=r"p\.yaml:1: found a mapping; expected something else"):
        read("a: 1", Picky, "p.yaml")


def test_a_broken_whole_still_gives_its_good_parts() -> None:
    """Entries keep their places and names, and say nothing more; so they can be counted and named."""
    reading = attempt(
        "hold: x\nparts: [5, {name: a, count: z}, {name: b}]\nby_name: {k: {name: [1]}, l: {name: m}}\nzzz: 1\n",
        Whole,
        "a.yaml",
    )
    assert reading.value is None
    assert reading.mended == Whole(
        parts=(Part(name=""), Part(name="a"), Part(name="b")), by_name={"k": Part(name=""), "l": Part(name="m")}
    )
    assert attempt("[1", Whole, "a.yaml").mended is None


def test_doubts_are_where_something_could_not_be_read() -> None:
    """And at the key that a typing error was probably meant for."""
    doubts = attempt("hold: x\nparts: [{name: a, count: z}]\nlevle: info\n", Whole, "a.yaml").doubts
    assert [path for path in ("hold", "parts", "parts[0]", "parts[0].count", "level") if doubts.within(path)] == [
        "hold", "parts", "parts[0]", "parts[0].count", "level"
    ]  # fmt: skip
    assert [path for path in ("hold.x", "parts[0].count", "parts", "parts[0].name") if doubts.at(path)] == [
        "hold.x",
        "parts[0].count",
    ]
    assert attempt("[1]", Whole, "a.yaml").doubts.at("anything")


def test_a_struct_says_what_its_good_parts_prove_wrong() -> None:
    """And nothing that follows only from what could not be read."""

    class Pair(msgspec.Struct):
        low: int = 0
        high: int = 9
        name: str = ""

        def problems(self) -> Iterator[tuple[str, str, str]]:
            if not self.name:
                yield "", "no name", "one"
            if self.low > self.high:
                yield "high", str(self.high), "more than low"

    def said(text: str) -> list[str]:
        return [str(problem).partition(": ")[2] for problem in attempt(text, Pair, "p.yaml").problems]

    assert said("high: x") == ["high: found 'x'; expected a whole number", "found no name; expected one"]
    assert said("low: x\nname: a") == ["low: found 'x'; expected a whole number"]
    assert said("nmae: a\nlow: 10") == [
        "nmae: found the unknown key 'nmae'; expected one of high, low, name (did you mean 'name'?)"
    ]
    assert said("low: 10\nname: [x]\nhigh: 5") == ["name: found a list; expected a text"]


@pytest.mark.parametrize(
    ("said", "right"),
    [
        ("1h1h", "each unit once and the largest first, as 1h30m"),
        ("30m1h", "each unit once and the largest first, as 1h30m"),
        ("1us1µs", "each unit once and the largest first, as 1h30m"),
        ("99999999999d", "a duration of at most 10y"),
        ("9" * 5000 + "d", "a duration of at most 10y"),
        ("11y", "a duration of at most 10y"),
    ],
)
def test_durations_that_are_slips_of_the_pen_are_refused(said: str, right: str) -> None:
    """A unit twice is added up by nobody's intention, and nobody waits for eleven years."""
    assert problems(f"hold: {said}")[0].endswith(f"; expected {right}")


@pytest.mark.parametrize("said", ["1y2w3d4h5m6s7ms8us9ns", "1.5h", "10y", "0", "5m0s"])
def test_durations_of_every_unit_are_read(said: str) -> None:
    """The largest first."""
    assert problems(f"hold: {said}") == []


letters = st.characters(min_codepoint=32, max_codepoint=0xD7FF, exclude_categories=["Cc", "Zl", "Zp"])
"""No line separators (U+2028): YAML 1.1 breaks a line there, JSON does not."""
words = st.text(letters, max_size=5)
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(Whole.__struct_fields__), inner),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from([*Whole.__struct_fields__, "other"]), plain))
def test_whatever_is_written_is_read_or_told(data: dict[str, object]) -> None:
    """No document makes the reader raise anything but ConfigurationError."""
    import json

    reading = attempt(json.dumps(data), Whole, "a.yaml")
    assert (reading.value is None) == bool(reading.problems)


@given(st.dictionaries(words.filter(lambda word: "${" not in word), plain))
def test_plain_data_comes_back_as_it_was(data: dict[str, object]) -> None:
    """JSON is YAML, except for keys that YAML 1.1 takes for booleans when they are unquoted: JSON quotes them."""
    import json

    text = json.dumps({"data": data}, ensure_ascii=False).replace("${", "$${")
    assert read(text, Whole, "a.yaml").data == json.loads(text)["data"]
