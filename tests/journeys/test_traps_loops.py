"""The traps of hearing oneself and of hearing twice: loops, the locks of `logging`, several doors for one thing."""

from __future__ import annotations

import sys
import textwrap

import pytest
from conftest import Program, command, until
from trap_servers import ZERO_CODE, changes, get, occurrences, port_of_its_own, said, slack_in

from otel_alerting.testing import SlackSimulator

pytestmark = pytest.mark.process

FAST = {"OTEL_BSP_SCHEDULE_DELAY": "50", "OTEL_BLRP_SCHEDULE_DELAY": "50", "OTEL_METRIC_EXPORT_INTERVAL": "50"}


def test_our_own_requests_feed_no_exporter_of_anybody(slack: SlackSimulator, program: Program) -> None:
    """With httpx instrumented, everything at DEBUG and each retry logged by whom it may be, the neighbours of our
    exporters see what the program did and nothing of what we do."""
    pytest.importorskip("opentelemetry.instrumentation.httpx")
    slack.fail(status=500, times=2)
    ended = program.run(
        """
        import logging
        logging.basicConfig(level=logging.DEBUG, filename="log.txt")
        for name in ("httpx", "httpcore"):
            logging.getLogger(name).setLevel(logging.DEBUG)
        from opentelemetry import _logs, trace
        import otel_alerting
        logging.getLogger("shop").error("the till is stuck")
        for _ in range(3):
            otel_alerting.flush(10)
            trace.get_tracer_provider().force_flush()
            _logs.get_logger_provider().force_flush()
        """,
        by=(command("opentelemetry-instrument"),),
        env={
            **ZERO_CODE,
            **slack_in(slack),
            **FAST,
            "OTEL_TRACES_EXPORTER": "console,alerting",
            "OTEL_LOGS_EXPORTER": "console,alerting",
            "OTEL_PYTHON_LOG_HANDLER_LEVEL": "DEBUG",
        },
    )
    assert ended.returncode == 0, ended.stderr
    assert '"trace_id"' not in ended.stdout.replace('"trace_id": "0x00000000000000000000000000000000"', "")
    assert ended.stdout.count('"body"') == ended.stdout.count("the till is stuck") == 1, ended.stdout
    assert len(slack.requests) == 3
    assert changes(slack) == 1


def test_what_a_value_logs_while_we_read_it_is_not_told(slack: SlackSimulator, program: Program) -> None:
    """Somebody's `__str__` runs on our thread and logs, with itself attached: that must not go round for ever."""
    ended = program.run(
        """
        import logging, threading
        import otel_alerting
        from opentelemetry import _logs
        log = logging.getLogger("shop")
        class Echo:
            def __str__(self):
                if threading.current_thread() is not threading.main_thread():
                    log.warning("somebody reads me", extra={"echo": Echo()})
                return "echo"
        logging.getLogger("opentelemetry").propagate = False  # the SDK warns of values that it does not take
        log.error("the till is stuck", extra={"echo": Echo()})
        for _ in range(5):
            otel_alerting.flush(10)
            _logs.get_logger_provider().force_flush()
        """,
        by=(command("opentelemetry-instrument"),),
        env={**ZERO_CODE, **slack_in(slack), **FAST},
    )
    assert ended.returncode == 0, ended.stderr
    assert "somebody reads me" not in said(slack)
    assert changes(slack) == 1


