"""Settings are what environment variables and keyword arguments say, without a file or on top of one.

A variable `OTEL_ALERTING_SLACK_CHANNEL` and a keyword `slack_channel` are the same setting; the keyword wins. As
everywhere in OpenTelemetry an empty variable is one that is not set, and a boolean is `true` or `false` in any case.
Problems show their values, but for the webhook and the token.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar, cast

import msgspec

from otel_alerting.config.schema import CHANNEL, SLACK_API, Config, Receiver, SlackConfig
from otel_alerting.config.secret import Secret
from otel_alerting.config.sentence import expected, quoted
from otel_alerting.config.shapes import choose, close
from otel_alerting.config.unread import UNREAD, told
from otel_alerting.config.values import HttpUrl, LocaleName, StoreUrl, TimezoneName
from otel_alerting.errors import Problem
from otel_alerting.model.severity import Severity

PREFIX = "OTEL_ALERTING_"
NAMES: Mapping[str, str] = {
    "config": "The file to read, `alerting.yaml`.",
    "enabled": "`false` turns everything off.",
    "flush_on_sigterm": "`false` leaves SIGTERM alone in programs that `opentelemetry-instrument` runs.",
    "slack_webhook_url": "An incoming webhook: makes the receiver `slack`. A secret.",
    "slack_token": "A bot token: makes the receiver `slack`; needs a channel. A secret.",
    "slack_channel": "The channel to post to, as `#ops`.",
    "slack_api_url": "Base of Slack's Web API; for proxies and simulators.",
    "tenant": "Whose a signal is that names no tenant.",
    "locale": "The language of messages.",
    "timezone": "The time zone of times in messages.",
    "level": "Log records below it are not alerts.",
    "store": "Where state rests: `auto` or `memory:`.",
    "rules": "Files with rules, separated by commas; `*` is understood.",
}
"""Every setting and its meaning: the keyword, which in upper case behind the prefix is the variable."""

_PROCESS_ONLY = frozenset({"enabled", "flush_on_sigterm"})
"""Of the whole process; one handler or exporter cannot say it."""
_SECRET = frozenset({"slack_webhook_url", "slack_token"})
_NEEDED = _SECRET | {"slack_api_url"}
"""Without these nobody would be told, or somebody else."""

T = TypeVar("T")
S = TypeVar("S", bound=msgspec.Struct)


@dataclass
class Settings:
    """The settings that were said, each with where; problems are collected while they are applied."""

    values: Mapping[str, str]
    wheres: Mapping[str, str]
    """The variable's or keyword's name, for problems."""
    problems: list[Problem] = field(default_factory=list)
    slips: list[Problem] = field(default_factory=list)
    """Problems of a setting that a program can do without, so that it need not lose its receivers over it."""

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def value(self, name: str) -> str:
        """The value; empty when nobody said it."""
        return self.values.get(name, "")

    def wrong(self, name: str, right: str, found: str = "") -> Problem:
        """A problem of a setting; a secret is not shown."""
        shown = "a value that is not shown" if name in _SECRET else quoted(self.value(name))
        return Problem(self.wheres.get(name, variable(name)), "", found or shown, right)

    def applied(self, config: Config, *, whole: bool = True) -> Config:
        """The configuration with everything these settings say but the files: those are read elsewhere.

        Without `whole` not all receivers could be read, and that one is missing proves nothing.
        """
        return self._with_slack(self._with_values(config), whole)

    def _with_values(self, config: Config) -> Config:
        level, store, enabled = self._read("level", _level), self._read("store", StoreUrl.parse), self._flag("enabled")
        self._flag("flush_on_sigterm")  # whoever runs the program has read it already; here it is only checked
        if level is not None:
            config = replace(config, builtin_rules=replace(config.builtin_rules, level=level))
        if store is not None:
            config = replace(config, store=store)
        if enabled is not None:
            config = replace(config, enabled=enabled)
        said = {
            "tenant": self._read("tenant", str),
            "locale": self._read("locale", LocaleName.parse),
            "timezone": self._read("timezone", TimezoneName.parse),
        }
        changes = {name: value for name, value in said.items() if value is not None}
        return replace(config, defaults=replace(config.defaults, **changes))

    def _read(self, name: str, parse: Callable[[str], T]) -> T | None:
        """A setting's value; None when it is not said or wrong, which is told."""
        if name not in self:
            return None
        said = self.value(name)
        try:
            return parse(said)
        except ValueError as error:
            right = expected(Severity if parse is _level else None, said, error)
            (self.problems if name in _NEEDED else self.slips).append(self.wrong(name, right))
        return None

    def _flag(self, name: str) -> bool | None:
        said = self.value(name).lower()
        if said in ("", "true", "false"):
            return said == "true" if said else None
        self.slips.append(self.wrong(name, "true or false"))
        return None

    def _with_slack(self, config: Config, whole: bool) -> Config:
        """A webhook or token makes the receiver `slack` and leads the root route there.

        A channel or API base alone changes every Slack receiver of the file: to try a configuration out elsewhere.
        """
        if "slack_webhook_url" in self or "slack_token" in self:
            others = tuple(one for one in config.receivers if one.name != "slack")
            receiver = Receiver(name="slack", slack_configs=self._slack())
            return replace(config, receivers=(*others, receiver), route=replace(config.route, receiver="slack"))
        said = {"channel": self._read("slack_channel", _channel), "api_url": self._read("slack_api_url", HttpUrl.parse)}
        changes = {name: value for name, value in said.items() if value is not None}
        if not changes:
            return config
        if not any(one.slack_configs for one in config.receivers):
            for name in changes if whole else ():
                right = f"{variable('slack_token')} or {variable('slack_webhook_url')} beside it"
                self.slips.append(self.wrong(f"slack_{name}", right, "nothing to use it with"))
            return config
        return replace(config, receivers=tuple(_changed(one, changes) for one in config.receivers))

    def _slack(self) -> tuple[SlackConfig, ...]:
        """The place in Slack that the settings describe; none where they do not."""
        before = len(self.problems)
        made = SlackConfig(
            webhook_url=self._secret("slack_webhook_url"),
            token=self._secret("slack_token"),
            channel=self.value("slack_channel"),
            api_url=self._read("slack_api_url", HttpUrl.parse) or SLACK_API,
        )
        for path, found, right in told(made.problems):
            self._say_of_slack(path, found, right)
        return (made,) if len(self.problems) == before else ()

    def _secret(self, name: str) -> Secret | None:
        """A secret; its stand-in where it is wrong."""
        made = self._read(name, Secret.parse)
        return cast("Secret", UNREAD) if made is None and name in self else made

    def _say_of_slack(self, path: str, found: str, right: str) -> None:
        if path == "channel":
            self.problems.append(self.wrong("slack_channel", right, found))
        elif path == "token":
            names = f"{self.wheres['slack_webhook_url']} and {self.wheres['slack_token']}"
            self.problems.append(self.wrong("slack_token", right, names))
        elif f"slack_{path}" in self:
            self.problems.append(self.wrong(f"slack_{path}", right))


