"""Warnings of `logging` become alerts: one class name in the configuration that a program has anyway.

    OTEL_ALERTING_SLACK_WEBHOOK_URL=https://hooks.slack.com/services/… python examples/logging_handler.py

Without the variable the alerts are drawn in the terminal.
"""

import logging
import logging.config

import otel_alerting

logging.config.dictConfig(
    {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"plain": {"format": "%(levelname)s tenant=%(tenant)s id=%(correlation_id)s %(message)s"}},
        "filters": {"who": {"()": "otel_alerting.handlers.ContextFilter"}},
        "handlers": {
            "console": {"class": "logging.StreamHandler", "formatter": "plain", "filters": ["who"]},
            "alerts": {"class": "otel_alerting.handlers.AlertHandler", "level": "WARNING"},
        },
        "root": {"level": "INFO", "handlers": ["console", "alerts"]},
    }
)
log = logging.getLogger("shop.payments")


def charge(order: int, card: str) -> None:
    log.info("charging order %s", order)  # below WARNING: not an alert
    if card == "expired":
        log.warning("card of order %s declined", order, extra={"card.brand": "visa"})
    if card == "broken":
        raise ConnectionError("the payment provider does not answer")


def main() -> None:
    with otel_alerting.bind(tenant="acme", correlation_id="request-4711"):
        for order in range(1_000, 1_020):
            charge(order, "expired")  # twenty records, one alert that counts them
        try:
            charge(1_020, "broken")
        except ConnectionError:
            log.exception("cannot charge order %s", 1_020)


if __name__ == "__main__":
    main()
