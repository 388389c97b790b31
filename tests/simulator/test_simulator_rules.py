"""The simulator takes what Slack takes and refuses what Slack refuses: each limit, at it and one over it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest

from otel_alerting.testing.slack_rules import MOST_RENDERED, POST, UPDATE, WEBHOOK, refusal

Payload = Mapping[str, object]
USER = {"type": "user", "user_id": "U024BE7LH"}
PICTURE = "https://pictures.example.com/p.png"


def mrkdwn(text: str) -> dict[str, object]:
    return {"type": "mrkdwn", "text": text}


def plain(text: str) -> dict[str, object]:
    return {"type": "plain_text", "text": text}


def raw(text: str) -> dict[str, object]:
    return {"type": "raw_text", "text": text}


def section(text: str, **more: object) -> dict[str, object]:
    return {"type": "section", "text": mrkdwn(text), **more}


def button(**more: object) -> dict[str, object]:
    return {"type": "button", "text": plain("Go"), **more}


def actions(*elements: object) -> dict[str, object]:
    return {"type": "actions", "elements": list(elements)}


def option(text: str = "o", value: str = "v", **more: object) -> dict[str, object]:
    return {"text": plain(text), "value": value, **more}


def select(**more: object) -> dict[str, object]:
    return {"type": "static_select", **more}


def rich(*elements: object) -> dict[str, object]:
    return {"type": "rich_text", "elements": list(elements)}


def line(text: str) -> dict[str, object]:
    return {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}


def chart(**more: object) -> dict[str, object]:
    segments = [{"label": "a", "value": 1}]
    return {"type": "data_visualization", "title": "t", "chart": {"type": "pie", "segments": segments}, **more}


def pie(segments: int = 1, label: str = "a") -> dict[str, object]:
    return chart(chart={"type": "pie", "segments": [{"label": label, "value": 1}] * segments})


def listing(**more: object) -> dict[str, object]:
    return rich({"type": "rich_text_list", "style": "bullet", "elements": [line("x")], **more})


def picture(**more: object) -> dict[str, object]:
    return {"type": "image", "alt_text": "a", **more}


def markdown(text: str) -> dict[str, object]:
    return {"type": "markdown", "text": text}


def grouped(groups: int) -> dict[str, object]:
    return actions(select(option_groups=[{"label": plain("l"), "options": [option()]}] * groups))


def long_together(number: int) -> Payload:
    """Three blocks: the second and the third count as 125 characters each."""
    return blocks(markdown("x" * 12_000), section("x" * (number - 12_250)), {"type": "divider"})


def metadata(octets: int) -> Payload:
    empty = len('{"event_type":"a","event_payload":{"k":""}}')
    return {"text": "t", "metadata": {"event_type": "a", "event_payload": {"k": "x" * (octets - empty)}}}


def blocks(*those: object) -> Payload:
    return {"text": "t", "blocks": list(those)}


def attachment(*those: object, **more: object) -> Payload:
    return {"text": "t", "attachments": [{"color": "#188038", "blocks": list(those), **more}]}


def confirm(**more: object) -> dict[str, object]:
    return {"title": plain("t"), "text": plain("t"), "confirm": plain("y"), "deny": plain("n"), **more}


def table(rows: int = 1, cells: int = 1, text: str = "x") -> dict[str, object]:
    return {"type": "table", "rows": [[raw(text)] * cells] * rows}


def data_table(rows: int = 2, **more: object) -> dict[str, object]:
    return {"type": "data_table", "caption": "c", "rows": [[raw("x")]] * rows, **more}


def plot(number: int = 1, points: int = 1) -> dict[str, object]:
    labels = [f"p{point}" for point in range(points)]
    data = [{"label": label, "value": 1} for label in labels]
    series = [{"name": f"s{which}", "data": data} for which in range(number)]
    return chart(chart={"type": "line", "series": series, "axis_config": {"categories": labels}})


@dataclass(frozen=True)
class Limit:
    """`make(size)` is accepted at `most` and refused with `word` one over it."""

    name: str
    most: int
    make: Callable[[int], Payload]
    word: str = "invalid_blocks"
    method: str = POST


LIMITS = [
    Limit("blocks of a message", 50, lambda n: blocks(*[{"type": "divider"}] * n)),
    Limit("blocks of an attachment", 20, lambda n: attachment(*[{"type": "divider"}] * n), "invalid_attachments"),
    Limit("attachments", 100, lambda n: {"attachments": [{"text": "x"}] * n}, "too_many_attachments"),
    Limit("legacy actions", 5, lambda n: {"attachments": [{"text": "x", "actions": [{}] * n}]}, "invalid_attachments"),
    Limit("text of an update", 4_000, lambda n: {"text": "x" * n}, "msg_too_long", UPDATE),
    Limit("CJK text of an update", 1_333, lambda n: {"text": "警" * n}, "msg_too_long", UPDATE),
    Limit("markdown_text", 12_000, lambda n: {"markdown_text": "x" * n}, "msg_too_long"),
    Limit("block_id", 255, lambda n: blocks({"type": "divider", "block_id": "x" * n})),
    Limit("section text", 3_000, lambda n: blocks(section("x" * n))),
    Limit("section text in UTF-16", 1_500, lambda n: blocks(section("🔴" * n))),
    Limit("section text in an attachment", 3_000, lambda n: attachment(section("x" * n)), "invalid_attachments"),
    Limit("fields", 10, lambda n: blocks({"type": "section", "fields": [mrkdwn("x")] * n})),
    Limit("a field", 2_000, lambda n: blocks({"type": "section", "fields": [mrkdwn("x" * n)]})),
    Limit("header", 150, lambda n: blocks({"type": "header", "text": plain("x" * n)})),
    Limit("context elements", 10, lambda n: blocks({"type": "context", "elements": [mrkdwn("x")] * n})),
    Limit("context text", 3_000, lambda n: blocks({"type": "context", "elements": [mrkdwn("x" * n)]})),
    Limit("actions", 25, lambda n: blocks(actions(*[button()] * n))),
    Limit("alt_text", 2_000, lambda n: blocks({"type": "image", "alt_text": "x" * n, "image_url": PICTURE})),
    Limit("image_url", 3_000, lambda n: blocks(picture(image_url=PICTURE + "?" * (n - len(PICTURE))))),
    Limit("image title", 2_000, lambda n: blocks(picture(image_url=PICTURE, title=plain("x" * n)))),
    Limit("markdown", 12_000, lambda n: blocks(markdown("x" * n))),
    Limit("CJK markdown", 12_000, lambda n: blocks(markdown("警" * n))),
    Limit(
        "markdown together",
        12_000,
        lambda n: blocks(markdown("x" * 6_000), markdown("x" * (n - 6_000))),
    ),
    Limit("table rows", 100, lambda n: blocks(table(rows=n))),
    Limit("table cells", 20, lambda n: blocks(table(cells=n))),
    Limit("table characters", 10_000, lambda n: blocks(table(text="x" * n))),
    Limit("data table rows", 101, lambda n: blocks(data_table(rows=n))),
    Limit("tables", 1, lambda n: blocks(*[table()] * n), "invalid_attachments"),
    Limit("charts", 2, lambda n: blocks(*[chart()] * n)),
    Limit("chart title", 50, lambda n: blocks(chart(title="x" * n))),
    Limit("pie segments", 6, lambda n: blocks(pie(segments=n))),
    Limit("chart label", 20, lambda n: blocks(pie(label="x" * n))),
    Limit("chart series", 6, lambda n: blocks(plot(number=n))),
    Limit("chart points", 20, lambda n: blocks(plot(points=n))),
    Limit("card title", 150, lambda n: blocks({"type": "card", "title": mrkdwn("x" * n)})),
    Limit("card subtitle", 150, lambda n: blocks({"type": "card", "title": mrkdwn("t"), "subtitle": mrkdwn("x" * n)})),
    Limit("card body", 200, lambda n: blocks({"type": "card", "body": mrkdwn("x" * n)})),
    Limit("card buttons", 3, lambda n: blocks({"type": "card", "actions": [button()] * n})),
    Limit("cards", 10, lambda n: blocks({"type": "carousel", "elements": [{"type": "card", "body": mrkdwn("b")}] * n})),
    Limit("children", 10, lambda n: blocks({"type": "container", "child_blocks": [{"type": "divider"}] * n})),
    Limit("list indent", 8, lambda n: blocks(listing(indent=n))),
    Limit("list border", 1, lambda n: blocks(listing(border=n))),
    Limit("button text", 75, lambda n: blocks(actions(button(text=plain("x" * n))))),
    Limit("button value", 2_000, lambda n: blocks(actions(button(value="x" * n)))),
    Limit("button url", 3_000, lambda n: blocks(actions(button(url="https://e.com/" + "x" * (n - 14))))),
    Limit("action_id", 255, lambda n: blocks(actions(button(action_id="x" * n)))),
    Limit("accessibility_label", 75, lambda n: blocks(actions(button(accessibility_label="x" * n)))),
    Limit("confirm title", 100, lambda n: blocks(actions(button(confirm=confirm(title=plain("x" * n)))))),
    Limit("confirm text", 300, lambda n: blocks(actions(button(confirm=confirm(text=plain("x" * n)))))),
    Limit("confirm buttons", 30, lambda n: blocks(actions(button(confirm=confirm(confirm=plain("x" * n)))))),
    Limit("option text", 75, lambda n: blocks(actions(select(options=[option(text="x" * n)])))),
    Limit("option value", 150, lambda n: blocks(actions(select(options=[option(value="x" * n)])))),
    Limit("option description", 75, lambda n: blocks(actions(select(options=[option(description=plain("x" * n))])))),
    Limit("select options", 100, lambda n: blocks(actions(select(options=[option()] * n)))),
    Limit("option groups", 100, lambda n: blocks(grouped(n))),
    Limit("placeholder", 150, lambda n: blocks(actions(select(options=[option()], placeholder=plain("x" * n))))),
    Limit("overflow options", 5, lambda n: blocks(actions({"type": "overflow", "options": [option()] * n}))),
    Limit("checkboxes", 10, lambda n: blocks(actions({"type": "checkboxes", "options": [option()] * n}))),
    Limit("radio buttons", 10, lambda n: blocks(actions({"type": "radio_buttons", "options": [option()] * n}))),
    Limit("all blocks together", MOST_RENDERED, long_together, "msg_blocks_too_long"),
    Limit("metadata", 8_000, metadata, "metadata_too_large"),
]


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: limit.name)
def test_a_limit_is_kept_to_the_last_character(limit: Limit) -> None:
    """At the limit Slack takes it, one over it answers the documented word."""
    assert refusal(limit.make(limit.most), method=limit.method) is None
    over = refusal(limit.make(limit.most + 1), method=limit.method)
    assert over is not None
    assert over.word == limit.word


EMPTY: list[tuple[str, Payload]] = [
    ("section text", blocks(section(""))),
    ("section without text and fields", blocks({"type": "section"})),
    ("no fields", blocks({"type": "section", "fields": []})),
    ("header", blocks({"type": "header", "text": plain("")})),
    ("no context elements", blocks({"type": "context", "elements": []})),
    ("no actions", blocks(actions())),
    ("markdown", blocks(markdown(""))),
    ("rich text", blocks(rich(line("")))),
    ("empty list", blocks(rich({"type": "rich_text_list", "style": "bullet", "elements": []}))),
    ("alt_text", blocks({"type": "image", "alt_text": "", "image_url": PICTURE})),
    ("overflow", blocks(actions({"type": "overflow", "options": []}))),
    ("data table of one row", blocks(data_table(rows=1))),
    ("no cards", blocks({"type": "carousel", "elements": []})),
    ("an empty card", blocks({"type": "card"})),
    ("no children", blocks({"type": "container", "child_blocks": []})),
]
WRONG: list[tuple[str, Payload]] = [
    ("null block_id", blocks(section("x", block_id=None))),
    ("unknown key of a block", blocks(section("x", colour="red"))),
    ("unknown key of a text", blocks({"type": "section", "text": {**mrkdwn("x"), "emoji": True}})),
    ("verbatim on plain text", blocks({"type": "header", "text": {**plain("x"), "verbatim": True}})),
    ("unknown block", blocks({"type": "sektion"})),
    ("no type", blocks({"text": mrkdwn("x")})),
    ("not an object", blocks("section")),
    ("mrkdwn in a header", blocks({"type": "header", "text": mrkdwn("x")})),
    ("mrkdwn on a button", blocks(actions(button(text=mrkdwn("x"))))),
    ("same block_id", blocks(section("x", block_id="a"), section("y", block_id="a"))),
    ("same action_id", blocks(actions(button(action_id="a"), button(action_id="a")))),
    ("a style that is none", blocks(actions(button(style="default")))),
    ("a URL that is none", blocks(actions(button(url="runbook")))),
    ("a picture inside a company", blocks(picture(image_url="http://10.0.0.7/p.png"))),
    ("a picture on this machine", blocks(picture(image_url="http://localhost/p.png"))),
    ("two sources of a picture", blocks(picture(image_url=PICTURE, slack_file={"id": "F1"}))),
    ("no source of a picture", blocks({"type": "image", "alt_text": "a"})),
    ("an alert block", blocks({"type": "alert", "text": mrkdwn("x")})),
    ("an input block", blocks({"type": "input", "label": plain("x"), "element": {"type": "plain_text_input"}})),
    ("a nested container", blocks({"type": "container", "child_blocks": [{"type": "container", "child_blocks": []}]})),
    ("options and groups", blocks(actions(select(options=[option()], option_groups=[])))),
    ("a user in preformatted text", blocks(rich({"type": "rich_text_preformatted", "elements": [USER]}))),
    ("expand that is no boolean", blocks(section("x", expand="true"))),
    ("a data table without caption", blocks({"type": "data_table", "rows": [[raw("x")]] * 2})),
]


@pytest.mark.parametrize("payload", [pytest.param(p, id=name) for name, p in EMPTY + WRONG])
def test_a_malformed_block_is_refused(payload: Payload) -> None:
    """`invalid_blocks`, in an attachment `invalid_attachments`, through a webhook without any reason."""
    there = refusal(payload)
    inside = refusal({"attachments": [{"blocks": payload["blocks"]}]})
    hook = refusal(payload, method=WEBHOOK)
    assert there is not None
    assert (there.word, bool(there.faults)) == ("invalid_blocks", True)
    assert inside is not None
    assert inside.word == "invalid_attachments"
    assert hook is not None
    assert hook.word == "invalid_blocks"


@pytest.mark.parametrize(
    "extra", [{"text": "x"}, {"title": None}, {"mrkdwn_in": ["text"]}, {"is_indented": False}, {"ts": 1}], ids=str
)
def test_beside_blocks_an_attachment_takes_colour_and_fallback_only(extra: dict[str, object]) -> None:
    """Not even a null or a false flag."""
    refused = refusal(attachment(section("x"), **extra))
    assert refused is not None
    assert (refused.word, refused.messages) == ("invalid_attachments", ("[ERROR] invalid_keys",))
    assert refusal(attachment(section("x"), fallback="x")) is None


@pytest.mark.parametrize(
    ("payload", "word"),
    [
        ({}, "no_text"),
        ({"text": " "}, "no_text"),
        ({"text": "", "blocks": [], "attachments": []}, "no_text"),
        ({"markdown_text": "x", "text": "y"}, "markdown_text_conflict"),
        ({"blocks": "[]", "text": "x"}, "invalid_blocks_format"),
        ({"text": None, "blocks": []}, "invalid_arguments"),
        ({"text": "x", "colour": "red"}, "invalid_arguments"),
        ({"text": "x", "metadata": {"event_type": "a"}}, "invalid_metadata_format"),
        ({"text": "x", "metadata": {"event_type": 1, "event_payload": {}}}, "invalid_metadata_format"),
        ({"text": "x", "metadata": None}, "invalid_metadata_format"),
        ({"attachments": [{}]}, "invalid_attachments"),
        ({"attachments": {}}, "invalid_attachments"),
        (attachment(section("x"), color="reddish"), "invalid_attachments"),
        (attachment(section("x", block_id="a"), section("y", block_id="a")), "invalid_attachments"),
        ({**blocks(section("x", block_id="a")), **attachment(section("y", block_id="a"))}, "invalid_attachments"),
        ({**blocks(table()), **attachment(data_table())}, "invalid_attachments"),
    ],
    ids=str,
)
def test_a_malformed_message_is_refused(payload: Payload, word: str) -> None:
    """In the word that is documented for it."""
    refused = refusal(payload)
    assert refused is not None
    assert refused.word == word


REASONS: list[tuple[Payload, str]] = [
    (blocks(section("x" * 3_001)), "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"),
    (blocks(*[{"type": "divider"}] * 51), "no more than 50 items allowed [json-pointer:/blocks]"),
    (blocks(section("x", block_id=None)), "must provide a string [json-pointer:/blocks/0/block_id]"),
    (blocks({"type": "header"}), "missing required field: text [json-pointer:/blocks/0]"),
    (blocks(section("x", colour="red")), "invalid additional property: colour [json-pointer:/blocks/0]"),
]


@pytest.mark.parametrize(("payload", "reason"), REASONS, ids=[reason for _, reason in REASONS])
def test_a_refusal_points_to_its_reason(payload: Payload, reason: str) -> None:
    """As Slack writes it."""
    refused = refusal(payload)
    assert refused is not None
    assert [str(fault) for fault in refused.faults] == [reason]


ACCEPTED: list[Payload] = [
    {"text": "x" * 40_001},
    blocks(section("x", expand=True, accessory=button(url="https://e.com", style="danger"))),
    blocks(section("x", accessory={"type": "image", "alt_text": "a", "image_url": PICTURE})),
    blocks(rich(line("x"), {"type": "rich_text_quote", "elements": [{"type": "link", "url": "https://e.com"}]})),
    blocks(rich({"type": "rich_text_section", "elements": [{"type": "date", "timestamp": 1, "format": "{date}"}]})),
    blocks(actions({"type": "users_select", "action_id": "a"}, {"type": "multi_channels_select", "action_id": "b"})),
    blocks({"type": "image", "alt_text": "a", "slack_file": {"id": "F1"}}),
    blocks({"type": "container", "child_blocks": [section("x")]}),
    attachment(rich(line("x")), table()),
    {"text": "t", "attachments": [{"text": "legacy", "footer": "f", "mrkdwn_in": ["text"]}]},
]


@pytest.mark.parametrize("payload", ACCEPTED, ids=range(len(ACCEPTED)))
def test_what_slack_takes_is_taken(payload: Payload) -> None:
    """Stricter than Slack would be as wrong as laxer."""
    assert refusal(payload) is None
