"""Messages to send: an ordinary one, and any at all within the limits that a message documents."""

from __future__ import annotations

import msgspec
from hypothesis import strategies as st

from otel_alerting.model import Action, Field, Message, Reason, Receipt, Severity

ORDINARY = Message(
    id="9f86d081884c7d65",
    tenant="acme",
    receiver="acme-ops",
    group="3a7bd3e2360a3d29",
    reason=Reason.FIRST,
    seq=1,
    at=1_764_000_000_000_000_000,
    format="slack",
    locale="en",
    severity=Severity.HIGH,
    over=False,
    color="#D93025",
    text="🔴 Firing: checkout-api error rate 7.3 % (> 2 %)",
    title="🔴 *Firing: checkout-api error rate*",
    summary="7.3 % of requests failed in the last 5 minutes.",
    fields=(Field("Service", "checkout-api"), Field("Severity", "high")),
    lines=("`/pay` 9 %", "`/cart` 4 %"),
    details="ValueError: ```boom``` <!channel>",
    context=("Started 12:04", "rule CheckoutErrors"),
    actions=(Action(name="runbook", label="Runbook", url="https://runbooks.example/checkout", style="primary"),),
    changes=2,
    occurrences=37,
)
RECEIPT = Receipt(destination="slack:0", at=1_764_000_000_000_000_000, channel="C024BE91L", ts="1764000000.000100")


def ordinary(**changes: object) -> Message:
    return msgspec.structs.replace(ORDINARY, **changes)


_ANY_LETTER = st.characters(exclude_categories=())  # halves of surrogate pairs and control characters too
_NASTY = st.sampled_from(
    (
        *("<!here>", "&", "<", ">", "```", "`", "&lt;", "<https://x|y>", "\x00", "\r\n", "\n", " ", "…", "\u202e"),
        *("\ud800", "👩\u200d👩\u200d👧\u200d👦", "e\u0301"),
    )
)


def words(most: int) -> st.SearchStrategy[str]:
    pieces = st.lists(st.one_of(_NASTY, st.text(_ANY_LETTER, max_size=20)), max_size=12).map("".join)
    long = st.tuples(pieces, st.integers(1, max(1, most // 3))).map(lambda both: both[0] * both[1])
    return st.one_of(pieces, long).map(lambda text: text[:most])


def several(each: int, together: int, number: int) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(words(each), max_size=number).map(lambda texts: _within(texts, together))


def _within(texts: list[str], together: int) -> tuple[str, ...]:
    kept: list[str] = []
    for text in texts:
        kept.append(text[: max(0, together - sum(map(len, kept)))])
    return tuple(kept)


_URLS = st.one_of(
    words(4_000).map(lambda text: "https://runbooks.example/" + text),
    words(50),
    st.sampled_from(["", "javascript:alert(1)", "http://", "https://a b|c>d"]),
)
_ODD_RECEIPTS = st.builds(Receipt, destination=words(20), at=st.integers(0, 10**18), ts=words(20))
receipts = st.none() | st.just(RECEIPT) | _ODD_RECEIPTS

messages: st.SearchStrategy[Message] = st.builds(
    Message,
    id=words(200),
    tenant=words(50),
    receiver=words(50),
    group=words(200),
    reason=st.sampled_from(Reason),
    seq=st.integers(1, 10**9),
    at=st.integers(0, 2 * 10**18),
    format=st.just("slack"),
    locale=st.just("ar"),
    rtl=st.booleans(),
    severity=st.sampled_from(Severity),
    over=st.booleans(),
    color=st.one_of(st.just("#188038"), words(10)),
    text=words(300),
    title=words(300),
    summary=words(1_000),
    fields=st.lists(st.builds(Field, words(300), words(2_000)), max_size=10).map(tuple),
    lines=several(2_500, 2_500, 40),
    details=words(1_500),
    context=several(1_000, 1_000, 6),
    actions=st.lists(
        st.builds(Action, name=words(300), label=words(300), url=_URLS, style=st.sampled_from(["", "primary", "loud"])),
        max_size=5,
    ).map(tuple),
    changes=st.integers(0, 10**9),
    occurrences=st.integers(0, 10**12),
    previous=st.none(),
)
