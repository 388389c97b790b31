"""The traps of starting: what OpenTelemetry constructs, in which processes, and what may go wrong there."""

from __future__ import annotations

import json
import os
import signal
import sys
import textwrap
from pathlib import Path

import pytest
from conftest import ROOT, Program, command, until
from trap_servers import ZERO_CODE, get, port_of_its_own, said, slack_in

from otel_alerting.testing import SlackSimulator

pytestmark = pytest.mark.process

NONSENSE = {
    "OTEL_ALERTING_CONFIG": "/nowhere/at/all.yaml",
    "OTEL_ALERTING_LEVEL": "loud",
    "OTEL_ALERTING_LOCALE": "xx-nonsense",
    "OTEL_ALERTING_TIMEZONE": "Mars/Olympus",
    "OTEL_ALERTING_SLACK_WEBHOOK_URL": "not a url",
    "OTEL_ALERTING_RULES": "/nowhere/*.yaml",
    "OTEL_METRIC_EXPORT_INTERVAL": "soon",
}


@pytest.mark.parametrize("name", sorted(NONSENSE))
def test_no_setting_makes_a_constructor_raise_or_the_program_fail(program: Program, name: str) -> None:
    """An error there would cost the other exporters, the later signals and every instrumentor."""
    ended = program.run(
        """
        import logging
        from opentelemetry import metrics, trace
        trace.get_tracer("shop").start_span("charge").end()
        metrics.get_meter("shop").create_counter("orders").add(1)
        logging.getLogger("shop").error("the till is stuck")
        print("the program ran")
        """,
        by=(command("opentelemetry-instrument"),),
        env={
            **ZERO_CODE,
            "OTEL_TRACES_EXPORTER": "alerting,console",
            "OTEL_METRICS_EXPORTER": "alerting,console",
            "OTEL_LOGS_EXPORTER": "alerting,console",
            name: NONSENSE[name],
        },
    )
    assert ended.returncode == 0, ended.stderr
    assert "the program ran" in ended.stdout
    for other in ('"name": "charge"', '"name": "orders"', "the till is stuck"):
        assert other in ended.stdout, ended.stderr
    assert "otel_alerting/" not in ended.stderr  # no traceback leads through us; the bridge has one on Python 3.12


def test_constructing_everything_starts_no_thread_opens_nothing_and_writes_nothing(program: Program) -> None:
    """Exporters are constructed in every process that inherits the environment; work begins with the first item."""
    ended = program.run(
        """
        import os, threading
        from otel_alerting.handlers import *
        before = sorted(os.listdir("/proc/self/fd")) if os.path.exists("/proc/self/fd") else []
        files = sorted(os.listdir("."))
        made = [AlertSpanExporter(), AlertLogExporter(), AlertMetricExporter(), AlertMetricReader(),
                AlertHandler(), AlertProcessor(), AlertHandler(config="nowhere.yaml", store="redis://nowhere")]
        for one in made:
            (getattr(one, "force_flush", None) or getattr(one, "flush", None) or print)()
        import sys
        assert threading.active_count() == 1, threading.enumerate()
        assert not before or sorted(os.listdir("/proc/self/fd")) == before
        assert sorted(os.listdir(".")) == files
        assert not [name for name in ("httpx", "yaml", "jinja2", "otel_alerting.pipeline") if name in sys.modules]
        """,
        env={"OTEL_ALERTING_SLACK_WEBHOOK_URL": "https://hooks.slack.com/services/T/B/x"},
    )
    assert ended.returncode == 0, ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("switch", [{"OTEL_SDK_DISABLED": "true"}, {"OTEL_ALERTING_ENABLED": "false"}])
