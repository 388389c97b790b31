"""A secret is a text that is used and never shown."""

from __future__ import annotations

import hmac
from pathlib import Path
from typing import NoReturn

_SHOWN = "***"
_LARGEST = 65_536
"""Bytes; a token or URL is much smaller, and `/dev/zero` has no end."""
_ONE_WORD = "one word, without blanks, line breaks or accents inside"


class Secret:
    """A token, password or URL with credentials in it: neither repr, str, format, pickle nor msgspec show it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    @classmethod
    def parse(cls, said: str | int | float) -> Secret:
        """Read it as it stands, without the blanks around it.

        Raises:
            ValueError: when nothing is left, or something that no request could carry.
        """
        value = str(said).strip()
        if not value:
            raise ValueError("a text that is not empty")
        if not _is_one_word(value):
            raise ValueError(_ONE_WORD)
        return cls(value)

    @classmethod
    def of_file(cls, path: Path) -> Secret:
        """Read it from a file, as Docker and Kubernetes mount them; blanks and line ends around it do not count.

        Raises:
            ValueError: with what is wrong with the file; never with what stands in it.
        """
        try:
            with path.open("rb") as file:
                value = file.read(_LARGEST).decode("utf-8").strip()
        except UnicodeDecodeError:
            raise ValueError("a file with one line of text in UTF-8") from None
        except OSError as error:
            raise ValueError(f"a file that can be read ({error.strerror or type(error).__name__})") from None
        if not value:
            raise ValueError("a file that is not empty")
        if not _is_one_word(value):
            raise ValueError(f"a file with nothing else in it than {_ONE_WORD}")
        return cls(value)

    def reveal(self) -> str:
        """The text itself: for the wire only."""
        return self._value

    def __repr__(self) -> str:
        return f"Secret({_SHOWN})"

    def __str__(self) -> str:
        return _SHOWN

    def __format__(self, spec: str) -> str:
        return _SHOWN

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(
            self._value.encode("utf-8", "surrogatepass"), other._value.encode("utf-8", "surrogatepass")
        )

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is not stored or sent anywhere")


def _is_one_word(value: str) -> bool:
    """Can a header or a URL carry it? A line break in a token would be a second header."""
    return value.isascii() and value.isprintable() and " " not in value
