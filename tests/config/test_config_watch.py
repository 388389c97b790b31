"""Rules that somebody changes hold without a restart."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from otel_alerting import telemetry
from otel_alerting.config.build import build, ruleset
from otel_alerting.config.load import examine
from otel_alerting.config.watch import Watch
from otel_alerting.model import Log, State
from otel_alerting.model.duration import SECOND
from otel_alerting.pipeline import Pipeline
from otel_alerting.telemetry import Counters
from otel_alerting.testing.clock import ManualClock

RULE = "version: 1\nrules:\n- {{alert: Many, log: {{}}, above: {limit}, window: 1m, severity: high}}\n"


class World:
    """A pipeline made from a file in an empty folder, and the watch over that file."""

    def __init__(self, folder: Path) -> None:
        self.rules, self.main, self.written = folder / "rules" / "a.yaml", folder / "alerting.yaml", 0
        self.rules.parent.mkdir()
        self.write(self.main, "version: 1\nrule_files: [rules/*.yaml]\nbuiltin_rules: {enabled: false}\n")
        self.write(self.rules, RULE.format(limit=2))
        self.clock = ManualClock()
        found = examine(str(self.main), {})
        self.pipeline: Pipeline = build(found.config, clock=self.clock, counters=Counters(), threads=False)
        self.watch = Watch(lambda: examine(str(self.main), {}), lambda config: ruleset(config, self.clock.now()), found)

    def write(self, path: Path, text: str) -> None:
        """Change a file; its time moves, however coarse the file system's clock is."""
        path.write_text(text)
        self.written += SECOND
        os.utime(path, ns=(self.written, self.written))

    def look(self) -> bool:
        return self.watch.look(self.pipeline, self.clock.now())

    def log(self, times: int) -> None:
        for _ in range(times):
            self.pipeline.take(Log(at=self.clock.now(), severity=9, body="x"), self.clock.now())

    def firing(self) -> list[str]:
        return [alert.name for alert in self.pipeline.dispatcher.active() if alert.state is State.FIRING]


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(telemetry, "_said", {})
    return World(tmp_path)


@pytest.fixture
def said(capfd: pytest.CaptureFixture[str]) -> Callable[[], str]:
    return lambda: capfd.readouterr().err


def test_nothing_changed_is_nothing_done(world: World) -> None:
    """A look costs a few `stat` calls."""
    before = world.pipeline.ruleset
    assert not world.look()
    assert world.pipeline.ruleset is before


def test_a_changed_limit_holds_and_what_was_counted_stays(world: World) -> None:
    """Three in the window were too many for the old rule, and are not for the new one; two more are."""
    world.log(2)
    world.write(world.rules, RULE.format(limit=4))
    assert world.look()
    world.log(2)
    assert world.firing() == []
    world.log(1)
    assert world.firing() == ["Many"]


def test_a_new_file_is_found_by_its_pattern(world: World) -> None:
    """As at the start."""
    world.write(world.rules.with_name("b.yaml"), RULE.format(limit=0).replace("Many", "Any"))
    assert world.look()
    world.log(1)
    assert world.firing() == ["Any"]


def test_an_alert_of_a_rule_that_is_gone_is_over(world: World) -> None:
    """Nobody else would ever say so."""
    world.log(3)
    assert world.firing() == ["Many"]
    world.rules.unlink()
    world.write(world.rules.with_name("b.yaml"), RULE.format(limit=9).replace("Many", "Other"))
    assert world.look()
    assert world.firing() == []


def test_a_mistake_changes_nothing_and_is_told(world: World, said: Callable[[], str]) -> None:
    """The rules of before go on, and once it is mended the new ones hold."""
    world.write(world.rules, RULE.format(limit="much"))
    assert not world.look()
    assert "'much'" in said()
    world.log(3)
    assert world.firing() == ["Many"]
    world.write(world.rules, RULE.format(limit=0))
    assert world.look()


def test_what_is_no_rule_waits_for_the_next_start_and_that_is_said(world: World, said: Callable[[], str]) -> None:
    """Receivers and routes hold what is under way."""
    world.write(world.main, world.main.read_text() + "defaults: {locale: fr}\n")
    assert not world.look()
    assert "from the next start on" in said()
