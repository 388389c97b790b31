"""The logging handler, with real loggers."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import logging.config
import logging.handlers
import queue
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator

import pytest
from opentelemetry import baggage, context, trace
from opentelemetry.sdk.trace import TracerProvider

import otel_alerting
from otel_alerting.context import quiet
from otel_alerting.handlers import AlertHandler, ContextFilter
from otel_alerting.handlers.logging_handler import log_of_record, severity_number
from otel_alerting.inbox import Inbox
from otel_alerting.model import Log, Signal


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    made = logging.getLogger(f"shop.{uuid.uuid4().hex}")
    made.propagate = False
    made.setLevel(logging.DEBUG)
    yield made
    made.handlers.clear()


@pytest.fixture
def seen(logger: logging.Logger) -> list[Signal]:
    signals: list[Signal] = []
    logger.addHandler(AlertHandler(sink=signals.append))
    return signals


def logs_in(inbox: Inbox) -> list[Log]:
    made = [make(*arguments) for make, arguments in inbox.take()]
    return [log for log in made if isinstance(log, Log)]


def test_a_warning_becomes_a_log_with_its_template(logger: logging.Logger, seen: list[Log]) -> None:
    """The message before and after its values were put in are both kept."""
    logger.warning("card %s declined", 17, extra={"shop": "a"})
    (log,) = seen
    assert (log.body, log.template, log.severity, log.scope) == (
        "card 17 declined",
        "card %s declined",
        13,
        logger.name,
    )
    assert log.attributes["shop"] == "a"
    assert log.attributes["code.function.name"] == "test_a_warning_becomes_a_log_with_its_template"
    assert log.door == "logging"


def test_what_is_below_the_level_is_not_looked_at(logger: logging.Logger, seen: list[Log]) -> None:
    """The default level is WARNING."""
    logger.info("fine")
    logger.error("not fine")
    assert [log.severity for log in seen] == [17]


@pytest.mark.parametrize(
    ("level", "number"),
    [("ERROR", 40), ("error", 40), (35, 35), ("35", 35), ("high", 40), ("page", 50), ("none of these", 30)],
)
def test_a_level_is_a_name_a_number_or_a_severity(level: str | int, number: int) -> None:
    """A level that is none of these is complained about and WARNING holds: no constructor of ours raises."""
    assert AlertHandler(level).level == number


@pytest.mark.parametrize(
    "odd", [{"level": None}, {"nonsense": object()}, {"rules": ["a", "b"]}, {"tenant": 7}, {"config": ""}]
)
def test_no_constructor_argument_makes_it_raise(odd: dict[str, object]) -> None:
    """A program starts whatever is written in its logging configuration."""
    AlertHandler(**odd)  # type: ignore[arg-type]


def test_it_is_made_by_dictconfig_and_works_after_it_was_closed_by_the_next() -> None:
    """`dictConfig` closes every handler of the process, also one that goes on being used."""
    inbox = Inbox()
    handler = AlertHandler(sink=inbox)
    logger = logging.getLogger(f"shop.{uuid.uuid4().hex}")
    logger.addHandler(handler)
    root = logging.getLogger()
    before = list(root.handlers)
    try:
        logging.config.dictConfig(
            {
                "version": 1,
                "disable_existing_loggers": False,
                "handlers": {
                    "alerts": {"class": "otel_alerting.handlers.AlertHandler", "level": "ERROR", "locale": "fr"}
                },
                "loggers": {"shop.configured": {"handlers": ["alerts"]}},
            }
        )
        made = logging.getLogger("shop.configured").handlers[0]
        assert isinstance(made, AlertHandler)
        assert made.level == logging.ERROR
        logger.warning("still heard")
        assert [log.body for log in logs_in(inbox)] == ["still heard"]
    finally:
        logging.getLogger("shop.configured").handlers.clear()
        root.handlers[:] = before


def test_arguments_that_may_change_are_read_at_once(logger: logging.Logger) -> None:
    """The message says what was there when it was logged."""
    inbox, cart = Inbox(), ["apple"]
    logger.addHandler(AlertHandler(sink=inbox))
    logger.warning("cart %s", cart)
    logger.warning("cart %(items)s", {"items": cart})
    cart.clear()
    assert [log.body for log in logs_in(inbox)] == ["cart ['apple']", "cart ['apple']"]


def test_an_exception_is_taken_as_plain_frames(logger: logging.Logger) -> None:
    """Nothing in the inbox keeps the program's frames, and so its local variables, alive."""
    inbox = Inbox()
    logger.addHandler(AlertHandler(sink=inbox))
    try:
        try:
            raise KeyError("inner")
        except KeyError as inner:
            raise ValueError("outer") from inner
    except ValueError:
        logger.exception("failed")
    ((make, arguments),) = inbox.take()
    assert arguments[0].exc_info is None  # type: ignore[attr-defined]
    failure = make(*arguments).failure  # type: ignore[union-attr]
    assert (failure.type, failure.message, failure.cause.type) == ("ValueError", "outer", "KeyError")
    assert failure.frames[-1].function == "test_an_exception_is_taken_as_plain_frames"


