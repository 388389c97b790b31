"""A novelty is what was never seen before, or not for long: the memory behind `aggregate: new`.

Nothing is remembered of a signal but that its group was there, and when: eight bytes of a hash and a moment. There is
room for 100,000 groups of a rule; who has most of them, among the tenants, forgets those first that were silent for
longest, so that nobody's inventions make another's known errors new again.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from itertools import islice

from otel_alerting.model import Signal
from otel_alerting.rules.reading import Key, key_of
from otel_alerting.rules.rule import Rule

MOST = 100_000
_BATCH = 10
"""One in ten of a tenant's groups is forgotten at once: the front of a dictionary is found slowly."""


class Novelty:
    """When each group of a rule was last seen.

    Args:
        rule: with its groups, its `memory`, and from when on what was seen before is new again.
        most: groups remembered, of all tenants.
    """

    def __init__(self, rule: Rule, most: int = MOST) -> None:
        self._key = key_of(rule.by)
        self._reappears_after = int(rule.reappears_after or rule.remembers)
        self._most = most
        self._seen: dict[str, dict[int, int]] = {}
        """By tenant and group; of each tenant, that seen last stands last."""
        self._number = 0

    def __len__(self) -> int:
        """Groups remembered."""
        return self._number

    def is_new(self, signal: Signal, at: int) -> bool:
        """Take a sight in: is it the first of its group, or the first for long?"""
        groups = self._seen.setdefault(signal.tenant, {})
        hashed = _hash(self._key(signal))
        seen_at = groups.pop(hashed, None)
        groups[hashed] = at if seen_at is None else max(at, seen_at)
        if seen_at is None:
            self._number += 1
            if self._number > self._most:
                self._forget()
        return seen_at is None or at - seen_at >= self._reappears_after

    def move(self, now: int) -> None:
        """Go on after the wall clock was set back: what was seen in the future was seen now."""
        for groups in self._seen.values():
            groups.update({hashed: now for hashed, seen_at in groups.items() if seen_at > now})

    def seen(self) -> Mapping[str, Mapping[int, int]]:
        """By tenant and the hash of a group, when it was last seen: to outlive the process, or all would be new."""
        return self._seen

    def restore(self, seen: Mapping[str, Mapping[int, int]]) -> None:
        """Remember what another one has seen."""
        self._seen = {tenant: dict(groups) for tenant, groups in seen.items()}
        self._number = sum(map(len, self._seen.values()))

    def take_over(self, old: Novelty) -> None:
        """Go on with the memory of the same rule before it was changed."""
        self.restore(old.seen())

    def _forget(self) -> None:
        tenant = max(self._seen, key=lambda one: len(self._seen[one]))
        groups = self._seen[tenant]
        for hashed in list(islice(groups, 1 + len(groups) // _BATCH)):
            del groups[hashed]
            self._number -= 1
        if not groups:
            del self._seen[tenant]


def _hash(key: Key) -> int:
    """The same for the same group in every process."""
    digest = blake2b(repr(key).encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big")