def test_dictconfig_closing_every_handler_never_waits_for_us(slack: SlackSimulator, program: Program) -> None:
    """It holds the lock of `logging` while it flushes and closes all handlers: threads log, our reader reads, looks
    after its handler and imports meanwhile, and Slack does not answer."""
    slack.fail(hang=60, times=None)
    ended = program.run(
        """
        import faulthandler, logging, logging.config, threading
        faulthandler.dump_traceback_later(40, exit=True)
        stop = threading.Event()
        def chatter(name):
            while not stop.is_set():
                logging.getLogger(name).error("chatter %s", object())
                stop.wait(0.0005)
        threads = [threading.Thread(target=chatter, args=(f"shop.{n}",)) for n in range(3)]
        for thread in threads:
            thread.start()
        for number in range(60):
            logging.config.dictConfig({
                "version": 1,
                "disable_existing_loggers": False,
                "handlers": {
                    "alerts": {"class": "otel_alerting.handlers.AlertHandler"},
                    "none": {"class": "logging.NullHandler"},
                },
                "root": {"handlers": ["alerts" if number % 2 else "none"], "level": "INFO"},
            })
            stop.wait(0.01)
        stop.set()
        for thread in threads:
            thread.join()
        print("done")
        import os, sys
        sys.stdout.flush()
        os._exit(0)
        """,
        by=(command("opentelemetry-instrument"),),
        env={**ZERO_CODE, **slack_in(slack), **FAST},
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.strip() == "done"


@pytest.mark.parametrize("selected", ["console", "alerting"])
@pytest.mark.parametrize(
    "reconfigure",
    [
        "logging.basicConfig(force=True, stream=open('log.txt', 'w'))",
        "logging.config.dictConfig({'version': 1, 'disable_existing_loggers': False, 'root': {'handlers': []}})",
    ],
)
def test_the_very_first_record_after_the_program_set_up_its_logging_is_told_once(
    slack: SlackSimulator, program: Program, selected: str, reconfigure: str
) -> None:
    """Both take our handler from the root logger, before anything was said: what the bridge sees is told until the
    handler is back, also where only settings of ours ask for alerts and the logs go elsewhere."""
    ended = program.run(
        f"""
        import logging, logging.config, time
        import otel_alerting
        from otel_alerting.handlers import AlertHandler
        {reconfigure}
        def ours():
            return [handler for handler in logging.getLogger().handlers if isinstance(handler, AlertHandler)]
        assert not ours()
        logging.getLogger("shop").error("the first after %s", "that")
        until = time.monotonic() + 20
        while not ours() and time.monotonic() < until:
            time.sleep(0.01)
        assert len(ours()) == 1
        logging.getLogger("shop").error("the next after %s", "it")
        """,
        by=(command("opentelemetry-instrument"),),
        env={**ZERO_CODE, **slack_in(slack), "OTEL_LOGS_EXPORTER": selected},
    )
    assert ended.returncode == 0, ended.stderr
    assert "the first after that" in said(slack)
    assert "the next after it" in said(slack)
    assert changes(slack) == 2


def test_structlog_handler_bridge_and_exporter_tell_one_event_once(slack: SlackSimulator, program: Program) -> None:
    """Four doors for one event, and a fifth for the span it happened in."""
    ended = program.run(
        """
        import logging, structlog
        import otel_alerting
        from opentelemetry import _logs, trace
        from otel_alerting.handlers import AlertHandler, AlertProcessor
        logging.getLogger().addHandler(AlertHandler())
        structlog.configure(
            processors=[structlog.stdlib.add_logger_name, structlog.stdlib.add_log_level, AlertProcessor(),
                        structlog.processors.JSONRenderer()],
            logger_factory=structlog.stdlib.LoggerFactory(),
            wrapper_class=structlog.stdlib.BoundLogger,
        )
        log = structlog.get_logger("shop")
        for number in range(3):
            log.warning("card declined", number=number)
        otel_alerting.flush(10)
        _logs.get_logger_provider().force_flush()
        """,
        by=(command("opentelemetry-instrument"),),
        env={**ZERO_CODE, **slack_in(slack), **FAST},
    )
    assert ended.returncode == 0, ended.stderr
    assert changes(slack) == 1
    assert occurrences(slack) == 3


@pytest.mark.parametrize("order", ["log.exception('cannot ship'); raise", "raise"])
def test_one_exception_logged_and_leaving_its_span_is_one_alert(
    slack: SlackSimulator, program: Program, order: str
) -> None:
    """A record, a span event and a failed span tell of the same trouble."""
    ended = program.run(
        f"""
        import logging
        from opentelemetry import trace
        log = logging.getLogger("shop")
        try:
            with trace.get_tracer("shop").start_as_current_span("ship"):
                try:
                    {{}}["address"]
                except KeyError:
                    {order.replace("; ", chr(10) + " " * 20)}
        except KeyError:
            pass
        """,
        by=(command("opentelemetry-instrument"),),
        env={**ZERO_CODE, **slack_in(slack)},
    )
    assert ended.returncode == 0, ended.stderr
    assert "KeyError" in said(slack)
    assert changes(slack) == 1
    assert occurrences(slack) == 1


FLASK = """
import logging
from flask import Flask
app = Flask(__name__)
@app.get("/")
def pay():
    logging.getLogger("shop").error("card declined")
    return "ok"
app.run(port=PORT)
"""
FASTAPI = """
import logging, uvicorn
from fastapi import FastAPI
app = FastAPI()
@app.get("/")
async def pay():
    logging.getLogger("shop").error("card declined")
    return "ok"
@app.get("/sync")
def pay_in_a_thread():
    logging.getLogger("shop").error("card declined in a thread")
    return "ok"
uvicorn.run(app, port=PORT)
"""


@pytest.mark.parametrize(
    ("framework", "code", "path"), [("flask", FLASK, "/"), ("fastapi", FASTAPI, "/"), ("fastapi", FASTAPI, "/sync")]
)
def test_the_baggage_of_a_request_says_whose_alert_it_is(
    slack: SlackSimulator, program: Program, framework: str, code: str, path: str
) -> None:
    """A gateway puts `tenant.id` into W3C baggage: the tenant's channel is told, no line of the service knows it."""
    pytest.importorskip(f"opentelemetry.instrumentation.{framework}")
    slack.add_workspace("TACME", channels=("#acme",))
    (program.folder / "alerting.yaml").write_text(
        textwrap.dedent(
            f"""
            version: 1
            tenants:
              acme: {{receiver: acme}}
            receivers:
            - {{name: everybody, slack_configs: [{{webhook_url: "{slack.webhook("#ops")}"}}]}}
            - {{name: acme, slack_configs: [{{webhook_url: "{slack.webhook("#acme", "TACME")}"}}]}}
            route: {{receiver: everybody}}
            """
        )
    )
    port = port_of_its_own()
    program.start(
        command("opentelemetry-instrument"),
        *(sys.executable, "APP"),
        code=code.replace("PORT", str(port)),
        env={**ZERO_CODE, "OTEL_ALERTING_CONFIG": "alerting.yaml"},
    )
    trace_id = "0af7651916cd43dd8448eb211c80319c"
    headers = {
        "baggage": "tenant.id=acme,correlation_id=order-4711",
        "traceparent": f"00-{trace_id}-b7ad6b7169203331-01",
    }
    until(lambda: get(port, path, headers), what="the service to answer")
    until(lambda: slack.messages("#acme", "TACME"), what="a message in the tenant's channel")
    assert slack.messages("#ops") == []
    for word in ("card declined", "order-4711", trace_id):
        assert word in said(slack)
