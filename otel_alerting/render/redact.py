"""Redaction takes secrets out of what is about to be shown: by the name they stand under, and by how they look.

Every pattern is anchored on something rare and bounded in length, so the time is in proportion to the text, whatever
the text. A pattern runs only over a text that contains its hint.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import msgspec

from otel_alerting.model import Alert
from otel_alerting.model.alert import Fact
from otel_alerting.model.signal import Failure

MASK = "[redacted]"
"""Stands where a secret stood; the same in every language, so that it can be searched for."""

_SECRET_WORDS = frozenset(
    [
        *("password", "passwd", "passphrase", "passcode", "pwd", "pin", "secret", "secrets", "token", "apikey", "jwt"),
        *(
            "credential",
            "credentials",
            "authorization",
            "bearer",
            "cookie",
            "cookies",
            "signature",
            "cvv",
            "cvc",
            "ssn",
        ),
    ]
)
_SECRET_PAIRS = frozenset(
    [
        *(("api", "key"), ("access", "key"), ("private", "key"), ("secret", "key"), ("auth", "key"), ("session", "id")),
        *(("set", "cookie"), ("card", "number"), ("encryption", "key"), ("signing", "key"), ("webhook", "url")),
    ]
)
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")


@dataclass(frozen=True)
class _Look:
    """How one kind of secret looks; `keep` stands before what is masked."""

    hint: str
    pattern: re.Pattern[str]
    keep: str = ""


def _look(hint: str, pattern: str, keep: str = "", flags: int = re.ASCII) -> _Look:
    return _Look(hint, re.compile(pattern, flags), keep)


_KEYS = (
    r"pass(?:word|wd|phrase|code)|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|secret[_-]?key"
    r"|session[_-]?id|credentials?|set-cookie|cookie|authorization"
)
_LOOKS = (
    _look(
        "-----BEGIN",
        r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----.{0,20000}?(?:-----END [A-Z ]{0,30}KEY-----|\Z)",
        "",
        re.DOTALL,
    ),
    _look("hooks.slack", r"(https?://hooks\.slack(?:-gov)?\.com/)[A-Za-z]{1,20}/[\w/+-]{1,200}", r"\1"),
    _look("discord", r"(https?://(?:\w{1,10}\.)?discord(?:app)?\.com/api/webhooks/)[\w/-]{1,200}", r"\1"),
    _look("xox", r"xox[a-z](?:\.xox[a-z])?-[\w-]{8,255}"),
    _look("xapp-", r"xapp-[\w-]{8,255}"),
    _look("eyJ", r"(?<![\w-])eyJ[\w-]{8,4000}\.[\w-]{2,8000}(?:\.[\w-]{0,2000})?"),
    _look("A", r"(?<![A-Za-z0-9])(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}(?![A-Za-z0-9])"),
    _look("AIza", r"AIza[\w-]{35}"),
    _look("ya29.", r"ya29\.[\w-]{20,500}"),
    _look("gh", r"gh[pousr]_[A-Za-z0-9]{20,255}"),
    _look("github_pat_", r"github_pat_\w{20,255}"),
    _look("glpat-", r"glpat-[\w-]{16,255}"),
    _look("k_", r"(?<![A-Za-z0-9])[sr]k_(?:live|test)_[A-Za-z0-9]{10,255}"),
    _look("whsec_", r"whsec_[A-Za-z0-9+/=]{10,255}"),
    _look("sk-", r"(?<![A-Za-z0-9])sk-[\w-]{20,255}"),
    _look("SG.", r"SG\.[\w-]{16,64}\.[\w-]{16,128}"),
    _look("npm_", r"npm_[A-Za-z0-9]{36}"),
    _look("AGE-SECRET-KEY-", r"AGE-SECRET-KEY-[A-Z0-9]{20,100}"),
    _look("://", r"(://[^\s:/@\"'<>]{0,256}:)[^\s/\"'<>]{1,256}@", r"\1" + "\0@"),
)
_BEARER = _look("", r"\b(bearer[ \t]{1,8})(?=[\w.~+/=-]{0,200}\d)[\w.~+/=-]{8,4000}", r"\1", re.ASCII | re.IGNORECASE)
_ASSIGNED = re.compile(
    rf"((?:{_KEYS})[\"']?[ \t]{{0,4}}(?:=|:|=>)[ \t]{{0,4}}(?:(?:bearer|basic)[ \t]{{1,4}})?)"
    r"(\"[^\"\n]{1,1000}\"|'[^'\n]{1,1000}'|[^\s\"',;&<>(){}\[\]]{1,1000})",
    re.ASCII | re.IGNORECASE,
)
_ASSIGNED_HINT = re.compile(r"pass|pwd|secret|token|key|session|credential|cookie|auth|bearer", re.IGNORECASE)
_CARD = re.compile(r"(?<![\w.-])[2-6](?:[ -]?\d){12,18}(?![\w-])", re.ASCII)
# One number in ten passes Luhn's check by chance (a timestamp, an order), hence the issuers' beginnings and lengths.
_ISSUED = re.compile(r"4(?:\d{12}|\d{15}|\d{18})|(?:5[1-5]|2[2-7]|35|6[0245])\d{14}|3[47]\d{13}|3[068]\d{12}", re.ASCII)
_HAS_DIGITS = re.compile(r"\d{4}[ -]?\d{2}", re.ASCII)
_SHORT = 300


class Redactor:
    """Takes secrets out of texts, values and alerts.

    Args:
        patterns: regular expressions of your own, whose matches are masked.
        keys: names of your own, or parts of names, under which every value is masked; compared in lower case.
        builtin: off, only your own patterns and keys count.

    Raises:
        ValueError: a pattern is no regular expression; the message names it.
    """

    def __init__(self, patterns: Sequence[str] = (), keys: Sequence[str] = (), *, builtin: bool = True) -> None:
        self._own = [_compiled(pattern) for pattern in patterns]
        self._keys = frozenset(key.lower() for key in keys)
        self._builtin = builtin
        self._redacted = functools.lru_cache(4096)(self._searched)

    def redact_text(self, text: str) -> str:
        """The text with every secret in it masked."""
        return self._redacted(text) if len(text) <= _SHORT else self._searched(text)

    def redact_value(self, key: str, value: Fact) -> Fact:
        """A value that stands under a name: masked whole when the name says that it is secret."""
        if value is None or isinstance(value, bool):
            return value
        if self._is_secret(key) and not (isinstance(value, (int, float)) and _counts(key)):
            return MASK
        return self.redact_text(value) if isinstance(value, str) else value

    def redact_alert(self, alert: Alert) -> Alert:
        """The alert as it may be shown; its identity stays.

        Annotations that are still templates stay too: they are the rule author's own words, and are filled in with
        what is redacted here.
        """
        return msgspec.structs.replace(
            alert,
            name=self.redact_text(alert.name),
            text=self.redact_text(alert.text),
            labels={name: str(self.redact_value(name, value)) for name, value in alert.labels.items()},
            facts={name: self.redact_value(name, value) for name, value in alert.facts.items()},
            annotations={name: self._annotation(name, value) for name, value in alert.annotations.items()},
            failure=self._failure(alert.failure) if alert.failure else None,
        )

    def _annotation(self, name: str, value: str) -> str:
        return value if "{{" in value or "{%" in value else self.redact_text(value)

    def _failure(self, failure: Failure) -> Failure:
        return msgspec.structs.replace(
            failure,
            message=self.redact_text(failure.message),
            stacktrace=self.redact_text(failure.stacktrace),
            cause=self._failure(failure.cause) if failure.cause else None,
        )

    def _is_secret(self, key: str) -> bool:
        name = key.lower()
        return any(own in name for own in self._keys) or (self._builtin and _secret_name(key))

    def _searched(self, text: str) -> str:
        if self._builtin:
            text = _without_secrets(text)
        for pattern in self._own:
            text = pattern.sub(MASK, text)
        return text


def _without_secrets(text: str) -> str:
    for look in _LOOKS:
        if look.hint in text:
            text = look.pattern.sub(_masked(look), text)
    if _ASSIGNED_HINT.search(text):
        text = _BEARER.pattern.sub(_masked(_BEARER), text)
        text = _ASSIGNED.sub(rf"\1{MASK}", text)
    if _HAS_DIGITS.search(text):
        text = _CARD.sub(lambda found: MASK if _is_card(found[0]) else found[0], text)
    return text


def _masked(look: _Look) -> str:
    return look.keep.replace("\0", MASK) if "\0" in look.keep else look.keep + MASK


@functools.lru_cache(4096)
def _secret_name(key: str) -> bool:
    words = [word.lower() for word in _WORD.findall(key)]
    return any(word in _SECRET_WORDS for word in words) or any(pair in _SECRET_PAIRS for pair in pairwise(words))


def _counts(key: str) -> bool:
    """Does a number under this name count something, as in `token_count` or `max_token`?"""
    words = [word.lower() for word in _WORD.findall(key)]
    return bool({"count", "max", "min", "total", "num", "limit", "length", "size", "age", "ttl"} & set(words))


def _is_card(number: str) -> bool:
    """Is it as long as a card of its issuer, and does its check digit agree (Luhn)?"""
    plain = number.replace(" ", "").replace("-", "")
    if not _ISSUED.fullmatch(plain):
        return False
    digits = [int(digit) for digit in plain]
    doubled = [digit * 2 - 9 * (digit > 4) for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{pattern!r} is not a regular expression: {error}") from error
