"""An expression is a regular expression that cannot hold the program up, whoever wrote it."""

from __future__ import annotations

import regex

PATIENCE = 0.01
"""Seconds that it may take for one value; what takes longer backtracks."""
_REMEMBERED = 1_000
"""Answers remembered: attributes have few values, and asking again costs ten times as much as looking up."""
_ENOUGH = 10
"""Values in a row for which it took too long; then it rests, or every signal would cost its patience."""
_REST = 1_000
"""Values it does not look at while it rests."""


class Undecided(Exception):
    """Whether a value matches could not be found out in time: the signal is not taken, and that is counted."""

    def __init__(self, pattern: str) -> None:
        super().__init__(f"the regular expression {pattern!r} takes too long")
        self.pattern = pattern


class Expression:
    """Answers whether a whole text matches.

    Raises:
        Undecided: from `matches`, when it took too long or has been doing so.
    """

    __slots__ = ("_answers", "_failures", "_regex", "_rest")

    def __init__(self, pattern: str) -> None:
        self._regex = regex.compile(pattern)
        self._answers: dict[str, bool | None] = {}
        self._failures, self._rest = 0, 0

    def matches(self, text: str) -> bool:
        """Does it?"""
        answer = self._answers.get(text)
        if answer is None:
            if text in self._answers:
                raise Undecided(self._regex.pattern)
            answer = self._asked(text)
        return answer

    def _asked(self, text: str) -> bool:
        if self._rest:
            self._rest -= 1
            raise Undecided(self._regex.pattern)
        if len(self._answers) >= _REMEMBERED:
            self._answers.clear()
        try:
            answer = self._answers[text] = bool(self._regex.fullmatch(text, timeout=PATIENCE))
        except TimeoutError:
            self._answers[text] = None
            self._failures += 1
            if self._failures >= _ENOUGH:
                self._failures, self._rest = 0, _REST
            raise Undecided(self._regex.pattern) from None
        self._failures = 0
        return answer
