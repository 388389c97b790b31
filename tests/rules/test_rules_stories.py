"""Stories are rules, signals and the alerts that come of them, written by and for people who write rules.

Each file in `tests/stories/` holds one: `rules` as in a rule file (or `builtin: true`), `signals` in the order of their
arrival (`at` is when it happened, `arrives` when we saw it), and `alerts`: every change of state, in order, complete.
Moments count from 12:15:00 of some day. `every: 1s` with `times: 20` repeats a signal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from otel_alerting.config.read import read
from otel_alerting.model import Alert, Buckets, Log, Point, Severity, Signal, Span
from otel_alerting.model.duration import SECOND, Duration
from otel_alerting.rules.builtin import BuiltinRules
from otel_alerting.rules.rule import RuleFile
from otel_alerting.rules.ruleset import RuleSet

STORIES = sorted((Path(__file__).parent.parent / "stories").glob("*.yaml"))
START = 1_700_000_100 * SECOND


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_a_story_ends_as_it_is_told(path: Path) -> None:
    """The same signals at the same times give the same alerts, all of them and no others."""
    story = yaml.safe_load(path.read_text())
    told = list(_changes(story))
    expected = story["alerts"] or []
    shown = [_as_expected(alert, wanted) for alert, wanted in zip(told, expected, strict=False)]
    shown += [_as_expected(alert, {}) for alert in told[len(expected) :]]
    assert shown == expected


def _changes(story: Mapping[str, Any]) -> Iterator[Alert]:
    """The alerts of a story that are another state or severity than before."""
    rules = read(yaml.safe_dump(story.get("rules") or {"version": 1}), RuleFile, "story").complete()
    ruleset = RuleSet(rules, builtin=BuiltinRules() if story.get("builtin") else None, started_at=START)
    known: dict[str, tuple[object, object]] = {}
    for alert in _alerts(ruleset, story):
        if known.get(alert.identity) != (alert.state, alert.severity):
            known[alert.identity] = (alert.state, alert.severity)
            yield alert


def _alerts(ruleset: RuleSet, story: Mapping[str, Any]) -> Iterator[Alert]:
    arrivals = [one for said in story["signals"] for one in _signals(said)]
    for now, signal in sorted(arrivals, key=lambda one: one[0]):
        yield from _until(ruleset, now)
        yield from ruleset.observe(signal, now)
    yield from _until(ruleset, START + Duration.parse(story["until"]) + 1)


def _until(ruleset: RuleSet, now: int) -> Iterator[Alert]:
    while (due := ruleset.next_at()) is not None and due < now:
        yield from ruleset.evaluate(due)


def _signals(said: Mapping[str, Any]) -> Iterator[tuple[int, Signal]]:
    said = dict(said)
    every, times = Duration.parse(said.pop("every", 0)), said.pop("times", 1)
    at = START + Duration.parse(said.pop("at"))
    later = START + Duration.parse(said.pop("arrives")) - at if "arrives" in said else 0
    for number in range(times):
        moment = at + number * every
        yield moment + later, _signal(said, moment)


def _signal(said: Mapping[str, Any], at: int) -> Signal:
    rest = {"tenant": "acme", **said}
    if "log" in rest:
        return Log(at=at, severity=int(Severity.parse(rest.pop("log"))), **{"body": "", **rest})
    if "span" in rest:
        duration = Duration.parse(rest.pop("duration", "0"))
        return Span(at=at, started_at=at - duration, name=rest.pop("span"), **rest)
    if "buckets" in rest:
        rest["buckets"] = Buckets(**{name: tuple(value) for name, value in rest["buckets"].items()})
    if "started_at" in rest:
        rest["started_at"] = START + Duration.parse(rest["started_at"])
    return Point(at=at, name=rest.pop("metric"), **{"kind": "gauge", **rest})


def _as_expected(alert: Alert, wanted: Mapping[str, Any]) -> Mapping[str, Any]:
    """The alert in a story's words; beyond the first four only what the story speaks of."""
    words: dict[str, Any] = {
        "at": str(Duration((alert.ended_at or alert.updated_at) - START)),
        "alert": alert.name,
        "state": alert.state.value,
        "severity": alert.severity.word,
        "labels": dict(alert.labels),
        "count": alert.count,
        "value": alert.reading and round(alert.reading.value, 4),
        "unit": alert.reading and alert.reading.unit,
        "tenant": alert.tenant,
        "because": alert.ended_because,
        "started": str(Duration(alert.started_at - START)),
        "text": alert.text,
    }
    return {name: words[name] for name in wanted or ("at", "alert", "state", "severity", "labels")}
