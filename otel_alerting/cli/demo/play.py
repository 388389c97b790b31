"""The demo's play: a shop in a process of its own, real HTTP traffic for three tenants, and Slack on this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, cast

import httpx

from otel_alerting.cli.demo import serve
from otel_alerting.cli.demo.scenery import CONFIG, FAULTS, RULES, TENANTS, Tenant
from otel_alerting.testing import SlackSimulator

HEALTHY, FAULTY, PATIENCE = 2.0, 10.0, 40.0
"""Seconds: before the faults, with them, and at most until everything is resolved."""
_PACE = 0.12
"""Seconds between two requests of one tenant."""


@contextmanager
def workspaces(slack: SlackSimulator) -> Iterator[Mapping[str, str]]:
    """A workspace for each tenant; the environment variables with their tokens."""
    tokens = {
        "SLACK_API": slack.api_url,
        "SLACK_TOKEN": slack.add_workspace("T0OPERATIONS", channels=["#operations"]).token,
    }
    for tenant in TENANTS:
        tokens[f"{tenant.name.upper()}_TOKEN"] = slack.add_workspace(tenant.team, channels=[tenant.channel]).token
    yield tokens


class Shop:
    """The shop in its own process, started by `opentelemetry-instrument` and configured by its environment alone."""

    def __init__(self, folder: Path, tokens: Mapping[str, str]) -> None:
        (folder / "alerting.yaml").write_text(CONFIG)
        (folder / "rules.yaml").write_text(RULES)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
        environment |= tokens
        environment |= {
            "OTEL_SERVICE_NAME": "shop",
            "OTEL_TRACES_EXPORTER": "alerting",
            "OTEL_METRICS_EXPORTER": "alerting",
            "OTEL_LOGS_EXPORTER": "alerting",
            "OTEL_METRIC_EXPORT_INTERVAL": "1000",
            "OTEL_ALERTING_CONFIG": str(folder / "alerting.yaml"),
        }
        self._process = subprocess.Popen(
            [instrument(), sys.executable, str(serve.__file__)],
            env=environment,
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        port = self._process.stdout.readline().strip() if self._process.stdout else ""
        if not port:
            raise RuntimeError(f"the shop did not start (exit status {self._process.wait()})")
        self.url = f"http://127.0.0.1:{port}"

    def fault(self, name: str, *, on: bool) -> None:
        """Break something, or mend it."""
        httpx.request("PUT" if on else "DELETE", f"{self.url}/faults/{name}").raise_for_status()

    def account(self) -> Mapping[str, Any]:
        """What otel-alerting counted in the shop's process."""
        return cast("Mapping[str, Any]", httpx.get(f"{self.url}/account").json())

    def stop(self) -> int:
        """End it as a program ends; its exit status."""
        if self._process.stdin:
            with suppress(OSError):
                self._process.stdin.close()
        try:
            return self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()


class Traffic:
    """One thread a tenant that sends requests, each with the tenant as W3C baggage, until it is stopped."""

    def __init__(self, url: str) -> None:
        self._over = threading.Event()
        self.requests = 0
        self._threads = [threading.Thread(target=self._send, args=(url, one), daemon=True) for one in TENANTS]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Send no more."""
        self._over.set()
        for thread in self._threads:
            thread.join(5)

    def _send(self, url: str, tenant: Tenant) -> None:
        number = 0
        with httpx.Client(base_url=url, headers={"baggage": f"tenant.id={tenant.name}"}, timeout=5) as client:
            while not self._over.wait(_PACE):
                method, path = tenant.requests[number % len(tenant.requests)]
                number += 1
                with suppress(httpx.HTTPError):
                    client.request(method, path, headers={"X-Request-ID": f"{tenant.name}-{number}"})
                    self.requests += 1


def play(slack: SlackSimulator, shop: Shop, say: Callable[[str], None]) -> tuple[int, Mapping[str, Any]]:
    """Healthy, faulty, mended; returns when every message is resolved, or the patience is over.

    Returns:
        How many requests the shop served, and the account at the end.
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
        while time.monotonic() < end and not is_over(slack, shop.account()["account"]):
            time.sleep(0.25)
        return traffic.requests, shop.account()
    finally:
        traffic.stop()


def is_over(slack: SlackSimulator, account: Mapping[str, Mapping[str, int]]) -> bool:
    """Is every message's last word that it is over, and does nothing wait?"""
    messages = slack.messages()
    settled = all(message.metadata.get("state") == "resolved" for message in messages)
    return bool(messages) and settled and not any(lines["waiting"] for lines in account.values())


def instrument() -> str:
    """The command `opentelemetry-instrument` of this environment; empty when it is not installed."""
    beside = Path(sys.executable).with_name("opentelemetry-instrument")
    return str(beside) if beside.exists() else shutil.which("opentelemetry-instrument") or ""