def test_a_message_that_cannot_be_put_together_is_told_as_far_as_it_goes() -> None:
    """Arguments that do not fit, and objects whose `str` raises, lose no warning and raise nothing."""

    class Odd:
        def __str__(self) -> str:
            raise RuntimeError

    seen: list[Log] = []
    handler = AlertHandler(sink=seen.append)
    for fields in (
        {"msg": "two %s %s", "args": (1,)},
        {"msg": "odd %s", "args": (Odd(),)},
        {"msg": Odd()},
        {"odd": Odd()},
    ):
        handler.handle(logging.makeLogRecord({"name": "shop", "levelno": 30, **fields}))
    assert [log.body[:9] for log in seen[:2]] == ["two 1 %s", "odd <Odd:"]
    assert len(seen) == 4
    assert "str() raised" in str(seen[3].attributes["odd"])


@pytest.mark.parametrize(
    ("template", "args", "told"),
    [
        ("bad %d %s", ("x",), "bad 'x' %s"),
        ("bad %s", (1, 2), "bad 1 (2)"),
        ("100% sure of %s", ("x",), "100% sure of 'x'"),
        ("paid", ("x", 7), "paid ('x', 7)"),
        ("%5.2f%% of %s", ("x",), "'x'% of %s"),
        ("password=%d", ("hunter2",), "password='hunter2'"),
        ("%(count)d left", ({"count": "x"},), "'x' left"),
        ("hello %(nam)s", ({"name": "x"},), "hello %(nam)s ({'name': 'x'})"),
    ],
)
def test_arguments_that_do_not_fit_are_shown_where_they_were_meant_to_stand(
    template: str, args: tuple[object, ...], told: str
) -> None:
    """The alert shows what `logging` could not put together; its template stays what repeats are known by."""
    seen: list[Log] = []
    record = logging.LogRecord("shop", 30, "shop.py", 1, template, args, None)
    AlertHandler(sink=seen.append).handle(record)
    assert [(log.body, log.template) for log in seen] == [(told, template)]


def test_whose_it_is_comes_from_the_record_then_the_handler_then_what_is_bound(logger: logging.Logger) -> None:
    """What stands nearest to the record wins."""
    seen, others = list[Log](), list[Log]()
    logger.addHandler(AlertHandler(sink=seen.append))
    logger.addHandler(AlertHandler(sink=others.append, tenant="handler"))
    with otel_alerting.bind(tenant="bound", correlation_id="r1", region="eu"):
        logger.warning("a")
        logger.warning("b", extra={"tenant": "record", "request_id": "r2"})
    token = context.attach(baggage.set_baggage("tenant.id", "carried"))
    logger.warning("c")
    context.detach(token)  # type: ignore[arg-type]
    assert [log.tenant for log in seen] == ["bound", "record", "carried"]
    assert [log.tenant for log in others] == ["handler", "record", "handler"]
    assert [log.correlation_id for log in seen[:2]] == ["r1", "r2"]
    assert seen[0].attributes["region"] == "eu"


