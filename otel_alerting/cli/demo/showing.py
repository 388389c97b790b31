"""What the demo shows: each message in the terminal when Slack took it, and all of them as a page at the end."""

from __future__ import annotations

import os
import queue
import shutil
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from types import TracebackType

from otel_alerting.cli.demo.scenery import OPERATIONS, TENANTS, Tenant
from otel_alerting.look.page import Shown, draw_page
from otel_alerting.look.terminal import draw_terminal
from otel_alerting.testing.slack_workspace import Posted

_LEAD = "What three tenants of one shop read in Slack, each in their own language; drawn as Slack draws it."


class Teller:
    """Draws on a thread of its own, in the order of hearing, so that nobody who speaks has to wait."""

    def __init__(self) -> None:
        self._heard: queue.Queue[Posted | str | None] = queue.Queue()
        self._titles: dict[str, str] = {}
        self._color = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        self._width = min(100, shutil.get_terminal_size((100, 24)).columns)
        self._thread = threading.Thread(target=self._tell, name="demo-teller", daemon=True)

    def say(self, words: str) -> None:
        """Say what happens next."""
        self._heard.put(words)

    def hear(self, message: Posted) -> None:
        """Take a message that was posted or changed."""
        self._heard.put(message)

    def __enter__(self) -> Teller:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._heard.put(None)
        self._thread.join(5)

    def _tell(self) -> None:
        while (what := self._heard.get()) is not None:
            if isinstance(what, str):
                print(f"\n--- {what}\n", flush=True)
            else:
                self._draw(what)

    def _draw(self, message: Posted) -> None:
        before = self._titles.get(message.ts)
        self._titles[message.ts] = message.text
        if before == message.text:
            return  # only a count moved
        tenant = _tenant_of(message)
        change = "" if before is None else " · changed in place"
        drawn = draw_terminal(
            message.payload, width=self._width, color=self._color, timezone=tenant.timezone, locale=tenant.locale
        )
        print(f"{message.channel_name} · {tenant.language}{change}\n{drawn}", flush=True)


def page(messages: Sequence[Posted]) -> str:
    """All messages as one HTML page."""
    shown = [one for message in messages for one in _shown(message)]
    return draw_page(shown, title="otel-alerting demo", lead=_LEAD)


def _shown(message: Posted) -> Iterator[Shown]:
    """The message as it was first told and, where it was changed since, as it stands now."""
    tenant = _tenant_of(message)
    now = Shown(
        channel=message.channel_name,
        at=int(float(message.ts) * 1e9),
        payload=message.payload,
        workspace=tenant.name,
        about=f"{tenant.language} · {tenant.timezone}",
        locale=tenant.locale,
        timezone=tenant.timezone,
    )
    if message.versions:
        yield replace(now, payload=message.versions[0], note="as it was first told")
        now = replace(now, edited_at=time.time_ns(), note="the same message, at the end")
    yield now


def _tenant_of(message: Posted) -> Tenant:
    return next((tenant for tenant in TENANTS if tenant.team == message.team), OPERATIONS)
