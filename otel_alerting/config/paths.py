"""A path leads to a place in a text: `receivers[0].name`; keys that are not plain words stand in brackets."""

from __future__ import annotations

import re
from dataclasses import dataclass

_HEAD = re.compile(r'\["[^"]*"\]|[^.\[]*')


@dataclass(frozen=True)
class Place:
    """Where somebody stands in a text: the key's path and its line."""

    path: str
    line: int

    def down(self, key: str | int, line: int) -> Place:
        """One step further down."""
        return Place(step(self.path, key), line)


def step(path: str, key: str | int) -> str:
    """One step further down."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    if not re.fullmatch(r"[\w-]+", key):
        return f'{path}["{key}"]'
    return f"{path}.{key}" if path else key


def joined(path: str, below: str) -> str:
    """Several steps further down."""
    return path + below if below.startswith("[") or not (path and below) else f"{path}.{below}"


def head(path: str) -> str:
    """The first step."""
    found = _HEAD.match(path)
    return found[0] if found else ""
