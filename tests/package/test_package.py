"""The package as a whole: what importing it costs, what it exports, and that the house stands as drawn."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

import otel_alerting

ROOT = Path(__file__).resolve().parents[2]


def loaded_by(statement: str) -> set[str]:
    asked = subprocess.run(
        [sys.executable, "-c", f"{statement}\nimport sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(asked.stdout.split())


@pytest.mark.parametrize("heavy", ["opentelemetry.sdk", "redis", "jinja2", "babel", "httpx", "yaml", "msgspec"])
def test_importing_the_package_loads_nothing_heavy(heavy: str) -> None:
    """A program that never alerts pays nothing."""
    assert heavy not in loaded_by("import otel_alerting")


@pytest.mark.parametrize("heavy", ["opentelemetry.sdk", "redis", "jinja2", "babel", "httpx", "structlog"])
def test_the_logging_handler_loads_no_sdk_and_nothing_that_only_messages_need(heavy: str) -> None:
    """`dictConfig` runs at every start of every process."""
    assert heavy not in loaded_by("from otel_alerting.handlers import AlertHandler; AlertHandler()")


@pytest.mark.parametrize("name", otel_alerting.__all__)
def test_every_public_name_is_there(name: str) -> None:
    """`__all__` says what is public, and nothing of it is missing."""
    assert getattr(otel_alerting, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    """A typing error says so, also through the lazy names."""
    with pytest.raises(AttributeError, match="AlertManger"):
        _ = otel_alerting.AlertManger  # type: ignore[attr-defined]


def test_every_entry_point_can_be_loaded() -> None:
    """OpenTelemetry loads all exporters before it builds any: one that fails would cost the program all of them."""
    ours = [
        point
        for point in metadata.distribution("otel-alerting").entry_points
        if point.group.startswith("opentelemetry_")
    ]
    assert len(ours) == 5
    for point in ours:
        assert point.load() is not None


def test_no_top_level_package_takes_a_common_name() -> None:
    """`handlers`, `templates` and `locales` are installed inside the package, never beside it."""
    tops = {str(path).split("/")[0] for path in metadata.files("otel-alerting") or [] if path.suffix == ".py"}
    assert not tops & {"handlers", "templates", "locales"}


def test_the_heart_imports_no_sdk() -> None:
    """Deciding code knows the SDK's values as our own: only ways in may name its classes."""
    rooms = ("model", "rules", "dispatch", "render", "delivery", "look")
    files = [path for room in rooms for path in (ROOT / "otel_alerting" / room).rglob("*.py")]
    files += [ROOT / "otel_alerting" / f"{name}.py" for name in ("ports", "context", "inbox", "pipeline", "telemetry")]
    named = [path.name for path in files if "opentelemetry.sdk" in path.read_text()]
    assert not named
