"""A sheet is what a template filled in: named blocks of text, fields and actions, before anything is cut to size.

Templates write fields and actions through `field(…)` and `action(…)`, which give back one line with separators that no
value can contain: they are control characters, and `clean` takes those out of every value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from markupsafe import Markup

from otel_alerting.render.clusters import one_line
from otel_alerting.render.voice import Voice, safe

BLOCKS = ("title", "summary", "fields", "details", "context", "actions")
"""The blocks of a template, as they stand in the message; and `line`, which is filled in once for each alert."""

_GAP = re.compile(r"\n{3,}")
_FIELD, _ACTION, _NEXT, _END = "\x1c", "\x1d", "\x1f", "\x1e"


@dataclass(frozen=True)
class Button:
    """An action as the template wrote it."""

    name: str
    label: str
    url: str
    style: str


@dataclass(frozen=True)
class Sheet:
    """Blocks by name, as the template rendered them."""

    blocks: Mapping[str, str]

    def text(self, name: str) -> str:
        """A block without the space around it, and without the fields and actions in it."""
        raw = self.blocks.get(name, "")
        if _FIELD in raw or _ACTION in raw:
            raw = "\n".join(_split(raw)[0])
        return raw.strip()

    def summary(self) -> str:
        """The summary, with whatever stands between the fields and actions behind it."""
        text = "\n".join(text for text in map(self.text, ("summary", "fields", "actions")) if text)
        return _GAP.sub("\n\n", "\n".join(one_line(line) for line in text.splitlines())).strip()

    def lines(self, name: str) -> list[str]:
        """A block's lines that are not empty."""
        return [line.strip() for line in self.text(name).splitlines() if line.strip()]

    def fields(self) -> Iterator[tuple[str, str]]:
        """Label and value of every field with a value, in the order written."""
        for kind, parts in _split(self.blocks.get("fields", ""))[1]:
            if kind == _FIELD and len(parts) == 2 and parts[1]:
                yield parts[0], parts[1]

    def buttons(self) -> Iterator[Button]:
        """Every action that has somewhere to go."""
        for kind, parts in _split(self.blocks.get("actions", ""))[1]:
            if kind == _ACTION and len(parts) == 4 and parts[2]:
                yield Button(*parts)


def field(voice: Voice, label: object, value: object) -> Markup:
    """One field as the block `fields` holds it; nothing when the value is None or empty."""
    shown = voice.value(value).strip()
    return safe(f"{_FIELD}{voice.value(label).strip()}{_NEXT}{shown}{_END}") if shown else safe("")


def action(voice: Voice, name: str, label: object, url: object, style: str = "") -> Markup:
    """One action as the block `actions` holds it; nothing without an address."""
    target = voice.dialect.literal(str(url)) if isinstance(url, Markup) else str(url or "")
    parts = (str(name), voice.dialect.literal(voice.value(label)), _bare(target.strip()), str(style))
    return safe(_ACTION + _NEXT.join(parts) + _END) if parts[2] else safe("")


def _bare(text: str) -> str:
    return "".join(letter for letter in text if letter >= " ")


def _split(raw: str) -> tuple[list[str], list[tuple[str, list[str]]]]:
    """The text between the records, and the records."""
    texts: list[str] = []
    records: list[tuple[str, list[str]]] = []
    for piece in raw.split(_END):
        start = max(piece.find(_FIELD), piece.find(_ACTION))
        if start < 0:
            texts.append(piece)
            continue
        texts.append(piece[:start])
        records.append((piece[start], piece[start + 1 :].split(_NEXT)))
    return texts, records
