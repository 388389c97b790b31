"""Catalogues are the translators' files: this gathers the messages for them, and checks what comes back.

    python -m otel_alerting.render.catalogues extract   writes otel_alerting.pot and brings every catalogue up to date
    python -m otel_alerting.render.catalogues check     says what is wrong, and fails when anything is

Translations that exist are kept; messages that are no longer said are dropped.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from datetime import datetime, timezone
from gettext import c2py
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import PoFileError, read_po, write_po

from otel_alerting.render.locales import BUILTIN, DOMAIN
from otel_alerting.render.templates import BUILTIN as TEMPLATES

_CODE = Path(__file__).parent
_COMMENTS = ("TRANSLATORS:",)
_KEYWORDS = {
    "_": None,
    "N_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
}
_PLACE = re.compile(r"%\((\w+)\)s")
_OTHER_PLACE = re.compile(r"%(?!\(\w+\)s|%)")
_CATEGORIES = ("zero", "one", "two", "few", "many", "other")
_NUMBERS = (*range(1_000), 10_000, 100_000, 1_000_000, 10_000_000)
_ON_A_BUTTON = 30
_BUTTON_COMMENT = "A button"
_AUTHORS = "The otel-alerting authors"
_ABOUT: dict[str, Any] = {
    "project": "otel-alerting",
    "version": "1",
    "msgid_bugs_address": _AUTHORS,
    "last_translator": _AUTHORS,
}
_HEADER = "# Messages of otel-alerting.\n"


def extract() -> Catalog:
    """Every message that templates and code say, with the comments for translators; sorted by where they are said."""
    found = Catalog(charset="utf-8", header_comment=_HEADER, creation_date=_EPOCH, **_ABOUT)
    for folder, shown, methods in (
        (TEMPLATES, "templates", [("**.j2", "jinja2.ext:babel_extract")]),
        (_CODE, "otel_alerting/render", [("catalogues.py", "ignore"), ("**.py", "python")]),
    ):
        options = {"**.j2": {"silent": "false"}}
        for file, line, message, comments, context in extract_from_dir(
            folder, methods, options, keywords=_KEYWORDS, comment_tags=_COMMENTS, strip_comment_tags=True
        ):
            found.add(message, locations=[(f"{shown}/{file}", line)], auto_comments=comments, context=context)
    return found


def problems(folder: Path = BUILTIN) -> Iterator[str]:
    """What is wrong with the catalogues of a folder, one line each."""
    messages = extract()
    for path in sorted(folder.glob(f"*/LC_MESSAGES/{DOMAIN}.po")):
        name = path.parent.parent.name
        try:
            catalogue = _read(path, name)
        except (OSError, ValueError, PoFileError) as error:
            yield f"{name}: {error}"
            continue
        yield from (f"{name}: {problem}" for problem in _in_catalogue(catalogue, messages))


def _in_catalogue(catalogue: Catalog, messages: Catalog) -> Iterator[str]:
    yield from _in_plurals(catalogue)
    for message in messages:
        if message.id:
            yield from _in_message(message, catalogue.get(message.id, message.context), catalogue)
    for message in catalogue:
        if message.id and messages.get(message.id, message.context) is None:
            yield f"{_shown(message)}: nobody says this any more"


def _in_message(wanted: Message, found: Message | None, catalogue: Catalog) -> Iterator[str]:
    if found is None:
        yield f"{_shown(wanted)}: missing"
        return
    said = _texts(found.string)
    if found.fuzzy or not all(said):
        yield f"{_shown(wanted)}: not translated"
        return
    if isinstance(wanted.id, tuple) and len(said) != catalogue.num_plurals:
        yield f"{_shown(wanted)}: {len(said)} forms, the language has {catalogue.num_plurals}"
    places = set(_PLACE.findall(_texts(wanted.id)[-1]))
    for index, text in enumerate(said):
        optional = {"number"} if isinstance(wanted.id, tuple) and _is_for_one_number(index, catalogue) else set()
        if not places - optional <= set(_PLACE.findall(text)) <= places or _OTHER_PLACE.search(text):
            yield f"{_shown(wanted)}: other placeholders in {text!r}"
        if any(_BUTTON_COMMENT in comment for comment in wanted.auto_comments) and len(text) > _ON_A_BUTTON:
            yield f"{_shown(wanted)}: {text!r} is longer than {_ON_A_BUTTON} characters"


def _texts(said: str | list[str] | tuple[str, ...] | None) -> tuple[str, ...]:
    return (said,) if isinstance(said, str) else tuple(said or ("",))


def _is_for_one_number(index: int, catalogue: Catalog) -> bool:
    """Such a form may say its number as a word: Arabic has one for two."""
    form = c2py(catalogue.plural_expr)
    return sum(form(number) == index for number in _NUMBERS) == 1


def _in_plurals(catalogue: Catalog) -> Iterator[str]:
    """Is the header's rule CLDR's, and are the forms in CLDR's order: zero, one, two, few, many, other?"""
    if catalogue.locale is None:
        yield "no Language in its header"
        return
    rule, form = catalogue.locale.plural_form, c2py(catalogue.plural_expr)
    there = {rule(number) for number in _NUMBERS}
    categories = [category for category in _CATEGORIES if category in there]
    if catalogue.num_plurals != len(categories):
        yield f"{catalogue.num_plurals} plural forms where CLDR has {', '.join(categories)}"
        return
    for number in _NUMBERS:
        if form(number) != categories.index(rule(number)):
            yield f"Plural-Forms gives {number} form {form(number)}; CLDR has {categories.index(rule(number))}"
            return


def update(folder: Path = BUILTIN) -> None:
    """Write the template of all catalogues, and bring each of them up to date with it."""
    messages = extract()
    _write(folder / f"{DOMAIN}.pot", messages)
    for path in sorted(folder.glob(f"*/LC_MESSAGES/{DOMAIN}.po")):
        catalogue = _read(path, path.parent.parent.name)
        catalogue.update(messages, no_fuzzy_matching=True)
        catalogue.obsolete.clear()
        _write(path, catalogue)


_EPOCH = datetime(2026, 1, 1, tzinfo=timezone.utc)
"""In every header: a date of today would change all the files each time."""


def _read(path: Path, name: str) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=name, domain=DOMAIN, abort_invalid=True)


def _write(path: Path, catalogue: Catalog) -> None:
    text = BytesIO()
    write_po(text, catalogue, width=100, sort_by_file=True, ignore_obsolete=True, include_lineno=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.getvalue())


def _shown(message: Message) -> str:
    return repr(message.id if isinstance(message.id, str) else message.id[0])


def main(arguments: list[str]) -> int:
    """`extract` or `check`; the exit status."""
    if arguments == ["extract"]:
        update()
        return 0
    if arguments == ["check"]:
        found = list(problems())
        for problem in found:
            sys.stderr.write(problem + "\n")
        return 1 if found else 0
    sys.stderr.write("usage: python -m otel_alerting.render.catalogues extract|check\n")
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
