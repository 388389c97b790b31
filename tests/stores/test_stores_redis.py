"""The store in Redis: what every store does, against real servers, alone and as a cluster."""

from __future__ import annotations

import contextlib
import re
import shutil
import ssl
import subprocess
import textwrap
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
import stores_servers
from redis.crc import key_slot
from stores_servers import Cluster, Server
from stores_wire import Wire

from otel_alerting.errors import StaleEpoch, StoreError
from otel_alerting.model.duration import SECOND
from otel_alerting.ports import Store
from otel_alerting.stores.opening import open_store
from otel_alerting.testing import StoreSuite

pytestmark = pytest.mark.process


class TestRedisStore(StoreSuite):
    """The suite of all stores, with two clients of one server."""

    @pytest.fixture
    def url(self, server: Server) -> str:
        with server.client() as client:
            client.flushall()
        return f"redis://127.0.0.1:{server.port}/0"

    @pytest.fixture
    def store(self, url: str) -> Iterator[Store]:
        store = open_store(url)
        yield store
        store.close()

    @pytest.fixture
    def other(self, store: Store, url: str) -> Iterator[Store]:
        other = open_store(url)
        yield other
        other.close()


class TestRedisClusterStore(TestRedisStore):
    """The same in a cluster, which refuses a script whose keys are not of one slot."""

    @pytest.fixture
    def url(self, cluster: Cluster) -> str:
        cluster.empty()
        return f"redis+cluster://127.0.0.1:{cluster.servers[0].port}"


@pytest.fixture
def url(any_server: Server) -> str:
    with any_server.client() as client:
        client.flushall()
    return f"redis://127.0.0.1:{any_server.port}/0"


@pytest.fixture
def own(binary: Path) -> Iterator[Server]:
    """A server that one test may kill."""
    server = Server(binary).start()
    yield server
    server.stop()


@pytest.fixture
def wire(server: Server) -> Iterator[Wire]:
    with server.client() as client:
        client.flushall()
    wire = Wire(server.port)
    yield wire
    wire.close()


def test_a_lost_answer_appends_once(wire: Wire) -> None:
    """The server has appended and the answer got lost, three times: asked again, it says where the entries are."""
    store = open_store(f"redis://127.0.0.1:{wire.port}")
    store.append("s", [b"first"])
    wire.lose(b"EVALSHA", times=3)
    assert store.append("s", [b"a", b"b"]) == 3
    assert wire.lost == 3
    assert list(store.read("s", 0, 10)) == [(1, b"first"), (2, b"a"), (3, b"b")]


def test_an_append_that_failed_is_called_again_and_is_there_once(wire: Wire) -> None:
    """Also after other appends; a third call with the same entries is another append."""
    store = open_store(f"redis://127.0.0.1:{wire.port}?timeout=50ms")
    store.append("s", [b"first"])
    wire.lose(b"EVALSHA", times=1_000_000)
    with pytest.raises(StoreError, match="does not answer"):
        store.append("s", [b"a", b"b"])
    wire.lose(b"", times=0)
    assert store.append("s", [b"c"]) == 4
    assert store.append("s", [b"a", b"b"]) == 3
    assert store.append("s", [b"a", b"b"]) == 6
    assert [entry for _, entry in store.read("s", 0, 10)] == [b"first", b"a", b"b", b"c", b"a", b"b"]


@pytest.mark.parametrize("verb", ["lease", "save", "put_part", "trim", "read"])
def test_a_lost_answer_changes_no_other_verb(wire: Wire, verb: str) -> None:
    """Everything may be asked twice."""
    store = open_store(f"redis://127.0.0.1:{wire.port}")
    store.append("s", [b"a", b"b"])
    before = store.lease("p", "alice", 60 * SECOND)
    assert before is not None
    wire.lose(b"X" if verb in ("trim", "read") else b"EVAL")
    verbs: dict[str, Callable[[], object]] = {
        "lease": lambda: store.lease("p", "alice", 60 * SECOND),
        "save": lambda: store.save("p", b"x", before) or store.load("p"),
        "put_part": lambda: store.put_part("b", "f", b"1", 60 * SECOND) or store.parts("b"),
        "trim": lambda: store.trim("s", 2) or list(store.read("s", 0, 9)),
        "read": lambda: list(store.read("s", 0, 9)),
    }
    expected = {
        "lease": before,
        "save": b"x",
        "put_part": {"f": b"1"},
        "trim": [(2, b"b")],
        "read": [(1, b"a"), (2, b"b")],
    }
    assert verbs[verb]() == expected[verb]
    assert wire.lost == 1


