"""The demo's play: a shop in a process of its own, real HTTP traffic for three tenants, and Slack on this machine."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TypeAlias, cast

import httpx
import msgspec

from otel_alerting.cli.demo.count import Books
from otel_alerting.cli.demo.scenery import CONFIG, EVERYBODY, FAULTS, RULES, TENANTS, Tenant
from otel_alerting.errors import AlertingError
from otel_alerting.testing import SlackSimulator

_Pipes: TypeAlias = "tuple[IO[bytes], IO[bytes]]"
HEALTHY, FAULTY, PATIENCE = 2.0, 10.0, 40.0
"""Seconds: before the faults, with them, and at most until everything is resolved."""
_START = 30.0
"""Seconds that the shop may take to start: ten times what it takes on a slow machine."""
_PACE = 0.12
"""Seconds between two requests of one tenant."""


def workspaces(slack: SlackSimulator) -> Mapping[str, str]:
    """Make a workspace for each tenant; the environment variables with their tokens."""
    made = {f"{one.name.upper()}_TOKEN": slack.add_workspace(one.team, channels=[one.channel]) for one in EVERYBODY}
    return {"SLACK_API": slack.api_url, **{name: workspace.token for name, workspace in made.items()}}


class Shop:
    """The shop in its own process, started by `opentelemetry-instrument` and configured by its environment alone.

    Raises:
        AlertingError: it did not start; what it had to say about that is on stderr.
    """

    def __init__(self, folder: Path, tokens: Mapping[str, str]) -> None:
        (folder / "alerting.yaml").write_text(CONFIG, encoding="utf-8")
        (folder / "rules.yaml").write_text(RULES, encoding="utf-8")
        self.status: int | None = None
        """How it ended; None while it runs."""
        self._process = subprocess.Popen(
            [instrument(), sys.executable, str(Path(__file__).with_name("serve.py"))],
            env={**_environment(folder), **tokens},
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the demo, which then ends it in order
        )
        self._input, self._output = cast("_Pipes", (self._process.stdin, self._process.stdout))
        self.url = f"http://127.0.0.1:{self._port()}"

    def fault(self, name: str, *, on: bool) -> None:
        """Break something, or mend it."""
        self._ask("PUT" if on else "DELETE", f"/faults/{name}")

    def books(self) -> Books:
        """What otel-alerting counted in the shop's process."""
        return msgspec.json.decode(self._ask("GET", "/account"), type=Books)

    def stop(self) -> None:
        """End it as a program ends; `status` says how that went."""
        with suppress(OSError):
            self._input.close()
        try:
            self.status = self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self.status = self._process.wait()
        self._output.close()

    def _ask(self, method: str, path: str) -> bytes:
        try:
            return httpx.request(method, self.url + path, trust_env=False).raise_for_status().content
        except httpx.HTTPError as error:
            raise AlertingError(f"the demo's shop does not answer: {error}") from error

    def _port(self) -> str:
        """The line that it prints when it is ready."""
        port = self._output.readline().decode().strip() if select.select([self._output], [], [], _START)[0] else ""
        if not port:
            self._process.kill()
            self.stop()
            raise AlertingError(f"the demo's shop did not start within {_START:.0f} seconds")
        return port


@contextmanager
def opened(folder: Path, tokens: Mapping[str, str]) -> Iterator[Shop]:
    """The shop, open for as long as the block lasts."""
    shop = Shop(folder, tokens)
    try:
        yield shop
    finally:
        shop.stop()


def _environment(folder: Path) -> Mapping[str, str]:
    """All that the shop is told, besides the tokens. What the reader's own shell says of OpenTelemetry is not meant."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    return inherited | {
        "OTEL_SERVICE_NAME": "shop",
        "OTEL_TRACES_EXPORTER": "alerting",
        "OTEL_METRICS_EXPORTER": "alerting",
        "OTEL_LOGS_EXPORTER": "alerting",
        "OTEL_METRIC_EXPORT_INTERVAL": "1000",
        "OTEL_ALERTING_CONFIG": str(folder / "alerting.yaml"),
        "NO_PROXY": "127.0.0.1",  # Slack is on this machine
        "no_proxy": "127.0.0.1",
    }


class Traffic:
    """One thread a tenant that sends requests, each with the tenant as W3C baggage, until it is stopped."""

    def __init__(self, url: str) -> None:
        self._over = threading.Event()
        self._served = dict.fromkeys(TENANTS, 0)  # each number has one thread that writes it
        self._threads = [threading.Thread(target=self._send, args=(url, one), daemon=True) for one in TENANTS]
        for thread in self._threads:
            thread.start()

    @property
    def requests(self) -> int:
        """How many the shop has answered."""
        return sum(self._served.values())

    def stop(self) -> None:
        """Send no more."""
        self._over.set()
        for thread in self._threads:
            thread.join(5)

    def _send(self, url: str, tenant: Tenant) -> None:
        number = 0
        said = {"baggage": f"tenant.id={tenant.name}"}
        with httpx.Client(base_url=url, headers=said, timeout=5, trust_env=False) as client:
            while not self._over.wait(_PACE):
                method, path = tenant.requests[number % len(tenant.requests)]
                number += 1
                with suppress(httpx.HTTPError):
                    client.request(method, path, headers={"X-Request-ID": f"{tenant.name}-{number}"})
                    self._served[tenant] += 1


def play(slack: SlackSimulator, shop: Shop, say: Callable[[str], None]) -> int:
    """Healthy, faulty, mended; returns when every message is resolved, or the patience is over.

    Returns:
        How many requests the shop served.
    """
    traffic = Traffic(shop.url)
    try:
        say("Three tenants shop. All is well.")
        time.sleep(HEALTHY)
        for name in FAULTS:
            shop.fault(name, on=True)
        say("Now the search is slow, the stock is low, the bank declines cards and a model drifts.")
        time.sleep(FAULTY)
        for name in FAULTS:
            shop.fault(name, on=False)
        say("All of it is mended; what stays quiet resolves by itself.")
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and not is_over(slack, shop.books()):
            time.sleep(0.25)
        return traffic.requests
    finally:
        traffic.stop()


def is_over(slack: SlackSimulator, books: Books) -> bool:
    """Is every message's last word that it is over, and does nothing wait?"""
    messages = slack.messages()
    settled = all(message.metadata.get("state") == "resolved" for message in messages)
    return bool(messages) and settled and not books.total("waiting")


def instrument() -> str:
    """The command `opentelemetry-instrument` of this environment; empty when it is not installed."""
    beside = Path(sys.executable).with_name("opentelemetry-instrument")
    return str(beside) if beside.exists() else shutil.which("opentelemetry-instrument") or ""
