"""The exporters, with the real SDK in this process."""

from __future__ import annotations

import logging
import os
import uuid
from collections.abc import Iterator

import pytest
from opentelemetry import baggage, context
from opentelemetry._logs import SeverityNumber
from opentelemetry.instrumentation.logging.handler import LoggingHandler
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor, LogRecordExportResult, SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, MetricExportResult, PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import ExplicitBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult
from opentelemetry.trace import Status, StatusCode

import otel_alerting
from otel_alerting.handlers import (
    AlertHandler,
    AlertLogExporter,
    AlertMetricExporter,
    AlertMetricReader,
    AlertSpanExporter,
)
from otel_alerting.handlers.metric_exporter import _interval, _is_helper_process
from otel_alerting.handlers.points import point_of, points_in
from otel_alerting.handlers.processors import DirectSpanProcessor, StampingLogProcessor, StampingSpanProcessor
from otel_alerting.inbox import Inbox
from otel_alerting.model import Buckets, ExponentialBuckets, Log, Point, Signal, Span

RESOURCE = Resource({"service.name": "shop", "tenant.id": "of-the-resource"})


def made_in(inbox: Inbox) -> list[Signal]:
    made = [make(*arguments) for make, arguments in inbox.take()]
    return [signal for signal in made if isinstance(signal, Signal)]


def tracing(*processors: object) -> TracerProvider:
    provider = TracerProvider(resource=RESOURCE, shutdown_on_exit=False)
    for processor in processors:
        provider.add_span_processor(processor)  # type: ignore[arg-type]
    return provider


@pytest.fixture
def bridged() -> Iterator[tuple[logging.Logger, LoggerProvider]]:
    provider = LoggerProvider(resource=RESOURCE, shutdown_on_exit=False)
    logger = logging.getLogger(f"shop.{uuid.uuid4().hex}")
    logger.addHandler(LoggingHandler(logger_provider=provider))
    yield logger, provider
    logger.handlers.clear()


@pytest.mark.parametrize("kind", [AlertSpanExporter, AlertLogExporter, AlertMetricExporter, AlertMetricReader])
def test_a_constructor_takes_anything_and_starts_nothing(kind: type) -> None:
    """An exporter whose constructor raises takes every other exporter and instrumentor with it."""
    import threading

    before = threading.enumerate()
    made = kind(slack_channel="#ops", nonsense=1, tenant=None, config=None)
    assert threading.enumerate() == before
    made.shutdown(timeout_millis=100)
    made.shutdown(timeout_millis=100)


def test_a_finished_span_becomes_a_span_signal() -> None:
    """Name, kind, times, status, parent, attributes and where it belongs."""
    seen: list[Span] = []
    tracer = tracing(SimpleSpanProcessor(AlertSpanExporter(sink=seen.append))).get_tracer("lib")
    with tracer.start_as_current_span("outer"):  # noqa: SIM117 - the inner one ends first
        with tracer.start_as_current_span("inner", attributes={"n": 1, "l": ["a", "b"]}) as span:
            span.add_event("retry", {"attempt": 2})
            span.set_status(Status(StatusCode.ERROR, "broken"))
    inner, outer = seen
    assert (inner.name, inner.kind, inner.status, inner.status_message) == ("inner", "internal", "error", "broken")
    assert (inner.parent_id, inner.trace_id) == (outer.span_id, outer.trace_id)
    assert (inner.attributes, inner.scope, inner.service) == ({"n": 1, "l": ["a", "b"]}, "lib", "shop")
    assert [(event.name, event.attributes) for event in inner.events] == [("retry", {"attempt": 2})]
    assert inner.duration >= 0
    assert (inner.tenant, inner.correlation_id) == ("of-the-resource", inner.trace_id)


