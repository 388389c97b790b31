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
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from otel_alerting.config import settings
from otel_alerting.config.cross_check import cross_check, receivers_named, repeated, rule_misfits
from otel_alerting.config.files import Files
from otel_alerting.config.leaving_out import Cost, Remote, without
from otel_alerting.config.paths import step
from otel_alerting.config.read import in_order
from otel_alerting.config.schema import CONSOLE, Config, TenantConfig
from otel_alerting.config.settings import Settings, Variables, replace
from otel_alerting.config.spot import LOST, NOWHERE, Spot
from otel_alerting.errors import ConfigurationError, Problem
from otel_alerting.rules.rule import Rule, RuleFile
from otel_alerting.telemetry import complain

_NOTHING: Mapping[str, str] = {}


def load(
    path: str | None = None, env: Mapping[str, str] | None = None, overrides: Mapping[str, str] = _NOTHING
) -> Config:
    """Load the configuration, whole or not at all; `examine(…).usable()` does without rules that have mistakes.

    A setting that it can do without, and a variable that means nothing, cost a line on stderr and nothing else.

    Args:
        path: the file; by default the one that the keyword `config` or `OTEL_ALERTING_CONFIG` names, or none.
        env: environment variables; by default the process's.
        overrides: keyword arguments of a handler or exporter, by the names in `settings.NAMES`.

    Raises:
        ConfigurationError: with all problems of all files, and of the variables and keywords that it cannot do without.
    """
    found = examine(path, env, overrides)
    if found.faults:
        raise ConfigurationError(found.faults)
    say(found)
    return found.config


def say(found: Examined) -> None:
    """Say on stderr what a program can do without."""
    for slip in found.slips:
        complain(f"configuration: {slip}; this setting is left out")
    for note in found.variables:
        complain(f"configuration: {note}")
    words = {cost.fault: cost.words for cost in found.costs} if found.is_usable else {}
    for fault in found.faults:
        complain(f"configuration: {fault}" + (f"; {words[fault]} left out" if fault in words else ""))


def examine(
    path: str | None = None, env: Mapping[str, str] | None = None, overrides: Mapping[str, str] = _NOTHING
) -> Examined:
    """The same, for those who want to know everything: nothing is raised, and nothing said."""
    variables = Variables(os.environ if env is None else env)
    said = settings.collect(variables, overrides)
    loading = _Loading(Files(variables), said)
    config = loading.run(path or said.value("config"), Spot(path or said.wheres.get("config", "")))
    faults = in_order((*loading.files.problems, *said.problems), loading.files.names)
    return Examined(
        config=config,
        faults=faults,
        costs=tuple(filter(None, map(loading.remote().cost, faults))),
        slips=tuple(said.slips),
        variables=tuple(variables.unasked()),
        files=tuple(loading.files.names),
        rules=tuple(loading.rules),
        tenants=loading.tenants,
        main=loading.main,
    )


@dataclass(frozen=True)
class Examined:
    """A configuration, or as much of it as could be read, and everything that is wrong with it."""

    config: Config
    faults: tuple[Problem, ...]
    """What has to be mended."""
    costs: tuple[Cost, ...]
    """What those of them cost that cost a rule or a tenant; for any other, nothing of it is used."""
    slips: tuple[Problem, ...]
    """Settings that are wrong by themselves, and left out."""
    variables: tuple[str, ...]
    """What to say about variables that mean nothing."""
    files: tuple[str, ...]
    """The files, in the order in which they were read."""
    rules: tuple[Spot, ...]
    """Where each rule of the configuration was written."""
    tenants: Mapping[str, Spot]
    """Where the tenants with files of their own were written, by the path that they would have in the main file."""
    main: Spot
    """The main file."""

    def spot(self, path: str) -> Spot:
        """Where a path of the configuration was written, in whichever file."""
        return spot_of(path, self.main, self.tenants)

    @property
    def is_usable(self) -> bool:
        """Do all faults cost no more than a rule or a tenant?"""
        return len(self.costs) == len(self.faults)

    def usable(self) -> Config:
        """The configuration without the rules and tenants that have faults.

        Raises:
            ConfigurationError: with all faults, where one is of more than a rule or a tenant.
        """
        if not self.is_usable:
            raise ConfigurationError(self.faults)
        return without(self.config, self.costs, self.rules)

    def in_order(self, more: Iterable[Problem] = ()) -> tuple[Problem, ...]:
        """All problems, with others that were found later, in the order of the files."""
        return in_order((*self.faults, *more, *self.slips), self.files)