def test_a_server_that_is_killed_and_started_again_has_everything(own: Server) -> None:
    """The store says that it does not answer, and goes on when it does; epochs and positions too."""
    store = open_store(f"redis://127.0.0.1:{own.port}/0?timeout=100ms")
    store.append("s", [b"a", b"b"])
    epoch = store.lease("p", "alice", 60 * SECOND)
    assert epoch is not None
    store.save("p", b"x", epoch)
    own.kill()
    place = f"redis://127.0.0.1:{own.port}/0"
    verbs: list[Callable[[], object]] = [lambda: store.append("s", [b"c"]), lambda: store.load("p")]
    for verb in verbs:
        with pytest.raises(StoreError, match=f"^{place}: does not answer: .*[Cc]onnect"):
            verb()
    own.start()
    assert store.append("s", [b"c"]) == 3
    assert (store.load("p"), store.lease("p", "alice", SECOND), store.lease("p", "bob", SECOND)) == (b"x", epoch, None)


def test_a_restart_is_not_noticed_when_it_is_short(own: Server) -> None:
    """Trying again for `timeout` is longer than a server takes to start."""
    store = open_store(f"redis://127.0.0.1:{own.port}?timeout=20s")
    store.append("s", [b"a"])
    own.kill()
    starting = threading.Thread(target=own.start)
    starting.start()
    assert store.append("s", [b"b"]) == 2
    starting.join()


def test_a_server_that_hangs_costs_the_timeout(own: Server) -> None:
    """And not a multiple of it. Afterwards what it was told while it hung is there once."""
    store = open_store(f"redis://127.0.0.1:{own.port}?timeout=400ms")
    store.append("s", [b"a"])
    own.pause()
    began = time.monotonic()
    with pytest.raises(StoreError, match="does not answer: Timeout"):
        store.append("s", [b"b"])
    took = time.monotonic() - began
    own.resume()
    assert 0.2 <= took < 2
    assert store.append("s", [b"b"]) == 2
    assert len(store.read("s", 0, 10)) == 2


def test_a_server_that_lost_everything_gives_no_epoch_twice(url: str, any_server: Server) -> None:
    """An owner from before the loss does not save over what was saved since."""
    store = open_store(url)
    old = store.lease("p", "alice", 60 * SECOND)
    assert old is not None
    with any_server.client() as client:
        client.flushall()
        elapse(client, 0.002)
    new = store.lease("p", "bob", 60 * SECOND)
    assert new is not None
    assert new > old
    with pytest.raises(StaleEpoch):
        store.save("p", b"old", old)


def test_all_keys_of_a_name_are_in_one_slot(url: str, any_server: Server) -> None:
    """And begin with the prefix; streams, leases and buckets of one name too."""
    name = "alerts/{ünï}:7"
    store = open_store(url + "?prefix=shop:eu")
    store.append(name, [b"a"])
    store.put_part(name, "f", b"1", SECOND)
    epoch = store.lease(name, "alice", SECOND)
    assert epoch is not None
    store.save(name, b"x", epoch)
    with any_server.client() as client:
        keys = client.keys()
        slots = set(map(key_slot, keys))
    assert all(key.startswith("shop:eu:{alerts/%7Bünï%7D:7}:".encode()) for key in keys)
    assert len(keys) == 7
    assert len(slots) == 1


def test_prefixes_do_not_mix(url: str) -> None:
    """Two installations in one server."""
    open_store(url + "?prefix=one").append("s", [b"a"])
    assert list(open_store(url + "?prefix=two").read("s", 0, 10)) == []


