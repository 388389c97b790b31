"""The command line: help, misuse, schema, check, init and preview."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import stat
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from cli_terminal import Run

from otel_alerting import __version__
from otel_alerting.cli import found
from otel_alerting.cli.starter import Answers, configuration
from otel_alerting.cli.surroundings import dotenv, look_around
from otel_alerting.config.read import read
from otel_alerting.config.schema import Config

WEBHOOK = "https://hooks.slack.com/services/T0/B0/secretpath"


def test_every_module_with_a_name_is_a_command() -> None:
    """A new file is a new command; nobody edits a list."""
    names = {command.NAME for command in found()}
    assert {"check", "init", "preview", "schema", "send"} <= names
    assert all(command.HELP.endswith(".") for command in found())


def test_misuse_is_status_2_and_says_so_on_stderr(run: Run) -> None:
    """Unknown commands, unknown options, values that cannot be read."""
    for arguments in ([], ["nonsense"], ["check", "--nonsense"], ["send", "x", "--level", "loud"]):
        ran = run(*arguments)
        assert (ran.status, ran.out) == (2, "")
        assert ran.err.startswith("usage: otel-alerting")


def test_the_version_is_told(run: Run) -> None:
    """On standard output."""
    assert run("--version").out == f"otel-alerting {__version__}\n"


@pytest.mark.process
def test_python_dash_m_is_the_same_command() -> None:
    """For those whose PATH does not have it."""
    ran = subprocess.run(
        [sys.executable, "-m", "otel_alerting", "--version"], capture_output=True, text=True, check=True, timeout=60
    )
    assert ran.stdout == f"otel-alerting {__version__}\n"


@pytest.mark.process
def test_a_reader_who_leaves_early_is_no_error() -> None:
    """`otel-alerting schema | head -1`."""
    ran = subprocess.run(
        [f"{sys.executable} -m otel_alerting schema | head -1"],
        shell=True,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (ran.stdout, ran.stderr) == ("{\n", "")


@pytest.mark.parametrize("option", [[], ["--rules"]])
def test_schema_prints_a_schema(run: Run, option: list[str]) -> None:
    """For editors: `# yaml-language-server: $schema=…`."""
    schema = json.loads(run("schema", *option).out)
    jsonschema.Draft202012Validator.check_schema(schema)


ANSWERS = [
    [],
    ["--webhook-url", WEBHOOK],
    ["--webhook-url", WEBHOOK, "--channel", "#a:{b}", "--locale", "fr-CA"],
    ["--token", "xoxb-1-2", "--channel", '#o"ps', "--tenant", "acme: x", "--timezone", "Europe/Paris"],
    ["--tenant", "no"],
]


@pytest.mark.parametrize("answers", ANSWERS)
def test_what_init_writes_passes_check(run: Run, answers: list[str]) -> None:
    """Whatever was answered; secrets stand in `.env` alone, which nobody else can read."""
    assert run("init", "new", "--yes", *answers).status == 0
    checked = run("check", "new/alerting.yaml")
    assert checked.status == 0, checked.err
    env = Path("new/.env")
    assert stat.S_IMODE(env.stat().st_mode) == 0o600
    others = Path("new/alerting.yaml").read_text() + Path("new/rules/requests.yaml").read_text()
    assert "secretpath" not in others
    assert "xoxb-1-2" not in others


def test_init_overwrites_nothing_without_force(run: Run) -> None:
    """Not one file of several."""
    Path(".env").write_text("MINE=1\n")
    Path(".env").chmod(0o644)
    ran = run("init", "--yes")
    assert ran.status == 1
    assert "--force" in ran.err
    assert not Path("alerting.yaml").exists()
    assert run("init", "--yes", "--force").status == 0
    assert stat.S_IMODE(Path(".env").stat().st_mode) == 0o600


def test_init_without_a_terminal_says_what_it_needs(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is written on a guess; an option that answers the question is enough."""
    monkeypatch.setattr("sys.stdin", io.StringIO())
    ran = run("init", "new")
    assert ran.status == 2
    assert [option for option in ("--webhook-url", "--token", "--channel", "--yes") if option not in ran.err] == []
    assert not Path("new").exists()
    assert run("init", "new", "--webhook-url", WEBHOOK).status == 0


def test_init_refuses_answers_that_cannot_be(run: Run) -> None:
    """All at once, without showing a secret."""
    ran = run("init", "--yes", "--webhook-url", "hunter2", "--token", "x y", "--locale", "zz", "--timezone", "Mars")
    assert ran.status == 2
    assert [line.split(":")[0] for line in ran.err.splitlines()] == [
        "--token", "--webhook-url", "--channel", "--token", "--locale", "--timezone",
    ]  # fmt: skip
    assert "hunter2" not in ran.err
    assert not Path("alerting.yaml").exists()


def test_what_is_commented_out_works_when_the_hash_is_taken_away() -> None:
    """The starter's comments are configuration too."""
    text = configuration(Answers()).replace("# templates:", "# (a folder)")
    taken, count = re.subn(r"(?m)^( *)# ((?:  )?(?:- )?(?:\w+:|\{).*)$", r"\1\2", text)
    made = read(taken, Config, "a.yaml", env={"SLACK_WEBHOOK_URL": WEBHOOK, "SLACK_BOT_TOKEN": "x"})
    assert count == 11
    assert made.tenants["acme"].locale == "fr-FR"
    assert len(made.receivers[0].slack_configs) == 2
    assert len(made.route.routes) == 1
    assert made.trace_url
    assert made.redact.keys == ("iban",)


