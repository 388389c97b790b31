"""Readers get their own language, or the nearest one there is."""

import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import babel
import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_alerting.model.duration import DAY, HOUR, MINUTE, SECOND
from otel_alerting.render import catalogues
from otel_alerting.render.locales import BUILTIN, LocaleManager

AT = 1_764_000_000 * SECOND
LOCALES = LocaleManager()


def test_every_catalogue_is_complete_and_keeps_its_placeholders() -> None:
    """What `python -m otel_alerting.render.catalogues check` says: nothing."""
    assert list(catalogues.problems()) == []


def test_the_template_of_the_catalogues_is_up_to_date() -> None:
    """Every message of templates and code is in `otel_alerting.pot`."""
    said = {message.id for message in catalogues.extract() if message.id}
    with (BUILTIN / "otel_alerting.pot").open("rb") as file:
        assert {message.id for message in catalogues.read_po(file) if message.id} == said


@pytest.mark.parametrize(
    ("asked", "spoken"),
    [
        ("fr-CA", "fr"),
        ("fr_FR.UTF-8", "fr"),
        ("FR", "fr"),
        ("de-CH", "de"),
        ("es-419", "es"),
        ("ar-EG", "ar"),
        ("ja_JP", "ja"),
        ("en-GB", "en"),
        ("xx", "en"),
        ("C", "en"),
        ("", "en"),
        ("not a locale at all", "en"),
    ],
)
def test_the_nearest_language_is_spoken(asked: str, spoken: str) -> None:
    """Region, encoding and case do not matter; what nobody speaks is told in English."""
    assert LOCALES.negotiate(asked) == spoken
    assert LOCALES.language(asked).name.partition("_")[0] == spoken


@pytest.mark.parametrize(
    ("asked", "folder"),
    [
        ("zh-TW", "zh_Hant"),
        ("zh-HK", "zh_Hant"),
        ("zh-CN", "zh_Hans"),
        ("pt", "pt_BR"),
        ("iw", "he"),
        ("no", "nb"),
        ("zh_hant", "zh_Hant"),
    ],
)
def test_scripts_and_old_names_find_their_language(tmp_path: Path, asked: str, folder: str) -> None:
    """Adding a language is adding a folder; its script goes without saying."""
    for name in ("zh_Hant", "zh_Hans", "pt_BR", "he", "nb", "en"):
        shutil.copytree(BUILTIN / "en", tmp_path / name)
    assert LocaleManager(tmp_path).negotiate(asked) == folder


def test_the_region_decides_how_numbers_are_written() -> None:
    """Words of the language, formats of the region."""
    swiss, german = LOCALES.language("de-CH"), LOCALES.language("de")
    assert swiss.gettext("Resolved") == german.gettext("Resolved") == "Behoben"
    assert swiss.number(1234567) != german.number(1234567)


def test_another_default_is_taken_for_unknown_languages() -> None:
    """An installation may have its own."""
    assert LocaleManager(default="fr").language("xx").gettext("Resolved") == "Résolue"


def test_single_words_can_be_replaced() -> None:
    """In one language only."""
    own = LocaleManager(overrides={"fr": {"Resolved": "Terminée"}})
    assert own.language("fr-BE").gettext("Resolved") == "Terminée"
    assert own.language("de").gettext("Resolved") == "Behoben"


def test_a_catalogue_that_cannot_be_read_costs_only_its_words(tmp_path: Path) -> None:
    """The built-in one takes its place."""
    broken = tmp_path / "fr" / "LC_MESSAGES"
    broken.mkdir(parents=True)
    (broken / "otel_alerting.po").write_bytes(b'msgid "Resolved"\nmsgstr "\xff"\n')
    assert LocaleManager(tmp_path).language("fr").gettext("Resolved") == "Résolue"


def test_a_folder_of_ones_own_comes_before_the_built_in_languages_message_by_message(tmp_path: Path) -> None:
    """It may add a language, or say one thing in other words."""
    for name, words in (("fr", "Rétablie"), ("eo", "Solvita")):
        folder = tmp_path / name / "LC_MESSAGES"
        folder.mkdir(parents=True)
        head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
        (folder / "otel_alerting.po").write_text(f'{head}msgid "Resolved"\nmsgstr "{words}"\n', encoding="utf-8")
    locales = LocaleManager(tmp_path)
    assert locales.language("fr").gettext("Resolved") == "Rétablie"
    assert locales.language("fr").gettext("Severity") == LOCALES.language("fr").gettext("Severity") != "Severity"
    assert locales.language("eo").gettext("Resolved") == "Solvita"
    assert locales.language("de").gettext("Resolved") == "Behoben"