def test_a_spans_exceptions_are_failures_with_frames() -> None:
    """Read from the text that the SDK writes, with what they were raised from left to the text's last part."""
    seen: list[Span] = []
    tracer = tracing(SimpleSpanProcessor(AlertSpanExporter(sink=seen.append))).get_tracer("lib")

    def fail() -> None:
        try:
            raise KeyError("inner")
        except KeyError as error:
            raise ValueError("outer") from error

    with pytest.raises(ValueError, match="outer"), tracer.start_as_current_span("work"):
        fail()
    (span,) = seen
    (failure,) = span.failures
    assert (failure.type, failure.message) == ("ValueError", "outer")
    assert failure.frames[-1].function == "fail"
    assert span.events == ()


def test_a_batch_is_put_down_without_being_read() -> None:
    """Under a SimpleSpanProcessor an export runs on the program's thread: one entry a span, converted later."""
    inbox = Inbox()
    with tracing(SimpleSpanProcessor(AlertSpanExporter(sink=inbox))).get_tracer("lib").start_as_current_span("work"):
        pass
    assert len(inbox) == 1
    assert isinstance(made_in(inbox)[0], Span)


def test_after_shutdown_an_export_fails_as_the_specification_asks() -> None:
    """And nothing more is taken."""
    inbox = Inbox()
    spans, logs, metrics = AlertSpanExporter(sink=inbox), AlertLogExporter(sink=inbox), AlertMetricExporter(sink=inbox)
    for exporter in (spans, logs, metrics):
        exporter.shutdown()
    assert spans.export([]) is SpanExportResult.FAILURE
    assert logs.export([]) is LogRecordExportResult.FAILURE
    assert metrics.export(None) is MetricExportResult.FAILURE  # type: ignore[arg-type]


def test_spans_of_our_own_are_left_out() -> None:
    """By the name of their scope."""
    inbox = Inbox()
    tracer = tracing(SimpleSpanProcessor(AlertSpanExporter(sink=inbox))).get_tracer("otel_alerting.delivery")
    tracer.start_span("post").end()
    assert made_in(inbox) == []


def test_a_span_seen_by_a_processor_and_an_exporter_is_told_once() -> None:
    """In either order."""
    inbox = Inbox()
    direct, exporter = DirectSpanProcessor(sink=inbox), SimpleSpanProcessor(AlertSpanExporter(sink=inbox))
    tracing(direct, exporter).get_tracer("lib").start_span("a").end()
    tracing(exporter, direct).get_tracer("lib").start_span("b").end()
    assert [signal.name for signal in made_in(inbox) if isinstance(signal, Span)] == ["a", "b"]


def test_a_record_of_the_bridge_becomes_a_log(bridged: tuple[logging.Logger, LoggerProvider]) -> None:
    """With its exception, and without the exception's attributes."""
    seen: list[Log] = []
    logger, provider = bridged
    provider.add_log_record_processor(SimpleLogRecordProcessor(AlertLogExporter(sink=seen.append)))
    try:
        raise ValueError("no")
    except ValueError:
        logger.exception("card %s declined", 17, extra={"shop": "a", "tenant": "acme"})
    (log,) = seen
    assert (log.body, log.severity, log.scope, log.door) == ("card 17 declined", 17, logger.name, "otel")
    assert (log.tenant, log.service, log.attributes["shop"]) == ("acme", "shop", "a")
    assert log.failure is not None
    assert (log.failure.type, log.failure.message) == ("ValueError", "no")
    assert not [name for name in log.attributes if name.startswith("exception")]


def test_a_record_seen_by_the_handler_and_the_exporter_is_told_once(
    bridged: tuple[logging.Logger, LoggerProvider],
) -> None:
    """The handler is first and knows more; an info record, which only the exporter takes, still comes in."""
    logger, provider = bridged
    inbox = Inbox()
    logger.setLevel(logging.INFO)
    logger.addHandler(AlertHandler(sink=inbox))
    provider.add_log_record_processor(BatchLogRecordProcessor(AlertLogExporter(sink=inbox)))
    for number in range(20):
        logger.warning("declined %s", number)
    logger.info("fine")
    provider.force_flush()
    logs = [(signal.door, signal.body) for signal in made_in(inbox) if isinstance(signal, Log)]
    provider.shutdown()
    assert logs == [*(("logging", f"declined {number}") for number in range(20)), ("otel", "fine")]


