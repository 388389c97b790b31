"""Notes: what works as it is written and yet is hardly meant."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from otel_alerting.config.load import examine
from otel_alerting.config.notes import notes
from otel_alerting.config.values import LocaleName
from otel_alerting.render.locales import LocaleManager

TWO = "receivers: [{name: a}, {name: b}]\ntenants: {acme: {receiver: b}}\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(text: str, **env: str) -> list[str]:
    Path("a.yaml").write_text(text)
    return list(notes(examine("a.yaml", env)))


def routes(*lines: str) -> list[str]:
    listed = "".join(f"  - {{{line}}}\n" for line in lines)
    return said(f"{TWO}route:\n  receiver: a\n  routes:\n{listed}")


def test_a_configuration_that_is_meant_has_none() -> None:
    """Also without any file."""
    assert list(notes(examine(None, {}))) == []
    assert (
        routes("matchers: ['severity >= high'], continue: true", "matchers: ['severity = high', 'tenant = acme']") == []
    )


def test_refusing_everything_that_names_no_tenant_is_said_loudly() -> None:
    """No error, since some want just that; but most have forgotten their default tenant."""
    (loud,) = said("tenants: {acme: {}}\nunknown_tenant: refuse\n")
    assert loud.startswith("a.yaml:2: unknown_tenant: refuse: EVERY signal that names no tenant is refused")
    assert said("tenants: {acme: {}}\nunknown_tenant: refuse\ndefaults: {tenant: acme}\n") == []
    assert said("tenants: {acme: {}}\nunknown_tenant: refuse\n", OTEL_ALERTING_TENANT="acme") == []
    assert "nobody is refused" in said("unknown_tenant: refuse\n")[0]


def test_a_receiver_that_nobody_names_is_noted() -> None:
    """Neither a route, however deep, nor a tenant."""
    assert said("receivers: [{name: a}, {name: b}]\nroute: {receiver: a}\n") == [
        "a.yaml:1: receivers[1].name: no alert comes to 'b': no route and no tenant names it"
    ]
    assert said("receivers: [{name: a}, {name: b}]\nroute: {receiver: a, routes: [{routes: [{receiver: b}]}]}\n") == []


@pytest.mark.parametrize(
    ("matchers", "words"),
    [
        ("'severity =~ \"hgih|hi\"'", 'no alert comes here: there is no severity=~"hgih|hi"'),
        ("'severity > critical'", 'no alert comes here: there is no severity>"critical"'),
        ("'severity >= high', 'severity < high'", 'there is no severity>="high" and severity<"high"'),
        ("'tenant = acmee'", "there is no tenant 'acmee'; expected one of acme, default (did you mean 'acme'?)"),
        ("'tenant =~ \"x.*\"'", "there is no tenant 'x.*'; expected one of acme, default"),
    ],
)
def test_matchers_that_can_match_nothing_are_noted(matchers: str, words: str) -> None:
    """With file, line and path."""
    (note,) = routes(f"matchers: [{matchers}]")
    assert note.startswith("a.yaml:6: route.routes[0].matchers: ")
    assert words in note


def test_a_branch_sees_only_what_the_routes_above_let_through() -> None:
    """`severity >= high` below `severity <= warning`."""
    (note,) = routes("matchers: ['severity <= warning'], routes: [{matchers: ['severity >= high']}]")
    assert note == (
        "a.yaml:6: route.routes[0].routes[0].matchers: no alert comes here: "
        'there is no severity>="high" where the routes above have left some'
    )


@pytest.mark.parametrize(
    ("first", "second", "is_shadowed"),
    [
        ("receiver: b", "matchers: ['a = b']", True),
        ("matchers: ['severity >= high']", "matchers: ['severity = critical', 'a = b']", True),
        ("matchers: ['a = b']", "matchers: ['c = d', 'a = b']", True),
        ("matchers: ['a = b'], continue: true", "matchers: ['a = b']", False),
        ("matchers: ['a = b']", "matchers: ['a = c']", False),
        ("matchers: ['severity = critical']", "matchers: ['severity >= high']", False),
    ],
)
def test_a_route_behind_one_that_takes_everything_is_noted(first: str, second: str, is_shadowed: bool) -> None:
    """Routes are tried in order; without `continue` the first has it alone."""
    found = routes(first, second)
    assert found == (
        [
            (
                "a.yaml:7: route.routes[1]: no alert comes here: "
                "route.routes[0] (a.yaml:6) takes them all, without `continue`"
            )
        ]
        if is_shadowed
        else []
    )


def test_rules_for_tenants_that_nobody_has_are_noted() -> None:
    """Where tenants are configured at all."""
    rule = "rules: [{alert: A, metric: m, above: 1, tenants: [acme, acmee]}]\n"
    assert said("tenants: {acme: {}}\n" + rule) == [
        (
            "a.yaml:2: rules[0].tenants[1]: there is no tenant 'acmee'; "
            "expected one of acme, default (did you mean 'acme'?)"
        )
    ]
    assert said(rule) == []


def test_secrets_in_the_clear_are_noted() -> None:
    """To this machine they are nobody else's."""
    text = "receivers: [{{name: a, slack_configs: [{{webhook_url: 'http://{0}/x', api_url: 'https://x/'}}, {1}]}}]\n"
    bot = "{token: xoxb-1, channel: a, api_url: 'http://proxy/api/'}"
    webhook, token = said(text.format("hooks.example", bot))
    where, others = "a.yaml:1: receivers[0].slack_configs", "this is not https: others can read the messages and the"
    assert webhook == f"{where}[0].webhook_url: {others} address"
    assert token == f"{where}[1].api_url: {others} token"
    for here in ("localhost", "127.0.0.1:1", "[::1]:1"):
        assert said(text.format(here, "{webhook_url: https://hooks.slack.com/x}")) == []


