"""Build the wheel, install it in an empty environment, and run one journey there.

What the repository has and the wheel does not (templates, catalogues, the folders behind the committed links) shows
here and nowhere else: the program runs in another folder, with nothing of the checkout on its path.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

JOURNEY = """
import logging.config, sys
from otel_alerting.testing import SlackSimulator

assert "site-packages" in __import__("otel_alerting").__file__
with SlackSimulator(channels=("#ops",)) as slack:
    logging.config.dictConfig({
        "version": 1,
        "handlers": {"alerts": {
            "class": "otel_alerting.handlers.AlertHandler",
            "slack_token": slack.token, "slack_channel": "#ops", "slack_api_url": slack.api_url, "locale": "fr",
        }},
        "root": {"handlers": ["alerts"]},
    })
    logging.getLogger("shop").error("the card terminal does not answer")
    import otel_alerting
    assert otel_alerting.flush(10), "not everything was told"
    (message,) = slack.messages()
    assert "the card terminal does not answer" in message.words, message.words
    print("wheel: 1 passed, 0 failed")
"""


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        subprocess.run(
            [sys.executable, "-m", "build", "--outdir", str(place), str(ROOT)], check=True, stdout=subprocess.DEVNULL
        )
        wheel = next(place.glob("*.whl"))
        subprocess.run([sys.executable, "-m", "venv", str(place / "env")], check=True)
        python = str(place / "env" / "bin" / "python")
        subprocess.run([python, "-m", "pip", "install", "-qq", "--disable-pip-version-check", str(wheel)], check=True)
        (place / "journey.py").write_text(JOURNEY)
        for command in (
            [python, "-I", str(place / "journey.py")],
            [str(place / "env" / "bin" / "otel-alerting"), "--version"],
            [str(place / "env" / "bin" / "otel-alerting"), "preview", "default", "--locale", "ja"],
        ):
            subprocess.run(command, cwd=place, check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
