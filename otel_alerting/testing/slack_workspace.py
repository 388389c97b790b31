"""One Slack workspace as the simulator keeps it: its channels, webhooks, messages and files."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from otel_alerting.testing.slack_rules import POST, UPDATE, Refusal, refusal
from otel_alerting.testing.slack_shapes import Fault

Payload: TypeAlias = Mapping[str, object]
_MENTION = re.compile(r"<!(?:here|channel|everyone|subteam\^[A-Z0-9]+)[|>]|<@[UW][A-Z0-9]+[|>]")


class SlackError(Exception):
    """A no of Slack's; `refusal` has its word and its reasons."""

    def __init__(self, said: str | Refusal) -> None:
        self.refusal = Refusal(said) if isinstance(said, str) else said
        super().__init__(str(self.refusal))


@dataclass(frozen=True, slots=True)
class Posted:
    """A message as it stands in its channel now."""

    team: str
    channel: str
    """Its id."""
    channel_name: str
    ts: str
    via: str
    """`webhook`, `chat.postMessage` or `response_url`."""
    payload: Payload
    """What was sent, with every later change laid over it."""
    thread_ts: str = ""
    """The parent's `ts`; empty for a message of the channel itself."""
    versions: tuple[Payload, ...] = ()
    """What it said before each change, oldest first."""
    reactions: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """What notifications and screen readers say."""
        return str(self.payload.get("text", ""))

    @property
    def blocks(self) -> list[Mapping[str, object]]:
        """All blocks from top to bottom, those inside attachments too."""
        return [block for part in (self.payload, *self._attachments()) for block in _dicts(part.get("blocks"))]

    @property
    def color(self) -> str:
        """The first attachment's bar of colour, or empty."""
        return next((str(part["color"]) for part in self._attachments() if "color" in part), "")

    @property
    def metadata(self) -> Mapping[str, object]:
        """`metadata.event_payload`, or nothing."""
        metadata = self.payload.get("metadata")
        event = metadata.get("event_payload") if isinstance(metadata, dict) else None
        return event if isinstance(event, dict) else {}

    @property
    def words(self) -> str:
        """Everything a reader sees, one text a line."""
        return "\n".join(_words([self.payload.get("text", ""), self.blocks]))

    @property
    def mentions(self) -> tuple[str, ...]:
        """Who is called to this message, as Slack writes it; the top-level `text` calls people too."""
        markup = "\n".join(_words([self.payload.get("text", ""), self.blocks], literal=False))
        return tuple(found[0].rstrip("|>") + ">" for found in _MENTION.finditer(markup))

    @property
    def elements(self) -> list[tuple[str, Mapping[str, object]]]:
        """Everything that can be pressed or chosen, with the `block_id` it stands in."""
        found = []
        for block in self.blocks:
            inside = [*_dicts(block.get("elements")), *_dicts([block.get("accessory")])]
            found += [(str(block.get("block_id", "")), element) for element in inside if "action_id" in element]
        return found

    def _attachments(self) -> list[Mapping[str, object]]:
        return _dicts(self.payload.get("attachments"))


@dataclass
class Upload:
    """A file on its way or arrived."""

    id: str
    filename: str
    length: int
    content: bytes | None = None
    shared_in: list[str] = field(default_factory=list)
    """Channel ids."""


