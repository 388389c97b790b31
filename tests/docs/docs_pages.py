"""A page is a Markdown file of the documentation: its headings, links and blocks of code, each with its line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md")))

_FENCE = re.compile(r"(?P<indent> *)(?P<fence>`{3,}|~{3,})(?P<info>[^`]*)")
_LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)")
_HEADING = re.compile(r"#{1,6}\s+(.+?)\s*#*")
_NOT_IN_ANCHORS = re.compile(r"[^\w\- ]")


@dataclass(frozen=True)
class Block:
    """One block of code."""

    page: Path
    line: int
    """Of its first line of code."""
    language: str
    text: str

    @property
    def name(self) -> str:
        """Where it stands, for the names of tests."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(*languages: str) -> list[Block]:
    """All blocks in these languages, page by page."""
    return [block for page in PAGES for block in _blocks(page) if block.language in languages]


def links(page: Path) -> Iterator[tuple[int, str]]:
    """Line and target of every link and picture outside code."""
    for line, text in prose(page):
        for target in _LINK.findall(re.sub(r"`[^`]*`", "", text)):
            yield line, target


def anchors(page: Path) -> set[str]:
    """The names of a page's headings as GitHub makes them."""
    found = (_HEADING.fullmatch(text) for _, text in prose(page))
    return {_NOT_IN_ANCHORS.sub("", said[1].replace("`", "").lower()).replace(" ", "-") for said in found if said}


def prose(page: Path) -> Iterator[tuple[int, str]]:
    """The lines outside blocks of code, with their numbers."""
    inside = {
        line for block in _blocks(page) for line in range(block.line - 1, block.line + len(block.text.split("\n")))
    }
    for number, text in enumerate(page.read_text("utf-8").splitlines(), 1):
        if number not in inside:
            yield number, text


def _blocks(page: Path) -> Iterator[Block]:
    opened: re.Match[str] | None = None
    begin, lines = 0, list[str]()
    for number, text in enumerate(page.read_text("utf-8").splitlines(), 1):
        found = _FENCE.fullmatch(text)
        if opened is None:
            if found:
                opened, begin, lines = found, number + 1, []
        elif found and found["fence"].startswith(opened["fence"]) and not found["info"].strip():
            language = opened["info"].split()[0] if opened["info"].split() else ""
            yield Block(page, begin, language, "\n".join(lines) + "\n")
            opened = None
        else:
            lines.append(text.removeprefix(opened["indent"]))
