"""`demo` shows the whole product on this machine: a shop with faults, three tenants, and their messages in Slack."""

from __future__ import annotations

import argparse
import importlib.util
import os
import queue
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from otel_alerting.cli.demo.scenery import Tenant
    from otel_alerting.look.page import Shown
    from otel_alerting.testing.slack_workspace import Posted

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
    from otel_alerting.cli.demo.play import Shop, play, workspaces
    from otel_alerting.testing import SlackSimulator

    began = time.monotonic()
    heard: queue.Queue[Posted | str | None] = queue.Queue()
    with SlackSimulator(rate_limits=True, heard=heard.put) as slack, workspaces(slack) as tokens:
        teller = threading.Thread(target=_tell, args=(heard,), daemon=True)
        teller.start()
        with tempfile.TemporaryDirectory() as folder:
            shop = Shop(Path(folder), tokens)
            try:
                requests, counted = play(slack, shop, heard.put)
            finally:
                status = shop.stop()
        heard.put(None)
        teller.join(5)
        messages, violations = slack.messages(), len(slack.violations)
        refused = len(slack.refusals)
    if args.html:
        _write_page(Path(args.html), messages)
    lines, good = _sum(requests, counted, messages, violations + refused)
    print("\n".join([*lines, f"{time.monotonic() - began:.0f} seconds, the shop ended with status {status}."]))
    return 0 if good and status == 0 else 1


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


def _tell(heard: queue.Queue[Posted | str | None]) -> None:
    """Draw in the terminal what happens, as it happens."""
    from otel_alerting.look.terminal import draw_terminal

    width = min(100, shutil.get_terminal_size((100, 24)).columns)
    color = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    titles: dict[str, str] = {}
    while (what := heard.get()) is not None:
        if isinstance(what, str):
            print(f"\n--- {what}\n", flush=True)
            continue
        before, titles[what.ts] = titles.get(what.ts), what.text
        if before == what.text:
            continue  # only a count moved
        tenant = _tenant_of(what)
        change = "" if before is None else " · changed in place"
        print(f"{what.channel_name} · {tenant.language if tenant else 'English'}{change}")
        drawn = draw_terminal(
            what.payload,
            width=width,
            color=color,
            timezone=tenant.timezone if tenant else "UTC",
            locale=tenant.locale if tenant else "en",
        )
        print(drawn, flush=True)


def _tenant_of(message: Posted) -> Tenant | None:
    from otel_alerting.cli.demo.scenery import TENANTS

    return next((tenant for tenant in TENANTS if tenant.team == message.team), None)


def _write_page(path: Path, messages: Sequence[Posted]) -> None:
    from otel_alerting.look.page import draw_page

    shown = [one for message in messages for one in _shown(message)]
    path.parent.mkdir(parents=True, exist_ok=True)
    lead = "What three tenants of one shop read in Slack, each in their own language; drawn as Slack draws it."
    path.write_text(draw_page(shown, title="otel-alerting demo", lead=lead), encoding="utf-8")
    print(f"The messages as a page: {path}")


def _shown(message: Posted) -> Iterator[Shown]:
    """The message as it was first told and, where it was changed since, as it stands now."""
    from otel_alerting.look.page import Shown

    tenant = _tenant_of(message)
    now = Shown(
        channel=message.channel_name,
        at=int(float(message.ts) * 1e9),
        payload=message.payload,
        workspace=tenant.name if tenant else "operations",
        about=f"{tenant.language} · {tenant.timezone}" if tenant else "",
        locale=tenant.locale if tenant else "en",
        timezone=tenant.timezone if tenant else "UTC",
    )
    if message.versions:
        yield replace(now, payload=message.versions[0], note="as it was first told")
        now = replace(now, edited_at=time.time_ns(), note="the same message, at the end")
    yield now


def _sum(
    requests: int, counted: Mapping[str, Any], messages: Sequence[Posted], refused: int
) -> tuple[Sequence[str], bool]:
    """The count, and whether everything is as it should be."""
    books: Mapping[str, Mapping[str, int]] = counted["account"]
    total = {
        line: sum(book.get(line, 0) for book in books.values()) for line in ("raised", "sent", "merged", "waiting")
    }
    lost = total["raised"] - total["sent"] - total["merged"] - total["waiting"]
    changed = sum(len(message.versions) for message in messages)
    open_ones = [message.text for message in messages if message.metadata.get("state") != "resolved"]
    seen = ", ".join(f"{number} {kind}s" for kind, number in sorted(counted["seen"].items()))
    lines = [
        f"{requests} requests to the shop; signals seen: {seen}.",
        "{raised} alert changes = {sent} sent + {merged} merged into others' messages + {waiting} waiting".format(
            **total
        )
        + f" + {lost} lost.",
        f"{len(messages)} messages, changed in place {changed} times; {refused} requests refused by Slack.",
    ]
    lines += [f"Not resolved in time: {title}" for title in open_ones]
    return lines, bool(messages) and not (lost or refused or open_ones or total["waiting"])
