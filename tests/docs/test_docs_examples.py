"""Everything in `examples/` runs: programs against a Slack on this machine, rules on their tests."""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from docs_pages import ROOT
from docs_programs import environment, run, said

from otel_alerting.cli.check import template_problems
from otel_alerting.config.read import read
from otel_alerting.config.schema import Config
from otel_alerting.rules import measures
from otel_alerting.rules.rule import Rule, RuleFile
from otel_alerting.testing import SlackSimulator, check_rules
from otel_alerting.testing.rules.file import ExpectedChange, ExpectedState, load

EXAMPLES = ROOT / "examples"
RULES = sorted((EXAMPLES / "rules").glob("*.yaml"))
RULE_TESTS = sorted((EXAMPLES / "rules" / "tests").glob("*.yaml"))


@pytest.mark.process
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("logging_handler", ["declined", "20", "the payment provider does not answer"]),
        ("structlog_events", ["feed is stale", "https://feeds.example/prices"]),
        ("direct", ["ranking", "Model answers slowly"]),
        ("slack_notifier", ["Nightly import", "ranking"]),
    ],
)
def test_a_program_tells_what_it_is_about(name: str, words: Sequence[str], tmp_path: Path) -> None:
    """Run as it stands, with one variable in the environment."""
    with SlackSimulator() as slack:
        ended = run([sys.executable, str(EXAMPLES / f"{name}.py")], tmp_path, environment(slack))
        told = said(slack)
    assert ended.returncode == 0, ended.stderr
    assert "otel-alerting:" not in ended.stderr
    assert [word for word in words if word not in told] == [], told


@pytest.mark.process
def test_a_frozen_function_tells_before_it_returns(tmp_path: Path) -> None:
    """The process ends without any exit hook, and the warning is there."""
    code = """
import os, lambda_function
lambda_function.handler({"tenant": "acme", "picture": "cat.png"}, None)
os._exit(0)
"""
    with SlackSimulator() as slack:
        env = environment(slack)
        env["PYTHONPATH"] += f":{EXAMPLES}"
        ended = run([sys.executable, "-c", code], tmp_path, env)
        told = said(slack)
    assert ended.returncode == 0, ended.stderr
    assert "picture cat.png is damaged" in told


@pytest.mark.process
def test_a_fastapi_application_tells_at_its_shutdown(tmp_path: Path) -> None:
    """uvicorn ends on SIGTERM; before, a late order (with its request's id) and an exception are told."""
    pytest.importorskip("fastapi")
    pytest.importorskip("uvicorn")
    with SlackSimulator() as slack:
        port = _free_port()
        command = [sys.executable, "-m", "uvicorn", "--app-dir", str(EXAMPLES), "fastapi_app:app", "--port", str(port)]
        server = subprocess.Popen(command, cwd=tmp_path, env=environment(slack), stderr=subprocess.DEVNULL)
        try:
            _until(lambda: _get(port, "/orders/7") == 200)
            assert _get(port, "/orders/700") == 500
        finally:
            server.terminate()
            server.wait(20)
        told = said(slack)
    assert "order 7 is late" in told
    assert "request-4711" in told
    assert "no order 700" in told


@pytest.mark.process
def test_a_celery_worker_tells_what_its_tasks_warn_of(tmp_path: Path) -> None:
    """A warning of a task and an exception that ended one, from a child process, with folders as the broker."""
    pytest.importorskip("celery")
    folders = {"data_folder_in": ".", "data_folder_out": ".", "control_folder": "."}
    (tmp_path / "worker.py").write_text(
        f"from celery_app import app, refund, ship\napp.conf.broker_transport_options = {folders}\n"
    )
    with SlackSimulator() as slack:
        env = environment(slack, BROKER_URL="filesystem://", C_FORCE_ROOT="1")
        env["PYTHONPATH"] += f":{EXAMPLES}:."
        send = "import worker; worker.ship.delay(7, 'acme'); worker.refund.delay(9)"
        assert run([sys.executable, "-c", send], tmp_path, env).returncode == 0
        command = [
            sys.executable,
            "-m",
            "celery",
            "--app",
            "worker",
            "worker",
            "--concurrency",
            "1",
            "--without-gossip",
        ]
        worker = subprocess.Popen(
            [*command, "--without-mingle"],
            cwd=tmp_path,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            _until(lambda: "order 9 was never paid" in said(slack))
        finally:
            worker.terminate()
            out, _ = worker.communicate(timeout=30)
        told = said(slack)
    assert "no address for order 7" in told, out


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.stem)
def test_a_file_of_rules_is_taken(path: Path) -> None:
    """Its annotations and templates too."""
    rules = read(path.read_text("utf-8"), RuleFile, path.name).complete()
    assert rules
    assert list(template_problems(Config(rules=rules))) == []


def test_every_aggregate_is_in_an_example() -> None:
    """Whoever looks for one finds one."""
    used = {"pNN" if rule.measure.startswith("p") else rule.measure for rule in _rules().values()}
    assert used == set(measures.names())


@pytest.mark.parametrize("path", RULE_TESTS, ids=lambda path: path.stem)
def test_rules_do_what_their_tests_say(path: Path) -> None:
    """`examples/rules/tests`: on signals of their kind, and not on their neighbours'."""
    check_rules(path)


def test_every_rule_of_the_examples_is_tried() -> None:
    """A new example comes with its test: one that sees it fire."""
    fired = {one.alert for path in RULE_TESTS for one in _expected(path) if one.state == "firing"}
    assert set(_rules()) - fired == set()


def _rules() -> dict[str, Rule]:
    files = [read(path.read_text("utf-8"), RuleFile, path.name).complete() for path in RULES]
    return {rule.alert: rule for rules in files for rule in rules}


def _expected(path: Path) -> list[ExpectedState | ExpectedChange]:
    return [one for test in load(path).written.tests for one in (*test.alerts, *(test.changes or ()))]


def _get(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path, headers={"X-Request-ID": "request-4711", "X-Tenant-ID": "acme"})
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _until(holds: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.05)
