"""A FastAPI application: every request has a correlation id and a tenant, and what is left is told at shutdown.

uvicorn --app-dir examples fastapi_app:app
curl -i -H 'X-Tenant-ID: acme' -H 'X-Request-ID: request-4711' localhost:8000/orders/7
"""

import logging

from fastapi import FastAPI

from otel_alerting.handlers import AlertHandler, AlertingASGIMiddleware

alerts = AlertHandler("WARNING")
logging.getLogger().addHandler(alerts)
logging.getLogger("uvicorn.error").addHandler(alerts)  # uvicorn's loggers do not propagate to the root
log = logging.getLogger("shop.orders")

app = FastAPI()
# The tenant header is believed: let a proxy of yours set it, or use `tenant_of`.
app.add_middleware(AlertingASGIMiddleware, tenant_header="X-Tenant-ID")


@app.get("/orders/{number}")
def order(number: int) -> dict[str, int]:
    if number > 100:
        raise LookupError(f"no order {number}")
    log.warning("order %s is late", number)
    return {"number": number}
