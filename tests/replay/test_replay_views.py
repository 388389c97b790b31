"""`otel-alerting replay` tells what would have fired: as a table, as lines, as a picture."""

from __future__ import annotations

import builtins
import importlib.util
import os
import pty
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from replay_recordings import START, Replay, csv, gauge

from otel_alerting.cli.replay.episodes import Episodes, Tally
from otel_alerting.cli.replay.tracks import POINTS, TRACKS, Track, Tracks
from otel_alerting.model import Severity
from otel_alerting.model.duration import SECOND
from otel_alerting.rules.play import Change, Evaluation

PLATEAU = [(15 * index, 0.9 if 2 <= index <= 6 else 0.1) for index in range(12)]


@pytest.fixture(autouse=True)
def recorded(replay: Replay) -> None:
    Path("a.jsonl").write_text("\n".join(gauge(one) for one in PLATEAU))


def found(at: int, value: float | None, state: str = "quiet", **rest: str) -> Evaluation:
    severity = None if state == "quiet" else Severity.WARNING
    return Evaluation(
        at=at * SECOND, tenant="t", alert=rest.get("alert", "A"), labels={"n": rest.get("n", "")},
        value=value, unit="", state=state, severity=severity,  # type: ignore[arg-type]
    )  # fmt: skip


def changed(at: int, state: str, severity: Severity = Severity.WARNING, n: str = "") -> Change:
    return Change(at=at * SECOND, tenant="t", alert="A", labels={"n": n}, state=state, severity=severity, value=1.0)  # type: ignore[arg-type]


def test_the_table_says_what_would_have_fired(replay: Replay) -> None:
    """Each alert, and what each rule comes to; numbers in their unit."""
    ran = replay("a.jsonl")
    words = [line.split() for line in ran.out.splitlines()]
    assert ran.status == 0
    assert words[0][:5] == ["1", "alert", "would", "have", "fired"]
    assert ["High", "warning", "2024-05-01", "10:01:00", "10:01:45", "45s", "90%"] in words
    assert ["High", "1", "45s", "45s"] in words


def test_the_table_says_what_is_going_on_at_the_end_and_what_nothing_was_meant_for(replay: Replay) -> None:
    """Two things that one wonders about."""
    more = "- {alert: Other, metric: nothing, above: 1}\n- {alert: Quiet, metric: cpu, above: 2}\n"
    Path("rules.yaml").write_text(Path("rules.yaml").read_text() + more)
    ran = replay("a.jsonl", "--until", "2024-05-01T10:01:15Z")
    assert "still firing" in ran.out
    assert [line.split() for line in ran.out.splitlines()][-2:] == [
        ["Other", "0", "no", "signal", "was", "meant"],
        ["Quiet", "0"],
    ]


def test_values_are_told_for_each_evaluation(replay: Replay) -> None:
    """Between the changes, before those that come of them."""
    lines = replay("a.jsonl", "--json", "--values").lines
    assert lines[0] == {"at": "2024-05-01T10:00:00Z", "alert": "High", "labels": {}, "value": 0.1}
    assert [sorted(one) for one in lines[2:4]] == [
        ["alert", "at", "labels", "value"],
        ["alert", "at", "labels", "severity", "state", "value"],
    ]
    assert len([one for one in lines if "state" not in one]) == 12


def test_a_tenant_is_said_where_it_is_another(replay: Replay) -> None:
    """Alerts of two tenants may have the same labels."""
    Path("a.jsonl").write_text("\n".join(gauge(one, tenant_id="acme") for one in PLATEAU))
    assert {one["tenant"] for one in replay("a.jsonl", "--json").lines} == {"acme"}


def test_only_what_was_selected_is_played(replay: Replay) -> None:
    """By name; an unknown one is told with the one that was meant."""
    Path("rules.yaml").write_text(Path("rules.yaml").read_text() + "- {alert: Low, metric: cpu, below: 0.2}\n")
    assert {one["alert"] for one in replay("a.jsonl", "--json", "--select", "Low").lines} == {"Low"}
    ran = replay("a.jsonl", "--select", "Hihg")
    assert ran.status == 1
    assert ran.err.startswith(
        "otel-alerting: --select: found 'Hihg'; expected a rule's name, one of High, Low (did you"
    )