def test_the_exporter_may_be_first(bridged: tuple[logging.Logger, LoggerProvider]) -> None:
    """Then the handler is silent: told once in any order."""
    logger, provider = bridged
    inbox = Inbox()
    provider.add_log_record_processor(SimpleLogRecordProcessor(AlertLogExporter(sink=inbox)))
    logger.addHandler(AlertHandler(sink=inbox))
    logger.warning("declined")
    assert [signal.door for signal in made_in(inbox)] == ["otel"]


def test_lines_of_the_http_client_never_come_in(bridged: tuple[logging.Logger, LoggerProvider]) -> None:
    """The bridge ignores OpenTelemetry's suppression; each request would make a record and that a request."""
    _, provider = bridged
    inbox = Inbox()
    provider.add_log_record_processor(BatchLogRecordProcessor(AlertLogExporter(sink=inbox)))
    handler, wire = LoggingHandler(logger_provider=provider), logging.getLogger("httpcore.http11")
    wire.setLevel(logging.DEBUG)
    wire.addHandler(handler)
    try:
        wire.debug("send_request_headers.started")
        provider.force_flush()
    finally:
        wire.removeHandler(handler)
        wire.setLevel(logging.NOTSET)
    assert made_in(inbox) == []
    provider.shutdown()


def test_a_record_that_says_little_is_still_a_log() -> None:
    """No time, no severity, a body that is no text, a name of its own."""
    seen: list[Log] = []
    provider = LoggerProvider(shutdown_on_exit=False)
    provider.add_log_record_processor(SimpleLogRecordProcessor(AlertLogExporter(sink=seen.append)))
    provider.get_logger("lib").emit(body={"a": [1]}, event_name="order.lost")
    provider.get_logger("lib").emit(body="x", severity_number=SeverityNumber.WARN, observed_timestamp=5)
    assert (seen[0].body, seen[0].severity, seen[0].event_name) == ("{'a': [1]}", 0, "order.lost")
    assert (seen[1].at, seen[1].severity) == (5, 13)


def test_baggage_and_bound_values_are_written_on_spans_and_records(
    bridged: tuple[logging.Logger, LoggerProvider],
) -> None:
    """An exporter sees neither; what a span or record says already stays."""
    spans, logs = list[Span](), list[Log]()
    logger, provider = bridged
    provider.add_log_record_processor(StampingLogProcessor())
    provider.add_log_record_processor(SimpleLogRecordProcessor(AlertLogExporter(sink=logs.append)))
    tracer = tracing(StampingSpanProcessor(), SimpleSpanProcessor(AlertSpanExporter(sink=spans.append))).get_tracer("l")
    with otel_alerting.bind(tenant="acme", correlation_id="r1"):
        tracer.start_span("bound").end()
        tracer.start_span("own", attributes={"tenant.id": "own"}).end()
        logger.warning("bound")
    token = context.attach(baggage.set_baggage("tenant", "carried"))
    tracer.start_span("carried").end()
    context.detach(token)  # type: ignore[arg-type]
    assert [(span.tenant, span.correlation_id) for span in spans[:2]] == [("acme", "r1"), ("own", "r1")]
    assert spans[2].tenant == "carried"
    assert [(log.tenant, log.correlation_id) for log in logs] == [("acme", "r1")]


def collected(inbox: Inbox) -> dict[str, Point]:
    return {signal.name: signal for signal in made_in(inbox) if isinstance(signal, Point)}


