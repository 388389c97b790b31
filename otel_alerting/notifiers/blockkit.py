"""A message as Slack's Block Kit: pure, and valid for Slack with any words in it.

On top a section with the title; below it one attachment, because only attachments have the bar of colour, with the
summary, the fields, the lines, the details, the small print and the buttons. All blocks together stay below 9,000
characters: Slack refuses the whole message somewhere above 13,000, without saying by how much. Room is given in the
order of importance; what has none left says how many characters are missing.
"""

from __future__ import annotations

import enum
import hashlib
import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timezone
from typing import TypeAlias

from otel_alerting.model import Action, Message, Receipt
from otel_alerting.notifiers.clip import cleaned, clipped, escaped, octets, units

Block: TypeAlias = dict[str, object]

ROOM = 9_000
"""UTF-16 units in all blocks of a message together."""
SECTION = 3_000
"""Of one text object, and of a message that is nothing but text."""
TEXT_OCTETS = 4_000
"""UTF-8 bytes of `text` that `chat.update` takes."""

_COLOR = re.compile(r"#[0-9A-Fa-f]{6}|good|warning|danger")
_TS = re.compile(r"\d{1,10}\.\d{1,6}")
_URL = re.compile(r"https?://[^/\s]", re.IGNORECASE)
_FENCE = re.compile("`(?=`)")


class Rung(enum.Enum):
    """How much of a message is left; each rung is for when Slack did not take the one before."""

    FULL = "full"
    NO_RICH_TEXT = "no_rich_text"
    """The details as a code fence."""
    ONE_SECTION = "one_section"
    """`text` and one section with all words: no attachment, no colour, no buttons."""
    PLAIN = "plain"
    """Nothing but `text`."""

    @property
    def next(self) -> Rung | None:
        """The rung below; None at the last one."""
        rungs = list(Rung)
        place = rungs.index(self) + 1
        return rungs[place] if place < len(rungs) else None


def payload(message: Message, *, rung: Rung = Rung.FULL, continues: Receipt | None = None) -> dict[str, object]:
    """The JSON body of `chat.postMessage` or of an incoming webhook, without the channel.

    With `continues` the small print says, in no language at all, when the earlier message was posted that can no
    longer be changed.
    """
    body: dict[str, object] = {"text": _headline(message)}
    if rung is Rung.PLAIN:
        body["text"] = _all_words(message, continues)
    elif rung is Rung.ONE_SECTION:
        body["blocks"] = [_section(_block_id(message, "all"), _all_words(message, continues))]
    else:
        body |= _Layout(message, rung, continues).parts()
    return body | {"unfurl_links": False, "unfurl_media": False, "metadata": _metadata(message)}


class _Layout:
    """The blocks of one message. Room is taken in the order of importance, blocks are put in the order of reading."""

    def __init__(self, message: Message, rung: Rung, continues: Receipt | None) -> None:
        self._message = message
        self._left = ROOM
        self._title = _section(self._id("title"), self._take(_title(message), 1_200), expand=True)
        self._summary = self._sections("summary", message.summary, 2_000)
        self._fields = self._field_blocks()
        self._actions = self._action_blocks()
        self._context = self._context_blocks(continues)
        # What stands above takes 7,600 at most, so there is always some left for the lines and 600 for the details.
        self._lines = self._sections("lines", "\n".join(message.lines), self._left - 600)
        self._details = self._detail_blocks(rung)

    def parts(self) -> dict[str, object]:
        """`blocks`, and `attachments` where there is more to say than the title."""
        rest = [*self._summary, *self._fields, *self._lines, *self._details, *self._context, *self._actions]
        parts: dict[str, object] = {"blocks": [self._title]}
        if rest:
            parts["attachments"] = [{**_color(self._message), "fallback": _headline(self._message), "blocks": rest}]
        return parts

    def _id(self, place: str) -> str:
        return _block_id(self._message, place)

    def _take(self, text: str, most: int) -> str:
        taken = clipped(cleaned(text), min(most, self._left))
        self._left -= units(taken)
        return taken

    def _take_each(self, texts: Iterable[str], *, each: int, together: int) -> Iterator[str]:
        for text in texts:
            taken = self._take(text, min(each, max(together, 16)))  # 16: there is always room to say what is missing
            together -= units(taken)
            if taken.strip():
                yield taken

    def _sections(self, place: str, text: str, most: int) -> list[Block]:
        pieces = _split(self._take(text, most), SECTION)
        return [_section(self._id(f"{place}-{n}"), piece, expand=True) for n, piece in enumerate(pieces)]

    def _field_blocks(self) -> list[Block]:
        texts = (_field(field.label, field.value) for field in self._message.fields[:10])
        fields = [_mrkdwn(text) for text in self._take_each(texts, each=600, together=2_800)]
        return [{"type": "section", "block_id": self._id("fields"), "fields": fields}] if fields else []

    def _action_blocks(self) -> list[Block]:
        actions = [action for action in self._message.actions[:5] if _opens(action)]
        buttons = [self._button(number, action) for number, action in enumerate(actions)]
        return [{"type": "actions", "block_id": self._id("actions"), "elements": buttons}] if buttons else []

    def _button(self, number: int, action: Action) -> Block:
        label = self._take(action.label.strip() or action.name, 75).strip() or "↗"
        button: Block = {
            "type": "button",
            "action_id": clipped(f"{number}:{cleaned(action.name)}", 255),
            "text": {"type": "plain_text", "text": label, "emoji": True},
            "url": _url(action.url),
        }
        if action.style in ("primary", "danger"):
            button["style"] = action.style
        return button

    def _context_blocks(self, continues: Receipt | None) -> list[Block]:
        words = [*_continued(continues), *self._message.context[:6], *_without_button(self._message)]
        elements = [_mrkdwn(text) for text in self._take_each(words[:10], each=1_000, together=1_100)]
        return [{"type": "context", "block_id": self._id("context"), "elements": elements}] if elements else []

    def _detail_blocks(self, rung: Rung) -> list[Block]:
        details = cleaned(self._message.details)
        if not details.strip():
            return []
        if rung is not Rung.FULL:
            return self._sections("details", _fenced(details, min(SECTION, self._left)), SECTION)
        text = self._take(details, SECTION)
        return [_preformatted(self._id("details"), text)] if text else []