def test_defaults_may_be_tried(replay: Replay) -> None:
    """In place of the file's, where a rule says none itself."""
    Path("rules.yaml").write_text(
        "version: 1\nrules:\n"
        "- {alert: Own, metric: cpu, above: 2, interval: 30s}\n- {alert: Free, metric: cpu, above: 2}\n"
    )
    lines = replay("a.jsonl", "--json", "--values", "--interval", "1m", "--lateness", "0s").lines
    assert [one["at"][14:-1] for one in lines if one["alert"] == "Free"] == ["00:00", "01:00", "02:00"]
    assert [one["at"][14:-1] for one in lines if one["alert"] == "Own"][:3] == ["00:00", "00:30", "01:00"]


def test_defaults_that_cannot_be_are_told(replay: Replay) -> None:
    """As in the file."""
    Path("rules.yaml").write_text(
        "version: 1\nrules:\n- {alert: A, metric: cpu, aggregate: avg, window: 1m, above: 2}\n"
    )
    ran = replay("a.jsonl", "--interval", "25s")
    assert ran.status == 1
    assert ran.err.startswith(
        "otel-alerting: rules.yaml:3: rules[0].window: found 1m; expected a multiple of the interval"
    )


def test_all_problems_of_the_rules_are_told(replay: Replay) -> None:
    """With file and line, before a signal is read."""
    Path("rules.yaml").write_text("version: 1\nrules:\n- {alert: A, metric: cpu}\n- {alert: B, above: 1}\n")
    ran = replay("a.jsonl")
    assert ran.status == 1
    assert len(ran.err.splitlines()) == 2
    assert replay("a.jsonl", "--rules", "gone.yaml").status == 1


def test_misuse_is_status_2(replay: Replay) -> None:
    """Values without --json, a picture of another kind, a moment that is none."""
    for arguments in (["--values"], ["--plot", "a.gif"], ["--until", "soon"], ["--interval", "5"]):
        ran = replay("a.jsonl", *arguments)
        assert (ran.status, ran.out) == (2, "")
        assert arguments[0] in ran.err


@pytest.mark.parametrize("name", ["a.png", "a.svg"])
def test_a_picture_is_drawn(replay: Replay, name: str) -> None:
    """The same one every time."""
    first = replay("a.jsonl", "--plot", name)
    once = Path(name).read_bytes()
    assert (first.status, first.err) == (0, "")
    assert replay("a.jsonl", "--json", "--plot", name).lines
    assert Path(name).read_bytes() == once
    assert len(once) > 10_000
    assert once.startswith(b"\x89PNG" if name.endswith("png") else b"<?xml")


def test_a_picture_has_the_line_the_limits_and_the_alerts(replay: Replay) -> None:
    """Read from an SVG: the panel's names, the threshold's label, the colours of the shades."""
    replay("a.jsonl", "--plot", "a.svg")
    text = Path("a.svg").read_text()
    ET.fromstring(text)  # well-formed
    for said in (
        "High",
        "warning &gt; 80%",
        "pending",
        "firing: warning",
        "threshold",
        "01 May 2024 UTC",
        "last",
    ):
        assert f"<!-- {said} -->" in text
    assert "#e8710a" in text


def test_a_picture_of_nothing_says_so(replay: Replay) -> None:
    """Rather than nothing."""
    assert replay("a.jsonl", "--metric", "x", "--until", "2020-01-01", "--plot", "a.svg").status == 0
    assert "<!-- no signal was meant -->" in Path("a.svg").read_text()


def test_a_picture_has_only_so_many_panels(replay: Replay) -> None:
    """And says what it left out; what fired longest is in it."""
    Path("rules.yaml").write_text(Path("rules.yaml").read_text() + "  by: [host]\n")
    lines = [gauge(one if host == 17 else (one[0], 0.1), host=f"h{host}") for one in PLATEAU for host in range(20)]
    Path("a.jsonl").write_text("\n".join(lines))
    replay("a.jsonl", "--plot", "a.svg")
    text = Path("a.svg").read_text()
    assert text.count("<!-- High -->") == 12
    assert "<!-- host=h17 -->" in text
    assert "8 groups left out" in text