def test_every_kind_of_metric_becomes_a_point() -> None:
    """Sums of what only grows are deltas, of what may shrink the current value; distributions keep their buckets."""
    inbox = Inbox()
    reader = AlertMetricReader(sink=inbox, interval_millis=3_600_000)
    view = View(instrument_name="fixed", aggregation=ExplicitBucketHistogramAggregation([1, 2]))
    provider = MeterProvider([reader], resource=RESOURCE, shutdown_on_exit=False, views=[view])
    meter = provider.get_meter("lib")
    meter.create_counter("grows", unit="{order}").add(3, {"tenant.id": "acme"})
    meter.create_up_down_counter("moves").add(-2)
    meter.create_gauge("stands").set(1.5)
    meter.create_histogram("spreads", unit="s").record(0.25)
    meter.create_histogram("fixed").record(1.5)
    meter.create_observable_gauge("asked", [lambda _: [Observation(7)]])
    provider.get_meter("otel_alerting.manager").create_counter("ours").add(1)
    assert provider.force_flush()
    points = collected(inbox)
    assert set(points) == {"grows", "moves", "stands", "spreads", "fixed", "asked"}
    grows, moves, spreads, fixed = points["grows"], points["moves"], points["spreads"], points["fixed"]
    assert (grows.kind, grows.temporality, grows.monotonic, grows.value) == ("sum", "delta", True, 3)
    assert (grows.unit, grows.tenant, grows.service, grows.scope) == ("{order}", "acme", "shop", "lib")
    assert (moves.temporality, moves.monotonic, moves.value) == ("cumulative", False, -2)
    assert (points["stands"].kind, points["stands"].value, points["asked"].value) == ("gauge", 1.5, 7)
    assert (spreads.kind, spreads.count, spreads.low, spreads.high) == ("exponential_histogram", 1, 0.25, 0.25)
    assert isinstance(spreads.buckets, ExponentialBuckets)
    assert spreads.buckets.scale == 4
    assert sum(spreads.buckets.positive) == 1
    assert fixed.buckets == Buckets(bounds=(1.0, 2.0), counts=(0, 1, 0))
    provider.shutdown()


def test_a_reader_tells_only_what_was_added_since_and_disturbs_no_other() -> None:
    """Deltas for us, the others' running totals stay theirs; the last measurements come in at shutdown."""
    inbox, other = Inbox(), InMemoryMetricReader()
    provider = MeterProvider([AlertMetricReader(sink=inbox, interval_millis=3_600_000), other], shutdown_on_exit=False)
    counter = provider.get_meter("lib").create_counter("orders")
    values = []
    for _ in range(2):
        counter.add(3)
        provider.force_flush()
        values.append(collected(inbox)["orders"].value)
    data = other.get_metrics_data()
    assert data is not None
    assert data.resource_metrics[0].scope_metrics[0].metrics[0].data.data_points[0].value == 6  # type: ignore[union-attr]
    counter.add(4)
    provider.shutdown()
    assert [*values, collected(inbox)["orders"].value] == [3, 3, 4]


def test_a_point_leads_to_the_trace_of_a_measurement() -> None:
    """By the exemplar that the SDK keeps of a measurement inside a sampled span."""
    inbox = Inbox()
    provider = MeterProvider([AlertMetricReader(sink=inbox, interval_millis=3_600_000)], shutdown_on_exit=False)
    counter = provider.get_meter("lib").create_counter("orders")
    with tracing().get_tracer("lib").start_as_current_span("work") as span:
        counter.add(1)
    provider.force_flush()
    assert collected(inbox)["orders"].trace_id == f"{span.get_span_context().trace_id:032x}"
    provider.shutdown()


def test_a_histograms_point_leads_to_the_largest_measurement() -> None:
    """It is the slow request that somebody wants to look at, not the last one."""
    other = InMemoryMetricReader()
    provider = MeterProvider([other], shutdown_on_exit=False)
    histogram = provider.get_meter("lib").create_histogram("latency", explicit_bucket_boundaries_advisory=[1.0, 5.0])
    traces = []
    for seconds in (0.5, 9.0, 2.0):
        with tracing().get_tracer("lib").start_as_current_span("work") as span:
            histogram.record(seconds)
            traces.append(f"{span.get_span_context().trace_id:032x}")
    data = other.get_metrics_data()
    assert data is not None
    (point,) = [point_of(*found) for found in points_in(data)]
    assert point is not None
    assert point.trace_id == traces[1]
    provider.shutdown()