class Workspace:
    """One workspace with one app in it: a bot token, channels that the bot is in, webhooks."""

    def __init__(self, team: str, token: str, channels: Sequence[str]) -> None:
        self.team = team
        self.token = token
        self.revoked = False
        self.archived: set[str] = set()
        """Channel ids that nothing can be posted to any more."""
        self.uploads: dict[str, Upload] = {}
        self._channels = {self._id("C", name): name.lstrip("#") for name in channels}
        self._webhooks: dict[str, str] = {}
        self._messages: dict[tuple[str, str], Posted] = {}
        self._last_ts = 0

    @property
    def first_channel(self) -> str:
        """The id of the channel that was named first."""
        return next(iter(self._channels))

    @property
    def messages(self) -> list[Posted]:
        """Every message in the order of posting, as it stands now."""
        return list(self._messages.values())

    def channel(self, said: str) -> str:
        """The id of a channel given by id, by `#name` or by name.

        Raises:
            SlackError: `channel_not_found`.
        """
        if said in self._channels:
            return said
        for channel, name in self._channels.items():
            if name == said.lstrip("#"):
                return channel
        raise SlackError("channel_not_found")

    def archive(self, channel: str) -> None:
        """Close a channel for good."""
        self.archived.add(self.channel(channel))

    def webhook(self, channel: str) -> str:
        """The path of the incoming webhook of a channel; the same for the same channel."""
        known = self.channel(channel)
        path = f"/services/{self.team}/{self._id('B', known)}/{self._id('', 'secret' + known) * 3}"
        self._webhooks[path] = known
        return path

    def webhook_channel(self, path: str) -> str:
        """The channel that a webhook posts to.

        Raises:
            SlackError: `no_service`.
        """
        if path not in self._webhooks:
            raise SlackError("no_service")
        return self._webhooks[path]

    def post(self, channel: str, payload: Payload, *, method: str = POST) -> Posted:
        """Take a message.

        Raises:
            SlackError: in Slack's words.
        """
        self._open(channel)
        self._valid(payload, method)
        thread_ts = str(payload.get("thread_ts") or "")
        if thread_ts:
            self._parent(channel, thread_ts)
        name = f"#{self._channels[channel]}"
        posted = Posted(self.team, channel, name, self._next_ts(), method, dict(payload), thread_ts)
        self._messages[channel, posted.ts] = posted
        return posted

    def update(self, channel: str, ts: str, payload: Payload) -> Posted:
        """Change a message of the bot's own: `text` without `blocks` removes them, attachments left out stay."""
        if channel not in self._channels:  # a name, which chat.update does not take
            raise SlackError("channel_not_found")
        self._open(channel)
        there = self.message(channel, ts)
        if there.via != POST:
            raise SlackError("cant_update_message")
        self._valid(payload, UPDATE)
        changed = replace(there, payload=_laid_over(there.payload, payload), versions=(*there.versions, there.payload))
        self._messages[channel, ts] = changed
        return changed

    def replace(self, posted: Posted, payload: Payload) -> Posted:
        """Change a message through its response URL."""
        self._valid({k: v for k, v in payload.items() if k in ("text", "blocks", "attachments")}, POST)
        changed = replace(posted, payload=dict(payload), versions=(*posted.versions, posted.payload))
        self._messages[posted.channel, posted.ts] = changed
        return changed

    def delete(self, channel: str, ts: str) -> None:
        """Remove a message; its replies stay."""
        self._messages.pop((channel, ts), None)

    def message(self, channel: str, ts: str) -> Posted:
        """The message as it stands now.

        Raises:
            SlackError: `message_not_found`.
        """
        if (channel, ts) not in self._messages:
            raise SlackError("message_not_found")
        return self._messages[channel, ts]

    def react(self, channel: str, ts: str, name: str) -> Posted:
        """Put an emoji under a message."""
        there = self.message(channel, ts)
        if not re.fullmatch(r"[a-z0-9_+'-]+(::skin-tone-[2-6])?", name):
            raise SlackError("invalid_name")
        if name in there.reactions:
            raise SlackError("already_reacted")
        self._messages[channel, ts] = replace(there, reactions=(*there.reactions, name))
        return self._messages[channel, ts]

    def begin_upload(self, filename: str, length: int) -> Upload:
        """Say that a file is coming."""
        upload = Upload(self._id("F", f"{filename}{len(self.uploads)}"), filename, length)
        self.uploads[upload.id] = upload
        return upload

    def _open(self, channel: str) -> None:
        if channel in self.archived:
            raise SlackError("is_archived")

    def _valid(self, payload: Payload, method: str) -> None:
        refused = refusal(payload, method=method)
        if refused is not None:
            raise SlackError(refused)
        for pointer, file in _files(payload, ""):
            if file not in self.uploads or self.uploads[file].content is None:
                raise SlackError(Refusal("invalid_blocks", (Fault("invalid slack file", pointer),)))

    def _parent(self, channel: str, ts: str) -> None:
        parent = self._messages.get((channel, ts))
        if parent is None:
            raise SlackError("thread_not_found")
        if parent.thread_ts:
            raise SlackError("cannot_reply_to_message")

    def _next_ts(self) -> str:
        """The time in microseconds, never the same twice."""
        self._last_ts = max(self._last_ts + 1, time.time_ns() // 1_000)
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def _id(self, letter: str, seed: str) -> str:
        digest = hashlib.blake2b(f"{self.team}{seed.lstrip('#')}".encode(), digest_size=4).hexdigest()
        return f"{letter}{digest.upper()}"


def _laid_over(before: Payload, change: Payload) -> Payload:
    kept = {key: value for key, value in before.items() if key not in ("blocks", "text") or not _says(change)}
    return {**kept, **{key: value for key, value in change.items() if key not in ("ts", "channel")}}


def _says(change: Payload) -> bool:
    return "text" in change or "blocks" in change


def _dicts(value: object) -> list[Mapping[str, object]]:
    return [member for member in value if isinstance(member, dict)] if isinstance(value, list) else []


def _words(value: object, *, literal: bool = True) -> Iterator[str]:
    """Texts inside; without `literal` only those in which Slack looks for mentions."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for member in value:
            yield from _words(member, literal=literal)
    elif isinstance(value, dict) and (literal or value.get("type") not in ("plain_text", "rich_text")):
        for key, member in value.items():
            if key in ("text", "fields", "elements", "accessory", "rows", "title") and not isinstance(member, bool):
                yield from _words(member, literal=literal)


def _files(value: object, pointer: str) -> Iterator[tuple[str, str]]:
    """The ids of uploaded files that blocks show."""
    if isinstance(value, dict):
        file = value.get("slack_file")
        if isinstance(file, dict) and isinstance(file.get("id"), str):
            yield f"{pointer}/slack_file", file["id"]
        for key, member in value.items():
            yield from _files(member, f"{pointer}/{key}")
    elif isinstance(value, list):
        for place, member in enumerate(value):
            yield from _files(member, f"{pointer}/{place}")
