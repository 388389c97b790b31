"""The traps of ending: exit hooks in any order, no thread to be had, signals, and a Slack that does not answer."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest
from conftest import Program, until
from trap_servers import said, slack_in

from otel_alerting.testing import SlackSimulator

pytestmark = pytest.mark.process

WARNS_THEN = """
import logging, os, signal, sys, time
import otel_alerting
from otel_alerting.handlers import AlertHandler
logging.getLogger().addHandler(AlertHandler())
logging.warning("the till is slow")
"""


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_an_error_is_told_although_the_program_is_cut_off_a_moment_later(
    slack: SlackSimulator, program: Program
) -> None:
    """`os._exit` runs no hook; an error has left the process by then, because it does not wait for one."""
    process = program.start(
        sys.executable,
        "APP",
        code=WARNS_THEN
        + """
logging.error("the till is broken")
sys.stdin.readline()
os._exit(7)
""",
        env=slack_in(slack),
    )
    until(lambda: "the till is broken" in said(slack), what="the error in Slack")
    process.communicate("\n", timeout=20)
    assert process.returncode == 7


def test_cut_off_at_once_the_program_ends_as_it_wanted(slack: SlackSimulator, program: Program) -> None:
    """What waits in memory is lost then, as documented; nothing of ours holds the process or changes its code."""
    ended = program.run(WARNS_THEN + "os._exit(7)\n", env=slack_in(slack))
    assert ended.returncode == 7
    assert ended.stderr == ""


def test_sigterm_is_drained_before_it_ends_the_program(slack: SlackSimulator, program: Program) -> None:
    """With `flush_on_sigterm` the default action still ends the process, after what waits for its group was told."""
    process = program.start(
        sys.executable,
        "APP",
        code=WARNS_THEN
        + """
from otel_alerting.background import flush_on_sigterm
flush_on_sigterm()
print("ready", flush=True)
time.sleep(60)
""",
        env=slack_in(slack),
    )
    assert line(process) == "ready"
    process.terminate()
    assert process.wait(20) == -signal.SIGTERM
    assert "the till is slow" in said(slack)


def test_a_program_that_goes_on_after_sigterm_goes_on_alerting(slack: SlackSimulator, program: Program) -> None:
    """Servers have a handler of their own and serve to the end; what they say in that time is told as well."""
    process = program.start(
        sys.executable,
        "APP",
        code="""
import signal
going = []
signal.signal(signal.SIGTERM, lambda *_: going.append(True))
"""
        + WARNS_THEN
        + """
from otel_alerting.background import flush_on_sigterm
flush_on_sigterm()
print("ready", flush=True)
while not going:
    time.sleep(0.05)
logging.warning("a request failed while shutting down")
""",
        env=slack_in(slack),
    )
    assert line(process) == "ready"
    process.terminate()
    assert process.wait(20) == 0
    assert "the till is slow" in said(slack)
    assert "a request failed while shutting down" in said(slack)


def test_sigterm_in_the_middle_of_a_flush_ends_the_program(slack: SlackSimulator, program: Program) -> None:
    """The handler runs on the thread it interrupts: no lock of ours may keep it waiting for itself."""
    slack.fail(hang=60, times=None)
    process = program.start(
        sys.executable,
        "APP",
        code=WARNS_THEN
        + """
from otel_alerting import background
background.flush_on_sigterm()
print("ready", flush=True)
while True:
    background.account()
    background.flush(0.001)
""",
        env=slack_in(slack),
    )
    assert line(process) == "ready"
    process.terminate()
    assert process.wait(20) == -signal.SIGTERM


def test_records_and_spans_of_exit_hooks_are_told(slack: SlackSimulator, program: Program) -> None:
    """The program's own hooks run before ours, also when the first record of all is made in one."""
    ended = program.run(
        """
        import atexit, logging
        from otel_alerting.handlers import AlertHandler
        logging.getLogger().addHandler(AlertHandler())
        atexit.register(lambda: logging.warning("the shop closes with customers in it"))
        """,
        env=slack_in(slack),
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr == ""
    assert "the shop closes with customers in it" in said(slack)


@pytest.mark.parametrize("when", ["at_the_end", "from_the_beginning"])
def test_where_no_thread_can_be_had_the_end_of_the_program_does_the_work(
    slack: SlackSimulator, program: Program, when: str
) -> None:
    """Python 3.12 starts no thread once the end has begun; a system may be out of threads at any time."""
    ended = program.run(
        f"""
        import atexit, logging, threading
        from otel_alerting.handlers import AlertHandler
        logging.getLogger().addHandler(AlertHandler())
        def refuse(self):
            raise RuntimeError("can't create new thread{" at interpreter shutdown" if when == "at_the_end" else ""}")
        def end():
            threading.Thread.start = refuse
            logging.warning("the shop closes with customers in it")
        end() if {when == "from_the_beginning"} else atexit.register(end)
        """,
        env=slack_in(slack),
    )
    assert ended.returncode == 0, ended.stderr
    assert ("no thread" in ended.stderr) == (when == "from_the_beginning")
    assert "Traceback" not in ended.stderr
    assert "the shop closes with customers in it" in said(slack)


@pytest.mark.parametrize("order", ["imported_first", "imported_last"])
def test_the_last_batch_is_told_in_whatever_order_the_exit_hooks_were_registered(
    slack: SlackSimulator, program: Program, order: str
) -> None:
    """Providers flush in hooks of their own: a program that imports us after it made them loses nothing either."""
    imported = "from otel_alerting.handlers import AlertLogExporter, AlertSpanExporter"
    ended = program.run(
        f"""
        import logging
        {imported if order == "imported_first" else ""}
        from opentelemetry.instrumentation.logging.handler import LoggingHandler
        from opentelemetry.sdk._logs import LoggerProvider
        from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.trace import StatusCode
        tracers, loggers = TracerProvider(), LoggerProvider()
        {imported}
        tracers.add_span_processor(BatchSpanProcessor(AlertSpanExporter(), schedule_delay_millis=60_000))
        loggers.add_log_record_processor(BatchLogRecordProcessor(AlertLogExporter(), schedule_delay_millis=60_000))
        logging.getLogger().addHandler(LoggingHandler(logger_provider=loggers))
        logging.warning("the till is slow")
        with tracers.get_tracer("shop").start_as_current_span("charge") as span:
            span.set_status(StatusCode.ERROR)
        """,
        env=slack_in(slack),
    )
    assert ended.returncode == 0, ended.stderr
    assert "charge" in said(slack), ended.stderr
    assert "the till is slow" in said(slack), ended.stderr


def test_a_thread_that_still_logs_while_the_program_ends_harms_nothing(slack: SlackSimulator, program: Program) -> None:
    """Daemon threads run on during the exit; what they say after the last word is not told and stops nobody."""
    (program.folder / "alerting.yaml").write_text("version: 1\nshutdown_timeout: 30s\n")  # however slow the machine is
    ended = program.run(
        """
        import logging, threading
        from otel_alerting.handlers import AlertHandler
        logging.getLogger().addHandler(AlertHandler())
        logging.lastResort = None
        begun = threading.Event()
        logging.warning("the shop closes")
        def chatter():
            while True:
                logging.warning("still talking")
                begun.set()
        for _ in range(4):
            threading.Thread(target=chatter, daemon=True).start()
        begun.wait()
        """,
        env={**slack_in(slack), "OTEL_ALERTING_CONFIG": "alerting.yaml"},
        timeout=60,
    )
    assert ended.returncode == 0, ended.stderr
    assert "Traceback" not in ended.stderr
    assert "still talking" in said(slack)
