"""A receipt is what the other side gave back; a delivery is what became of one message."""

from __future__ import annotations

import enum

import msgspec


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """Where a message stands, so that the next change can find it."""

    destination: str
    """The notifier's destination, without any secret."""
    at: int
    channel: str = ""
    """Slack's channel id as it answered, not the name that was asked for."""
    ts: str = ""
    """Slack's message id, a string; empty where none comes back (webhooks, console)."""

    @property
    def updatable(self) -> bool:
        """Can this message be found again and changed?"""
        return bool(self.channel and self.ts)


class Outcome(str, enum.Enum):
    """What became of a message."""

    SENT = "sent"
    """In a message of its own."""
    MERGED = "merged"
    """In a message together with others that waited for the same place."""
    DROPPED = "dropped"
    """Not told; `Delivery.word` says why."""


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one notification at one destination; the account and the history are written from these."""

    notification: str
    """The notification's id."""
    tenant: str
    receiver: str
    group: str
    destination: str
    outcome: Outcome
    at: int
    queued_at: int
    changes: int
    """The alert changes it told or lost."""
    attempts: int = 1
    word: str = ""
    """Why it was dropped or cut down: the other side's word, `queue_full`, `expired`, `shutdown`."""
    receipt: Receipt | None = None
