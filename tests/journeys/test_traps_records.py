"""Odd records: whatever a program hands to `logging`, from wherever, it goes on, and each is told or counted."""

from __future__ import annotations

import json

import pytest
from conftest import Program
from trap_servers import said, slack_in

from otel_alerting.testing import SlackSimulator

pytestmark = pytest.mark.process

PREPARED = """
import gc, json, logging, os, signal, sys, threading
import otel_alerting
from otel_alerting import background, inbox
from otel_alerting.handlers import AlertHandler
logging.raiseExceptions = False
log = logging.getLogger("shop")
log.addHandler(AlertHandler())
made = []
class Made(logging.Handler):  # behind ours: a record that it sees has passed ours
    def emit(self, record): made.append(record.msg)
log.addHandler(Made())
class Evil:
    def __str__(self): raise ValueError("no words")
    __repr__ = __str__
class EvilError(Exception):
    def __str__(self): raise ValueError("no words either")
def caught(error):
    try:
        raise error
    except BaseException:
        return sys.exc_info()
"""
ODD = {
    "arguments that do not fit": 'log.error("odd %s and %d", "one")',
    "an argument of the wrong type": 'log.error("odd %d", "one")',
    "too many arguments": 'log.error("odd", 1, 2, 3)',
    "a mapping without the key": 'log.error("odd %(key)s", {"other": 1})',
    "a message that is no text": 'log.error(["odd", {"a": 1}])',
    "a message that is bytes": 'log.error(b"odd \\xff")',
    "an exception for a message": 'log.error(ValueError("odd"))',
    "no message": 'log.error("odd" and None)',
    "exc_info without an exception": 'log.error("odd", exc_info=True)',
    "exc_info that is none": 'log.error("odd", exc_info=(None, None, None))',
    "exc_info that is nonsense": 'log.handle(logging.makeLogRecord({"levelno": 40, "msg": "odd", "exc_info": ("a",)}))',
    "an exception without words": 'log.error("odd", exc_info=caught(EvilError()))',
    "an exception that is no Exception": 'log.error("odd", exc_info=caught(SystemExit(3)))',
    "an argument without words": 'log.error("odd %s", Evil())',
    "extra without words": 'log.error("odd", extra={"evil": Evil(), "deep": {"evil": [Evil()]}})',
    "extra that goes in circles": 'd = {}; d["d"] = d; l = [d]; l.append(l); log.error("odd", extra={"d": d, "l": l})',
    "extra keys that are no names": 'log.error("odd", extra={"": 1, "a b": 2, "\\ud800": 3, "é" * 300: 4})',
    "a megabyte": 'log.error("odd " + "x" * 1_000_000)',
    "a megabyte in extra": 'log.error("odd", extra={"body": "y" * 1_000_000, "more": list(range(100_000))})',
    "lone surrogates": 'log.error("odd \\ud800 %s", "\\udfff", extra={"key": "\\udcff"})',
    "lone surrogates in the logger's name": 'logging.getLogger("shop.\\ud800").error("odd")',
    "NUL and escapes": 'log.error("odd \\x00 \\x1b[31m \\u202e <!channel> *a* `b` & ```", extra={"k\\x00": "\\x00"})',
    "a level of its own": 'log.log(37, "odd"); log.log(10**9, "odd")',
    "a record made by hand": 'log.handle(logging.makeLogRecord({"levelno": 40, "msg": "odd"}))',
    "a record with an impossible time": 'log.handle(logging.makeLogRecord({"levelno": 40, "created": 1e30}))',
    "a record without a name": 'log.handle(logging.makeLogRecord({"levelno": 40, "msg": "odd", "name": None}))',
    "names of ours with odd values": 'log.error("odd", extra={"tenant": Evil(), "correlation_id": {"a": 1}})',
    "numbers that are none": 'log.error("odd %s", float("nan"), extra={"inf": float("inf"), "big": 10**400})',
}


