"""Surroundings are what a command finds where it is started: the configuration file, and the variables in `.env`.

Commands read the `.env` beside the configuration so that a configuration can be tried out as it is; a program reads
its own environment and nothing else.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from otel_alerting.config.load import load
from otel_alerting.config.schema import Config
from otel_alerting.config.settings import variable
from otel_alerting.errors import ConfigurationError, Problem

DEFAULT_FILE = "alerting.yaml"
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\", "$": "$"}


@dataclass(frozen=True)
class Surroundings:
    """Which file counts, and which variables."""

    file: str
    """The configuration file; empty when there is none."""
    env: Mapping[str, str]

    def load(self) -> Config:
        """The configuration.

        Raises:
            ConfigurationError: with all problems.
        """
        return load(self.file or None, self.env)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options by which a command is told where to look."""
    parser.add_argument(
        "--config",
        metavar="FILE",
        help=f"the configuration (default: ${variable('config')}, else ./{DEFAULT_FILE} where there is one)",
    )
    parser.add_argument("--env-file", metavar="FILE", help="variables (default: the .env beside the configuration)")


def look_around(file: str | None, env_file: str | None, env: Mapping[str, str] | None = None) -> Surroundings:
    """Find the configuration and its variables; those of the process win over those of the file."""
    process = dict(os.environ if env is None else env)
    chosen = file or process.get(variable("config"), "") or (DEFAULT_FILE if Path(DEFAULT_FILE).is_file() else "")
    beside = Path(env_file) if env_file else Path(chosen).expanduser().parent / ".env"
    if env_file or beside.is_file():
        process = {**dict(dotenv(_text(beside))), **process}
    return Surroundings(chosen or process.get(variable("config"), ""), process)


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8"
        raise ConfigurationError(
            [Problem(str(path), "", f"no file to read ({reason})", "a file of NAME=value")]
        ) from None


def dotenv(text: str) -> Iterator[tuple[str, str]]:
    """The variables of a `.env` text: `NAME=value`, `export NAME="value"`, `# comment`."""
    for line in text.splitlines():
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        if equals and not line.lstrip().startswith("#"):
            yield name.strip(), _value(value.strip())


def _value(said: str) -> str:
    quote = said[:1]
    if quote not in ("'", '"') or said.find(quote, 1) < 0:
        return said.partition(" #")[0].rstrip()
    if quote == "'":
        return said[1 : said.index("'", 1)]
    made, rest = "", iter(said[1:])
    for char in rest:
        if char == '"':
            break
        made += _ESCAPES.get(escaped := next(rest, ""), "\\" + escaped) if char == "\\" else char
    return made
