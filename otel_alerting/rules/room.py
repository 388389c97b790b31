"""Room is how many series a process keeps at all, whatever its rules and tenants: memory has an end."""

from __future__ import annotations

MOST = 50_000
_SPARE = 1_000
"""Beyond that, for the series that stand for all others: one for each rule and tenant."""


class Room:
    """Places for series, shared by all rules of a process."""

    def __init__(self, most: int = MOST) -> None:
        self._free = most

    @property
    def is_full(self) -> bool:
        """Is there none left?"""
        return self._free <= 0

    @property
    def is_over(self) -> bool:
        """Is there not even one for what stands for others? Who makes up tenants cannot fill the memory with them."""
        return self._free <= -_SPARE

    def take(self) -> None:
        """Take one; the series that stand for all others are there even when there is no room."""
        self._free -= 1

    def give(self, number: int) -> None:
        """Give some back."""
        self._free += number
