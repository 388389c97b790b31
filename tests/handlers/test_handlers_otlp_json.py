"""OTLP/JSON becomes the signals that the SDK's own objects become, whoever wrote it."""

from __future__ import annotations

import base64
import json
import math
import subprocess
import sys

import pytest
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import Histogram, MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, Status, StatusCode

from otel_alerting.handlers.log_exporter import log_of
from otel_alerting.handlers.otlp import Unreadable, decode, signals_in
from otel_alerting.handlers.points import point_of, points_in
from otel_alerting.handlers.span_exporter import span_of
from otel_alerting.model import Buckets, ExponentialBuckets, Log, Point, Signal, Span

RESOURCE = Resource({"service.name": "shop", "tenant.id": "acme", "host.cpus": 8, "tags": ["a", "b"]})
AT = 1_714_557_600_000_000_000
_IDS = ("traceId", "spanId", "parentSpanId")


def written(message: Message) -> bytes:
    """As OTLP/JSON has it: the JSON form of Protocol Buffers, but ids in hexadecimal digits."""
    return json.dumps(_with_hex(MessageToDict(message))).encode()


def _with_hex(value: object) -> object:
    if isinstance(value, dict):
        return {name: base64.b64decode(said).hex() if name in _IDS else _with_hex(said) for name, said in value.items()}
    return [_with_hex(one) for one in value] if isinstance(value, list) else value


def signals(body: object, tenant: str = "") -> list[Signal]:
    return list(signals_in(decode(body if isinstance(body, bytes) else json.dumps(body).encode()), tenant))


def only_log(**record: object) -> Log:
    (log,) = signals({"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]})
    assert isinstance(log, Log)
    return log


def only_span(**span: object) -> Span:
    (made,) = signals({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]})
    assert isinstance(made, Span)
    return made


def points(**metric: object) -> list[Signal]:
    return signals({"resourceMetrics": [{"scopeMetrics": [{"metrics": [metric]}]}]})


def test_spans_are_those_of_the_sdk() -> None:
    """Times, ids, kind, status, parent, events and exceptions, resource and scope: nothing differs."""
    kept = InMemorySpanExporter()
    provider = TracerProvider(resource=RESOURCE, shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(kept))
    tracer = provider.get_tracer("shop.checkout")
    with tracer.start_as_current_span("POST /pay", kind=SpanKind.SERVER, attributes={"http.route": "/pay"}) as span:
        span.add_event("retry", {"attempt": 2, "wait": 0.5, "last": False})
        span.record_exception(ValueError("card declined"))
        span.set_status(Status(StatusCode.ERROR, "it failed"))
        for kind in SpanKind:
            with tracer.start_as_current_span("inner", kind=kind, attributes={"request.id": "r-1"}):
                pass
    spans = kept.get_finished_spans()
    assert signals(written(encode_spans(spans))) == [span_of(one) for one in spans]


def test_log_records_are_those_of_the_sdk() -> None:
    """Bodies of all kinds, severities, exceptions, event names."""
    kept = InMemoryLogRecordExporter()
    provider = LoggerProvider(resource=RESOURCE, shutdown_on_exit=False)
    provider.add_log_record_processor(SimpleLogRecordProcessor(kept))
    logger = provider.get_logger("shop.pay")
    bodies: list[object] = ["card declined", {"order": 7, "items": [1, 2.5, True]}, 12, b"raw"]
    for number, body in zip(SeverityNumber, bodies, strict=False):
        attributes = {"order": 7, "exception.type": "ValueError", "exception.message": "no"}
        logger.emit(
            LogRecord(
                timestamp=AT,
                observed_timestamp=AT + 1,
                severity_number=number,
                body=body,
                attributes=attributes,
                event_name="declined",
            )
        )
    records = kept.get_finished_logs()
    assert signals(written(encode_logs(records))) == [log_of(one) for one in records]


def test_points_are_those_of_the_sdk() -> None:
    """Counters, levels, histograms of both kinds."""
    readers = [
        InMemoryMetricReader(),
        InMemoryMetricReader(preferred_aggregation={Histogram: ExponentialBucketHistogramAggregation()}),
    ]
    meter = MeterProvider(readers, RESOURCE, shutdown_on_exit=False).get_meter("shop")
    meter.create_counter("orders", "{order}").add(3, {"region": "eu"})
    meter.create_up_down_counter("queue").add(-2)
    meter.create_gauge("load", "1").set(0.75)
    for value in (0.1, 2.5, 7000.0):
        meter.create_histogram("duration", "s").record(value, {"http.route": "/pay"})
    for reader in readers:
        data = reader.get_metrics_data()
        assert data is not None
        expected = [point_of(*found) for found in points_in(data)]
        assert len(expected) == 4
        assert signals(written(encode_metrics(data))) == expected


def test_numbers_and_enums_may_be_text() -> None:
    """64-bit integers as text or numbers, enums as names or numbers: both are right."""
    as_text = only_span(
        name="x", kind="SPAN_KIND_SERVER", startTimeUnixNano=str(AT), endTimeUnixNano=str(AT + 5),
        status={"code": "STATUS_CODE_ERROR"},
    )  # fmt: skip
    as_numbers = only_span(name="x", kind=2, startTimeUnixNano=AT, endTimeUnixNano=AT + 5, status={"code": 2})
    assert as_text == as_numbers
    assert (as_text.kind, as_text.status, as_text.duration) == ("server", "error", 5)
    assert only_log(timeUnixNano=AT, severityNumber="SEVERITY_NUMBER_ERROR3").severity == 19
    assert only_log(timeUnixNano=AT, severityNumber=9).severity == 9


def test_a_severity_may_be_said_in_words_alone() -> None:
    """A receiver that parses files leaves the number out."""
    assert only_log(timeUnixNano=AT, severityText="Error").severity == 17
    assert only_log(timeUnixNano=AT, severityText="whatever").severity == 0
    assert only_log(timeUnixNano=AT, severityText="error", severityNumber=9).severity == 9


def test_every_type_of_value_is_taken() -> None:
    """As plain data."""
    said: list[tuple[object, object]] = [
        ({"stringValue": "12"}, "12"),
        ({"intValue": "9223372036854775807"}, 2**63 - 1),
        ({"intValue": -5}, -5),
        ({"doubleValue": 1}, 1.0),
        ({"doubleValue": "-Infinity"}, -math.inf),
        ({"boolValue": False}, False),
        ({"bytesValue": "aGFsbG8="}, "hallo"),
        ({"arrayValue": {"values": [{"intValue": "1"}, {}]}}, [1, None]),
        ({"arrayValue": {}}, []),
        ({"kvlistValue": {"values": [{"key": "a", "value": {"stringValue": "b"}}]}}, {"a": "b"}),
        ({}, None),
        (None, None),
    ]
    attributes = [{"key": str(index), "value": value} for index, (value, _) in enumerate(said)]
    log = only_log(timeUnixNano=AT, attributes=attributes)
    assert list(log.attributes.values()) == [value for _, value in said]
    (nan,) = only_log(timeUnixNano=AT, attributes=[{"key": "x", "value": {"doubleValue": "NaN"}}]).attributes.values()
    assert isinstance(nan, float)
    assert math.isnan(nan)


def test_a_log_may_have_no_body() -> None:
    """Then it says nothing; an event has a name instead."""
    assert only_log(timeUnixNano=AT, eventName="declined").body == ""


def test_a_log_without_a_time_has_that_of_its_observer() -> None:
    """`observedTimeUnixNano`."""
    assert only_log(observedTimeUnixNano=str(AT)).at == AT
    assert only_log(timeUnixNano="0", observedTimeUnixNano=str(AT)).at == AT


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("5B8EFFF798038103D269B633813FC60C", "5b8efff798038103d269b633813fc60c"),
        ("0" * 32, ""),
        ("W47/95gDgQPSabYzgT/GDA==", ""),
        ("5b8efff7", ""),
        (None, ""),
    ],
)
def test_ids_are_hexadecimal_digits(said: str | None, read: str) -> None:
    """Of either case; what is none is none."""
    assert only_span(traceId=said, endTimeUnixNano=AT).trace_id == read


