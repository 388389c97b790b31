"""Programs of the documentation run in processes of their own, with a Slack on this machine in their environment."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from docs_pages import ROOT

from otel_alerting.testing import SlackSimulator

BIN = Path(sys.executable).parent


def environment(slack: SlackSimulator, **more: str) -> dict[str, str]:
    """This process's variables without anything about telemetry, and with a webhook."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    path = f"{BIN}{os.pathsep}{env.get('PATH', '')}"
    return {**env, "PATH": path, "PYTHONPATH": str(ROOT), "OTEL_ALERTING_SLACK_WEBHOOK_URL": slack.webhook_url, **more}


def run(command: list[str], folder: Path, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=60, check=False)


def said(slack: SlackSimulator) -> str:
    """All words of all messages."""
    return "\n".join(f"{message.text} {message.payload}" for message in slack.messages())