def test_arabic_has_its_six_plural_forms() -> None:
    """Zero, one, two, few, many, other."""
    arabic = LOCALES.language("ar")
    forms = {arabic.ngettext("%(number)s alert", "%(number)s alerts", n) for n in (0, 1, 2, 3, 11, 100)}
    assert len(forms) == 6


def test_a_language_is_made_once_and_shared_by_threads() -> None:
    """Sixteen threads, one object."""
    fresh = LocaleManager()
    with ThreadPoolExecutor(16) as pool:
        made = set(pool.map(lambda _: id(fresh.language("fr-CA")), range(64)))
    assert len(made) == 1


@pytest.mark.parametrize(
    ("locale", "value", "unit", "said"),
    [
        ("en", 2.5, "s", "2.5 sec"),
        ("en", 0.85, "s", "850 ms"),
        ("en", 300, "s", "5 minutes"),
        ("en", 1_536_000_000, "By", "1.54 GB"),
        ("en", 0.073, "ratio", "7.3%"),
        ("en", 12, "{request}/s", "12 request/s"),
        ("en", 3, "1", "3"),
        ("fr", 0.073, "ratio", "7,3 %"),
        ("fr", 2.5, "s", "2,5 s"),
        ("ja", 90, "s", "90 秒"),
    ],
)
def test_quantities_are_scaled_and_written_as_people_do(locale: str, value: float, unit: str, said: str) -> None:
    """By CLDR, with three figures."""
    assert re.sub(r"[\u00a0\u202f]", " ", LOCALES.language(locale).quantity(value, unit)) == said


def test_durations_say_their_two_largest_units() -> None:
    """No more than a reader wants to know."""
    english = LOCALES.language("en")
    assert english.duration(12 * MINUTE) == "12 minutes"
    assert english.duration(HOUR + 30 * MINUTE + 5 * SECOND) == "1 hour, 30 minutes"
    assert english.duration(2 * DAY + 5 * SECOND) == "2 days"
    assert english.duration(0) == "0 seconds"
    assert english.duration(250_000_000) == "250 milliseconds"


def test_a_moment_names_its_zone_and_an_unknown_zone_is_utc() -> None:
    """Readers must not guess."""
    german = LOCALES.language("de")
    assert german.moment(AT, "Europe/Paris") == "24.11.2025, 17:00 CET"
    assert german.moment(AT, "Mars/Olympus").endswith("UTC")


@pytest.mark.parametrize("name", [*LOCALES.languages(), "he", "zh_Hant", "ru", "hi", "th"])
def test_no_format_falls_back_to_a_machine_name(name: str) -> None:
    """Babel says `12 duration-minute` where CLDR has a unit in another length only; readers never see that."""
    from gettext import NullTranslations

    from otel_alerting.render.language import Language

    language = Language(babel.Locale.parse(name), NullTranslations())
    said = [language.duration(n * unit) for n in (1, 2, 5) for unit in (1, 1_000, 1_000_000, SECOND, MINUTE, HOUR, DAY)]
    said += [language.quantity(3, unit) for unit in ("s", "By", "GBy", "Cel", "Hz", "W", "m")]
    assert not any("duration-" in text or "digital-" in text or "{" in text for text in said)


@given(
    st.floats(),
    st.sampled_from(["", "1", "s", "ms", "By", "ratio", "%", "{x}", "Cel", "nonsense"]),
    st.sampled_from(LOCALES.languages()),
)
def test_any_number_can_be_said(value: float, unit: str, locale: str) -> None:
    """Infinities and NaN too."""
    assert LOCALES.language(locale).quantity(value, unit)


@given(st.integers(-(2**63), 2**63 - 1), st.sampled_from(LOCALES.languages()))
def test_any_moment_and_duration_can_be_said(nanoseconds: int, locale: str) -> None:
    """Moments before the epoch and behind the calendar too."""
    language = LOCALES.language(locale)
    assert language.moment(nanoseconds, "UTC")
    assert language.duration(nanoseconds)


def test_a_translation_with_another_placeholder_is_left_out(tmp_path: Path) -> None:
    """It would be read with `%(bnk)s` in it; the built-in words take its place, and stderr names it."""
    folder = tmp_path / "fr" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
    wrong = 'msgid "Drift in model %(model)s"\nmsgstr "Dérive de %(modle)s"\n'
    (folder / "otel_alerting.po").write_text(head + wrong, encoding="utf-8")
    said = LocaleManager(tmp_path).language("fr").gettext("Drift in model %(model)s")
    assert said == LOCALES.language("fr").gettext("Drift in model %(model)s")
    assert "%(modle)s" not in said
