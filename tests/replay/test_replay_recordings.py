"""`otel-alerting replay` reads recordings: OTLP/JSON lines and CSV, packed or not, whole or damaged."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from pathlib import Path

import pytest
from replay_recordings import START, Replay, csv, gauge, logs, spans

PLATEAU = [(15 * index, 0.9 if 2 <= index <= 6 else 0.1) for index in range(12)]
TOLD = [("10:00:30", "pending"), ("10:01:00", "firing"), ("10:01:45", "resolved")]


def test_a_request_a_line_is_played(replay: Replay) -> None:
    """One JSON object for each change of state, with the fields that are promised, in their order."""
    Path("a.jsonl").write_text("\n".join(gauge(one) for one in PLATEAU))
    ran = replay("a.jsonl", "--json")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.splitlines()[1] == (
        '{"at":"2024-05-01T10:01:00Z","alert":"High","labels":{},"state":"firing","severity":"warning","value":0.9}'
    )
    assert ran.states == TOLD


def test_what_is_in_one_line_is_played_in_the_order_of_its_moments(replay: Replay) -> None:
    """A request lists metric by metric: in that order each would be late for the one before."""
    whole = gauge(*reversed(PLATEAU))
    Path("a.jsonl").write_text(f"{whole}\n")
    assert replay("a.jsonl", "--json").states == TOLD


def test_gzip_is_seen_in_the_first_bytes(replay: Replay) -> None:
    """Whatever the file's name."""
    Path("a.jsonl").write_bytes(gzip.compress("\n".join(map(gauge, PLATEAU)).encode()))
    assert replay("a.jsonl", "--json").states == TOLD


def test_several_files_are_joined_by_time(replay: Replay) -> None:
    """The Collector writes one for each kind of signal; neither order nor number of files matters."""
    for name, part in (("a", PLATEAU[::2]), ("b", PLATEAU[1::2])):
        Path(name).write_text("\n".join(map(gauge, part)))
    assert replay("a", "b", "--json").states == TOLD
    assert replay("b", "a", "--json").states == TOLD


def test_spans_and_logs_are_signals_too(replay: Replay) -> None:
    """Of the same file, even."""
    Path("rules.yaml").write_text(
        "version: 1\ndefaults: {lateness: 0s}\nrules:\n"
        "- {alert: Spans, span: {status: error}, above: 1}\n"
        "- {alert: Logs, log: {severity: {at_least: ERROR}}, above: 1}\n"
    )
    Path("a.jsonl").write_text("\n".join([spans(1, 2, status=2), logs(3, 4), spans(5)]))
    assert [(one["alert"], one["at"][-3:-1]) for one in replay("a.jsonl", "--json").lines] == [
        ("Spans", "02"),
        ("Logs", "04"),
    ]


@pytest.mark.parametrize(
    "moment",
    [
        lambda at: START + at,
        lambda at: f"{START + at}.0",
        lambda at: (START + at) * 1000,
        lambda at: f"2024-05-01T10:{at // 60:02d}:{at % 60:02d}Z",
        lambda at: f"2024-05-01 10:{at // 60:02d}:{at % 60:02d}",
        lambda at: f"2024-05-01T12:{at // 60:02d}:{at % 60:02d}.000+02:00",
    ],
    ids=["seconds", "fractions", "milliseconds", "iso", "plain", "zone"],
)
def test_a_csv_is_one_metric(replay: Replay, moment) -> None:
    """Its moments as ISO 8601, UTC where no zone is said, or in seconds or milliseconds."""
    Path("a.csv").write_text(csv((moment(at), value) for at, value in PLATEAU))
    assert replay("a.csv", "--metric", "cpu", "--json").states == TOLD


def test_a_csv_needs_no_header_and_may_have_more_columns(replay: Replay) -> None:
    """Which are attributes, in any order."""
    Path("plain.csv").write_text(csv(((START + at, value) for at, value in PLATEAU), header=""))
    assert replay("plain.csv", "--metric", "cpu", "--json").states == TOLD
    Path("rules.yaml").write_text(Path("rules.yaml").read_text() + "  by: [host]\n")
    rows = "".join(f"{host},{value if host == 'a' else 0},{START + at}\n" for at, value in PLATEAU for host in "ab")
    Path("wide.csv").write_text(f"host,value,timestamp\n{rows}")
    ran = replay("wide.csv", "--metric", "cpu", "--json")
    assert ran.states == TOLD
    assert ran.lines[0]["labels"] == {"host": "a"}


def test_repeated_moments_and_a_jump_back_are_played(replay: Replay) -> None:
    """Of two at one moment the later one counts; what jumps back is late, and the rest goes on."""
    rows = [(START + at, value) for at, value in PLATEAU]
    repeated = [*rows[:3], (rows[2][0], 0.95), *rows[3:8], (START + 15, 0.99), *rows[8:]]
    Path("a.csv").write_text(csv(repeated))
    ran = replay("a.csv", "--metric", "cpu", "--json")
    assert (ran.status, ran.states) == (0, TOLD)
    assert ran.lines[0]["value"] == 0.95


def test_an_hour_back_is_lost_and_said(replay: Replay) -> None:
    """No window is open any more."""
    Path("a.csv").write_text(csv([(START + 3600, 0.1), (START, 0.9), (START + 3615, 0.1)]))
    ran = replay("a.csv", "--metric", "cpu", "--json")
    assert (ran.status, ran.out) == (0, "")
    assert ran.err.startswith("note: 1 signal came after the last window")


