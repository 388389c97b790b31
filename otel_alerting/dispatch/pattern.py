r"""A pattern is a regular expression as Alertmanager knows them (RE2's syntax), in time proportional to the text.

It answers one question, whether a *whole* text matches, so nothing needs to be captured or backtracked: the expression
becomes an automaton (`expression.py` reads it), and the automaton's states are made when a text first needs them. The
same text costs the same steps on every machine; there is no time limit whose outcome would depend on the load.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from otel_alerting.dispatch.expression import ACCEPTED, Fork, One, Step, Where, read

_REMEMBERED = 5_000
"""Transitions that a pattern remembers, about 100 bytes each; then it forgets all and begins anew."""


class Pattern:
    """Answers whether a whole text matches. Frozen to whoever looks at it; it only remembers what it worked out.

    Raises:
        ValueError: what is not an expression of RE2's syntax, and why.
    """

    __slots__ = ("_begin", "_known", "_room", "text")

    def __init__(self, text: str) -> None:
        self.text: Final = text
        self._known: dict[tuple[frozenset[Step], str], _Place] = {}
        self._room = _REMEMBERED
        self._begin = self._place(frozenset([read(text)]), "")

    def matches(self, text: str) -> bool:
        """Does all of it match?"""
        place = self._begin
        for char in text:
            place = place.moves.get(char) or self._move(place, char)
            if not place.steps:
                return False
        return place.accepts

    def _move(self, place: _Place, char: str) -> _Place:
        if not self._room:
            self._known, self._room = {}, _REMEMBERED
            self._begin = self._place(self._begin.steps, "")
        kind = _kind(char)
        found = self._place(frozenset(one.then for one in place.ones(kind) if one.takes(char)), kind)
        self._room -= 1
        place.moves[char] = found
        return found

    def _place(self, steps: frozenset[Step], before: str) -> _Place:
        place = self._known.get((steps, before))
        if place is None:
            place = self._known[steps, before] = _Place(steps, before)
        return place


class _Place:
    """Where a text may have led to: a set of steps, and what kind of character stands before."""

    __slots__ = ("_ones", "accepts", "before", "moves", "steps")

    def __init__(self, steps: frozenset[Step], before: str) -> None:
        self.steps = steps
        self.before = before
        self.moves: dict[str, _Place] = {}
        self._ones: dict[str, tuple[One, ...]] = {}
        self.accepts = ACCEPTED in _reached(steps, before, "")

    def ones(self, after: str) -> tuple[One, ...]:
        """The characters that can come next, when the next is of this kind."""
        found = self._ones.get(after)
        if found is None:
            reached = _reached(self.steps, self.before, after)
            found = self._ones[after] = tuple(one for one in reached if isinstance(one, One))
        return found


def _reached(steps: Iterable[Step], before: str, after: str) -> set[Step]:
    """All steps that can be reached without taking a character, between two kinds of characters."""
    found: set[Step] = set()
    ahead = list(steps)
    while ahead:
        step = ahead.pop()
        if step in found:
            continue
        found.add(step)
        if isinstance(step, Fork):
            ahead += step.ways
        elif isinstance(step, Where) and step.holds(before, after):
            ahead.append(step.then)
    return found


def _kind(char: str) -> str:
    """What an assertion looks at: a line's end, part of a word, or anything else; the text's edge is the empty kind."""
    if char == "\n":
        return "line"
    return "word" if char == "_" or (char.isascii() and char.isalnum()) else "other"
