"""Checking is for your own test suite: it fails as an assertion does, with all that `rules test` would print."""

from __future__ import annotations

from pathlib import Path

from otel_alerting.testing.rules import outcomes
from otel_alerting.testing.rules.file import load
from otel_alerting.testing.rules.report import told


def check_rules(path: Path | str) -> None:
    """Run a file of rule tests.

    Raises:
        AssertionError: with every difference from what is expected.
        ConfigurationError: the file, or one that it names, cannot be read.
    """
    wrong = [line for outcome in outcomes(load(Path(path))) if not outcome.ok for line in told(outcome)]
    if wrong:
        raise AssertionError("\n".join(wrong))
