"""The configuration as users write it: every key of `alerting.yaml`, its type, default and meaning.

These Structs are what the reader reads and what `otel-alerting schema` prints. Files that a key names (`rule_files`,
`tenants_dir`, `*_file`) are read by `load`; what one Struct cannot see of another is checked in `cross_check`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

from otel_alerting.config.secret import Secret
from otel_alerting.config.values import (
    Folder,
    HttpUrl,
    LocaleName,
    Pattern,
    StoreUrl,
    TimezoneName,
    TraceUrl,
    is_url,
)
from otel_alerting.dispatch.inhibition import InhibitRule
from otel_alerting.dispatch.intervals import NamedInterval
from otel_alerting.dispatch.route import Route
from otel_alerting.model.duration import MINUTE, SECOND, Duration
from otel_alerting.model.severity import Severity
from otel_alerting.rules.rule import Rule

Found: TypeAlias = Iterable[tuple[str, str, str]]
"""Problems: path relative to the Struct, what was found, what would be right."""

SLACK_API = HttpUrl("https://slack.com/api/")
CHANNEL = 'a channel\'s name or id without blanks, as "#ops"'


class SlackConfig(msgspec.Struct, frozen=True, kw_only=True):
    """One place in Slack: an incoming webhook, or a bot token and a channel."""

    webhook_url: Secret | None = None
    """Incoming webhook. Knows its channel; messages cannot be changed afterwards. A secret."""
    webhook_url_file: Path | None = None
    """A file with the webhook's URL, as Docker and Kubernetes mount secrets."""
    token: Secret | None = None
    """Bot token (`xoxb-…`, scope chat:write). Messages are updated in place. A secret."""
    token_file: Path | None = None
    """A file with the bot token."""
    channel: str = ""
    """Channel name or id; needed with a token. With a webhook it only names the destination."""
    api_url: HttpUrl = SLACK_API
    """Base of Slack's Web API; for proxies and simulators."""
    timeout: Annotated[Duration, Meta(gt=0)] = Duration(5 * SECOND)
    """For one request, connecting and answering."""

    def problems(self) -> Found:
        """Exactly one way to Slack, and a whole one."""
        if self.webhook_url is not None and self.token is not None:
            yield "token", "a webhook and a token", "one of the two"
        if self.webhook_url is None and self.token is None:
            yield "", "neither a webhook nor a token", "one of webhook_url, webhook_url_file, token, token_file"
        if self.token is not None and not self.channel:
            yield "channel", "a token without a channel", 'the channel to post to, as "#ops"'
        if any(map(str.isspace, self.channel)):
            yield "channel", repr(self.channel), CHANNEL
        if self.webhook_url is not None and not is_url(self.webhook_url.reveal()):
            yield "webhook_url", "a value that is not shown", "a URL that begins with https://"


class ConsoleConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The terminal the program runs in: the real stderr."""


class Receiver(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who is told, at all of its places. Without any place it means nobody."""

    name: Annotated[str, Meta(min_length=1)]
    """By which routes and tenants know it."""
    slack_configs: tuple[SlackConfig, ...] = ()
    """Places in Slack."""
    console_configs: tuple[ConsoleConfig, ...] = ()
    """`[{}]` for the terminal."""
    locale: LocaleName = LocaleName("")
    """Its language, as `fr-FR`; else the tenant's."""
    timezone: TimezoneName = TimezoneName("")
    """Its time zone, as `Europe/Paris`; else the tenant's."""


ROOT = Route(
    group_by=("alertname", "service.name"),
    group_wait=Duration(5 * SECOND),
    group_interval=Duration(MINUTE),
    repeat_interval=Duration(4 * 60 * MINUTE),
)
"""What a root route says where the file does not."""


CONSOLE = Receiver(name="console", console_configs=(ConsoleConfig(),))
"""Who is told when nobody is configured: whoever looks at the terminal."""


class TenantConfig(msgspec.Struct, frozen=True, kw_only=True):
    """One customer: whom to tell, and in which words."""

    locale: LocaleName = LocaleName("")
    """Their language, as `fr-FR`; else the default."""
    timezone: TimezoneName = TimezoneName("")
    """Their time zone, as `Europe/Paris`; else the default."""
    receiver: str = ""
    """Who is told at the root of the routes; else the route's receiver."""
    route: Route | None = None
    """Routes of their own, in place of those of the file."""
    templates: Folder | None = None
    """A folder of templates that come before all others."""


class Defaults(msgspec.Struct, frozen=True, kw_only=True):
    """What holds where nobody says otherwise."""

    locale: LocaleName = LocaleName("en")
    """The language of messages."""
    timezone: TimezoneName = TimezoneName("UTC")
    """The time zone of times in messages."""
    tenant: Annotated[str, Meta(min_length=1)] = "default"
    """Whose a signal is that names no tenant."""


class BuiltinRulesConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The rules that are there without any: LoggedWarning, LoggedError, UnhandledException, SpanFailed."""

    enabled: bool = True
    """Alert on logged warnings and errors, exceptions, failed spans."""
    level: Severity = Severity.WARNING
    """Log records below it are not alerts."""
    quiet: Annotated[Duration, Meta(gt=0)] = Duration(5 * MINUTE)
    """An alert is over after this long without another."""
    burst: Annotated[int, Meta(ge=1)] = 100
    """This many within `burst_window` are one severity worse."""
    burst_window: Annotated[Duration, Meta(gt=0)] = Duration(MINUTE)
    """The time in which a burst is counted."""


class SendingQueue(msgspec.Struct, frozen=True, kw_only=True):
    """What waits to be sent, as in the OpenTelemetry Collector."""

    queue_size: Annotated[int, Meta(ge=1)] = 10_000
    """Notifications; more are dropped, counted and told."""


class RetryOnFailure(msgspec.Struct, frozen=True, kw_only=True):
    """Trying again, as in the OpenTelemetry Collector."""

    enabled: bool = True
    """Try again when something could not be delivered."""
    initial_interval: Annotated[Duration, Meta(gt=0)] = Duration(SECOND)
    """Up to this long before the second try."""
    multiplier: Annotated[float, Meta(ge=1)] = 1.5
    """By which the interval grows."""
    max_interval: Annotated[Duration, Meta(gt=0)] = Duration(30 * SECOND)
    """It grows no further than this."""
    max_elapsed_time: Annotated[Duration, Meta(ge=0)] = Duration(15 * MINUTE)
    """Then the message is dropped; 0 for never."""

    def problems(self) -> Found:
        """The first interval is the shortest."""
        if self.max_interval < self.initial_interval:
            yield "max_interval", str(self.max_interval), f"at least initial_interval, {self.initial_interval}"


class RedactConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What is taken out of every message besides the built-in keys and patterns (passwords, tokens, cards, …)."""

    keys: tuple[str, ...] = ()
    """Names whose values are never shown; part of a name is enough."""
    patterns: tuple[Pattern, ...] = ()
    """Regular expressions for values that are never shown."""


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that can be said about alerting, in one file."""

    version: Literal[1] = 1
    """The version of this format."""
    enabled: bool = True
    """`false` turns everything off: nothing is seen, nothing is sent."""
    store: StoreUrl = StoreUrl("auto")
    """Where state rests. This version keeps it in memory: `auto` or `memory:`."""
    defaults: Defaults = Defaults()
    """What holds where nobody says otherwise."""
    tenants: Mapping[str, TenantConfig] = {}
    """Customers by name."""
    tenants_dir: Folder | None = None
    """A folder with one file a tenant, `acme.yaml`, written as under `tenants`."""
    unknown_tenant: Literal["default", "refuse"] = "default"
    """A signal of a tenant that is not configured: to the default tenant, marked, or not told."""
    receivers: tuple[Receiver, ...] = ()
    """Who can be told; without any, the terminal."""
    route: Route = ROOT
    """Who is told what; without one, the only receiver."""
    inhibit_rules: tuple[InhibitRule, ...] = ()
    """Which alerts keep which others quiet while they fire, within each tenant."""
    time_intervals: tuple[NamedInterval, ...] = ()
    """Parts of the calendar, by the names under which routes and silences use them."""
    mute_time_intervals: tuple[NamedInterval, ...] = ()
    """Older place for `time_intervals`; both count."""
    rule_files: tuple[str, ...] = ()
    """Files with rules; `*` and `**` are understood; relative to this file."""
    rules: tuple[Rule, ...] = ()
    """Rules, besides those in files."""
    builtin_rules: BuiltinRulesConfig = BuiltinRulesConfig()
    """The rules that are there without any."""
    sending_queue: SendingQueue = SendingQueue()
    """What waits to be sent."""
    retry_on_failure: RetryOnFailure = RetryOnFailure()
    """Trying again."""
    templates: tuple[Folder, ...] = ()
    """Folders with `<format>/<name>.j2` that come before the built-in ones."""
    locales: Folder | None = None
    """A folder with `<language>/LC_MESSAGES/otel_alerting.po` of your own: languages, or other words for some."""
    trace_url: TraceUrl = TraceUrl("")
    """Where a trace can be seen, as `https://tempo.example/trace/{trace_id}`."""
    shutdown_timeout: Annotated[Duration, Meta(ge=0)] = Duration(3 * SECOND)
    """How long the program's end waits for what is still to be sent."""
    redact: RedactConfig = RedactConfig()
    """What is never shown."""

    def __post_init__(self) -> None:
        """What nobody said is filled in, so that every Config can work: who is told, and how the root route groups."""
        receivers = self.receivers or (CONSOLE,)
        msgspec.structs.force_setattr(self, "receivers", receivers)
        msgspec.structs.force_setattr(self, "route", _root(self.route, receivers))

    def receiver(self, name: str) -> Receiver | None:
        """The receiver of a name."""
        return next((one for one in self.receivers if one.name == name), None)

    @property
    def intervals(self) -> tuple[NamedInterval, ...]:
        """All named time intervals."""
        return (*self.time_intervals, *self.mute_time_intervals)

    def tree(self, tenant: str) -> Route | None:
        """A tenant's own routes, with what nobody said filled in; None for a tenant on the routes of all."""
        said = self.tenants[tenant]
        if said.route is None:
            return None
        receiver = said.route.receiver or said.receiver or self.route.receiver
        return _root(msgspec.structs.replace(said.route, receiver=receiver), self.receivers)


def _root(route: Route, receivers: tuple[Receiver, ...]) -> Route:
    return msgspec.structs.replace(
        route,
        receiver=route.receiver or (receivers[0].name if len(receivers) == 1 else ""),
        group_by=ROOT.group_by if route.group_by is None else route.group_by,
        group_wait=ROOT.group_wait if route.group_wait is None else route.group_wait,
        group_interval=ROOT.group_interval if route.group_interval is None else route.group_interval,
        repeat_interval=ROOT.repeat_interval if route.repeat_interval is None else route.repeat_interval,
    )
