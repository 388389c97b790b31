"""What rules cost: `python tests/bench/rules.py [observations] [--spans FILE]`.

For each aggregate: nanoseconds to observe one log record that a rule is about and that does not make it fire, from the
rule set's door to the sub-bucket; microseconds to evaluate one group at an edge; and bytes for one group that has seen
something in every sub-bucket of a five-minute window, without the last signal that it keeps for words. `window` is the
ring alone, `none` a rule that no record is about, `builtin` the built-in rules on a warning that repeats.

Then how the cost of a span grows with the number of rules: each rule is about one service, and two are about the span's
own, however many there are; the spans are made up, or those of a file of OTLP/JSON lines. And what an edge costs with
50,000 groups in a process.
"""

from __future__ import annotations

import argparse
import gc
import random
import time
import tracemalloc
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path

from otel_alerting.config.read import read
from otel_alerting.handlers.otlp import decode, signals_in
from otel_alerting.model import Log, Signal, Span
from otel_alerting.model.duration import SECOND
from otel_alerting.rules.builtin import BuiltinRules
from otel_alerting.rules.rule import RuleFile
from otel_alerting.rules.ruleset import RuleSet
from otel_alerting.rules.window import Shape, Window

START = 1_700_000_100 * SECOND
ROUNDS = 5
GROUPS = 200
AGGREGATES = {
    "count": "above: 1000000",
    "rate": "above: 1e9",
    "sum": "of: v, above: 1e15",
    "avg": "of: v, above: 1e9",
    "min": "of: v, below: -5",
    "max": "of: v, above: 1e9",
    "p99": "of: v, above: 1e9",
    "ratio": "of: {v: {above: 50}}, above: 100%",
    "last": "of: v, above: 1e9",
    "increase": "above: 1e9",
    "fraction": "of: {v: {above: 50}}, above: 100%",
    "unique": "of: v, above: 1e9",
    "changes": "of: v, above: 1e9",
    "forecast": "of: v, above: 1e9",
    "age": "above: 1000",
    "absent": "memory: 1h",
    "new": "min_count: 1000000",
}


def ruleset(aggregate: str) -> RuleSet:
    text = f"{{version: 1, rules: [{{alert: A, log: {{}}, by: [g], aggregate: {aggregate}, {AGGREGATES[aggregate]}}}]}}"
    return RuleSet(read(text, RuleFile, "rules.yaml").complete(), started_at=START)


def logs(number: int, groups: int, every: int) -> list[Log]:
    """Durations of one operation: log-normal, as real ones are."""
    dice = random.Random(1)
    return [
        Log(
            at=START + n * every,
            tenant="acme",
            severity=13,
            body="slow query",
            scope="db",
            attributes={"g": str(n % groups), "v": dice.lognormvariate(0, 0.4)},
        )
        for n in range(number)
    ]


def nanoseconds(make: Callable[[], Callable[[Signal], object]], seen: Sequence[Signal]) -> float:
    """The best of some rounds, for one observation."""
    best = float("inf")
    for _ in range(ROUNDS):
        take = make()
        before = time.perf_counter_ns()
        for one in seen:
            take(one)
        best = min(best, (time.perf_counter_ns() - before) / len(seen))
    return best


def observing(rules: RuleSet) -> Callable[[Signal], object]:
    return lambda one: rules.observe(one, one.at)


def adding(window: Window) -> Callable[[Signal], object]:
    return lambda one: window.add(one.at, 1.0)


