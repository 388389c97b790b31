"""Catalogues of the user's own as `check` sees them: what cannot be read, and translations that lose a value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from babel import UnknownLocaleError
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import PoFileError, read_po

from otel_alerting.config.files import shown_path
from otel_alerting.config.schema import Config
from otel_alerting.config.sentence import quoted
from otel_alerting.config.shapes import close
from otel_alerting.config.values import LocaleName
from otel_alerting.errors import Problem
from otel_alerting.render.locales import BUILTIN, DOMAIN

_PLACE = re.compile(r"%\((\w+)\)")
_INSIDE = f"*/LC_MESSAGES/{DOMAIN}.po"
_KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}


def problems(config: Config) -> Iterator[Problem]:
    """Languages that nobody speaks, files that are no catalogues, placeholders that the original has not."""
    for path in _paths(config):
        name = path.parent.parent.name
        try:
            LocaleName.parse(name)
        except ValueError as error:
            yield Problem(shown_path(path), "", f"words of the language {name!r}", str(error))
            continue
        try:
            catalogue = _read(path)
        except (OSError, ValueError, PoFileError, UnknownLocaleError) as error:
            yield Problem(shown_path(path), "", str(error), "a catalogue that can be read")
            continue
        for message in catalogue:
            for found in [*_misplaced(message)] or map(str, message.check(catalogue)):
                right = "a translation with the placeholders of the original"
                yield Problem(f"{shown_path(path)}:{message.lineno}", "", found, right)


def notes(config: Config, templates: Sequence[Path]) -> Iterator[str]:
    """Messages that neither otel-alerting nor a template of the user's own says, and files that are not looked at."""
    if config.locales is None:
        return
    said = {_key(message) for message in _read(BUILTIN / "en" / "LC_MESSAGES" / f"{DOMAIN}.po")} | set(_own(templates))
    for path in _paths(config):
        try:
            catalogue = _read(path)
        except (OSError, ValueError, PoFileError, UnknownLocaleError):
            continue
        for message in catalogue:
            if message.id and _key(message) not in said:
                meant = close(_key(message), said)
                guess = f" (did you mean {quoted(meant[0])}?)" if meant else ""
                yield f"{shown_path(path)}:{message.lineno}: nobody says {quoted(_key(message))}{guess}"
    for path in sorted(set(config.locales.rglob("*.po")) - set(_paths(config))):
        right = "<language>/LC_MESSAGES/otel_alerting.po"
        yield f"{shown_path(path)}: nobody reads this file: it would have to be {shown_path(config.locales / right)}"


def _paths(config: Config) -> Sequence[Path]:
    return sorted(config.locales.glob(_INSIDE)) if config.locales else ()


def _read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=path.parent.parent.name.replace("-", "_"), abort_invalid=True)


def _key(message: Message) -> str:
    return message.id[0] if isinstance(message.id, (tuple, list)) else message.id


def _own(templates: Sequence[Path]) -> Iterator[str]:
    """What the user's own templates say."""
    options = {"**.j2": {"silent": "true"}}
    for folder in templates:
        for found in extract_from_dir(folder, [("**.j2", "jinja2.ext:babel_extract")], options, keywords=_KEYWORDS):
            yield found[2] if isinstance(found[2], str) else found[2][0]


def _misplaced(message: Message) -> Iterator[str]:
    """Of each translation, placeholders that it has too many, or too few; a number may be said as a word."""
    if not message.id:
        return
    wanted = set(_PLACE.findall(_texts(message.id)[-1]))
    optional = {"number"} if isinstance(message.id, (tuple, list)) else set()
    for text in filter(None, _texts(message.string)):
        there = set(_PLACE.findall(text))
        if strange := there - wanted:
            yield f"the placeholder {min(strange)!r} in {quoted(text)}, which the original has not"
        elif missing := wanted - there - optional:
            yield f"{quoted(text)}, which lacks the placeholder {min(missing)!r}"


def _texts(said: str | list[str] | tuple[str, ...] | None) -> tuple[str, ...]:
    return (said,) if isinstance(said, str) else tuple(said or ())
