"""A message is a notification in words, for one receiver in one language."""

from __future__ import annotations

import msgspec

from otel_alerting.model.notification import Reason
from otel_alerting.model.receipt import Receipt
from otel_alerting.model.severity import Severity


class Field(msgspec.Struct, frozen=True):
    """A short label and its value."""

    label: str
    value: str


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """Something the reader can do: a button that opens a page."""

    name: str
    """Stable, for the button's id: `runbook`, `trace`."""
    label: str
    url: str
    style: str = ""
    """Empty, `primary` or `danger`."""


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """Words only, each piece within its place: whoever lays them out need not cut.

    Every text except `text` and `details` is in the markup of `format`: `slack` (mrkdwn, values escaped) or `text`
    (plain). `text` and `details` are literal and stay to be escaped by whoever shows them.
    """

    id: str
    """The notification's id, for recognising a message that was sent twice."""
    tenant: str
    receiver: str
    group: str
    reason: Reason
    seq: int
    at: int
    format: str
    locale: str
    """As Babel writes it: `fr`, `pt_BR`."""
    rtl: bool = False
    """Does the language run right to left?"""
    severity: Severity
    over: bool
    """Is all of it over?"""
    color: str
    """`#D93025`."""
    text: str
    """One plain line for the push notification, the screen reader and the search; at most 300 characters."""
    title: str
    """At most 300 characters; with the state's emoji and word, linked where there is a place to go."""
    summary: str = ""
    """At most 1,000 characters."""
    fields: tuple[Field, ...] = ()
    """At most 10."""
    lines: tuple[str, ...] = ()
    """One alert a line, where the group has several; together at most 2,500 characters."""
    details: str = ""
    """Literal text to show as it is (log line, stack); at most 1,500 characters."""
    context: tuple[str, ...] = ()
    """Small print; at most 6, together at most 1,000 characters."""
    actions: tuple[Action, ...] = ()
    """At most 5."""
    changes: int = 1
    occurrences: int = 0
    previous: Receipt | None = None
    """The message to be changed in place of posting a new one."""
