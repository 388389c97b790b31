"""What the pages say of `replay` is what it says: the tutorial's tables, and the objects shown among the commands."""

from __future__ import annotations

import csv
import json
import shlex
from pathlib import Path

import pytest
from docs_pages import DOCS, ROOT, Block, _blocks

from otel_alerting.cli import main

TUTORIAL = DOCS / "thresholds.md"


def said_by(block: Block, capfd: pytest.CaptureFixture[str], *more: str) -> str:
    capfd.readouterr()
    assert main([*shlex.split(block.text)[1:], *more]) == 0
    return capfd.readouterr().out


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[Block]:
    monkeypatch.chdir(ROOT)
    return [block for block in _blocks(TUTORIAL) if block.language == "sh"]


def test_the_tables_are_those_that_are_printed(
    commands: list[Block], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Column by column."""
    head, first, tallies = (block.text for block in _blocks(TUTORIAL) if block.language == "text")
    alone = said_by(commands[0], capfd)
    assert [line.split() for line in alone.splitlines()] == [line.split() for line in first.splitlines()]
    whole = said_by(commands[1], capfd, "--plot", str(tmp_path / "a.png"))
    assert [line.split() for line in tallies.splitlines()] == [line.split() for line in whole.splitlines()[-5:]]
    assert (ROOT / "examples/replay/checkout.csv").read_text().startswith(head)


def test_the_rules_are_those_of_the_example() -> None:
    """But for the comment in the first line."""
    (shown,) = (block.text for block in _blocks(TUTORIAL) if block.language == "yaml")
    file = (ROOT / "examples/replay/checkout.yaml").read_text()
    assert shown.partition("\n")[2] == file.partition("\n")[2]


def test_the_objects_are_those_that_are_printed(commands: list[Block], capfd: pytest.CaptureFixture[str]) -> None:
    """Three of them in a row."""
    (shown,) = (block.text for block in _blocks(DOCS / "commands.md") if block.text.startswith('{"at"'))
    assert shown in said_by(commands[2], capfd)
    assert [json.loads(line)["state"] for line in shown.splitlines()] == ["pending", "firing", "resolved"]


def test_the_recording_is_what_makes_it_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`docs/pictures/thresholds.py` makes the same file again."""
    monkeypatch.syspath_prepend(DOCS / "pictures")
    import thresholds  # type: ignore[import-not-found]

    there = (thresholds.EXAMPLE / "checkout.csv").read_text()
    monkeypatch.setattr(thresholds, "EXAMPLE", tmp_path)
    thresholds.record()
    assert (tmp_path / "checkout.csv").read_text() == there
    assert len(list(csv.reader(there.splitlines()))) == 1441
