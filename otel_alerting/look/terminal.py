"""A message in the terminal, as Slack would draw it: the bar of colour on the left, fields two in a row, buttons."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.rule import Rule
from rich.segment import Segment
from rich.style import Style
from rich.table import Table
from rich.text import Text

from otel_alerting.look.direction import runs_right_to_left
from otel_alerting.look.layout import (
    Bar,
    Button,
    Buttons,
    Divider,
    Element,
    Grid,
    Heading,
    Items,
    Picture,
    SmallPrint,
    Words,
    lay_out,
)
from otel_alerting.look.mrkdwn_reader import Piece, Span
from otel_alerting.look.viewer import Viewer

_CONTROLS = {code: "\ufffd" for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\n\t"}
_NARROW = 50
_BUTTON = {"primary": "bold white on #007a5a", "danger": "bold white on #e01e5a", "": "bold"}
_QUIET = Style(dim=True)


def draw_terminal(
    payload: Mapping[str, object],
    *,
    width: int = 80,
    color: bool = True,
    timezone: str = "UTC",
    locale: str = "en",
) -> str:
    """Draw a payload as lines of at most `width` cells, each ended by a newline.

    With `color` they carry ANSI styles and links. Control characters in the payload are replaced: a message cannot
    move the cursor or rename the window.
    """
    elements = lay_out(payload, Viewer(timezone=timezone, locale=locale))
    console = Console(
        file=io.StringIO(),
        width=max(width, 20),
        color_system="truecolor" if color else None,
        force_terminal=color,
        no_color=not color,
        legacy_windows=False,
        highlight=False,
        _environ={},
    )
    with console.capture() as captured:
        console.print(_stack(elements))
    return "\n".join(line.rstrip() for line in captured.get().splitlines()) + "\n"


def _stack(elements: Sequence[Element]) -> Group:
    return Group(*(_element(element) for element in elements))


def _element(element: Element) -> RenderableType:
    if isinstance(element, Bar):
        return _Barred(element.color, _stack(element.elements))
    if isinstance(element, Words):
        return Group(*(_piece(piece) for piece in element.pieces))
    if isinstance(element, Heading):
        return Text(_clean(element.text), Style(bold=True))
    if isinstance(element, Grid):
        return _grid(element)
    if isinstance(element, Items):
        return _items(element)
    if isinstance(element, SmallPrint):
        return _small_print(element)
    if isinstance(element, Buttons):
        return _Row(element.buttons)
    if isinstance(element, Divider):
        return Rule(style="dim")
    return _picture(element)


class _Barred:
    """Something drawn beside a bar of colour."""

    def __init__(self, color: str, inner: RenderableType) -> None:
        self._style = Style(color=color)
        self._inner = inner

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        inside = options.update(width=options.max_width - 2)
        for line in console.render_lines(self._inner, inside, pad=False):
            yield Segment("┃ ", self._style)
            yield from line
            yield Segment.line()


def _piece(piece: Piece) -> RenderableType:
    if piece.kind == "fence":
        return Padding(_text(piece.spans, fenced=True), (0, 0, 0, 2))
    if piece.kind == "quote":
        return _Barred("bright_black", _text(piece.spans))
    return _text(piece.spans)


def _text(spans: Iterable[Span], *, fenced: bool = False) -> Text:
    text = Text(overflow="fold")
    for span in spans:
        text.append(_clean(span.text), _style(span, fenced=fenced))
    return text


def _style(span: Span, *, fenced: bool) -> Style:
    color = "#4fc3f7" if span.link or span.mention else "#e8912d" if span.code and not fenced else None
    return Style(
        color=color,
        bold=span.bold or None,
        italic=span.italic or None,
        strike=span.strike or None,
        underline=True if span.link else None,
        link=_clean(span.link) or None,
    )


def _grid(grid: Grid) -> RenderableType:
    """Two columns, or one where two would not fit.

    Right-to-left cells stand one under the other too: a terminal that reorders a line would mix the two.
    """
    if any(runs_right_to_left(piece.plain) for cell in grid.cells for piece in cell):
        return _column(grid.cells)
    return _Columns(grid.cells)


class _Columns:
    def __init__(self, cells: Sequence[Sequence[Piece]]) -> None:
        self._cells = cells

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if options.max_width < _NARROW:
            yield _column(self._cells)
            return
        table = Table.grid(padding=(0, 2, 0, 0), expand=True)
        table.add_column(ratio=1, overflow="fold")
        table.add_column(ratio=1, overflow="fold")
        cells = [Group(*map(_piece, cell)) for cell in self._cells]
        for left, right in zip(cells[::2], [*cells[1::2], Group()], strict=False):
            table.add_row(left, right)
        yield table


def _column(cells: Iterable[Sequence[Piece]]) -> Group:
    """Label and value on one line."""
    rows = (Text(": ").join(_text(piece.spans).split("\n", allow_blank=False)) for cell in cells for piece in cell)
    return Group(*rows)


def _items(items: Items) -> RenderableType:
    table = Table.grid(padding=(0, 1, 0, 0))
    for depth, number, spans in items.rows:
        mark = f"{number}." if number else "•◦▪"[depth % 3]
        table.add_row(Text("  " * depth + mark), _text(spans))
    return table


def _small_print(small: SmallPrint) -> Text:
    line = Text(overflow="fold", style=_QUIET)
    for number, part in enumerate(small.parts):
        line.append("   " if number else "")
        for piece in part:
            line.append_text(_text(piece.spans))
    return line


class _Row:
    """Buttons side by side; one that does not fit stands on the next line, never broken."""

    def __init__(self, buttons: Sequence[Button]) -> None:
        self._labels = [_button(button) for button in buttons]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        line = Text()
        for label in self._labels:
            if line and line.cell_len + 2 + label.cell_len > options.max_width:
                yield line
                line = Text()
            line.append("  " if line else "").append_text(label)
        yield line


def _button(button: Button) -> Text:
    label = f"[ {_clean(button.label)}{' ▾' if button.menu and button.label != '…' else ''} ]"
    style = Style.parse(_BUTTON[button.style]) + Style(link=_clean(button.link) or None)
    return Text(label, style)


def _picture(picture: Picture) -> Text:
    return Text(f"🖼 {_clean(picture.title)}", _QUIET)


def _clean(text: str) -> str:
    return text.translate(_CONTROLS).expandtabs(4)
