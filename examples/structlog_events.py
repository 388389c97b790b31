"""Structured events become alerts, and every event of the program carries tenant and correlation id."""

import structlog

import otel_alerting
from otel_alerting.handlers import AlertProcessor

structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        AlertProcessor(),  # before the renderer, and before format_exc_info
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(),
    ]
)
log = structlog.get_logger()


@otel_alerting.bind(tenant="acme")
def import_feed(url: str) -> None:
    log.info("feed read", url=url)
    log.warning("feed is stale", url=url, hours=30)


if __name__ == "__main__":
    import_feed("https://feeds.example/prices")
