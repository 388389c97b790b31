"""A method is a way to learn what is usual: one file here for one word behind `method:`.

To add one, write `methods/<word>.py` with a class `<Word>` that is a `baseline.Judge` and is made from a
`baseline.Baseline`; it is found by its name.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from otel_alerting.rules.baseline import Baseline, Judge


def names() -> tuple[str, ...]:
    """The words that may stand behind `method:`."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


@cache
def maker(method: str) -> Callable[[Baseline], Judge]:
    """The class that judges by this method.

    Raises:
        LookupError: when there is none.
    """
    if method not in names():
        raise LookupError(method)
    module = importlib.import_module(f"{__name__}.{method}")
    return cast("Callable[[Baseline], Judge]", getattr(module, method.capitalize()))
