"""The ways in: what a program already says (log records, spans, metrics) goes into the inbox as signals.

One file a way. Importing this package loads nothing: every name below is loaded when it is first used, so that the
logging handler needs no SDK and the exporters need no structlog.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from otel_alerting.handlers.asgi import AlertingASGIMiddleware
    from otel_alerting.handlers.instrumentor import AlertingInstrumentor
    from otel_alerting.handlers.log_exporter import AlertLogExporter
    from otel_alerting.handlers.logging_handler import AlertHandler, ContextFilter
    from otel_alerting.handlers.metric_exporter import AlertMetricExporter, AlertMetricReader
    from otel_alerting.handlers.span_exporter import AlertSpanExporter
    from otel_alerting.handlers.structlog_processor import AlertProcessor
    from otel_alerting.handlers.wsgi import AlertingWSGIMiddleware

_HOME = {
    "AlertHandler": "logging_handler",
    "AlertLogExporter": "log_exporter",
    "AlertMetricExporter": "metric_exporter",
    "AlertMetricReader": "metric_exporter",
    "AlertProcessor": "structlog_processor",
    "AlertSpanExporter": "span_exporter",
    "AlertingASGIMiddleware": "asgi",
    "AlertingInstrumentor": "instrumentor",
    "AlertingWSGIMiddleware": "wsgi",
    "ContextFilter": "logging_handler",
}

__all__ = [
    "AlertHandler",
    "AlertLogExporter",
    "AlertMetricExporter",
    "AlertMetricReader",
    "AlertProcessor",
    "AlertSpanExporter",
    "AlertingASGIMiddleware",
    "AlertingInstrumentor",
    "AlertingWSGIMiddleware",
    "ContextFilter",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
