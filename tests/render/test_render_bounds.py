"""A template can neither run for ever nor fill the memory: it fails, and the alert is told with the default one."""

from __future__ import annotations

from pathlib import Path

import pytest

from otel_alerting.errors import TemplateError
from otel_alerting.render.templates import TemplateEngine

R = "range(900)"
SET = "{% set ns.y = t %}{% endfor %}"
ENDLESS = [
    f"{{% for a in {R} %}}{{% for b in {R} %}}{{% for c in {R} %}}{{% endfor %}}{{% endfor %}}{{% endfor %}}",
    "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(40) }}",
    "{% set ns = namespace(y='xx') %}{% for i in range(60) %}{% set ns.y = ns.y ~ ns.y %}{% endfor %}{{ ns.y }}",
    "{% set ns = namespace(y='xx') %}{% for i in range(60) %}{% set ns.y = ns.y + ns.y %}{% endfor %}{{ ns.y }}",
    "{% set ns = namespace(y=[1]) %}{% for i in range(60) %}{% set ns.y = ns.y + ns.y %}{% endfor %}",
    "{% set ns = namespace(y='x') %}{% for i in range(60) %}{% set ns.y = ns.y | replace('x', 'xx') %}{% endfor %}",
    "{% set ns = namespace(y='x') %}{% for i in range(60) %}{% set ns.y = [ns.y, ns.y] | join('') %}{% endfor %}",
    "{% set ns = namespace(y='x') %}{% for i in range(60) %}{% set t %}{{ ns.y }}{{ ns.y }}{% endset %}" + SET,
    "{% set ns = namespace(y=9) %}{% for i in range(60) %}{% set ns.y = ns.y * ns.y %}{% endfor %}",
    "{{ 'x'.ljust(3000000000) }}",
    "{{ 'x'.center(3000000000) }}",
    "{{ 'x'.zfill(3000000000) }}",
    "{{ '{:999999999}'.format(1) }}",
    "{{ '%999999999d' | format(1) }}",
    "{{ 'x' | center(3000000000) }}",
    "{{ [1] | batch(3000000000, 'x') | list }}",
    "{{ [1] | slice(3000000000) | list }}",
    "{{ 'x' | indent(3000000000, true) }}",
]


@pytest.mark.parametrize("source", ENDLESS)
def test_a_template_that_would_not_end_fails(tmp_path: Path, source: str) -> None:
    """Whatever it does: loops in loops, macros that call themselves, texts and numbers that double."""
    folder = tmp_path / "slack"
    folder.mkdir()
    (folder / "greedy.j2").write_text(f"{{% block summary %}}{source}{{% endblock %}}")
    with pytest.raises(TemplateError):
        TemplateEngine([tmp_path]).fill("greedy", {"started_at": 1, "occurrences": 1}, now=1)


def test_ordinary_loops_joins_and_replacements_work(tmp_path: Path) -> None:
    """The bounds are far from what a message needs."""
    folder = tmp_path / "slack"
    folder.mkdir()
    (folder / "fine.j2").write_text(
        "{% block summary %}{% for one in ['a', 'b'] %}{{ loop.index }}/{{ loop.length }}{{ one }}"
        "{% if not loop.last %}, {% endif %}{% endfor %} "
        "{{ ['x', 'y'] | join('-') }} {{ 'foo' | replace('o', '0') }} {{ 'a' ~ (1 + 1) }}{% endblock %}"
    )
    sheet = TemplateEngine([tmp_path]).fill("fine", {"started_at": 1, "occurrences": 1}, now=1)
    assert "1/2a, 2/2b x-y f00 a2" in sheet.summary()
