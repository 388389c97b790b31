"""The demo as a newcomer runs it: real processes, real traffic, and a count that adds up."""

from __future__ import annotations

import os
import re
import signal
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


def test_ctrl_c_ends_the_demo_and_the_shop_without_a_word() -> None:
    """The terminal sends it to the whole group of processes; nothing is said on stderr and nothing is left behind."""
    started = subprocess.Popen(
        [sys.executable, "-m", "otel_alerting", "demo"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert started.stdout is not None
    while "All is well" not in started.stdout.readline():
        assert started.poll() is None
    shop = _children(started.pid)
    os.killpg(started.pid, signal.SIGINT)
    _, errors = started.communicate(timeout=30)  # returns when the shop too has closed its stderr
    assert (started.returncode, errors) == (130, "")
    assert shop
    assert not any(_runs(pid) for pid in shop)


def test_what_is_not_installed_is_said_with_what_to_install() -> None:
    """One line, exit status 1."""
    without_flask = (
        "import sys; sys.modules['flask'] = None; from otel_alerting.cli import main; sys.exit(main(['demo']))"
    )
    ended = subprocess.run([sys.executable, "-c", without_flask], capture_output=True, text=True, check=False)
    said = "otel-alerting demo: Flask missing; pip install 'otel-alerting[demo]'\n"
    assert (ended.returncode, ended.stderr) == (1, said)


def _children(pid: int) -> list[int]:
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            after_name = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(after_name[1]) == pid:
            found.append(int(status.parent.name))
    return found


def _runs(pid: int) -> bool:
    """A process that has ended may still be in the table, as a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