def _headline(message: Message) -> str:
    """What a push notification, a screen reader and the search show; it can mention, so it is escaped."""
    line = escaped(cleaned(message.text)).strip() or cleaned(message.title).strip() or message.severity.word
    return clipped(line, SECTION, most_octets=TEXT_OCTETS)


def _title(message: Message) -> str:
    return message.title if cleaned(message.title).strip() else _headline(message)


def _all_words(message: Message, continues: Receipt | None) -> str:
    """Everything that a message says, one below the other, as far as it goes."""
    links = (f"<{_url(action.url)}|{action.label or action.name}>" for action in message.actions if _opens(action))
    words = [
        _title(message),
        message.summary,
        "\n".join(_field(field.label, field.value).replace("\n", " ") for field in message.fields),
        "\n".join(message.lines),
        " · ".join([*_continued(continues), *message.context]),
        " · ".join([*links, *_without_button(message)]),
    ]
    text = "\n\n".join(word.strip() for word in map(cleaned, words) if word.strip())
    details = cleaned(message.details).strip("\n")
    keep = 40 if details else 0
    text = clipped(text, SECTION - keep, most_octets=TEXT_OCTETS - keep)
    return f"{text}\n{_fenced(details, SECTION - units(text) - 1, TEXT_OCTETS - octets(text) - 1)}" if details else text


def _field(label: str, value: str) -> str:
    label, value = cleaned(label).strip(), cleaned(value).strip()
    return f"*{label}*\n{value}" if label else value


def _fenced(literal: str, room: int, most_octets: int | None = None) -> str:
    """Literal text in a fence that it cannot leave: a zero-width space stands between two backticks."""
    inside = _FENCE.sub("`\u200b", escaped(literal))
    fences = len("```\n\n```")
    return f"```\n{clipped(inside, room - fences, most_octets=most_octets and most_octets - fences)}\n```"


def _split(text: str, room: int) -> Iterator[str]:
    """The same lines in pieces that each have room in one section."""
    piece = ""
    for line in text.split("\n"):
        longer = f"{piece}\n{line}" if piece else line
        if piece and units(longer) > room:
            yield piece
            longer = line
        piece = clipped(longer, room)
    if piece.strip():
        yield piece


def _continued(earlier: Receipt | None) -> Iterator[str]:
    if earlier is None:
        return
    seconds = int(earlier.ts.partition(".")[0]) if _TS.fullmatch(earlier.ts) else earlier.at // 1_000_000_000
    fallback = datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    yield f"↪ <!date^{seconds}^{{date_num}} {{time}}|{fallback}>"


def _opens(action: Action) -> bool:
    return bool(_URL.match(action.url)) and units(_url(action.url)) <= 3_000


def _url(url: str) -> str:
    """Safe inside `<url|label>` and in a button: what would end it is percent-encoded."""
    return re.sub(r"[\s|<>\x00-\x20\x7f\ud800-\udfff]", lambda bad: _percent(bad[0]), url.strip())


def _percent(character: str) -> str:
    return "".join(f"%{octet:02X}" for octet in character.encode("utf-8", "replace"))


def _without_button(message: Message) -> Iterable[str]:
    """Labels of the buttons that Slack would not take: what is left out is named."""
    return (f"✂ {action.label or action.name}" for action in message.actions if not _opens(action))


def _color(message: Message) -> dict[str, str]:
    return {"color": message.color} if _COLOR.fullmatch(message.color) else {}


def _block_id(message: Message, place: str) -> str:
    """New with every notification, the same when one is sent twice, unique within its message."""
    return f"{_short(message.id)}-{message.seq}-{place}"


def _metadata(message: Message) -> Block:
    """For programs that read the channel: who is told is no secret there, what the alert says stays in its blocks."""
    return {
        "event_type": "otel_alert",
        "event_payload": {
            "delivery_id": _short(message.id),
            "group_id": _short(message.group),
            "state": "resolved" if message.over else "firing",
            "seq": message.seq,
            "changes": message.changes,
            "occurrences": message.occurrences,
        },
    }


def _short(key: str) -> str:
    """An opaque key as it is, or its digest where it is too long or has characters that an id should not have."""
    if re.fullmatch(r"[\w:.@/-]{1,120}", key, re.ASCII):
        return key
    return hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _mrkdwn(text: str) -> Block:
    return {"type": "mrkdwn", "text": text}


def _section(block_id: str, text: str, *, expand: bool = False) -> Block:
    section: Block = {"type": "section", "block_id": block_id, "text": _mrkdwn(text)}
    return section | {"expand": True} if expand else section


def _preformatted(block_id: str, text: str) -> Block:
    inside = {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": text}]}
    return {"type": "rich_text", "block_id": block_id, "elements": [inside]}
