"""A layout is a Slack payload as elements to draw one under the other: what JSON says, without the JSON.

Whoever draws knows these nine small values and nothing of Block Kit. A payload may hold anything; what is not
understood is shown by its words, or not at all, and nothing raises.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from otel_alerting.look.emoji import with_emoji
from otel_alerting.look.mrkdwn_reader import Piece, Span, read_mrkdwn, read_plain, safe_link
from otel_alerting.look.viewer import Viewer

_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
_NAMED = {"good": "#2EB67D", "warning": "#ECB22E", "danger": "#E01E5A"}
_GREY = "#DDDDDD"
_ZERO_WIDTH = "\u200b"


@dataclass(frozen=True)
class Words:
    """A section's text."""

    pieces: tuple[Piece, ...]
    kind = "words"


@dataclass(frozen=True)
class Heading:
    """A header block."""

    text: str
    kind = "heading"


@dataclass(frozen=True)
class Grid:
    """A section's fields, two in a row."""

    cells: tuple[tuple[Piece, ...], ...]
    kind = "grid"


@dataclass(frozen=True)
class Items:
    """A list; each item has its depth and its number, 0 for a bullet."""

    rows: tuple[tuple[int, int, tuple[Span, ...]], ...]
    kind = "items"


@dataclass(frozen=True)
class SmallPrint:
    """A context block."""

    parts: tuple[tuple[Piece, ...], ...]
    kind = "small_print"


@dataclass(frozen=True)
class Button:
    """A button, or (`menu`) something that opens a list."""

    label: str
    style: str = ""
    link: str = ""
    menu: bool = False


@dataclass(frozen=True)
class Buttons:
    """An actions block."""

    buttons: tuple[Button, ...]
    kind = "buttons"


@dataclass(frozen=True)
class Divider:
    """A line across."""

    kind = "divider"


@dataclass(frozen=True)
class Picture:
    """An image, by its words: nothing is downloaded to show a message."""

    title: str
    kind = "picture"


@dataclass(frozen=True)
class Bar:
    """An attachment: elements beside a bar of colour (`#RRGGBB`)."""

    color: str
    elements: tuple[Element, ...]
    kind = "bar"


Element: TypeAlias = "Words | Heading | Grid | Items | SmallPrint | Buttons | Divider | Picture | Bar"
Json: TypeAlias = Mapping[str, object]


def lay_out(payload: Json, viewer: Viewer) -> tuple[Element, ...]:
    """A message's elements, from top to bottom. As in Slack, `text` shows only where there are no blocks."""
    blocks = _dicts(payload.get("blocks"))
    body = _blocks(blocks, viewer) if blocks else _words(read_mrkdwn(_string(payload, "text"), viewer))
    return (*body, *(_attachment(one, viewer) for one in _dicts(payload.get("attachments"))))


def words_of(payload: Json) -> str:
    """What a push notification would say: the payload's text on one line."""
    pieces = read_mrkdwn(_string(payload, "text"), Viewer())
    return " ".join(" ".join(piece.plain for piece in pieces).split())


def _attachment(attachment: Json, viewer: Viewer) -> Bar:
    said = _string(attachment, "color")
    color = _NAMED.get(said) or (said if _COLOR.fullmatch(said) else _GREY)
    blocks = _dicts(attachment.get("blocks"))
    return Bar(color, tuple(_blocks(blocks, viewer) if blocks else _old_style(attachment, viewer)))


def _old_style(attachment: Json, viewer: Viewer) -> Iterator[Element]:
    """An attachment of the time before blocks: title, text, fields, footer."""
    title, link = _string(attachment, "title"), safe_link(_string(attachment, "title_link"))
    if title:
        yield Words((Piece("text", (Span(read_plain(title)[0].plain, bold=True, link=link),)),))
    text = _string(attachment, "text") or (title and " ") or _string(attachment, "fallback")
    yield from _words(read_mrkdwn(text.strip(), viewer))
    fields = _dicts(attachment.get("fields"))
    if fields:
        yield Grid(
            tuple(
                (
                    Piece("text", (Span(_string(field, "title"), bold=True),)),
                    *read_mrkdwn(_string(field, "value"), viewer),
                )
                for field in fields
            )
        )
    footer = _string(attachment, "footer")
    if footer:
        yield SmallPrint((read_plain(footer),))


def _blocks(blocks: Sequence[Json], viewer: Viewer) -> Iterator[Element]:
    for block in blocks:
        yield from _block(block, viewer)


def _block(block: Json, viewer: Viewer) -> Iterator[Element]:
    kind = block.get("type")
    if kind == "section":
        yield from _section(block, viewer)
    elif kind == "header":
        yield Heading(_label(block.get("text")))
    elif kind == "context":
        yield SmallPrint(tuple(_context(block, viewer)))
    elif kind == "actions":
        yield Buttons(tuple(_button(element) for element in _dicts(block.get("elements"))))
    elif kind == "divider":
        yield Divider()
    elif kind == "image":
        yield Picture(_label(block.get("title")) or _string(block, "alt_text"))
    elif kind == "rich_text":
        for element in _dicts(block.get("elements")):
            yield from _rich(element, viewer)
    elif kind == "markdown":
        yield from _words(_markdown(_string(block, "text"), viewer))


