"""A message is within its limits and says everything, whatever the alert."""

import re
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from otel_alerting.model import Alert, Message, Notification, Reading, Reason, Severity
from otel_alerting.model.duration import MINUTE, SECOND
from otel_alerting.model.notification import digest
from otel_alerting.model.signal import Failure, Frame
from otel_alerting.render.locales import LocaleManager
from otel_alerting.render.renderer import Links, Renderer
from otel_alerting.render.templates import TemplateEngine

AT = 1_764_000_000 * SECOND
LOCALES = LocaleManager()
RENDERER = Renderer(TemplateEngine((), LOCALES), LOCALES)
LINKS = Links(trace_url="https://traces.example/{trace_id}")


def alert(**changes: object) -> Alert:
    fields: dict[str, object] = {
        "tenant": "acme",
        "name": "LoggedWarning",
        "labels": {"service.name": "checkout", "logger": "shop"},
        "severity": Severity.WARNING,
        "started_at": AT - 12 * MINUTE,
        "updated_at": AT,
        "text": "card declined",
    }
    return Alert(**{**fields, **changes})  # type: ignore[arg-type]


def group(*alerts: Alert, **changes: object) -> Notification:
    fields: dict[str, object] = {
        "tenant": "acme",
        "receiver": "ops",
        "group": "g",
        "group_labels": {"alertname": "LoggedWarning", "service.name": "checkout"},
        "reason": Reason.FIRST,
        "seq": 1,
        "at": AT,
        "alerts": alerts,
        "firing": sum(one.firing for one in alerts),
        "resolved": sum(not one.firing for one in alerts),
        "occurrences": sum(one.count for one in alerts),
        "severity": max(one.severity for one in alerts),
        "started_at": min(one.started_at for one in alerts),
    }
    return Notification(**{**fields, **changes})  # type: ignore[arg-type]


def render(notification: Notification, **options: object) -> Message:
    return RENDERER.render(notification, **{"locale": "en", "links": LINKS, **options})  # type: ignore[arg-type]


def assert_within_limits(message: Message) -> None:
    """The limits of `Message`'s own docstrings, and well-formed markup."""
    assert 1 <= len(message.text) <= 300
    assert "\n" not in message.text
    assert 1 <= len(message.title) <= 300
    assert "\n" not in message.title
    assert len(message.summary) <= 1_000
    assert len(message.fields) <= 10
    assert all(field.label and field.value for field in message.fields)
    assert sum(len(field.label) + len(field.value) for field in message.fields) <= 5_000
    assert len("\n".join(message.lines)) <= 2_500
    assert len(message.details) <= 1_500
    assert len(message.context) <= 6
    assert sum(map(len, message.context)) <= 1_000
    assert len(message.actions) <= 5
    assert all(1 <= len(action.label) <= 75 and len(action.url) <= 3_000 for action in message.actions)
    assert len({action.name for action in message.actions}) == len(message.actions)
    assert re.fullmatch("#[0-9A-F]{6}", message.color)
    for text in pieces(message):
        text.encode()
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f]", text)
    if message.format == "slack":
        for text in markup(message):
            assert not re.search(r"&(?!amp;|lt;|gt;)", text)
            assert not re.search(r"<[!@#](?!date\^)", text)
            assert len(re.findall(r"<[^<>]*>", text)) == text.count("<") == text.count(">")


def markup(message: Message) -> list[str]:
    fields = [text for field in message.fields for text in (field.label, field.value)]
    return [message.title, message.summary, *fields, *message.lines, *message.context]


def pieces(message: Message) -> list[str]:
    return [message.text, message.details, *markup(message)]


