"""Loading puts a configuration together: the file, the files it names, environment variables, keyword arguments.

What wins: a keyword argument, then an environment variable, then the file, then the default. Precisely:

- `tenant`, `locale`, `timezone`, `level`, `store`, `enabled` replace what the file says.
- A webhook or token makes the receiver `slack`, or replaces the file's, and the root route leads there; branches of
  the route and tenants with receivers of their own keep them.
- A channel or API base without those changes every Slack receiver of the file.
- `rules` adds rule files to the file's; its patterns start from the working directory.
- Without any receiver, and where a route or tenant names `console` and nobody describes it, it is the terminal.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from otel_alerting.config import settings
from otel_alerting.config.cross_check import cross_check, receivers_named
from otel_alerting.config.document import step
from otel_alerting.config.files import Files, Origin, named, origin
from otel_alerting.config.read import Reading, in_order
from otel_alerting.config.schema import CONSOLE, Config, TenantConfig
from otel_alerting.config.settings import Settings, replace
from otel_alerting.errors import ConfigurationError
from otel_alerting.rules.rule import Rule, RuleFile

_NOTHING: Mapping[str, str] = {}


def load(
    path: str | None = None, env: Mapping[str, str] | None = None, overrides: Mapping[str, str] = _NOTHING
) -> Config:
    """Load the configuration.

    Args:
        path: the file; by default the one that the keyword `config` or `OTEL_ALERTING_CONFIG` names, or none.
        env: environment variables; by default the process's.
        overrides: keyword arguments of a handler or exporter, by the names in `settings.NAMES`.

    Raises:
        ConfigurationError: with all problems of all files, variables and keywords.
    """
    env = os.environ if env is None else env
    said = settings.collect(env, overrides)
    loading = _Loading(Files(env, []), said)
    config = loading.run(path or said.value("config"), path or said.wheres.get("config", ""))
    problems = in_order((*loading.files.problems, *said.problems))
    if problems:
        raise ConfigurationError(problems)
    return config


@dataclass
class _Loading:
    """One loading; problems gather in `files` and `said`, and what can still be checked is checked."""

    files: Files
    said: Settings
    reading: Reading[Config] | None = None
    folder: Path = field(default_factory=Path.cwd)
    """Where the file's relative patterns start."""
    tenant_files: dict[str, Reading[TenantConfig]] = field(default_factory=dict)
    """By the path that the tenant would have in the main file."""

    def run(self, path: str, where: str) -> Config:
        if path:
            file = Path(path).expanduser().absolute()
            self.folder = file.parent
            self.reading = self.files.read(file, Config, named(where))
        broken = bool(path) and (self.reading is None or self.reading.value is None)
        written = self._named_files() if broken else self._written()
        config = replace(written, rules=self._rules(written), tenants=self._tenants(written))
        config = _with_console(self.said.applied(config, whole=not broken))
        if not broken:
            self._check(config)
        return config

    def _written(self) -> Config:
        return self.reading.value if self.reading and self.reading.value else Config()

    def _named_files(self) -> Config:
        """Of a broken file, so much that the files it names can be checked with it."""
        if self.reading is None:
            return Config()
        return Config(
            rule_files=self.reading.part("rule_files", tuple[str, ...]) or (),
            tenants_dir=self.reading.part("tenants_dir", Path),
        )

    def _rules(self, config: Config) -> tuple[Rule, ...]:
        rules = list(config.rules)
        seen = {rule.alert for rule in rules}
        for rule, place in self._rules_of_files(config):
            if rule.alert in seen:
                self.files.problems.append(place(f"a second rule {rule.alert!r}", "a name that no other rule has"))
            seen.add(rule.alert)
            rules.append(rule)
        return tuple(rules)

    def _rules_of_files(self, config: Config) -> Iterator[tuple[Rule, Origin]]:
        for number, pattern in enumerate(config.rule_files):
            yield from self.files.rules(pattern, self.folder, self._place(f"rule_files[{number}]"))
        for pattern in filter(None, map(str.strip, self.said.value("rules").split(","))):
            yield from self.files.rules(pattern, Path.cwd(), named(self.said.wheres["rules"]))

    def _tenants(self, config: Config) -> Mapping[str, TenantConfig]:
        tenants = dict(config.tenants)
        folder = config.tenants_dir
        for name, tenant, reading in self.files.tenants(folder, self._place("tenants_dir")) if folder else ():
            if name in tenants:
                self.files.problems.append(reading.problem("", f"a second tenant {name!r}", "a name of its own"))
            self.tenant_files[step("tenants", name)] = reading
            tenants[name] = tenant
        return tenants

    def _place(self, path: str) -> Origin:
        return origin(self.reading, path) if self.reading else named("the configuration", path)

    def _check(self, config: Config) -> None:
        inline = RuleFile(version=1, rules=self._written().rules)
        for path, found, right in (*inline.problems(), *cross_check(config)):
            self.files.problems.append(self._owner(path)(found, right))

    def _owner(self, path: str) -> Origin:
        """Problems of a tenant that has a file of its own stand there, all others in the main file."""
        start, _, rest = path.rpartition(".")
        file = self.tenant_files.get(start)
        return origin(file, rest) if file else self._place(path)


def _with_console(config: Config) -> Config:
    """The terminal is a receiver where somebody names it, and only there."""
    names = {name for _, name in receivers_named(config)}
    others = tuple(one for one in config.receivers if one is not CONSOLE)
    if CONSOLE.name not in names or any(one.name == CONSOLE.name for one in others):
        return replace(config, receivers=others)
    return replace(config, receivers=(*others, CONSOLE))
