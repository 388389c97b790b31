"""What the whole way costs: `python tests/bench/journey.py [latency spans burst exit]`.

The program under measurement runs in a process of its own; Slack is the strict simulator in this one, with Slack's
rate limits on where that matters. Every figure is printed with what it was measured beside.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from otel_alerting.testing import SlackSimulator

ROOT = Path(__file__).resolve().parents[2]

LATENCY = """
import logging, sys, time
from otel_alerting.handlers import AlertHandler
logging.getLogger().addHandler(AlertHandler())
logging.error("warm")
time.sleep(2)
for number in range(8):
    print(time.time(), flush=True)
    logging.getLogger(f"shop.{number}").error("unexpected answer of partner %s", "abcdefgh"[number] * 9)
    time.sleep(1.5)
"""

SPANS = """
import time
from otel_alerting.handlers import AlertSpanExporter
from otel_alerting.background import of
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

def run(processor, number=20_000):
    provider = TracerProvider()
    if processor:
        provider.add_span_processor(processor)
    tracer = provider.get_tracer("bench")
    began = time.perf_counter()
    for _ in range(number):
        four = {"http.route": "/item", "a": 1, "b": 2, "c": "x"}
        with tracer.start_as_current_span("GET /item", attributes=four) as span:
            for name, value in (("d", 1.5), ("e", True), ("f", "y"), ("g", 2)):
                span.set_attribute(name, value)
    produced = time.perf_counter() - began
    provider.force_flush()
    return produced, began

import sys
exporter = AlertSpanExporter()
options = dict(max_queue_size=50_000, schedule_delay_millis=200)
alone, _ = run(None)
produced, began = run(BatchSpanProcessor(exporter, **options))
from otel_alerting import inbox
box = exporter.inbox if hasattr(exporter, "inbox") else inbox.shared()
while len(box):
    time.sleep(0.005)
total = time.perf_counter() - began
print(20_000 / alone, 20_000 / produced, 20_000 / total)
"""

BURST = """
import itertools, logging, string, sys, time
from otel_alerting.handlers import AlertHandler
import otel_alerting
words = ["".join(pair) * 3 for pair in itertools.product(string.ascii_lowercase, string.ascii_lowercase)]
texts = [f"{a} {b} is broken" for a in words[:100] for b in words[:100]]
root = logging.getLogger()
handler = {handler}
root.addHandler(handler)
root.warning("the first one starts what there is to start")
time.sleep(2)
began = time.perf_counter()
for text in texts:
    root.warning(text)
busy = time.perf_counter() - began
print(busy)
"""

QUEUE = "__import__('logging.handlers').handlers.QueueHandler(__import__('queue').SimpleQueue())"
LISTENER = (
    "(lambda q, h: (h.QueueListener(q, logging.NullHandler()).start(), h.QueueHandler(q))[1])"
    "(__import__('queue').SimpleQueue(), __import__('logging.handlers').handlers)"
)

EXIT = """
import logging, time, atexit
from otel_alerting.handlers import AlertHandler
logging.getLogger().addHandler(AlertHandler())
for name in range({alerts}):
    logging.getLogger(f"shop.{name}").error("nobody hears this")
time.sleep(1)
print(time.time(), flush=True)
"""


def main() -> int:
    wanted = sys.argv[1:] or ["latency", "spans", "burst", "exit"]
    known: dict[str, Callable[[], None]] = {"latency": latency, "spans": spans, "burst": burst, "exit": at_exit}
    for name in wanted:
        known[name]()
    return 0


def latency() -> None:
    """Seconds from logger.error to the message at Slack."""
    with SlackSimulator(channels=("#ops",)) as slack:
        out, _ = run(LATENCY, slack, by="webhook")
        said = [float(line) for line in out.splitlines()]
        heard = sorted(float(message.ts) for message in slack.messages())[1:]
    waits = sorted(there - here for here, there in zip(said, heard, strict=False))
    median, worst = waits[len(waits) // 2] * 1e3, waits[-1] * 1e3
    print(
        f"latency: logger.error to message at Slack, {len(waits)} alerts: median {median:.0f} ms, worst {worst:.0f} ms"
    )


def spans() -> None:
    """Spans a second through BatchSpanProcessor and our exporter into the rules."""
    with SlackSimulator(channels=("#ops",)) as slack:
        out, _ = run(SPANS, slack)
    alone, produced, total = map(float, out.split())
    print(
        f"spans: SDK alone {alone:,.0f}/s; with our exporter produced {produced:,.0f}/s, "
        f"until all rules have seen them {total:,.0f}/s ({total / alone:.2f} of the SDK alone)"
    )


def burst() -> None:
    """10,000 distinct warnings against Slack with its limits on."""
    others = {"NullHandler": "logging.NullHandler()", "QueueHandler alone": QUEUE, "with a listener": LISTENER}
    busy = {name: float(run(BURST.replace("{handler}", made), None)[0]) * 1e3 for name, made in others.items()}
    with SlackSimulator(channels=("#ops",), rate_limits=True) as slack:
        ours, took = run(BURST.replace("{handler}", "AlertHandler()"), slack)
        messages, counted, too_fast = len(slack.messages()), occurrences(slack) - 1, len(slack.violations)
    beside = ", ".join(f"{name} {milliseconds:.0f}" for name, milliseconds in busy.items())
    print(f"burst: 10,000 distinct warnings: caller busy {float(ours) * 1e3:.0f} ms ({beside});")
    print(
        f"       {messages} messages count {counted:,} of them; {too_fast} requests although told to wait; {took:.1f} s"
    )


def at_exit() -> None:
    """How long a hanging Slack holds up the end of a program."""
    for alerts in (1, 20):
        with SlackSimulator(channels=("#ops",)) as slack:
            slack.fail(hang=120)
            out, _ = run(EXIT.replace("{alerts}", str(alerts)), slack)
            held = time.time() - float(out)
        print(f"exit: {alerts} alerts for a Slack that hangs: the program's end is held up {held:.1f} s (budget 3 s)")


def occurrences(slack: SlackSimulator) -> int:
    """The warnings that Slack was told of: the newest count in each group's messages, added up."""
    newest: dict[str, int] = {}
    for message in slack.messages():
        said = message.metadata
        newest[str(said["group_id"])] = max(newest.get(str(said["group_id"]), 0), int(str(said["occurrences"])))
    return sum(newest.values())


def run(code: str, slack: SlackSimulator | None, by: str = "token") -> tuple[str, float]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    env["PYTHONPATH"] = str(ROOT)
    if slack is not None:
        env |= {"OTEL_SERVICE_NAME": "bench", "OTEL_ALERTING_SLACK_API_URL": slack.api_url}
        if by == "webhook":
            env["OTEL_ALERTING_SLACK_WEBHOOK_URL"] = slack.webhook_url
        else:
            env |= {"OTEL_ALERTING_SLACK_TOKEN": slack.token, "OTEL_ALERTING_SLACK_CHANNEL": "#ops"}
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "program.py"
        program.write_text(code)
        done = subprocess.run(
            [sys.executable, str(program)], env=env, cwd=folder, capture_output=True, text=True, timeout=300
        )
    if done.returncode != 0 or done.stderr:
        print(json.dumps({"returncode": done.returncode, "stderr": done.stderr[-2000:]}), file=sys.stderr)
    return done.stdout, time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
