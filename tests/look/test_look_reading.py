"""Slack's markup as Slack reads it: which marks style, which stay, and who sees which date."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_alerting.look.direction import runs_right_to_left
from otel_alerting.look.layout import Bar, Buttons, Grid, Items, SmallPrint, Words, lay_out, words_of
from otel_alerting.look.mrkdwn_reader import Piece, Span, read_mrkdwn
from otel_alerting.look.viewer import Viewer

ANYBODY = Viewer()
AT = 1_763_989_384
"""2025-11-24 13:03:04 UTC, in seconds."""
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["type", "text", "elements", "fields", "style", "accessory"]), inner)
    ),
    max_leaves=20,
)


def spans(text: str) -> tuple[Span, ...]:
    (piece,) = read_mrkdwn(text, ANYBODY)
    return piece.spans


def test_marks_nest_and_close_in_order() -> None:
    """`*a _b_ c*` is bold all through, its middle italic too."""
    assert spans("*a _b_ c*") == (Span("a ", bold=True), Span("b", bold=True, italic=True), Span(" c", bold=True))
    assert spans("~gone *too*~") == (Span("gone ", strike=True), Span("too", strike=True, bold=True))


@pytest.mark.parametrize(
    "text", ["2*3*4", "a_b_c", "* not bold *", "*two\nlines*", "**", "~", "`", "日*太*字", "<>", "a < b"]
)
def test_marks_that_style_nothing_in_slack_stay_as_they_are(text: str) -> None:
    """Inside words, beside spaces, across lines: text."""
    assert spans(text) == (Span(text),)


def test_code_is_literal_but_for_the_three_entities() -> None:
    """No bold and no emoji in a code span or a fence."""
    assert spans("`*a* :fire: &lt;b&gt;`") == (Span("*a* :fire: <b>", code=True),)
    assert read_mrkdwn("see\n```\n*a*\n```\nend", ANYBODY) == (
        Piece("text", (Span("see"),)),
        Piece("fence", (Span("*a*", code=True),)),
        Piece("text", (Span("end"),)),
    )


def test_a_fence_that_never_closes_is_text() -> None:
    """Slack shows the marks."""
    assert "".join(piece.plain for piece in read_mrkdwn("a ```b", ANYBODY)) == "a ```b"


def test_quoted_lines_that_follow_each_other_are_one_quote() -> None:
    """The mark may come escaped, as our own templates write it."""
    kinds = [(piece.kind, piece.plain) for piece in read_mrkdwn("before\n&gt; one\n> two\nafter", ANYBODY)]
    assert kinds == [("text", "before"), ("quote", "one\ntwo"), ("text", "after")]


@pytest.mark.parametrize(
    ("markup", "seen"),
    [
        ("<!here>", "@here"),
        ("<@U024BE7LH>", "@U024BE7LH"),
        ("<!subteam^S614TZR7|@oncall>", "@oncall"),
        ("<#C024BE7LR|ops>", "#ops"),
    ],
)
def test_mentions_are_shown_as_such(markup: str, seen: str) -> None:
    """People, groups, channels and everybody."""
    assert spans(markup) == (Span(seen, mention=True),)


def test_an_escaped_mention_is_text() -> None:
    """What the renderer disarmed stays disarmed here."""
    assert spans("&lt;!channel&gt;") == (Span("<!channel>"),)


def test_links_carry_their_address_and_their_label() -> None:
    """Without a label the address is shown; an address that may not be followed is text only."""
    assert spans("<https://a.example/?x=1&amp;y=2|go>") == (Span("go", link="https://a.example/?x=1&y=2"),)
    assert spans("<https://a.example>") == (Span("https://a.example", link="https://a.example"),)
    assert spans("<javascript:alert(1)|go>") == (Span("go"),)


@pytest.mark.parametrize(
    ("viewer", "tokens", "seen"),
    [
        (Viewer(timezone="Asia/Tokyo", locale="ja"), "{date_num} {time}", "2025-11-24 22:03"),
        (Viewer(timezone="America/New_York"), "{time_secs}", "8:03:04\u202fAM"),
        (Viewer(timezone="Europe/Berlin", locale="de"), "{date_long_pretty}", "Montag, 24. November 2025"),
        (Viewer(locale="fr", now=(AT + 180) * 1_000_000_000), "{ago}", "Il y a 3 minutes"),
        (Viewer(timezone="Nowhere/Atall", locale="xx"), "{date_num} {time}", "2025-11-24 1:03\u202fPM"),
    ],
)
def test_dates_are_written_for_the_viewer(viewer: Viewer, tokens: str, seen: str) -> None:
    """In their time zone and language, with a capital at the beginning; what is unknown is UTC and English."""
    (piece,) = read_mrkdwn(f"<!date^{AT}^{tokens}|fallback>", viewer)
    assert piece.plain == seen


@pytest.mark.parametrize("seconds", ["", "soon", "-5", "9" * 30, "²"])
def test_a_date_that_makes_no_sense_is_its_fallback(seconds: str) -> None:
    """As an old client or an e-mail would show it."""
    assert spans(f"<!date^{seconds}^{{date}}|24 Nov>") == (Span("24 Nov"),)


@pytest.mark.parametrize("hostile", ["*a ", "`", "<", "*_~", "<!date^", "&lt;", ":a", "```", "> \n", "_a*b "])
def test_reading_takes_time_in_proportion_to_the_length(hostile: str) -> None:
    """Slack's 13,000 characters at worst, read a thousand times faster than anything quadratic would."""
    began = time.process_time()
    read_mrkdwn(hostile * (40_000 // len(hostile)), ANYBODY)
    assert time.process_time() - began < 2


@given(st.text(alphabet="ab *_~`<>|&;:!#@^{}\n", max_size=80))
def test_any_markup_can_be_read(text: str) -> None:
    """Nothing raises, and no empty span is left."""
    assert all(span.text for piece in read_mrkdwn(text, ANYBODY) for span in piece.spans)


@given(JSON, JSON)
def test_any_payload_can_be_laid_out(blocks: object, attachments: object) -> None:
    """What somebody else sent is drawn as far as it makes sense."""
    lay_out(
        {"text": "x", "blocks": blocks, "attachments": [{"color": "#123456", "blocks": blocks}, attachments]}, ANYBODY
    )


def test_text_is_shown_only_where_there_are_no_blocks() -> None:
    """With blocks it is for notifications and screen readers."""
    block = {"type": "section", "text": {"type": "mrkdwn", "text": "block"}}
    assert lay_out({"text": "text", "blocks": [block]}, ANYBODY) == (Words((Piece("text", (Span("block"),)),)),)
    assert lay_out({"text": "text"}, ANYBODY) == (Words((Piece("text", (Span("text"),)),)),)
    assert words_of({"text": "*a*\n&lt;b&gt;"}) == "a <b>"


def test_an_attachment_from_before_blocks_is_drawn_too() -> None:
    """Title with its link, text, fields, footer; colour by name or number, and nothing else as colour."""
    old = {
        "color": "danger",
        "title": "Disk",
        "title_link": "https://a.example",
        "text": "is *full*",
        "fields": [{"title": "Host", "value": "db-1", "short": True}],
        "footer": "monitor",
    }
    (bar,) = lay_out({"attachments": [old]}, ANYBODY)
    assert isinstance(bar, Bar)
    assert bar.color == "#E01E5A"
    assert [type(element) for element in bar.elements] == [Words, Words, Grid, SmallPrint]
    (bar,) = lay_out({"attachments": [{**old, "color": "red;background:url(x)"}]}, ANYBODY)
    assert isinstance(bar, Bar)
    assert bar.color == "#DDDDDD"


def test_lists_menus_and_accessories_are_drawn() -> None:
    """What Block Kit has and our own messages do not use."""
    item = {"type": "rich_text_section", "elements": [{"type": "text", "text": "one", "style": {"bold": True}}]}
    blocks = [
        {
            "type": "rich_text",
            "elements": [{"type": "rich_text_list", "style": "ordered", "indent": 1, "elements": [item]}],
        },
        {"type": "actions", "elements": [{"type": "overflow", "options": []}]},
        {
            "type": "section",
            "text": {"type": "mrkdwn", "text": "x"},
            "accessory": {"type": "static_select", "placeholder": {"type": "plain_text", "text": "Silence :mute:"}},
        },
    ]
    items, menu, _, accessory = lay_out({"blocks": blocks}, ANYBODY)
    assert items == Items(((1, 1, (Span("one", bold=True),)),))
    assert isinstance(menu, Buttons)
    assert isinstance(accessory, Buttons)
    assert (menu.buttons[0].menu, accessory.buttons[0].label) == (True, "Silence 🔇")


@pytest.mark.parametrize(
    ("text", "rtl"),
    [("🔴 حرِج", True), ("\u2068checkout\u2069 حرِج", True), ("checkout حرِج", False), ("123 …", False), ("", False)],
)
def test_what_stands_in_isolates_does_not_turn_a_message_round(text: str, rtl: bool) -> None:
    """A Latin name at the beginning of an Arabic title is isolated by the renderer."""
    assert runs_right_to_left(text) is rtl
