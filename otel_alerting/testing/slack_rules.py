"""What Slack takes and what it refuses, in its own words: a whole message against every limit that is known.

    >>> refusal({"text": "hello"})
    >>> refusal({"blocks": [{"type": "section"}]}).word
    'invalid_blocks'

Pure; the simulator answers with it, and template authors can call it on a payload of their own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import msgspec

from otel_alerting.testing.slack_blocks import BLOCK, texts
from otel_alerting.testing.slack_shapes import Fault, distinct, items, length, string

MOST_RENDERED = 13_297
"""Characters of all blocks together: the largest that passed when users measured it."""
PER_BLOCK = 125
"""What each further block costs of it."""
POST, UPDATE, WEBHOOK = "chat.postMessage", "chat.update", "webhook"
MOST_METADATA = 8_000
"""Bytes of JSON; Slack names no number."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Slack's no: the error word, and where the message breaks which rule."""

    word: str
    faults: tuple[Fault, ...] = ()
    messages: tuple[str, ...] = ()
    """More of what Slack says in `response_metadata.messages`."""

    def __str__(self) -> str:
        return ": ".join(filter(None, [self.word, "; ".join([*map(str, self.faults), *self.messages])]))


_BLOCKS = items(BLOCK, most=50, least=0)
_ATTACHMENT_BLOCKS = items(BLOCK, most=20)
_WITH_BLOCKS = frozenset({"blocks", "color", "fallback"})
_MESSAGE = frozenset(
    {"attachments", "blocks", "link_names", "markdown_text", "metadata", "mrkdwn", "parse", "reply_broadcast", "text"}
    | {"thread_ts", "unfurl_links", "unfurl_media"}
)
_KNOWN: Mapping[str, frozenset[str]] = {
    POST: _MESSAGE | {"as_user", "channel", "client_msg_id", "icon_emoji", "icon_url", "token", "username"},
    UPDATE: (_MESSAGE - {"thread_ts", "mrkdwn"}) | {"as_user", "channel", "file_ids", "token", "ts"},
    WEBHOOK: _MESSAGE
    | {"channel", "delete_original", "icon_emoji", "icon_url", "replace_original", "response_type", "username"},
}
_WEBHOOK_WORDS = frozenset({"invalid_blocks", "invalid_attachments", "too_many_attachments", "no_text"})
_WEBHOOK_INSTEAD = {"msg_blocks_too_long": "invalid_blocks", "invalid_blocks_format": "invalid_blocks"}


