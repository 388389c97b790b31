"""The demo's count: what the shop gave to see, what became of it, and whether anything is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from otel_alerting.testing.slack_workspace import Posted


class Books(msgspec.Struct, frozen=True):
    """What otel-alerting counted in the shop's process."""

    account: Mapping[str, Mapping[str, int]]
    """By tenant, as `background.account()` gives it."""
    seen: Mapping[str, int]
    """Signals by kind."""

    def total(self, line: str) -> int:
        """One line of the account over all tenants."""
        return sum(lines.get(line, 0) for lines in self.account.values())


@dataclass(frozen=True)
class Count:
    """Both sides: the shop's own books, and what stands in Slack. `refused` are requests that Slack did not take."""

    requests: int
    books: Books
    messages: Sequence[Posted]
    refused: int

    @property
    def lost(self) -> int:
        """Alert changes that are neither told, kept quiet nor waiting: dropped ones, and any nobody accounts for."""
        raised, *accounted = map(self.books.total, ("raised", "sent", "merged", "muted", "waiting"))
        return raised - sum(accounted)

    @property
    def unresolved(self) -> list[str]:
        """Messages whose last word is not that it is over."""
        return [message.text for message in self.messages if message.metadata.get("state") != "resolved"]

    @property
    def balances(self) -> bool:
        """Is everything told, taken and over?"""
        bad = self.lost or self.refused or self.unresolved or self.books.total("waiting")
        return bool(self.messages) and not bad

    def lines(self) -> list[str]:
        """For the reader."""
        total = self.books.total
        seen = ", ".join(f"{number} {kind}s" for kind, number in sorted(self.books.seen.items()))
        told = f"{total('sent')} sent + {total('merged')} merged into others' messages"
        changes = sum(len(message.versions) for message in self.messages)
        return [
            f"{self.requests} requests to the shop; signals seen: {seen}.",
            f"{total('raised')} alert changes = {told} + {total('waiting')} waiting + {self.lost} lost.",
            f"{len(self.messages)} messages, changed in place {changes} times; {self.refused} refused by Slack.",
            *(f"Not resolved in time: {title}" for title in self.unresolved),
        ]
