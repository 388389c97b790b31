"""One request to somebody else's server and its answer, with nothing secret in anything that can be printed.

httpx writes the URL, which is the credential of a webhook, into its log lines, its exceptions and the repr of its
requests. So its exceptions end here: a failed exchange is a value, made of a word. A connection carries one request:
at one message a second nothing is gained by keeping it, a thousand tenants would keep a thousand sockets in the user's
program, and a kept connection that the other side has closed is where "did it arrive?" begins.
"""

from __future__ import annotations

import codecs
import functools
import logging
import os
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from otel_alerting import context, inbox

if TYPE_CHECKING:
    import httpx

SECOND = 1_000_000_000
MOST_READ = 64 * 1024
"""Bytes of an answer that are read; Slack's have a few hundred."""
_LOGGERS = ("httpx", "httpcore.connection", "httpcore.http11", "httpcore.http2", "httpcore.proxy", "httpcore.socks")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the other side said. `retry_after` is nanoseconds, 0 where it names none."""

    status: int
    body: bytes
    retry_after: int = 0


@dataclass(frozen=True, slots=True)
class Failed:
    """No answer. `sent` is False when the other side cannot have taken the request."""

    word: str
    sent: bool


class Secret:
    """A text that shows itself only to who asks for it."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return "***"

    def __bool__(self) -> bool:
        return bool(self.text)


class Wire:
    """Posts JSON. Its httpx client is made by the first request of a process, in a forked child once more."""

    def __init__(self, *, timeout: int = 5 * SECOND, headers: Mapping[str, Secret] | None = None) -> None:
        self._timeout = timeout
        self._headers = dict(headers or {})
        self._client: tuple[int, httpx.Client] | None = None

    def post(self, url: Secret, body: bytes) -> Answer | Failed:
        """Post a JSON body and wait for the answer. Raises nothing."""
        with inbox.unforkable:
            import httpx

        with context.quiet():
            try:
                return self._exchange(self._open(), url.text, body)
            except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError) as error:
                return Failed(_reason(error), sent=False)
            except (httpx.WriteError, httpx.WriteTimeout, httpx.UnsupportedProtocol, httpx.LocalProtocolError) as error:
                return Failed(_reason(error), sent=False)  # a request without its end is not taken by anybody
            except Exception as error:  # noqa: BLE001 - whatever it is, it may quote the URL
                return Failed(_reason(error), sent=True)

    def close(self) -> None:
        """Close the client; the next request makes a new one."""
        client, self._client = self._client, None
        if client is not None and client[0] == os.getpid():
            client[1].close()

    def _exchange(self, client: httpx.Client, url: str, body: bytes) -> Answer | Failed:
        deadline = time.monotonic_ns() + 2 * self._timeout
        with client.stream("POST", url, content=body) as response:
            read = bytearray()
            for piece in response.iter_bytes(8 * 1024):
                read += piece
                if len(read) > MOST_READ:
                    return Failed("answer_too_long", sent=True)
                if time.monotonic_ns() > deadline:
                    return Failed("timeout", sent=True)
            return Answer(response.status_code, bytes(read), _retry_after(response.headers.get("Retry-After", "")))

    def _open(self) -> httpx.Client:
        there = self._client
        if there is None or there[0] != os.getpid():
            with inbox.unforkable:
                there = self._client = (os.getpid(), self._new_client())
        return there[1]

    def _new_client(self) -> httpx.Client:
        import httpx

        codecs.lookup("idna")  # the first look-up of a name would import it, while a fork may come between
        _hush()
        return httpx.Client(
            verify=_trust(),
            timeout=self._timeout / SECOND,
            limits=httpx.Limits(max_connections=2, max_keepalive_connections=0),
            follow_redirects=False,
            headers={
                **{name: secret.text for name, secret in self._headers.items()},
                "Content-Type": "application/json; charset=utf-8",
                "Connection": "close",
                "User-Agent": "otel-alerting",
            },
        )


@functools.cache
def _trust() -> ssl.SSLContext:
    """One for all: making one costs 30 ms and half a megabyte."""
    import httpx

    return httpx.create_ssl_context()


@functools.cache
def _hush() -> None:
    """Keep the records that httpx makes about our own requests from the program's handlers.

    Each would be one more record to look at, at INFO with the webhook's URL in it. Other people's requests are logged
    as before: the filter drops only what happens while we are at work. A filter of a logger does not hold for the
    loggers below it, so each has its own.
    """
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_not_ours)


def _not_ours(record: logging.LogRecord) -> bool:
    return not context.is_quiet()


def _reason(error: Exception) -> str:
    """A word for an exception: `ReadTimeout` is `read_timeout`; its text is not to be trusted with our secrets."""
    name = type(error).__name__
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")


def _retry_after(said: str) -> int:
    """Whole seconds as Slack writes them; an hour at most, so that a bad header cannot park a destination."""
    return min(int(said), 3_600) * SECOND if said.strip().isascii() and said.strip().isdigit() else 0
