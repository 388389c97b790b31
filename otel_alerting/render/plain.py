"""Plain is the markup of a terminal, a mail or a webhook: none. The same verbs as `mrkdwn`."""

from __future__ import annotations

import re

from otel_alerting.render import clusters
from otel_alerting.render.clusters import Said, clean, ellipsis, one_line

NAME = "text"

_WEB = re.compile(r"https?://[^\s/?#]|mailto:\S", re.IGNORECASE)
_LONGEST_URL = 3000


def escape(text: str) -> str:
    """Without control characters, so that no value can move the cursor or colour the screen."""
    return clean(text)


disarm = escape


def code(text: str) -> str:
    """On one line."""
    return one_line(clean(text))


def strong(markup: str) -> str:
    """As it is."""
    return markup.strip()


def link(url: str, label: str = "") -> str:
    """The label and the address behind it."""
    words, place = code(label), code(url)
    return f"{words} <{place}>" if words and words != place and is_link(url) else place or words


def headline_link(url: str, markup: str) -> str:
    """As it is: a title in a terminal opens nothing."""
    return markup


def is_link(url: str) -> bool:
    """Is it a web or mail address?"""
    return bool(_WEB.match(url)) and len(url) <= _LONGEST_URL


def target(url: str) -> str:
    """The address on one line, without spaces."""
    return clean("%20".join(url.split()))


def date(at: int, fallback: str) -> str:
    """The moment as it is written in the reader's language and time zone."""
    return fallback


def literal(markup: str) -> str:
    """The same."""
    return markup


def cut(markup: str, limit: int, said: Said = ellipsis) -> str:
    """At most `limit` characters, never ending inside a cluster."""
    return clusters.cut(markup, limit, said)
