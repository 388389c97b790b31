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
from otel_alerting.config.doubts import Doubts
from otel_alerting.config.fitting import BAD
from otel_alerting.config.paths import Place
from otel_alerting.config.walk import Walk
from otel_alerting.errors import ConfigurationError, Problem

T = TypeVar("T")

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
    mended = value if value is not BAD else walk.mended.get("")
    return Reading(
        where=where,
        root=root,
        value=cast("T", value) if good else None,
        mended=cast("T | None", mended),
        problems=in_order(walk.problems),
        doubts=Doubts((*(problem.path for problem in walk.problems), *walk.meant)),
    )


@dataclass(frozen=True)
class Reading(Generic[T]):
    """What came of a text: a value, or problems; and where everything stands."""

    where: str
    root: Node | None
    value: T | None
    mended: T | None
    """The value, or as much of it as could be read; None when that is nothing."""
    problems: tuple[Problem, ...]
    doubts: Doubts
    """Where the mended value is not what was meant."""

    def required(self) -> T:
        """The value.

        Raises:
            ConfigurationError: with the problems, when there are any.
        """
        if self.value is None or self.problems:
            raise ConfigurationError(self.problems)
        return self.value


def in_order(problems: Iterable[Problem], files: Iterable[str] = ()) -> tuple[Problem, ...]:
    """Problems file by file as these are given and then first come up, each file's by line, each problem once."""
    each = [(place_of(problem), problem) for problem in dict.fromkeys(problems)]
    order = {file: number for number, file in enumerate(dict.fromkeys((*files, *(file for (file, _), _ in each))))}
    return tuple(problem for _, problem in sorted(each, key=lambda one: (order[one[0][0]], one[0][1])))


def place_of(problem: Problem) -> tuple[str, int]:
    """File (variable, keyword) and line; line 0 for none."""
    file, _, line = problem.where.rpartition(":")
    return (file, int(line)) if line.isdigit() else (problem.where, 0)
