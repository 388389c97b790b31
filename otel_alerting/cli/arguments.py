"""Arguments are text that argparse reads with our own types; what cannot be read is misuse, exit status 2."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from typing import TypeVar

from otel_alerting.model.alert import Fact

T = TypeVar("T")


def of(parse: Callable[[str], T]) -> Callable[[str], T]:
    """A type's `parse` as argparse wants it."""

    def read(said: str) -> T:
        try:
            return parse(said)
        except ValueError as error:
            found = "" if repr(said) in str(error) else f"found {said!r}; expected "
            raise argparse.ArgumentTypeError(found + str(error)) from None

    return read


def fact(said: str) -> tuple[str, Fact]:
    """`NAME=VALUE`: a number or boolean where the value reads as one, else its text.

    Raises:
        ArgumentTypeError: there is no name or no `=`.
    """
    name, equals, value = said.partition("=")
    if not (name and equals):
        raise argparse.ArgumentTypeError(f"found {said!r}; expected NAME=VALUE")
    try:
        read = json.loads(value)
    except ValueError:
        return name, value
    return name, read if isinstance(read, (int, float, bool)) else value
