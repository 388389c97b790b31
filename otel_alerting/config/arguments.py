"""An argument is what a program hands to the direct API; a wrong one is said by its name, to whoever made the call."""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping
from decimal import Decimal

_SHOWN = 60
_EXACT = 2**63
"""Whole numbers below it fit where OpenTelemetry and codecs put them; greater ones are floats."""


def text(name: str, said: object, *, may_be_empty: bool = False, secret: bool = False) -> str:
    """The text that it has to be; what stands in place of a `secret` is not shown, for it may be one in bytes.

    Raises:
        TypeError: it is none.
        ValueError: it is empty, and may not be.
    """
    if not isinstance(said, str):
        found = f"a value of type {type(said).__name__}" if secret else shown(said)
        raise TypeError(f"{name}: a text is needed; found {found}")
    if not may_be_empty and not said.strip():
        raise ValueError(f"{name}: a text is needed; found {said!r}, which says nothing")
    return said


def mapping(name: str, said: object) -> Mapping[str, object]:
    """The mapping of names to values that it has to be.

    Raises:
        TypeError: it is none.
    """
    if not isinstance(said, Mapping):
        raise TypeError(f"{name}: a mapping of names to values is needed; found {shown(said)}")
    return said


def number(name: str, said: object) -> int | float:
    """The finite number that it has to be; those of `decimal`, `fractions` and numpy are numbers too.

    Raises:
        TypeError: it is none.
        ValueError: it is not a number (NaN), infinite or too large for a float.
    """
    if isinstance(said, int) and not isinstance(said, bool) and abs(said) < _EXACT:
        return int(said)
    if isinstance(said, bool) or not isinstance(said, (numbers.Real, Decimal)):
        raise TypeError(f"{name}: a number is needed; found {shown(said)}")
    try:
        value = float(said)
    except (OverflowError, ValueError):  # beyond 1.8e308; a signaling NaN
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"{name}: a finite number is needed; found {shown(said)}")
    return value


def whole(name: str, said: object) -> int:
    """The whole number, 0 or more, that it has to be.

    Raises:
        TypeError: it is none.
        ValueError: it is less than 0.
    """
    if isinstance(said, bool) or not isinstance(said, int):
        raise TypeError(f"{name}: a whole number is needed; found {shown(said)}")
    if said < 0:
        raise ValueError(f"{name}: 0 or more is needed; found {shown(said)}")
    return said


def shown(said: object) -> str:
    """What was found, in a few characters; an object whose `repr` fails is named by its type."""
    try:
        words = repr(said)
    except Exception:  # noqa: BLE001 - somebody else's __repr__
        return f"a {type(said).__name__}"
    return words if len(words) <= _SHOWN else f"{words[:_SHOWN]}…"
