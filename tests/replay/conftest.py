"""A command line in an empty folder, and files to play."""

from __future__ import annotations

from pathlib import Path

import pytest
from replay_recordings import HIGH, Replay, Replayed

from otel_alerting.cli import main


@pytest.fixture
def replay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Replay:
    """Play the files named to `rules.yaml`, which is about a gauge `cpu` unless a test writes another."""
    monkeypatch.chdir(tmp_path)
    Path("rules.yaml").write_text(HIGH)

    def played(*arguments: object) -> Replayed:
        capfd.readouterr()
        try:
            status = main(["replay", "--rules", "rules.yaml", "--signals", *map(str, arguments)])
        except SystemExit as end:
            status = int(end.code or 0)
        return Replayed(status, *capfd.readouterr())

    return played
