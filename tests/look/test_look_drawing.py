"""A payload in the terminal and as a page: what a reader of Slack would see, and nothing that was smuggled in."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import look_samples as samples
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from otel_alerting.look.mrkdwn_reader import read_mrkdwn, safe_link
from otel_alerting.look.page import Shown, draw_page
from otel_alerting.look.terminal import draw_terminal
from otel_alerting.look.viewer import Viewer

VIEWER = Viewer(timezone="Europe/Paris", locale="fr-FR")
ALL = (samples.FRENCH, samples.GERMAN, samples.JAPANESE, samples.ARABIC, samples.RESOLVED)
HOSTILE = '<script>alert(1)</script> "quoted" \x1b[31m\x07 <https://a.example|b> <javascript:alert(1)|x> &lt;b&gt;'


class Tags(HTMLParser):
    """Collects what a browser would act on."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]
        assert not any(name.startswith("on") for name, _ in attrs)


def page_of(payload: dict[str, object]) -> str:
    return draw_page([Shown(channel="#ops", at=samples.AT, payload=payload)], title="t")


def words(text: str) -> str:
    return "".join(span.text for piece in read_mrkdwn(text, VIEWER) for span in piece.spans)


@pytest.mark.parametrize("payload", ALL, ids=["fr", "de", "ja", "ar", "resolved"])
@pytest.mark.parametrize("width", [40, 80, 120])
def test_no_line_in_the_terminal_is_wider_than_asked(payload: dict[str, object], width: int) -> None:
    """East Asian letters take two cells; a table that breaks is no table."""
    lines = draw_terminal(payload, width=width, color=False).splitlines()
    assert lines
    assert max(map(cell_len, lines)) <= width


def test_the_terminal_shows_title_fields_details_and_buttons() -> None:
    """Everything a reader in Slack would see is there."""
    drawn = draw_terminal(samples.FRENCH, width=80, color=False, timezone="Europe/Paris", locale="fr")
    for seen in ("UnhandledException", "Gravité", "élevée", "KeyError: 'ARS'", "[ Voir la trace ]", "2025-11-24 14:03"):
        assert seen in drawn.replace("\xa0", " ")


def test_without_color_there_is_no_escape_sequence_and_with_it_there_is() -> None:
    """NO_COLOR and pipes get plain text."""
    assert "\x1b" not in draw_terminal(samples.GERMAN, color=False)
    assert "\x1b" in draw_terminal(samples.GERMAN, color=True)


@given(st.text(max_size=300))
def test_a_message_cannot_move_the_cursor(text: str) -> None:
    """Control characters of a payload never reach the terminal."""
    payload = samples.alert(text or "x", text=text, color="#D93025", summary=text, details=text or "x", context=(text,))
    drawn = draw_terminal(payload, width=60, color=False)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", drawn)


@given(st.text(max_size=300))
def test_a_message_cannot_put_anything_into_the_page_but_text(text: str) -> None:
    """Whatever stands in a payload, the page has the same elements and no address but http, https and mailto."""
    payload = samples.alert(text or "x", text=text, color=text, summary=text, details=text or "x", context=(text,))
    parser = Tags()
    parser.feed(page_of(payload))
    assert not {"script", "iframe", "object", "embed", "form", "base", "link", "meta http-equiv"} & set(parser.tags)
    assert all(link.startswith(("http://", "https://", "mailto:", "#", "data:image/svg")) for link in parser.links)


def test_hostile_markup_is_shown_as_it_is() -> None:
    """The words stay readable; nothing of them is acted on."""
    page = page_of(samples.alert("x", text="x", color="#D93025", details=HOSTILE, context=(HOSTILE,)))
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page
    assert 'href="javascript' not in page


def test_the_page_needs_nothing_else_and_says_who_may_run_in_it() -> None:
    """One file: no script, nothing fetched, a policy that forbids both."""
    page = page_of(samples.FRENCH)
    assert "Content-Security-Policy" in page
    assert not re.search(r"(?:src|href)=\"https?://(?!trace|runbooks|shop)", page)


