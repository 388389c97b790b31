"""The metric reader and the metric exporter: the program's measurements become point signals.

`OTEL_METRICS_EXPORTER=otlp,alerting` registers the reader: it collects by itself every five seconds, where an exporter
would be given its numbers once a minute. The exporter is for `periodic:` readers of a declarative configuration, under
the name `alerting_periodic`.
"""

from __future__ import annotations

import os
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeAlias

from opentelemetry.sdk.metrics import Counter, Histogram, ObservableCounter
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    MetricExporter,
    MetricExportResult,
    MetricReader,
    MetricsData,
)
from opentelemetry.sdk.metrics.view import Aggregation, ExponentialBucketHistogramAggregation

from otel_alerting import inbox as inboxes
from otel_alerting.handlers.points import point_of, points_in
from otel_alerting.handlers.way import Way
from otel_alerting.telemetry import complain

if TYPE_CHECKING:
    from opentelemetry.sdk.metrics.export import Metric

    from otel_alerting.inbox import Inbox
    from otel_alerting.ports import Sink

Collect: TypeAlias = "Callable[[MetricReader, AggregationTemporality], Iterable[Metric]]"
"""How the SDK has a reader ask for its numbers."""
_INTERVAL = 5_000.0
"""Milliseconds: soon enough for a threshold, seldom enough for callbacks that ask a database."""
_LONGEST = 3600.0
"""Seconds between two collections, at most: an hour is no interval for alerts, and endless is no time to wait."""
_SHARE = 0.01
"""Of one processor, at most, for collecting: a slow collection makes the next one wait longer."""
_HELPERS = ("from multiprocessing.resource_tracker ", "from multiprocessing.forkserver ")
_SCALE = 4
"""The scale at which rules keep a distribution; finer buckets would only be folded again."""


def _temporality() -> dict[type, AggregationTemporality]:
    """Deltas of what only grows; of an up-down counter the current value, which is what a threshold is about."""
    return dict.fromkeys((Counter, Histogram, ObservableCounter), AggregationTemporality.DELTA)


def _aggregation() -> dict[type, Aggregation]:
    """Exponential buckets: 0.4 % off at any magnitude, for one microsecond more a measurement than fixed ones."""
    return {Histogram: ExponentialBucketHistogramAggregation(max_scale=_SCALE)}


class AlertMetricReader(MetricReader):
    """Collects every few seconds, on a thread of its own, without disturbing any other reader's numbers.

    The constructor starts nothing. The thread starts when a provider registers the reader, and sleeps until there are
    measurements; it never starts in the helper processes of `multiprocessing`, which inherit the environment and so
    get a provider too. In a forked child it starts anew, and its first collection, which holds what the parent had
    measured before the fork, is thrown away.

    Args:
        interval_millis: between two collections; default 5,000, or `OTEL_METRIC_EXPORT_INTERVAL` where that is less.
        sink: takes the signals in place of the process's inbox. A test passes `list.append`.
        tenant: whose the measurements are that do not say it themselves.
        settings: as for `AlertHandler`.
    """

    def __init__(
        self,
        *,
        interval_millis: float | None = None,
        sink: Sink | Inbox | None = None,
        tenant: str | None = None,
        **settings: object,
    ) -> None:
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._registered: Collect | None = None
        self._discard = False
        super().__init__(preferred_temporality=_temporality(), preferred_aggregation=_aggregation())
        # A declarative file that says `periodic: {exporter: {alerting: …}}` finds this class too, under the name that
        # the other signals have; these two and `export` are what a periodic reader asks of an exporter.
        self._preferred_temporality, self._preferred_aggregation = _temporality(), _aggregation()
        self._pid = os.getpid()
        self._way = Way("AlertMetricReader", "metrics", settings, sink=sink, tenant=tenant)
        self._interval = _interval(interval_millis)

    @property
    def _collect(self) -> Collect | None:
        """What the provider registers us with; set by `MetricReader` itself, whose setter is final."""
        return self._registered

    @_collect.setter
    def _collect(self, collect: Collect | None) -> None:
        self._registered = collect
        if collect is None or not self._way.enabled:
            return
        self._way.begin()
        if not _is_helper_process():
            self._start()
        _restart_after_fork(self)  # also in the fork server, whose children are programs

    def _start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="otel-alerting-metrics", daemon=True)
        try:
            self._thread.start()
        except RuntimeError as error:  # at the interpreter's end, or no thread is left
            complain(f"metrics are not read: {error}")
            self._thread = None

    def _run(self) -> None:
        pause = 0.0 if self._discard else self._interval
        while not self._stopped.wait(pause):
            began = time.perf_counter()
            self._collect_quietly()
            pause = max(self._interval, (time.perf_counter() - began) / _SHARE)

    def _collect_quietly(self, timeout_millis: float = 10_000) -> bool:
        try:
            self.collect(timeout_millis=timeout_millis)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - somebody's callback, or the SDK's time limit
            complain(f"cannot collect metrics: {type(error).__name__}", about="metrics")
            return False
        return True

    def _receive_metrics(self, metrics_data: MetricsData, timeout_millis: float = 10_000, **kwargs: object) -> None:
        """Take a collection."""
        with self._lock:
            discard, self._discard = self._discard, False
        if not discard:
            _put(self._way, metrics_data)

    def export(self, metrics_data: MetricsData, timeout_millis: float = 10_000, **kwargs: object) -> MetricExportResult:
        """Take what a periodic reader has collected; a forked child's first one holds the parent's measurements."""
        if self._stopped.is_set():
            return MetricExportResult.FAILURE
        self._way.begin()
        if self._pid != os.getpid():
            self._pid = os.getpid()
            return MetricExportResult.SUCCESS
        _put(self._way, metrics_data)
        return MetricExportResult.SUCCESS

    def force_flush(self, timeout_millis: float = 10_000) -> bool:
        """Collect, and wait until what was taken has been told, within the time given and at most five seconds."""
        collected = self._registered is None or self._collect_quietly(timeout_millis)
        return collected and self._way.flush(timeout_millis)

    def shutdown(self, timeout_millis: float = 30_000, **kwargs: object) -> None:
        """Collect once more and stop."""
        if self._stopped.is_set():
            return
        self._stopped.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(min(timeout_millis / 1e3, 1.0))
        if self._way.enabled and self._registered is not None:
            self._collect_quietly(min(timeout_millis, 1_000))
        self._way.end()

    def _begin_anew(self) -> None:
        """In a forked child: the parent's thread is not here, and its measurements are not ours."""
        if self._stopped.is_set():
            return
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._discard = True
        self._start()


