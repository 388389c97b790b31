"""Locales are the languages that messages are written in: one folder each, found by themselves.

Adding a language is adding `locales/<language>/LC_MESSAGES/otel_alerting.po`. Catalogues are read as they are, with
Babel, when a message first needs them; there is no compiled form and no build step.
"""

from __future__ import annotations

import gettext
import io
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import babel
from babel.core import get_global
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po

from otel_alerting.render.language import Language
from otel_alerting.telemetry import complain

DOMAIN = "otel_alerting"
BUILTIN = Path(__file__).parent.parent / "locales"
_REMEMBERED = 1000


class LocaleManager:
    """Finds the language nearest to what a reader asked for, and reads it once.

    ```python
    german = LocaleManager().language("de-CH")
    german.gettext("Resolved"), german.percent(0.073), german.duration(12 * 60 * 10**9)
    ```

    Args:
        folder: languages of your own, that come before those of otel-alerting, message by message.
        default: the language of readers whose own is not there.
        overrides: by language, other words for single messages: `{"fr": {"Firing": "En alerte"}}`.
    """

    def __init__(
        self,
        folder: Path | str | None = None,
        *,
        default: str = "en",
        overrides: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        self.folders = (BUILTIN,) if folder is None else (Path(folder), BUILTIN)
        self._overrides = {_folded(name): dict(words) for name, words in (overrides or {}).items()}
        self._lock = threading.Lock()
        self._folders = {_folded(name): name for name in self.languages()}
        self._languages: dict[str, Language] = {}
        self._catalogues: dict[str, gettext.NullTranslations] = {}
        self.default = self._nearest(default) or "en"

    def languages(self) -> list[str]:
        """The languages there are, by folder name, sorted."""
        found = (path for folder in self.folders for path in folder.glob(f"*/LC_MESSAGES/{DOMAIN}.po"))
        return sorted({path.parent.parent.name for path in found})

    def negotiate(self, locale: str) -> str:
        """The folder of the nearest language: `fr-CA` -> `fr`, `zh-TW` -> `zh_Hant`; the default for no near one."""
        return self._nearest(locale) or self.default

    def language(self, locale: str = "") -> Language:
        """The language for a locale, whichever way it is written (`pt-BR`, `pt_br`, `pt_BR.UTF-8`).

        Words are those of the nearest catalogue, formats those of the region asked for: `fr-CA` speaks French and
        writes dates as in Canada.
        """
        known = self._languages.get(locale)
        if known is not None:
            return known
        with self._lock:
            language = self._languages.get(locale) or self._read(locale)
            if len(self._languages) < _REMEMBERED:  # names come from configuration, but also from tenants by a callable
                self._languages[locale] = language
            return language

    def _nearest(self, locale: str) -> str | None:
        for candidate in _candidates(locale):
            if candidate in self._folders:
                return self._folders[candidate]
        spoken = _folded(locale).partition("_")[0]
        return next((name for key, name in self._folders.items() if spoken and key.partition("_")[0] == spoken), None)

    def _read(self, locale: str) -> Language:
        name = self._nearest(locale)
        wanted = _parsed(_folded(locale)) if name else None
        folder = name or self.default
        region = wanted or _parsed(_folded(folder)) or babel.Locale("en")
        shared = next((language for language in self._languages.values() if language.name == str(region)), None)
        return shared or Language(region, self._catalogue(folder))

    def _catalogue(self, folder: str) -> gettext.NullTranslations:
        if folder not in self._catalogues:
            self._catalogues[folder] = self._translations(folder)
        return self._catalogues[folder]

    def _translations(self, folder: str) -> gettext.NullTranslations:
        paths = [place / folder / "LC_MESSAGES" / f"{DOMAIN}.po" for place in self.folders]
        first, *others = [self._compiled(path, folder) for path in paths if path.exists()] or [
            gettext.NullTranslations()
        ]
        for other in others:
            first.add_fallback(other)
        return first

    def _compiled(self, path: Path, folder: str) -> gettext.NullTranslations:
        try:
            with path.open("rb") as file:
                catalogue = read_po(file, locale=folder, abort_invalid=True)
        except (OSError, ValueError, PoFileError, babel.UnknownLocaleError) as error:
            complain(f"the catalogue {path} cannot be read ({error}); another is used in its place", about=str(path))
            return gettext.NullTranslations()
        for entry in catalogue:
            if entry.id and any(entry.check(catalogue)):  # it would be shown with `%(name)s` in it, or not at all
                complain(f"the catalogue {path} has a placeholder that {entry.id!r} has not; the original is used")
                entry.string = ""
        for message, words in self._overrides.get(_folded(folder), {}).items():
            known = catalogue.get(message) or catalogue.add(message)
            known.string = words
        compiled = io.BytesIO()
        write_mo(compiled, catalogue)
        compiled.seek(0)
        return gettext.GNUTranslations(compiled)


def _folded(name: str) -> str:
    """One spelling for comparing: lower case, underscores, no encoding: `pt_br`."""
    return name.strip().partition(".")[0].partition("@")[0].replace("-", "_").lower()


def _candidates(locale: str) -> Iterator[str]:
    """From the exact name to the bare language, with the script that goes without saying: zh_TW is zh_Hant."""
    name = _folded(locale)
    aliases: Mapping[str, str] = get_global("language_aliases")
    parsed = _parsed(name)
    yield name
    if parsed is None:
        return
    likely = _likely(parsed)
    for language in (likely, parsed):
        yield from (_folded(form) for form in _forms(language))
    if likely.language == "no":
        yield "nb"
    yield aliases.get(name, name).lower()


def _forms(locale: babel.Locale) -> Iterator[str]:
    language, script, territory = locale.language, locale.script, locale.territory
    for parts in ((language, script, territory), (language, script), (language, territory), (language,)):
        if all(parts):
            yield "_".join(part for part in parts if part)


def _likely(locale: babel.Locale) -> babel.Locale:
    if locale.script:
        return locale
    likely: Mapping[str, str] = get_global("likely_subtags")
    for form in _forms(locale):
        if form in likely:
            found = _parsed(likely[form])
            if found is not None:
                return babel.Locale(locale.language, locale.territory or None, found.script)
    return locale


def _parsed(name: str) -> babel.Locale | None:
    try:
        return babel.Locale.parse(name, sep="_") if name else None
    except (ValueError, TypeError, babel.UnknownLocaleError):
        return None
