"""Template authors may write what they like: no alert is lost and nothing gets out of the sandbox."""

import re
from pathlib import Path

import pytest

from otel_alerting.errors import TemplateError
from otel_alerting.model import Alert, Notification, Reason, Severity
from otel_alerting.model.duration import SECOND
from otel_alerting.render.locales import LocaleManager
from otel_alerting.render.renderer import Renderer
from otel_alerting.render.templates import TemplateEngine
from otel_alerting.telemetry import Counters

AT = 1_764_000_000 * SECOND
LOCALES = LocaleManager()


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / "slack" / f"{name}.j2"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return folder


def notification(template: str = "own", **changes: object) -> Notification:
    fields: dict[str, object] = {
        "tenant": "acme",
        "name": "Disk",
        "severity": Severity.HIGH,
        "started_at": AT,
        "updated_at": AT,
        "template": template,
        "text": "disk <full>",
        "facts": {"mount": "/var", "free": 0.02},
    }
    alert = Alert(**{**fields, **changes})  # type: ignore[arg-type]
    return Notification(
        tenant="acme", receiver="ops", group="g", reason=Reason.FIRST, seq=1, at=AT, alerts=(alert,), firing=1,
        occurrences=1, severity=alert.severity, started_at=AT,
    )  # fmt: skip


def renderer(*folders: Path, counters: Counters | None = None) -> Renderer:
    return Renderer(TemplateEngine(folders, LOCALES), LOCALES, counters=counters)


def test_the_built_in_templates_compile() -> None:
    """All of them, in both formats, and both formats have the same ones."""
    engine = TemplateEngine()
    assert engine.problems() == []
    assert engine.names("slack") == engine.names("text")


def test_a_template_fills_named_blocks_and_leaves_the_rest_to_the_default(tmp_path: Path) -> None:
    """Title and fields of its own, the default's context."""
    write(
        tmp_path,
        "own",
        "{% extends 'default.j2' %}{% block title %}Disk {{ mount }}{% endblock %}"
        "{% block fields %}{{ field(_('Value'), free | percent) }}{% endblock %}",
    )
    message = renderer(tmp_path).render(notification(), locale="fr")
    assert message.title.endswith("Disk /var")
    assert [(field.label, field.value) for field in message.fields] == [("Valeur", "2\xa0%")]
    assert any("`Disk`" in line for line in message.context)


def test_a_file_without_blocks_is_the_summary(tmp_path: Path) -> None:
    """The simplest template is a sentence."""
    message = renderer(write(tmp_path, "own", "Only {{ free | percent }} left.")).render(notification())
    assert message.summary == "Only 2% left."
    assert message.title


def test_a_title_that_says_nothing_is_the_alerts_own(tmp_path: Path) -> None:
    """A message without a title would be an alert without a name."""
    message = renderer(write(tmp_path, "own", "{% block title %} {% endblock %}")).render(notification())
    assert message.title.endswith("Firing: Disk")


def test_a_replaced_default_is_what_all_templates_extend(tmp_path: Path) -> None:
    """And it may itself extend the built-in one."""
    write(
        tmp_path, "default", "{% extends 'builtin/default.j2' %}{% block summary %}[ours] {{ super() }}{% endblock %}"
    )
    message = renderer(tmp_path).render(notification("threshold", annotations={"summary": "it's full"}))
    assert message.summary == "[ours] it's full"


def test_a_tenants_own_folder_comes_first(tmp_path: Path) -> None:
    """Before the user's; another tenant sees nothing of it."""
    user = write(tmp_path / "user", "own", "user")
    tenant = write(tmp_path / "tenant", "own", "tenant")
    rendering = renderer(user)
    assert rendering.render(notification(), templates=tenant).summary == "tenant"
    assert rendering.render(notification()).summary == "user"


