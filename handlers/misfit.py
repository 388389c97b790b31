"""A misfit is a log record whose arguments do not fit its template: `logging.warning("%d of %s", "x")`.

`logging` prints an error for it and no message. Here it is put together as far as it goes, each argument where it was
meant to stand: so redaction still sees the `password=` before it, and a reader what the program wanted to say.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from otel_alerting.handlers.plain import text

_PLACE = re.compile(r"%(?:\((?P<name>[^)]*)\))?[-#0+]*\d*(?:\.\d+)?[hlL]?(?P<kind>[a-zA-Z%])")
"""A place for a value. `%` and a space is none here, although Python reads one: `100% sure` means what it says."""


def told(template: object, args: object) -> str:
    """The template with its arguments; places that have none stay as they are, arguments without a place come last."""
    if args is None or args == ():
        return text(template)
    named = args if isinstance(args, Mapping) else {}
    left = [] if named else list(args) if isinstance(args, tuple) else [args]
    unnamed = False

    def filled(place: re.Match[str]) -> str:
        nonlocal unnamed
        if place["kind"] == "%":
            return "%"
        if place["name"] in named:
            return _quoted(named[place["name"]])
        unnamed = True
        return _quoted(left.pop(0)) if left else place[0]

    said = _PLACE.sub(filled, text(template))
    if named and unnamed:
        left = [named]
    return text(f"{said} ({', '.join(map(_quoted, left))})" if left else said)


def _quoted(value: object) -> str:
    return repr(value) if type(value) is str else text(value)
