"""Journeys run real programs in processes of their own and look at what reaches the strict simulator."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from otel_alerting.testing import SlackSimulator

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def slack() -> Iterator[SlackSimulator]:
    """Slack on this machine: one workspace, one channel, one webhook."""
    with SlackSimulator(channels=("#ops",)) as simulator:
        yield simulator


class Program:
    """A real program in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.running: list[subprocess.Popen[str]] = []

    def start(self, *command: str, env: Mapping[str, str] | None = None, code: str = "") -> subprocess.Popen[str]:
        """Start a command; `code` is written to `app.py` first, and `APP` in the command is its path."""
        app = self.folder / "app.py"
        if code:
            app.write_text(textwrap.dedent(code))
        process = subprocess.Popen(
            [str(app) if word == "APP" else word for word in command],
            env=clean_environment() | dict(env or {}),
            cwd=self.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.running.append(process)
        return process

    def run(
        self, code: str, *, env: Mapping[str, str] | None = None, by: tuple[str, ...] = (), timeout: float = 60
    ) -> subprocess.CompletedProcess[str]:
        """Run Python code to its end, by this interpreter or by a command such as `opentelemetry-instrument`."""
        process = self.start(*by, sys.executable, "APP", env=env, code=code)
        out, err = process.communicate(timeout=timeout)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def stop_all(self) -> None:
        """Leave nothing behind."""
        for process in self.running:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    """Starts real programs; none outlives the test."""
    programs = Program(tmp_path)
    yield programs
    programs.stop_all()


def clean_environment() -> dict[str, str]:
    """This environment without anything that would configure telemetry, and with this interpreter's commands first."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{env.get('PATH', '')}"
    env["PYTHONPATH"] = str(ROOT)
    return env


def command(name: str) -> str:
    """A command of this interpreter's environment; the test is skipped where it is not installed."""
    path = Path(sys.executable).parent / name
    found = str(path) if path.exists() else shutil.which(name)
    if not found:
        pytest.skip(f"{name} is not installed here")
    return found


def until(holds: Callable[[], object], *, seconds: float = 20, what: str = "") -> None:
    """Wait for something that another process does; fails with `what` after `seconds`."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what or holds}")
        time.sleep(0.02)
