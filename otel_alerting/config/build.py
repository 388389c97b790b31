"""Building turns a configuration into a pipeline: this is the one place that names every implementation."""

from __future__ import annotations

import importlib
import os
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from otel_alerting.config.schema import Config, RetryOnFailure, SlackConfig
from otel_alerting.config.schema import Receiver as ReceiverConfig
from otel_alerting.delivery.courier import Courier
from otel_alerting.delivery.retry import Retry
from otel_alerting.dispatch.dispatcher import Dispatcher
from otel_alerting.dispatch.history import History
from otel_alerting.errors import Problem
from otel_alerting.model import Alert, Attributes, Delivery, Message, Notification, Receipt, Severity, Tenant
from otel_alerting.model.duration import HOUR
from otel_alerting.notifiers.console import Console
from otel_alerting.notifiers.slack import Slack
from otel_alerting.pipeline import Pipeline, Receiver
from otel_alerting.ports import Clock, Notifier
from otel_alerting.render.locales import LocaleManager
from otel_alerting.render.redact import Redactor
from otel_alerting.render.renderer import Links, Renderer
from otel_alerting.render.templates import TemplateEngine
from otel_alerting.rules.builtin import BuiltinRules
from otel_alerting.rules.ruleset import RuleSet
from otel_alerting.stores.memory import MemoryStore
from otel_alerting.telemetry import Counters


def build(
    config: Config,
    *,
    clock: Clock,
    counters: Counters,
    ring: Callable[[], None] | None = None,
    threads: bool = True,
) -> Pipeline:
    """A pipeline that does what a configuration says.

    Args:
        config: checked; see `config.load`.
        clock: for everything.
        counters: get everything that is counted.
        ring: called when a delivery was settled and waits to be taken in.
        threads: let the courier's own threads deliver; without, whoever calls `courier.step` does.
    """
    _warm(config)
    redactor = Redactor(config.redact.patterns, config.redact.keys)
    tenants = {name: _tenant(name, config) for name in config.tenants}
    if tenants and config.unknown_tenant == "default":
        tenants.setdefault(config.defaults.tenant, Tenant(name=config.defaults.tenant))  # whoever names none is known
    receivers = {receiver.name: _receiver(receiver, counters) for receiver in config.receivers}
    told: deque[Delivery] = deque()

    def settled(delivery: Delivery) -> None:
        told.append(delivery)
        if ring is not None:
            ring()

    courier = Courier(
        render=_words(config, receivers, tenants, redactor, counters),
        told=settled,
        clock=clock,
        retry=_retry(config.retry_on_failure),
        queue_size=config.sending_queue.queue_size,
        counters=counters,
    )
    if threads:
        courier.start()
    return Pipeline(
        ruleset=ruleset(config, clock.now()),
        dispatcher=Dispatcher(
            route=config.route,
            tenants=tenants,
            routes={name: tree for name in config.tenants if (tree := config.tree(name)) is not None},
            inhibit_rules=config.inhibit_rules,
            time_intervals=config.intervals,
            unknown_tenant=config.unknown_tenant,
            default_tenant=config.defaults.tenant,
            counters=counters,
        ),
        courier=courier,
        told=told,
        receivers=receivers,
        history=History(MemoryStore(clock)),
        clock=clock,
        counters=counters,
        redact=redactor.redact_alert,
        default_tenant=config.defaults.tenant,
        resource=_fallback_resource(),
    )


def ruleset(config: Config, now: int) -> RuleSet:
    """The rules of a configuration, and those that are built in."""
    redactor = Redactor(config.redact.patterns, config.redact.keys)
    return RuleSet(config.rules, builtin=_builtin(config, redactor), started_at=now, tenant=config.defaults.tenant)


