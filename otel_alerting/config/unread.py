"""What could not be read has a stand-in, so that checks of what stands beside it can still be made.

Asking whether it is there is allowed: it is. Whoever looks at the value ends with `Unread`, and says nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NoReturn, TypeVar

T = TypeVar("T")


class Unread(Exception):
    """Somebody looked at a value that could not be read."""


class _StandIn:
    """Equal to nothing, comparable with nothing, neither true nor false."""

    __slots__ = ()

    def _refuse(self, *_: object) -> NoReturn:
        raise Unread

    __getattr__ = __getitem__ = __call__ = _refuse
    __bool__ = __len__ = __iter__ = __contains__ = __hash__ = _refuse
    __str__ = __repr__ = __format__ = _refuse
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _refuse
    __int__ = __float__ = __mod__ = __rmod__ = __mul__ = __rmul__ = __add__ = __radd__ = __neg__ = _refuse


UNREAD = _StandIn()


def told(check: Callable[[], Iterable[T]]) -> Iterator[T]:
    """What a check says before it looks at a value that could not be read, or falls over one."""
    try:
        yield from check()
    except (Unread, TypeError, ValueError):
        return


def complaints(struct: object) -> Iterable[tuple[str, str, str]]:
    """What a Struct says against itself: path below it, what was found, what would be right."""
    check: Callable[[], Iterable[tuple[str, str, str]]] = getattr(struct, "problems", tuple)
    return check()
