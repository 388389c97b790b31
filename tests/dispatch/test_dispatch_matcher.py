"""Matchers: one condition on an alert's labels, in Alertmanager's spelling."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_alerting.dispatch.matcher import OPERATORS, ORDERED, Matcher, Matchers
from otel_alerting.model import Alert, Severity


def alert(severity: Severity = Severity.WARNING, **labels: str) -> Alert:
    return Alert(tenant="acme", name="HighLatency", labels=labels, severity=severity, started_at=1, updated_at=1)


@pytest.mark.parametrize(
    ("said", "name", "operator", "value"),
    [
        ("service=api", "service", "=", "api"),
        ("  service  =  api  ", "service", "=", "api"),
        ('service = "api gateway"', "service", "=", "api gateway"),
        ("service = api gateway", "service", "=", "api gateway"),
        ("service.name != api", "service.name", "!=", "api"),
        ('"größe (cm)" =~ "1.*"', "größe (cm)", "=~", "1.*"),
        ("größe=1", "größe", "=", "1"),
        ("host!~web-[0-9]+", "host", "!~", "web-[0-9]+"),
        ('host=~"web-\\d+\\.example"', "host", "=~", r"web-\d+\.example"),
        (r'q="say \"hi\" \\ \n\t é \x41"', "q", "=", 'say "hi" \\ \n\\t é \\x41'),
        (r'"q.r"="say \"hi\" \\ \n\t é \x41"', "q.r", "=", 'say "hi" \\ \n\t é A'),
        ("q=it's", "q", "=", "it's"),
        ("severity=none", "severity", "=", "none"),
        ("q=", "q", "=", ""),
        ('q=""', "q", "=", ""),
        ("{service=api}", "service", "=", "api"),
        ("url=https://x.test/?a=b", "url", "=", "https://x.test/?a=b"),
        ("severity >= high", "severity", ">=", "high"),
        ("severity<error", "severity", "<", "error"),
    ],
)
def test_a_matcher_is_read_as_it_is_written(said: str, name: str, operator: str, value: str) -> None:
    """Spaces around the operator do not count, quotes are optional, names are any UTF-8."""
    found = Matcher.parse(said)
    assert (found.name, found.operator, found.value) == (name, operator, value)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("", "one matcher is wanted"),
        ("service", "= != =~ !~"),
        ("service == api", "= != =~ !~"),
        ("= api", "label's name is expected"),
        ('"" = api', "label's name is missing"),
        ("a=1,b=2", "2 were found"),
        ("{a=1", "does not close"),
        ('a="1', "quote it"),
        ('a="1"2', "quote it"),
        ("a='1'", "quote it"),
        ("a=~(", "not a regular expression"),
        ("a=~(?=b)", "RE2 does not know"),
        ("severity==high", "= != =~ !~"),
        ("service >= api", "only severity has an order"),
        ("severity >= soon", "debug, info, warning, high, critical"),
    ],
)
def test_what_cannot_be_read_says_what_would_be_right(said: str, words: str) -> None:
    """A matcher that could never be meant is refused when it is read, not found out in the night."""
    with pytest.raises(ValueError, match=words):
        Matcher.parse(said)


def test_the_operators_mean_what_alertmanager_means() -> None:
    """A label that an alert has not is the empty text; regular expressions match the whole value."""
    api = alert(service="api", host="web-1")
    holds = {
        "service=api": True,
        "service!=api": False,
        "service=ap": False,
        "host=~web": False,
        "host=~web-.": True,
        "host!~web": True,
        "host!~web-.": False,
        "host=~a|web-1": True,
        "region=": True,
        "region!=eu": True,
        "region=~.*": True,
        "region=~.+": False,
        "alertname=HighLatency": True,
        "tenant=acme": True,
        "tenant!=acme": False,
    }
    assert {said: Matcher.parse(said).matches(api) for said in holds} == holds


@pytest.mark.parametrize("bound", Severity)
@pytest.mark.parametrize("severity", Severity)
def test_severity_has_an_order(severity: Severity, bound: Severity) -> None:
    """`>= > <= <` compare on the one scale, whatever the alphabet says."""
    found = {op: Matcher("severity", op, bound.word).matches(alert(severity)) for op in ORDERED}
    assert found == {
        ">=": severity >= bound,
        ">": severity > bound,
        "<=": severity <= bound,
        "<": severity < bound,
    }


@pytest.mark.parametrize(
    "said", ["severity=error", "severity=HIGH", "severity=~error|fatal", 'severity!="page"', "severity!~warn|info"]
)
def test_a_severity_may_be_named_by_its_alias(said: str) -> None:
    """`error` is high here as everywhere: a matcher that silently never holds would lose alerts."""
    assert Matcher.parse(said).matches(alert(Severity.HIGH))


def test_several_must_all_hold() -> None:
    """A list of matchers is an and; none at all match everything."""
    assert Matchers.parse('{service="a,b", host=~"web-.", }').matches(alert(service="a,b", host="web-1"))
    assert not Matchers.parse("service=api,host=db").matches(alert(service="api", host="web-1"))
    assert Matchers.parse("{}").matches(alert())
    assert Matchers.parse("") == ()


@given(st.text(min_size=1), st.sampled_from(OPERATORS[:2]), st.text())
def test_what_is_written_is_read_again(name: str, operator: str, value: str) -> None:
    """`str` and `parse` are each other's inverse, for any label and any value."""
    if name == "severity":
        return
    matcher = Matcher(name, operator, value)
    again = Matcher.parse(str(matcher))
    assert (again.name, again.operator, again.value) == (name, operator, value)
    assert again == matcher
    assert hash(again) == hash(matcher)
    assert Matchers.parse(str(Matchers([matcher, matcher]))) == (matcher, matcher)


