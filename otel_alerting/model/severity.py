"""How bad it is, on OpenTelemetry's SeverityNumber scale."""

from __future__ import annotations

import enum

_ALIASES = {
    "trace": 5,
    "notset": 5,
    "information": 9,
    "informational": 9,
    "notice": 9,
    "low": 9,
    "warn": 13,
    "medium": 13,
    "ticket": 13,
    "err": 17,
    "error": 17,
    "major": 17,
    "fatal": 21,
    "page": 21,
    "crit": 21,
    "panic": 21,
    "alert": 21,
    "emergency": 21,
    "emerg": 21,
}


class Severity(enum.IntEnum):
    """`debug < info < warning < high < critical`; the numbers are the lowest SeverityNumber of each range."""

    DEBUG = 5
    INFO = 9
    WARNING = 13
    HIGH = 17
    CRITICAL = 21

    @property
    def word(self) -> str:
        """The name users write and read in configuration: `high`."""
        return self.name.lower()

    @property
    def spellings(self) -> tuple[str, ...]:
        """Its word and every alias that `parse` reads as it."""
        return (self.word, *(alias for alias, number in _ALIASES.items() if number == self))

    @classmethod
    def parse(cls, said: str | int | float | Severity) -> Severity:
        """Read a severity as people write it: any case, the usual aliases, or a SeverityNumber.

        `error` is high; `fatal` and `page` are critical; `warn` is warning.

        Raises:
            ValueError: with the names that would be right.
        """
        if isinstance(said, int):
            return cls.of_number(said)
        word = str(said).strip().lower()
        if word.upper() in cls.__members__:
            return cls[word.upper()]
        if word in _ALIASES:
            return cls(_ALIASES[word])
        names = ", ".join(member.word for member in cls)
        raise ValueError(f"{said!r} is not a severity; one of {names} (or an alias: warn, error, fatal, page)")

    @classmethod
    def of_number(cls, number: int) -> Severity:
        """The severity whose range holds an OpenTelemetry SeverityNumber (1..24); 0, unspecified, is info."""
        if number <= 0:
            return cls.INFO
        return cls(min(21, max(5, (number - 1) // 4 * 4 + 1)))

    @classmethod
    def of_level(cls, level: int) -> Severity:
        """The severity of a level of `logging`: WARNING 30 is warning, ERROR 40 is high, CRITICAL 50 is critical."""
        if level < 20:
            return cls.DEBUG
        return cls(min(21, level // 10 * 4 + 1))

    def raised(self, steps: int = 1) -> Severity:
        """One step worse, at most critical."""
        return Severity(min(21, self + 4 * steps))
