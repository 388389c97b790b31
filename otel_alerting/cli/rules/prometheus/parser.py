"""A parser makes a tree of a PromQL expression, by the grammar of Prometheus 3 without its experimental parts."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from otel_alerting.cli.rules.prometheus.lexer import SyntaxTrouble, Word, words
from otel_alerting.cli.rules.prometheus.syntax import (
    COMPARISONS,
    SETS,
    Aggregation,
    Binary,
    Call,
    Expr,
    Matcher,
    Matching,
    MatchWord,
    Minus,
    Number,
    Place,
    Selector,
    Subquery,
    Text,
    seconds,
)
from otel_alerting.model.duration import SECOND, Duration

T = TypeVar("T")

_WITH_PARAMETER = frozenset(["topk", "bottomk", "quantile", "count_values", "limitk", "limit_ratio"])
AGGREGATIONS = _WITH_PARAMETER | {"sum", "avg", "min", "max", "count", "group", "stddev", "stdvar"}
_STRENGTH = {
    "or": 1,
    **dict.fromkeys(("and", "unless"), 2),
    **dict.fromkeys(COMPARISONS, 3),
    **dict.fromkeys(("+", "-"), 4),
    **dict.fromkeys(("*", "/", "%", "atan2"), 5),
    "^": 6,
}
_MATCH_WORDS: tuple[MatchWord, ...] = ("=", "!=", "=~", "!~")
_DEEPEST = 100
"""Of parentheses in each other; a deeper expression is nobody's rule, and Python's stack ends."""
_MOST_OPERATORS = 200


def parse(text: str) -> Expr:
    """The tree of a whole expression.

    Raises:
        SyntaxTrouble: it is no expression of PromQL; with the place and what was expected there.
    """
    parser = _Parser(words(text))
    tree = parser.expression(0)
    parser.expect_end()
    return tree


class _Parser:
    """Reads words from left to right; a method reads what it is called after."""

    def __init__(self, said: list[Word]) -> None:
        self._words, self._at, self._depth, self._operators = said, 0, 0, 0

    # Words

    @property
    def _next(self) -> Word:
        return self._words[self._at]

    def _take(self) -> Word:
        word = self._next
        self._at += word.kind != "end"
        return word

    def _sees(self, *said: str) -> bool:
        word = self._next
        return word.kind in ("sign", "name") and word.said.lower() in said

    def _took(self, *said: str) -> Word | None:
        return self._take() if self._sees(*said) else None

    def _expect(self, said: str) -> Word:
        return self._took(said) or self._trouble(f"{said!r}")

    def _trouble(self, wanted: str) -> Word:
        raise SyntaxTrouble(self._next.place, f"found {self._next.said!r} where {wanted} was expected")

    def expect_end(self) -> None:
        """Nothing may be left."""
        if self._next.kind != "end":
            self._trouble("an operator or the end")

    # Expressions

    def expression(self, weakest: int) -> Expr:
        """Operators that bind stronger than `weakest`, and what stands between them."""
        left = self._signed()
        while (strength := self._strength()) > weakest:
            word = self._operator()
            as_bool = self._took("bool") is not None
            if as_bool and word not in COMPARISONS:
                self._trouble(f"no bool behind {word}")
            matching = self._matching(word)
            right = self.expression(strength - 1 if word == "^" else strength)
            place = left.place.up_to(right.place)
            left = Binary(word=word, left=left, right=right, matching=matching, as_bool=as_bool, place=place)
        return left

    def _operator(self) -> str:
        word = self._take()
        self._operators += 1
        if self._operators > _MOST_OPERATORS:
            raise SyntaxTrouble(word.place, f"more than {_MOST_OPERATORS} operators in one expression")
        return word.said.lower()

    def _strength(self) -> int:
        word = self._next
        return _STRENGTH.get(word.said.lower(), 0) if word.kind in ("sign", "name") else 0

    def _signed(self) -> Expr:
        """A sign binds as strong as a product: `-x ^ 2` is `-(x ^ 2)`."""
        sign = self._took("-", "+")
        if sign is None:
            return self._shifted(self._primary())
        inner = self._deeper(lambda: self.expression(_STRENGTH["*"]))
        place = sign.place.up_to(inner.place)
        if sign.said == "+":
            return inner
        return Number(value=-inner.value, place=place) if isinstance(inner, Number) else Minus(inner=inner, place=place)

    def _deeper(self, read: Callable[[], T]) -> T:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise SyntaxTrouble(self._next.place, f"more than {_DEEPEST} parentheses and signs in each other")
        inner = read()
        self._depth -= 1
        return inner

    def _primary(self) -> Expr:
        word = self._next
        if word.kind == "number":
            return Number(value=_number(self._take()), place=word.place)
        if word.kind == "duration":
            return Number(value=seconds(self._duration()), place=word.place)
        if word.kind == "text":
            return Text(value=self._take().said, place=word.place)
        if self._took("("):
            inner = self._deeper(lambda: self.expression(0))
            return replace(inner, place=word.place.up_to(self._expect(")").place))
        return self._named() if word.kind == "name" or self._sees("{") else self._nothing()

    def _nothing(self) -> Expr:
        self._trouble("an expression")
        raise AssertionError

    def _named(self) -> Expr:
        word = self._next
        if self._sees("{"):
            return self._selector("", word.place)
        self._take()
        if word.said.lower() in AGGREGATIONS and self._sees("(", "by", "without"):
            return self._aggregation(word)
        if self._sees("("):
            return self._call(word)
        if word.said.lower() in ("inf", "nan"):
            return Number(value=math.inf if word.said.lower() == "inf" else math.nan, place=word.place)
        return self._selector(word.said, word.place)

    def _call(self, name: Word) -> Expr:
        arguments, end = self._arguments()
        return Call(name=name.said, arguments=arguments, place=name.place.up_to(end))

    def _arguments(self) -> tuple[tuple[Expr, ...], Place]:
        self._expect("(")
        arguments: list[Expr] = []
        while not self._sees(")"):
            arguments.append(self._deeper(lambda: self.expression(0)))
            if not self._took(","):
                break
        return tuple(arguments), self._expect(")").place

    def _aggregation(self, word: Word) -> Expr:
        grouping = self._grouping()
        arguments, end = self._arguments()
        if grouping is None:
            grouping = self._grouping()
            end = self._words[self._at - 1].place
        name = word.said.lower()
        if len(arguments) != (2 if name in _WITH_PARAMETER else 1):
            raise SyntaxTrouble(word.place.up_to(end), f"{name} takes {2 if name in _WITH_PARAMETER else 1}, not these")
        without, labels = grouping or (False, ())
        parameter = arguments[0] if len(arguments) == 2 else None
        return Aggregation(
            word=name,
            inner=arguments[-1],
            parameter=parameter,
            labels=labels,
            without=without,
            place=word.place.up_to(end),
        )

    def _grouping(self) -> tuple[bool, tuple[str, ...]] | None:
        word = self._took("by", "without")
        return None if word is None else (word.said.lower() == "without", self._labels())

    def _matching(self, operator: str) -> Matching:
        word = self._took("on", "ignoring")
        if word is None:
            return Matching()
        matching = Matching(labels=self._labels(), on=word.said.lower() == "on")
        if operator in SETS and self._sees("group_left", "group_right"):
            self._trouble(f"an expression: {operator} joins many to many")
        side = self._took("group_left", "group_right")
        if side is None:
            return matching
        include = self._labels() if self._sees("(") else ()
        return replace(matching, many="left" if side.said.lower() == "group_left" else "right", include=include)

    def _labels(self) -> tuple[str, ...]:
        self._expect("(")
        labels: list[str] = []
        while not self._sees(")"):
            word = self._take()
            if word.kind not in ("name", "text"):
                self._at -= 1
                self._trouble("a label")
            labels.append(word.said)
            if not self._took(","):
                break
        self._expect(")")
        return tuple(labels)

    # Selectors

    def _selector(self, name: str, start: Place) -> Expr:
        matchers, end = (self._matchers(name)) if self._sees("{") else ((), start)
        quoted = [one.value for one in matchers if one.label == "__name__" and one.word == "="]
        if not name and not matchers:
            raise SyntaxTrouble(start.up_to(end), "it selects everything; a metric's name was expected")
        rest = tuple(one for one in matchers if one.label != "__name__" or one.word != "=")
        return Selector(name=name or (quoted[0] if quoted else ""), matchers=rest, place=start.up_to(end))

    def _matchers(self, name: str) -> tuple[tuple[Matcher, ...], Place]:
        self._expect("{")
        matchers: list[Matcher] = []
        while not self._sees("}"):
            matchers.append(self._matcher())
            if not self._took(","):
                break
        end = self._expect("}").place
        if name and any(one.label == "__name__" and one.word == "=" for one in matchers):
            raise SyntaxTrouble(end, "the metric's name is said twice")
        return tuple(matchers), end

    def _matcher(self) -> Matcher:
        label = self._take()
        if label.kind not in ("name", "text"):
            self._at -= 1
            self._trouble("a label")
        if label.kind == "text" and self._sees(",", "}"):
            return Matcher("__name__", "=", label.said)
        word = self._took(*_MATCH_WORDS) or self._trouble("one of = != =~ !~")
        value = self._take()
        if value.kind != "text":
            self._at -= 1
            self._trouble("a text in quotes")
        return Matcher(label.said, _MATCH_WORDS[_MATCH_WORDS.index(word.said)], value.said)

    def _shifted(self, inner: Expr) -> Expr:
        """What may stand behind an expression: a range, an offset, `@`."""
        while True:
            if self._sees("["):
                inner = self._ranged(inner)
            elif self._sees("offset", "@"):
                inner = self._moved(inner)
            else:
                return inner

    def _ranged(self, inner: Expr) -> Expr:
        self._expect("[")
        window = self._duration()
        if self._took(":"):
            step = 0 if self._sees("]") else self._duration()
            place = inner.place.up_to(self._expect("]").place)
            return Subquery(inner=inner, window=window, step=step, place=place)
        place = inner.place.up_to(self._expect("]").place)
        if not isinstance(inner, Selector) or inner.window or inner.shift.moves:
            raise SyntaxTrouble(place, "a range stands behind a metric only; a subquery has a colon, [5m:]")
        return replace(inner, window=window, place=place)

    def _moved(self, inner: Expr) -> Expr:
        word = self._take()
        if not isinstance(inner, Selector | Subquery):
            raise SyntaxTrouble(word.place, f"{word.said} stands behind a metric, a range or a subquery only")
        shift = replace(inner.shift, place=word.place)
        if shift.pinned if word.said == "@" else shift.offset:
            raise SyntaxTrouble(word.place, f"{word.said} is said twice")
        if word.said == "@":
            shift = replace(shift, pinned=self._pin())
        else:
            sign = -1 if self._took("-") else 1
            shift = replace(shift, offset=sign * self._duration())
        end = self._words[self._at - 1].place
        return replace(inner, shift=shift, place=inner.place.up_to(end))

    def _pin(self) -> str:
        sign = "-" if self._took("-", "+") else ""
        word = self._take()
        if word.said in ("start", "end"):
            self._expect("(")
            self._expect(")")
            return f"{word.said}()"
        return f"{sign}{_number(word)}"

    def _duration(self) -> int:
        word = self._next
        if word.kind == "duration":
            return int(Duration.parse(self._take().said))
        if word.kind == "number":
            return round(_number(self._take()) * SECOND)
        self._trouble("a duration, as 5m")
        raise AssertionError


def _number(word: Word) -> float:
    if word.kind == "number":
        said = word.said.replace("_", "").lower()
        return float(int(said, 16)) if said.startswith("0x") else float(said)
    raise SyntaxTrouble(word.place, f"found {word.said!r} where a number was expected")
