"""`preview` shows what a template looks like in Slack, in any language, in the terminal or as a page."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from otel_alerting.cli import surroundings
from otel_alerting.cli.arguments import of
from otel_alerting.config.schema import Config, TenantConfig
from otel_alerting.config.shapes import choose
from otel_alerting.config.values import LocaleName, TimezoneName
from otel_alerting.errors import ConfigurationError, Problem
from otel_alerting.model import Message, Severity
from otel_alerting.model.alert import Fact

NAME = "preview"
HELP = "Show a template as Slack would draw it, in any language."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say which arguments it takes."""
    parser.add_argument("template", metavar="TEMPLATE", help="its name: default, threshold, exception, or your own")
    parser.add_argument("--locale", type=of(LocaleName.parse), help="the language (default: the tenant's)")
    parser.add_argument("--timezone", type=of(TimezoneName.parse), help="the time zone (default: the tenant's)")
    parser.add_argument("--tenant", default="", help="whose templates, language and time zone")
    parser.add_argument("--severity", type=of(Severity.parse), default="high", help="how bad it is (default: high)")
    parser.add_argument("--resolved", action="store_true", help="after it is over")
    parser.add_argument("--data", metavar="FILE", help="the alert's facts, a JSON object; - for standard input")
    parser.add_argument("--html", metavar="FILE", help="write a page in place of drawing in the terminal")
    parser.add_argument("--json", action="store_true", help="print what would be sent to Slack")
    surroundings.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Render it and draw it; 1 when the template fails and the default one had to stand in."""
    config = surroundings.look_around(args.config, args.env_file).load()
    misuse = list(_misuse(config, args))
    if misuse:
        print("\n".join(map(str, misuse)), file=sys.stderr)
        return 2
    reader = _reader(config, args)
    message, failed = _message(config, reader, args)
    payload = _payload(message)
    if args.html:
        _write_page(Path(args.html), payload, message, reader)
        print(f"{args.html}: written", file=sys.stderr if args.json else sys.stdout)
    if args.json:
        print(json.dumps(payload, indent=2, ensure_ascii=False))
    elif not args.html:
        print(_drawn(payload, reader))
    return 1 if failed else 0


@dataclass(frozen=True)
class _Reader:
    """Who is thought to read it."""

    tenant: str
    locale: str
    timezone: str
    templates: str


def _reader(config: Config, args: argparse.Namespace) -> _Reader:
    name = args.tenant or config.defaults.tenant
    tenant = config.tenants.get(name, TenantConfig())
    return _Reader(
        tenant=name,
        locale=args.locale or tenant.locale or config.defaults.locale,
        timezone=args.timezone or tenant.timezone or config.defaults.timezone,
        templates=str(tenant.templates or ""),
    )


def _misuse(config: Config, args: argparse.Namespace) -> Iterator[Problem]:
    """Names that nobody has."""
    from otel_alerting.render.templates import TemplateEngine

    tenants = {*config.tenants, config.defaults.tenant}
    if args.tenant and args.tenant not in tenants:
        yield Problem("--tenant", "", repr(args.tenant), choose(args.tenant, tenants))
    engine = TemplateEngine(config.templates).beneath(_reader(config, args).templates)
    if not engine.has(args.template, "slack"):
        yield Problem("TEMPLATE", "", repr(args.template), choose(args.template, engine.names("slack")))


def _message(config: Config, reader: _Reader, args: argparse.Namespace) -> tuple[Message, bool]:
    from otel_alerting.cli.sample import sample
    from otel_alerting.render.locales import LocaleManager
    from otel_alerting.render.renderer import Links, Renderer
    from otel_alerting.render.templates import TemplateEngine
    from otel_alerting.telemetry import Counters

    counters = Counters()
    notification = sample(
        args.template,
        at=time.time_ns(),
        tenant=reader.tenant,
        severity=args.severity,
        facts=_facts(args.data),
        over=args.resolved,
    )
    locales = LocaleManager(config.locales, default=config.defaults.locale)
    message = Renderer(TemplateEngine(config.templates), locales, counters=counters).render(
        notification,
        format="slack",
        locale=reader.locale,
        timezone=reader.timezone,
        templates=reader.templates,
        links=Links(trace_url=config.trace_url),
    )
    return message, counters.total("templates_failed") > 0


def _payload(message: Message) -> Mapping[str, object]:
    from otel_alerting.notifiers.blockkit import payload

    return payload(message)


def _drawn(payload: Mapping[str, object], reader: _Reader) -> str:
    from otel_alerting.look.terminal import draw_terminal

    width = min(shutil.get_terminal_size().columns, 100)
    color = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    return draw_terminal(payload, width=width, color=color, timezone=reader.timezone, locale=reader.locale).rstrip("\n")


def _write_page(path: Path, payload: Mapping[str, object], message: Message, reader: _Reader) -> None:
    from otel_alerting.look.page import Shown, draw_page

    shown = Shown(channel="#preview", at=message.at, payload=payload, locale=reader.locale, timezone=reader.timezone)
    try:
        path.write_text(draw_page([shown], title=f"Preview: {message.title[:60]}"), "utf-8")
    except OSError as error:
        raise _wrong(
            "--html", f"no place to write {str(path)!r} ({error.strerror})", "a file that can be written"
        ) from None


def _facts(file: str | None) -> Mapping[str, Fact] | None:
    if file is None:
        return None
    try:
        said = json.loads(sys.stdin.read() if file == "-" else Path(file).read_text("utf-8"))
    except OSError as error:
        found = f"no file to read at {file!r} ({error.strerror or type(error).__name__})"
        raise _wrong("--data", found, "a file with a JSON object") from None
    except ValueError as error:
        raise _wrong("--data", f"no JSON in {file!r} ({error})", "a file with a JSON object") from None
    if not isinstance(said, dict):
        raise _wrong("--data", f"JSON in {file!r} that is no object", 'an object, as {"drift_score": 0.85}')
    plain = (str, int, float, bool, type(None))
    return {name: value if isinstance(value, plain) else json.dumps(value) for name, value in said.items()}


def _wrong(where: str, found: str, right: str) -> ConfigurationError:
    return ConfigurationError([Problem(where, "", found, right)])