def test_a_template_for_slack_alone_is_shown_on_a_terminal_too(tmp_path: Path) -> None:
    """In the terminal's markup; macros it imports are found beside it, and it is no failure."""
    counters = Counters()
    write(tmp_path, "macros", "{% macro ratio(x) %}{{ x | percent | code }}{% endmacro %}")
    write(
        tmp_path,
        "own",
        "{% extends 'default.j2' %}{% from 'macros.j2' import ratio %}"
        "{% block title %}Disk {{ mount | strong }}{% endblock %}{% block summary %}{{ ratio(free) }}{% endblock %}",
    )
    rendering = renderer(tmp_path, counters=counters)
    message = rendering.render(notification(), format="text")
    assert (message.title, message.summary) == ("🔴 Firing: Disk /var", "2%")
    assert rendering.render(notification(), format="slack").summary == "`2%`"
    assert counters.total("templates_failed") == 0
    engine = TemplateEngine([tmp_path])
    assert engine.has("own", "text")
    assert "own" in engine.names("text")
    assert not engine.has("own", "html")


def test_a_terminals_own_template_comes_before_one_for_slack(tmp_path: Path) -> None:
    """Wherever it is; among those for Slack, a tenant's comes before the user's."""
    user, tenant = (
        write(tmp_path / "user", "own", "slack of user"),
        write(tmp_path / "tenant", "own", "slack of tenant"),
    )
    rendering = renderer(user)
    assert rendering.render(notification(), format="text", templates=tenant).summary == "slack of tenant"
    (user / "text").mkdir()
    (user / "text" / "own.j2").write_text("text of user", "utf-8")
    rendering = renderer(user)
    assert rendering.render(notification(), format="text", templates=tenant).summary == "text of user"


def test_a_template_that_does_not_compile_is_one_problem(tmp_path: Path) -> None:
    """Although two formats would show it."""
    (problem,) = TemplateEngine([write(tmp_path, "own", "{% nonsense %}")]).problems()
    assert problem.name.endswith("slack/own.j2")


@pytest.mark.parametrize("name", ["number", "percent", "quantity('s')", "duration", "moment", "relative"])
def test_a_number_that_is_not_there_costs_no_template(tmp_path: Path, name: str) -> None:
    """Of nothing, a dash; a text that is no number stays as it is, escaped."""
    write(tmp_path, "own", f"[{{{{ typo | {name} }}}}] [{{{{ nothing | {name} }}}}] [{{{{ text | {name} }}}}]")
    message = renderer(tmp_path).render(notification(facts={"nothing": None}))
    assert message.summary == "[–] [–] [disk &lt;full&gt;]"


def test_numbers_that_are_no_time_are_shown_as_they_are(tmp_path: Path) -> None:
    """An infinite duration is a mistake of a measurement, not of the template."""
    source = "{{ free | duration }} {{ free | number }} {{ '0.5' | percent }}"
    message = renderer(write(tmp_path, "own", source)).render(notification(facts={"free": float("inf")}))
    assert message.summary == "∞ ∞ 50%"


@pytest.mark.parametrize(
    "source",
    [
        "{% block title %}",
        "{{ 1 / 0 }}",
        "{{ nothing.at.all() }}",
        "{% extends 'not_there.j2' %}",
        "{% for i in range(100000000) %}x{% endfor %}",
        "{{ 'x' * 1000000000 }}",
        "{{ 9 ** 9 ** 9 }}",
        "{% for i in range(900) %}{% for j in range(900) %}xxxxxxxxxx{% endfor %}{% endfor %}",
        "{{ ''.__class__.__mro__ }}",
        "{{ alert._telling.engine.folders }}",
        "{{ '{0.__class__}'.format(alert) }}",
        "{{ text | safe }}",
        "{{ _('Value', x=self.__init__.__globals__) }}",
        "{% include 'own.j2' %}",
    ],
)
def test_a_template_that_fails_costs_its_own_words_only(tmp_path: Path, source: str) -> None:
    """The default template tells the alert, the message says so in the reader's language, and it is counted."""
    counters = Counters()
    message = renderer(write(tmp_path, "own", source), counters=counters).render(notification(), locale="de")
    assert "Disk" in message.title
    assert counters.total("templates_failed", template="own") == 1
    assert any("Vorlagenfehler" in line and "own.j2" in line for line in message.context)


