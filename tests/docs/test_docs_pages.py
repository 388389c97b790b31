"""The pages hold together: links lead somewhere, references are those of the code, every public name is told."""

from __future__ import annotations

import ast
import re
import shlex
from pathlib import Path

import docs_reference
import pytest
from docs_pages import DOCS, PAGES, ROOT, Block, anchors, blocks, links, prose

import otel_alerting
from otel_alerting import cli, errors, handlers, testing
from otel_alerting.config import shapes
from otel_alerting.config.schema import Config
from otel_alerting.config.settings import NAMES, variable
from otel_alerting.render.sandbox import _FILTERS, _FUNCTIONS
from otel_alerting.render.sheet import BLOCKS
from otel_alerting.rules import measures
from otel_alerting.rules.baseline import Baseline, methods
from otel_alerting.rules.matching import AttributeMatcher, LogPattern, SpanPattern
from otel_alerting.rules.operand import GroupAttribute
from otel_alerting.rules.rule import Defaults, Rule, RuleFile, SeverityStep
from otel_alerting.rules.slo.burn import RATES, BurnRate
from otel_alerting.rules.slo.objective import Sli, Slo
from otel_alerting.testing.rules.file import AlertRuleTest, ExpAlert, ExpectedState, RuleTest, RuleTests
from otel_alerting.testing.rules.signals import InputSeries, SeenLog, SeenMetric, SeenSpan

ERRORS = [name for name, one in vars(errors).items() if isinstance(one, type) and issubclass(one, Exception)]
_TEST = re.compile(r"(tests/[\w/]+\.py)::(\w+)")


def text_of_docs() -> str:
    return "\n".join(page.read_text("utf-8") for page in sorted(DOCS.glob("*.md")))


def is_said(name: str, text: str) -> bool:
    return re.search(rf"(?<![\w.]){re.escape(name)}(?!\w)", text) is not None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    """To a file of the repository, and to a heading in it where one is named."""
    broken = []
    for line, target in links(page):
        if target.startswith(("http://", "https://")):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(f"{page.name}:{line}: {target}")
    assert broken == []


@pytest.mark.parametrize("page", docs_reference.PAGES, ids=lambda page: page.name)
def test_references_are_what_the_code_says(page: Path) -> None:
    """`python tests/docs/docs_reference.py --write` brings them up to date."""
    assert page.read_text("utf-8") == docs_reference.written(page)


def test_every_public_name_is_told() -> None:
    """Classes, functions and errors that users may import."""
    names = [*otel_alerting.__all__, *handlers.__all__, *testing.__all__, *ERRORS]
    text = text_of_docs()
    assert [name for name in names if name != "__version__" and not is_said(name, text)] == []


def test_every_setting_and_command_is_told() -> None:
    """Variables in full, commands with their program."""
    text = text_of_docs()
    wanted = [*map(variable, NAMES), *(f"otel-alerting {command.NAME}" for command in cli.found())]
    assert [name for name in wanted if not is_said(name, text)] == []


@pytest.mark.parametrize(
    "struct",
    [Rule, RuleFile, Defaults, SeverityStep, GroupAttribute, SpanPattern, LogPattern, Baseline, Slo, Sli, BurnRate],
)
def test_every_field_of_a_rule_is_told(struct: type) -> None:
    """In `rules.md`, under the name that users write."""
    text = (DOCS / "rules.md").read_text("utf-8")
    assert [name for name in shapes.fields(struct) if not is_said(name, text)] == []


@pytest.mark.parametrize(
    "struct", [RuleTests, RuleTest, InputSeries, SeenMetric, SeenLog, SeenSpan, ExpectedState, AlertRuleTest, ExpAlert]
)
def test_every_key_of_a_rule_test_is_told(struct: type) -> None:
    """In `rule-tests.md`, under the name that users write."""
    text = (DOCS / "rule-tests.md").read_text("utf-8")
    assert [name for name in shapes.fields(struct) if f"`{name}`" not in text] == []


def test_every_matcher_aggregate_and_built_in_rule_is_told() -> None:
    """In tables of `rules.md`."""
    text = (DOCS / "rules.md").read_text("utf-8")
    built_in = ("LoggedWarning", "LoggedError", "UnhandledException", "SpanFailed")
    wanted = [*shapes.fields(AttributeMatcher), *measures.names(), *methods.names(), *RATES, *built_in]
    assert [name for name in wanted if f"`{name}`" not in text] == []


def test_every_block_filter_and_function_of_templates_is_told() -> None:
    """In tables of `templates.md`; the built-in templates too."""
    text = (DOCS / "templates.md").read_text("utf-8")
    built_in = [path.stem for path in (ROOT / "templates" / "slack").glob("*.j2")]
    aliases = {"field_name"}  # of label_name
    wanted = [*BLOCKS, "line", *_FILTERS, *_FUNCTIONS, *built_in]
    named = [name for name in wanted if (name not in aliases and not name.startswith("_")) or name == "_"]
    assert [name for name in named if f"`{name}" not in text] == []


def test_every_page_can_be_reached_from_the_first() -> None:
    """Following links from the README, nobody misses a page."""
    found, ahead = set[Path](), [ROOT / "README.md"]
    while ahead:
        page = ahead.pop()
        if page in found or not page.exists():
            continue
        found.add(page)
        near = ((page.parent / target.partition("#")[0]).resolve() for _, target in links(page) if "://" not in target)
        ahead += [one for one in near if one.suffix == ".md"]
    assert [page.name for page in sorted(DOCS.glob("*.md")) if page not in found] == []


def test_every_promise_has_a_test_that_exists() -> None:
    """`guarantees.md` names files and functions; a table's row without one promises nothing."""
    page = DOCS / "guarantees.md"
    text = page.read_text("utf-8")
    missing = [f"{file}::{name}" for file, name in _TEST.findall(text) if name not in _functions(ROOT / file)]
    assert missing == []
    rows = [
        said
        for _, said in prose(page)
        if said.startswith("| ") and not said.startswith(("| ---", "| promise", "| bound"))
    ]
    assert [row for row in rows if not _TEST.search(row)] == []


@pytest.mark.parametrize("block", blocks("sh"), ids=lambda block: block.name)
def test_commands_in_the_pages_are_commands(block: Block) -> None:
    """`otel-alerting …` and its options, as argparse reads them."""
    for line in block.text.splitlines():
        words = shlex.split(line, comments=True)
        if words[:1] == ["otel-alerting"]:
            arguments = words[1 : words.index(">")] if ">" in words else words[1:]
            cli.parser().parse_args(arguments)


def _functions(file: Path) -> set[str]:
    if not file.exists():
        return set()
    return {node.name for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.FunctionDef)}


def test_every_top_level_key_is_in_the_example_or_has_a_table() -> None:
    """The reference begins with the file itself."""
    text = (DOCS / "configuration.md").read_text("utf-8")
    assert [name for name in shapes.fields(Config) if f"| `{name}` |" not in text] == []
