"""A quantity is a number that people write with its unit: `5%`, `800ms`, `2GiB`, `1.5k`."""

from __future__ import annotations

import math
import re

import msgspec

_SI = {"": 1.0, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15}
_IEC = {"Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40, "Pi": 2.0**50}
_TIME = {
    "ns": 1e-9,
    "us": 1e-6,
    "µs": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "min": 60.0,
    "h": 3600.0,
    "d": 86400.0,
    "w": 604800.0,
}
_BYTES = {prefix + "B": factor for prefix, factor in (_SI | _IEC).items()}
_NUMBER = re.compile(r"([-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d{1,3})?)\s?([^\s\d]*)")
_RIGHT = "a number with or without a unit, as 5, 5%, 800ms, 2GiB or 1.5k"

_KNOWN: dict[str, tuple[float, str]] = {
    **{prefix: (factor, "") for prefix, factor in (_SI | _IEC).items()},
    **{unit: (factor, "s") for unit, factor in _TIME.items()},
    **{unit: (factor, "By") for unit, factor in _BYTES.items()},
    "m": (60.0, "s"),
    "%": (0.01, "ratio"),
}

_SHOWN = {"By": "B"}
_UCUM: dict[str, tuple[float, str]] = {
    **{unit: (factor, "s") for unit, factor in _TIME.items()},
    **{prefix + "By": (factor, "By") for prefix, factor in (_SI | _IEC).items()},
    "%": (0.01, "ratio"),
    "1": (1.0, "ratio"),
    "ratio": (1.0, "ratio"),
}


class Quantity(msgspec.Struct, frozen=True):
    """A number in its base unit (seconds, bytes, shares of one), and which unit that is."""

    value: float
    unit: str = ""
    """`s`, `By`, `ratio`, or empty for a plain number, which is in the unit of whatever it is held against."""

    @classmethod
    def parse(cls, said: str | int | float) -> Quantity:
        """Read `5`, `5%`, `800ms`, `2GiB` or `1.5k`.

        Raises:
            ValueError: with what would be right.
        """
        found = _NUMBER.fullmatch(str(said).strip())
        if not found or found[2] not in _KNOWN:
            raise ValueError(_RIGHT)
        factor, unit = _KNOWN[found[2]]
        value = float(found[1]) * factor
        if not math.isfinite(value):
            raise ValueError(_RIGHT)
        return cls(value, unit)

    def __str__(self) -> str:
        """In its base unit, as people write it."""
        return f"{self.value * 100:g}%" if self.unit == "ratio" else f"{self.value:g}{_SHOWN.get(self.unit, self.unit)}"

    def within(self, unit: str) -> float:
        """The number to hold against numbers in this unit: `800ms` is 0.8 in `s` and 800 in `ms`."""
        if not self.unit or unit not in _UCUM or _UCUM[unit][1] != self.unit:
            return self.value
        return self.value / _UCUM[unit][0]
