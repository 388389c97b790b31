"""`check` on words: templates, annotations and catalogues of the user's own."""

from __future__ import annotations

from pathlib import Path

from cli_terminal import Run


def checked(run: Run, text: str, **files: str) -> list[str]:
    """What `check` says of a configuration and other files, `__` in their names for a slash."""
    for name, content in files.items():
        path = Path(name.replace("__", "/").replace("_DOT_", "."))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")
    Path("alerting.yaml").write_text(text)
    return run("check").err.splitlines()


def test_check_tells_blocks_that_no_message_has(run: Run) -> None:
    """What is in them would never be shown; blocks inside of blocks are the author's own."""
    said = checked(
        run,
        "templates: [t]\n",
        t__slack__own_DOT_j2="{% block titel %}x{% endblock %}\n"
        "{% block summary %}{% block mine %}{% endblock %}{% endblock %}",
        t__slack__child_DOT_j2="{% extends 'own.j2' %}{% block mine %}y{% endblock %}",
        t__text__part_DOT_j2="{% block anything %}x{% endblock %}",
        t__text__whole_DOT_j2="{% block summary %}{% include 'part.j2' %}{% endblock %}",
    )
    right = "one of actions, context, details, fields, line, summary, title (did you mean 'title'?)"
    assert said[:-1] == [f"t/slack/own.j2:1: found the block 'titel', which is in no message; expected {right}"]


def test_check_notes_names_that_hardly_anybody_has(run: Run) -> None:
    """Any name may be a fact's; but nobody can call one, and what an alert has is known."""
    said = checked(
        run,
        "templates: [t]\n",
        t__slack__own_DOT_j2="{% set mine = drift_score %}\n{{ feild('a', mine) }}\n"
        "{{ alert.titel }}\n{{ occurences }}",
    )
    assert said == [
        "note: t/slack/own.j2:2: there is no function 'feild' (did you mean 'field'?)",
        "note: t/slack/own.j2:4: 'occurences' is a fact's name or nobody's (did you mean 'occurrences'?)",
        "note: t/slack/own.j2:3: an alert has no 'titel' (did you mean 'title'?)",
    ]


def test_check_notes_files_that_are_no_templates_where_they_lie(run: Run) -> None:
    """Beside the folders of the formats, or in one that is misspelled."""
    assert checked(run, "templates: [t]\n", t__p_DOT_j2="x", t__slac__q_DOT_j2="x", t__slack__r_DOT_j2="x") == [
        "note: t/p.j2: no template comes from here: it would have to be t/slack/p.j2",
        "note: t/slac/q.j2: no template comes from here: it would have to be t/slack/q.j2",
    ]


def test_check_names_a_broken_template_as_people_find_it(run: Run) -> None:
    """Whatever is wrong with it: always from the working directory."""
    said = checked(run, "templates: [t]\n", t__slack__a_DOT_j2="{% if %}", t__slack__b_DOT_j2="{% extends 'no.j2' %}")
    assert [line.partition(": found")[0] for line in said[:2]] == ["t/slack/a.j2:1", "t/slack/b.j2"]


def test_check_notes_names_in_annotations_that_nobody_may_have(run: Run) -> None:
    """A signal's attribute can have any name; a label is known, unless every series has its own."""
    rule = "- {alert: %s, log: {}, above: 1, by: %s, annotations: {summary: '%s'}}\n"
    texts = "{{ hots }} {{ host }} {{ value | percent }} {{ labels.hots }}", "{{ labels['a.b'] }} {{ any }}"
    said = checked(
        run,
        "rules:\n"
        + rule % ("A", "[host]", texts[0])
        + rule.replace("log: {}", "metric: m") % ("B", "series", texts[0])
        + rule % ("C", "[{attribute: a.b}]", texts[1].replace("'", "''")),
    )
    either, shown = "is neither a variable nor a label of this rule", "the text is shown as it is written"
    unless = f"{either}: without a signal's attribute of that name {shown}"
    assert [line.removeprefix("note: alerting.yaml:") for line in said] == [
        f"2: rules[0].annotations.summary: 'hots' {unless} (did you mean 'host'?)",
        f"2: rules[0].annotations.summary: this rule has no label 'hots': {shown} (did you mean 'host'?)",
        f"3: rules[1].annotations.summary: 'host' {unless}",
        f"3: rules[1].annotations.summary: 'hots' {unless}",
        f"4: rules[2].annotations.summary: 'any' {unless}",
    ]


def test_check_compares_placeholders_whether_they_are_marked_or_not(run: Run) -> None:
    """`#, python-format` is easily forgotten; a number may be said as a word."""
    head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
    said = checked(
        run,
        "locales: w\n",
        w__fr__LC_MESSAGES__otel_alerting_DOT_po=head
        + 'msgid "Firing for %(duration)s"\nmsgstr "Actif %(duree)s"\n\n'
        + 'msgid "Resolved after %(duration)s"\nmsgstr "Fini"\n\n'
        + 'msgid "%(number)s alert"\nmsgid_plural "%(number)s alerts"\nmsgstr[0] "une"\nmsgstr[1] "%(number)s"\n',
        w__xx__LC_MESSAGES__otel_alerting_DOT_po=head,
    )
    french = "w/fr/LC_MESSAGES/otel_alerting.po"
    assert [line.partition("; expected")[0] for line in said] == [
        f"{french}:4: found the placeholder 'duree' in 'Actif %(duree)s', which the original has not",
        f"{french}:7: found 'Fini', which lacks the placeholder 'duration'",
        "w/xx/LC_MESSAGES/otel_alerting.po: found words of the language 'xx'",
        "3 problems",
    ]


def test_check_notes_messages_that_nobody_says(run: Run) -> None:
    """Neither otel-alerting nor a template of the user's own; and catalogues that nobody looks at."""
    head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
    said = checked(
        run,
        "locales: w\ntemplates: [t]\n",
        w__fr__LC_MESSAGES__otel_alerting_DOT_po=head + 'msgid "Severty"\nmsgstr "x"\n\nmsgid "Mine"\nmsgstr "A moi"\n',
        w__de_DOT_po=head,
        t__slack__own_DOT_j2="{{ _('Mine') }}",
    )
    assert said == [
        "note: w/fr/LC_MESSAGES/otel_alerting.po:4: nobody says 'Severty' (did you mean 'Severity'?)",
        "note: w/de.po: nobody reads this file: it would have to be w/<language>/LC_MESSAGES/otel_alerting.po",
    ]
