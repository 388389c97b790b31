"""Recordings for tests: what the Collector's file exporter and a spreadsheet write; and what comes of playing them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

START = 1_714_557_600
"""2024-05-01T10:00:00Z, on an edge, in seconds."""

HIGH = """\
version: 1
defaults: {interval: 15s, lateness: 0s}
rules:
- alert: High
  metric: cpu
  above: 80%
  recover: 70%
  for: 30s
"""


def nano(seconds: float) -> str:
    """A moment after the start, as OTLP/JSON writes it."""
    return str(START * 10**9 + round(seconds * 10**9))


def attributes(**said: str) -> list[Mapping[str, Any]]:
    return [{"key": name.replace("_", "."), "value": {"stringValue": value}} for name, value in said.items()]


def gauge(*points: tuple[float, float], name: str = "cpu", **said: str) -> str:
    """One line with the points of one metric."""
    of = attributes(**said)
    listed = [{"timeUnixNano": nano(at), "asDouble": value, "attributes": of} for at, value in points]
    metric = {"name": name, "unit": "1", "gauge": {"dataPoints": listed}}
    return json.dumps({"resourceMetrics": [{"scopeMetrics": [{"metrics": [metric]}]}]})


def spans(*ends: float, name: str = "GET /", status: int = 0) -> str:
    """One line with spans of 100 ms."""
    listed = [
        {
            "name": name,
            "kind": 2,
            "startTimeUnixNano": nano(end - 0.1),
            "endTimeUnixNano": nano(end),
            "status": {"code": status},
        }
        for end in ends
    ]
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": listed}]}]})


def logs(*moments: float, body: str = "no", severity: int = 17) -> str:
    """One line with log records."""
    listed = [{"timeUnixNano": nano(at), "severityNumber": severity, "body": {"stringValue": body}} for at in moments]
    return json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": listed}]}]})


def csv(rows: Iterable[tuple[object, object]], header: str = "timestamp,value\n") -> str:
    return header + "".join(f"{at},{value}\n" for at, value in rows)


class Replayed(NamedTuple):
    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[Mapping[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def states(self) -> list[tuple[str, str]]:
        """Time of day and state of every change."""
        return [(one["at"][11:-1], one["state"]) for one in self.lines]


Replay = Callable[..., Replayed]
