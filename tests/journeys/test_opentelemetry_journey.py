"""OpenTelemetry's ways in, in real programs: exporters by name, zero code, a declarative file."""

from __future__ import annotations

import json
import sys
import textwrap

import pytest
from conftest import Program, command, until

from otel_alerting.testing import SlackSimulator

pytestmark = pytest.mark.process

EVERYTHING = {
    "OTEL_TRACES_EXPORTER": "alerting",
    "OTEL_METRICS_EXPORTER": "alerting",
    "OTEL_LOGS_EXPORTER": "alerting",
    "OTEL_SERVICE_NAME": "shop",
}


def said(slack: SlackSimulator) -> str:
    return "\n".join(json.dumps(message.payload, ensure_ascii=False) for message in slack.messages())


def titles(slack: SlackSimulator) -> list[str]:
    return [str(message.payload["text"]) for message in slack.messages()]


def token(slack: SlackSimulator, **more: str) -> dict[str, str]:
    return {
        **EVERYTHING,
        "OTEL_ALERTING_SLACK_TOKEN": slack.token,
        "OTEL_ALERTING_SLACK_CHANNEL": "#ops",
        "OTEL_ALERTING_SLACK_API_URL": slack.api_url,
        **more,
    }


APP = """
import logging
from opentelemetry import trace, metrics
tracer = trace.get_tracer("shop")
log = logging.getLogger("shop")
log.warning("stock of %s is low", "tea")
with tracer.start_as_current_span("charge") as span:
    span.set_status(trace.StatusCode.ERROR, "card declined")
try:
    with tracer.start_as_current_span("ship"):
        {}["address"]
except KeyError:
    log.exception("cannot ship")
metrics.get_meter("shop").create_gauge("queue.depth").set(99)
import time
time.sleep(float(__import__("os").environ.get("LINGER", "0")))
"""


def test_with_environment_variables_alone_logs_spans_exceptions_and_metrics_alert(
    slack: SlackSimulator, program: Program
) -> None:
    """Zero code: not one line in the program knows of alerting, and each thing that went wrong alerts once."""
    (program.folder / "rules.yaml").write_text(
        textwrap.dedent(
            """
            version: 1
            defaults: {interval: 1s, lateness: 0s}
            rules:
            - alert: QueueDeep
              metric: queue.depth
              above: 50
              severity: high
            """
        )
    )
    ended = program.run(
        APP,
        by=(command("opentelemetry-instrument"),),
        env=token(slack, OTEL_ALERTING_RULES="rules.yaml"),
    )
    assert ended.returncode == 0, ended.stderr
    assert "otel-alerting" not in ended.stderr
    words = said(slack)
    assert "stock of tea is low" in words
    assert "charge" in words
    assert "KeyError" in words
    assert "QueueDeep" in words or "queue.depth" in words
    assert sum(int(str(message.metadata["changes"])) for message in slack.messages()) == 4, titles(slack)


def test_beside_another_exporter_both_get_everything(slack: SlackSimulator, program: Program) -> None:
    """`console,alerting` is what `otlp,alerting` is for people who look: ours takes nothing away."""
    ended = program.run(
        APP,
        by=(command("opentelemetry-instrument"),),
        env=token(
            slack,
            OTEL_TRACES_EXPORTER="console,alerting",
            OTEL_METRICS_EXPORTER="console,alerting",
            OTEL_LOGS_EXPORTER="console,alerting",
        ),
    )
    assert ended.returncode == 0, ended.stderr
    for seen in ("stock of tea is low", '"name": "charge"', "queue.depth"):
        assert seen in ended.stdout
    assert "stock of tea is low" in said(slack)


def test_a_broken_configuration_does_not_cost_the_other_exporter(program: Program) -> None:
    """Our constructors never raise: with nonsense configured, the console exporter works as if alone."""
    ended = program.run(
        APP,
        by=(command("opentelemetry-instrument"),),
        env={
            **EVERYTHING,
            "OTEL_TRACES_EXPORTER": "console,alerting",
            "OTEL_ALERTING_CONFIG": "nowhere.yaml",
            "OTEL_ALERTING_LEVEL": "loud",
        },
    )
    assert ended.returncode == 0
    assert '"name": "charge"' in ended.stdout
    assert "nowhere.yaml" in ended.stderr
    assert "loud" in ended.stderr.lower()


