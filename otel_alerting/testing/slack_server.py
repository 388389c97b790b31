"""An HTTP server on the loopback interface that can also answer late, wrongly or not at all."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypeAlias
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came in."""

    path: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    at: int
    """Nanoseconds on the monotonic clock."""

    @property
    def arguments(self) -> dict[str, object]:
        """The body as Slack reads it: JSON, or a form whose `blocks`, `attachments` and `metadata` are JSON.

        Raises:
            ValueError: when it is neither.
        """
        text = self.body.decode()
        if "json" in self.headers.get("content-type", "") or text.lstrip().startswith("{"):
            said = json.loads(text)
            if not isinstance(said, dict):
                raise ValueError("not an object")
            return said
        form: dict[str, object] = dict(parse_qsl(text, keep_blank_values=True))
        if "payload" in form:
            return {**json.loads(str(form["payload"]))}
        return {key: _parsed(key, str(value)) for key, value in form.items()}

    @property
    def token(self) -> str:
        """From the header, or from a form."""
        bearer = self.headers.get("authorization", "").removeprefix("Bearer ").strip()
        if bearer or "json" in self.headers.get("content-type", ""):
            return bearer
        return dict(parse_qsl(self.body.decode("utf-8", "replace"))).get("token", "")


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer."""

    body: bytes
    status: int = 200
    content_type: str = "text/html"
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def json(cls, body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
        """An answer in JSON."""
        return cls(json.dumps(body).encode(), status, "application/json; charset=utf-8", headers or {})


Answering: TypeAlias = Callable[[Request], "Reply | None"]
"""None closes the connection without a word."""


class Server:
    """Serves on a port of 127.0.0.1, each connection on a thread of its own, from `start` to `stop`."""

    def __init__(self, answer: Answering, port: int = 0) -> None:
        self.port = port
        self._answer = answer
        self._server: _Http | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Listen; with port 0 on a free one, that stays the same for every later start."""
        self._server = _Http(("127.0.0.1", self.port), _handler(self._answer))
        self.port = self._server.server_address[1]
        serve = self._server.serve_forever
        self._thread = threading.Thread(
            target=serve, kwargs={"poll_interval": 0.02}, name="slack-simulator", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop listening and cut what is open: the next connection is refused."""
        server, self._server = self._server, None
        if server is None or self._thread is None:
            return
        server.shutdown()
        server.server_close()
        server.cut()
        self._thread.join()


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self._open: set[socket.socket] = set()
        super().__init__(address, handler)

    def get_request(self) -> tuple[socket.socket, object]:
        connection, address = super().get_request()
        self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        if isinstance(request, socket.socket):
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no error of ours."""

    def cut(self) -> None:
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


def _handler(answer: Answering) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            reply = answer(Request(urlsplit(self.path).path, headers, body, time.monotonic_ns()))
            if reply is None:
                self.close_connection = True
                return
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", reply.content_type)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        do_GET = do_POST  # noqa: N815 - the name that http.server looks for

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its base's name
            """Say nothing: a test's output is the test's."""

    return Handler


def _parsed(key: str, value: str) -> object:
    return json.loads(value) if key in ("blocks", "attachments", "metadata", "files") else value