def test_values_that_are_none_are_none(replay: Replay) -> None:
    """NaN is no number; a gap of what was not measured is told."""
    Path("a.csv").write_text(csv([(START, 0.1), (START + 15, "NaN"), (START + 30, "")]))
    ran = replay("a.csv", "--metric", "cpu", "--json", "--values")
    assert [one["value"] for one in ran.lines] == [0.1, 0.1]
    assert ran.status == 1
    assert ran.err == "a.csv:4: found '1714557630,'; expected a number as its value\n"


def test_a_line_that_cannot_be_read_is_told_and_passed_over(replay: Replay) -> None:
    """With file and line, what was found and what would be right; the rest is played, the status says it."""
    lines = [gauge(one) for one in PLATEAU]
    lines[1:1] = ['{"resourceMetrics": [', "not json", '{"other": 1}', '{"resourceMetrics": [{"scopeMetrics": 5}]}', ""]
    Path("a.jsonl").write_text("\n".join(lines))
    ran = replay("a.jsonl", "--json")
    assert (ran.status, ran.states) == (1, TOLD)
    assert [line.partition(": ")[0] for line in ran.err.splitlines()] == [f"a.jsonl:{n}" for n in (2, 3, 4, 5)]
    assert "$.resourceMetrics[0].scopeMetrics" in ran.err


def test_a_signal_without_a_time_is_told(replay: Replay) -> None:
    """1970 would be the beginning of everything."""
    Path("a.jsonl").write_text('{"resourceLogs":[{"scopeLogs":[{"logRecords":[{}]}]}]}\n')
    ran = replay("a.jsonl", "--json")
    assert (ran.status, ran.err) == (1, "a.jsonl:1: found a log without a time; expected timeUnixNano\n")


def test_many_problems_of_a_file_are_counted(replay: Replay) -> None:
    """Nobody reads ten thousand lines of them."""
    Path("a.jsonl").write_text("{\n" * 10_000)
    ran = replay("a.jsonl", "--json")
    assert ran.status == 1
    assert len(ran.err.splitlines()) == 21
    assert ran.err.splitlines()[-1] == "a.jsonl: 9,980 more of these"


def test_a_damaged_file_counts_until_there(replay: Replay) -> None:
    """A Collector that was killed leaves one."""
    packed = gzip.compress("\n".join(map(gauge, PLATEAU)).encode(), mtime=0)
    Path("a.gz").write_bytes(packed[:-20])
    ran = replay("a.gz", "--json")
    assert ran.status == 1
    assert "a damaged file" in ran.err


def test_empty_files_are_nothing(replay: Replay) -> None:
    """And nothing wrong."""
    Path("a.jsonl").write_bytes(b"\n\n")
    Path("b.gz").write_bytes(gzip.compress(b""))
    assert replay("a.jsonl", "b.gz", "--json") == (0, "", "")


def test_a_csv_without_a_name_for_its_values_is_told(replay: Replay) -> None:
    """And zstd, which is not taken."""
    Path("a.csv").write_text("timestamp,value\n1,2\n")
    ran = replay("a.csv", "--json")
    assert ran.status == 1
    assert "--metric NAME" in ran.err
    Path("a.zst").write_bytes(b"\x28\xb5\x2f\xfd....")
    assert "zstd -dc" in replay("a.zst", "--json").err


def test_a_file_that_is_not_there_is_told_before_anything(replay: Replay) -> None:
    """Status 1."""
    ran = replay("gone.jsonl", "--json")
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.startswith("otel-alerting: gone.jsonl: found no file to read")


@pytest.mark.process
@pytest.mark.parametrize("seed", ["0", "1"])
def test_the_same_files_give_the_same_bytes(replay: Replay, seed: str) -> None:
    """In another process too, whose hashes are others; and from standard input."""
    Path("rules.yaml").write_text(
        "version: 1\ndefaults: {lateness: 0s}\nrules:\n"
        "- {alert: A, metric: cpu, by: series, above: 0.5}\n"
        "- {alert: B, metric: cpu, by: [host], aggregate: max, above: 0.5}\n"
    )
    lines = [gauge(one, host=f"h{index % 7}", zone=f"z{index % 3}") for index, one in enumerate(PLATEAU * 3)]
    Path("a.jsonl").write_text("\n".join(lines))
    here = replay("a.jsonl", "--json", "--values")
    command = ["replay", "--rules", "rules.yaml", "--signals", "-", "--json", "--values"]
    there = subprocess.run(
        [sys.executable, "-m", "otel_alerting", *command],
        input="\n".join(lines), env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert here.out == there.stdout
    assert len(here.lines) > 20


@pytest.mark.process
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of this program alone: Linux says it")
def test_a_long_recording_is_read_in_the_memory_of_a_short_one(tmp_path: Path) -> None:
    """Ten times as many points: nothing is kept but what rules keep."""
    (tmp_path / "rules.yaml").write_text(
        "version: 1\nrules:\n- {alert: High, metric: cpu, aggregate: avg, by: [host], above: 0.999}\n"
    )
    program = (
        "import pathlib, re, sys; from otel_alerting.cli import main; main(sys.argv[1:]);"
        "print(*re.findall(r'VmHWM:\\s+(\\d+)', pathlib.Path('/proc/self/status').read_text()), file=sys.stderr)"
    )
    peaks = []
    for number in (2_000, 20_000):
        lines = (gauge((at, 0.5), (at, 0.4), host=f"h{at % 10}") for at in range(number))
        (tmp_path / "a.jsonl").write_text("\n".join(lines))
        command = [sys.executable, "-c", program, "replay", "--rules", "rules.yaml", "--signals", "a.jsonl", "--json"]
        ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
        peaks.append(int(ran.stderr.split()[-1]))
    assert peaks[1] < peaks[0] * 1.1
