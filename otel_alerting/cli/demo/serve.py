"""The process that serves the shop: the app as it is, and beside it, at `/account`, what otel-alerting counted.

Run as `opentelemetry-instrument python serve.py`; prints the port when it is ready, ends when standard input does.
"""

from __future__ import annotations

import importlib
import json
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from werkzeug.serving import WSGIRequestHandler, make_server

from otel_alerting import background

Start: TypeAlias = Callable[[str, list[tuple[str, str]]], object]
App: TypeAlias = Callable[[Mapping[str, object], Start], Iterable[bytes]]


class Silent(WSGIRequestHandler):
    """No line a request: the terminal is for messages."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


def with_account(app: App) -> App:
    """An app, and our own page that it knows nothing of."""

    def door(environ: Mapping[str, object], start: Start) -> Iterable[bytes]:
        if environ["PATH_INFO"] != "/account":
            return app(environ, start)
        start("200 OK", [("Content-Type", "application/json")])
        return [json.dumps({"account": background.account(), "seen": background.seen()}).encode()]

    return door


def main() -> None:
    """Serve until standard input ends, which it does when the demo does, however it ends."""
    shop = importlib.import_module("shop")  # beside this script, under the name that a program of its own would have
    server = make_server("127.0.0.1", 0, with_account(shop.app), threaded=True, request_handler=Silent)
    print(server.server_port, flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()
    server.shutdown()


if __name__ == "__main__":
    main()