def test_a_callback_that_raises_does_not_stop_the_others() -> None:
    """Nor does it raise into whoever flushes."""
    inbox = Inbox()
    provider = MeterProvider([AlertMetricReader(sink=inbox, interval_millis=3_600_000)], shutdown_on_exit=False)

    def fail(_: CallbackOptions) -> list[Observation]:
        raise ValueError

    provider.get_meter("lib").create_observable_gauge("bad", [fail])
    provider.get_meter("lib").create_counter("good").add(1)
    assert provider.force_flush()
    assert set(collected(inbox)) == {"good"}
    provider.shutdown()


def test_it_collects_by_itself() -> None:
    """On a thread that the registration starts."""
    inbox = Inbox()
    provider = MeterProvider([AlertMetricReader(sink=inbox, interval_millis=10)], shutdown_on_exit=False)
    provider.get_meter("lib").create_counter("orders").add(1)
    for _ in range(1000):
        inbox.wait(0.01)
        if len(inbox):
            break
    assert collected(inbox)["orders"].value == 1
    provider.shutdown()


def test_an_exporter_takes_what_a_periodic_reader_collects() -> None:
    """For declarative configuration; its reader gives it a `timeout` that it never asked for."""
    inbox = Inbox()
    reader = PeriodicExportingMetricReader(AlertMetricExporter(sink=inbox), export_interval_millis=3_600_000)
    provider = MeterProvider([reader], shutdown_on_exit=False)
    provider.get_meter("lib").create_counter("orders").add(1)
    provider.force_flush()
    assert collected(inbox)["orders"].temporality == "delta"
    provider.shutdown()


@pytest.mark.process
def test_a_forked_child_does_not_tell_what_its_parent_measured() -> None:
    """A counter at 5 before the fork is the parent's 5; the child's own 1 is 1."""
    inbox = Inbox()
    reader = AlertMetricReader(sink=inbox, interval_millis=3_600_000)
    provider = MeterProvider([reader], shutdown_on_exit=False)
    counter = provider.get_meter("lib").create_counter("orders")
    counter.add(5)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        while reader._discard:  # its thread throws the parent's away before anything else
            os.sched_yield()
        counter.add(1)
        provider.force_flush()
        os.write(writing, str([point.value for point in collected(inbox).values()]).encode())
        os._exit(0)
    os.waitpid(child, 0)
    provider.force_flush()
    assert os.read(reading, 100) == b"[1.0]"
    assert collected(inbox)["orders"].value == 5
    provider.shutdown()


@pytest.mark.parametrize(
    ("said", "given", "seconds"),
    [
        ("", None, 5.0),
        ("60000", None, 5.0),
        ("1000", None, 1.0),
        ("odd", None, 5.0),
        ("1000", 2_000, 2.0),
        ("", "odd", 5.0),
    ],
)
def test_the_interval_is_ours_unless_somebody_wants_it_shorter(
    said: str, given: float | None, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A minute, which suits a bill for storage, is too late for an alert."""
    monkeypatch.setenv("OTEL_METRIC_EXPORT_INTERVAL", said)
    assert _interval(given) == seconds


def test_a_helper_process_of_multiprocessing_is_known_by_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its resource tracker inherits the environment and is given exporters like any program."""
    import sys

    assert not _is_helper_process()
    monkeypatch.setattr(sys, "orig_argv", ["python", "-c", "from multiprocessing.resource_tracker import main;main(5)"])
    assert _is_helper_process()
    monkeypatch.setattr(
        sys, "orig_argv", ["python", "-c", "from multiprocessing.spawn import spawn_main; spawn_main()"]
    )
    assert not _is_helper_process()


@pytest.mark.parametrize("sink", [3, "x", object(), {}])
@pytest.mark.parametrize(
    "way", ["AlertHandler", "AlertProcessor", "AlertSpanExporter", "AlertLogExporter", "AlertMetricReader"]
)
def test_a_sink_that_is_none_is_named_and_does_not_raise(way: str, sink: object) -> None:
    """One word in a `dictConfig` or a declarative file must not cost the program its start."""
    from otel_alerting import handlers

    assert getattr(handlers, way)(sink=sink) is not None
