"""What people need to test their own alerts, templates and plugins: public and documented.

`ManualClock` stands still until you advance it. `CapturingNotifier` keeps messages in a list and fails when asked to.
`check_rules` runs a file of rule tests. `SlackSimulator` is a Slack on this machine, with its limits and error words.
`StoreSuite` is what every store must do, as a pytest class to inherit. Each is loaded when it is first used: only
`StoreSuite` needs pytest.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from otel_alerting.testing.clock import ManualClock
from otel_alerting.testing.notifier import CapturingNotifier

if TYPE_CHECKING:
    from otel_alerting.testing.rules.check import check_rules
    from otel_alerting.testing.slack_simulator import SlackSimulator
    from otel_alerting.testing.store_suite import StoreSuite

__all__ = ["CapturingNotifier", "ManualClock", "SlackSimulator", "StoreSuite", "check_rules"]

_HOME = {
    "SlackSimulator": "otel_alerting.testing.slack_simulator",
    "StoreSuite": "otel_alerting.testing.store_suite",
    "check_rules": "otel_alerting.testing.rules.check",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value
