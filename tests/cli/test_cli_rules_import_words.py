"""What an alert of Prometheus says in Go's templates it says here in Jinja, to the reader in the same words."""

from __future__ import annotations

import pytest

from otel_alerting.cli.rules.prometheus.words import Speech, jinja
from otel_alerting.render.locales import LocaleManager
from otel_alerting.render.templates import TemplateEngine
from otel_alerting.render.voice import Voice, dialect_of

LABELS = {"instance": "db1:9100", "job": "node", "le-vel": "x"}
ENGINE, VOICE = TemplateEngine(), Voice(LocaleManager().language("en"), dialect_of("text"))

WORDS = [
    ("Disk of {{ $labels.instance }} is full", "Disk of db1:9100 is full"),
    ("{{ .Labels.job }} has {{ .Value }}", "node has 0.5"),
    ('{{ index $labels "le-vel" }}!', "x!"),
    ("{{ $labels.nothing }}.", "."),
    ("{{ $value | humanize }} of all", "0.5 of all"),
    ("{{ $value | humanizePercentage }}", "50%"),
    ("{{ humanizePercentage $value }}", "50%"),
    ("{{ humanizeDuration $value }}", "500 ms"),
    ("{{ humanize1024 $value }}", "0.5 byte"),
    ('{{ printf "%.2f" $value }}', "0.5"),
    ('{{ $value | printf "%.0f" }}', "0"),
    ('{{ printf "%s has %.1f%% left" $labels.job $value }}', "node has 0.5% left"),
    ('{{ printf "%q" $labels.job }}', '"node"'),
    ("{{ $labels.job | toUpper }} {{ title $labels.job }}", "NODE Node"),
    ("a {{- $labels.job -}} b", "anodeb"),
    ("{{ if gt $value 0.2 }}bad{{ else if eq $labels.job `x` }}x{{ else }}good{{ end }}", "bad"),
    ("{{ if and (lt $value 0.2) (ne $labels.job `x`) }}bad{{ else }}good{{ end }}", "good"),
    ('{{ $job := $labels.job }}{{ $job }} {{/* not said */}}{{ "{{" }}', "node {{"),
    ("LABELS = {{ $labels }}", "LABELS = instance=db1:9100, job=node, le-vel=x"),
    ("{{ with query `up` }}{{ range . }}{{ .Value }}{{ end }}{{ end }}over", "over"),
    ("{% no jinja %} {# at all #} costs ${HOME}", "{% no jinja %} {# at all #} costs ${HOME}"),
    ("{{ $labels.job }", "{{ $labels.job }"),
]


@pytest.mark.parametrize(("said", "read"), WORDS)
def test_an_annotation_reads_as_before(said: str, read: str) -> None:
    """Rendered by our own engine, for a value of 0.5."""
    source = jinja(said, Speech(None, "value", lambda note: None, "summary"))
    assert str(ENGINE.snippet(source, VOICE, {"labels": LABELS, "value": 0.5})) == read


NOTES = [
    ("{{ query `up` | first | value }}", "query"),
    ("{{ $externalLabels.cluster }}", "$externalLabels.cluster"),
    ("{{ range query `up` }}x{{ end }}", "ask nothing else"),
    ("{{ $labels.pod }}", "no label pod"),
    ("{{ reReplaceAll `a` `b` $labels.job }}", "reReplaceAll"),
    ("{{ $labels.job | | }}", "nothing stands there"),
]


@pytest.mark.parametrize(("said", "why"), NOTES)
def test_what_has_no_counterpart_is_left_out_with_a_note(said: str, why: str) -> None:
    """And the rest of the text stays."""
    notes: list[str] = []
    assert jinja(f"a {said} b", Speech(("job",), "value", notes.append, "summary")) == "a  b"
    assert why in notes[0]
    assert notes[0].startswith("annotation summary: ")


def test_the_value_is_what_the_expression_was_and_not_what_the_rule_measures() -> None:
    """`100 - free * 100` where the rule knows `free`; a percent sign makes a percentage of a share."""
    speech = Speech(None, "(100 - value * 100)", lambda note: None, "summary")
    source = jinja("{{ $value | humanize }}%", speech)
    assert str(ENGINE.snippet(source, VOICE, {"labels": {}, "value": 0.2})) == "80%"
    share = jinja("{{ $value }}%", Speech(None, "(value * 100)", lambda note: None, "summary"))
    assert share == "{{ value | percent }}"


def test_a_value_that_is_another_number_here_is_noted() -> None:
    """`x > 0.8 * y` tells x there, and x / y here."""
    notes: list[str] = []
    assert jinja("{{ $value }}", Speech(None, None, notes.append, "summary")) == "{{ value | number }}"
    assert notes == ["annotation summary: the value it tells is the rule's own number"]