hostile = st.one_of(
    st.text(max_size=200),
    st.text(alphabet="<>&`*_~|!@#{}% \n\x1b\x1c\x1e\x1f\u0301\u202e👩\u200dعa", max_size=200),
    st.sampled_from(
        [
            "<!channel> <@U1>",
            "```" * 200,
            "x" * 50_000,
            "👩‍👩‍👧‍👦" * 2_000,
            "e" + "\u0301" * 9_000,
            "line\n" * 5_000,
            "{{ 1/0 }}",
            "{% for %}",
            "%(number)s %s %",
            "https://h.example/" + "a" * 4_000,
            "javascript:alert(1)",
            "\ud800",
        ]
    ),
)
numbers = st.one_of(st.floats(), st.integers(0, 10**18).map(float))
facts = st.dictionaries(hostile, st.one_of(hostile, numbers, st.booleans(), st.none(), st.integers()), max_size=14)
failures = st.builds(
    Failure,
    type=hostile,
    message=hostile,
    frames=st.lists(st.builds(Frame, hostile, st.integers(0, 9), hostile), max_size=12).map(tuple),
    cause=st.none() | st.builds(Failure, type=hostile, stacktrace=hostile),
)
readings = st.builds(
    Reading,
    value=numbers,
    threshold=st.none() | numbers,
    comparison=st.sampled_from(["above", "at_most", "", "odd"]),
    unit=st.sampled_from(["s", "By", "ratio", "", "{x}"]) | hostile,
    measure=hostile,
    window=st.integers(0, 10**15),
)
alerts = st.builds(
    Alert,
    tenant=st.just("acme"),
    name=st.sampled_from(["LoggedWarning", "UnhandledException"]) | hostile,
    labels=st.dictionaries(hostile, hostile, max_size=6),
    severity=st.sampled_from(Severity),
    started_at=st.integers(0, AT),
    updated_at=st.just(AT),
    count=st.integers(1, 10**12),
    template=st.sampled_from(
        ["default", "exception", "threshold", "ml_model_drift", "digest", "nobody", "../../etc/passwd", ""]
    ),
    text=hostile,
    facts=facts,
    annotations=st.dictionaries(
        st.sampled_from(["summary", "title", "runbook_url", "dashboard_url", "x"]), hostile, max_size=4
    ),
    failure=st.none() | failures,
    reading=st.none() | readings,
    trace_id=st.sampled_from(["", "a" * 32]) | hostile,
    correlation_id=hostile,
)
groups = st.builds(
    lambda members, repeat, **rest: group(*islice(cycle(members), max(len(members), repeat)), **rest),
    st.lists(alerts, min_size=1, max_size=3),
    st.sampled_from([1, 1, 2, 60]),
    reason=st.sampled_from(Reason),
    lost=st.dictionaries(hostile, st.integers(1, 10**9), max_size=8),
    unknown_tenant=st.just("") | hostile,
    group_labels=st.dictionaries(hostile, hostile, max_size=3),
    firing=st.sampled_from([0, 1, 500]),
)
slowly = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@slowly
@given(groups, st.sampled_from(["slack", "text"]), st.sampled_from(LOCALES.languages()))
def test_any_alert_makes_a_message_within_its_limits(notification: Notification, form: str, locale: str) -> None:
    """In every format and language."""
    assert_within_limits(render(notification, format=form, locale=locale, timezone="Asia/Tokyo"))


@slowly
@given(st.lists(groups, min_size=1, max_size=12), st.sampled_from(LOCALES.languages()))
def test_any_digest_makes_a_message_within_its_limits(parts: list[Notification], locale: str) -> None:
    """However many groups waited."""
    message = render(digest(parts), locale=locale)
    assert_within_limits(message)
    assert message.lines


@pytest.mark.parametrize("locale", LOCALES.languages())
@pytest.mark.parametrize("form", ["slack", "text"])
def test_state_is_said_by_emoji_word_and_colour(form: str, locale: str) -> None:
    """Never by colour alone."""
    language = LOCALES.language(locale)
    firing = render(group(alert()), format=form, locale=locale)
    over = render(group(alert().resolved(AT), reason=Reason.RESOLVED), format=form, locale=locale)
    assert "🟠" in firing.title
    assert language.gettext("Firing") in firing.title
    assert firing.color == "#E8710A"
    assert "🟢" in over.title
    assert language.gettext("Resolved") in over.title
    assert over.color == "#188038"