def test_a_picture_that_cannot_be_drawn_is_told_at_once(replay: Replay, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without matplotlib, with what to install; and where it cannot be written."""
    assert replay("a.jsonl", "--plot", "no/such/a.png").err.startswith(
        "otel-alerting: --plot: found a file that cannot"
    )
    there = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == "matplotlib" else there(name, *rest)
    )
    ran = replay("a.jsonl", "--plot", "a.png")
    assert (ran.status, ran.out) == (1, "")
    assert (
        ran.err == "otel-alerting: --plot: found no matplotlib; expected `pip install 'otel-alerting[plot]'` before\n"
    )


def test_nothing_of_matplotlib_is_loaded_without_a_picture(replay: Replay, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes half a second."""
    real = builtins.__import__

    def watching(name: str, *rest: object) -> object:
        assert not name.startswith("matplotlib")
        return real(name, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", watching)
    assert replay("a.jsonl").status == 0


@pytest.mark.process
def test_progress_is_shown_to_people_only(replay: Replay) -> None:
    """On a terminal's standard error; the output is the same."""
    Path("a.csv").write_text(csv((START + index, 0.5) for index in range(60_000)))
    command = [
        sys.executable,
        "-m",
        "otel_alerting",
        "replay",
        "--rules",
        "rules.yaml",
        "--signals",
        "a.csv",
        "--metric",
        "cpu",
    ]
    ours, theirs = pty.openpty()
    shown = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs, env={**os.environ, "TERM": "xterm"})
    os.close(theirs)
    out, _ = shown.communicate(timeout=60)
    assert "signals" in os.read(ours, 65_536).decode()
    os.close(ours)
    quiet = subprocess.run(command, capture_output=True, check=True, timeout=60)
    assert (quiet.stdout, quiet.stderr) == (out, b"")


def test_episodes_are_counted_beyond_those_that_are_kept() -> None:
    """The worst severity of each; what is pending and quiet again was in vain."""
    episodes = Episodes(1, {"A": Tally()})
    for at in (0, 100):
        episodes.changed(changed(at, "pending"))
        episodes.changed(changed(at + 10, "firing"))
        episodes.changed(changed(at + 20, "firing", Severity.CRITICAL))
        episodes.changed(changed(at + 30, "firing"))
        episodes.changed(changed(at + 40, "resolved"))
    episodes.changed(changed(200, "pending"))
    episodes.found(found(210, 1, "quiet"))
    episodes.changed(changed(300, "firing"))
    episodes.finish(310 * SECOND)
    assert [(one.severity, one.lasted(0)) for one in episodes.kept] == [(Severity.CRITICAL, 30 * SECOND)]
    tally = episodes.tallies["A"]
    assert (tally.alerts, tally.firing, tally.longest, tally.in_vain) == (3, 70 * SECOND, 30 * SECOND, 1)


def test_a_track_keeps_its_peaks_in_few_points() -> None:
    """Of any number of evaluations."""
    track = Track("A", {})
    for at in range(10 * POINTS):
        track.found(found(at, 100.0 if at == 777 else None if at == 5 else 1.0))
    track.finish(10 * POINTS * SECOND)
    assert len(track.stretches) <= 2 * POINTS
    assert max(one.high for one in track.stretches) == 100.0
    assert min(one.low for one in track.stretches) == 1.0
    assert [one.at for one in track.stretches] == sorted(one.at for one in track.stretches)


def test_a_track_knows_when_it_was_pending_and_firing() -> None:
    """A change of severity is another shade."""
    track = Track("A", {})
    for at, state in ((0, "quiet"), (10, "pending"), (20, "pending"), (30, "firing"), (40, "firing"), (50, "quiet")):
        track.found(found(at, 1, state))
    for at, state, severity in ((30, "firing", 13), (40, "firing", 21), (50, "resolved", 21)):
        track.changed(changed(at, state, Severity(severity)))
    track.finish(60 * SECOND)
    assert [(one.began_at // SECOND, one.ended_at // SECOND) for one in track.pending] == [(10, 30)]
    assert [(one.began_at // SECOND, one.severity.word) for one in track.firing] == [(30, "warning"), (40, "critical")]


def test_only_so_many_tracks_are_remembered() -> None:
    """And it is known that there were more."""
    tracks = Tracks(["A"], "t")
    for number in range(TRACKS + 5):
        tracks.found(found(0, 1, n=str(number)))
    assert tracks.is_full
    chosen, others = tracks.chosen(3, SECOND)
    assert (len(chosen), others) == (3, TRACKS - 3)
