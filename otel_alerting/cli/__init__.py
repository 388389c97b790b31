"""The command `otel-alerting`: one file per command.

A command is a module in this folder with `NAME`, `HELP`, `add_arguments(parser)` and `run(args)`, which gives the exit
status: 0 done, 1 it could not be done (and why is said on stderr), 2 misuse. A new file is a new command.
"""

from __future__ import annotations

import argparse
import importlib
import os
import pkgutil
import sys
from collections.abc import Iterator, Sequence
from typing import Protocol, cast

from otel_alerting import __version__
from otel_alerting.errors import AlertingError


class Command(Protocol):
    """What a module in this folder must have to be a command."""

    NAME: str
    HELP: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Say which arguments it takes."""
        ...

    def run(self, args: argparse.Namespace) -> int:
        """Do it; the exit status."""
        ...


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and give its exit status."""
    args = parser().parse_args(argv)
    try:
        return cast("Command", args.command).run(args)
    except AlertingError as error:
        print(f"otel-alerting: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # `otel-alerting schema | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    made = argparse.ArgumentParser(
        prog="otel-alerting", description="Telemetry becomes alerts that people read, in Slack, per tenant, once."
    )
    made.add_argument("--version", action="version", version=f"otel-alerting {__version__}")
    commands = made.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in found():
        one = commands.add_parser(command.NAME, help=command.HELP, description=command.HELP)
        command.add_arguments(one)
        one.set_defaults(command=command)
    return made


def found() -> Iterator[Command]:
    """The commands of this folder, by file name."""
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda module: module.name):
        loaded = importlib.import_module(f"{__name__}.{module.name}")
        if hasattr(loaded, "NAME"):
            yield cast("Command", loaded)
