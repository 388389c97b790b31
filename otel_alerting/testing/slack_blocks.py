"""The blocks that Slack takes in a message, and their limits: one line a limit, in the order of Slack's reference."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from otel_alerting.testing.slack_shapes import (
    Check,
    Fault,
    both,
    distinct,
    exactly_one,
    flag,
    items,
    kinds,
    length,
    number,
    one_of,
    shape,
    string,
)

_ANYTHING = string(most=40_000, least=0)


def _text(most: int = 3_000, *, plain: bool = False) -> Check:
    plain_text = shape({"text": string(most)}, {"emoji": flag})
    mrkdwn = shape({"text": string(most)}, {"verbatim": flag})
    return kinds({"plain_text": plain_text} if plain else {"plain_text": plain_text, "mrkdwn": mrkdwn})


def _url(value: object, pointer: str) -> Iterator[Fault]:
    yield from string(3_000)(value, pointer)
    if isinstance(value, str) and not re.match(r"(https?|mailto|slack|tel):", value, re.IGNORECASE):
        yield Fault("must be a valid URL", pointer)


def _picture_url(value: object, pointer: str) -> Iterator[Fault]:
    """Slack downloads a picture while it takes the message: an address inside a company costs the whole message."""
    yield from _url(value, pointer)
    if isinstance(value, str) and not _reachable(urlsplit(value).hostname or ""):
        yield Fault("downloading image failed", pointer)


def _reachable(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return "." in host and not host.endswith((".local", ".internal", ".localdomain", ".lan", ".test", ".invalid"))


_CONFIRM = shape(
    {
        "title": _text(100, plain=True),
        "text": _text(300),
        "confirm": _text(30, plain=True),
        "deny": _text(30, plain=True),
    },
    {"style": one_of("primary", "danger")},
)
_ACTION_ID = string(255)
_PLACEHOLDER = _text(150, plain=True)


def _option(*, url: bool = False) -> Check:
    optional = {"description": _text(75)} | ({"url": _url} if url else {})
    return shape({"text": _text(75), "value": string(150)}, optional)


def _choice(required: Mapping[str, Check], optional: Mapping[str, Check] = {}) -> Check:
    shared = {"action_id": _ACTION_ID, "confirm": _CONFIRM, "focus_on_load": flag}
    return shape(required, {**shared, **optional})


_OPTIONS = items(_option(), most=100)
_GROUPS = items(shape({"label": _text(75, plain=True), "options": _OPTIONS}), most=100)
_FILTER = shape(
    {}, {"include": items(_ANYTHING, 4), "exclude_external_shared_channels": flag, "exclude_bot_users": flag}
)


def _select(*, many: bool, source: str) -> Check:
    """A menu; `static` ones bring their options, the others ask somebody for them."""
    several = {"max_selected_items": number(low=1)} if many else {}
    optional: dict[str, Check] = {"placeholder": _PLACEHOLDER, **several}
    if source == "static":
        initial: dict[str, Check] = {"initial_options": _OPTIONS} if many else {"initial_option": _option()}
        own = {**optional, **initial, "options": _OPTIONS, "option_groups": _GROUPS}
        return both(_choice({}, own), exactly_one("options", "option_groups"))
    if source == "external":
        initial = {"initial_options": _OPTIONS} if many else {"initial_option": _option()}
        return _choice({}, {**optional, **initial, "min_query_length": number(low=0)})
    name = {"users": "user", "conversations": "conversation", "channels": "channel"}[source]
    initial = {f"initial_{name}s": items(_ANYTHING, 100)} if many else {f"initial_{name}": _ANYTHING}
    more: dict[str, Check] = {"response_url_enabled": flag, "default_to_current_conversation": flag, "filter": _FILTER}
    return _choice({}, {**optional, **initial, **(more if source != "users" else {})})


_SOURCES = ("static", "external", "users", "conversations", "channels")
_SELECTS = {f"{source}_select": _select(many=False, source=source) for source in _SOURCES}
_MULTI_SELECTS = {f"multi_{source}_select": _select(many=True, source=source) for source in _SOURCES}

BUTTON = _choice(
    {"text": _text(75, plain=True)},
    {
        "url": _url,
        "value": string(2_000, least=0),
        "style": one_of("primary", "danger"),
        "accessibility_label": string(75),
    },
)
_PICTURE_SOURCE = exactly_one("image_url", "slack_file")
_SLACK_FILE = both(shape({}, {"id": string(255), "url": _url}), exactly_one("id", "url"))
_PICTURE = both(
    shape({"alt_text": string(2_000)}, {"image_url": _picture_url, "slack_file": _SLACK_FILE}), _PICTURE_SOURCE
)
_PARAMETER = shape({"name": string(255), "value": _ANYTHING})
_WORKFLOW = shape({"trigger": shape({"url": _url}, {"customizable_input_parameters": items(_PARAMETER, 100)})})

INTERACTIVE: Mapping[str, Check] = {
    "button": BUTTON,
    "overflow": _choice({"options": items(_option(url=True), most=5)}),
    "checkboxes": _choice({"options": items(_option(), most=10)}, {"initial_options": items(_option(), most=10)}),
    "radio_buttons": _choice({"options": items(_option(), most=10)}, {"initial_option": _option()}),
    "datepicker": _choice({}, {"initial_date": string(10), "placeholder": _PLACEHOLDER}),
    "timepicker": _choice({}, {"initial_time": string(5), "placeholder": _PLACEHOLDER, "timezone": string(100)}),
    "datetimepicker": _choice({}, {"initial_date_time": number(low=0)}),
    "workflow_button": _choice(
        {"text": _text(75, plain=True), "workflow": _WORKFLOW},
        {"style": one_of("primary", "danger"), "accessibility_label": string(75)},
    ),
    **_SELECTS,
}

_STYLE = shape({}, dict.fromkeys(("bold", "italic", "strike", "code", "underline"), flag))
_INLINE = kinds(
    {
        "text": shape({"text": string(40_000)}, {"style": _STYLE}),
        "link": shape({"url": _url}, {"text": _ANYTHING, "unsafe": flag, "style": _STYLE}),
        "emoji": shape({"name": string(100)}, {"unicode": _ANYTHING, "style": _STYLE, "skin_tone": number(1, 6)}),
        "user": shape({"user_id": string(50)}, {"style": _STYLE}),
        "usergroup": shape({"usergroup_id": string(50)}, {"style": _STYLE}),
        "channel": shape({"channel_id": string(50)}, {"style": _STYLE}),
        "broadcast": shape({"range": one_of("here", "channel", "everyone")}, {"style": _STYLE}),
        "color": shape({"value": string(20)}, {"style": _STYLE}),
        "date": shape(
            {"timestamp": number(), "format": string(1_000)}, {"url": _url, "fallback": _ANYTHING, "style": _STYLE}
        ),
    }
)
_LITERAL = kinds(
    {"text": shape({"text": string(40_000)}, {"style": _STYLE}), "link": shape({"url": _url}, {"text": _ANYTHING})}
)
_BORDER = {"border": number(0, 1)}
_RICH_SECTION = shape({"elements": items(_INLINE, most=1_000, least=0)})
_RICH: Mapping[str, Check] = {
    "rich_text_section": _RICH_SECTION,
    "rich_text_list": shape(
        {"style": one_of("bullet", "ordered"), "elements": items(kinds({"rich_text_section": _RICH_SECTION}), 1_000)},
        {"indent": number(0, 8), "offset": number(low=0), **_BORDER},
    ),
    "rich_text_quote": shape({"elements": items(_INLINE, most=1_000)}, _BORDER),
    "rich_text_preformatted": shape({"elements": items(_LITERAL, most=1_000)}, {"language": string(50), **_BORDER}),
}
_ID = {"block_id": string(255)}
_RICH_TEXT = shape({"elements": items(kinds(_RICH), most=1_000)}, _ID)


def _cells(value: object, pointer: str) -> Iterator[Fault]:
    """All words of a table together."""
    if sum(length(text) for text in texts(value)) > 10_000:
        yield Fault("must be less than 10001 characters", pointer)


_CELL = kinds({"raw_text": shape({"text": string(10_000, least=0)}), "rich_text": _RICH_TEXT})
_DATA_CELL = kinds(
    {
        "raw_text": shape({"text": string(10_000, least=0)}),
        "raw_number": shape({"value": number()}, {"text": _ANYTHING}),
        "rich_text": _RICH_TEXT,
    }
)
_COLUMN = shape({}, {"align": one_of("left", "center", "right"), "is_wrapped": flag})
_CHART_LABELS = items(string(20), most=20)
_SERIES = shape({"name": string(20), "data": items(shape({"label": string(20), "value": number()}), most=20)})
_PLOT = shape(
    {
        "series": both(items(_SERIES, most=6), distinct("name")),
        "axis_config": shape({"categories": _CHART_LABELS}, {"x_label": string(50), "y_label": string(50)}),
    }
)
_SEGMENT = shape({"label": string(20), "value": number(low=0)})
_CHART = kinds({"pie": shape({"segments": items(_SEGMENT, most=6)}), "bar": _PLOT, "area": _PLOT, "line": _PLOT})


def _section(value: object, pointer: str) -> Iterator[Fault]:
    if isinstance(value, dict) and "text" not in value and "fields" not in value:
        yield Fault("must provide either text or fields", pointer)


def _card(value: object, pointer: str) -> Iterator[Fault]:
    if isinstance(value, dict) and not {"hero_image", "title", "actions", "body"} & value.keys():
        yield Fault("must provide at least one of: hero_image, title, actions, body", pointer)


_IMAGE_ELEMENT = kinds({"image": _PICTURE})
_CARD = both(
    shape(
        {},
        {
            **_ID,
            "title": _text(150),
            "subtitle": _text(150),
            "body": _text(200),
            "hero_image": _IMAGE_ELEMENT,
            "icon": _IMAGE_ELEMENT,
            "slack_icon": shape({"name": string(50)}),
            "actions": items(kinds({"button": BUTTON}), most=3),
        },
    ),
    _card,
)
_CONTEXT = kinds(
    {
        "plain_text": shape({"text": string(3_000)}, {"emoji": flag}),
        "mrkdwn": shape({"text": string(3_000)}, {"verbatim": flag}),
        "image": _PICTURE,
    }
)
_ACTIONS = both(items(kinds({**INTERACTIVE, **_MULTI_SELECTS}), most=25), distinct("action_id"))

_PLAIN_BLOCKS: Mapping[str, Check] = {
    "section": both(
        shape(
            {},
            {
                **_ID,
                "text": _text(),
                "fields": items(_text(2_000), most=10),
                "accessory": kinds({**INTERACTIVE, **_MULTI_SELECTS, "image": _PICTURE}),
                "expand": flag,
            },
        ),
        _section,
    ),
    "header": shape({"text": _text(150, plain=True)}, {**_ID, "level": number(1, 6)}),
    "context": shape({"elements": items(_CONTEXT, most=10)}, _ID),
    "actions": shape({"elements": _ACTIONS}, _ID),
    "divider": shape({}, _ID),
    "image": both(
        shape(
            {"alt_text": string(2_000)},
            {**_ID, "image_url": _picture_url, "slack_file": _SLACK_FILE, "title": _text(2_000, plain=True)},
        ),
        _PICTURE_SOURCE,
    ),
    "markdown": shape({"text": string(12_000)}, _ID),
    "rich_text": _RICH_TEXT,
    "table": both(
        shape(
            {"rows": items(items(_CELL, most=20), most=100)},
            {**_ID, "column_settings": items(_COLUMN, most=20, least=0)},
        ),
        _cells,
    ),
    "data_table": both(
        shape(
            {"caption": string(10_000), "rows": items(items(_DATA_CELL, most=20), most=101, least=2)},
            {**_ID, "page_size": number(1, 100), "row_header_column_index": number(0, 19)},
        ),
        _cells,
    ),
    "data_visualization": shape({"title": string(50), "chart": _CHART}, _ID),
    "card": _CARD,
    "carousel": shape({"elements": items(kinds({"card": _CARD}), most=10)}, _ID),
    "video": shape(
        {"alt_text": string(2_000), "title": _text(199, plain=True), "thumbnail_url": _url, "video_url": _url},
        {
            **_ID,
            "author_name": string(50),
            "description": _text(200, plain=True),
            "provider_icon_url": _url,
            "provider_name": string(50),
            "title_url": _url,
        },
    ),
}
BLOCKS: Mapping[str, Check] = {
    **_PLAIN_BLOCKS,
    "container": shape(
        {"child_blocks": items(kinds({k: v for k, v in _PLAIN_BLOCKS.items() if k not in ("card", "carousel")}), 10)},
        {**_ID, "title": _text(150), "subtitle": _text(150), "icon": _IMAGE_ELEMENT, "width": string(20)},
    ),
}
"""What a message may hold. `alert` and `input` are for modals, `file` is Slack's own."""

BLOCK: Check = kinds(BLOCKS)


def texts(value: object) -> Iterator[str]:
    """Every text that a reader sees somewhere inside a block."""
    if isinstance(value, dict):
        for name, member in value.items():
            if name in ("text", "alt_text", "caption", "title") and isinstance(member, str):
                yield member
            elif name not in ("block_id", "action_id", "url", "value"):
                yield from texts(member)
    elif isinstance(value, list):
        for member in value:
            yield from texts(member)