@pytest.mark.parametrize("odd", [dict(list(ODD.items())[third::3]) for third in range(3)])
def test_no_record_is_odd_enough_to_raise_or_to_be_lost(
    slack: SlackSimulator, program: Program, odd: dict[str, str]
) -> None:
    """The program never notices; each is told, in whatever words it has, and so is the one after it."""
    ended = program.run(
        PREPARED
        + f"""
counters = lambda: background.of(inbox.shared()).pipeline.counters
log.error("the first one")
assert otel_alerting.flush(20)
told = {{}}
for what, code in {odd!r}.items():
    before = counters().total("signals")
    exec(code)
    complete = otel_alerting.flush(20)
    told[what] = [complete, counters().total("signals") > before, counters().total("lost")]
log.error("the last one")
complete = otel_alerting.flush(20)
dropped = [line for account in background.account().values() for line in account if line.startswith("dropped")]
print(json.dumps([told, complete, dropped]))
""",
        env=slack_in(slack),
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr == ""
    told, complete, dropped = json.loads(ended.stdout)
    assert told == {what: [True, True, 0] for what in odd}
    assert complete
    assert dropped == []
    assert slack.violations == []
    assert "the last one" in said(slack)


def test_records_may_be_made_anywhere(slack: SlackSimulator, program: Program) -> None:
    """In a `__del__`, in a signal handler that interrupts another record, deep in a recursion, in a filter, in a task
    that is being cancelled: where there is no good moment, there is no lock to wait for either."""
    ended = program.run(
        PREPARED
        + """
import asyncio
signal.alarm(40)
class Dying:
    def __init__(self): self.me = self
    def __del__(self): log.error("said while dying")
Dying()
gc.collect()

heard = []
def interrupted(number, frame):
    heard.append(number)
    log.error("said in a signal handler")
signal.signal(signal.SIGUSR1, interrupted)
def interrupt():
    for _ in range(200):
        os.kill(os.getpid(), signal.SIGUSR1)
thread = threading.Thread(target=interrupt)
thread.start()
while thread.is_alive():
    log.error("said meanwhile %s", object())
thread.join()
assert heard

def dive(depth):
    try:
        dive(depth + 1)
    except RecursionError:
        if depth % 10 == 0:
            log.error("said in the depth")
        raise
try:
    dive(0)
except RecursionError as error:
    log.exception("said after the depth")

async def cancelled():
    try:
        await asyncio.sleep(60)
    finally:
        log.error("said while cancelled")
async def main():
    task = asyncio.create_task(cancelled())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
asyncio.run(main())

class Nosy(logging.Filter):
    busy = False
    def filter(self, record):
        if not self.busy:
            self.busy = True
            log.error("said in a filter")
            self.busy = False
        return True
log.handlers[0].addFilter(Nosy())
log.error("said after a filter")
assert otel_alerting.flush(30)
counters = background.of(inbox.shared()).pipeline.counters
print(json.dumps([made, counters.total("signals"), counters.total("lost")]))
""",
        env=slack_in(slack),
    )
    assert ended.returncode == 0, ended.stderr
    assert "Traceback" not in ended.stderr, ended.stderr
    made, seen, lost = json.loads(ended.stdout)
    for place in ("while dying", "in a signal handler", "in the depth", "while cancelled", "in a filter"):
        assert any(place in one for one in made), place
    assert seen + lost == len(made)


def test_what_does_not_fit_is_counted_and_told(slack: SlackSimulator, program: Program) -> None:
    """A tiny inbox and many threads: every record was either seen or counted as lost, and the reader is told so."""
    ended = program.run(
        PREPARED
        + """
box = inbox.shared()
box.capacity = 10
def chatter():
    for _ in range(1000):
        log.error("again and again")
threads = [threading.Thread(target=chatter) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
otel_alerting.flush(20)
log.error("the last word")
otel_alerting.flush(20)
counters = background.of(box).pipeline.counters
print(json.dumps([counters.total("signals"), counters.total("lost", reason="inbox_full")]))
""",
        env=slack_in(slack),
    )
    assert ended.returncode == 0, ended.stderr
    seen, lost = json.loads(ended.stdout)
    assert lost > 0
    assert seen + lost == 8001
    told = [message.payload for message in slack.messages()]
    assert any("lost" in json.dumps(payload).lower() or "inbox" in json.dumps(payload) for payload in told), told
