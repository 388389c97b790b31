"""A measure is a number that a rule keeps for one group of signals: one file here for one word behind `aggregate:`.

To add one, write `measures/<word>.py` with a class `<Word>` that is a `ports.Measure` and is made from a `Frame`; it is
found by its name. `p50`, `p99`, `p99.9` are all `quantile`.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable
from functools import cache
from typing import cast

from otel_alerting.ports import Measure
from otel_alerting.rules.frame import Frame

_QUANTILE = re.compile(r"p(\d{1,2}(?:\.\d{1,4})?|100)")


def names() -> tuple[str, ...]:
    """The words that may stand behind `aggregate:`; `pNN` for the quantiles."""
    found = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return tuple("pNN" if name == "quantile" else name for name in found)


def knows(aggregate: str) -> bool:
    """Is it one of them?"""
    return bool(_QUANTILE.fullmatch(aggregate)) or (aggregate in names() and aggregate != "pNN")


def share_of(aggregate: str) -> float:
    """The share (0..1) that `pNN` names; 0 for every other aggregate."""
    found = _QUANTILE.fullmatch(aggregate)
    return float(found[1]) / 100 if found else 0.0


@cache
def maker(aggregate: str) -> Callable[[Frame], Measure]:
    """The class that keeps this number.

    Raises:
        LookupError: when there is none.
    """
    if not knows(aggregate):
        raise LookupError(aggregate)
    name = "quantile" if _QUANTILE.fullmatch(aggregate) else aggregate
    module = importlib.import_module(f"{__name__}.{name}")
    return cast("Callable[[Frame], Measure]", getattr(module, name.capitalize()))
