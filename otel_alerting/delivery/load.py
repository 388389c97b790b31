"""A load is what goes out in one message: a bundle of letters about one group, or the bundles of several groups.

A letter is one notification on its way to one destination. However it travels, it has exactly one ending.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import msgspec

from otel_alerting.model import Delivery, Notification, Outcome, Reason, Receipt
from otel_alerting.model.notification import digest

Address: TypeAlias = tuple[str, str]
"""Tenant and receiver: what is never mixed with others in one message."""

_NAMED = 3
QUIET = 0
"""The level of what is worth a change in place and no message; below every severity."""


@dataclass(slots=True)
class Letter:
    """One notification on its way to one destination."""

    notification: Notification
    queued_at: int
    """By the wall, for the delivery."""
    since: int
    """The same moment by the clock that only grows."""
    echo: bool = False
    """Told already, in a digest: only the group's own message is still to be changed. Nobody waits for its ending."""
    tried_at: int | None = None
    """When it was first tried, by the clock that only grows."""
    attempts: int = 0
    unknowns: int = 0
    """Attempts whose answers got lost."""

    @property
    def address(self) -> Address:
        """Who it is for."""
        return self.notification.tenant, self.notification.receiver

    @property
    def quiet(self) -> bool:
        """Is nothing lost if it is never told?"""
        told = self.notification
        return self.echo or (told.quiet and not told.changes and not told.lost)


@dataclass(slots=True)
class Bundle:
    """All letters to one address about one group that wait, oldest first; never empty."""

    letters: list[Letter]

    @property
    def group(self) -> str:
        """The group's key."""
        return self.letters[-1].notification.group

    @property
    def level(self) -> int:
        """How loud it is: `QUIET`, or the severity of its newest letter."""
        if all(letter.quiet for letter in self.letters):
            return QUIET
        return self.letters[-1].notification.severity

    @property
    def since(self) -> int:
        """When its oldest letter came in."""
        return self.letters[0].since

    def add(self, letters: Iterable[Letter]) -> None:
        """Put newer letters in; they say what an echo would have said."""
        self.letters = [letter for letter in self.letters if not letter.echo]
        self.letters.extend(letters)

    def combined(self) -> Notification:
        """The newest state, with what the earlier letters never got to say."""
        told = (letter.notification for letter in self.letters)
        return functools.reduce(lambda earlier, newer: newer.after(earlier), told)


@dataclass(slots=True)
class Load:
    """What goes out in one message."""

    address: Address
    bundles: list[Bundle]
    previous: Receipt | None = None
    """The message that is to be changed; only for a single bundle."""
    owed: Mapping[str, int] = field(default_factory=dict)
    """Losses that letters to the same address were to tell and did not get to."""
    taken_at: int = 0
    """When its turn came, by the clock that only grows."""
    given_up: bool = False
    """Its letters have had their ending while it was under way; what becomes of it is nobody's business any more."""

    @property
    def letters(self) -> Iterator[Letter]:
        """All letters in it."""
        return (letter for bundle in self.bundles for letter in bundle.letters)

    def start(self, now: int) -> None:
        """Count an attempt on every letter."""
        self.taken_at = now
        for letter in self.letters:
            letter.attempts += 1
            if letter.tried_at is None:
                letter.tried_at = now

    def notification(self) -> Notification:
        """All of it as one notification."""
        parts = [bundle.combined() for bundle in self.bundles]
        whole = parts[0] if len(parts) == 1 else digest(parts)
        return msgspec.structs.replace(whole, lost=added(whole.lost, self.owed)) if self.owed else whole

    def forget_tries(self) -> None:
        """Let the time that its letters may be tried for begin anew."""
        for letter in self.letters:
            letter.tried_at = None

    def without(self, letters: Iterable[Letter]) -> Load:
        """The same load after letters are given up; it may be empty."""
        gone = {id(letter) for letter in letters}
        kept = (Bundle([letter for letter in bundle.letters if id(letter) not in gone]) for bundle in self.bundles)
        return Load(self.address, [bundle for bundle in kept if bundle.letters], self.previous, self.owed)


@dataclass(frozen=True, slots=True)
class Ending:
    """What became of one letter."""

    letter: Letter
    outcome: Outcome
    word: str = ""
    receipt: Receipt | None = None

    def delivery(self, destination: str, at: int) -> Delivery:
        """The same, for the account and the history."""
        told = self.letter.notification
        return Delivery(
            notification=told.id,
            tenant=told.tenant,
            receiver=told.receiver,
            group=told.group,
            destination=destination,
            outcome=self.outcome,
            at=at,
            queued_at=self.letter.queued_at,
            changes=told.changes,
            attempts=self.letter.attempts,
            word=self.word,
            receipt=self.receipt,
        )


def sent(load: Load, receipt: Receipt) -> Iterator[Ending]:
    """The endings of a load that arrived: the newest letter of a single group was sent, all others went along."""
    newest = load.bundles[0].letters[-1] if len(load.bundles) == 1 else None
    for letter in load.letters:
        if letter is newest:
            yield Ending(letter, Outcome.SENT, receipt=receipt)
        else:
            yield Ending(letter, Outcome.MERGED)


def dropped(letters: Iterable[Letter], word: str) -> Iterator[Ending]:
    """The endings of letters that are given up."""
    return (Ending(letter, Outcome.DROPPED, word) for letter in letters)


def unneeded(letters: Iterable[Letter]) -> Iterator[Ending]:
    """The endings of quiet letters that have no message to change: all there was to tell has been told."""
    return (Ending(letter, Outcome.SENT, "quiet") for letter in letters)


def echo(letter: Letter, told: Notification) -> Letter:
    """The quiet letter that brings a group's own message up to what a digest has told."""
    shown = msgspec.structs.replace(told, reason=Reason.UPDATED, changes=0, lost={})
    return Letter(notification=shown, queued_at=letter.queued_at, since=letter.since, echo=True)


def named(letters: Iterable[Letter]) -> str:
    """What letters are about, for a line on stderr: names of alerts and how many changes of them."""
    names: dict[str, int] = {}
    for letter in letters:
        told = letter.notification
        name = told.alerts[0].name if told.alerts else "alerts"
        names[name] = names.get(name, 0) + told.changes
    said = [f"{name} ({changes})" if changes > 1 else name for name, changes in list(names.items())[:_NAMED]]
    return ", ".join(said) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")


def added(one: Mapping[str, int], other: Mapping[str, int]) -> Mapping[str, int]:
    """Two counts by reason in one."""
    return {reason: one.get(reason, 0) + other.get(reason, 0) for reason in {**one, **other}}
