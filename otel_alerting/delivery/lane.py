"""A lane is the queue of one destination: what waits, what goes next, and what is known of the other end.

What waits merges. Letters about one group become one bundle, in which the newest state wins; bundles for one tenant and
receiver go out together, as a digest, once there are more than a few. So a channel that takes one message a second has
told everything after about as many seconds as it has readers, however much happened. Two tenants never share a message,
even where they share a channel.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from otel_alerting.delivery.breaker import Breaker
from otel_alerting.delivery.load import Address, Bundle, Letter, Load, added, echo
from otel_alerting.delivery.pile import Pile
from otel_alerting.delivery.retry import Backoff
from otel_alerting.model import Notification, Reason, Receipt
from otel_alerting.ports import Notifier

TOGETHER = 4
"""Groups for one address that go out in one message. Fewer have one each: they read better, can be changed in place
later, and at a message a second the last of three waits for two seconds."""
_NAMED = 3
RECEIPTS = 10_000
"""Groups whose message a lane remembers by itself, until the notifications bring the receipt along."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What goes next: everything loud for an address, or the one bundle that changes a message in place."""

    address: Address
    group: str = ""
    """Empty for everything loud."""
    previous: Receipt | None = None
    """The message that is to be changed."""
    quiet: bool = False
    """Is nobody waiting for it?"""


