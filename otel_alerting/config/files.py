"""The files that a configuration names: rule files by pattern, tenants by folder."""

from __future__ import annotations

import glob
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias, TypeVar

from otel_alerting.config.read import Reading, attempt
from otel_alerting.config.schema import TenantConfig
from otel_alerting.errors import Problem
from otel_alerting.rules.rule import Rule, RuleFile

T = TypeVar("T")

Origin: TypeAlias = Callable[[str, str], Problem]
"""Makes a problem (found, right) of the place where something was written."""


@dataclass(frozen=True)
class Files:
    """Reads files of an environment and collects their problems."""

    env: Mapping[str, str]
    problems: list[Problem]

    def read(self, path: Path, wanted: type[T], missing: Origin) -> Reading[T] | None:
        """Read one file; None when it cannot be opened, which `missing` tells."""
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            self.problems.append(Problem(_shown(path), "", "bytes that are no UTF-8", "text in UTF-8"))
            return None
        except OSError as error:
            reason = error.strerror or type(error).__name__
            self.problems.append(missing(f"no file to read at {str(path)!r} ({reason})", "a file that can be read"))
            return None
        reading = attempt(text, wanted, _shown(path), env=self.env, folder=path.parent)
        self.problems.extend(reading.problems)
        return reading

    def rules(self, pattern: str, folder: Path, missing: Origin) -> Iterable[tuple[Rule, Origin]]:
        """The rules of all files that a pattern finds, in the order of their names."""
        whole = str(folder / Path(pattern).expanduser())
        paths = sorted(Path(found) for found in glob.glob(whole, recursive=True))  # noqa: PTH207 - Path.glob takes no absolute pattern
        if not paths:
            self.problems.append(missing(f"{pattern!r}, which matches no file", "a file or pattern that finds one"))
        for path in paths:
            reading = self.read(path, RuleFile, missing)
            if reading is not None and reading.value is not None:
                for number, rule in enumerate(reading.value.complete()):
                    yield rule, origin(reading, f"rules[{number}].alert")

    def tenants(self, folder: Path, missing: Origin) -> Iterable[tuple[str, TenantConfig, Reading[TenantConfig]]]:
        """The tenants of a folder: each file is named after its tenant."""
        paths = sorted(one for one in folder.iterdir() if one.suffix in (".yaml", ".yml")) if folder.is_dir() else []
        for path in paths:
            reading = self.read(path, TenantConfig, missing)
            if reading is not None and reading.value is not None:
                yield path.stem, reading.value, reading


def origin(reading: Reading[T], path: str) -> Origin:
    """Problems at a path of a file."""
    return lambda found, right: reading.problem(path, found, right)


def named(where: str, path: str = "") -> Origin:
    """Problems of a variable, a keyword, or a path without a file."""
    return lambda found, right: Problem(where, path, found, right)


def _shown(path: Path) -> str:
    """A path as people find it again: relative to the working directory where it lies inside."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
