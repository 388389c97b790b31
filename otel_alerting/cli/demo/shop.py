"""A small web shop that knows nothing of alerting: Flask, `logging` and OpenTelemetry's API, as a thousand others.

What goes wrong in it is switched on and off from outside, so that the same requests go well or do not.
"""

from __future__ import annotations

import logging
import random
import time

from flask import Flask, Response, jsonify
from opentelemetry import baggage, metrics

log = logging.getLogger("shop")
app = Flask("shop")
drift = metrics.get_meter("shop").create_gauge("model.drift.score", description="Distance from the training data")
broken: set[str] = set()
"""Which of `search`, `stock`, `pay` and `model` do not work at present."""


class CardDeclined(Exception):
    """The bank said no."""


@app.put("/faults/<name>")
def break_it(name: str) -> Response:
    """Let something go wrong from now on."""
    broken.add(name)
    return jsonify(sorted(broken))


@app.delete("/faults/<name>")
def mend_it(name: str) -> Response:
    """Let it go well again."""
    broken.discard(name)
    return jsonify(sorted(broken))


@app.get("/search")
def search() -> Response:
    """Find things; slow when the index is cold."""
    time.sleep(0.7 if "search" in broken else 0.01)
    return jsonify(["tea", "rice"])


@app.post("/checkout")
def checkout() -> Response:
    """Put things aside; warns when there are few left."""
    if "stock" in broken:
        for item in ("tea", "rice", "beans"):
            log.warning("only %d left of %s, order more", random.randint(0, 9), item)
    return jsonify("reserved")


@app.post("/pay")
def pay() -> Response:
    """Take the money; the bank does not always answer well."""
    if "pay" in broken and random.random() < 0.5:
        raise CardDeclined("the bank declined the card: insufficient funds")
    return jsonify("paid")


@app.get("/recommend")
def recommend() -> Response:
    """Suggest things, by a model that may have drifted from what it was trained on."""
    score = random.uniform(0.82, 0.9) if "model" in broken else random.uniform(0.1, 0.2)
    tenant = str(baggage.get_baggage("tenant.id") or "")
    drift.set(round(score, 3), {"model_name": "recommendation_v2", "tenant.id": tenant})
    return jsonify(["coffee"])
