"""Code in the documentation runs, and what it shows of configurations is what the reader takes."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import yaml
from docs_pages import Block, blocks
from docs_programs import environment, run

from otel_alerting.cli.check import template_problems
from otel_alerting.config.load import load
from otel_alerting.config.read import read
from otel_alerting.config.schema import Config
from otel_alerting.render.templates import TemplateEngine
from otel_alerting.rules.rule import RuleFile
from otel_alerting.testing import SlackSimulator, check_rules

OURS = {"started_at": 0, "occurrences": 1}
"""What every alert gives a template."""
VARIABLES = {"SLACK_BOT_TOKEN": "xoxb-1", "ACME_WEBHOOK": "https://hooks.slack.com/services/T/B/x"}


@pytest.mark.process
@pytest.mark.parametrize("block", blocks("python"), ids=lambda block: block.name)
def test_a_block_of_python_runs(block: Block, tmp_path: Path) -> None:
    """By itself, from its first line to its last, as a program or as a file of tests; and nothing complains."""
    file = tmp_path / "test_block.py"
    file.write_text(block.text)
    is_tests = "def test_" in block.text or "class Test" in block.text
    command = (
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", file.name]
        if is_tests
        else [sys.executable, file.name]
    )
    with SlackSimulator() as slack:
        ended = run(command, tmp_path, environment(slack))
        refused = slack.refusals
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "otel-alerting:" not in ended.stderr
    assert refused == []


@pytest.mark.parametrize("block", blocks("yaml"), ids=lambda block: block.name)
def test_a_block_of_yaml_is_taken(block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The comment in its first line says which file it is."""
    name = block.text.partition("\n")[0].removeprefix("# ")
    monkeypatch.chdir(tmp_path)
    if name == "otel.yaml":
        assert yaml.safe_load(block.text)["file_format"] == "1.0"
    elif name.startswith("rules/tests/"):
        for one in blocks("yaml"):
            if one.page == block.page and one.text.startswith("# rules/"):
                file = tmp_path / one.text.partition("\n")[0].removeprefix("# ")
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(one.text)
        check_rules(name)
    elif name.startswith("rules/"):
        rules = read(block.text, RuleFile, name).complete()
        assert rules
        assert list(template_problems(Config(rules=rules))) == []
    else:
        assert name == "alerting.yaml"
        (tmp_path / "templates").mkdir()
        (tmp_path / name).write_text(block.text)
        load(name, VARIABLES)


@pytest.mark.parametrize("block", blocks("jinja"), ids=lambda block: block.name)
def test_a_block_of_jinja_compiles_and_speaks(block: Block, tmp_path: Path) -> None:
    """As a template of a folder of one's own."""
    (tmp_path / "slack").mkdir()
    (tmp_path / "slack" / "shown.j2").write_text(block.text)
    engine = TemplateEngine([tmp_path])
    assert engine.problems() == []
    sheet = engine.fill("shown", {"bank": "First", "share": 0.5, "status_url": "https://bank.example/", **OURS})
    assert sheet.text("title")


@pytest.mark.process
def test_the_declarative_configuration_configures(tmp_path: Path) -> None:
    """OpenTelemetry itself reads it, and finds our exporters under their names."""
    pytest.importorskip("opentelemetry.configuration")
    [block] = [one for one in blocks("yaml") if one.text.startswith("# otel.yaml")]
    (tmp_path / "otel.yaml").write_text(block.text)
    (tmp_path / "app.py").write_text("import logging\nlogging.getLogger('shop').error('the database is gone')\n")
    with SlackSimulator() as slack:
        env = environment(slack, OTEL_CONFIG_FILE="otel.yaml")
        ended = run(["opentelemetry-instrument", sys.executable, "app.py"], tmp_path, env)
        told = [message.text for message in slack.messages()]
    assert ended.returncode == 0, ended.stderr
    assert len(told) == 1, ended.stderr
    assert "the database is gone" in told[0]
