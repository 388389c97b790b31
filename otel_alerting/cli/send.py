"""`send` sends one alert through the real configuration and waits until it is there, or says why it is not."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from otel_alerting.cli import surroundings
from otel_alerting.cli.arguments import fact, of
from otel_alerting.cli.check import text_problems
from otel_alerting.config.load import examine, say
from otel_alerting.config.schema import Config
from otel_alerting.config.shapes import choose
from otel_alerting.config.values import duration
from otel_alerting.errors import ConfigurationError, Problem
from otel_alerting.model import Alert, Delivery, Outcome, Severity
from otel_alerting.model.alert import Fact
from otel_alerting.telemetry import Counters

NAME = "send"
HELP = "Send one alert through the real configuration and wait for the answer."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say which arguments it takes."""
    parser.add_argument("message", metavar="MESSAGE", help="what happened")
    parser.add_argument("--level", type=of(Severity.parse), default="warning", help="how bad it is (default: warning)")
    parser.add_argument("--tenant", default="", help="whose it is (default: the configuration's)")
    parser.add_argument(
        "--name", default="", help="the alert's name (default: the template's, else as of a log record)"
    )
    parser.add_argument("--template", default="", help="the template to show it with")
    parser.add_argument(
        "--fact", action="append", type=fact, default=[], metavar="NAME=VALUE", help="something to show"
    )
    parser.add_argument("--timeout", type=of(duration), default="30s", help="how long to wait (default: 30s)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    surroundings.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Send it; 0 only when every place has taken it."""
    config = _config(args)
    if not config.enabled:
        raise ConfigurationError([Problem("the configuration", "enabled", "false", "true, or nothing is ever sent")])
    misuse = list(_misuse(config, args))
    if misuse:
        print("\n".join(map(str, misuse)), file=sys.stderr)
        return 2
    asked = _Asked(
        tenant=args.tenant or config.defaults.tenant,
        name=args.name or args.template or ("LoggedError" if args.level >= Severity.HIGH else "LoggedWarning"),
        template=args.template or "default",
        text=args.message,
        severity=args.level,
        facts=dict(args.fact),
    )
    deliveries = _told(config, asked, args.timeout)
    if args.json:
        print(json.dumps(_report(deliveries), indent=2, ensure_ascii=False))
    else:
        _print(deliveries)
    return 0 if _arrived(deliveries) else 1


def _config(args: argparse.Namespace) -> Config:
    """The configuration; without what is wrong in rules, as a program has it that is to run on.

    Raises:
        ConfigurationError: with all that `check` would say, so that nobody mends it twice.
    """
    around = surroundings.look_around(args.config, args.env_file)
    found = examine(around.file or None, around.env)
    if not found.is_usable:
        raise ConfigurationError(found.in_order(text_problems(found)))
    say(found)
    return found.usable()


def _misuse(config: Config, args: argparse.Namespace) -> Iterator[Problem]:
    """What cannot be sent, or nobody would be told of."""
    if not args.message.strip():
        yield Problem("MESSAGE", "", "nothing", "a few words about what happened")
    default = config.defaults.tenant
    known = set(config.tenants) | ({default} if config.unknown_tenant == "default" else set())
    if config.tenants and (args.tenant or default) not in known:
        found = repr(args.tenant) if args.tenant else f"nothing, and defaults.tenant, {default!r}, is refused"
        yield Problem("--tenant", "", found, choose(args.tenant, known))
    if args.template:
        yield from _unknown_template(config, args)


def _unknown_template(config: Config, args: argparse.Namespace) -> Iterator[Problem]:
    from otel_alerting.render.templates import TemplateEngine

    tenant = config.tenants.get(args.tenant or config.defaults.tenant)
    engine = TemplateEngine(config.templates).beneath(str((tenant and tenant.templates) or ""))
    known = {name for format_ in ("slack", "text") for name in engine.names(format_)}
    if args.template not in known:
        yield Problem("--template", "", repr(args.template), choose(args.template, known))


@dataclass(frozen=True)
class _Asked:
    """The alert as it was asked for."""

    tenant: str
    name: str
    template: str
    text: str
    severity: Severity
    facts: Mapping[str, Fact]

    def alert(self, at: int) -> Alert:
        return Alert(
            tenant=self.tenant,
            name=self.name,
            severity=self.severity,
            started_at=at,
            updated_at=at,
            template=self.template,
            text=self.text,
            facts=self.facts,
        )


def _told(config: Config, asked: _Asked, timeout: int) -> Sequence[Delivery]:
    """What became of it, place by place; where time ran out, with what the other side said meanwhile."""
    from otel_alerting.background import SystemClock
    from otel_alerting.config.build import build
    from otel_alerting.context import quiet

    clock = SystemClock()
    with quiet():
        counters = Counters()
        pipeline = build(config, clock=clock, counters=counters)
        pipeline.accept(asked.alert(clock.now()), clock.now())
        pipeline.flush(clock.now(), clock.monotonic() + timeout)
        pipeline.close()
    tenants = dict.fromkeys((asked.tenant, config.defaults.tenant))  # an unknown tenant's alert is told to the default
    found = [delivery for tenant in tenants for delivery in pipeline.history.deliveries(tenant, 100)]
    return [_explained(delivery, counters) for delivery in found]


def _explained(delivery: Delivery, counters: Counters) -> Delivery:
    if delivery.word != "shutdown":
        return delivery
    asked = [dict(labels) for name, labels in counters.all() if name == "requests"]
    answers = {one["answer"] for one in asked if one["destination"] == delivery.destination}
    why = ", ".join(sorted(answers)) or "no answer"
    return msgspec.structs.replace(delivery, word=f"not within the time given: {why}")


def _arrived(deliveries: Sequence[Delivery]) -> bool:
    return bool(deliveries) and all(delivery.outcome is not Outcome.DROPPED for delivery in deliveries)


def _report(deliveries: Sequence[Delivery]) -> Mapping[str, object]:
    places = [
        {
            "receiver": delivery.receiver,
            "destination": delivery.destination,
            "outcome": delivery.outcome.value,
            "reason": delivery.word,
            "attempts": delivery.attempts,
            "channel": delivery.receipt.channel if delivery.receipt else "",
            "ts": delivery.receipt.ts if delivery.receipt else "",
        }
        for delivery in deliveries
    ]
    return {"delivered": _arrived(deliveries), "deliveries": places}


def _print(deliveries: Sequence[Delivery]) -> None:
    if not deliveries:
        print("not delivered: nobody is told of it (an unknown tenant is refused?)", file=sys.stderr)
    for delivery in deliveries:
        place = f"{delivery.destination or 'nowhere'} (receiver {delivery.receiver!r})"
        tries = f" after {delivery.attempts} attempts" if delivery.attempts > 1 else ""
        if delivery.outcome is Outcome.DROPPED:
            print(f"not delivered to {place}{tries}: {delivery.word}", file=sys.stderr)
            continue
        receipt = delivery.receipt
        where = f": channel {receipt.channel}, message {receipt.ts}" if receipt and receipt.updatable else ""
        print(f"delivered to {place}{tries}{where}")
