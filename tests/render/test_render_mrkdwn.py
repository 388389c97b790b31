"""Whatever comes in, what goes to Slack is well-formed mrkdwn."""

import re

import pytest
import regex
from hypothesis import example, given
from hypothesis import strategies as st

from otel_alerting.render import clusters, mrkdwn, plain

HOSTILE = (
    "<!channel> <!here> <@U123> <!subteam^S1>",
    "```\nfence `left` open",
    "👩‍👩‍👧‍👦" * 3000,
    "e" + "\u0301" * 50_000,
    "\u202eevil\u202c \u2067rtl",
    "مرحبا بالعالم host-1 " * 2000,
    "\x1b[31mred\x1b[0m\x00\x07",
    "\ud800 half a pair",
    "&lt;already&gt; & more <b>",
    "a" * 50_000,
    "*bold* _it_ ~no~ snake_case_name",
)
texts = st.one_of(
    st.text(max_size=400), st.sampled_from(HOSTILE), st.text(alphabet="<>&`*_~|!@# \n\u0301👩\u200dع", max_size=300)
)
ENTITY = re.compile(r"&(?!amp;|lt;|gt;)")


@given(texts)
def test_escaped_text_has_no_markup_of_slacks_in_it(text: str) -> None:
    """After escaping no `<` or `>` is left, and every `&` begins one of the three entities."""
    escaped = mrkdwn.escape(text)
    assert "<" not in escaped
    assert ">" not in escaped
    assert not ENTITY.search(escaped)


@given(texts)
def test_escaping_loses_nothing_but_control_characters(text: str) -> None:
    """Undoing the escape gives the clean text back."""
    assert mrkdwn.literal(mrkdwn.escape(text)) == clusters.clean(text).replace(mrkdwn.WORD_JOINER, "")


@given(texts)
def test_clean_text_can_be_encoded_and_cleaned_again(text: str) -> None:
    """Clean text is valid UTF-8, has no control characters, and cleaning it again changes nothing."""
    clean = clusters.clean(text)
    clean.encode()
    assert clusters.clean(clean) == clean
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", clean)


@given(texts)
def test_disarmed_text_opens_no_formatting(text: str) -> None:
    """No mark stands where Slack would begin bold, italic, strike or code."""
    disarmed = mrkdwn.disarm(text)
    assert not re.search(r"(?:^|[\s(])[*_~`](?=\S)", disarmed)


def test_snake_case_is_left_alone() -> None:
    """Names that people copy stay as they are, without invisible characters."""
    assert mrkdwn.disarm("user_id in order_items") == "user_id in order_items"


@given(texts)
def test_a_code_span_is_one_span(text: str) -> None:
    """Exactly the two backticks of ours, on one line; nothing for nothing."""
    span = mrkdwn.code(text)
    assert span == "" or (span.count("`") == 2 and span[0] == span[-1] == "`" and "\n" not in span)


@given(st.text(max_size=200), st.text(max_size=100))
@example("https://x.example/a|b>c d<e>&f=%20", "label | with > marks")
@example("javascript:alert(1)", "x")
def test_a_link_is_one_link_or_none(url: str, label: str) -> None:
    """Only web and mail addresses become links, and the address cannot end the link early."""
    for candidate in (url, "https://h.example/" + url):
        markup = mrkdwn.link(candidate, label)
        if markup.startswith("<"):
            assert re.fullmatch(r"<(?:https?://|mailto:)[^\s<>|]+\|[^<>|]*>", markup, re.IGNORECASE)
        else:
            assert "<" not in markup


def test_the_address_of_a_link_is_kept() -> None:
    """Percent signs, queries and fragments stay; `&` is escaped as everywhere in Slack."""
    assert mrkdwn.link("https://h/a?b=c%20d&e=f#g", "open") == "<https://h/a?b=c%20d&amp;e=f#g|open>"


@st.composite
def markups(draw: st.DrawFn) -> str:
    """Mrkdwn as the renderer makes it."""
    pieces = st.one_of(
        texts.map(mrkdwn.disarm),
        texts.map(mrkdwn.code),
        texts.map(lambda text: mrkdwn.link("https://h.example/x", text)),
        texts.map(lambda text: f"```\n{mrkdwn.escape(text.replace('`', ''))}\n```"),
        st.just(mrkdwn.date(1_764_000_000_000_000_000, "24 Nov 2025")),
        st.just(clusters.isolate("host-1.example")),
    )
    return " ".join(draw(st.lists(pieces, max_size=4)))


@given(markups(), st.integers(20, 400))
def test_cut_markup_fits_and_stays_whole(markup: str, limit: int) -> None:
    """Within the limit; no entity, link or fence is left open; isolates are closed."""
    cut = mrkdwn.cut(markup, limit)
    assert len(cut) <= limit
    assert not ENTITY.search(cut)
    assert len(re.findall(r"<[^<>]*>", cut)) == cut.count("<") == cut.count(">")
    assert cut.count("```") % 2 == 0
    assert cut.count(clusters.FIRST_STRONG_ISOLATE) == cut.count(clusters.POP_ISOLATE)


@given(texts.filter(lambda text: clusters.FIRST_STRONG_ISOLATE not in text), st.integers(10, 300))
def test_a_cut_never_splits_what_readers_count_as_one(text: str, limit: int) -> None:
    """The end of a cut is the end of a grapheme cluster of the text."""
    cut = clusters.cut(text, limit, lambda missing: "")
    borders = {len(text), 0}
    for cluster in regex.finditer(r"\X", text):
        if cluster.end() > limit:
            break
        borders.add(cluster.end())
    assert any(text[:border].rstrip() == cut.rstrip() for border in borders)


def test_a_cut_says_what_is_missing() -> None:
    """The number said is the number of characters that are not shown."""
    said = clusters.cut("x" * 1000, 100, lambda missing: f" (+{missing})")
    kept = said.count("x")
    assert said.endswith(f" (+{1000 - kept})")
    assert len(said) <= 100


@pytest.mark.parametrize("text", HOSTILE)
def test_terminals_get_no_control_sequences(text: str) -> None:
    """Plain text cannot colour the screen or ring the bell."""
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f]", plain.escape(text))
    assert "[31m" not in plain.escape(text)
