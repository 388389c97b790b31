"""The demo as a newcomer runs it: real processes, real traffic, and a count that adds up."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.process


def test_the_demo_ends_by_itself_with_everything_told_and_resolved(tmp_path: Path) -> None:
    """Exit status 0, three languages, nothing lost, and a page with the messages."""
    page = tmp_path / "messages.html"
    ended = subprocess.run(
        [sys.executable, "-m", "otel_alerting", "demo", "--html", str(page)],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout[-3000:] + ended.stderr
    assert ended.stderr == ""
    for language in ("français", "Deutsch", "日本語"):
        assert language in ended.stdout
    raised, sent, merged, waiting, lost = map(
        int,
        re.search(
            r"(\d+) alert changes = (\d+) sent \+ (\d+) merged.* \+ (\d+) waiting \+ (\d+) lost", ended.stdout
        ).groups(),  # type: ignore[union-attr]
    )
    assert raised == sent + merged > 5
    assert (waiting, lost) == (0, 0)
    html = page.read_text(encoding="utf-8")
    for channel in ("acme-shop", "globex-shop", "hanami-shop"):
        assert channel in html
