"""The files that a configuration names: rule files by pattern, tenants by folder."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from otel_alerting.config.cross_check import rule_misfits
from otel_alerting.config.read import Reading, attempt
from otel_alerting.config.schema import TenantConfig
from otel_alerting.config.spot import Spot
from otel_alerting.errors import Problem
from otel_alerting.rules.rule import Rule, RuleFile

T = TypeVar("T")


@dataclass
class Files:
    """Reads files of an environment and collects their problems."""

    env: Mapping[str, str]
    problems: list[Problem] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    """The files, in the order in which they were read."""
    of_rules: set[str] = field(default_factory=set)
    """Those of them that are rule files."""
    of_tenants: dict[str, str] = field(default_factory=dict)
    """Those that are one tenant's, by name."""

    def read(self, path: Path, wanted: type[T], missing: Spot) -> Reading[T] | None:
        """Read one file; None when it cannot be opened, which is a problem of whoever names it."""
        shown = shown_path(path)
        self.names.append(shown)
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            self.problems.append(Problem(shown, "", "bytes that are no UTF-8", "text in UTF-8"))
            return None
        except OSError as error:
            found = f"no file to read at {str(path)!r} ({error.strerror or type(error).__name__})"
            self.problems.append(missing.misfit(found, "a file that can be read"))
            return None
        reading = attempt(text, wanted, shown, env=self.env, folder=path.parent)
        self.problems.extend(reading.problems)
        return reading

    def rules(self, pattern: str, folder: Path, missing: Spot) -> Iterator[list[tuple[Rule, Spot]]]:
        """The rules of each file that a pattern finds, in the order of the files' names."""
        whole = str(folder / Path(pattern).expanduser())
        paths = sorted(Path(found) for found in glob.glob(whole, recursive=True))  # noqa: PTH207 - Path.glob takes no absolute pattern
        if not paths:
            found = f"{pattern!r}, which matches no file"
            self.problems.append(missing.misfit(found, "a path or pattern that finds a file"))
        for path in paths:
            self.of_rules.add(shown_path(path))
            reading = self.read(path, RuleFile, missing)
            if reading is not None and reading.mended is not None:
                top = Spot.of(reading)
                self.problems.extend(rule_misfits(reading.mended, top))
                rules = reading.mended.complete()
                yield [(rule, top.down(f"rules[{number}]")) for number, rule in enumerate(rules)]

    def tenants(self, folder: Path) -> Iterator[tuple[str, TenantConfig, Spot]]:
        """The tenants of a folder: each file is named after its tenant, who is known also when it cannot be read."""
        paths = sorted(one for one in folder.iterdir() if one.suffix in (".yaml", ".yml")) if folder.is_dir() else []
        for path in paths:
            self.of_tenants[shown_path(path)] = path.stem
            here = Spot(shown_path(path))
            reading = self.read(path, TenantConfig, here)
            mended = reading.mended if reading is not None else None
            yield path.stem, mended or TenantConfig(), Spot.of(reading) if reading is not None else here


def shown_path(path: Path) -> str:
    """A path as people find it again: relative to the working directory where it lies inside."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
