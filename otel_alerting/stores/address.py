"""An address says where state rests, read from a URL. It may hold a password, and never shows it.

`memory:`, `sqlite:///var/lib/shop/alerts.db`, `sqlite://./alerts.db`, `sqlite://~/alerts.db`,
`redis://user:password@host:6379/0`, `redis+cluster://host1:6379,host2:6379`,
`redis+sentinel://host1:26379,host2/service/0`; with `rediss` in the place of `redis` over TLS.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias, TypeVar
from urllib.parse import parse_qsl, unquote

from otel_alerting.model.duration import SECOND, Duration

T = TypeVar("T")

PREFIX = "otel-alerting"
"""What all keys in Redis begin with, if nobody says otherwise."""
TIMEOUT = 3 * SECOND
"""How long a verb may take, if nobody says otherwise."""
LIMIT = 1 << 30
"""Bytes that a SQLite file may have, if nobody says otherwise."""
_SMALLEST = 1 << 20

RIGHT = (
    "memory:, sqlite:///path/to/file, sqlite://./file, redis://host:6379/0, rediss://…, redis+cluster://host1,host2 "
    "or redis+sentinel://host1,host2/service/0"
)
"""What would be right, for everybody who has to say so."""


@dataclass(frozen=True, slots=True)
class MemoryAddress:
    """This process's memory."""

    def __str__(self) -> str:
        return "memory:"


@dataclass(frozen=True, slots=True)
class SqliteAddress:
    """A file on this machine; `limit` in bytes, `timeout` in nanoseconds."""

    path: Path
    limit: int = LIMIT
    timeout: int = TIMEOUT

    def __str__(self) -> str:
        return f"sqlite://{self.path}"


Host: TypeAlias = tuple[str, int]
"""Name or IP address, and port."""
Kind: TypeAlias = Literal["single", "cluster", "sentinel"]


@dataclass(frozen=True, slots=True)
class Tls:
    """How to trust and be trusted: files in PEM format, empty for the system's own."""

    ca_certs: str = ""
    certfile: str = ""
    keyfile: str = ""
    verify: bool = True
    """Are certificate and host name of the server examined?"""


@dataclass(frozen=True, slots=True)
class RedisAddress:
    """One Redis or Valkey server, or a cluster, or what sentinels watch; `timeout` in nanoseconds."""

    hosts: tuple[Host, ...]
    kind: Kind = "single"
    service: str = ""
    """The sentinels' name for the master."""
    db: int = 0
    username: str = ""
    password: str = field(default="", repr=False)
    sentinel_username: str = ""
    sentinel_password: str = field(default="", repr=False)
    tls: Tls | None = None
    prefix: str = PREFIX
    timeout: int = TIMEOUT

    def __str__(self) -> str:
        """Without names and passwords: fit for errors, logs and pages."""
        scheme = ("rediss" if self.tls else "redis") + ("" if self.kind == "single" else f"+{self.kind}")
        hosts = ",".join(f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in self.hosts)
        path = {"single": f"/{self.db}", "cluster": "", "sentinel": f"/{self.service}/{self.db}"}[self.kind]
        return f"{scheme}://{hosts}{path}"


Address: TypeAlias = MemoryAddress | SqliteAddress | RedisAddress


def parse(url: str) -> Address:
    """Read a store's URL.

    Raises:
        ValueError: with what would be right; nothing of the URL is in it, because a password may be anywhere.
    """
    url = url.strip()
    if url == "memory:":
        return MemoryAddress()
    scheme, slashes, rest = url.partition("://")
    rest, _, query = rest.partition("?")
    family, _, kind = scheme.partition("+")
    options = _Options(query)
    if slashes and scheme == "sqlite":
        address: Address = _sqlite(rest, options)
    elif slashes and family in ("redis", "rediss") and kind in _KINDS:
        address = _redis(_KINDS[kind], rest, options, _tls(options) if family == "rediss" else None)
    else:
        raise ValueError(RIGHT)
    options.finish()
    return address


def _sqlite(rest: str, options: _Options) -> SqliteAddress:
    text = unquote(rest)
    if not text.startswith(("/", "./", "../", "~/")) or text.endswith(("/", "/.", "/..")):
        raise ValueError(
            "a path to a file: sqlite:///var/lib/shop/alerts.db, sqlite://./alerts.db, sqlite://~/alerts.db"
        )
    if re.fullmatch("/[^/]+", text):  # with other libraries this is a relative path
        raise ValueError("sqlite://./name for a file in the current folder, sqlite:////name for one in the root folder")
    return SqliteAddress(
        path=_expanded(re.sub("^//+", "/", text)),
        limit=options.take("limit", _size, LIMIT),
        timeout=options.take("timeout", _timeout, TIMEOUT),
    )