def filled(aggregate: str) -> tuple[RuleSet, float]:
    """A rule set whose windows are full, and the bytes of one of its groups."""
    seen = logs(GROUPS * 300, GROUPS, SECOND // GROUPS)
    tracemalloc.start()
    gc.collect()
    before, rules = tracemalloc.get_traced_memory()[0], ruleset(aggregate)
    for one in seen:
        rules.observe(one, one.at)
    gc.collect()
    taken = (tracemalloc.get_traced_memory()[0] - before) / GROUPS
    tracemalloc.stop()
    return rules, taken


def evaluating(rules: RuleSet) -> float:
    """Microseconds to judge one group at one edge."""
    best, due = float("inf"), rules.next_at() or START
    for number in range(3):
        before = time.perf_counter_ns()
        rules.evaluate(due + number * 15 * SECOND)
        best = min(best, (time.perf_counter_ns() - before) / GROUPS / 1e3)
    return best


def spans(number: int, file: str | None) -> Sequence[Span]:
    """Real ones, where there are any; else servers' of ten services."""
    if file is not None:
        with Path(file).open("rb") as lines:
            read_ones = (one for line in lines for one in signals_in(decode(line), "acme"))
            return [one for one in islice(read_ones, number) if isinstance(one, Span)]
    return [
        Span(
            at=START + n * SECOND // 50,
            started_at=START + n * SECOND // 50 - 30_000_000,
            tenant="acme",
            name=f"GET /{n % 7}",
            kind="server",
            resource={"service.name": f"s{n % 10}"},
        )
        for n in range(number)
    ]


def many(number: int, services: list[str]) -> RuleSet:
    """Two rules about each span: of every service that is seen there are two, all others are of services unseen."""
    own = [*services, *(f"other{n}" for n in range(number))]
    rules = [
        f"{{alert: A{n}, span: {{kind: server}}, where: {{service.name: {own[n // 2]}}}, by: [span.name], "
        + ("aggregate: ratio, of: {status: error}, above: 100%}" if n % 2 else "aggregate: p99, above: 100s}")
        for n in range(number)
    ]
    return RuleSet(read(f"{{version: 1, rules: [{', '.join(rules)}]}}", RuleFile, "rules.yaml").complete())


def growing(number: int, file: str | None) -> None:
    seen = spans(number, file)
    services = sorted({str(one.resource.get("service.name")) for one in seen})
    one = [span for span in seen if span.resource.get("service.name") == services[0]]
    print(f"\n{'rules':<10}{'ns/span':>16}   two of them are about the span")
    for rules in (2, 20, 200):
        print(f"{rules:<10}{nanoseconds(lambda count=rules: observing(many(count, services[:1])), one):>16,.0f}")  # type: ignore[misc]


def crowded(groups: int = 50_000) -> None:
    text = "{version: 1, rules: [{alert: A, log: {}, by: [g], above: 1000000, max_series: 50000}]}"
    rules = RuleSet(read(text, RuleFile, "rules.yaml").complete(), started_at=START)
    for one in logs(groups, groups, 1):
        rules.observe(one, one.at)
    before = time.perf_counter_ns()
    rules.evaluate(rules.next_at() or START)
    print(f"\n{groups:,} groups at one edge: {(time.perf_counter_ns() - before) / 1e6:,.0f} ms")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("observations", type=int, nargs="?", default=20_000)
    parser.add_argument("--spans", metavar="FILE", help="OTLP/JSON lines")
    asked = parser.parse_args()
    number = asked.observations
    seen, shape = logs(number, 10, SECOND // 50), Shape(300 * SECOND)
    none = read("{version: 1, rules: [{alert: A, span: {}, above: 1}]}", RuleFile, "rules.yaml").complete()
    print(f"{'':<10}{'ns/observation':>16}{'us/evaluation':>16}{'bytes/group':>14}")
    print(f"{'window':<10}{nanoseconds(lambda: adding(Window(shape)), seen):>16,.0f}")
    print(f"{'none':<10}{nanoseconds(lambda: observing(RuleSet(none)), seen):>16,.0f}")
    print(f"{'builtin':<10}{nanoseconds(lambda: observing(RuleSet([], builtin=BuiltinRules())), seen):>16,.0f}")
    for aggregate in AGGREGATES:
        cost = nanoseconds(lambda name=aggregate: observing(ruleset(name)), seen)  # type: ignore[misc]
        rules, taken = filled(aggregate)
        print(f"{aggregate:<10}{cost:>16,.0f}{evaluating(rules):>16,.1f}{taken:>14,.0f}")
    growing(number, asked.spans)
    crowded()


if __name__ == "__main__":
    main()
