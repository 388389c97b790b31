"""A pacer knows when the next message may leave, for every budget that one process has to keep.

Each budget is a GCRA cell: one moment, up to which its allowance is used up. A closed gate (the other side has asked
everybody to wait) uses the allowance up to its opening and beyond: the burst is gone then, so that those who waited do
not all leave at once and close it again.
"""

from __future__ import annotations

from collections.abc import Iterable

from otel_alerting.ports import Budget

KEYS = 20_000
"""Budgets remembered. One that nobody has used for a while is as good as new, and forgotten first."""


class Pacer:
    """The budgets of one process. Pure: `now` is an argument, of any clock that only grows. Not thread-safe."""

    def __init__(self, *, keys: int = KEYS) -> None:
        self._keys = keys
        self._used_until: dict[str, int] = {}
        self._opens_at: dict[str, int] = {}

    def ready_at(self, budgets: Iterable[Budget], now: int) -> int:
        """The first moment, not before `now`, at which all of these budgets allow one thing."""
        return max([now, *(self._used(budget) - _slack(budget) for budget in budgets)])

    def opens_at(self, budgets: Iterable[Budget], now: int) -> int:
        """The first moment, not before `now`, at which no gate of these budgets is closed."""
        return max([now, *(self._opens_at.get(budget.key, now) for budget in budgets)])

    def take(self, budgets: Iterable[Budget], now: int) -> None:
        """Use each of these budgets for one thing, ready or not."""
        for budget in budgets:
            self._used_until[budget.key] = max(self._used(budget), now) + budget.every
        self._forget(now)

    def put_off(self, budgets: Iterable[Budget], late: int) -> None:
        """Say that what was taken leaves so much later: the next one keeps its distance from that moment."""
        for key in {budget.key for budget in budgets} & self._used_until.keys():
            self._used_until[key] += max(0, late)

    def close_gate(self, keys: Iterable[str], until: int) -> None:
        """Let nothing out under these keys before `until`. A gate that is closed for longer stays so."""
        for key in keys:
            self._opens_at[key] = max(self._opens_at.get(key, until), until)

    def __len__(self) -> int:
        return len(self._used_until.keys() | self._opens_at.keys())

    def _used(self, budget: Budget) -> int:
        used = self._used_until.get(budget.key)
        gate = self._opens_at.get(budget.key)
        if gate is None:
            return used if used is not None else _LONG_AGO
        return max(gate + _slack(budget), used if used is not None else gate)

    def _forget(self, now: int) -> None:
        for cells in (self._used_until, self._opens_at):
            if len(cells) <= self._keys:
                continue
            # A tenth more than necessary, so that a full pacer does not sort at every message.
            soonest_free = sorted(cells, key=cells.__getitem__)
            spare = len(cells) - self._keys * 9 // 10
            for index, key in enumerate(soonest_free):
                if index >= spare and cells[key] > now:
                    break
                del cells[key]


_LONG_AGO = -(1 << 62)


def _slack(budget: Budget) -> int:
    """How far the allowance may be used up ahead of time."""
    return (max(1, budget.burst) - 1) * budget.every
