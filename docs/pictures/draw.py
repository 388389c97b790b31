"""Draws the README's picture: `python docs/pictures/draw.py` (needs chromium).

Three alerts go the whole way from values to Block Kit, in three languages, and are drawn by the same page that
`otel-alerting preview --html` and `otel-alerting demo --html` write.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from otel_alerting.look.page import Shown, draw_page
from otel_alerting.model import Alert, Failure, Frame, Notification, Reading, Reason, Severity
from otel_alerting.model.duration import MINUTE, SECOND
from otel_alerting.notifiers.blockkit import payload
from otel_alerting.render.locales import LocaleManager
from otel_alerting.render.renderer import Links, Renderer
from otel_alerting.render.templates import TemplateEngine

HERE = Path(__file__).parent
AT = 1_795_530_600 * SECOND
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"

DECLINED = Alert(
    tenant="acme",
    name="UnhandledException",
    labels={"service.name": "shop", "exception.type": "CardDeclined", "origin": "shop/pay.py:charge"},
    severity=Severity.HIGH,
    started_at=AT - 2 * MINUTE,
    updated_at=AT,
    count=1204,
    template="exception",
    text="Exception on /pay [POST]",
    failure=Failure(
        type="shop.pay.CardDeclined",
        message="the bank declined the card: insufficient funds",
        frames=(Frame("/srv/shop/shop/web.py", 88, "checkout"), Frame("/srv/shop/shop/pay.py", 41, "charge")),
    ),
    trace_id=TRACE,
    correlation_id="order-4711",
)
SLOW = Alert(
    tenant="globex",
    name="SlowSearch",
    labels={"service.name": "shop", "http.route": "/search", "deployment.environment.name": "production"},
    severity=Severity.WARNING,
    started_at=AT - 6 * MINUTE,
    updated_at=AT,
    count=3480,
    template="threshold",
    reading=Reading(
        value=1.24,
        threshold=0.8,
        comparison="above",
        unit="s",
        measure="p99(http.server.request.duration)",
        window=5 * MINUTE,
        samples=3480,
    ),
    annotations={"runbook_url": "https://runbooks.example/slow-search"},
    trace_id=TRACE,
)
DRIFT = Alert(
    tenant="hanami",
    name="ml_model_drift",
    labels={"model_name": "recommendation_v2"},
    severity=Severity.HIGH,
    started_at=AT - MINUTE,
    updated_at=AT,
    template="ml_model_drift",
    facts={"drift_score": 0.85, "threshold": 0.70},
    correlation_id="retrain-2026-11-24",
)
SIDE_BY_SIDE = "main { grid-template-columns: repeat(3, 1fr); max-width: none } header.page { display: none }"
READERS = (
    (DECLINED, "fr-FR", "Europe/Paris", "français"),
    (SLOW, "de-DE", "Europe/Berlin", "Deutsch"),
    (DRIFT, "ja-JP", "Asia/Tokyo", "日本語"),
)


def shown(alert: Alert, locale: str, timezone: str, language: str) -> Shown:
    """The alert as its reader sees it."""
    notification = Notification(
        tenant=alert.tenant,
        receiver=alert.tenant,
        group=alert.identity,
        reason=Reason.FIRST,
        seq=1,
        at=AT,
        alerts=(alert,),
        firing=1,
        occurrences=alert.count,
        severity=alert.severity,
        started_at=alert.started_at,
    )
    renderer = Renderer(TemplateEngine(), LocaleManager())
    links = Links(trace_url="https://traces.example/{trace_id}")
    message = renderer.render(notification, locale=locale, timezone=timezone, links=links)
    return Shown(
        channel=f"#{alert.tenant}-shop",
        at=AT,
        payload=payload(message),
        workspace=alert.tenant,
        about=f"{language} · {timezone}",
        locale=locale,
        timezone=timezone,
    )


def main() -> int:
    """Draw it; 1 without a browser."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium:
        print("draw.py: chromium is missing: apt-get install chromium", file=sys.stderr)
        return 1
    page = draw_page([shown(*reader) for reader in READERS], title="otel-alerting", lead="")
    page = page.replace("</style>", SIDE_BY_SIDE + "</style>")
    with tempfile.TemporaryDirectory() as folder:
        html = Path(folder) / "messages.html"
        html.write_text(page, encoding="utf-8")
        flags = "--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-sync"
        size = ["--window-size=1700,640", "--force-device-scale-factor=1.5", "--hide-scrollbars"]
        target = HERE / "messages.png"
        command = [chromium, *flags.split(), f"--user-data-dir={folder}/profile", *size, f"--screenshot={target}"]
        subprocess.run([*command, html.as_uri()], check=True, capture_output=True, timeout=60)
    return 0


if __name__ == "__main__":
    sys.exit(main())
