"""Zero code: the instrumentor in real programs, with an inbox that nobody reads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from otel_alerting.handlers.instrumentor import AlertingInstrumentor, is_wanted, wants_spans

START = """
import json, logging, logging.config, sys
from otel_alerting import inbox
box = inbox.shared()
box.start = lambda _: None
def told():
    made = [make(*arguments) for make, arguments in box.take()]
    words = lambda one: getattr(one, "body", getattr(one, "name", ""))
    return [[one.door, one.tenant, one.correlation_id, words(one)] for one in made if one]
def ours():
    return [type(handler).__name__ for handler in logging.getLogger().handlers].count("AlertHandler")
"""
ALL = {"OTEL_TRACES_EXPORTER": "alerting", "OTEL_METRICS_EXPORTER": "alerting", "OTEL_LOGS_EXPORTER": "alerting"}
NONE = {"OTEL_TRACES_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "none", "OTEL_LOGS_EXPORTER": "none"}


def run(tmp_path: Path, code: str, **environ: str) -> list[object]:
    program = tmp_path / "program.py"
    program.write_text(START + code)
    tool = Path(sys.executable).with_name("opentelemetry-instrument")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    path = f"{tool.parent}{os.pathsep}{kept.get('PATH', '')}"
    done = subprocess.run(
        [str(tool), sys.executable, str(program)],
        env={**kept, "PATH": path, "OTEL_BLRP_SCHEDULE_DELAY": "50", **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer: list[object] = json.loads(done.stdout)
    return answer


@pytest.mark.process
def test_a_program_that_nobody_changed_tells_each_thing_once(tmp_path: Path) -> None:
    """Handler, bridge, exporters and direct processor are all there, and bound values are on all of it."""
    code = """
import otel_alerting
from opentelemetry import _logs, trace
with otel_alerting.bind(tenant="acme", correlation_id="r1"):
    with trace.get_tracer("shop").start_as_current_span("pay"):
        logging.getLogger("shop").warning("declined %s", 1)
trace.get_tracer_provider().force_flush()
_logs.get_logger_provider().force_flush()
print(json.dumps(told()))
"""
    assert run(tmp_path, code, **ALL) == [["logging", "acme", "r1", "declined 1"], ["otel", "acme", "r1", "pay"]]


@pytest.mark.process
def test_the_handler_comes_back_after_the_program_configured_its_logging(tmp_path: Path) -> None:
    """By the reader's chore and at the first record that the bridge sees; not beside one of the program's own."""
    code = """
seen = [ours()]
logging.basicConfig(force=True)
seen.append(ours())
inbox.do_chores()
seen.append(ours())
logging.config.dictConfig({"version": 1, "root": {"handlers": []}})
logging.getLogger("shop").warning("x")
told()
seen.append(ours())
logging.config.dictConfig({
    "version": 1,
    "handlers": {"mine": {"class": "otel_alerting.handlers.AlertHandler"}},
    "root": {"handlers": ["mine"]},
})
inbox.do_chores()
seen.append(ours())
print(json.dumps(seen))
"""
    assert run(tmp_path, code, **ALL) == [1, 0, 1, 1, 1]


@pytest.mark.process
@pytest.mark.parametrize("environ", [NONE, {**ALL, "OTEL_ALERTING_ENABLED": "false"}])
def test_a_program_that_did_not_ask_for_alerts_is_left_as_it_is(tmp_path: Path, environ: dict[str, str]) -> None:
    """Installing the package changes nothing, and the switch works in spite of everything else."""
    code = """
logging.getLogger("shop").error("x")
print(json.dumps([ours(), len(told())]))
"""
    assert run(tmp_path, code, **environ) == [0, 0]


@pytest.mark.process
def test_uninstrumenting_takes_everything_back(tmp_path: Path) -> None:
    """The SDK keeps its processors for ever; ours fall silent."""
    code = """
from opentelemetry import trace
from otel_alerting.handlers import AlertingInstrumentor
AlertingInstrumentor().uninstrument()
logging.getLogger("shop").error("x")
trace.get_tracer("shop").start_span("pay").end()
inbox.do_chores()
print(json.dumps([ours(), told()]))
"""
    environ = {**NONE, "OTEL_ALERTING_SLACK_CHANNEL": "#ops"}
    assert run(tmp_path, code, **environ) == [0, []]


@pytest.mark.process
@pytest.mark.parametrize("method", ["spawn", "forkserver", "fork"])
def test_every_worker_reads_its_metrics_and_no_helper_does(tmp_path: Path, method: str) -> None:
    """Workers are programs, however they begin; the resource tracker inherits the environment and is none."""
    code = f"""
import multiprocessing, os, threading
def readers(answers):
    answers.put([thread.name for thread in threading.enumerate()].count("otel-alerting-metrics"))
if __name__ == "__main__":
    context = multiprocessing.get_context({method!r})
    answers = context.Queue()
    worker = context.Process(target=readers, args=(answers,))
    worker.start()
    in_worker = answers.get(timeout=50)
    worker.join()
    from multiprocessing import resource_tracker
    tracker = resource_tracker._resource_tracker._pid
    in_tracker = len(os.listdir(f"/proc/{{tracker}}/task")) if tracker and os.path.exists("/proc/self/task") else 1
    print(json.dumps([in_worker, in_tracker]))
"""
    assert run(tmp_path, code, **{**NONE, "OTEL_METRICS_EXPORTER": "alerting"}) == [1, 1]


def test_it_depends_on_no_other_library() -> None:
    """Else the loader would skip it."""
    assert AlertingInstrumentor().instrumentation_dependencies() == ()


@pytest.mark.parametrize(
    ("environ", "wanted", "spans"),
    [
        ({}, False, False),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, False, False),
        ({"OTEL_TRACES_EXPORTER": "otlp, alerting"}, True, True),
        ({"OTEL_LOGS_EXPORTER": "alerting"}, True, False),
        ({"OTEL_ALERTING_SLACK_WEBHOOK_URL": "x"}, True, True),
        ({"OTEL_ALERTING_SLACK_WEBHOOK_URL": ""}, False, False),
    ],
)
def test_alerts_are_asked_for_by_an_exporter_or_a_setting(environ: dict[str, str], wanted: bool, spans: bool) -> None:
    """An empty variable is an unset one."""
    assert (is_wanted(environ), wants_spans(environ)) == (wanted, spans)