def _section(block: Json, viewer: Viewer) -> Iterator[Element]:
    yield from _words(_text(block.get("text"), viewer))
    fields = _dicts(block.get("fields"))
    if fields:
        yield Grid(tuple(_text(field, viewer) for field in fields))
    accessory = block.get("accessory")
    if isinstance(accessory, Mapping):
        is_image = accessory.get("type") == "image"
        yield Picture(_string(accessory, "alt_text")) if is_image else Buttons((_button(accessory),))


def _context(block: Json, viewer: Viewer) -> Iterator[tuple[Piece, ...]]:
    for element in _dicts(block.get("elements")):
        if element.get("type") == "image":
            yield read_plain(_string(element, "alt_text"))
        else:
            yield _text(element, viewer)


def _button(element: Json) -> Button:
    kind = element.get("type")
    if kind == "overflow":
        return Button("…", menu=True)
    label = _label(element.get("text")) or _label(element.get("placeholder"))
    style = _string(element, "style")
    return Button(
        label,
        style=style if style in ("primary", "danger") else "",
        link=safe_link(_string(element, "url")),
        menu=kind != "button",
    )


def _rich(element: Json, viewer: Viewer) -> Iterator[Element]:
    kind = element.get("type")
    if kind == "rich_text_list":
        yield Items(tuple(_rows(element, viewer)))
        return
    spans = tuple(_rich_spans(element, viewer))
    if kind == "rich_text_preformatted":
        yield Words((Piece("fence", spans),))
    elif kind == "rich_text_quote":
        yield Words((Piece("quote", spans),))
    else:
        yield from _words((Piece("text", spans),))


def _rows(element: Json, viewer: Viewer) -> Iterator[tuple[int, int, tuple[Span, ...]]]:
    indent = element.get("indent")
    depth = min(indent, 8) if isinstance(indent, int) else 0
    ordered = element.get("style") == "ordered"
    for number, item in enumerate(_dicts(element.get("elements")), 1):
        yield depth, number if ordered else 0, tuple(_rich_spans(item, viewer))


def _rich_spans(element: Json, viewer: Viewer) -> Iterator[Span]:
    for part in _dicts(element.get("elements")):
        yield _rich_span(part, viewer)


def _rich_span(part: Json, viewer: Viewer) -> Span:
    kind = part.get("type")
    style = part.get("style")
    on = style if isinstance(style, Mapping) else {}
    text, link = _string(part, "text"), ""
    if kind == "link":
        link = safe_link(_string(part, "url"))
        text = text or _string(part, "url")
    elif kind == "emoji":
        text = with_emoji(f":{_string(part, 'name')}:")
    elif kind == "date":
        text = viewer.date(str(part.get("timestamp", "")), _string(part, "format")) or _string(part, "fallback")
    elif kind in ("user", "usergroup", "broadcast", "channel"):
        text = "@" + (_string(part, f"{kind}_id") or _string(part, "range"))
    return Span(
        text,
        bold=bool(on.get("bold")),
        italic=bool(on.get("italic")),
        strike=bool(on.get("strike")),
        code=bool(on.get("code")),
        mention=kind in ("user", "usergroup", "broadcast", "channel"),
        link=link,
    )


def _markdown(text: str, viewer: Viewer) -> tuple[Piece, ...]:
    """Standard Markdown by its nearest mrkdwn: `**bold**`, `[label](address)`, `# heading`."""
    text = re.sub(r"\[([^\]\n]{1,300})\]\(([^)\s]{1,3000})\)", r"<\2|\1>", text)
    text = re.sub(r"\*\*([^*\n]+)\*\*", r"*\1*", text)
    return read_mrkdwn(re.sub(r"(?m)^#{1,6} +(.+)$", r"*\1*", text), viewer)


def _words(pieces: Sequence[Piece]) -> Iterator[Words]:
    """Text worth drawing: Slack's own way to say nothing is a zero-width space."""
    if any(piece.plain.strip(_ZERO_WIDTH + " \n") for piece in pieces):
        yield Words(tuple(pieces))


def _text(said: object, viewer: Viewer) -> tuple[Piece, ...]:
    if not isinstance(said, Mapping):
        return ()
    text = _string(said, "text")
    return read_mrkdwn(text, viewer) if said.get("type") == "mrkdwn" else read_plain(text)


def _label(said: object) -> str:
    return read_plain(_string(said, "text"))[0].plain if isinstance(said, Mapping) else ""


def _string(values: Json, name: str) -> str:
    value = values.get(name)
    return value if isinstance(value, str) else ""


def _dicts(said: object) -> tuple[Json, ...]:
    return tuple(one for one in said if isinstance(one, Mapping)) if isinstance(said, Sequence) else ()
