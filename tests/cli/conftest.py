"""A terminal for commands: what they print, and a folder without any settings of this machine."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_terminal import Ran, Run

from otel_alerting.cli import main
from otel_alerting.config.settings import NAMES, variable


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Run one command in an empty folder."""
    monkeypatch.chdir(tmp_path)
    for name in (*map(variable, NAMES), "SLACK_WEBHOOK_URL", "SLACK_BOT_TOKEN"):
        monkeypatch.delenv(name, raising=False)

    def ran(*arguments: object) -> Ran:
        capfd.readouterr()
        try:
            status = main([str(argument) for argument in arguments])
        except SystemExit as end:
            status = int(end.code or 0)
        return Ran(status, *capfd.readouterr())

    return ran