def test_unknown_fields_are_passed_over_and_null_is_the_default() -> None:
    """A newer protocol adds fields; snake_case names are no fields of OTLP/JSON."""
    span = only_span(
        name=None, kind=None, endTimeUnixNano=AT, start_time_unix_nano=1, attributes=None, events=None, status=None,
        links=[{"traceId": "x"}], flags=256, somethingNew={"deep": [1]},
    )  # fmt: skip
    assert span == Span(at=AT, started_at=AT, name="", door="otel")


def test_whose_it_is_is_said_by_the_signal_then_the_taker_then_the_resource() -> None:
    """As for the exporters of the SDK."""
    said = [{"key": "tenant.id", "value": {"stringValue": "own"}}]
    resource = {"attributes": [{"key": "tenant.id", "value": {"stringValue": "resource"}}]}
    spans = [{"endTimeUnixNano": AT, "attributes": said}, {"endTimeUnixNano": AT}]
    body = {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": spans}]}]}
    assert [one.tenant for one in signals(body)] == ["own", "resource"]
    assert [one.tenant for one in signals(body, "taker")] == ["own", "taker"]


def test_a_stream_may_say_that_it_has_ended() -> None:
    """The flag NO_RECORDED_VALUE."""
    (point,) = points(name="m", gauge={"dataPoints": [{"timeUnixNano": AT, "flags": 1}]})
    assert isinstance(point, Point)
    assert point.absent


def test_temporality_and_monotonic_are_read() -> None:
    """By name or number; cumulative where nothing is said."""
    for said, read in (
        (1, "delta"),
        ("AGGREGATION_TEMPORALITY_DELTA", "delta"),
        (2, "cumulative"),
        (None, "cumulative"),
    ):
        (point,) = points(
            name="m",
            sum={
                "aggregationTemporality": said, "isMonotonic": True,
                "dataPoints": [{"timeUnixNano": AT, "startTimeUnixNano": AT - 5, "asInt": "7"}],
            },
        )  # fmt: skip
        assert isinstance(point, Point)
        assert (point.kind, point.temporality, point.monotonic, point.value) == ("sum", read, True, 7.0)
        assert point.started_at == AT - 5


def test_distributions_of_all_kinds_are_read() -> None:
    """Explicit bounds, powers of a base, and a Prometheus client's summary."""
    one = {"timeUnixNano": AT, "count": "4", "sum": 6.5, "min": 0.5, "max": 3}
    explicit = {**one, "bucketCounts": ["1", "3"], "explicitBounds": [1]}
    (point,) = points(name="m", histogram={"aggregationTemporality": 1, "dataPoints": [explicit]})
    assert isinstance(point, Point)
    assert point.buckets == Buckets(bounds=(1.0,), counts=(1, 3))
    assert (point.value, point.count, point.low, point.high) == (6.5, 4, 0.5, 3.0)

    powers = {
        **one,
        "scale": 3,
        "zeroCount": "1",
        "zeroThreshold": 0.1,
        "positive": {"offset": -2, "bucketCounts": [1, "2"]},
    }
    (point,) = points(name="m", exponentialHistogram={"dataPoints": [powers]})
    assert isinstance(point, Point)
    assert point.buckets == ExponentialBuckets(
        scale=3, zero_count=1, zero_threshold=0.1, positive_offset=-2, positive=(1, 2)
    )

    summary = {**one, "quantileValues": [{"quantile": 0.5, "value": 1.5}, {"quantile": 1, "value": "NaN"}]}
    (point,) = points(name="m", summary={"dataPoints": [summary]})
    assert isinstance(point, Point)
    assert (point.kind, point.temporality, point.quantiles[0]) == ("summary", "cumulative", (0.5, 1.5))


def test_a_histogram_may_have_no_buckets() -> None:
    """Then it is a count and a sum."""
    (point,) = points(name="m", histogram={"dataPoints": [{"timeUnixNano": AT, "count": 2, "sum": 5}]})
    assert isinstance(point, Point)
    assert (point.buckets, point.count, point.value) == (None, 2, 5.0)


def test_the_largest_traced_measurement_is_the_points_trace() -> None:
    """Of a distribution; that is the one somebody wants to look at."""
    exemplars = [
        {"timeUnixNano": AT, "asDouble": 9.0, "traceId": "a" * 32, "spanId": "b" * 16},
        {"timeUnixNano": AT + 9, "asDouble": 1.0, "traceId": "c" * 32, "spanId": "d" * 16},
        {"timeUnixNano": AT + 9, "asDouble": 99.0},
    ]
    (spread,) = points(name="m", histogram={"dataPoints": [{"timeUnixNano": AT, "exemplars": exemplars}]})
    assert (spread.trace_id, spread.span_id, spread.correlation_id) == ("a" * 32, "b" * 16, "a" * 32)
    (number,) = points(name="m", gauge={"dataPoints": [{"timeUnixNano": AT, "asInt": 1, "exemplars": exemplars}]})
    assert number.trace_id == "c" * 32


def test_our_own_telemetry_is_no_signal() -> None:
    """An alert about our own words would speak of itself."""
    ours = {"scope": {"name": "otel_alerting.inbox"}, "logRecords": [{"timeUnixNano": AT}]}
    assert signals({"resourceLogs": [{"scopeLogs": [ours]}]}) == []


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{", "truncated"),
        (b"[]", "array"),
        (b"{}x", "trailing"),
        (b'{"resource_spans": []}', "no resourceSpans, resourceMetrics, resourceLogs"),
        (b'{"resourceSpans": 5}', "$.resourceSpans"),
        (
            b'{"resourceLogs": [{"scopeLogs": [{"logRecords": [{"timeUnixNano": "soon"}]}]}]}',
            "logRecords[0].timeUnixNano",
        ),
        (b'{"resourceSpans": "\xff"}', "codec|UTF-8|array"),
        (b'{"resourceLogs": ' + b"[" * 100_000, "array|recursion"),
    ],
)
def test_what_cannot_be_read_says_what_and_where(body: bytes, said: str) -> None:
    """And raises nothing else."""
    with pytest.raises(Unreadable, match=said.replace("$", r"\$").replace("[", r"\[")):
        decode(body)


def test_an_empty_request_is_one() -> None:
    """Protocol Buffers leave out what is empty."""
    assert signals(b" {} \n") == []
    assert signals({"resourceSpans": None}) == []


@given(st.binary() | st.text().map(str.encode))
def test_anything_else_is_unreadable(body: bytes) -> None:
    """Whatever bytes come."""
    try:
        request = decode(body)
    except Unreadable:
        return
    list(signals_in(request))


def test_no_sdk_is_loaded() -> None:
    """A gateway takes OTLP/JSON without it."""
    said = (
        "import sys, otel_alerting.handlers.otlp; print(*[m for m in sys.modules if m.startswith('opentelemetry.sdk')])"
    )
    ran = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == []
