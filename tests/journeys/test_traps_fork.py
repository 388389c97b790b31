"""The traps of forking: what a child must not inherit, with and without Python's hooks, under the servers that fork."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

import pytest
from conftest import Program, command, until
from trap_servers import ZERO_CODE, get, port_of_its_own, said, slack_in

from otel_alerting.testing import SlackSimulator

pytestmark = pytest.mark.process


def test_a_child_forked_in_c_has_its_own_reader_exporters_and_metrics(slack: SlackSimulator, program: Program) -> None:
    """uWSGI forks without Python's hooks: the process id tells, at the first entry, and everything begins anew."""
    ended = program.run(
        """
        import ctypes, logging, os, signal, sys, threading, time, traceback
        signal.alarm(40)
        import otel_alerting
        from opentelemetry.sdk.metrics import MeterProvider
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import SimpleSpanProcessor
        from opentelemetry.trace import StatusCode
        from otel_alerting.handlers import AlertHandler, AlertMetricReader, AlertSpanExporter
        points, collected = [], threading.Event()
        def seen(point):
            points.append(point.value)
            collected.set()
        meters = MeterProvider([AlertMetricReader(interval_millis=20, sink=seen)], shutdown_on_exit=False)
        orders = meters.get_meter("shop").create_counter("orders")
        tracers = TracerProvider()
        tracers.add_span_processor(SimpleSpanProcessor(AlertSpanExporter()))
        logging.getLogger().addHandler(AlertHandler())
        orders.add(5)
        collected.wait(20)
        logging.warning("said by the parent")
        assert otel_alerting.flush(20)  # without hooks nobody waits for a thread that imports
        logging.warning("said by the parent, not told yet")
        child = ctypes.PyDLL(None).fork()
        def in_the_child():
            signal.alarm(40)
            points.clear()
            began = time.monotonic()
            assert otel_alerting.flush(20), "there is nothing yet"
            assert time.monotonic() - began < 10, "there is nobody to wait for"
            logging.warning("said by the child")
            with tracers.get_tracer("shop").start_as_current_span("charge by the child") as span:
                span.set_status(StatusCode.ERROR)
            assert otel_alerting.flush(20)
            while not points:
                orders.add(1)
                time.sleep(0.05)
            assert max(points) < 5, points
        if child == 0:
            try:
                in_the_child()
                os._exit(0)
            except BaseException:
                traceback.print_exc()
                os._exit(1)
        assert os.waitpid(child, 0)[1] == 0
        """,
        env=slack_in(slack),
    )
    assert ended.returncode == 0, ended.stderr
    words = said(slack)
    assert words.count("said by the child") >= 1
    assert words.count("charge by the child") >= 1
    assert sum("said by the parent, not told yet" in str(message.payload) for message in slack.messages()) == 1


def test_children_forked_in_the_midst_of_everything_never_stand_still(slack: SlackSimulator, program: Program) -> None:
    """Threads log while the main one forks: whatever lock they held then, each child logs, alerts and ends."""
    ended = program.run(
        """
        import logging, os, signal, threading
        signal.alarm(50)
        import otel_alerting
        from opentelemetry import _logs
        from opentelemetry.sdk._logs import LoggerProvider
        from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
        from opentelemetry.instrumentation.logging.handler import LoggingHandler
        from otel_alerting.handlers import AlertHandler, AlertLogExporter
        provider = LoggerProvider()
        provider.add_log_record_processor(BatchLogRecordProcessor(AlertLogExporter(), schedule_delay_millis=10))
        logging.getLogger().addHandler(AlertHandler())
        logging.getLogger().addHandler(LoggingHandler(logger_provider=provider))
        stop = threading.Event()
        def chatter():
            while not stop.is_set():
                try:
                    raise ValueError("again")
                except ValueError:
                    logging.exception("chatter")
                stop.wait(0.001)
        threads = [threading.Thread(target=chatter) for _ in range(3)]
        for thread in threads:
            thread.start()
        children = []
        for number in range(8):
            child = os.fork()
            if child == 0:
                signal.alarm(40)
                logging.error("said by a child")
                os._exit(0 if otel_alerting.flush(30) else 3)
            children.append(child)
        ends = [os.waitpid(child, 0)[1] for child in children]
        stop.set()
        for thread in threads:
            thread.join()
        print(ends)
        """,
        env=slack_in(slack),
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.strip() == str([0] * 8), ended.stderr
    assert sum("said by a child" in str(message.payload) for message in slack.messages()) == 8


def test_gunicorn_without_a_line_of_code_counts_nothing_twice(slack: SlackSimulator, program: Program) -> None:
    """Exporters are made in the master and copied: each worker alerts, and what the master had counted is not counted
    again by its workers."""
    (program.folder / "rules.yaml").write_text(
        textwrap.dedent(
            """
            version: 1
            defaults: {interval: 1s, lateness: 0s}
            rules:
            - {alert: CountedTwice, metric: loaded, aggregate: sum, window: 1m, above: 5, severity: high}
            - {alert: Served, metric: served, aggregate: sum, window: 1m, above: 0, severity: high}
            """
        )
    )
    (program.folder / "web.py").write_text(
        textwrap.dedent(
            """
            import logging, os
            from opentelemetry import metrics, trace
            meter = metrics.get_meter("web")
            loaded, served = meter.create_counter("loaded"), meter.create_counter("served")
            loaded.add(5)
            def app(environ, start_response):
                if environ["PATH_INFO"] == "/work":
                    loaded.add(1)
                    served.add(1)
                    logging.getLogger("web").error("said by a worker")
                    with trace.get_tracer("web").start_as_current_span("charge"):
                        raise ValueError("card")
                start_response("200 OK", [])
                return [str(os.getpid()).encode()]
            """
        )
    )
    port = port_of_its_own()
    process = program.start(
        command("opentelemetry-instrument"),
        *(command("gunicorn"), "web:app", "--preload", "-w", "2", "-b", f"127.0.0.1:{port}"),
        env={
            **ZERO_CODE,
            **slack_in(slack),
            "OTEL_ALERTING_RULES": "rules.yaml",
            "OTEL_METRIC_EXPORT_INTERVAL": "200",
        },
    )
    workers: set[str] = set()
    until(lambda: workers.add(get(port)) or len(workers - {""}) == 2, what="both workers to answer")
    get(port, "/work")
    until(lambda: "Served" in said(slack) and "said by a worker" in said(slack), what="a worker's metric and record")
    process.terminate()
    assert process.wait(20) == 0
    assert "ValueError" in said(slack)
    assert "CountedTwice" not in said(slack)


CELERY = """
import logging, os
import celery
from celery.signals import after_setup_logger, after_setup_task_logger
from celery.utils.log import get_task_logger
from otel_alerting.handlers import AlertHandler

app = celery.Celery("tasks", broker="filesystem://", backend=None)
app.conf.update(
    broker_transport_options={"data_folder_in": "queue", "data_folder_out": "queue", "control_folder": "control"},
    worker_max_tasks_per_child=1, broker_connection_retry_on_startup=False,
)
handler = AlertHandler()

@after_setup_logger.connect
@after_setup_task_logger.connect
def attach(logger, **_):
    logger.addHandler(handler)

@app.task
def warn(number):
    get_task_logger("shop").warning("said by a task")
    logging.getLogger("shop").warning("said by a library")
    print("printed by a task")
"""


def test_celerys_children_tell_before_they_are_ended_and_nothing_goes_round(
    slack: SlackSimulator, program: Program
) -> None:
    """Celery takes the root logger for itself and turns stderr into warnings; its children run no exit hooks."""
    pytest.importorskip("celery")
    for name in ("queue", "control"):
        (program.folder / name).mkdir()
    (program.folder / "tasks.py").write_text(CELERY)
    sent = program.run("import tasks\nfor number in range(2):\n    tasks.warn.delay(number)\n")
    assert sent.returncode == 0, sent.stderr
    worker = program.start(
        *(sys.executable, "-m", "celery", "-A", "tasks", "worker", "--pool", "prefork", "--concurrency", "1"),
        *("--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "INFO"),
        env={**slack_in(slack), "C_FORCE_ROOT": "1"},
    )

    def tellers(words: str) -> int:
        return sum(words in str(message.payload) for message in slack.messages())

    until(lambda: tellers("said by a task") >= 2, seconds=40, what="a message of each child")
    until(lambda: tellers("said by a library") >= 2, what="and of what libraries said")
    until(lambda: tellers("printed by a task") >= 2, what="and of what was printed")
    assert not list(Path(program.folder / "queue").iterdir())
    worker.terminate()
    worker.communicate(timeout=30)
    assert len(slack.requests) < 20


def test_a_child_forked_at_any_moment_of_the_parents_first_work_tells(slack: SlackSimulator, program: Program) -> None:
    """While the parent's threads import, load languages and connect, they hold locks that a child would wait for."""
    ended = program.run(
        """
        import logging, os, time
        from otel_alerting.handlers import AlertHandler
        logging.getLogger().addHandler(AlertHandler())
        logging.error("said by the parent")
        children = []
        for number in range(16):
            time.sleep(0.025)
            child = os.fork()
            if not child:
                logging.error("said by a child")
                raise SystemExit
            children.append(child)
        print([os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children])
        """,
        env=slack_in(slack),
    )
    assert ended.stdout.strip() == str([0] * 16), ended.stderr
    assert "stopped before" not in ended.stderr
    assert sum("said by a child" in str(message.payload) for message in slack.messages()) == 16