def test_what_is_remembered_of_appends_does_not_grow(url: str, any_server: Server) -> None:
    """One key a writer and stream, which expires; not one an append."""
    store = open_store(url)
    for _ in range(200):
        store.append("s", [b"a"])
    with any_server.client() as client:
        (writer,) = client.keys("*writer*")
        assert 0 < client.ttl(writer) <= 600


def test_parts_take_no_room_when_they_are_over(url: str, any_server: Server) -> None:
    """A field goes when another is written; a bucket when its last part ends."""
    store = open_store(url)
    store.put_part("b", "old", b"1", 1)
    store.put_part("b", "new", b"1", 60 * SECOND)
    store.put_part("over", "old", b"1", 1)
    with any_server.client() as client:
        elapse(client, 0.02)
        store.put_part("b", "other", b"1", 60 * SECOND)
        assert sorted(client.hkeys("otel-alerting:{b}:parts")) == [b"new", b"other"]
        assert client.keys("*{over}*") == []
        assert 0 < client.ttl("otel-alerting:{b}:parts") <= 60


def test_no_password_is_ever_shown(own: Server) -> None:
    """Not in names, errors or their causes; refused at once, not after a timeout."""
    with own.client() as client:
        client.config_set("requirepass", "s3cret/word")
    good = open_store(f"redis://:s3cret%2Fword@127.0.0.1:{own.port}")
    assert good.append("s", [b"a"]) == 1
    bad = open_store(f"redis://:wr0ng-word@127.0.0.1:{own.port}/0?timeout=1m")
    with pytest.raises(StoreError, match="wants another user name or password") as caught:
        bad.append("s", [b"a"])
    said = "".join(traceback.format_exception(caught.value))
    for text in (said, repr(good), repr(bad), str(caught.value)):
        assert "word" not in text.replace("password", "")
    assert repr(bad) == f"RedisStore('redis://127.0.0.1:{own.port}/0')"


