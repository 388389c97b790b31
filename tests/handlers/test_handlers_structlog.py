"""The structlog processor, with real structlog."""

from __future__ import annotations

import contextvars
import logging
import uuid
from collections.abc import Iterator

import pytest
import structlog
from structlog.typing import Processor

import otel_alerting
from otel_alerting.handlers import AlertHandler, AlertProcessor
from otel_alerting.handlers.seen import SEEN
from otel_alerting.inbox import Inbox
from otel_alerting.model import Log


def logs_in(inbox: Inbox) -> list[Log]:
    made = [make(*arguments) for make, arguments in inbox.take()]
    return [log for log in made if isinstance(log, Log)]


def printing(*processors: Processor) -> tuple[structlog.BoundLogger, list[dict[str, object]]]:
    printed: list[dict[str, object]] = []

    def keep(logger: object, name: str, event: dict[str, object]) -> dict[str, object]:
        printed.append(dict(event))
        raise structlog.DropEvent

    return structlog.wrap_logger(None, processors=[*processors, keep], wrapper_class=structlog.BoundLogger), printed


@pytest.fixture
def stdlib() -> Iterator[logging.Logger]:
    logger = logging.getLogger(f"shop.{uuid.uuid4().hex}")
    logger.setLevel(logging.DEBUG)
    yield logger
    logger.handlers.clear()


def test_every_event_carries_both_ids_and_keeps_its_own() -> None:
    """Also those that are no alert: the program's own log lines are found by them."""
    log, printed = printing(AlertProcessor(sink=Inbox()))
    with otel_alerting.bind(tenant="acme", correlation_id="r1"):
        log.info("fine")
        log.info("own", tenant="own", correlation_id="mine")
    contextvars.copy_context().run(log.debug, "nobody's")
    assert [(event.get("tenant"), event["correlation_id"]) for event in printed[:2]] == [
        ("acme", "r1"),
        ("own", "mine"),
    ]
    assert "tenant" not in printed[2]
    assert len(str(printed[2]["correlation_id"])) == 32


def test_warnings_and_worse_become_logs_and_the_event_goes_on_as_it_was() -> None:
    """The event is the template, the rest are attributes."""
    seen: list[Log] = []
    log, printed = printing(AlertProcessor(sink=seen.append))
    log.info("fine")
    log.bind(shop="a").warning("card declined", amount=3)
    log.critical("down")
    assert [(one.body, one.template, one.severity, one.door) for one in seen] == [
        ("card declined", "card declined", 13, "structlog"),
        ("down", "down", 21, "structlog"),
    ]
    assert (seen[0].attributes["shop"], seen[0].attributes["amount"]) == ("a", 3)
    assert {"shop": "a", "amount": 3, "event": "card declined"}.items() <= printed[1].items()


@pytest.mark.parametrize("form", ["true", "instance", "tuple", "method"])
def test_an_exception_is_understood_in_every_form(form: str) -> None:
    """structlog takes True, an exception, `sys.exc_info()`, and has `log.exception`."""
    seen: list[Log] = []
    log, printed = printing(structlog.processors.add_log_level, AlertProcessor(sink=seen.append))
    error = ValueError("no")
    try:
        raise error
    except ValueError:
        if form == "method":
            log.exception("failed", exc_info=True)
        else:
            told = {"true": True, "instance": error, "tuple": (ValueError, error, error.__traceback__)}[form]
            log.error("failed", exc_info=told)
    (failure,) = [one.failure for one in seen]
    assert failure is not None
    assert (failure.type, failure.message) == ("ValueError", "no")
    assert failure.frames[-1].function == "test_an_exception_is_understood_in_every_form"
    assert printed[0]["exc_info"]


def test_an_exception_that_was_rendered_before_is_read_back() -> None:
    """Where `format_exc_info` stands before us."""
    seen: list[Log] = []
    log, _ = printing(structlog.processors.format_exc_info, AlertProcessor(sink=seen.append))
    try:
        raise KeyError("k")
    except KeyError:
        log.error("failed", exc_info=True)
    assert seen[0].failure is not None
    assert (seen[0].failure.type, seen[0].failure.message) == ("KeyError", "'k'")


def test_an_event_that_the_standard_library_sees_too_is_told_once(stdlib: logging.Logger) -> None:
    """structlog hands it on, an AlertHandler sees it again; the program's own record after it is another one."""
    inbox = Inbox()
    stdlib.addHandler(AlertHandler(sink=inbox))
    log = structlog.wrap_logger(
        stdlib,
        processors=[AlertProcessor(sink=inbox), structlog.processors.JSONRenderer()],
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    log.warning("declined")
    stdlib.warning("declined by hand")
    stdlib.warning("something else")
    log.warning("declined")
    assert [(one.door, one.body) for one in logs_in(inbox)] == [
        ("structlog", "declined"),
        ("logging", "declined by hand"),
        ("logging", "something else"),
        ("structlog", "declined"),
    ]


def test_an_event_that_never_became_a_record_swallows_no_later_one(stdlib: logging.Logger) -> None:
    """The standard library may filter it out; a record a second later is not it."""
    inbox = Inbox()
    handler = AlertHandler(sink=inbox)
    processor = AlertProcessor(sink=inbox)
    processor(stdlib, "warning", {"event": "declined"})
    later = logging.LogRecord(stdlib.name, 30, "f", 1, "declined", (), None)
    later.created += 2
    handler.handle(later)
    assert [one.door for one in logs_in(inbox)] == ["structlog", "logging"]
    assert SEEN.has_several_doors


def test_records_of_the_standard_library_in_a_shared_chain_are_told_once(stdlib: logging.Logger) -> None:
    """`foreign_pre_chain` shows them to the processor once for each formatter; the handler sees them too."""
    inbox = Inbox()
    processor = AlertProcessor(sink=inbox)
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[processor],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.KeyValueRenderer(),
        ],
    )

    class Formatting(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            self.format(record)

    for _ in range(2):
        handler = Formatting()
        handler.setFormatter(formatter)
        stdlib.addHandler(handler)
    stdlib.addHandler(AlertHandler(sink=inbox))
    stdlib.error("from elsewhere %s", 1)
    stdlib.info("fine")
    assert [(one.body, one.template) for one in logs_in(inbox)] == [("from elsewhere 1", "from elsewhere %s")]


def test_nothing_that_an_event_holds_raises() -> None:
    """Whatever `str` of a value does."""

    class Odd:
        def __str__(self) -> str:
            raise RuntimeError

    seen: list[Log] = []
    AlertProcessor(sink=seen.append)(None, "error", {"event": Odd(), "value": Odd(), "exc_info": "odd"})
    assert len(seen) == 1