def test_a_single_alert_shows_what_operators_ask_first() -> None:
    """Severity, service, environment, value against threshold, since, count; then trace and runbook."""
    one = alert(
        name="ErrorRate",
        template="threshold",
        severity=Severity.CRITICAL,
        labels={"service.name": "checkout", "deployment.environment.name": "production"},
        reading=Reading(value=0.073, threshold=0.02, comparison="above", unit="ratio", window=5 * MINUTE),
        annotations={"summary": "Every {{ (1 / value) | number }}th request fails", "runbook_url": "https://wiki/x"},
        trace_id="a" * 32,
        correlation_id="req-1",
        count=1234,
    )
    message = render(group(one))
    fields = {field.label: field.value for field in message.fields}
    assert list(fields)[:6] == ["Severity", "Service", "Environment", "Value", "Since", "Count"]
    assert fields["Value"] == "7.3% (&gt; 2%)"
    assert fields["Count"] == "1,234"
    assert fields["Since"].startswith("<!date^")
    assert message.text == "🚨 Firing: ErrorRate · 7.3% (> 2%) · checkout · production"
    assert {action.name: action.label for action in message.actions} == {"runbook": "Runbook", "trace": "View trace"}
    assert any("req-1" in line for line in message.context)
    assert any("a" * 32 in line for line in message.context)


def test_a_group_lists_its_alerts_and_counts_the_rest() -> None:
    """At most twenty lines; nobody is left uncounted."""
    members = [alert(labels={"n": str(n)}, count=10) for n in range(50)]
    message = render(group(*members, firing=100, occurrences=1_000))
    assert len(message.lines) == 21
    assert message.lines[-1] == "… and 80 more (800 occurrences)"
    assert "1,000 occurrences" in message.summary
    assert "100 alerts" in message.title


def test_an_alert_that_is_over_says_how_long_it_lasted() -> None:
    """And why it ended, when that is not plain."""
    message = render(group(alert().resolved(AT, "quiet"), reason=Reason.RESOLVED))
    assert message.summary.startswith("Resolved after 12 minutes · Not seen again")
    assert message.over


def test_losses_and_unknown_tenants_are_said() -> None:
    """Nothing is dropped in silence."""
    message = render(group(alert(), lost={"inbox_full": 12, "odd": 1}, unknown_tenant="evil<!here>"))
    small_print = "\n".join(message.context)
    assert "12 signals were lost (too many at once)" in small_print
    assert "1 signal was lost (odd)" in small_print
    assert "evil&lt;!here&gt;" in small_print


def test_secrets_are_not_shown_anywhere() -> None:
    """In facts, text, labels, exception and rendered annotations."""
    secret = "xoxb" + "-123456789012-abcdefGHIJKL"
    one = alert(
        text=secret,
        labels={"url": secret},
        facts={"password": "hunter2", "note": secret},
        failure=Failure(type="E", message=f"token {secret}"),
        annotations={"summary": "at {{ labels.url }} with {{ password }}"},
    )
    for notification in (group(one), group(one, one)):
        said = repr(render(notification))
        assert "abcdefGHIJKL" not in said
        assert "hunter2" not in said


def test_latin_names_are_isolated_in_right_to_left_text() -> None:
    """So that a host name does not tear the sentence apart."""
    message = render(group(alert(annotations={"summary": "host {{ labels.logger }}"})), locale="ar")
    assert message.rtl
    assert "\u2068shop\u2069" in message.summary


def test_the_same_notification_makes_the_same_message_in_many_threads() -> None:
    """Voices do not mix."""
    locales = LOCALES.languages()
    wanted = {locale: render(group(alert()), locale=locale) for locale in locales}
    with ThreadPoolExecutor(8) as pool:
        made = pool.map(lambda locale: (locale, render(group(alert()), locale=locale)), locales * 20)
    assert all(message == wanted[locale] for locale, message in made)


def test_an_exception_shows_where_it_came_from() -> None:
    """Its head, its innermost frames first, and what it was raised from."""
    failure = Failure(
        type="shop.errors.CardDeclined",
        message="no money",
        frames=(Frame("app.py", 1, "main"), Frame("pay.py", 41, "charge")),
        cause=Failure(type="ValueError", message="amount"),
    )
    message = render(group(alert(name="UnhandledException", template="exception", failure=failure)))
    assert message.details.splitlines()[:2] == ["CardDeclined: no money", "  pay.py:41 charge"]
    assert "ValueError: amount" in message.details
    assert ("Location", "`pay.py:41 charge`") in [(field.label, field.value) for field in message.fields]
