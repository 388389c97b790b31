"""A function that is frozen between calls: tell everything before each call returns."""

import logging

import otel_alerting
from otel_alerting.handlers import AlertHandler

logging.getLogger().addHandler(AlertHandler("WARNING"))
log = logging.getLogger("shop.resize")


def handler(event: dict[str, str], context: object) -> dict[str, str]:
    try:
        with otel_alerting.bind(tenant=event.get("tenant"), correlation_id=getattr(context, "aws_request_id", None)):
            log.warning("picture %s is damaged", event.get("picture"))
            return {"status": "skipped"}
    finally:
        otel_alerting.flush(timeout=2)
