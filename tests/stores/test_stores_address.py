"""Store URLs: what they mean, what is refused, and that no password is ever shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_alerting.model.duration import SECOND
from otel_alerting.stores.address import MemoryAddress, RedisAddress, SqliteAddress, Tls, parse
from otel_alerting.stores.memory import MemoryStore
from otel_alerting.stores.opening import open_store
from otel_alerting.stores.redis import RedisStore
from otel_alerting.stores.sqlite import SqliteStore


def test_each_scheme_opens_its_store() -> None:
    """Without touching a file or a server."""
    assert isinstance(open_store("memory:"), MemoryStore)
    assert isinstance(open_store("sqlite:///nowhere/at/all.db"), SqliteStore)
    for scheme in ("redis", "rediss", "redis+cluster", "rediss+cluster"):
        assert isinstance(open_store(f"{scheme}://nowhere.invalid"), RedisStore)
    assert isinstance(open_store("redis+sentinel://nowhere.invalid/shop"), RedisStore)


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///var/lib/shop/alerts.db", "/var/lib/shop/alerts.db"),
        ("sqlite:////var/lib/alerts.db", "/var/lib/alerts.db"),
        ("sqlite:////alerts.db", "/alerts.db"),
        ("sqlite://./alerts.db", "{cwd}/alerts.db"),
        ("sqlite://../alerts.db", "{cwd}/../alerts.db"),
        ("sqlite://~/alerts.db", "{home}/alerts.db"),
        ("sqlite:///var/lib/100%25%20sure%3F.db", "/var/lib/100% sure?.db"),
    ],
)
def test_a_file_is_absolute_or_says_where_it_begins(url: str, path: str) -> None:
    """In the folder that the program has then, or in the user's home; a fourth slash is welcome, others write it."""
    assert parse(url) == SqliteAddress(Path(path.format(cwd=Path.cwd(), home=Path.home())))


def test_a_file_in_the_root_folder_is_asked_about() -> None:
    """With three slashes other libraries mean the current folder: neither is guessed."""
    with pytest.raises(ValueError, match=r"sqlite://\./name .* sqlite:////name"):
        parse("sqlite:///alerts.db")


def test_options_of_a_file() -> None:
    """Its largest size, and how long a verb waits for other processes."""
    assert parse("sqlite:///a/b?limit=64MiB&timeout=500ms") == SqliteAddress(Path("/a/b"), 64 << 20, SECOND // 2)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("redis://", RedisAddress(hosts=(("localhost", 6379),))),
        ("redis://cache/3", RedisAddress(hosts=(("cache", 6379),), db=3)),
        ("redis://cache:6380", RedisAddress(hosts=(("cache", 6380),))),
        ("redis://[::1]:6380/0", RedisAddress(hosts=(("::1", 6380),))),
        ("redis://me:p%40ss%2F%3A@cache", RedisAddress(hosts=(("cache", 6379),), username="me", password="p@ss/:")),
        ("redis://:p@cache", RedisAddress(hosts=(("cache", 6379),), password="p")),
        ("rediss://cache", RedisAddress(hosts=(("cache", 6379),), tls=Tls())),
        (
            "rediss://cache?ssl_ca_certs=/ca&ssl_certfile=/c&ssl_keyfile=/k&ssl_cert_reqs=none",
            RedisAddress(hosts=(("cache", 6379),), tls=Tls(ca_certs="/ca", certfile="/c", keyfile="/k", verify=False)),
        ),
        (
            "redis://cache?prefix=shop:eu&timeout=2s",
            RedisAddress(hosts=(("cache", 6379),), prefix="shop:eu", timeout=2 * SECOND),
        ),
        ("redis+cluster://a,b:7001", RedisAddress(kind="cluster", hosts=(("a", 6379), ("b", 7001)))),
        ("redis+cluster://a/0", RedisAddress(kind="cluster", hosts=(("a", 6379),))),
        (
            "redis+sentinel://:p@a,[::1]:26380/shop/2?sentinel_password=q",
            RedisAddress(
                kind="sentinel",
                hosts=(("a", 26379), ("::1", 26380)),
                service="shop",
                db=2,
                password="p",
                sentinel_password="q",
            ),
        ),
    ],
)
def test_servers_clusters_and_sentinels(url: str, address: RedisAddress) -> None:
    """Hosts with their usual ports, IPv6 in brackets, what is percent-encoded decoded."""
    assert parse(url) == address


@pytest.mark.parametrize(
    ("url", "right"),
    [
        ("", "memory:, sqlite:///"),
        ("memory", "memory:, sqlite:///"),
        ("postgres://host/db", "memory:, sqlite:///"),
        ("redis:/host", "memory:, sqlite:///"),
        ("redis+magic://host", "memory:, sqlite:///"),
        ("sqlite://alerts.db", "a path to a file"),
        ("sqlite://./", "a path to a file"),
        ("sqlite:///", "a path to a file"),
        ("sqlite:///a/b?limit=5", "for limit: a size of at least 1MiB"),
        ("sqlite:///a/b?timeout=0", "for timeout: more than nothing"),
        ("sqlite:///a/b?prefix=x", "no options but limit, timeout"),
        ("redis://a,b", "one host"),
        ("redis://a:0", "host or host:port"),
        ("redis://a:70000", "host or host:port"),
        ("redis://:se/cret@a", "host or host:port"),
        ("redis://a/x", "the number of a database"),
        ("redis://a/1/2", "the number of a database"),
        ("redis+cluster://a/1", "no number of a database, or 0"),
        ("redis+sentinel://a", "the service that the sentinels watch"),
        ("redis+sentinel://a/shop/x", "the number of a database"),
        ("redis://a?prefix={x}", "for prefix: letters"),
        ("redis://a?ssl_ca_certs=/ca", "no options but prefix, timeout"),
        ("rediss://a?ssl_cert_reqs=maybe", "for ssl_cert_reqs: required or none"),
    ],
)
def test_what_cannot_be_is_refused_with_what_would_be_right(url: str, right: str) -> None:
    """A sentence that can stand behind `found …;` in a list of problems."""
    with pytest.raises(ValueError, match=right):
        parse(url)


SECRETS = st.text("abcXYZ0189!$&'()*+,;=:@/?#[]%{} \\\"äé", min_size=1, max_size=12).map(lambda text: f"qx{text}xq")


@given(
    SECRETS,
    st.sampled_from(
        ["redis://:{}@host/0", "redis+sentinel://h/s?sentinel_password={}", "redis://a?{}", "sqlite://{}@x"]
    ),
)
def test_no_secret_is_shown(secret: str, url: str) -> None:
    """Encoded as it should be or not: not in the address, its name, the store's repr, or the refusal."""
    try:
        address = parse(url.format(secret))
    except ValueError as error:
        said = [str(error), repr(error.__context__)]
    else:
        said = [str(address), repr(address), repr(open_store(url.format(secret)))]
    assert not any("qx" in one for one in said)


def test_names_say_the_place() -> None:
    """And nothing else: fit for logs and pages."""
    assert str(MemoryAddress()) == "memory:"
    assert str(parse("sqlite:///a/b?limit=2MiB")) == "sqlite:///a/b"
    assert str(parse("rediss://u:p@[::1]/4?timeout=1s")) == "rediss://[::1]:6379/4"
    assert str(parse("redis+cluster://u:p@a,b")) == "redis+cluster://a:6379,b:6379"
    assert str(parse("rediss+sentinel://u:p@a,b/shop/1")) == "rediss+sentinel://a:26379,b:26379/shop/1"
