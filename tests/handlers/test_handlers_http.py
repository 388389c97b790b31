"""The ASGI and WSGI middleware: bound to the last piece of a response, and back to nothing after it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import pytest

from otel_alerting.context import bound
from otel_alerting.handlers.asgi import AlertingASGIMiddleware, Event, Receive, Scope, Send
from otel_alerting.handlers.wsgi import AlertingWSGIMiddleware, Environ, StartResponse


def serve_asgi(middleware: Callable[..., object], scope: Scope, incoming: list[Event]) -> list[Event]:
    sent: list[Event] = []

    async def receive() -> Event:
        return incoming.pop(0)

    async def send(event: Event) -> None:
        sent.append(event)

    asyncio.run(middleware(scope, receive, send))  # type: ignore[arg-type]
    return sent


def asgi_scope(kind: str, **headers: str) -> Scope:
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"type": kind, "headers": pairs}


@pytest.mark.parametrize(("kind", "first"), [("http", "http.response.start"), ("websocket", "websocket.accept")])
def test_an_asgi_connection_is_bound_and_told_its_id(kind: str, first: str) -> None:
    """Requests and websockets alike; afterwards nothing is bound."""
    found: list[tuple[str, str]] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": first})
        await asyncio.sleep(0)
        found.append((bound().tenant, bound().correlation_id))

    middleware = AlertingASGIMiddleware(app, tenant_header="X-Tenant")
    sent = serve_asgi(middleware, asgi_scope(kind, x_request_id="r1", x_tenant="acme"), [])
    assert found == [("acme", "r1")]
    assert sent == [{"type": first, "headers": [(b"x-request-id", b"r1")]}]
    assert bound().correlation_id == ""


def test_an_id_that_is_not_plain_binds_and_echoes_nothing() -> None:
    """Neither does none, and an id that the application sends itself stays alone."""
    found: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        found.append(bound().correlation_id)
        await send({"type": "http.response.start", "headers": [(b"X-Request-ID", b"mine")]})

    middleware = AlertingASGIMiddleware(app)
    sent = [serve_asgi(middleware, asgi_scope("http", x_request_id=said), []) for said in ("<!channel>", "", "r1")]
    assert found == ["", "", "r1"]
    assert all(events[0]["headers"] == [(b"X-Request-ID", b"mine")] for events in sent)


def test_a_tenant_header_is_believed_only_where_it_was_named() -> None:
    """By default a client cannot choose whose alert it is."""
    found: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        found.append(bound().tenant)

    def fail(scope: Scope) -> str:
        raise KeyError

    for middleware in (
        AlertingASGIMiddleware(app),
        AlertingASGIMiddleware(app, tenant_header="x-tenant"),
        AlertingASGIMiddleware(app, tenant_header="x-tenant", tenant_of=lambda scope: "said"),
        AlertingASGIMiddleware(app, tenant_header="x-tenant", tenant_of=fail),
    ):
        serve_asgi(middleware, asgi_scope("http", x_tenant="acme"), [])
    assert found == ["", "acme", "said", ""]


def test_the_servers_shutdown_waits_for_what_is_left_to_tell() -> None:
    """Before it is said to be complete; uvicorn ends by SIGTERM without any exit hook after it."""
    order: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "lifespan.startup.complete"})
        await send({"type": "lifespan.shutdown.complete"})

    def flush(seconds: float) -> bool:
        order.append("flush")
        return True

    class Order(list[Event]):
        pass

    async def send(event: Event) -> None:
        order.append(str(event["type"]))

    async def receive() -> Event:
        return {}

    asyncio.run(AlertingASGIMiddleware(app, flush=flush)({"type": "lifespan"}, receive, send))  # type: ignore[arg-type]
    assert order == ["lifespan.startup.complete", "flush", "lifespan.shutdown.complete"]


def serve_wsgi(app: AlertingWSGIMiddleware, environ: Environ) -> tuple[list[tuple[str, str]], object]:
    started: list[list[tuple[str, str]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], *rest: object) -> Callable[[bytes], object]:
        started.append(headers)
        return lambda data: None

    response = app(environ, start_response)
    return (started[0] if started else []), response


def test_a_wsgi_response_is_bound_to_its_last_piece_and_closed() -> None:
    """Nothing is bound between two pieces: a server may serve another response there."""
    found: list[str] = []

    def pieces() -> Iterator[bytes]:
        try:
            for piece in (b"a", b"b"):
                found.append(bound().tenant)
                yield piece
        finally:
            found.append(f"closed {bound().correlation_id}")

    def app(environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [])
        found.append(bound().correlation_id)
        return pieces()

    middleware = AlertingWSGIMiddleware(app, tenant_header="X-Tenant")
    headers, response = serve_wsgi(middleware, {"HTTP_X_CORRELATION_ID": "r1", "HTTP_X_TENANT": "acme"})
    assert headers == [("X-Request-ID", "r1")]
    assert next(response) == b"a"  # type: ignore[call-overload]
    assert bound().tenant == ""
    response.close()  # type: ignore[attr-defined]
    assert found == ["r1", "acme", "closed r1"]


def test_a_finished_wsgi_response_and_a_file_go_on_as_they_are() -> None:
    """A server sends a file by itself only if it finds the very object that its wrapper made."""

    class Wrapper:
        def __iter__(self) -> Iterator[bytes]:
            return iter([b""])

    for response in ([b"a"], Wrapper()):
        _, got = serve_wsgi(
            AlertingWSGIMiddleware(lambda environ, start_response, r=response: r),  # type: ignore[misc]
            {"HTTP_X_REQUEST_ID": "r1", "wsgi.file_wrapper": Wrapper},
        )
        assert got is response


def test_a_wsgi_request_that_says_nothing_costs_nothing() -> None:
    """The response is the application's own object."""
    response = iter([b"a"])
    _, got = serve_wsgi(AlertingWSGIMiddleware(lambda environ, start_response: response), {})
    assert got is response
