"""A Celery worker: the handler is attached where Celery has set up its logging; children tell before they end.

celery --app celery_app --workdir examples worker
"""

import logging
import os

from celery import Celery, Task
from celery.signals import after_setup_logger, after_setup_task_logger

import otel_alerting
from otel_alerting.handlers import AlertHandler

app = Celery("shop", broker=os.environ.get("BROKER_URL", "amqp://localhost"))
log = logging.getLogger("shop.tasks")


@after_setup_logger.connect
@after_setup_task_logger.connect  # the task logger does not propagate
def attach(logger: logging.Logger, **_: object) -> None:
    logger.addHandler(AlertHandler("WARNING"))


@app.task(bind=True)
def ship(task: Task, order: int, tenant: str) -> None:
    with otel_alerting.bind(tenant=tenant, correlation_id=task.request.id):
        log.warning("no address for order %s", order)


@app.task
def refund(order: int) -> None:
    raise ValueError(f"order {order} was never paid")  # Celery logs it as an error: one alert
