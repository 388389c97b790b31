"""A ledger is the account of what a dispatcher holds, by tenant: changes raised, waiting, muted; and what was lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping


class Ledger:
    """Every change of an alert is raised once for each group it is in, and waits until it is told or was muted."""

    def __init__(self) -> None:
        self.raised: Counter[str] = Counter()
        """Changes that there were."""
        self.waiting: Counter[str] = Counter()
        """Changes that are in no notification yet."""
        self.muted: Counter[str] = Counter()
        """Changes of alerts that began and ended unheard, because something muted them."""
        self._lost: dict[str, Counter[str]] = {}

    def take(self, tenant: str, changes: int) -> None:
        """Changes that somebody is to be told of."""
        self.raised[tenant] += changes
        self.waiting[tenant] += changes

    def tell(self, tenant: str, changes: int) -> None:
        """Changes that are in a notification now."""
        self.waiting[tenant] -= changes

    def mute(self, tenant: str, changes: int) -> None:
        """Changes that nobody will be told of."""
        self.waiting[tenant] -= changes
        self.muted[tenant] += changes

    def lose(self, tenant: str, reason: str, number: int) -> None:
        """What could not be taken in; the tenant's next notification says it."""
        self._lost.setdefault(tenant, Counter())[reason] += number

    def losses(self, tenant: str) -> Mapping[str, int]:
        """What was lost since the last time somebody asked, by reason."""
        return dict(self._lost.pop(tenant, {}))
