"""The WSGI middleware: every request runs with its correlation id and tenant bound, to the last piece of its response.

```python
app.wsgi_app = AlertingWSGIMiddleware(app.wsgi_app, tenant_header="X-Tenant-ID")
```
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from otel_alerting.context import bind
from otel_alerting.handlers.request_id import plain_id, request_id
from otel_alerting.telemetry import complain

Environ: TypeAlias = dict[str, object]
StartResponse: TypeAlias = Callable[..., Callable[[bytes], object]]
App: TypeAlias = Callable[[Environ, StartResponse], Iterable[bytes]]


class AlertingWSGIMiddleware:
    """Binds who and which request, and sends `X-Request-ID` back.

    Args:
        app: the application inside.
        tenant_header: the header that names the tenant. Only where a proxy of yours sets it: a client could name any.
        tenant_of: says the tenant of an environ, where a header is not enough; goes before the header. What it raises
            is complained about, and the tenant stays unsaid.
    """

    def __init__(
        self,
        app: App,
        *,
        tenant_header: str | None = None,
        tenant_of: Callable[[Environ], str | None] | None = None,
    ) -> None:
        self._app = app
        self._tenant_header = tenant_header
        self._tenant_of = tenant_of

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        id_ = request_id(lambda name: _header(environ, name))
        tenant = self._tenant(environ)
        if not id_ and not tenant:
            return self._app(environ, start_response)
        with bind(tenant or None, id_ or None):
            response = self._app(environ, _echoing(start_response, id_) if id_ else start_response)
        if isinstance(response, list | tuple) or _is_file(environ, response):
            return response
        return _Streamed(response, tenant, id_)

    def _tenant(self, environ: Environ) -> str:
        if self._tenant_of is not None:
            try:
                return str(self._tenant_of(environ) or "")
            except Exception as error:  # noqa: BLE001 - a request never fails for its alerts
                complain(f"tenant_of raised {type(error).__name__}")
                return ""
        return plain_id(_header(environ, self._tenant_header)) if self._tenant_header else ""


class _Streamed:
    """A response that is still being made: bound again for each piece and for its end, never in between.

    A server may take the pieces of two responses in turns on one thread, so nothing may stay bound after a piece.
    """

    def __init__(self, response: Iterable[bytes], tenant: str, id_: str) -> None:
        self._response = response
        self._pieces: Iterator[bytes] | None = None
        self._who = (tenant or None, id_ or None)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        with bind(*self._who):
            if self._pieces is None:
                self._pieces = iter(self._response)
            return next(self._pieces)

    def close(self) -> None:
        """Close the application's own response, which PEP 3333 asks of every server and middleware."""
        close = getattr(self._response, "close", None)
        if close is not None:
            with bind(*self._who):
                close()


def _header(environ: Environ, name: str) -> str:
    said = environ.get("HTTP_" + name.upper().replace("-", "_"), "")
    return said if isinstance(said, str) else ""


def _is_file(environ: Environ, response: object) -> bool:
    """A file that the server sends by itself, which it would not recognise inside of anything."""
    wrapper = environ.get("wsgi.file_wrapper")
    return isinstance(wrapper, type) and isinstance(response, wrapper)


def _echoing(start_response: StartResponse, id_: str) -> StartResponse:
    def with_id(status: str, headers: list[tuple[str, str]], *rest: object) -> Callable[[bytes], object]:
        if not any(name.lower() == "x-request-id" for name, _ in headers):
            headers = [*headers, ("X-Request-ID", id_)]
        return start_response(status, headers, *rest)

    return with_id
