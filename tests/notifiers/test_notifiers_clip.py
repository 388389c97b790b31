"""Text cut to the room it has."""

from __future__ import annotations

import regex
from hypothesis import given
from hypothesis import strategies as st
from notifier_samples import words

from otel_alerting.notifiers.clip import cleaned, clipped, escaped, octets, units


@given(text=words(3_000), room=st.integers(20, 500), most_octets=st.none() | st.integers(20, 500))
def test_clipped_text_fits(text: str, room: int, most_octets: int | None) -> None:
    """In UTF-16 units and in UTF-8 bytes."""
    short = clipped(text, room, most_octets=most_octets)
    assert units(short) <= room
    assert most_octets is None or octets(short) <= most_octets


@given(text=words(500))
def test_text_that_fits_stays_as_it_is(text: str) -> None:
    """Cutting is the exception."""
    assert clipped(text, units(text)) == text


@given(text=st.text(max_size=400), room=st.integers(20, 100))
def test_an_escaped_character_is_never_cut(text: str, room: int) -> None:
    """Half of `&lt;` would be shown as it stands."""
    short = clipped(escaped(text), room)
    assert not regex.search(r"&(?!amp;|lt;|gt;)", short)


def test_a_link_is_kept_or_left_out_whole() -> None:
    """Half a link would swallow what follows."""
    assert clipped("see <https://example.com/a/long/way|here> " + "x" * 50, 40) == "see …(+88)"


def test_a_letter_of_several_code_points_is_never_cut() -> None:
    """A family is one letter to the reader."""
    assert clipped("👩‍👩‍👧‍👦" * 10, 30).rstrip("0123456789+()…") in ("👩‍👩‍👧‍👦", "👩‍👩‍👧‍👦👩‍👩‍👧‍👦")


def test_the_note_counts_what_is_missing() -> None:
    """The reader knows that there was more."""
    assert clipped("x" * 100, 20) == "x" * 13 + "…(+87)"


def test_control_characters_and_half_pairs_are_dropped() -> None:
    """Neither can be sent as JSON that Slack takes; line ends and tabs stay."""
    assert cleaned("a\x00b\ud800c\r\nd\te\x1b[31m") == "abc\nd\te[31m"
