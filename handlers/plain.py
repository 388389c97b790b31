"""Plain data is what a signal may carry: text, numbers, truth values, None, and lists and mappings of them.

Programs attach anything to their records and spans. Here it becomes plain, on the reader's thread, bounded in depth,
length and number, whatever `str()` of somebody else's object does.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from itertools import islice

_LENGTH = 8_192
"""Characters of one text: longer ones are cut, and say so."""
_DEPTH = 5
_PLACED = frozenset(("event", "exc_info", "exception", "level", "log_level", "logger", "timestamp"))
_LEAST, _GREATEST = -(2**63), 2**64 - 1
"""What a codec can write as a number; beyond, it is text."""
_MEMBERS = 128
"""Members of one list or mapping, as OpenTelemetry's own limit for attributes."""


def plain(value: object, depth: int = _DEPTH) -> object:
    """The same value as plain data; does not raise."""
    if value is None or type(value) in (bool, float):
        return value
    if type(value) is int:
        return value if _LEAST <= value <= _GREATEST else text(value)
    if type(value) is str:
        return _cut(value)
    if depth == 0:
        return text(value)
    try:
        return _container(value, depth)
    except Exception:  # noqa: BLE001 - a container may be written to by another thread, or do anything when asked
        return text(value)


def attributes_of(values: Mapping[str, object]) -> dict[str, object]:
    """A mapping of attributes as plain data; does not raise."""
    return {text(name): plain(value) for name, value in islice(values.items(), _MEMBERS)}


def attributes_of_event(event: Mapping[str, object]) -> dict[str, object]:
    """The attributes of a structlog event: all but what a signal has a place of its own for."""
    return attributes_of({name: value for name, value in event.items() if name not in _PLACED and name[:1] != "_"})


def text(value: object) -> str:
    """`str()` that does not raise, without a lone surrogate in it, at most 8,192 characters long."""
    try:
        return _cut(str(value))
    except Exception as error:  # noqa: BLE001 - somebody else's __str__
        return f"<{type(value).__name__}: str() raised {type(error).__name__}>"


def _container(value: object, depth: int) -> object:
    if isinstance(value, int | float):  # IntEnum, numpy.float64 and other subclasses
        return float(value) if isinstance(value, float) else plain(int(value))
    if isinstance(value, Mapping):
        return {text(name): plain(member, depth - 1) for name, member in islice(value.items(), _MEMBERS)}
    if isinstance(value, list | tuple | Set):
        return [plain(member, depth - 1) for member in islice(value, _MEMBERS)]
    if isinstance(value, bytes | bytearray):
        return _cut(bytes(value[:_LENGTH]).decode("utf-8", "replace"))
    return text(value)


def _cut(said: str) -> str:
    if len(said) > _LENGTH:
        said = f"{said[:_LENGTH]}… ({len(said) - _LENGTH} more characters)"
    if said.isascii():
        return str(said)
    return said.encode("utf-8", "replace").decode()  # a lone surrogate cannot be written to Slack or a store