def test_the_span_is_that_of_the_moment_of_logging(logger: logging.Logger) -> None:
    """Although it is looked up later, on another thread, where that span is over."""
    inbox = Inbox()
    logger.addHandler(AlertHandler(sink=inbox))
    with TracerProvider(shutdown_on_exit=False).get_tracer("t").start_as_current_span("work") as span:
        logger.warning("inside")
    made: list[Log] = []
    reader = threading.Thread(target=lambda: made.extend(logs_in(inbox)))
    reader.start()
    reader.join()
    ids = span.get_span_context()
    assert (made[0].trace_id, made[0].span_id) == (f"{ids.trace_id:032x}", f"{ids.span_id:016x}")
    assert made[0].correlation_id == made[0].trace_id
    assert not trace.get_current_span().get_span_context().is_valid


def test_tasks_do_not_mix_up_what_is_bound(logger: logging.Logger) -> None:
    """Two requests on one thread each keep their tenant."""
    inbox = Inbox()
    logger.addHandler(AlertHandler(sink=inbox))

    async def serve(tenant: str) -> None:
        async with otel_alerting.bind(tenant=tenant):
            await asyncio.sleep(0)
            logger.warning(tenant)

    async def both() -> None:
        await asyncio.gather(serve("a"), serve("b"))

    asyncio.run(both())
    assert sorted((log.body, log.tenant) for log in logs_in(inbox)) == [("a", "a"), ("b", "b")]


def test_what_is_logged_while_we_are_at_work_is_not_told(logger: logging.Logger) -> None:
    """A client that logs each request to Slack would cause the next request."""
    inbox = Inbox()
    wire = logging.getLogger("httpx")
    handler = AlertHandler("DEBUG", sink=inbox)
    for one in (logger, wire):
        one.addHandler(handler)
    try:
        with quiet():
            logger.error("our own")
            wire.warning("HTTP Request: POST https://hooks.slack.com/")
        logging.getLogger("otel_alerting.test").addHandler(handler)
        logging.getLogger("otel_alerting.test").warning("ours by name")
        assert logs_in(inbox) == []
    finally:
        wire.removeHandler(handler)


@pytest.mark.parametrize(("name", "value"), [("OTEL_SDK_DISABLED", "true"), ("OTEL_ALERTING_ENABLED", "False")])
def test_the_environment_switches_it_off(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch, logger: logging.Logger
) -> None:
    """The SDK's own switch is honoured by the handler too."""
    monkeypatch.setenv(name, value)
    seen: list[Signal] = []
    logger.addHandler(AlertHandler(sink=seen.append))
    logger.error("unheard")
    assert seen == []


def test_two_handlers_and_one_handler_twice_tell_a_record_once(logger: logging.Logger) -> None:
    """A handler on a logger and one on its parent see the same record; so does one that sits on both."""
    inbox = Inbox()
    twice, child = AlertHandler(sink=inbox), logger.getChild("child")
    logger.addHandler(twice)
    child.addHandler(twice)
    child.addHandler(AlertHandler(sink=inbox))
    child.warning("once")
    child.error("once more", exc_info=ValueError("x"))
    assert [log.body for log in logs_in(inbox)] == ["once", "once more"]


def test_equal_records_of_the_same_moment_stay_as_many_as_they_are(logger: logging.Logger) -> None:
    """Telling once is about the same record, not about equal ones."""
    inbox = Inbox()
    handlers = [AlertHandler(sink=inbox), AlertHandler(sink=inbox)]
    for _ in range(3):
        record = logging.makeLogRecord({"name": logger.name, "msg": "same", "levelno": 30, "created": 1.0})
        for handler in handlers:
            handler.handle(record)
    assert len(logs_in(inbox)) == 3


def test_a_filter_of_the_handler_is_asked(logger: logging.Logger, seen: list[Log]) -> None:
    """`handle` is our own, and does what the original promises."""
    logger.handlers[0].addFilter(lambda record: record.getMessage() != "no")
    logger.warning("no")
    logger.warning("yes")
    assert [log.body for log in seen] == ["yes"]