def test_a_declarative_file_gives_our_exporters_their_settings(slack: SlackSimulator, program: Program) -> None:
    """`OTEL_CONFIG_FILE`: the mapping under `alerting` arrives as keyword arguments."""
    settings = f'{{slack_token: "{slack.token}", slack_channel: "#ops", slack_api_url: "{slack.api_url}", locale: de}}'
    (program.folder / "rules.yaml").write_text(
        "version: 1\nrules:\n- {alert: QueueDeep, metric: queue.depth, above: 50}\n"
    )
    (program.folder / "otel.yaml").write_text(
        textwrap.dedent(
            f"""
            file_format: "1.0"
            resource: {{attributes: [{{name: service.name, value: shop}}]}}
            tracer_provider:
              processors:
              - batch: {{schedule_delay: 200, exporter: {{alerting: {settings}}}}}
            meter_provider:
              readers:
              - periodic: {{interval: 500, exporter: {{alerting: {settings}}}}}
            logger_provider:
              processors:
              - batch: {{exporter: {{alerting: {settings}}}}}
            """
        )
    )
    ended = program.run(
        APP,
        by=(command("opentelemetry-instrument"),),
        env={"OTEL_CONFIG_FILE": "otel.yaml", "OTEL_ALERTING_RULES": "rules.yaml", "LINGER": "1"},
    )
    assert ended.returncode == 0, ended.stderr
    words = said(slack)
    assert "charge" in words, ended.stderr
    assert "KeyError" in words
    assert "stock of tea is low" in words
    assert "Schweregrad" in words
    assert "QueueDeep" in words


def test_no_span_and_no_request_is_caused_by_our_own_with_httpx_instrumented(
    slack: SlackSimulator, program: Program
) -> None:
    """One failed span is one message, however long the program lives."""
    pytest.importorskip("opentelemetry.instrumentation.httpx")
    ended = program.run(
        """
        import logging, time
        logging.basicConfig(level=logging.DEBUG)
        from opentelemetry import trace
        with trace.get_tracer("shop").start_as_current_span("charge") as span:
            span.set_status(trace.StatusCode.ERROR)
        time.sleep(3)
        """,
        by=(command("opentelemetry-instrument"),),
        env=token(slack, OTEL_BSP_SCHEDULE_DELAY="200", OTEL_TRACES_EXPORTER="console,alerting"),
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.count('"trace_id"') == 1
    assert len(slack.requests) == 1


def test_uvicorn_workers_tell_although_sigterm_ends_them_without_exit_hooks(
    slack: SlackSimulator, program: Program
) -> None:
    """uvicorn re-raises SIGTERM with the default action; the middleware's lifespan drains before."""
    command("uvicorn")
    (program.folder / "web.py").write_text(
        textwrap.dedent(
            """
            import logging
            from otel_alerting.handlers import AlertHandler, AlertingASGIMiddleware
            logging.getLogger().addHandler(AlertHandler())

            async def bare(scope, receive, send):
                if scope["type"] == "lifespan":
                    while True:
                        message = await receive()
                        await send({"type": message["type"] + ".complete"})
                        if message["type"] == "lifespan.shutdown":
                            return
                logging.getLogger("web").warning("served with a warning")
                await send({"type": "http.response.start", "status": 200, "headers": []})
                await send({"type": "http.response.body", "body": b"ok"})

            app = AlertingASGIMiddleware(bare)
            """
        )
    )
    import http.client
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = program.start(
        sys.executable, "-m", "uvicorn", "web:app", "--port", str(port), "--workers", "2", env=token(slack)
    )

    def answers() -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
        try:
            connection.request("GET", "/", headers={"X-Request-ID": "request-4711"})
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    until(answers, what="uvicorn to answer")
    process.terminate()
    process.wait(20)
    assert "served with a warning" in said(slack)
    assert "request-4711" in said(slack)
