"""`demo` shows the whole product on this machine: a shop with faults, three tenants, and their messages in Slack."""

from __future__ import annotations

import argparse
import importlib.util
import sys
import tempfile
import time
from pathlib import Path

NAME = "demo"
HELP = "Show everything on this machine: a shop with faults, three tenants, their messages as Slack would show them."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say which arguments it takes."""
    parser.add_argument("--html", metavar="FILE", help="also write a page with all messages as Slack draws them")


def run(args: argparse.Namespace) -> int:
    """Play it; 0 when everything was told, resolved and counted."""
    missing = _missing()
    if missing:
        print(f"otel-alerting demo: {missing} missing; pip install 'otel-alerting[demo]'", file=sys.stderr)
        return 1
    from otel_alerting.cli.demo.count import Count
    from otel_alerting.cli.demo.play import opened, play, workspaces
    from otel_alerting.cli.demo.showing import Teller, page
    from otel_alerting.testing import SlackSimulator

    began = time.monotonic()
    with (
        Teller() as teller,
        SlackSimulator(rate_limits=True, heard=teller.hear) as slack,
        tempfile.TemporaryDirectory() as folder,
    ):
        with opened(Path(folder), workspaces(slack)) as shop:
            requests = play(slack, shop, teller.say)
            books = shop.books()
        count = Count(requests, books, slack.messages(), len(slack.refusals) + len(slack.violations))
    if args.html:
        _write(Path(args.html), page(count.messages))
    print(
        *count.lines(), f"{time.monotonic() - began:.0f} seconds, the shop ended with status {shop.status}.", sep="\n"
    )
    return 0 if count.balances and shop.status == 0 else 1


def _missing() -> str:
    from otel_alerting.cli.demo.play import instrument

    wanted = {"Flask": "flask", "its instrumentation": "opentelemetry.instrumentation.flask"}
    missing = [name for name, module in wanted.items() if not _is_there(module)]
    return ", ".join([*missing, *([] if instrument() else ["opentelemetry-instrument"])])


def _is_there(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def _write(path: Path, html: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(html, encoding="utf-8")
    print(f"The messages as a page: {path}")