class Lane:
    """The queue of one destination. Passive: who calls holds the desk's lock, and looks after one lane alone."""

    def __init__(self, notifier: Notifier, *, size: int, backoff: Backoff) -> None:
        self.destination = notifier.destination
        self.notifier = notifier
        self.breaker = Breaker()
        self.backoff = backoff
        self.not_before = 0
        """The next attempt, by the clock that only grows."""
        self.ticket = 0
        """Its place in the timetable; 0 without one."""
        self.busy = False
        """Is somebody looking after it?"""
        self.load: Load | None = None
        """What is under way."""
        self.waits_quietly = False
        """Is it something quiet that waits for its budget? Anything loud need not wait behind it."""
        self._size = size
        self._letters = 0
        self._piles: dict[Address, Pile] = {}
        self._owed: dict[Address, Mapping[str, int]] = {}
        self._receipts: dict[str, Receipt] = {}
        self._receivers: dict[str, None] = {}

    def __len__(self) -> int:
        """Letters that wait."""
        return self._letters

    @property
    def title(self) -> str:
        """The destination as people know it: `slack:1f0c9a3b/#ops (receiver ops)`."""
        names = list(self._receivers)
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        word = "receivers" if len(names) > 1 else "receiver"
        return f"{self.destination} ({word} {', '.join(names[:_NAMED])}{more})" if names else self.destination

    def add(self, letter: Letter) -> list[Letter]:
        """Queue a letter; the letters that do not fit any more, which may be this one."""
        self._receivers[letter.notification.receiver] = None
        gone = self._make_room(letter) if self._letters >= self._size else None
        if gone is letter:
            return [letter]
        group, pile = letter.notification.group, self._piles.get(letter.address)
        if letter.notification.reason is Reason.FIRST and not (pile and pile.get(group)):
            self._receipts.pop(group, None)  # a new story does not go on in the message of one that was told to its end
        self._put(letter.address, group, [letter])
        return [gone] if gone is not None else []

    def turn(self) -> Turn | None:
        """What goes next; None when nothing waits that needs a request."""
        loud = [(at, address) for address, pile in self._piles.items() if (at := pile.turn_at()) is not None]
        if not loud:
            return self._quiet_turn()
        address = min(loud)[1]
        waiting = list(islice(self._piles[address].loud(), TOGETHER))
        if len(waiting) == TOGETHER and self._is_paced:
            return Turn(address)
        group, bundle = waiting[0]
        return Turn(address, group, self.previous(bundle.combined()))

    def take(self, turn: Turn) -> Load | None:
        """Take out what a turn is about; what has come in for it meanwhile goes along. None when nothing is left."""
        pile = self._piles.get(turn.address, Pile())
        wanted = [turn.group] if turn.group else [group for group, _ in pile.loud()]
        bundles = self._take(turn.address, wanted)
        if not bundles:
            return None
        self.load = Load(turn.address, bundles, turn.previous, self._owed.pop(turn.address, {}))
        return self.load

    def put_back(self, load: Load) -> None:
        """Queue a load again that is not there yet, before everything that has come in meanwhile."""
        address = load.address
        later = self._piles.pop(address, Pile())
        self._letters -= later.letters
        for bundle in load.bundles:
            self._put(address, bundle.group, bundle.letters)
        for group, bundle in [*later.loud(), *later.quiet()]:
            self._put(address, group, bundle.letters)
        self.owe(address, load.owed)

    def take_unneeded(self) -> list[Letter]:
        """Take out the quiet letters that have no message to change."""
        found = [
            (address, group)
            for address, pile in self._piles.items()
            for group, bundle in pile.quiet()
            if self.previous(bundle.combined()) is None
        ]
        bundles = [bundle for address, group in found for bundle in self._take(address, [group])]
        return [letter for bundle in bundles for letter in bundle.letters]

    def take_all(self) -> list[Letter]:
        """Take out everything."""
        letters = list(self.waiting())
        self._piles, self._letters = {}, 0
        return letters

    def waiting(self) -> Iterator[Letter]:
        """Every letter that waits."""
        bundles = (bundle for pile in self._piles.values() for _, bundle in (*pile.loud(), *pile.quiet()))
        return (letter for bundle in bundles for letter in bundle.letters)

    def previous(self, told: Notification) -> Receipt | None:
        """The message that shows a group already and can be changed: the newer of what it brings and what we know."""
        if not self.notifier.updates:
            return None
        known = (self._receipts.get(told.group), told.previous.get(self.destination))
        return max((one for one in known if one and one.updatable), key=lambda one: one.at, default=None)

    def remember(self, load: Load, told: Notification, receipt: Receipt) -> None:
        """Take in what a load that arrived means for the messages of its groups."""
        if len(load.bundles) > 1:
            self._echo(load)
            return
        self._receipts.pop(told.group, None)
        if receipt.updatable and not told.over:
            self._receipts[told.group] = receipt
            if len(self._receipts) > RECEIPTS:
                del self._receipts[next(iter(self._receipts))]

    def owe(self, address: Address, lost: Mapping[str, int]) -> None:
        """Keep losses, that letters to an address were to tell, for the next message to it."""
        if lost:
            self._owed[address] = added(self._owed.get(address, {}), lost)

    @property
    def idle(self) -> bool:
        """Would nothing be lost by forgetting this lane?"""
        return not (self._letters or self.busy or self._owed or self.breaker.down)

    @property
    def _is_paced(self) -> bool:
        """Does a message cost time? What a console or a file takes at once need not be merged."""
        return bool(self.notifier.budgets(None))

    def _echo(self, load: Load) -> None:
        """Groups with a message of their own were told in a digest: their message is changed when there is time."""
        for bundle in load.bundles:
            told = bundle.combined()
            pile = self._piles.get(load.address)
            if self.previous(told) is not None and not (pile and pile.get(bundle.group)):
                self._put(load.address, bundle.group, [echo(bundle.letters[-1], told)])

    def _quiet_turn(self) -> Turn | None:
        waiting = (
            (bundle.since, address, group) for address, pile in self._piles.items() for group, bundle in pile.quiet()
        )
        _, address, group = min(waiting, default=(0, ("", ""), ""))
        bundle = self._piles[address].get(group) if group else None
        return Turn(address, group, self.previous(bundle.combined()), quiet=True) if bundle else None

    def _put(self, address: Address, group: str, letters: list[Letter]) -> None:
        pile = self._piles.setdefault(address, Pile())
        before = pile.letters
        pile.add(group, letters)
        self._letters += pile.letters - before

    def _take(self, address: Address, groups: Iterable[str]) -> list[Bundle]:
        pile = self._piles.get(address)
        if pile is None:
            return []
        before = pile.letters
        bundles = pile.take(groups)
        self._letters -= before - pile.letters
        if not pile.letters:
            del self._piles[address]
        return bundles

    def _make_room(self, letter: Letter) -> Letter:
        """The letter that goes because the lane is full: one that the group has overtaken, else the least loud.

        The address that fills the lane pays, so that a noisy tenant pushes out nobody else on a shared channel.
        """
        own = self._piles.get(letter.address, Pile())
        bundle = own.get(letter.notification.group)
        if bundle is not None:
            gone = bundle.letters[0]
        elif own.letters * len(self._piles) >= self._letters:
            gone = own.least(below=Bundle([letter]).level) or letter
        else:
            fullest = max(self._piles.values(), key=lambda pile: pile.letters)
            gone = fullest.least(below=_ANY) or letter
        if gone is not letter:
            self._drop(gone)
        return gone

    def _drop(self, letter: Letter) -> None:
        pile = self._piles[letter.address]
        before = pile.letters
        pile.drop(letter)
        self._letters -= before - pile.letters
        if not pile.letters:
            del self._piles[letter.address]


_ANY = 1 << 30
