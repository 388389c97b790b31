"""OTLP/JSON becomes signals: what the Collector's file exporter writes, and what exporters send as JSON over HTTP.

`decode` reads one `Export{Trace,Metrics,Logs}ServiceRequest`, `signals_in` gives its spans, points and log records as
the exporters of the SDK would. No SDK is needed.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

import msgspec

from otel_alerting.handlers.otlp.logs import logs_in
from otel_alerting.handlers.otlp.points import points_in
from otel_alerting.handlers.otlp.shapes import Request
from otel_alerting.handlers.otlp.spans import spans_in
from otel_alerting.model import Signal

__all__ = ["Request", "Unreadable", "decode", "signals_in"]

_KEYS = "resourceSpans, resourceMetrics, resourceLogs"
# Not strict: the JSON form of Protocol Buffers writes 64-bit integers and NaN as text.
_DECODER = msgspec.json.Decoder(Request, strict=False)


class Unreadable(ValueError):
    """A body is no OTLP/JSON; the text says what was found, and where in it."""


def decode(body: bytes) -> Request:
    """Read one request body. Fields that nobody knows are passed over.

    Raises:
        Unreadable: it is no JSON, of other types than OTLP's, or has none of the three lists.
    """
    try:
        request = _DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(str(error) or type(error).__name__) from None
    if request.is_foreign and body.strip() != b"{}":
        raise Unreadable(f"no {_KEYS}")
    return request


def signals_in(request: Request, tenant: str = "") -> Iterator[Signal]:
    """Its spans, points and log records, in their own order.

    Args:
        request: as it was decoded.
        tenant: whose the signals are that do not say it themselves; over what their resource says.
    """
    return chain(spans_in(request, tenant), points_in(request, tenant), logs_in(request, tenant))
