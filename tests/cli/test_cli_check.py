"""`check`: everything that is wrong, in one answer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_terminal import Run


def test_check_says_ok_and_what_it_saw(run: Run) -> None:
    """Also without any file."""
    ran = run("check")
    assert ran == (0, "environment variables: ok (1 receiver, 0 tenants, 0 rules; alerts go to 'console')\n", "")


def test_check_tells_every_problem_on_stderr(run: Run) -> None:
    """And counts them."""
    Path("alerting.yaml").write_text("store: x\nlevel: y\n")
    ran = run("check")
    assert (ran.status, ran.out) == (1, "")
    assert [line.split(": ")[0] for line in ran.err.splitlines()] == [
        "alerting.yaml:1",
        "alerting.yaml:2",
        "2 problems",
    ]


def test_check_speaks_json(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever a machine may read."""
    monkeypatch.setenv("OTEL_ALERTING_SLACK_TOKN", "x")
    Path("a.yaml").write_text("store: x\n")
    ran = run("check", "a.yaml", "--json")
    said = json.loads(ran.out)
    assert (ran.status, said["ok"], said["file"]) == (1, False, "a.yaml")
    assert said["problems"][0]["where"] == "a.yaml:1"
    assert said["notes"] == [
        "the variable OTEL_ALERTING_SLACK_TOKN means nothing; did you mean OTEL_ALERTING_SLACK_TOKEN?"
    ]


def test_check_builds_what_would_run(run: Run) -> None:
    """A token that no request could carry is told before the first alert."""
    Path("alerting.yaml").write_text(
        "receivers: [{name: ops, slack_configs: [{token: 'xoxb-\u00e4', channel: '#ops'}]}]\n", "utf-8"
    )
    ran = run("check")
    assert ran.status == 1
    assert "token" in ran.err
    assert "xoxb-" not in ran.err.replace("begins with xoxb-", "")


def test_check_compiles_templates_and_annotations(run: Run) -> None:
    """A tenant's too; and asks for templates that a rule names."""
    for folder in ("shared/slack", "acme/slack"):
        Path(folder).mkdir(parents=True)
    Path("shared/slack/broken.j2").write_text("line one\n{% block title %}")
    Path("acme/slack/own.j2").write_text("{{ fine }}")
    Path("alerting.yaml").write_text(
        "templates: [shared]\ntenants: {acme: {templates: acme}}\nrules:\n"
        "- {alert: A, metric: m, above: 1, template: own, annotations: {summary: '{{ oops'}}\n"
        "- {alert: B, metric: m, above: 1, template: defualt}\n"
    )
    ran = run("check")
    annotation, unknown, broken, count = ran.err.splitlines()
    assert "broken.j2:2" in broken
    assert annotation.startswith("alerting.yaml:4: rules[0].annotations.summary: found '{{ oops' (")
    assert unknown.startswith("alerting.yaml:5: rules[1].template: found 'defualt'; expected one of ")
    assert unknown.endswith("(did you mean 'default'?)")
    assert count == "3 problems"


def test_check_tells_every_layer_at_once(run: Run) -> None:
    """Types, contradictions, names, templates, filters, catalogues, settings: nobody runs it twice to see the rest."""
    Path("rules.yaml").write_text(
        "version: 1\ndefaults: {annotations: {summary: '{{ value | percnt }}'}}\nrules:\n"
        "- {alert: A, metric: m, above: 1, window: 50s}\n- {alert: A, metric: m, above: much, template: nope}\n"
    )
    Path("words/xx/LC_MESSAGES").mkdir(parents=True)
    Path("words/xx/LC_MESSAGES/otel_alerting.po").write_text("nonsense")
    Path("alerting.yaml").write_text(
        "store: x\nlocales: words\nrule_files: [rules.yaml]\nroute: {receiver: opps}\n"
        "receivers:\n- {name: ops, slack_configs: [{webhook_url: https://h/x, token: x, channel: a, api_url: https://h/}]}\n"
        "- name: dev\n"
    )
    ran = run("check")
    assert [line.partition(": found")[0] for line in ran.err.splitlines()] == [
        "alerting.yaml:1: store",
        "alerting.yaml:4: route.receiver",
        "alerting.yaml:6: receivers[0].slack_configs[0].token",
        "rules.yaml:2: defaults.annotations.summary",
        "rules.yaml:4: rules[0].window",
        "rules.yaml:5: rules[1].above",
        "rules.yaml:5: rules[1].alert",
        "rules.yaml:5: rules[1].template",
        "words/xx/LC_MESSAGES/otel_alerting.po",
        "9 problems",
    ]


def test_check_says_nothing_about_templates_where_a_folder_of_them_is_lost(run: Run) -> None:
    """They may be in it."""
    Path("alerting.yaml").write_text("templates: [gone]\nrules: [{alert: A, metric: m, above: 1, template: own}]\n")
    assert run("check").err.splitlines()[1:] == ["1 problem"]


def test_check_notes_what_is_hardly_meant_and_is_content(run: Run) -> None:
    """On stderr, and exit status 0."""
    Path("alerting.yaml").write_text("receivers: [{name: a}, {name: b}]\nroute: {receiver: a}\n")
    ran = run("check")
    assert ran.status == 0
    assert ran.err.startswith("note: alerting.yaml:1: receivers[1].name: no alert comes to 'b'")
    assert ran.out.startswith("alerting.yaml: ok (2 receivers")


def test_check_fails_for_a_setting_that_a_program_would_leave_out(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is still a mistake."""
    monkeypatch.setenv("OTEL_ALERTING_LOCALE", "zz")
    ran = run("check")
    assert ran.status == 1
    assert ran.err.startswith("OTEL_ALERTING_LOCALE: found 'zz'; expected a language")


def test_check_reads_catalogues(run: Run) -> None:
    """A translation that loses a placeholder would lose a value."""
    folder = Path("words/fr/LC_MESSAGES")
    folder.mkdir(parents=True)
    header = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
    entry = '#, python-format\nmsgid "%(count)d alerts"\nmsgstr "des alertes %(nombre)d"\n'
    (folder / "otel_alerting.po").write_text(header + entry)
    Path("alerting.yaml").write_text("locales: words\n")
    ran = run("check")
    assert ran.status == 1
    assert ran.err.startswith("words/fr/LC_MESSAGES/otel_alerting.po:5: found the placeholder 'nombre' in ")
