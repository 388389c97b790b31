"""The register knows every background of this process: it starts, flushes and ends them, and adds up their books."""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping

from otel_alerting import inbox as inboxes
from otel_alerting.background.thread import SHUTDOWN, Background, SystemClock
from otel_alerting.inbox import Inbox
from otel_alerting.pipeline import Account, Pipeline
from otel_alerting.telemetry import Counters, complain

_running: dict[int, Background] = {}
_lock = threading.RLock()
"""Reentrant, because a signal handler may come between while its own thread holds it."""


def start(inbox: Inbox) -> None:
    """Get a background going for a shared inbox. Called by the inbox itself, at its first entry in a process."""
    background = Background(inbox, lambda: _make(background))
    inboxes.readers_end_with(flush, stop_all)
    with _lock:
        _running[id(inbox)] = background
    _drain_in_children()
    background.start()


def flush(timeout: float = 3.0) -> bool:
    """Tell everything that this process has to tell, within `timeout` seconds; True when nothing is left.

    Call it where a process ends without the interpreter's usual exit: at the end of a Celery child, in a lambda's
    handler, before `os._exit`.
    """
    deadline = time.monotonic() + timeout
    # A list, because every one of them is to be flushed, also behind one that could not.
    return all([background.flush(max(0.0, deadline - time.monotonic())) for background in _all_here()])  # noqa: C419


def account() -> Mapping[str, Account]:
    """By tenant, over all inboxes of this process: what there was to tell, and what became of it."""
    books: dict[str, Counter[str]] = {}
    for background in _all_here():
        for tenant, lines in (background.ask(Pipeline.account) or {}).items():
            books.setdefault(tenant, Counter()).update(lines)
    return books


def seen() -> Mapping[str, int]:
    """By kind (`log`, `span`, `point`), over all inboxes of this process: the signals that rules have looked at."""
    kinds: Counter[str] = Counter()
    for background in _all_here():
        if background.pipeline is not None:
            kinds.update(background.pipeline.counters.by("signals", "kind"))
    return kinds


def of(inbox: Inbox) -> Background | None:
    """The background that reads an inbox; None before its first entry."""
    with _lock:
        return _running.get(id(inbox))


def stop_all() -> None:
    """Drain and end every background: the interpreter's exit calls it, after OpenTelemetry's own flush."""
    with _lock:
        all_of_them = _all_here()
        _running.clear()
    for background in all_of_them:
        background.stop()


def _all_here() -> list[Background]:
    with _lock:
        return [background for background in _running.values() if background.is_here]


def _make(background: Background) -> Pipeline | None:
    """The pipeline of a shared inbox; None where its configuration switches everything off."""
    inbox = background.inbox
    from otel_alerting.config.build import broken, build, ruleset
    from otel_alerting.config.load import examine, say
    from otel_alerting.config.schema import Config
    from otel_alerting.config.watch import Watch
    from otel_alerting.errors import ConfigurationError

    settings, clock = dict(inbox.settings), SystemClock()
    path = settings.pop("config", None)
    found = examine(path, overrides=settings)
    say(found)
    try:
        config = found.usable()
    except ConfigurationError:
        complain("the configuration cannot be used: alerts go to the console until it is mended")
        config = Config()
    if not config.enabled:
        return None
    background.shutdown = config.shutdown_timeout / 1e9
    pipeline = build(config, clock=clock, counters=Counters(), ring=inbox.ring)
    if found.files and found.is_usable:
        watch = Watch(lambda: examine(path, overrides=settings), lambda config: ruleset(config, clock.now()), found)
        background.watch = watch.look
    if found.faults and found.is_usable:
        pipeline.accept(broken(config, found.faults, clock.now()), clock.now())
    return pipeline


def _drain_in_children() -> None:
    """A forked `multiprocessing` child ends without exit hooks, but runs the finalizers made in it.

    A child of Celery's pool runs not even these, but sends a signal before.
    """
    for name in ("multiprocessing", "billiard"):
        process = sys.modules.get(f"{name}.process")
        util = sys.modules.get(f"{name}.util")
        if process is None or util is None or process.current_process().name == "MainProcess":
            continue
        util.Finalize(None, stop_all, exitpriority=10)
    signals = sys.modules.get("celery.signals")
    if signals is not None:
        signals.worker_process_shutdown.connect(_flush_child, weak=False, dispatch_uid="otel-alerting")


def _flush_child(**said: object) -> None:
    flush(SHUTDOWN)


def _begin_anew() -> None:
    """The parent's threads are not here, and its locks may be held for ever."""
    global _lock  # noqa: PLW0603 - it is replaced where it can be held for ever
    _lock = threading.RLock()
    for name in [name for name, background in _running.items() if not background.is_here]:
        del _running[name]


inboxes.in_children(_begin_anew)