def test_notes_do_not_follow_from_problems() -> None:
    """What could not be read may name anybody."""
    assert said("receivers: [{name: a}, {name: b}]\nroute: {receiver: a, routes: [{reciever: b}]}\n") == []
    assert said("receivers: [{name: a}, {name: b}]\nroute: {receiver: a}\ntenants: {x: {receiver: [b]}}\n") == []
    assert (
        said("tenants_dir: gone\nunknown_tenant: refuse\nrules: [{alert: A, metric: m, above: 1, tenants: [x]}]\n")
        == []
    )
    assert said("receivers: [{name: a}, {name: b}]\nroute: {receiver: aa}\n") == []
    assert routes("group_wait: x", "matchers: ['a = b']") == []


def test_a_token_or_webhook_unlike_slacks_is_noted() -> None:
    """A variable's name in place of its value, or another service's address; never the value itself."""
    slack = "receivers:\n- name: a\n  slack_configs:\n  - {%s}\n"
    assert said(slack % 'token: "SLACK_TOKEN", channel: "#a"') == [
        "a.yaml:4: receivers[0].slack_configs[0].token: this is no token as Slack makes them: a bot's begins with xoxb-"
    ]
    (note,) = said(slack % "webhook_url: https://hooks.slak.com/services/x")
    assert note == (
        "a.yaml:4: receivers[0].slack_configs[0].webhook_url: "
        "this is no webhook of Slack's: they begin with https://hooks.slack.com/"
    )
    Path("secret").write_text("nonsense")
    (note,) = said(slack % "token_file: secret, channel: ops")
    assert "token_file: this is no token" in note
    for fine in (
        'token: xoxb-1, channel: "#a"',
        'token: any, channel: "#a", api_url: http://localhost:1/api/',
        "webhook_url: http://127.0.0.1:8080/x",
        "webhook_url: https://other.example/x, api_url: https://other.example/api/",
        "webhook_url: https://hooks.slack.com/services/x",
    ):
        assert said(slack % fine) == []


def test_a_language_without_words_is_noted() -> None:
    """Whoever asks for Swedish gets English: said before somebody waits for it."""
    text = "defaults: {locale: %s}\ntenants: {acme: {locale: fr-CA}, globex: {locale: no}}\n"
    languages = "ar, de, en, es, fr, ja"
    assert said(text % "sv") == [
        f"a.yaml:1: defaults.locale: there are no words in 'sv', only in {languages}: messages are in 'en'",
        f"a.yaml:2: tenants.globex.locale: there are no words in 'no', only in {languages}: messages are in 'en'",
    ]
    Path("own/nb/LC_MESSAGES").mkdir(parents=True)
    Path("own/nb/LC_MESSAGES/otel_alerting.po").touch()
    (note,) = said("locales: own\n" + text % "sv")
    assert "only in ar, de, en, es, fr, ja, nb" in note
    assert said(text.replace("globex: {locale: no}", "") % "de-AT") == []


def test_a_wrong_language_is_told_with_those_that_have_words() -> None:
    """Not with others that Babel knows and nobody translates."""
    with pytest.raises(ValueError, match="Babel") as error:
        LocaleName.parse("zz")
    assert all(re.search(rf"\b{name}\b", str(error.value)) for name in LocaleManager().languages())