def test_a_server_is_trusted_by_its_certificate(any_server: Server, tmp_path: Path) -> None:
    """Over TLS: with the authority that signed it, with none at all if told so, and else not."""
    certificate, key = certified(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    wire = Wire(any_server.port, context)
    url = f"rediss://127.0.0.1:{wire.port}/0?timeout=2s&"
    assert open_store(url + f"ssl_ca_certs={certificate}").load("nothing") is None
    assert open_store(url + "ssl_cert_reqs=none").load("nothing") is None
    with pytest.raises(StoreError, match=r"does not answer: .*certificate"):
        open_store(url.replace("2s", "50ms")).load("nothing")
    wire.close()


def certified(folder: Path) -> tuple[Path, Path]:
    """A certificate for this machine that signs itself, and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    asked = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    files = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(asked + files, check=True, capture_output=True)
    return certificate, key


@pytest.mark.parametrize("kind", ["redis", "redis+cluster"])
def test_a_user_with_few_rights_is_enough(request: pytest.FixtureRequest, binary: Path, kind: str) -> None:
    """Those that the documentation lists, on our keys only; what is missing is told at once."""
    page = (Path(__file__).parents[2] / "docs" / "stores.md").read_text("utf-8")
    listed = page.partition("the user needs the commands ")[2].partition("\n")[0]
    commands = [f"+{word.lower()}" for word in re.findall("`([A-Z]+)`", listed)]
    servers = _servers(request, kind)
    for server in servers:
        with server.client() as client:
            client.flushall()
            for name, allowed in (("few", commands), ("none", ["+client"])):
                client.execute_command("ACL", "SETUSER", name, "reset", "on", ">word", "~otel-alerting:*", *allowed)
    store = open_store(f"{kind}://few:word@127.0.0.1:{servers[0].port}")
    store.append("s", [b"a", b"b"])
    store.trim("s", 2)
    store.put_part("b", "f", b"1", SECOND)
    epoch = store.lease("p", "alice", SECOND)
    assert epoch is not None
    store.save("p", b"x", epoch)
    assert (store.read("s", 0, 9), store.newest("s", 9)) == ([(2, b"b")], [(2, b"b")])
    assert (store.parts("b"), store.load("p")) == ({"f": b"1"}, b"x")
    with pytest.raises(StoreError, match="no permissions"):
        open_store(f"redis://none:word@127.0.0.1:{servers[0].port}/0?timeout=1m").append("s", [b"a"])


def _servers(request: pytest.FixtureRequest, kind: str) -> list[Server]:
    if kind == "redis":
        return [request.getfixturevalue("server")]
    return list(request.getfixturevalue("cluster").servers)


def test_a_replica_is_named(own: Server) -> None:
    """It would take no writes, however often it is asked."""
    store = open_store(f"redis://127.0.0.1:{own.port}?timeout=50ms")
    with own.client() as client:
        client.execute_command("REPLICAOF", "127.0.0.1", str(stores_servers.free_port()))
    with pytest.raises(StoreError, match="is a replica, which takes no writes"):
        store.append("s", [b"a"])


def test_a_full_memory_is_named(own: Server) -> None:
    """Reading goes on; when there is room, writing too."""
    store = open_store(f"redis://127.0.0.1:{own.port}")
    store.append("s", [b"a"])
    with own.client() as client:
        client.config_set("maxmemory", "1")
        with pytest.raises(StoreError, match=r"its memory is full \(maxmemory\)"):
            store.append("s", [b"b"])
        assert len(store.read("s", 0, 10)) == 1
        client.config_set("maxmemory", "0")
    assert store.append("s", [b"b"]) == 2


def test_a_cluster_that_is_taken_for_one_server_is_named(cluster: Cluster) -> None:
    """With the URL that would be right, as soon as a name is at home elsewhere."""
    cluster.empty()
    store = open_store(f"redis://127.0.0.1:{cluster.servers[0].port}")
    names = [str(number) for number in range(20)]
    with pytest.raises(StoreError, match=r"is part of a cluster: its URL begins with redis\+cluster://"):
        list(map(store.load, names))
    right = open_store(f"redis+cluster://127.0.0.1:{cluster.servers[0].port}")
    assert list(map(right.load, names)) == [None] * 20


def test_sentinels_say_who_is_the_master(binary: Path) -> None:
    """The master is killed, a replica takes its place: the store says so, and goes on there."""
    with sentinels(binary) as (url, master):
        store = open_store(url)
        assert repr(store) == f"RedisStore('{url.partition('?')[0]}')"
        assert store.append("s", [b"a"]) == 1
        with master.client() as client:
            client.execute_command("WAIT", 1, 5000)
        master.kill()
        assert store.append("s", [b"b"]) == 2
        assert [entry for _, entry in store.read("s", 0, 10)] == [b"a", b"b"]


def elapse(client: redis.Redis, seconds: float) -> None:
    """Let time pass for the server."""
    client.blpop("nothing", seconds)


@contextlib.contextmanager
def sentinels(binary: Path) -> Iterator[tuple[str, Server]]:
    """A master with one replica, and one sentinel that watches them."""
    master = Server(binary).start()
    replica = Server(binary, "--replicaof", "127.0.0.1", str(master.port)).start()
    config = f"""
        sentinel monitor shop 127.0.0.1 {master.port} 1
        sentinel down-after-milliseconds shop 300
        sentinel failover-timeout shop 2000
    """
    watcher = Server(binary, "--sentinel", config=textwrap.dedent(config))
    try:
        with replica.client() as client:
            stores_servers.until(lambda: client.execute_command("ROLE")[3] == b"connected")
        watcher.start()
        with watcher.client() as client:
            stores_servers.until(lambda: len(client.execute_command("SENTINEL", "REPLICAS", "shop")) == 1)
        yield f"redis+sentinel://127.0.0.1:{watcher.port}/shop/0?timeout=30s", master
    finally:
        for server in (watcher, replica, master):
            server.stop()