def collect(env: Mapping[str, str], overrides: Mapping[str, str]) -> Settings:
    """The settings of an environment and of keyword arguments, which win."""
    values: dict[str, str] = {}
    wheres: dict[str, str] = {}
    for name in NAMES:
        said = env.get(variable(name), "").strip()
        if said:
            values[name], wheres[name] = said, variable(name)
    unknown: list[Problem] = []
    keywords = {name: str(value) for name, value in overrides.items() if value not in (None, "")}
    if keywords.keys() & _SECRET:
        for name in _SECRET:  # one way to Slack: the keyword's, whatever the variables say
            values.pop(name, None)
    for name, value in keywords.items():
        if name in NAMES and name not in _PROCESS_ONLY:
            values[name], wheres[name] = value.strip(), f"{name}="
        else:
            unknown.append(Problem(f"{name}=", "", "an unknown keyword", choose(name, NAMES.keys() - _PROCESS_ONLY)))
    return Settings(values, wheres, slips=unknown)


def _changed(receiver: Receiver, changes: Mapping[str, str]) -> Receiver:
    return replace(receiver, slack_configs=tuple(replace(one, **changes) for one in receiver.slack_configs))


def _channel(said: str) -> str:
    if any(map(str.isspace, said)):
        raise ValueError(CHANNEL)
    return said


def _level(said: str) -> Severity:
    """A severity's name, or a number of `logging` (30 is warning), as handlers take it."""
    return Severity.of_level(int(said)) if said.isdecimal() else Severity.parse(said)


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return PREFIX + name.upper()


class Variables(Mapping[str, str]):
    """An environment that remembers what it was asked for."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env
        self._asked: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self._asked.add(name)
        return self._env[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._env)

    def __len__(self) -> int:
        return len(self._env)

    def unasked(self) -> Iterator[str]:
        """What to say about each variable with our prefix that nothing asked for, neither we nor a `${env:…}`."""
        known = [variable(name) for name in NAMES]
        for name in sorted(self._env):
            if name.startswith(PREFIX) and name not in self._asked and self._env[name].strip():
                meant = close(name, known)
                yield f"the variable {name} means nothing; " + (
                    f"did you mean {meant[0]}?" if meant else f"there are {', '.join(known)}"
                )


def replace(struct: S, **changes: object) -> S:
    """The same with some fields changed."""
    return msgspec.structs.replace(struct, **changes)
