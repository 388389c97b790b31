"""What was brought here from Prometheus fires when Prometheus would have fired."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from cli_terminal import Run

from otel_alerting.testing import check_rules

PLAYED = [
    one for one in yaml.safe_load((Path(__file__).parent / "prometheus" / "played.yaml").read_text()) if one["alerts"]
]


@pytest.mark.parametrize("play", PLAYED, ids=lambda play: play["name"])
def test_a_rule_fires_when_prometheus_would(run: Run, play: Mapping[str, Any]) -> None:
    """The same series, the moments worked out by hand from what PromQL means."""
    rule = {"alert": "Played", "expr": play["expr"], "for": play.get("for", "0s")}
    Path("prom.yaml").write_text(yaml.safe_dump({"groups": [{"name": "all", "rules": [rule]}]}))
    ran = run("rules", "import", "prometheus", "prom.yaml", "-o", "rules.yaml")
    assert ran.err.endswith("1 of 1 imported\n")
    series = [{"series": name, "values": str(values)} for name, values in play["series"].items()]
    alerts = [{"alert": "Played", **expected} for expected in play["alerts"]]
    test = {"interval": "15s", "input_series": series, "alerts": alerts}
    Path("test.yaml").write_text(yaml.safe_dump({"rule_files": ["rules.yaml"], "tests": [test]}))
    check_rules(Path("test.yaml"))
