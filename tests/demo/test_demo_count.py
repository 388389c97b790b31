"""The demo's count: it says good only when both sides agree and everything is over."""

from __future__ import annotations

from dataclasses import replace

from otel_alerting.cli.demo.count import Books, Count
from otel_alerting.testing.slack_workspace import Posted

BOOKS = Books(
    account={
        "acme": {"raised": 5, "sent": 4, "merged": 1, "waiting": 0},
        "globex": {"raised": 2, "sent": 2, "merged": 0, "waiting": 0},
    },
    seen={"span": 40, "log": 12},
)


def posted(state: str) -> Posted:
    payload = {"text": "pay fails", "metadata": {"event_type": "otel_alert", "event_payload": {"state": state}}}
    return Posted("T0ACME", "C1", "#acme-shop", "1.000001", "chat.postMessage", payload)


GOOD = Count(requests=99, books=BOOKS, messages=[posted("resolved")], refused=0)


def test_a_count_balances_when_everything_is_told_taken_and_over() -> None:
    """The numbers of all tenants are added up, and shown."""
    assert GOOD.balances
    assert "7 alert changes = 6 sent + 1 merged into others' messages + 0 waiting + 0 lost." in GOOD.lines()
    assert "99 requests to the shop; signals seen: 12 logs, 40 spans." in GOOD.lines()


def test_what_nobody_accounts_for_is_lost() -> None:
    """A dropped alert change is in `raised` and in nothing else that the demo counts as told."""
    books = Books(account={"acme": {"raised": 5, "sent": 3, "merged": 1, "waiting": 0, "dropped.x": 1}}, seen={})
    assert replace(GOOD, books=books).lost == 1
    assert not replace(GOOD, books=books).balances


def test_what_still_fires_or_waits_or_was_refused_is_not_good() -> None:
    """And what still fires is named."""
    unresolved = replace(GOOD, messages=[posted("firing")])
    waiting = replace(GOOD, books=Books(account={"acme": {"raised": 1, "waiting": 1}}, seen={}))
    assert not any(one.balances for one in (unresolved, waiting, replace(GOOD, refused=1), replace(GOOD, messages=[])))
    assert "Not resolved in time: pay fails" in unresolved.lines()
