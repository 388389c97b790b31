"""Mrkdwn is Slack's markup: `*strong*`, `` `code` ``, `<url|label>`, and three characters that must be escaped.

Whatever comes from outside goes through here, so that it is shown as it was and can neither mention anybody, nor open
a link, nor turn the rest of the message into code.
"""

from __future__ import annotations

import re
import urllib.parse

import regex

from otel_alerting.render import clusters
from otel_alerting.render.clusters import Said, clean, ellipsis

NAME = "slack"

WORD_JOINER = "\u2060"
_LONGEST_URL = 3000
_LONGEST_SPAN = 500
_LONGEST_LABEL = 150
"""Spans and links are cut before they are made: later they go into a message whole or not at all."""
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_ESCAPED = re.compile(r"&(amp|lt|gt);")
_LITERAL = {"amp": "&", "lt": "<", "gt": ">"}
# Slack has no escape for these; they only count where a word could begin, and an invisible joiner there is none.
# A backtick counts anywhere, and three of them open a fence.
_OPENING = re.compile(r"(?<![^\W_])(?=[*_~]\S)|(?=`)")
_MARKS = re.compile(r"[*_~`]")
_ANGLED = re.compile(r"<(?:!date\^[^|>]*\|([^>]*)|[^|>]*\|([^>]*)|([^>]*))>")
_FENCE = "```"
_PIECE = regex.compile(r"```|<[^<>\n]{0,4000}>|&(?:amp|lt|gt);|`[^`\n]{1,3000}`|\X")
_UNSAFE_IN_URL = re.compile(r"[^!#$%&'()*+,\-./0-9:;=?@A-Z\[\]_a-z~]")
_WEB = re.compile(r"https?://[^\s/?#]|mailto:\S", re.IGNORECASE)


def escape(text: str) -> str:
    """Literal text as mrkdwn: `&`, `<` and `>` escaped, nothing else (Slack shows `&#39;` as it stands)."""
    text = clean(text)
    if "&" in text:
        text = text.replace("&", "&amp;")
    if "<" in text:
        text = text.replace("<", "&lt;")
    if ">" in text:
        text = text.replace(">", "&gt;")
    return text


def disarm(text: str) -> str:
    """Literal text as mrkdwn in which `*`, `_`, `~` and backticks stay what they are."""
    text = escape(text)
    return _OPENING.sub(WORD_JOINER, text) if _MARKS.search(text) else text


def code(text: str) -> str:
    """Literal text in a code span; a backtick cannot stand in one and becomes an apostrophe."""
    inside = escape(clusters.cut(clusters.one_line(clean(text).replace("`", "'")), _LONGEST_SPAN))
    return f"`{inside}`" if inside else ""


def strong(markup: str) -> str:
    """Markup made bold; what Slack could not show so (several lines, a star inside) stays as it is."""
    inside = markup.strip()
    return f"*{inside}*" if inside and "\n" not in inside and "*" not in inside else inside


def link(url: str, label: str = "") -> str:
    """Literal label that opens a web or mail address; the label alone where the address is none."""
    said = escape(clusters.cut(clusters.one_line(clean(label or url)), _LONGEST_LABEL))
    words = said.replace("|", "¦").replace("`", "'")
    if not is_link(url):
        return words
    return f"<{address(url)}|{words or address(url)}>"


def headline_link(url: str, markup: str) -> str:
    """Markup as a link; as it is where there is nowhere to go."""
    return f"<{address(url)}|{markup.replace('|', '¦')}>" if is_link(url) else markup


def is_link(url: str) -> bool:
    """Is it an address a button or a link may open: http, https or mailto, and not too long for Slack?"""
    return bool(_WEB.match(url)) and len(address(url)) <= _LONGEST_URL


def target(url: str) -> str:
    """The address for a button: everything percent-encoded that may not stand in one."""
    return _UNSAFE_IN_URL.sub(lambda bad: urllib.parse.quote(bad[0], safe="", errors="replace"), url.strip())


def address(url: str) -> str:
    """The address for a link in text: `target`, with `&` escaped."""
    return target(url).replace("&", "&amp;")


def date(at: int, fallback: str) -> str:
    """A moment in the viewer's own time zone, in digits only: no word of another language gets into the message."""
    words = escape(fallback).replace("|", "¦")
    return f"<!date^{at // 1_000_000_000}^{{date_num}} {{time}}|{words}>"


def literal(markup: str) -> str:
    """What a reader sees of it, as plain text: links by their label, dates by their fallback, entities undone."""
    plain = _ANGLED.sub(lambda found: found[1] or found[2] or found[3] or "", markup)
    return _ESCAPED.sub(lambda found: _LITERAL[found[1]], plain).replace(WORD_JOINER, "")


def cut(markup: str, limit: int, said: Said = ellipsis) -> str:
    """At most `limit` characters, never ending inside an entity, a link, a code span, a fence or a cluster."""
    if len(markup) <= limit:
        return markup
    kept = clusters.cut(markup, limit, said, pieces=_PIECE)
    opening = kept.rfind(_FENCE)
    if kept.count(_FENCE) % 2 == 0:
        return kept
    closed = clusters.cut(markup, limit, lambda missing: f"\n{_FENCE}{said(missing)}", pieces=_PIECE)
    if closed.count(_FENCE) % 2 == 0:
        return closed
    return markup[:opening].rstrip() + said(len(markup) - opening)
