"""A request id is what a client or proxy calls one request, in `X-Request-ID` or `X-Correlation-ID`.

It comes from outside and ends up in logs, headers and messages, so only plain characters and a modest length are let
in; anything else counts as none.
"""

from __future__ import annotations

import re
from collections.abc import Callable

HEADERS = ("x-request-id", "x-correlation-id")
"""Where it is looked for, in this order."""
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/+=@~-]{0,127}")


def request_id(header: Callable[[str], str]) -> str:
    """The first plain one of the headers that `header(name)` gives; empty when there is none."""
    return next((said for said in map(plain_id, map(header, HEADERS)) if said), "")


def plain_id(said: str) -> str:
    """The same, where it is at most 128 plain ASCII characters; else empty."""
    said = said.strip()
    return said if _PLAIN.fullmatch(said) else ""
