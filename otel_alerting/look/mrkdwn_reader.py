"""mrkdwn is the markup of Slack's text objects; reading it gives pieces of styled text that anything can draw.

What Slack leaves as it is stays as it is: a lone `*`, a `_` inside a word, an unknown `:shortcode:`. Reading is linear
in the text's length and never fails.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from otel_alerting.look.emoji import with_emoji
from otel_alerting.look.viewer import Viewer

_TOKEN = re.compile(r"`[^`\n]+`|<[^<>\n]+>|[*_~]|\n|[^`<*_~\n]+|.", re.DOTALL)
_MARKS = ("*", "_", "~")
_QUOTE = re.compile(r"(?:&gt;|>) ?")
_MENTION = re.compile(r"[@#!]")
_SAFE_URL = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)


@dataclass(frozen=True)
class Span:
    """Text of one style. `link` is an http(s) or mailto address, or empty."""

    text: str
    bold: bool = False
    italic: bool = False
    strike: bool = False
    code: bool = False
    mention: bool = False
    link: str = ""


@dataclass(frozen=True)
class Piece:
    """Some lines of one kind; newlines stand in the spans' text."""

    kind: Literal["text", "quote", "fence"]
    spans: tuple[Span, ...]

    @property
    def plain(self) -> str:
        """The words without their style."""
        return "".join(span.text for span in self.spans)


def read_mrkdwn(text: str, viewer: Viewer) -> tuple[Piece, ...]:
    """Read Slack's markup as this viewer would see it."""
    pieces: list[Piece] = []
    for number, part in enumerate(text.split("```")):
        fenced = number % 2 == 1
        if fenced and number == text.count("```"):  # opened, never closed: Slack shows the marks
            pieces.extend(_lines("```" + part, viewer))
        elif fenced and not part.strip("\n"):  # nothing is between them: the marks are all there is to show
            pieces.extend(_lines(f"```{part}```", viewer))
        elif fenced:
            pieces.append(Piece("fence", (Span(unescaped(part.strip("\n")), code=True),)))
        elif part.strip("\n"):
            pieces.extend(_lines(part.strip("\n") if number else part.rstrip("\n"), viewer))
    return tuple(pieces)


def read_plain(text: str) -> tuple[Piece, ...]:
    """Read a `plain_text` object: nothing but emoji shortcodes means anything in it."""
    return (Piece("text", (Span(with_emoji(unescaped(text))),)),)


def unescaped(text: str) -> str:
    """Undo Slack's three entities, and no others."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def safe_link(url: str) -> str:
    """The address if it is one that a message may lead to, else nothing."""
    return url if _SAFE_URL.match(url) else ""


def _lines(text: str, viewer: Viewer) -> Iterator[Piece]:
    """Quoted lines that follow each other are one piece, and so are the others."""
    waiting: list[str] = []
    quoting = False
    for line in text.split("\n"):
        quoted = _QUOTE.match(line)
        if waiting and (quoted is not None) is not quoting:
            yield Piece("quote" if quoting else "text", _spans("\n".join(waiting), viewer))
            waiting = []
        quoting = quoted is not None
        waiting.append(line[quoted.end() :] if quoted else line)
    yield Piece("quote" if quoting else "text", _spans("\n".join(waiting), viewer))


def _spans(text: str, viewer: Viewer) -> tuple[Span, ...]:
    tokens = _TOKEN.findall(text)
    paired = _pairs(tokens)
    style = Span("")
    spans: list[Span] = []
    for index, token in enumerate(tokens):
        if index in paired:
            style = _toggled(style, token)
        elif len(token) > 2 and token[0] == "`":
            spans.append(replace(style, text=unescaped(token[1:-1]), code=True))
        elif len(token) > 2 and token[0] == "<":
            spans.append(_angle(token[1:-1], style, viewer))
        else:
            spans.append(replace(style, text=with_emoji(unescaped(token))))
    return tuple(_joined(spans))


def _pairs(tokens: list[str]) -> set[int]:
    """Which marks style something: the indices of those that open and of those that close.

    A mark opens at a word's beginning and closes at a word's end, on the same line; pairs nest.
    """
    paired: set[int] = set()
    opened: dict[str, int] = {}
    for index, mark in enumerate(tokens):
        if mark == "\n":
            opened.clear()
        if mark not in _MARKS:
            continue
        before = tokens[index - 1][-1] if index else " "
        after = tokens[index + 1][0] if index + 1 < len(tokens) else " "
        start = opened.get(mark)
        if start is not None and start < index - 1 and not before.isspace() and not after.isalnum():
            paired |= {start, index}
            opened = {other: at for other, at in opened.items() if at < start}
        elif not after.isspace() and not before.isalnum():
            opened[mark] = index
    return paired


def _toggled(style: Span, mark: str) -> Span:
    if mark == "*":
        return replace(style, bold=not style.bold)
    if mark == "_":
        return replace(style, italic=not style.italic)
    return replace(style, strike=not style.strike)


def _angle(inside: str, style: Span, viewer: Viewer) -> Span:
    """What stands in angle brackets: a date, a mention, or a link."""
    if inside.startswith("!date^"):
        return _date(inside, style, viewer)
    target, _, label = inside.partition("|")
    if _MENTION.match(inside):
        name = label or target.lstrip("@#!")
        sign = "#" if target.startswith("#") else "@"
        return replace(style, text=sign + unescaped(name).lstrip("@#"), mention=True)
    text = with_emoji(unescaped(label or target.removeprefix("mailto:")))
    return replace(style, text=text, link=safe_link(unescaped(target)))


def _date(inside: str, style: Span, viewer: Viewer) -> Span:
    """`!date^1392734382^{date_num} {time}^https://…|fallback`: the fallback where the rest makes no sense."""
    instruction, _, fallback = inside.partition("|")
    _, seconds, tokens, *link = [*instruction.split("^"), "", ""][:4]
    shown = viewer.date(seconds, unescaped(tokens)) or unescaped(fallback)
    return replace(style, text=shown, link=safe_link(unescaped("".join(link))))


def _joined(spans: Iterable[Span]) -> Iterator[Span]:
    """Neighbours of one style are one span."""
    last: Span | None = None
    for span in spans:
        if last is not None and replace(last, text="") == replace(span, text="") and not span.mention:
            last = replace(last, text=last.text + span.text)
            continue
        if last is not None and last.text:
            yield last
        last = span
    if last is not None and last.text:
        yield last