def broken(config: Config, problems: Sequence[Problem], now: int) -> Alert:
    """What the default tenant is told when a program runs without some of its rules: stderr is read by nobody."""
    more = f"\n… and {len(problems) - _TOLD} more" if len(problems) > _TOLD else ""
    return Alert(
        tenant=config.defaults.tenant,
        name="RulesLeftOut",
        labels={"service.name": str(_fallback_resource()["service.name"])},
        severity=Severity.HIGH,
        started_at=now,
        updated_at=now,
        expires_at=now + HOUR,
        count=len(problems),
        text="\n".join(map(str, problems[:_TOLD])) + more,
    )


_TOLD = 5
"""Mistakes that a message quotes."""


def _warm(config: Config) -> None:
    """Import what the first message would import: a thread that imports is what a fork has to wait for."""
    modules = ["opentelemetry.baggage", "opentelemetry.trace", "otel_alerting.handlers.resource"]
    if any(receiver.slack_configs for receiver in config.receivers):
        modules += ["httpx", "httpcore", "certifi"]
    for name in modules:
        importlib.import_module(name)


def _words(
    config: Config,
    receivers: Mapping[str, Receiver],
    tenants: Mapping[str, Tenant],
    redactor: Redactor,
    counters: Counters,
) -> Callable[[Notification, Notifier, Receipt | None], Message]:
    """How the courier gets a message. Language and time zone: the receiver's, else the tenant's, else the default."""
    locales = LocaleManager(config.locales, default=config.defaults.locale)
    renderer = Renderer(TemplateEngine(config.templates), locales, redact=redactor, counters=counters)
    links = Links(trace_url=config.trace_url)
    nobody = Tenant(name="")

    def render(notification: Notification, notifier: Notifier, previous: Receipt | None) -> Message:
        receiver = receivers[notification.receiver]
        tenant = tenants.get(notification.tenant, nobody)
        return renderer.render(
            notification,
            format=notifier.format,
            locale=receiver.locale or tenant.locale or config.defaults.locale,
            timezone=receiver.timezone or tenant.timezone or config.defaults.timezone,
            previous=previous,
            links=links,
            templates=tenant.templates,
        )

    return render


def _tenant(name: str, config: Config) -> Tenant:
    said = config.tenants[name]
    return Tenant(
        name=name,
        receiver=said.receiver,
        locale=said.locale,
        timezone=said.timezone,
        templates=str(said.templates or ""),
    )


def _receiver(said: ReceiverConfig, counters: Counters) -> Receiver:
    notifiers: list[Notifier] = [_slack(place, counters) for place in said.slack_configs]
    notifiers += [Console() for _ in said.console_configs]
    return Receiver(name=said.name, notifiers=tuple(notifiers), locale=said.locale, timezone=said.timezone)


def _slack(said: SlackConfig, counters: Counters) -> Slack:
    return Slack(
        webhook_url=said.webhook_url.reveal() if said.webhook_url else "",
        token=said.token.reveal() if said.token else "",
        channel=said.channel,
        api_url=said.api_url,
        timeout=said.timeout,
        counters=counters,
    )


def _retry(said: RetryOnFailure) -> Retry:
    return Retry(
        enabled=said.enabled,
        initial_interval=said.initial_interval,
        multiplier=said.multiplier,
        max_interval=said.max_interval,
        max_elapsed_time=said.max_elapsed_time,
    )


def _builtin(config: Config, redactor: Redactor) -> BuiltinRules | None:
    said = config.builtin_rules
    if not said.enabled:
        return None
    return BuiltinRules(
        said.level,
        quiet=said.quiet,
        burst=said.burst,
        burst_window=said.burst_window,
        redact=redactor.redact_text,
    )


def _fallback_resource() -> Attributes:
    """Who we are when no provider and no variable says it: the program's name, as OpenTelemetry's `unknown_service`."""
    program = Path(sys.argv[0] if sys.argv and sys.argv[0] else sys.executable).stem
    return {"service.name": os.environ.get("OTEL_SERVICE_NAME") or program or "python"}
