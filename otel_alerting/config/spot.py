"""A spot is where something was written, so that what is found out about it later is told with its file and line."""

from __future__ import annotations

from dataclasses import dataclass, replace

from otel_alerting.config import document
from otel_alerting.config.doubts import NONE, Doubts
from otel_alerting.config.paths import joined
from otel_alerting.config.read import Reading, T
from otel_alerting.errors import Problem


@dataclass(frozen=True)
class Spot:
    """A path in a file; or a variable or keyword, which has no lines."""

    name: str
    """The file's, variable's or keyword's."""
    path: str = ""
    root: document.Node | None = None
    doubts: Doubts = NONE

    @classmethod
    def of(cls, reading: Reading[T]) -> Spot:
        """The top of a file."""
        return cls(reading.where, "", reading.root, Doubts([""]) if reading.mended is None else reading.doubts)

    def down(self, path: str) -> Spot:
        """A spot further down."""
        return replace(self, path=joined(self.path, path))

    def top(self, path: str) -> Spot:
        """Another one in the same file."""
        return replace(self, path=path)

    @property
    def where(self) -> str:
        """File and line."""
        return self.name if self.root is None else f"{self.name}:{document.locate(self.root, self.path)[0]}"

    @property
    def is_written(self) -> bool:
        """Does a single value stand here, and not only where it would stand?"""
        return self.root is not None and isinstance(document.locate(self.root, self.path)[1], document.Scalar)

    @property
    def is_sound(self) -> bool:
        """Was everything that stands here read as it was meant?"""
        return not self.doubts.within(self.path)

    @property
    def is_lost(self) -> bool:
        """Is what stands here, as a whole, not what was meant?"""
        return self.doubts.at(self.path)

    def misfit(self, found: str, right: str) -> Problem:
        """A problem here; what came from the environment is not shown."""
        if self.root is not None:
            found, right = document.unseen(document.locate(self.root, self.path)[1], found, right)
        return Problem(self.where, self.path, found, right)

    def note(self, words: str) -> str:
        """Something to say about it that is no problem."""
        return f"{self.where}: {self.path}: {words}" if self.path else f"{self.where}: {words}"


NOWHERE = Spot("the configuration")
"""Where nothing was written, and nothing is wrong."""
LOST = Spot("the configuration", doubts=Doubts([""]))
"""A file of which nothing could be read."""