def test_switched_off_means_no_thread_and_no_request(
    slack: SlackSimulator, program: Program, switch: dict[str, str]
) -> None:
    """The SDK's own switch holds for our handler too, which needs no SDK; ours holds for everything of ours."""
    ended = program.run(
        """
        import logging, threading
        from opentelemetry import trace
        from otel_alerting.handlers import AlertHandler
        logging.getLogger().addHandler(AlertHandler())
        logging.error("nobody wants to know")
        with trace.get_tracer("shop").start_as_current_span("charge") as span:
            span.set_status(trace.StatusCode.ERROR)
        print([thread.name for thread in threading.enumerate() if "alerting" in thread.name])
        import otel_alerting
        print(otel_alerting.flush(1))
        """,
        by=(command("opentelemetry-instrument"),),
        env={**ZERO_CODE, **slack_in(slack), **switch},
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.split() == ["[]", "True"]
    assert slack.requests == []


def test_a_hanging_slack_holds_up_neither_the_start_nor_the_programs_own_calls(
    slack: SlackSimulator, program: Program
) -> None:
    """A simple processor exports on the program's thread; `shutdown` and `force_flush` of providers end in time."""
    slack.fail(hang=60, times=None)
    ended = program.run(
        """
        import faulthandler, logging, time
        faulthandler.dump_traceback_later(50, exit=True)
        from opentelemetry.sdk._logs import LoggerProvider
        from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
        from opentelemetry.sdk.metrics import MeterProvider
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import SimpleSpanProcessor
        from opentelemetry.instrumentation.logging.handler import LoggingHandler
        from opentelemetry.trace import StatusCode
        from otel_alerting.handlers import *
        tracers, loggers, meters = TracerProvider(), LoggerProvider(), MeterProvider([AlertMetricReader()])
        tracers.add_span_processor(SimpleSpanProcessor(AlertSpanExporter()))
        loggers.add_log_record_processor(SimpleLogRecordProcessor(AlertLogExporter()))
        logging.getLogger().addHandler(LoggingHandler(logger_provider=loggers))
        took = {}
        def time_of(name, work):
            began = time.monotonic()
            work()
            took[name] = time.monotonic() - began
        def work():
            for _ in range(50):
                with tracers.get_tracer("shop").start_as_current_span("charge") as span:
                    span.set_status(StatusCode.ERROR)
                logging.error("the till is stuck")
        time_of("work", work)
        for name, provider in (("tracers", tracers), ("loggers", loggers), ("meters", meters)):
            time_of(f"{name}.force_flush", lambda: provider.force_flush(500))
            time_of(f"{name}.shutdown", provider.shutdown)
        import json
        print(json.dumps(took))
        """,
        env=slack_in(slack),
    )
    assert ended.returncode == 0, ended.stderr
    took = json.loads(ended.stdout)
    assert took.pop("work") < 3
    assert max(took.values()) < 8, took
    assert slack.messages() == []


def test_a_neighbour_that_raises_anything_does_not_stop_us(slack: SlackSimulator, program: Program) -> None:
    """An exporter beside ours, a callback and a `__str__` that raise what is no `Exception` end no thread of ours."""
    process = program.start(
        sys.executable,
        "APP",
        code="""
        import asyncio, logging, sys, threading, time
        import otel_alerting
        from opentelemetry.sdk.metrics import MeterProvider
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
        from opentelemetry.trace import StatusCode
        from otel_alerting.handlers import AlertHandler, AlertMetricReader, AlertSpanExporter
        threading.excepthook = lambda _: None  # the neighbour's
        class Neighbour(SpanExporter):
            def export(self, spans): raise asyncio.CancelledError
        class Evil:
            def __str__(self): raise SystemExit(3)
        called = threading.Semaphore(0)
        def callback(options):
            called.release()
            raise asyncio.CancelledError
        meters = MeterProvider([AlertMetricReader(interval_millis=50)])
        meters.get_meter("shop").create_observable_gauge("depth", callbacks=[callback])
        tracers = TracerProvider()
        tracers.add_span_processor(BatchSpanProcessor(Neighbour(), schedule_delay_millis=50))
        tracers.add_span_processor(BatchSpanProcessor(AlertSpanExporter(), schedule_delay_millis=50))
        logging.getLogger().addHandler(AlertHandler())
        logging.error("evil", extra={"evil": Evil()})
        otel_alerting.flush(10)
        with tracers.get_tracer("shop").start_as_current_span("charge") as span:
            span.set_status(StatusCode.ERROR)
        logging.error("still here")
        for _ in range(3):
            assert called.acquire(timeout=20)
        print(sorted(t.name for t in threading.enumerate() if t.name in ("otel-alerting", "otel-alerting-metrics")))
        sys.stdout.flush()
        while otel_alerting.flush(10):
            time.sleep(0.05)
        """,
        env=slack_in(slack),
    )
    assert process.stdout is not None
    assert process.stdout.readline().strip() == "['otel-alerting', 'otel-alerting-metrics']"
    until(lambda: "charge" in said(slack), what="the span in Slack")
    until(lambda: "still here" in said(slack), what="the record in Slack")


def test_uvicorns_workers_tell_and_its_resource_tracker_starts_nothing(slack: SlackSimulator, program: Program) -> None:
    """Every process that uvicorn spawns runs the auto-instrumentation; only those that work have threads of ours."""
    pytest.importorskip("uvicorn")
    probe(program.folder)
    (program.folder / "web.py").write_text(
        textwrap.dedent(
            """
            import logging
            async def app(scope, receive, send):
                if scope["type"] != "http":
                    raise RuntimeError("no lifespan")
                logging.getLogger("web").error("served with an error")
                await send({"type": "http.response.start", "status": 200, "headers": []})
                await send({"type": "http.response.body", "body": b"ok"})
            """
        )
    )
    port = port_of_its_own()
    program.start(
        command("opentelemetry-instrument"),
        *(sys.executable, "-m", "uvicorn", "web:app", "--port", str(port), "--workers", "2"),
        env={**ZERO_CODE, **slack_in(slack), "PYTHONPATH": f"{ROOT}{os.pathsep}{program.folder}"},
    )
    until(lambda: get(port) == "ok", what="uvicorn to answer")
    until(lambda: "served with an error" in said(slack), what="the error in Slack")
    started = program.folder.glob
    until(lambda: len(list(started("started.*"))) >= 4, what="the parent, two workers and the resource tracker")
    processes = [int(file.name.removeprefix("started.")) for file in started("started.*")]
    threads = {}
    for process in processes:
        answer = program.folder / f"threads.{process}"
        os.kill(process, signal.SIGVTALRM)
        until(answer.exists, what=f"the threads of process {process}")
        told = json.loads(answer.read_text())
        threads.setdefault(told["kind"], []).append({name for name in told["threads"] if "alerting" in name})
    assert threads["tracker"] == [set()]
    assert any("otel-alerting" in names for names in threads["program"])


def probe(folder: Path) -> None:
    """A plugin that says in every process, when asked by a signal (which uvicorn leaves alone), what threads it has."""
    (folder / "probe.py").write_text(
        textwrap.dedent(
            f"""
            import json, os, pathlib, signal, sys, threading
            folder = pathlib.Path({str(folder)!r})
            def answer(*_):
                kind = "tracker" if "resource_tracker" in " ".join(sys.orig_argv) else "program"
                file = folder / f"asked.{{os.getpid()}}"
                file.write_text(json.dumps({{"kind": kind, "threads": [t.name for t in threading.enumerate()]}}))
                file.rename(folder / f"threads.{{os.getpid()}}")
            def start():
                signal.signal(signal.SIGVTALRM, answer)
                (folder / f"started.{{os.getpid()}}").touch()
            """
        )
    )
    metadata = folder / "probe-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: probe\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text("[opentelemetry_post_instrument]\nprobe = probe:start\n")
