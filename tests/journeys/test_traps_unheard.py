"""The traps of ending unheard, without a line in the program: an exception nobody catches, SIGTERM without hooks."""

from __future__ import annotations

import signal
import sys
import textwrap

import pytest
from conftest import ROOT, Program, command, until
from trap_servers import ZERO_CODE, get, port_of_its_own, said, slack_in

from otel_alerting.testing import SlackSimulator

pytestmark = pytest.mark.process


def test_an_exception_that_ends_a_script_is_told(slack: SlackSimulator, program: Program) -> None:
    """Python prints it and logs nothing; it is printed as before, and the exit status stays."""
    ended = program.run(
        """
        def bill(order):
            return {}[order]
        bill("order 7")
        """,
        by=(command("opentelemetry-instrument"),),
        env={**ZERO_CODE, **slack_in(slack)},
    )
    assert ended.returncode == 1
    assert "Traceback" in ended.stderr
    assert "KeyError: 'order 7'" in ended.stderr
    assert "otel-alerting" not in ended.stderr
    assert "KeyError" in said(slack)
    assert "bill" in said(slack)
    assert ["🚨" in str(message.payload["text"]) for message in slack.messages()] == [True]


def test_an_exception_that_ends_a_thread_is_told(slack: SlackSimulator, program: Program) -> None:
    """The program goes on, and nobody would know."""
    ended = program.run(
        """
        import threading
        def work():
            raise RuntimeError("the queue is gone")
        thread = threading.Thread(target=work, name="mailer")
        thread.start()
        thread.join()
        """,
        by=(command("opentelemetry-instrument"),),
        env={**ZERO_CODE, **slack_in(slack)},
    )
    assert ended.returncode == 0
    assert "Exception in thread mailer" in ended.stderr
    assert "the queue is gone" in said(slack)


def test_ctrl_c_and_sys_exit_are_no_alerts(slack: SlackSimulator, program: Program) -> None:
    """They are somebody's wish."""
    program.run(
        "raise KeyboardInterrupt", by=(command("opentelemetry-instrument"),), env={**ZERO_CODE, **slack_in(slack)}
    )
    program.run(
        "import sys; sys.exit(3)", by=(command("opentelemetry-instrument"),), env={**ZERO_CODE, **slack_in(slack)}
    )
    assert slack.messages() == []


def test_warnings_of_uvicorn_are_told_although_sigterm_ends_it(slack: SlackSimulator, program: Program) -> None:
    """It ends by the signal's default action, with no exit hook; what waits for its group is told before."""
    pytest.importorskip("uvicorn")
    (program.folder / "web.py").write_text(
        textwrap.dedent(
            """
            import logging
            async def app(scope, receive, send):
                if scope["type"] != "http":
                    raise RuntimeError("no lifespan")
                logging.getLogger("web").warning("served with a warning")
                await send({"type": "http.response.start", "status": 200, "headers": []})
                await send({"type": "http.response.body", "body": b"ok"})
            """
        )
    )
    port = port_of_its_own()
    server = program.start(
        command("opentelemetry-instrument"),
        *(sys.executable, "-m", "uvicorn", "web:app", "--port", str(port)),
        env={**ZERO_CODE, **slack_in(slack), "PYTHONPATH": f"{ROOT}:{program.folder}"},
    )
    until(lambda: get(port) == "ok", what="uvicorn to answer")
    server.terminate()
    assert server.wait(20) == -signal.SIGTERM
    assert "served with a warning" in said(slack)


def test_a_programs_own_sigterm_handler_stays_its_own(slack: SlackSimulator, program: Program) -> None:
    """It is set after ours and takes its place."""
    process = program.start(
        command("opentelemetry-instrument"),
        *(sys.executable, "APP"),
        code="""
        import logging, signal, sys
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(5))
        logging.warning("the till is slow")
        print("ready", flush=True)
        signal.pause()
        """,
        env={**ZERO_CODE, **slack_in(slack)},
    )
    assert process.stdout is not None
    assert process.stdout.readline().strip() == "ready"
    process.terminate()
    assert process.wait(20) == 5
    assert "the till is slow" in said(slack)


def test_what_a_hanging_slack_did_not_take_before_sigterm_is_said(slack: SlackSimulator, program: Program) -> None:
    """The program ends in time, and stderr names what was not told."""
    slack.fail(hang=60, times=None)
    process = program.start(
        command("opentelemetry-instrument"),
        *(sys.executable, "APP"),
        code="""
        import logging, signal
        logging.error("the till is broken")
        print("ready", flush=True)
        signal.pause()
        """,
        env={**ZERO_CODE, **slack_in(slack)},
    )
    assert process.stdout is not None
    assert process.stdout.readline().strip() == "ready"
    until(lambda: slack.requests, what="the request that hangs")
    process.terminate()
    _, said_at_the_end = process.communicate(timeout=20)
    assert process.returncode == -signal.SIGTERM
    assert "LoggedError" in said_at_the_end


def test_an_exception_that_leaves_a_span_and_the_program_counts_once(slack: SlackSimulator, program: Program) -> None:
    """The span's recorder and the program's end both see it."""
    program.run(
        """
        from opentelemetry import trace
        with trace.get_tracer("shop").start_as_current_span("job"):
            raise ValueError("boom")
        """,
        by=(command("opentelemetry-instrument"),),
        env={**ZERO_CODE, **slack_in(slack)},
    )
    assert [message.metadata["occurrences"] for message in slack.messages()] == [1]
