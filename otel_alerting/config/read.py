"""Reading makes typed values of a YAML text, or says everything that is wrong with it.

The types are msgspec Structs, lists, mappings, literals, unions, and types with a `parse` classmethod; a Struct may
have `problems()` for what its types cannot say. Nothing stops at the first problem.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar, cast

from otel_alerting.config import document
from otel_alerting.config.document import Node
from otel_alerting.config.walk import BAD, Place, Walk, unseen
from otel_alerting.errors import ConfigurationError, Problem

T = TypeVar("T")
S = TypeVar("S")

_NOTHING: Mapping[str, str] = {}


def read(text: str, wanted: type[T], where: str, *, env: Mapping[str, str] = _NOTHING, folder: Path | None = None) -> T:
    """Read a YAML text as a value of a type.

    Args:
        text: the whole text.
        wanted: the type, usually a Struct.
        where: the text's name in problems, as `alerting.yaml`.
        env: variables for `${env:NAME}`.
        folder: what relative paths in the text start from; the working directory by default.

    Raises:
        ConfigurationError: with all problems, in the order of the text.
    """
    return attempt(text, wanted, where, env=env, folder=folder).required()


def attempt(
    text: str, wanted: type[T], where: str, *, env: Mapping[str, str] = _NOTHING, folder: Path | None = None
) -> Reading[T]:
    """The same, for callers that have more problems to collect."""
    root, problems = document.parse(text, where, env)
    walk = Walk(where, folder or Path.cwd())
    walk.problems.extend(problems)
    value = BAD if root is None else walk.value(root, wanted, Place("", root.line))
    good = value is not BAD and not walk.problems
    return Reading(
        where=where,
        folder=walk.folder,
        root=root,
        value=cast("T", value) if good else None,
        problems=in_order(walk.problems),
    )


@dataclass(frozen=True)
class Reading(Generic[T]):
    """What came of a text: a value, or problems; and where everything stands."""

    where: str
    folder: Path
    root: Node | None
    value: T | None
    problems: tuple[Problem, ...]

    def required(self) -> T:
        """The value.

        Raises:
            ConfigurationError: with the problems, when there are any.
        """
        if self.value is None or self.problems:
            raise ConfigurationError(self.problems)
        return self.value

    def part(self, path: str, wanted: type[S]) -> S | None:
        """One part, where the whole has problems; None when it is not there or has some itself."""
        if self.root is None:
            return None
        line, node = document.locate(self.root, path)
        if node is self.root:
            return None
        walk = Walk(self.where, self.folder)
        value = walk.value(node, wanted, Place(path, line))
        return None if walk.problems or value is BAD else cast("S", value)

    def problem(self, path: str, found: str, right: str) -> Problem:
        """A problem found later, with the line of its path; what came from the environment is not shown."""
        if self.root is None:
            return Problem(self.where, path, found, right)
        line, node = document.locate(self.root, path)
        return Problem(f"{self.where}:{line}", path, *unseen(node, found, right))


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Problems file by file as the files first come up, each file's by line, each problem once."""
    each = list(dict.fromkeys(problems))
    files = list(dict.fromkeys(_place_of(problem)[0] for problem in each))
    return tuple(sorted(each, key=lambda problem: (files.index(_place_of(problem)[0]), _place_of(problem)[1])))


def _place_of(problem: Problem) -> tuple[str, int]:
    file, _, line = problem.where.rpartition(":")
    return (file, int(line)) if line.isdigit() else (problem.where, 0)
