"""structlog in real programs: both ids on every event, and one alert although two doors saw it."""

from __future__ import annotations

import json

import pytest
from conftest import Program

from otel_alerting.testing import SlackSimulator

pytestmark = pytest.mark.process


def test_the_processor_attaches_ids_and_alerts_once_with_the_handler_behind_it(
    slack: SlackSimulator, program: Program
) -> None:
    """structlog hands the event on to logging, where our handler sees it too: one alert, counted once."""
    ended = program.run(
        """
        import logging, sys, structlog
        import otel_alerting
        from otel_alerting.handlers import AlertHandler, AlertProcessor
        logging.basicConfig(format="%(message)s", stream=sys.stdout, level=logging.INFO)
        logging.getLogger().addHandler(AlertHandler())
        structlog.configure(
            processors=[
                structlog.stdlib.add_logger_name,
                structlog.stdlib.add_log_level,
                AlertProcessor(),
                structlog.processors.JSONRenderer(),
            ],
            logger_factory=structlog.stdlib.LoggerFactory(),
            wrapper_class=structlog.stdlib.BoundLogger,
        )
        log = structlog.get_logger("shop")
        with otel_alerting.bind(tenant="acme", correlation_id="order-1"):
            log.info("all is well")
            log.warning("card declined", card="visa")
        """,
        env={"OTEL_ALERTING_SLACK_WEBHOOK_URL": slack.webhook_url},
    )
    assert ended.returncode == 0, ended.stderr
    lines = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [line["event"] for line in lines] == ["all is well", "card declined"]
    assert all(line["tenant"] == "acme" and line["correlation_id"] == "order-1" for line in lines)
    (message,) = slack.messages()
    words = json.dumps(message.payload, ensure_ascii=False)
    assert "card declined" in words
    assert "order-1" in words
    assert message.metadata["occurrences"] == 1