def spot_of(path: str, main: Spot, tenants: Mapping[str, Spot]) -> Spot:
    """Where a path was written: in the file of the tenant that it is about, else in the main file."""
    above, _, key = path.rpartition(".")
    if path in tenants:
        return tenants[path]
    return tenants[above].down(key) if above in tenants else main.top(path)


@dataclass
class _Loading:
    """One loading; problems gather in `files` and `said`, and what can still be checked is checked."""

    files: Files
    said: Settings
    main: Spot = NOWHERE
    folder: Path = field(default_factory=Path.cwd)
    """Where the file's relative patterns start."""
    rules: list[Spot] = field(default_factory=list)
    tenants: dict[str, Spot] = field(default_factory=dict)

    def run(self, path: str, missing: Spot) -> Config:
        written = self._main(path, missing) if path else Config()
        rules = tuple(self._rules(written))
        config = replace(written, rules=rules, tenants=self._tenants(written))
        config = _with_console(self.said.applied(config, whole=self.main.top("receivers").is_sound))
        self.files.problems.extend(cross_check(config, self._spot))
        return config

    def remote(self) -> Remote:
        """Whose mistakes cost no more than a rule or a tenant."""
        return Remote(self.main.name, self.files.of_rules, self.files.of_tenants, self.said.wheres.get("rules", ""))

    def _main(self, path: str, missing: Spot) -> Config:
        """The main file, or as much of it as could be read."""
        file = Path(path).expanduser().absolute()
        self.folder = file.parent
        reading = self.files.read(file, Config, missing)
        self.main = LOST if reading is None else Spot.of(reading)
        return (reading.mended if reading is not None else None) or Config()

    def _rules(self, config: Config) -> Iterator[Rule]:
        seen: dict[str, Spot] = {}
        own = [(rule, self.main.top(f"rules[{number}]")) for number, rule in enumerate(config.rules)]
        self.files.problems.extend(rule_misfits(RuleFile(version=1, rules=config.rules), self.main))
        for rules in (own, *self._rule_files(config)):
            self.files.problems.extend(repeated(rules, seen))
            for rule, spot in rules:
                if rule.alert:
                    seen.setdefault(rule.alert, spot.down("alert"))
                self.rules.append(spot)
                yield rule

    def _rule_files(self, config: Config) -> Iterator[list[tuple[Rule, Spot]]]:
        for number, pattern in enumerate(config.rule_files):
            yield from self.files.rules(pattern, self.folder, self.main.top(f"rule_files[{number}]"))
        for pattern in filter(None, map(str.strip, self.said.value("rules").split(","))):
            yield from self.files.rules(pattern, Path.cwd(), Spot(self.said.wheres["rules"]))

    def _tenants(self, config: Config) -> Mapping[str, TenantConfig]:
        tenants = dict(config.tenants)
        folder = config.tenants_dir
        for name, tenant, spot in self.files.tenants(folder) if folder else ():
            path = step("tenants", name)
            if name in tenants:
                found = f"a second tenant {name!r}, which {self._spot(path).where} has already"
                self.files.problems.append(spot.misfit(found, "a tenant of its own"))
                self.files.of_tenants[spot.name] = ""  # what is wrong in it does not cost the first one
                continue
            self.tenants[path] = spot
            tenants[name] = tenant
        return tenants

    def _spot(self, path: str) -> Spot:
        return spot_of(path, self.main, self.tenants)


def _with_console(config: Config) -> Config:
    """The terminal is a receiver where somebody names it, and only there."""
    names = {name for _, name in receivers_named(config)}
    others = tuple(one for one in config.receivers if one is not CONSOLE)
    if CONSOLE.name not in names or any(one.name == CONSOLE.name for one in others):
        return replace(config, receivers=others)
    return replace(config, receivers=(*others, CONSOLE))