def _expanded(text: str) -> Path:
    try:
        return Path(text).expanduser().absolute()
    except RuntimeError:
        raise ValueError("a path without ~: this user has no home folder") from None


def _redis(kind: Kind, rest: str, options: _Options, tls: Tls | None) -> RedisAddress:
    place, _, path = rest.partition("/")
    login, _, hosts = place.rpartition("@")
    username, _, password = login.partition(":")
    known = _hosts(kind, hosts)  # before the path, which may be the rest of a password with a slash in it
    service, db = _path(kind, unquote(path))
    return RedisAddress(
        hosts=known,
        kind=kind,
        service=service,
        db=db,
        username=unquote(username),
        password=unquote(password),
        sentinel_username=options.take("sentinel_username", str, "") if kind == "sentinel" else "",
        sentinel_password=options.take("sentinel_password", str, "") if kind == "sentinel" else "",
        tls=tls,
        prefix=options.take("prefix", _prefix, PREFIX),
        timeout=options.take("timeout", _timeout, TIMEOUT),
    )


def _path(kind: Kind, path: str) -> tuple[str, int]:
    """The sentinels' service, and the database's number."""
    service, _, number = path.rpartition("/") if kind != "sentinel" or "/" in path else (path, "", "")
    if (number and not re.fullmatch("[0-9]{1,5}", number)) or (service and kind != "sentinel"):
        raise ValueError("the number of a database after the host, as in redis://host:6379/0")
    if kind == "sentinel" and not re.fullmatch("[^/]+", service):
        raise ValueError("the service that the sentinels watch, as in redis+sentinel://host1,host2/service/0")
    if kind == "cluster" and int(number or 0):
        raise ValueError("no number of a database, or 0: a cluster has no other")
    return service, int(number or 0)


def _hosts(kind: Kind, said: str) -> tuple[Host, ...]:
    port = 26379 if kind == "sentinel" else 6379
    hosts = tuple(_host(one, port) for one in (said or "localhost").split(","))
    if kind == "single" and len(hosts) != 1:
        raise ValueError("one host; for several redis+cluster://host1,host2 or redis+sentinel://host1,host2/service/0")
    return hosts


def _host(said: str, port: int) -> Host:
    found = _HOST.fullmatch(said)
    number = int(found["port"] or port) if found else 0
    if not found or not 0 < number < 65536:
        raise ValueError("host or host:port; in names and passwords : / @ ? and % are written %3A %2F %40 %3F %25")
    return found["six"] or found["name"], number


def _tls(options: _Options) -> Tls:
    return Tls(
        ca_certs=options.take("ssl_ca_certs", str, ""),
        certfile=options.take("ssl_certfile", str, ""),
        keyfile=options.take("ssl_keyfile", str, ""),
        verify=options.take("ssl_cert_reqs", _verify, True),
    )


class _Options:
    """What stands behind the question mark. Names that nobody has asked for are refused, and not repeated."""

    def __init__(self, query: str) -> None:
        self._texts = dict(parse_qsl(query, keep_blank_values=True))
        self._known: list[str] = []

    def take(self, name: str, read: Callable[[str], T], default: T) -> T:
        self._known.append(name)
        text = self._texts.pop(name, None)
        if text is None:
            return default
        try:
            return read(text)
        except ValueError as error:
            raise ValueError(f"for {name}: {error}") from None

    def finish(self) -> None:
        if self._texts:
            raise ValueError(f"no options but {', '.join(sorted(self._known))}")


def _timeout(text: str) -> int:
    duration = Duration.parse(text)
    if duration <= 0:
        raise ValueError("more than nothing")
    return duration


def _size(text: str) -> int:
    found = re.fullmatch(r"([0-9]{1,9})\s*([KMGT]iB)", text)
    size = int(found[1]) << _SHIFTS[found[2]] if found else 0
    if size < _SMALLEST:
        raise ValueError("a size of at least 1MiB, as 512MiB or 2GiB")
    return size


def _prefix(text: str) -> str:
    if not re.fullmatch(r"[\w.:-]{1,64}", text, re.ASCII):
        raise ValueError("letters, digits and . : - _")
    return text


def _verify(text: str) -> bool:
    if text not in ("required", "none"):
        raise ValueError("required or none")
    return text == "required"


_KINDS: Mapping[str, Kind] = {"": "single", "cluster": "cluster", "sentinel": "sentinel"}
_SHIFTS = {"KiB": 10, "MiB": 20, "GiB": 30, "TiB": 40}
_HOST = re.compile(r"(?:\[(?P<six>[0-9a-fA-F:.]+)\]|(?P<name>[^\[\]:/@,\s]+))(?::(?P<port>[0-9]{1,5}))?")
