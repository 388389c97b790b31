"""The ASGI middleware: every request and websocket runs with its correlation id and tenant bound.

```python
app.add_middleware(AlertingASGIMiddleware, tenant_header="X-Tenant-ID")
```
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TypeAlias

from otel_alerting import inbox
from otel_alerting.context import bind
from otel_alerting.handlers.request_id import plain_id, request_id
from otel_alerting.telemetry import complain

Scope: TypeAlias = MutableMapping[str, object]
Event: TypeAlias = MutableMapping[str, object]
Receive: TypeAlias = Callable[[], Awaitable[Event]]
Send: TypeAlias = Callable[[Event], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

_FLUSH = 3.0
"""Seconds that the server's shutdown may be held up."""


class AlertingASGIMiddleware:
    """Binds who and which request, sends `X-Request-ID` back, and tells what is left when the server shuts down.

    Args:
        app: the application inside.
        tenant_header: the header that names the tenant. Only where a proxy of yours sets it: a client could name any.
        tenant_of: says the tenant of a scope, where a header is not enough; goes before the header. What it raises is
            complained about, and the tenant stays unsaid.
        flush: waits until everything was told, at most so many seconds; called when the lifespan ends.
    """

    def __init__(
        self,
        app: App,
        *,
        tenant_header: str | None = None,
        tenant_of: Callable[[Scope], str | None] | None = None,
        flush: Callable[[float], bool] = inbox.flush,
    ) -> None:
        self._app = app
        self._tenant_header = tenant_header
        self._tenant_of = tenant_of
        self._flush = flush

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, or the lifespan."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, self._flushing(send))
            return
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        id_ = request_id(lambda name: _header(scope, name))
        with bind(self._tenant(scope) or None, id_ or None):
            await self._app(scope, receive, _echoing(send, id_) if id_ else send)

    def _tenant(self, scope: Scope) -> str:
        if self._tenant_of is not None:
            try:
                return str(self._tenant_of(scope) or "")
            except Exception as error:  # noqa: BLE001 - a request never fails for its alerts
                complain(f"tenant_of raised {type(error).__name__}")
                return ""
        return plain_id(_header(scope, self._tenant_header)) if self._tenant_header else ""

    def _flushing(self, send: Send) -> Send:
        async def flush_first(event: Event) -> None:
            if event["type"] in ("lifespan.shutdown.complete", "lifespan.shutdown.failed"):
                await _off_the_loop(self._flush)
            await send(event)

        return flush_first


def _header(scope: Scope, wanted: str) -> str:
    headers = scope.get("headers") or ()
    name = wanted.lower().encode("latin-1", "replace")
    for key, value in headers:  # type: ignore[attr-defined] # pairs of bytes, says ASGI
        if key.lower() == name:
            return str(value, "latin-1")
    return ""


def _echoing(send: Send, id_: str) -> Send:
    async def with_id(event: Event) -> None:
        if event["type"] in ("http.response.start", "websocket.accept"):
            headers = list(event.get("headers") or ())  # type: ignore[call-overload] # pairs of bytes, says ASGI
            if not any(key.lower() == b"x-request-id" for key, _ in headers):
                event = {**event, "headers": [*headers, (b"x-request-id", id_.encode("ascii"))]}
        await send(event)

    return with_id


async def _off_the_loop(flush: Callable[[float], bool]) -> None:
    """Wait on another thread, so that the program's loop goes on; where no thread is to be had, wait here."""
    try:
        await asyncio.get_running_loop().run_in_executor(None, flush, _FLUSH)
    except RuntimeError:  # another loop than asyncio's, or its executor is shut down
        flush(_FLUSH)