def test_an_error_names_file_and_line(tmp_path: Path) -> None:
    """Compile errors and failures both."""
    engine = TemplateEngine([write(tmp_path, "own", "\n\n{% nonsense %}")])
    (problem,) = engine.problems()
    assert problem.name.endswith("own.j2")
    assert problem.line == 3
    write(tmp_path, "late", "one\n{{ 1 / 0 }}")
    with pytest.raises(TemplateError, match=r"late\.j2:2: ZeroDivisionError"):
        engine.fill("late", {})


def test_a_template_that_is_not_there_is_told_as_such() -> None:
    """A rule may name one that nobody wrote."""
    message = renderer().render(notification("nobody"))
    assert any("nobody.j2" in line for line in message.context)


def test_every_value_is_escaped_and_disarmed(tmp_path: Path) -> None:
    """Directly, through macros, set blocks, concatenation, filters and joins; quotes stay quotes."""
    write(
        tmp_path,
        "own",
        "{% macro m(x) %}{{ x }}{% endmacro %}{% set s %}{{ text }}{% endset %}"
        "{{ text }} {{ m(text) }} {{ s }} {{ text ~ '!' }} {{ m(text) ~ text }} {{ text | upper }}"
        " {{ [text, m(text)] | join(', ') }}"
        " {{ text | replace('a', 'b') }} {% autoescape false %}{{ text }}{% endautoescape %} {{ text | code }}",
    )
    hostile = '<!channel> & "it\'s" <@U1>'
    message = renderer(tmp_path).render(notification(text=hostile))
    assert "<" not in message.summary
    assert ">" not in message.summary
    assert "&#" not in message.summary
    assert "&amp;amp;" not in message.summary
    assert "it's" in message.summary


def test_macros_of_another_file_speak_the_readers_language(tmp_path: Path) -> None:
    """Filters know the voice inside imported macros too."""
    write(tmp_path, "macros", "{% macro ratio(x) %}{{ x | percent }}{% endmacro %}")
    write(tmp_path, "own", "{% from 'macros.j2' import ratio %}{{ ratio(free) }} {{ 0.5 | percent }}")
    rendering = renderer(tmp_path)
    assert rendering.render(notification(), locale="en").summary == "2% 50%"
    assert rendering.render(notification(), locale="fr").summary == "2\xa0% 50\xa0%"


def test_a_template_that_changes_is_read_again(tmp_path: Path) -> None:
    """No restart for a word."""
    import os

    rendering = renderer(write(tmp_path, "own", "first"))
    assert rendering.render(notification()).summary == "first"
    write(tmp_path, "own", "second")
    os.utime(tmp_path / "slack" / "own.j2", (1, 1))
    assert rendering.render(notification()).summary == "second"


def test_annotations_are_filled_in_and_a_failing_one_is_shown_as_written() -> None:
    """With labels, value and facts; the message says which one failed."""
    alert = notification(
        labels={"host.name": "db<1>"},
        annotations={"summary": "{{ labels['host.name'] }} has {{ free | percent }}", "description": "{{ typo }}"},
    )
    message = renderer().render(
        notification("default", labels=alert.alerts[0].labels, annotations=alert.alerts[0].annotations)
    )
    assert message.summary == "db&lt;1&gt; has 2%"
    assert any("description" in line for line in message.context)


def test_a_title_that_fails_is_the_alerts_own_name() -> None:
    """Nobody is woken by `{{ typo }}`; the small print says which annotation it was. Numbers are no excuse there."""
    for source in ("{{ typo }}", "{{ typo | percent }}"):
        message = renderer().render(notification("default", annotations={"title": source}))
        assert message.title == "🔴 Firing: Disk"
        assert any("annotations" in line and "title" in line for line in message.context)


def test_a_sample_is_rendered_from_plain_data() -> None:
    """The example everybody starts from."""
    data = {"model_name": "recommendation_v2", "drift_score": 0.85, "threshold": 0.70}
    message = renderer().render_sample("ml_model_drift", data, now=AT, severity=Severity.HIGH)
    assert "recommendation_v2" in message.title
    assert re.search(r"0\.85.*0\.7", message.summary)
