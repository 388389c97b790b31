"""Who and which request: the tenant and the correlation id that hold at this point of the program.

`bind` sets them for a block or a function. They live in a context variable, so threads started with a copied context
and tasks inherit them, and in OpenTelemetry's baggage, so that calls to other services carry them along.
"""

from __future__ import annotations

import contextvars
import functools
import inspect
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from opentelemetry.context import Context

_F = TypeVar("_F", bound=Callable[..., object])

TENANT_KEYS = ("tenant.id", "tenant")
"""Names under which records, spans, baggage and resources say the tenant, the first one found wins."""
CORRELATION_KEYS = ("correlation_id", "correlation.id", "request_id", "request.id")
"""The same for the correlation id."""


@dataclass(frozen=True)
class Bound:
    """What `bind` has set so far."""

    tenant: str = ""
    correlation_id: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)


_NOTHING = Bound()
_bound: contextvars.ContextVar[Bound] = contextvars.ContextVar("otel_alerting_bound", default=_NOTHING)


def bound() -> Bound:
    """What is bound here. Costs one look-up of a context variable."""
    return _bound.get()


class bind:  # noqa: N801 - read as a verb: with bind(tenant="acme"):
    """Say whose work this is, for a `with` block (sync or async) or for a function (sync or async).

    ```python
    with otel_alerting.bind(tenant="acme", correlation_id=request_id, region="eu"):
        logger.warning("card declined")
    ```

    Inner values win over outer ones; what is not named stays. Facts are shown in the alert.
    """

    def __init__(self, tenant: str | None = None, correlation_id: str | None = None, **facts: object) -> None:
        self._tenant = tenant
        self._correlation_id = correlation_id
        self._facts = facts
        self._tokens: list[tuple[contextvars.Token[Bound], object]] = []

    def __enter__(self) -> Bound:
        outer = _bound.get()
        inner = Bound(
            tenant=outer.tenant if self._tenant is None else str(self._tenant),
            correlation_id=outer.correlation_id if self._correlation_id is None else str(self._correlation_id),
            facts={**outer.facts, **self._facts} if self._facts else outer.facts,
        )
        self._tokens.append((_bound.set(inner), self._attach_baggage()))
        return inner

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        from opentelemetry import context

        token, baggage_token = self._tokens.pop()
        if error is not None:
            _remember(error)
        context.detach(baggage_token)  # type: ignore[arg-type]
        _bound.reset(token)

    async def __aenter__(self) -> Bound:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, traceback)

    def __call__(self, function: _F) -> _F:
        """Bind for every call of a function."""
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def asynchronous(*args: object, **kwargs: object) -> object:
                with bind(self._tenant, self._correlation_id, **self._facts):
                    return await function(*args, **kwargs)

            return asynchronous  # type: ignore[return-value]

        @functools.wraps(function)
        def synchronous(*args: object, **kwargs: object) -> object:
            with bind(self._tenant, self._correlation_id, **self._facts):
                return function(*args, **kwargs)

        return synchronous  # type: ignore[return-value]

    def _attach_baggage(self) -> object:
        from opentelemetry import baggage, context

        there: Context | None = None
        if self._tenant is not None:
            there = baggage.set_baggage(TENANT_KEYS[0], self._tenant, there)
        if self._correlation_id is not None:
            there = baggage.set_baggage(CORRELATION_KEYS[0], self._correlation_id, there)
        return context.attach(there if there is not None else context.get_current())


_MARK = "_otel_alerting_bound"


def _remember(error: BaseException) -> None:
    """Write on an exception that leaves a block what was bound where it was raised.

    Servers, task queues and `main` log an exception after the block that knew its tenant has ended.
    """
    if _MARK not in getattr(error, "__dict__", {_MARK: None}):
        error.__dict__[_MARK] = _bound.get()


def bound_where_raised(error: BaseException) -> Bound:
    """What was bound in the innermost `bind` block that this exception has left."""
    found = getattr(error, "__dict__", {}).get(_MARK)
    return found if isinstance(found, Bound) else _NOTHING


@dataclass(frozen=True)
class Origin:
    """Whose work a signal belongs to; every field is empty where nobody said it."""

    tenant: str = ""
    correlation_id: str = ""
    trace_id: str = ""
    span_id: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)

    def completed(self, left: Bound) -> Origin:
        """The same, with what was bound elsewhere put in where nothing is known here."""
        if left is _NOTHING:
            return self
        return replace(
            self,
            tenant=self.tenant or left.tenant,
            correlation_id=self.correlation_id or left.correlation_id,
            facts={**left.facts, **self.facts},
        )


def origin() -> Origin:
    """Whose work the current context is: bound values first, then baggage; the trace from the current span.

    Ways in call it later, on our own thread, inside the context they copied: `copied.run(origin)`.
    """
    from opentelemetry import baggage, trace

    here = _bound.get()
    span = trace.get_current_span().get_span_context()
    trace_id, span_id = (f"{span.trace_id:032x}", f"{span.span_id:016x}") if span.is_valid else ("", "")
    carried = baggage.get_all() if not (here.tenant and here.correlation_id) else {}
    return Origin(
        tenant=here.tenant or first_of(TENANT_KEYS, carried),
        correlation_id=here.correlation_id or first_of(CORRELATION_KEYS, carried) or trace_id,
        trace_id=trace_id,
        span_id=span_id,
        facts=here.facts,
    )


def first_of(keys: tuple[str, ...], values: Mapping[str, object]) -> str:
    """The first of these keys that has a value, as text; empty when none has."""
    for key in keys:
        value = values.get(key)
        if value not in (None, ""):
            return str(value)
    return ""


def stamp() -> tuple[str, str]:
    """Tenant and correlation id to write on a record of the program's own: an id is made where there is none yet.

    A made id holds for the rest of this context (thread or task), so that the records of one request share it.
    """
    here = origin()
    if here.correlation_id:
        return here.tenant, here.correlation_id
    made = uuid.uuid4().hex
    before = _bound.get()
    _bound.set(Bound(tenant=before.tenant, correlation_id=made, facts=before.facts))
    return here.tenant, made


@contextmanager
def quiet() -> Iterator[None]:
    """Keep OpenTelemetry's instrumentations from tracing what happens inside, on this thread or task.

    Every thread of ours that talks to the network runs in it: a span about our own request to Slack would become a
    signal, and that a request to Slack. This is the one place that knows the key's private name.
    """
    from opentelemetry import context

    token = context.attach(context.set_value(context._SUPPRESS_INSTRUMENTATION_KEY, True))
    try:
        yield
    finally:
        context.detach(token)


def is_quiet() -> bool:
    """Is this thread or task one of ours at work, or an exporter of OpenTelemetry at work?"""
    from opentelemetry import context

    return bool(context.get_value(context._SUPPRESS_INSTRUMENTATION_KEY))


def origin_unless_quiet() -> Origin | None:
    """Whose work the current context is; None where it is our own or an exporter's."""
    return None if is_quiet() else origin()