class _Metadata(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    event_type: str
    event_payload: dict[str, object]
    entities: list[object] = []


def refusal(message: Mapping[str, object], *, method: str = POST) -> Refusal | None:
    """Why Slack refuses this message; None when it takes it. `method` is `POST`, `UPDATE` or `WEBHOOK`.

    A webhook answers one word of a shorter list; the faults are here all the same.
    """
    found = next(_refusals(message, method), None)
    if found is None or method != WEBHOOK or found.word in _WEBHOOK_WORDS:
        return found
    return Refusal(_WEBHOOK_INSTEAD.get(found.word, "invalid_payload"), found.faults, found.messages)


def rendered(message: Mapping[str, object]) -> int:
    """Characters of all blocks together, as far as it is known how Slack counts them."""
    blocks = list(_all_blocks(message))
    return sum(length(text) for _, block in blocks for text in texts(block)) + PER_BLOCK * max(0, len(blocks) - 1)


def _refusals(message: Mapping[str, object], method: str) -> Iterator[Refusal]:
    yield from _arguments(message, method)
    yield from _markdown_text(message)
    yield from _blocks(message)
    yield from _attachments(message)
    yield from _tables(message)
    if rendered(message) > MOST_RENDERED:
        yield Refusal("msg_blocks_too_long")
    text = message.get("text")
    if method == UPDATE and isinstance(text, str) and len(text.encode("utf-8", "surrogatepass")) > 4_000:
        yield Refusal("msg_too_long")
    if _is_empty(message):
        yield Refusal("no_text")
    yield from _metadata(message)


def _arguments(message: Mapping[str, object], method: str) -> Iterator[Refusal]:
    unknown = tuple(Fault(f"invalid additional property: {name}", "") for name in message if name not in _KNOWN[method])
    if unknown:
        yield Refusal("invalid_arguments", unknown)
    wrong = [fault for name in ("text", "markdown_text") for fault in _string(message, name)]
    wrong += [fault for name in ("unfurl_links", "unfurl_media", "mrkdwn") for fault in _flag(message, name)]
    if wrong:
        yield Refusal("invalid_arguments", tuple(wrong))


def _string(message: Mapping[str, object], name: str) -> Iterator[Fault]:
    if name in message and not isinstance(message[name], str):
        yield Fault("must provide a string", f"/{name}")


def _flag(message: Mapping[str, object], name: str) -> Iterator[Fault]:
    if name in message and message[name] not in (True, False, "true", "false"):
        yield Fault("must provide a boolean", f"/{name}")


def _markdown_text(message: Mapping[str, object]) -> Iterator[Refusal]:
    text = message.get("markdown_text")
    if isinstance(text, str) and (message.get("text") or message.get("blocks")):
        yield Refusal("markdown_text_conflict")
    if isinstance(text, str) and length(text) > 12_000:
        yield Refusal("msg_too_long")


def _blocks(message: Mapping[str, object]) -> Iterator[Refusal]:
    blocks = message.get("blocks", [])
    if not isinstance(blocks, list):
        yield Refusal("invalid_blocks_format")
        return
    faults = [*_BLOCKS(blocks, "/blocks"), *distinct("block_id")(blocks, "/blocks"), *_together(message)]
    if faults:
        yield Refusal("invalid_blocks", tuple(faults))


def _together(message: Mapping[str, object]) -> Iterator[Fault]:
    """Limits that all blocks of one kind share."""
    markdown = [block for _, block in _all_blocks(message) if block.get("type") == "markdown"]
    if sum(length(text) for block in markdown for text in texts(block)) > 12_000:
        yield Fault("must be less than 12001 characters", "/blocks")
    if sum(block.get("type") == "data_visualization" for _, block in _all_blocks(message)) > 2:
        yield Fault("no more than 2 data_visualization blocks allowed", "/blocks")


def _attachments(message: Mapping[str, object]) -> Iterator[Refusal]:
    attachments = message.get("attachments", [])
    if not isinstance(attachments, list):
        yield Refusal("invalid_attachments", (Fault("must provide an array", "/attachments"),))
        return
    if len(attachments) > 100:
        yield Refusal("too_many_attachments")
    faults = [fault for place, one in enumerate(attachments) for fault in _attachment(one, f"/attachments/{place}")]
    faults += _shared_ids(message)
    if faults:
        invalid_keys = any(fault.constraint.startswith("invalid additional property") for fault in faults)
        yield Refusal("invalid_attachments", tuple(faults), ("[ERROR] invalid_keys",) if invalid_keys else ())


def _attachment(attachment: object, pointer: str) -> Iterator[Fault]:
    if not isinstance(attachment, dict):
        yield Fault("must provide an object", pointer)
    elif "blocks" in attachment:
        yield from _attachment_with_blocks(attachment, pointer)
    elif not attachment:
        yield Fault("must not be empty", pointer)
    elif isinstance(attachment.get("actions"), list) and len(attachment["actions"]) > 5:
        yield Fault("no more than 5 items allowed", f"{pointer}/actions")


def _attachment_with_blocks(attachment: Mapping[str, object], pointer: str) -> Iterator[Fault]:
    for name, value in attachment.items():
        if name not in _WITH_BLOCKS:
            yield Fault(f"invalid additional property: {name}", pointer)
        elif name != "blocks":
            yield from string(40_000)(value, f"{pointer}/{name}")
    color = attachment.get("color", "good")
    if isinstance(color, str) and not re.fullmatch(r"#?[0-9A-Fa-f]{6}|good|warning|danger", color):
        yield Fault("must be a colour", f"{pointer}/color")
    yield from _ATTACHMENT_BLOCKS(attachment["blocks"], f"{pointer}/blocks")


def _shared_ids(message: Mapping[str, object]) -> Iterator[Fault]:
    """A block id that an attachment repeats."""
    seen: set[str] = set()
    for pointer, block in _all_blocks(message):
        block_id = block.get("block_id")
        if not isinstance(block_id, str):
            continue
        if block_id in seen and pointer.startswith("/attachments"):
            yield Fault(f"`block_id` must be unique: {block_id}", f"{pointer}/block_id")
        seen.add(block_id)


def _tables(message: Mapping[str, object]) -> Iterator[Refusal]:
    if sum(block.get("type") in ("table", "data_table") for _, block in _all_blocks(message)) > 1:
        yield Refusal("invalid_attachments", messages=("[ERROR] only_one_table_allowed",))


def _metadata(message: Mapping[str, object]) -> Iterator[Refusal]:
    if "metadata" not in message:
        return
    try:
        metadata = msgspec.convert(message["metadata"], type=_Metadata)
    except msgspec.ValidationError:
        yield Refusal("invalid_metadata_format")
        return
    if len(json.dumps(msgspec.to_builtins(metadata), separators=(",", ":"))) > MOST_METADATA:
        yield Refusal("metadata_too_large")


def _is_empty(message: Mapping[str, object]) -> bool:
    texts_there = any(str(message.get(name) or "").strip() for name in ("text", "markdown_text"))
    return not (texts_there or message.get("blocks") or message.get("attachments"))


def _all_blocks(message: Mapping[str, object]) -> Iterator[tuple[str, dict[str, object]]]:
    """Every well-formed block with its pointer, those of attachments last."""
    yield from _listed(message.get("blocks"), "/blocks")
    attachments = message.get("attachments")
    for place, attachment in enumerate(attachments if isinstance(attachments, list) else ()):
        if isinstance(attachment, dict):
            yield from _listed(attachment.get("blocks"), f"/attachments/{place}/blocks")


def _listed(blocks: object, pointer: str) -> Iterator[tuple[str, dict[str, object]]]:
    for place, block in enumerate(blocks if isinstance(blocks, list) else ()):
        if isinstance(block, dict):
            yield f"{pointer}/{place}", block
