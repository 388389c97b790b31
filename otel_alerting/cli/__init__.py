"""The command `otel-alerting`: one file per command.

A command is a module in this folder with `NAME`, `HELP`, `add_arguments(parser)` and `run(args)`, which gives the exit
status: 0 done, 1 it could not be done (and why is said on stderr), 2 misuse. A new file is a new command. A folder with
`NAME` and `HELP` alone is a group of them: the file `rules/test.py`, whose `NAME` is `rules test`.
"""

from __future__ import annotations

import argparse
import importlib
import os
import pkgutil
import sys
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import Protocol, cast

from otel_alerting import __version__
from otel_alerting.errors import AlertingError


class Command(Protocol):
    """What a module in this folder must have to be a command."""

    NAME: str
    """All its words, as users type them."""
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
    _add_commands(made, sys.modules[__name__])
    return made


def found() -> Iterator[Command]:
    """The commands of this folder and its groups, by file name."""
    return _found(sys.modules[__name__])


def _found(folder: ModuleType) -> Iterator[Command]:
    for module in _named(folder):
        if _is_group(module):
            yield from _found(module)
        else:
            yield cast("Command", module)


def _add_commands(parser: argparse.ArgumentParser, folder: ModuleType) -> None:
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for module in _named(folder):
        one = commands.add_parser(module.NAME.split()[-1], help=module.HELP, description=module.HELP)
        if _is_group(module):
            _add_commands(one, module)
        else:
            module.add_arguments(one)
            one.set_defaults(command=module)


def _named(folder: ModuleType) -> Iterator[ModuleType]:
    for module in sorted(pkgutil.iter_modules(folder.__path__), key=lambda module: module.name):
        loaded = importlib.import_module(f"{folder.__name__}.{module.name}")
        if hasattr(loaded, "NAME"):
            yield loaded


def _is_group(module: ModuleType) -> bool:
    return not hasattr(module, "run")
