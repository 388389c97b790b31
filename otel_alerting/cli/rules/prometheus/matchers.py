"""What matchers of PromQL select, as `where` and `any_where` of ours.

A label that is not there counts as empty in Prometheus; an attribute that is not there is none here. Where that makes a
difference, the mapping says `exists`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

import regex

from otel_alerting.cli.rules.prometheus.measure import CannotSay
from otel_alerting.cli.rules.prometheus.syntax import Matcher, Place

Where = dict[str, object]
_LITERAL = re.compile(r"[\w \-/:@#%,=~&;<>!]*", re.ASCII)


def written(matchers: Iterable[Matcher], place: Place) -> tuple[Where, list[Where]]:
    """`where`, and the `any_where` for what `where` cannot say.

    Raises:
        CannotSay: an expression that does not compile, or two alternatives at once.
    """
    where: Where = {}
    any_where: list[Where] = []
    for matcher in sorted(matchers, key=lambda one: (one.label, one.word, one.value)):
        said = _said(matcher, place)
        if isinstance(said, list):
            if any_where:
                raise CannotSay(place, f"a second set of alternatives, for {matcher.label}")
            any_where = said
        elif said is not None:
            _join(where, any_where, matcher.label, said, place)
    return where, any_where


def alternation(label: str, values: Iterable[str]) -> Matcher:
    """One of several values."""
    return Matcher(label, "=~", "|".join(map(re.escape, values)))


def _said(matcher: Matcher, place: Place) -> object:
    """What one matcher is; None when it takes everything, a list for alternatives."""
    label, value = matcher.label, matcher.value
    if matcher.word == "=":
        return value or {"exists": False}
    if matcher.word == "!=":
        return {"not": value} if value else {"exists": True}
    _check(value, place)
    takes_nothing = re_matches(value, "")
    if matcher.word == "=~":
        if value in (".*", ""):
            return None if value else {"exists": False}
        if value == ".+":
            return {"exists": True}
        return [{label: _among(value)}, {label: {"exists": False}}] if takes_nothing else _among(value)
    if value in (".*", ""):
        if value:
            raise CannotSay(place, f"{label} must not be anything")
        return {"exists": True}
    if value == ".+":
        return {"exists": False}
    return {"not": _refused(value), **({"exists": True} if takes_nothing else {})}


def _refused(value: str) -> object:
    among = _among(value)
    if isinstance(among, Mapping) and set(among) == {"in"}:
        return among["in"]
    return among


def _among(value: str) -> object:
    """A list where the expression is one; a plain value where it is only that."""
    values = [_literal(one) for one in _alternatives(value)]
    if None in values:
        return {"regex": value}
    kept = [one for one in values if one]
    if not kept:
        return {"exists": False}
    return kept[0] if len(kept) == 1 else {"in": kept}


def _alternatives(value: str) -> list[str]:
    inner = re.fullmatch(r"\^?\(?(?:\?:)?([^()]*)\)?\$?", value)
    return (inner[1] if inner else value).split("|")


def _literal(said: str) -> str | None:
    plain = re.sub(r"\\([.\-/ _])", "\0\\1", said)
    bare = re.sub("\0.", "", plain)
    return plain.replace("\0", "") if _LITERAL.fullmatch(bare) else None


def _join(where: Where, any_where: list[Where], label: str, said: object, place: Place) -> None:
    """Several matchers of one label are one mapping, whose keys must all hold."""
    if label not in where:
        where[label] = said
        return
    both = [*_pairs(where[label]), *_pairs(said)]
    merged: dict[str, object] = {}
    for key, value in both:
        if key == "not" and key in merged and not isinstance(merged[key], Mapping) and not isinstance(value, Mapping):
            merged[key] = [*_listed(merged[key]), *_listed(value)]
        elif key in merged and merged[key] != value:
            if any_where:
                raise CannotSay(place, f"two conditions of one kind on {label}")
            any_where.append({label: {key: value}})
        else:
            merged[key] = value
    where[label] = merged


def _pairs(said: object) -> Iterator[tuple[str, object]]:
    yield from said.items() if isinstance(said, Mapping) else [("equals", said)]


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _check(value: str, place: Place) -> None:
    try:
        regex.compile(value)
    except regex.error as error:
        raise CannotSay(place, f"the regular expression {value!r} does not compile here: {error}") from None


def re_matches(value: str, text: str) -> bool:
    """Does an expression match a text as a whole?"""
    return regex.fullmatch(value, text) is not None


def holds(matcher: Matcher, value: str) -> bool:
    """Does a label's value match?"""
    if matcher.word in ("=", "!="):
        return (matcher.value == value) is (matcher.word == "=")
    return re_matches(matcher.value, value) is (matcher.word == "=~")
