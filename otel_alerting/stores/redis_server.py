"""A server is Redis as one process sees it: connected late, tried again for a bounded time, not shared with a fork."""

from __future__ import annotations

import hashlib
import os
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast

import redis
from redis import exceptions
from redis.backoff import EqualJitterBackoff, NoBackoff
from redis.cluster import ClusterNode, RedisCluster
from redis.retry import Retry
from redis.sentinel import Sentinel

from otel_alerting.errors import StoreError
from otel_alerting.stores.address import RedisAddress

T = TypeVar("T")

_PAUSE, _LONGEST_PAUSE = 0.02, 0.5
"""Seconds between two tries: the first, and the longest."""
_GONE = (
    exceptions.ConnectionError,
    exceptions.TimeoutError,
    exceptions.ReadOnlyError,
    exceptions.ClusterDownError,
    exceptions.TryAgainError,
    exceptions.RedisClusterException,
    OSError,
)
"""What may be better in a moment: no connection, a failover, a cluster that has not found itself."""
_FINAL = (exceptions.AuthenticationError, exceptions.AuthorizationError)
"""Kinds of ConnectionError that stay."""
_MOVED = (exceptions.ReadOnlyError, exceptions.RedisClusterException)
"""Somebody else is the master now: ask the names anew."""


class Client(Protocol):
    """What all clients of redis-py can do."""

    def execute_command(self, *words: bytes | str | int) -> Any:
        """Say one command; its answer, as redis-py reads it."""
        ...

    def close(self) -> None:
        """Let go of all connections."""
        ...


class Script:
    """One `.lua` file: sent by its hash, and in full where the server does not know it yet."""

    def __init__(self, name: str) -> None:
        self._text = Path(__file__).with_name(f"{name}.lua").read_text("utf-8")
        self._sha = hashlib.sha1(self._text.encode(), usedforsecurity=False).hexdigest()

    def __call__(self, client: Client, keys: Sequence[bytes], arguments: Sequence[bytes | str | int]) -> Any:
        """What the script returns. All keys must have one hash tag."""
        rest = (len(keys), *keys, *arguments)
        try:
            try:
                return client.execute_command("EVALSHA", self._sha, *rest)
            except exceptions.NoScriptError:
                return client.execute_command("EVAL", self._text, *rest)
        except exceptions.ResponseError as error:
            raise _unwrapped(error) from error


class RedisServer:
    """Runs what is asked of it until it is answered, for as long as the address allows."""

    def __init__(self, address: RedisAddress) -> None:
        self.address = address
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._client: Client | None = None
        self._closed = False

    def run(self, ask: Callable[[Client], T]) -> T:
        """`ask` may be called several times: it must be harmless to do twice.

        Raises:
            StoreError: there was no answer in time, or a refusal.
        """
        until = time.monotonic_ns() + self.address.timeout

        def failed(error: Exception) -> None:
            if isinstance(error, _MOVED):
                self._let_go()
            if isinstance(error, _FINAL) or time.monotonic_ns() > until:
                raise error

        again = Retry(EqualJitterBackoff(cap=_LONGEST_PAUSE, base=_PAUSE), -1, _GONE)
        try:
            return again.call_with_retry(lambda: ask(self._connected()), failed)
        except (exceptions.RedisError, OSError) as error:
            raise StoreError(f"{self.address}: {self._why(error)}") from error

    def close(self) -> None:
        """Let go of all connections, for good."""
        self._closed = True
        self._let_go()

    def _connected(self) -> Client:
        if self._closed:
            raise StoreError(f"{self.address}: is closed")
        if self._pid != os.getpid():  # a parent's connections, and locks that its threads held, stay with it
            self._pid, self._lock, self._client = os.getpid(), threading.Lock(), None
        with self._lock:
            if self._client is None:
                self._client = _client(self.address)
            return self._client

    def _let_go(self) -> None:
        client, self._client = self._client, None
        if client is not None and self._pid == os.getpid():
            client.close()

    def _why(self, error: Exception) -> str:
        for kinds, sentence in _SENTENCES:
            if isinstance(error, kinds):
                return sentence
        text = str(error) or type(error).__name__
        for secret in (self.address.password, self.address.sentinel_password):
            text = text.replace(secret, "…") if secret else text
        if text.startswith("MOVED "):  # which redis-py 5 has no kind for, outside of its cluster client
            return _ELSEWHERE
        return f"{'does not answer' if isinstance(error, _GONE) else 'refuses'}: {text.rstrip('.')}"


_ELSEWHERE = "is part of a cluster: its URL begins with redis+cluster://"
_SENTENCES: Sequence[tuple[type[Exception] | tuple[type[Exception], ...], str]] = (
    (_FINAL, "wants another user name or password"),
    (exceptions.ReadOnlyError, "is a replica, which takes no writes"),
    (exceptions.OutOfMemoryError, "its memory is full (maxmemory), and it takes no writes"),
    (exceptions.MovedError, _ELSEWHERE),
)


def _unwrapped(error: exceptions.ResponseError) -> exceptions.ResponseError:
    """What a command in a script said: Redis 6.2 puts it into a sentence of its own, and redis-py does not see it."""
    found = _IN_SCRIPT.match(str(error))
    return _KINDS.get(found["word"], exceptions.ResponseError)(found["text"]) if found else error


_IN_SCRIPT = re.compile(r"Error running script .*?-(?P<text>(?P<word>[A-Z]+) .*)", re.DOTALL)
_KINDS: Mapping[str, type[exceptions.ResponseError]] = {
    "READONLY": exceptions.ReadOnlyError,
    "OOM": exceptions.OutOfMemoryError,
}


def _client(address: RedisAddress) -> Client:
    make = {"single": _single, "cluster": _cluster, "sentinel": _sentinel}[address.kind]
    return cast("Client", make(address, _options(address)))


def _single(address: RedisAddress, options: dict[str, Any]) -> object:
    ((host, port),) = address.hosts
    return redis.Redis(host=host, port=port, db=address.db, **options)


def _cluster(address: RedisAddress, options: dict[str, Any]) -> object:
    node: Any = ClusterNode
    return RedisCluster(startup_nodes=[node(host, port) for host, port in address.hosts], **options)


def _sentinel(address: RedisAddress, options: dict[str, Any]) -> object:
    own = {**options, "username": address.sentinel_username or None, "password": address.sentinel_password or None}
    sentinel: Any = Sentinel
    watched = sentinel(list(address.hosts), sentinel_kwargs=own, **options, db=address.db)
    return cast("object", watched.master_for(address.service))


def _options(address: RedisAddress) -> dict[str, Any]:
    """For every connection. Trying again is `RedisServer`'s business: redis-py would multiply its own tries by ours."""
    one_try = address.timeout / 2e9
    return {
        "username": address.username or None,
        "password": address.password or None,
        "socket_connect_timeout": one_try,
        "socket_timeout": one_try,
        "socket_keepalive": True,
        "client_name": "otel-alerting",
        "protocol": 2,  # which all servers and all versions of the client speak
        "retry": Retry(NoBackoff(), 0),
        **_tls(address),
    }


def _tls(address: RedisAddress) -> dict[str, Any]:
    if address.tls is None:
        return {}
    tls = address.tls
    return {
        "ssl": True,
        "ssl_ca_certs": tls.ca_certs or None,
        "ssl_certfile": tls.certfile or None,
        "ssl_keyfile": tls.keyfile or None,
        "ssl_cert_reqs": "required" if tls.verify else "none",
        "ssl_check_hostname": tls.verify,
    }