class AlertMetricExporter(MetricExporter):
    """Takes what a `PeriodicExportingMetricReader` collects. The constructor does nothing and nothing raises.

    Args:
        sink: takes the signals in place of the process's inbox. A test passes `list.append`.
        tenant: whose the measurements are that do not say it themselves.
        settings: as for `AlertHandler`; in a declarative configuration they are the keys under `alerting_periodic:`.
    """

    def __init__(self, *, sink: Sink | Inbox | None = None, tenant: str | None = None, **settings: object) -> None:
        super().__init__(preferred_temporality=_temporality(), preferred_aggregation=_aggregation())
        self._way = Way("AlertMetricExporter", "metrics", settings, sink=sink, tenant=tenant)
        self._pid = os.getpid()
        self._over = False
        self._way.begin()

    def export(self, metrics_data: MetricsData, timeout_millis: float = 10_000, **kwargs: object) -> MetricExportResult:
        """Take a collection; a forked child's first one holds the parent's measurements and is thrown away."""
        if self._over:
            return MetricExportResult.FAILURE
        if self._pid != os.getpid():
            self._pid = os.getpid()
            return MetricExportResult.SUCCESS
        _put(self._way, metrics_data)
        return MetricExportResult.SUCCESS

    def force_flush(self, timeout_millis: float = 10_000) -> bool:
        """Wait until what was taken has been told, within the time given and at most five seconds."""
        return self._way.flush(timeout_millis)

    def shutdown(self, timeout_millis: float = 30_000, **kwargs: object) -> None:
        """Take no more. The SDK calls it with `timeout=`, hence the open arguments."""
        self._over = True
        self._way.end()


def _put(way: Way, metrics: MetricsData) -> None:
    try:
        for found in points_in(metrics):
            way.put(point_of, *found, way.tenant)
    except Exception as error:  # noqa: BLE001 - a program never fails for its alerts
        way.complain(error)


def _interval(millis: float | None) -> float:
    """Seconds; what cannot be a number of milliseconds is left aside, as the specification asks."""
    try:
        return min(max(0.01, float(millis if millis is not None else _said()) / 1e3), _LONGEST)
    except (TypeError, ValueError):
        complain(f"AlertMetricReader: interval_millis: found {millis!r}; {_INTERVAL:.0f} holds")
        return _INTERVAL / 1e3


def _said() -> float:
    said = os.environ.get("OTEL_METRIC_EXPORT_INTERVAL", "").strip()
    return min(_INTERVAL, float(said)) if said.isdigit() and int(said) > 0 else _INTERVAL


def _is_helper_process() -> bool:
    """`multiprocessing` starts them as `python -c "from multiprocessing.resource_tracker import ..."`.

    Its spawned workers begin alike, with `multiprocessing.spawn`, and are programs.
    """
    return any(argument.startswith(_HELPERS) for argument in sys.orig_argv[1:])


def _restart_after_fork(reader: AlertMetricReader) -> None:
    known = weakref.ref(reader)

    def restart() -> None:
        there = known()
        if there is not None:
            there._begin_anew()

    inboxes.in_children(restart)
