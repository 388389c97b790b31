"""What Slack is given for a message."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from notifier_samples import ORDINARY, RECEIPT, messages, ordinary, receipts

from otel_alerting.model import Action, Field, Message, Receipt
from otel_alerting.notifiers.blockkit import ROOM, Rung, payload
from otel_alerting.notifiers.clip import units
from otel_alerting.testing.slack_blocks import texts
from otel_alerting.testing.slack_rules import POST, UPDATE, WEBHOOK, refusal
from otel_alerting.testing.slack_workspace import Posted

UPDATE_KEYS = ("text", "blocks", "attachments", "metadata")


def posted(body: dict[str, object]) -> Posted:
    return Posted(team="T", channel="C", channel_name="#ops", ts="1.0", via=POST, payload=body)


def blocks_of(body: dict[str, object]) -> list[dict[str, object]]:
    return [dict(block) for block in posted(body).blocks]


@given(message=messages, rung=st.sampled_from(Rung), earlier=receipts)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_any_message_is_valid_for_slack_on_every_rung(message: Message, rung: Rung, earlier: Receipt | None) -> None:
    """Posted, changed or through a webhook: Slack never has a reason to refuse what we make."""
    body = json.loads(msgspec.json.encode(payload(message, rung=rung, continues=earlier)))
    assert refusal(body, method=POST) is None
    assert refusal(body, method=WEBHOOK) is None
    assert refusal({key: body[key] for key in UPDATE_KEYS if key in body}, method=UPDATE) is None


@given(message=messages, rung=st.sampled_from(Rung))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_a_message_stays_within_the_safe_budget(message: Message, rung: Rung) -> None:
    """Slack refuses the whole message somewhere above 13,000 characters; we stay below 9,000 and 20 blocks."""
    blocks = blocks_of(payload(message, rung=rung))
    assert len(blocks) <= 20
    assert sum(units(text) for text in texts(blocks)) <= ROOM


@given(text=st.text(max_size=300), details=st.text(max_size=1_500), rung=st.sampled_from(Rung))
def test_literal_text_mentions_nobody(text: str, details: str, rung: Rung) -> None:
    """`text` and `details` come from the program, so `<!channel>` in them is only letters."""
    shouting = ordinary(text=f"<!channel> {text}"[:300], title="t", details=f"<!here>{details}"[:1_500])
    assert posted(payload(shouting, rung=rung)).mentions == ()


def test_the_parts_stand_in_the_order_of_reading() -> None:
    """Title on top; in the bar of colour the summary, fields, lines, details, small print and buttons."""
    body = payload(ORDINARY)
    places = [str(block["block_id"]).rpartition(f"-{ORDINARY.seq}-")[2] for block in blocks_of(body)]
    assert places == ["title", "summary-0", "fields", "lines-0", "details", "context", "actions"]
    assert posted(body).color == "#D93025"


def test_metadata_recognises_a_message_and_holds_no_words() -> None:
    """Any app in the channel can read it: ids and numbers only."""
    assert posted(payload(ORDINARY)).metadata == {
        "delivery_id": "9f86d081884c7d65",
        "group_id": "3a7bd3e2360a3d29",
        "state": "firing",
        "seq": 1,
        "changes": 2,
        "occurrences": 37,
    }


def test_every_notification_has_new_block_ids() -> None:
    """Slack wants new ones when a message is changed; a message sent twice has the same."""
    first, again, later = (
        {block["block_id"] for block in blocks_of(payload(message))}
        for message in (ORDINARY, ORDINARY, ordinary(id="another", seq=2))
    )
    assert first == again
    assert not first & later


def test_the_details_cannot_leave_their_fence() -> None:
    """Below the full rung they stand between three backticks, so three of their own are taken apart."""
    for rung in (Rung.NO_RICH_TEXT, Rung.ONE_SECTION, Rung.PLAIN):
        said = posted(payload(ordinary(details="a ``` b"), rung=rung)).words
        assert said.count("```") == 2


def test_the_lower_rungs_have_less_in_them() -> None:
    """Without rich text; text and one section; nothing but text."""
    kinds = [[block["type"] for block in blocks_of(payload(ORDINARY, rung=rung))] for rung in Rung]
    assert "rich_text" in kinds[0]
    assert "rich_text" not in kinds[1]
    assert kinds[2:] == [["section"], []]
    assert "ValueError: " in str(payload(ORDINARY, rung=Rung.PLAIN)["text"])


def test_what_has_no_room_is_counted() -> None:
    """Nothing is cut in silence."""
    long = ordinary(lines=("x" * 100,) * 200, details="")
    assert "…(+" in posted(payload(long)).words
    assert "…(+" in str(payload(long, rung=Rung.PLAIN)["text"])


def test_a_button_that_slack_would_refuse_is_named_in_the_small_print() -> None:
    """A link to nowhere must not cost the whole message."""
    odd = ordinary(actions=(Action(name="x", label="Trace", url="ftp://files.example/x"),))
    assert "✂ Trace" in posted(payload(odd)).words
    assert posted(payload(odd)).elements == []


def test_a_new_message_for_an_old_one_says_so_in_no_language() -> None:
    """The earlier message can no longer be changed; the reader sees when it was posted, in their own time zone."""
    said = posted(payload(ORDINARY, continues=RECEIPT)).words
    assert "↪ <!date^1764000000^{date_num} {time}|2025-11-24 16:00 UTC>" in said


@pytest.mark.parametrize("rung", Rung)
def test_an_empty_message_still_says_something(rung: Rung) -> None:
    """Slack refuses a message without words (`no_text`) and a section without text."""
    nothing = ordinary(
        text=" ", title="", summary="", fields=(Field("", ""),), lines=(), details="", context=(), actions=()
    )
    body = payload(nothing, rung=rung)
    assert body["text"] == "high"
    assert "attachments" not in body