@given(st.text())
def test_any_text_is_read_or_refused(said: str) -> None:
    """Nothing that somebody may write raises anything but ValueError."""
    with contextlib.suppress(ValueError):
        Matchers.parse(said)


@pytest.mark.parametrize(
    ("said", "value"),
    [
        (r'a="b\tc"', r"b\tc"),  # both grammars read it, differently: the classic one counts
        (r'a.x="b\tc"', "b\tc"),  # only the UTF-8 one reads it
        (r'a=~"\\d+\.x"', r"\d+\.x"),
        ('a="b\nc"', "b\nc"),
        ("a=b\\", "b\\"),
        (r"a=b\"c", 'b"c'),
        ('"a"="b"', "b"),
        ("a =~  ", ""),
    ],
)
def test_where_alertmanagers_grammars_differ_the_classic_one_counts(said: str, value: str) -> None:
    """As Alertmanager itself decides while it knows both."""
    assert Matcher.parse(said).value == value


@pytest.mark.parametrize("said", ['a="b"c"', "a='1'", "a=`1`", "a==b", "a!==b", 'a="\\x"b', "a b=c", "{a=b"])
def test_what_nobody_means_is_refused(said: str) -> None:
    """Alertmanager's classic grammar takes some of these for a value in quotes; such a route never matches."""
    with pytest.raises(ValueError, match=r"quote it|expected|does not close"):
        Matchers.parse(said)


def test_a_severity_that_its_maker_named_is_a_text() -> None:
    """An alert of Prometheus says `page` or `none`; its routes mean that word, and only the order is ours."""
    page = Alert(
        tenant="acme", name="X", labels={"severity": "page"}, severity=Severity.CRITICAL, started_at=1, updated_at=1
    )
    holds = {
        "severity=page": True,
        "severity=critical": False,
        "severity!=critical": True,
        "severity=~p.*": True,
        "severity=none": False,
        "severity!=none": True,
        "severity>=high": True,
    }
    assert {said: Matcher.parse(said).matches(page) for said in holds} == holds
    assert not Matcher.parse("severity = none").matches(alert())
    assert Matcher.parse("severity != none").matches(alert())
