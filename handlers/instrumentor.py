"""The instrumentor: what `opentelemetry-instrument` does for us in a program that nobody changed.

It runs after the SDK was configured from the environment and before the program begins. It adds the stamping
processors, takes spans without the batch processor's delay, and puts an `AlertHandler` on the root logger, which sees
more of a record than the bridge hands on: its template, its arguments, the extra values as they are. It also hears how
the program ends: by an exception that nobody catches, or by SIGTERM, which runs no exit hook.

Needs `opentelemetry-instrumentation`; only OpenTelemetry's own loader and people who have it import this file.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING

from opentelemetry import _logs, trace
from opentelemetry.instrumentation.instrumentor import BaseInstrumentor  # type: ignore[attr-defined] # untyped there

from otel_alerting import inbox
from otel_alerting.context import is_quiet
from otel_alerting.handlers.endings import UncaughtWatch, flush_on_sigterm, would_end_unheard
from otel_alerting.handlers.logging_handler import AlertHandler
from otel_alerting.handlers.seen import SEEN
from otel_alerting.handlers.settings import is_enabled
from otel_alerting.handlers.way import Way
from otel_alerting.telemetry import complain

if TYPE_CHECKING:
    from otel_alerting.handlers.processors import DirectSpanProcessor, StampingLogProcessor, StampingSpanProcessor
    from otel_alerting.handlers.sdk import ReadWriteLogRecord

_NAME = "alerting"
_WHERE_TO = ("CONFIG", "SLACK_WEBHOOK_URL", "SLACK_TOKEN")


class AlertingInstrumentor(BaseInstrumentor):  # type: ignore[misc] # the same
    """Wires a program up. `instrument` never raises, since that would stop the instrumentors after it.

    Without `alerting` in an `OTEL_…_EXPORTER` and without any `OTEL_ALERTING_…` variable it does nothing: installing
    the package must not change a program.
    """

    _handler: AlertHandler | None = None
    _bridge: Way | None = None
    _uncaught: UncaughtWatch | None = None
    _processors: tuple[StampingSpanProcessor | StampingLogProcessor | DirectSpanProcessor, ...] = ()
    _asked = False

    def instrumentation_dependencies(self) -> Collection[str]:
        """None: it is not about another library."""
        return ()

    def _instrument(self, **settings: object) -> None:
        if not is_enabled() or not (settings or is_wanted(os.environ)):
            return
        settings = {name: value for name, value in settings.items() if name != "enabled"}
        for step in (self._add_span_processors, self._add_log_processor, self._attach_handler, self._hear_endings):
            self._guarded(step, settings)

    def _uninstrument(self, **settings: object) -> None:
        for processor in self._processors:
            processor.on = False
        inbox.leave(self.check)
        if self._handler is not None:
            logging.getLogger().removeHandler(self._handler)
        if self._uncaught is not None:
            self._uncaught.leave()
        self._handler, self._bridge, self._uncaught, self._processors = None, None, None, ()

    def check(self) -> None:
        """See that the handler is still on the root logger: `dictConfig` and `basicConfig(force=True)` take it off.

        Called on the reader's thread only. Adding a handler takes the lock of `logging`, and a thread that is just
        emitting a record holds the lock of some handler, for which `dictConfig` may be waiting meanwhile.
        """
        self._asked = False
        handler, root = self._handler, logging.getLogger()
        if handler is not None and handler not in root.handlers and not _is_covered(root):
            root.addHandler(handler)

    def _look(self, record: ReadWriteLogRecord) -> None:
        """See what the bridge sees, on the program's threads.

        What is our own doing is shut out here: an exporter, which gets it later, cannot tell any more. And while the
        handler is away, what the bridge sees is taken in its stead, and the handler put back.
        """
        handler, bridge, root = self._handler, self._bridge, logging.getLogger()
        if handler is None or bridge is None:
            return
        from otel_alerting.handlers.log_exporter import identity_of, log_of

        if is_quiet():
            SEEN.is_new(bridge.door, identity_of(record))
        elif handler not in root.handlers and not _is_covered(root):
            bridge.put(log_of, record, bridge.door)
            if not self._asked:
                self._asked = True
                bridge.inbox.defer(self.check)

    def _guarded(self, step: Callable[[Mapping[str, object]], None], settings: Mapping[str, object]) -> None:
        try:
            step(settings)
        except Exception as error:  # noqa: BLE001 - the instrumentors after us would be lost
            complain(f"{step.__name__}: {type(error).__name__}: {error}")

    def _add_span_processors(self, settings: Mapping[str, object]) -> None:
        provider = trace.get_tracer_provider()
        if not hasattr(provider, "add_span_processor"):  # no SDK was configured
            return
        from otel_alerting.handlers.processors import DirectSpanProcessor, StampingSpanProcessor

        stamping = StampingSpanProcessor()
        provider.add_span_processor(stamping)
        self._processors = (*self._processors, stamping)
        if settings or wants_spans(os.environ):
            direct = DirectSpanProcessor(**settings)  # type: ignore[arg-type] # names are checked there
            provider.add_span_processor(direct)
            self._processors = (*self._processors, direct)

    def _add_log_processor(self, settings: Mapping[str, object]) -> None:
        provider = _logs.get_logger_provider()
        if not hasattr(provider, "add_log_record_processor"):
            return
        from otel_alerting.handlers.processors import StampingLogProcessor

        self._bridge = Way("AlertingInstrumentor", "otel", settings)
        processor = StampingLogProcessor(self._look)
        provider.add_log_record_processor(processor)
        self._processors = (*self._processors, processor)

    def _attach_handler(self, settings: Mapping[str, object]) -> None:
        level = os.environ.get("OTEL_ALERTING_LEVEL") or "WARNING"
        self._handler = AlertHandler(level, **settings)  # type: ignore[arg-type] # names are checked there
        if not _is_covered(logging.getLogger()):
            logging.getLogger().addHandler(self._handler)
        inbox.look_after(self.check)

    def _hear_endings(self, settings: Mapping[str, object]) -> None:
        if self._handler is not None:
            self._uncaught = UncaughtWatch(self._handler)
        wanted = os.environ.get("OTEL_ALERTING_FLUSH_ON_SIGTERM", "").strip().lower() != "false"
        if wanted and not settings and would_end_unheard():
            flush_on_sigterm()


def is_wanted(environ: Mapping[str, str]) -> bool:
    """Does the environment ask for alerts, by selecting an exporter of ours or by any `OTEL_ALERTING_…`?

    Beside a declarative file it must also say where to: the exporters in the file have their own settings, and what we
    hear first, for the terminal, they would keep to themselves.
    """
    if environ.get("OTEL_CONFIG_FILE") and not any(environ.get(f"OTEL_ALERTING_{name}") for name in _WHERE_TO):
        return False
    return wants_spans(environ) or any(_selects(environ, signal) for signal in ("METRICS", "LOGS"))


def wants_spans(environ: Mapping[str, str]) -> bool:
    """Does it ask for alerts about spans: not when only other signals are selected."""
    configured = any(name.startswith("OTEL_ALERTING_") and value for name, value in environ.items())
    return configured or _selects(environ, "TRACES")


def _selects(environ: Mapping[str, str], signal: str) -> bool:
    return _NAME in [name.strip() for name in environ.get(f"OTEL_{signal}_EXPORTER", "").split(",")]


def _is_covered(root: logging.Logger) -> bool:
    """Has the program put a handler of ours on the root logger by itself?"""
    return any(isinstance(handler, AlertHandler) for handler in root.handlers)
