"""Messages as a page: one HTML file that looks like Slack and needs nothing else.

Every word of a message passes through Jinja's escaping; the only addresses that become links are http(s) and mailto;
there is no script in the page, and its Content-Security-Policy lets none run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from otel_alerting.look.direction import runs_right_to_left
from otel_alerting.look.layout import Element, lay_out, words_of
from otel_alerting.look.viewer import Viewer

_HERE = Path(__file__).parent


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A message as it stands in a channel."""

    channel: str
    """`#ops`."""
    at: int
    payload: Mapping[str, object]
    edited_at: int = 0
    """When it was last changed in place; 0 when it never was."""
    note: str = ""
    """A few words of our own beside the time."""
    workspace: str = ""
    about: str = ""
    """A few words of our own in the channel's header; the first message's that has some."""
    locale: str = "en"
    """The viewer's language: for dates, and for the right shapes of Chinese and Japanese characters."""
    timezone: str = "UTC"
    replies: tuple[Shown, ...] = ()
    """The thread under it."""


@dataclass(frozen=True)
class _Channel:
    name: str
    workspace: str
    about: str
    locale: str
    days: tuple[_Day, ...]


@dataclass(frozen=True)
class _Day:
    name: str
    messages: tuple[_Drawn, ...]


@dataclass(frozen=True)
class _Drawn:
    time: str
    edited: str
    note: str
    rtl: bool
    elements: tuple[Element, ...]
    replies: tuple[_Drawn, ...] = field(default=())


def draw_page(messages: Sequence[Shown], *, title: str, app: str = "otel-alerting", lead: str = "") -> str:
    """Draw messages, channel by channel in the order of their first message, as one self-contained HTML file.

    `app` is the name that the messages are posted under; `lead` a line under the page's title.
    """
    page = _environment().get_template("page.html")
    drawn = page.render(title=title, app=app, lead=lead, channels=_channels(messages), style=_style())
    return drawn.lstrip()


def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


def _style() -> str:
    return (_HERE / "page.css").read_text(encoding="utf-8")


def _channels(messages: Sequence[Shown]) -> list[_Channel]:
    places: dict[tuple[str, str], list[Shown]] = {}
    for message in messages:
        places.setdefault((message.workspace, message.channel), []).append(message)
    return [_channel(there) for there in places.values()]


def _channel(messages: Sequence[Shown]) -> _Channel:
    first = messages[0]
    about = next((message.about for message in messages if message.about), "")
    by_day = groupby(
        sorted(messages, key=lambda message: message.at), key=lambda message: _viewer(message).day(message.at)
    )
    days = tuple(_Day(name, tuple(map(_drawn, there))) for name, there in by_day)
    return _Channel(first.channel.lstrip("#"), first.workspace, about, first.locale.replace("_", "-"), days)


def _drawn(message: Shown) -> _Drawn:
    viewer = _viewer(message)
    return _Drawn(
        time=viewer.clock(message.at),
        edited=viewer.clock(message.edited_at) if message.edited_at else "",
        note=message.note,
        rtl=runs_right_to_left(words_of(message.payload)),
        elements=lay_out(message.payload, viewer),
        replies=tuple(map(_drawn, message.replies)),
    )


def _viewer(message: Shown) -> Viewer:
    return Viewer(timezone=message.timezone, locale=message.locale)