def test_arabic_runs_right_to_left_and_code_in_it_does_not() -> None:
    """The browser is told the direction of each message."""
    assert 'class="blocks" dir="rtl"' in page_of(samples.ARABIC)
    assert 'class="blocks" dir="rtl"' not in page_of(samples.GERMAN)


@pytest.mark.parametrize(
    ("markup", "seen"),
    [
        ("a &amp; b &lt;c&gt;", "a & b <c>"),
        ("*bold* _it_ ~gone~ `code`", "bold it gone code"),
        ("<https://a.example|label>", "label"),
        ("<!date^1763989380^{date_num} {time}|fallback>", "2025-11-24 14:03"),
        ("snake_case_name and 2*3*4", "snake_case_name and 2*3*4"),
        ("unclosed *bold", "unclosed *bold"),
    ],
)
def test_mrkdwn_reads_as_slack_reads_it(markup: str, seen: str) -> None:
    """Formatting, links, dates and entities; what is not closed stays as it is."""
    assert words(markup) == seen


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "vbscript:x", " https://a", "//a.example"])
def test_only_plain_addresses_become_links(url: str) -> None:
    """Everything else is text."""
    assert safe_link(url) == ""


def test_a_button_is_never_broken_across_lines() -> None:
    """What does not fit beside the others stands below them."""
    lines = draw_terminal(samples.FRENCH, width=44, color=False).splitlines()
    assert lines[-2:] == ["┃ [ Voir la trace ]  [ Procédure ]", "┃ [ Mettre en sourdine ▾ ]"]


def test_right_to_left_fields_stand_one_under_the_other() -> None:
    """A terminal that reorders a line would mix two cells of one row."""
    drawn = draw_terminal(samples.ARABIC, width=80, color=False)
    assert "┃ الخطورة: حرِج\n" in drawn


def test_the_page_keeps_each_workspace_and_channel_apart() -> None:
    """In the order of their first messages, whatever the order of the others."""
    shown = [
        Shown(channel=channel, workspace=workspace, at=samples.AT, payload=samples.RESOLVED)
        for workspace, channel in (("acme", "#ops"), ("globex", "#ops"), ("acme", "#dev"), ("acme", "#ops"))
    ]
    page = draw_page(shown, title="t")
    assert re.findall(r"<bdi>([\w-]+)</bdi>", page) == ["ops", "acme", "ops", "globex", "dev", "acme"]
    assert page.count("<article") == 4


def test_a_day_begins_where_the_viewer_lives() -> None:
    """13:03 in London is the next day in Auckland, and each is written in the viewer's language."""
    night = samples.AT + 12 * 3600 * samples.SECOND
    shown = [
        Shown(channel="#ops", at=at, payload=samples.RESOLVED, locale="fr", timezone="Europe/Paris")
        for at in (night, samples.AT)
    ]
    page = draw_page(shown, title="t")
    assert re.findall(r'class="day"><span dir="auto">([^<]+)<', page) == [
        "lundi 24 novembre 2025",
        "mardi 25 novembre 2025",
    ]


def test_changed_messages_and_threads_are_marked() -> None:
    """As Slack does: (edited) below the message, its replies under it."""
    reply = Shown(channel="#ops", at=samples.AT, payload={"text": "over"})
    shown = Shown(channel="#ops", at=samples.AT, payload=samples.FRENCH, edited_at=samples.AT + 1, replies=(reply,))
    page = draw_page([shown], title="t")
    assert page.count("(edited)") == 1
    assert "1 reply" in page


def test_what_we_say_ourselves_is_escaped_too() -> None:
    """Titles, names and notes may come from a configuration."""
    evil = "<b onclick=x>"
    shown = Shown(channel=evil, at=0, payload={"text": "x"}, note=evil, workspace=evil, about=evil, locale='"><b>')
    page = draw_page([shown], title=evil, app=evil, lead=evil)
    assert "<b onclick" not in page
    Tags().feed(page)
