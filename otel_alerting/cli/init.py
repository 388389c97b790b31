"""`init` writes a first configuration after a few questions, and nothing that is there already."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from getpass import getpass
from pathlib import Path

from otel_alerting.cli import starter
from otel_alerting.cli.starter import Answers
from otel_alerting.config.schema import CHANNEL
from otel_alerting.config.values import LocaleName, TimezoneName, is_url
from otel_alerting.errors import ConfigurationError, Problem

NAME = "init"
HELP = "Write a first alerting.yaml, .env and rules/ after a few questions."
_NO_TERMINAL = """\
otel-alerting init asks where alerts go, and there is no terminal to ask in. Answer with an option:
  --webhook-url URL                to Slack, by an incoming webhook
  --token TOKEN --channel CHANNEL  to Slack, by a bot
  --yes                            to the terminal, until you say otherwise"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say which arguments it takes."""
    parser.add_argument("dir", nargs="?", default=".", metavar="DIR", help="where to write (default: here)")
    parser.add_argument("--webhook-url", default="", metavar="URL", help="Slack's incoming webhook")
    parser.add_argument("--token", default="", help="Slack's bot token; with --channel")
    parser.add_argument("--channel", default="", help='the channel, as "#ops"')
    parser.add_argument("--tenant", default="", help="a first tenant")
    parser.add_argument("--locale", default="", help="the language of messages (default: en)")
    parser.add_argument("--timezone", default="", help="the time zone of messages (default: UTC)")
    parser.add_argument("--yes", action="store_true", help="ask nothing, take the defaults")
    parser.add_argument("--force", action="store_true", help="overwrite what is there")


def run(args: argparse.Namespace) -> int:
    """Ask, write, and say what to do next."""
    given = Answers(args.webhook_url, args.token, args.channel, args.tenant, args.locale, args.timezone)
    asks = not args.yes and sys.stdin.isatty()
    if not (asks or args.yes or given.webhook_url or given.token):
        print(_NO_TERMINAL, file=sys.stderr)
        return 2
    answers = _complete(_asked(given) if asks else given)
    problems = list(_problems(answers))
    if problems:
        print("\n".join(map(str, problems)), file=sys.stderr)
        return 2
    folder = Path(args.dir)
    files = {
        folder / "alerting.yaml": starter.configuration(answers),
        folder / ".env": starter.variables(answers, folder / "alerting.yaml"),
        folder / "rules" / "requests.yaml": starter.RULES,
    }
    there = [path for path in files if path.exists()]
    if there and not args.force:
        raise _wrong(str(there[0]), "a file that is there already", "another DIR, or --force to overwrite it")
    for path, text in files.items():
        _write(path, text)
        print(f"wrote {path}")
    _say_what_is_next(folder, answers)
    return 0


def _asked(given: Answers) -> Answers:
    """The questions, for what no option has answered."""
    webhook, token, channel = given.webhook_url, given.token, given.channel
    if not (webhook or token):
        secret = _ask_secret("Slack webhook URL or bot token (empty: print alerts in the terminal)")
        webhook, token = (secret, "") if secret.startswith("http") else ("", secret)
    if token and not channel:
        channel = _ask("Channel", "#ops")
    return Answers(
        webhook,
        token,
        channel,
        given.tenant or _ask("First tenant (empty: none)", ""),
        given.locale or _ask("Language of messages", "en"),
        given.timezone or _ask("Time zone of messages", "UTC"),
    )


def _complete(answers: Answers) -> Answers:
    """The answers with the defaults put in."""
    return Answers(
        answers.webhook_url.strip(),
        answers.token.strip(),
        answers.channel.strip(),
        answers.tenant.strip(),
        answers.locale.strip() or "en",
        answers.timezone.strip() or "UTC",
    )


def _problems(answers: Answers) -> Iterator[Problem]:
    """Every answer that cannot be; secrets are not shown."""
    if answers.webhook_url and answers.token:
        yield Problem("--token", "", "a webhook and a token", "one of the two")
    if answers.webhook_url and not is_url(answers.webhook_url):
        yield Problem("--webhook-url", "", "a value that is not shown", "a URL that begins with https://")
    if answers.token and not answers.channel:
        yield Problem("--channel", "", "a token without a channel", 'the channel to post to, as "#ops"')
    if any(map(str.isspace, answers.channel)):
        yield Problem("--channel", "", repr(answers.channel), CHANNEL)
    for name, value in (("--webhook-url", answers.webhook_url), ("--token", answers.token)):
        if any(char.isspace() or char in "'\"" for char in value):
            yield Problem(name, "", "a value with blanks or quotes", "the value as Slack shows it")
    yield from _unreadable("--locale", LocaleName.parse, answers.locale)
    yield from _unreadable("--timezone", TimezoneName.parse, answers.timezone)


def _unreadable(option: str, parse: Callable[[str], object], said: str) -> Iterator[Problem]:
    try:
        parse(said)
    except ValueError as error:
        yield Problem(option, "", repr(said), str(error))


def _ask(question: str, default: str) -> str:
    shown = f" [{default}]" if default else ""
    return input(f"{question}{shown}: ").strip() or default


def _ask_secret(question: str) -> str:
    return getpass(f"{question}: ").strip()


def _write(path: Path, text: str) -> None:
    """Write a file; one with secrets so that nobody else can read it, from its first byte on."""
    mode = 0o600 if path.name == ".env" else 0o644
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="utf-8") as file:  # noqa: PTH123
            if mode == 0o600:
                path.chmod(mode)  # O_CREAT's mode does not touch a file that was there
            file.write(text)
    except OSError as error:
        raise _wrong(str(path), f"no place to write ({error.strerror})", "a folder that can be written to") from None


def _say_what_is_next(folder: Path, answers: Answers) -> None:
    file = folder / "alerting.yaml"
    print(f"\nCheck it:   otel-alerting check {file}")
    print(f'Try it:     otel-alerting send --config {file} "Hello from otel-alerting"')
    print(f"Use it:     set -a; . {folder / '.env'}; set +a; then start your program")
    if answers.webhook_url or answers.token:
        print(f"Keep {folder / '.env'} out of version control: it holds the secret.")


def _wrong(where: str, found: str, right: str) -> ConfigurationError:
    return ConfigurationError([Problem(where, "", found, right)])
