"""Every message is in its reader's language, whole: no English left over, no place left empty."""

import re

import pytest
from babel.messages.pofile import read_po
from render_words_samples import BROKEN, LOCALES, TEMPLATES, alert, pieces, render, situations, told

from otel_alerting.model import Message, Reason, Severity
from otel_alerting.render import words
from otel_alerting.render.locales import BUILTIN, DOMAIN

LANGUAGES = LOCALES.languages()
_PLACE = re.compile(r"%\(\w+\)s")
_UNFILLED = re.compile(r"%\(|\{\{|\{%|\bNone\b|\bUndefined\b")
_ISOLATED = re.compile("\u2068[^\u2068\u2069]*\u2069")


def catalogue(locale: str) -> dict[str, tuple[str, ...]]:
    """What the language says, by the English message, in each of its forms."""
    with (BUILTIN / locale / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
        messages = [message for message in read_po(file, locale=locale) if message.id]
    return {
        english: forms
        for message in messages
        for forms in [(message.string,) if isinstance(message.string, str) else tuple(message.string)]
        for english in ([message.id] if isinstance(message.id, str) else message.id)
    }


def english_left(locale: str) -> list[re.Pattern[str]]:
    """For each message that the language says in other words: the English ones, with anything in their places."""
    other = [english for english, forms in catalogue(locale).items() if english not in forms]
    with_words = [english for english in other if re.search("[A-Za-z]{2}", _PLACE.sub("", english))]
    return [
        re.compile(r"(?<!\w)" + ".+".join(map(re.escape, _PLACE.split(english))) + r"(?!\w)") for english in with_words
    ]


ENGLISH_LEFT = {locale: english_left(locale) for locale in LANGUAGES}


def assert_in_language(message: Message, locale: str) -> None:
    for text in pieces(message):
        assert not _UNFILLED.search(text.replace(BROKEN, "")), text
        for english in ENGLISH_LEFT[locale]:
            assert not english.search(text), f"{english.pattern!r} in {text!r}"


@pytest.mark.parametrize("form", ["slack", "text"])
@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("locale", LANGUAGES)
def test_every_template_speaks_every_language_for_every_reason(locale: str, template: str, form: str) -> None:
    """About one alert, about fifty and in a digest; with losses, endings, failed templates and annotations."""
    for reason in Reason:
        for notification in situations(template, reason):
            message = render(notification, locale, form)
            assert_in_language(message, locale)
            assert LOCALES.language(locale).gettext(words.state(notification)) in message.title


@pytest.mark.parametrize("locale", [locale for locale in LANGUAGES if locale != "en"])
@pytest.mark.parametrize("template", TEMPLATES)
def test_an_english_message_would_be_found_out(template: str, locale: str) -> None:
    """The check above sees English where there is some: in the title, the fields and the small print."""
    for notification in situations(template, Reason.FIRST):
        with pytest.raises(AssertionError):
            assert_in_language(render(notification, "en"), locale)


@pytest.mark.parametrize("severity", Severity)
@pytest.mark.parametrize("locale", LANGUAGES)
def test_every_severity_has_a_name_in_every_language(locale: str, severity: Severity) -> None:
    """As the value of the first field."""
    message = render(told(alert(severity=severity)), locale)
    assert_in_language(message, locale)
    assert message.fields[0].value == LOCALES.language(locale).gettext(words.SEVERITIES[severity])


@pytest.mark.parametrize("locale", LANGUAGES)
def test_well_known_labels_have_names_in_every_language(locale: str) -> None:
    """The others stay as they are."""
    said = {form for forms in catalogue(locale).values() for form in forms}
    for template in TEMPLATES:
        for notification in situations(template, Reason.FIRST):
            labels = {field.label for field in render(notification, locale).fields}
            assert labels - said <= {"zq4", "\u2068zq4\u2069"}


@pytest.mark.parametrize("locale", [name for name in LANGUAGES if LOCALES.language(name).rtl])
@pytest.mark.parametrize("template", TEMPLATES)
def test_latin_names_stand_isolated_in_right_to_left_words(template: str, locale: str) -> None:
    """In titles, lines and fields; an isolate is closed where it was opened."""
    for notification in situations(template, Reason.FIRST):
        message = render(notification, locale)
        values = [field.value for field in message.fields if "UTC" not in field.value]
        for text in (message.title, *values, *message.lines, *message.context):
            assert not re.search("[A-Za-z]", _ISOLATED.sub("", text)), text
            assert text.count("\u2068") == text.count("\u2069")


def test_french_keeps_its_spaces_and_apostrophes() -> None:
    """A no-break space before a colon, a narrow one before a semicolon, the curved apostrophe."""
    for forms in catalogue("fr").values():
        for text in forms:
            assert not re.search("[^\u00a0]:|[^\u202f][;!?]|'", text), text


def test_japanese_uses_its_own_marks() -> None:
    """Full-width colons, brackets and commas around words; ASCII ones would stick to the next letter."""
    for forms in catalogue("ja").values():
        for text in forms:
            assert not re.search("[:(),;!?]", _PLACE.sub("", text)), text


def test_a_million_has_its_own_form_in_french_and_spanish() -> None:
    """`un million d'alertes`, `un millón de alertas`: with a preposition."""
    for locale, wanted in (("fr", "d’alertes"), ("es", "de alertas")):
        language = LOCALES.language(locale)
        said = language.ngettext("%(number)s alert", "%(number)s alerts", 1_000_000)
        assert said.endswith(wanted)
        assert not language.ngettext("%(number)s alert", "%(number)s alerts", 1_000_001).endswith(wanted)