def test_the_env_file_beside_the_configuration_is_read(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the process's variables win."""
    folder = Path("conf")
    folder.mkdir()
    (folder / ".env").write_text("A=file\nB='it is # here'\n")
    monkeypatch.chdir(folder)
    around = look_around("alerting.yaml", None, {"A": "process"})
    assert (around.env["A"], around.env["B"]) == ("process", "it is # here")
    assert look_around(None, None, {}).file == ""
    assert run("check", "--env-file", "gone").err.startswith("otel-alerting: gone: found no file to read")


def test_dotenv_is_read_as_shells_and_docker_write_it() -> None:
    """Quotes, comments, export."""
    text = '# no\nA=1\nexport B="x\\ny\\"z"\nC=\'a$b\' # c\nD=a#b # c\nE=\nF\n G = x \n'
    assert dict(dotenv(text)) == {"A": "1", "B": 'x\ny"z', "C": "a$b", "D": "a#b", "E": "", "G": "x"}


def test_preview_draws_in_the_terminal(run: Run) -> None:
    """Without colours where nobody looks at a terminal."""
    ran = run("preview", "default")
    assert ran.status == 0
    assert "Payment provider" in ran.out
    assert "\x1b" not in ran.out


def test_preview_speaks_the_tenants_language(run: Run) -> None:
    """And the one that is asked for."""
    Path("alerting.yaml").write_text("tenants: {acme: {locale: fr}}\n")
    english, french = run("preview", "default").out, run("preview", "default", "--tenant", "acme").out
    assert run("preview", "default", "--locale", "fr", "--tenant", "acme").out == french != english


def test_preview_takes_the_users_template_and_data(run: Run) -> None:
    """To write a template and look at it."""
    Path("mine/slack").mkdir(parents=True)
    Path("mine/slack/own.j2").write_text("{% extends 'default.j2' %}{% block title %}Score {{ score }}{% endblock %}")
    Path("alerting.yaml").write_text("templates: [mine]\n")
    Path("data.json").write_text('{"score": 0.5}')
    ran = run("preview", "own", "--data", "data.json", "--json")
    assert "Score 0.5" in json.dumps(json.loads(ran.out))


def test_preview_writes_a_page(run: Run) -> None:
    """One file that needs nothing else."""
    assert run("preview", "default", "--html", "page.html", "--resolved").status == 0
    assert Path("page.html").read_text("utf-8").lower().lstrip().startswith("<!doctype html>")


def test_preview_of_a_broken_template_fails(run: Run) -> None:
    """The default one stands in, and the status says so."""
    Path("mine/slack").mkdir(parents=True)
    Path("mine/slack/own.j2").write_text("{% block title %}{{ 1 / 0 }}{% endblock %}")
    Path("alerting.yaml").write_text("templates: [mine]\n")
    assert run("preview", "own").status == 1


def test_preview_writes_a_page_and_prints_the_payload(run: Run) -> None:
    """Whoever asks for both gets both, and nothing but JSON on stdout."""
    ran = run("preview", "default", "--html", "p.html", "--json")
    assert json.loads(ran.out)["blocks"] or json.loads(ran.out)["attachments"]
    assert "<html" in Path("p.html").read_text("utf-8")
    assert "p.html: written" in ran.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["preview", "default", "--locale", "zz"], "--locale: found 'zz'; expected a language"),
        (["send", "x", "--fact", "y"], "--fact: found 'y'; expected NAME=VALUE"),
    ],
)
def test_what_an_option_cannot_be_is_told_with_what_it_can(run: Run, arguments: list[str], said: str) -> None:
    """As every other problem."""
    assert said in run(*arguments).err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["preview", "default", "--data", "gone"],
            "--data: found no file to read at 'gone' (No such file or directory)",
        ),
        (["preview", "default", "--html", "no/where"], "--html: found no place to write 'no/where'"),
    ],
)
def test_preview_says_what_is_missing(run: Run, arguments: list[str], said: str) -> None:
    """In words, without a traceback."""
    ran = run(*arguments)
    assert ran.status == 1
    assert said in ran.err


def test_preview_says_which_names_nobody_has(run: Run) -> None:
    """All of them, as misuse."""
    ran = run("preview", "defualt", "--tenant", "x")
    tenant, template = ran.err.splitlines()
    assert ran.status == 2
    assert tenant == "--tenant: found 'x'; expected default"
    assert template.startswith("TEMPLATE: found 'defualt'; expected one of ")
    assert template.endswith("(did you mean 'default'?)")


@pytest.mark.process
def test_init_asks_on_a_terminal_and_hides_the_secret(tmp_path: Path) -> None:
    """Each question once, an empty answer takes the default, the webhook is not echoed."""
    command = [sys.executable, "-m", "otel_alerting", "init", "new"]
    said = answered(command, tmp_path, [WEBHOOK, "acme", "fr-FR", ""])
    assert "secretpath" not in said
    assert WEBHOOK in (tmp_path / "new/.env").read_text()
    text = (tmp_path / "new/alerting.yaml").read_text()
    assert '"acme": {}' in text
    assert 'locale: "fr-FR"' in text
    assert 'timezone: "UTC"' in text


def answered(command: list[str], folder: Path, answers: list[str]) -> str:
    """Run a command on a terminal of its own, answer each question, and give all that was on the screen."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        os.execv(command[0], command)
    screen, left = b"", list(answers)
    while True:
        try:
            seen = os.read(terminal, 1024)
        except OSError:  # Linux says so when the child has closed its side
            break
        if not seen:
            break
        screen += seen
        if left and screen.rstrip(b" ").endswith(b":") and b"\n" not in seen[-2:]:
            os.write(terminal, left.pop(0).encode() + b"\n")
    os.waitpid(child, 0)
    os.close(terminal)
    return screen.decode()