def test_records_that_came_through_a_queue_keep_their_trace(logger: logging.Logger) -> None:
    """A QueueListener's thread has no span; the ids that OpenTelemetry's instrumentation wrote on the record count."""
    inbox, records = Inbox(), queue.SimpleQueue[logging.LogRecord]()
    logger.addHandler(logging.handlers.QueueHandler(records))  # type: ignore[arg-type]
    logger.warning("x", extra={"otelTraceID": "a" * 32, "otelSpanID": "b" * 16, "otelTraceSampled": True})
    AlertHandler(sink=inbox).handle(records.get())
    (log,) = logs_in(inbox)
    assert (log.trace_id, log.span_id) == ("a" * 32, "b" * 16)
    assert not [name for name in log.attributes if name.startswith("otel")]


def test_a_captured_warning_is_known_by_its_words_not_by_a_bare_placeholder() -> None:
    """`captureWarnings` logs everything under the template `%s`, which would make all of them one."""
    inbox = Inbox()
    record = logging.makeLogRecord(
        {"name": "py.warnings", "levelno": 30, "msg": "%s", "args": ("a.py:1: UserWarning: old",)}
    )
    AlertHandler(sink=inbox).handle(record)
    (log,) = logs_in(inbox)
    assert (log.template, log.body) == ("", "a.py:1: UserWarning: old")


def test_the_filter_writes_both_ids_on_every_record(logger: logging.Logger) -> None:
    """Also on one without a tenant, since a format that names a missing field loses the whole line."""
    lines: list[str] = []

    class Lines(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record))

    handler = Lines()
    handler.addFilter(ContextFilter())
    handler.setFormatter(logging.Formatter("[%(tenant)s] %(correlation_id)s %(message)s"))
    logger.addHandler(handler)
    contextvars.copy_context().run(logger.info, "nobody's")
    with otel_alerting.bind(tenant="acme", correlation_id="r1"):
        logger.info("acme's")
        logger.info("own", extra={"tenant": "own", "correlation_id": "mine"})
    assert lines[1:] == ["[acme] r1 acme's", "[own] mine own"]
    assert lines[0].startswith("[] ")
    assert len(lines[0].split()[1]) == 32


def test_the_severity_is_the_one_that_opentelemetrys_bridge_says() -> None:
    """Else the same record would have two severities, depending on the door."""
    from opentelemetry.instrumentation.log_utils import std_to_otel

    for level in range(120):
        assert severity_number(level) == std_to_otel(level).value, level


def test_a_record_of_structlogs_formatter_is_read_as_an_event() -> None:
    """With `ProcessorFormatter.wrap_for_formatter` the message is the event's mapping."""
    record = logging.makeLogRecord(
        {
            "name": "shop",
            "levelno": 40,
            "msg": {"event": "declined", "amount": 3, "exc_info": ValueError("no"), "level": "error"},
        }
    )
    seen: list[Log] = []
    AlertHandler(sink=seen.append).handle(record)
    (log,) = seen
    assert (log.body, log.template, log.attributes["amount"]) == ("declined", "declined", 3)
    assert log.failure is not None
    assert log.failure.type == "ValueError"


def test_it_has_no_lock_and_its_flush_does_nothing() -> None:
    """A lock would be waited for, and be held in a forked child for ever."""
    handler = AlertHandler()
    handler.flush()
    handler.close()
    assert handler.lock is None


def test_a_record_alone_is_enough_to_make_its_signal() -> None:
    """`log_of_record` is also for people who have a record and a context at hand."""
    log = log_of_record(logging.makeLogRecord({"name": "a", "msg": "b", "levelno": 30}), contextvars.copy_context())
    assert log is not None
    assert log.body == "b"


@pytest.mark.process
def test_importing_the_handler_loads_no_sdk_and_no_codec() -> None:
    """The logging path must not cost a program's start what it does not use."""
    code = (
        "import sys; from otel_alerting.handlers import AlertHandler; AlertHandler();"
        "print([m for m in ('opentelemetry.sdk', 'msgspec', 'httpx', 'structlog', 'jinja2') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"
