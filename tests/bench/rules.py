"""What rules cost: `python tests/bench/rules.py [observations]`.

For each aggregate: nanoseconds to observe one log record that a rule is about and that does not make it fire, from the
rule set's door to the sub-bucket; microseconds to evaluate one group at an edge; and bytes for one group that has seen
something in every sub-bucket of a five-minute window, without the last signal that it keeps for words. `window` is the
ring alone, `none` a rule that no record is about, `builtin` the built-in rules on a warning that repeats.
"""

from __future__ import annotations

import gc
import random
import sys
import time
import tracemalloc
from collections.abc import Callable

from otel_alerting.config.read import read
from otel_alerting.model import Log
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
    "ratio": "of: {v: {above: 50}}, above: 200%",
    "last": "of: v, above: 1e9",
    "increase": "above: 1e9",
    "fraction": "of: {v: {above: 50}}, above: 200%",
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


def nanoseconds(make: Callable[[], Callable[[Log], object]], seen: list[Log]) -> float:
    """The best of some rounds, for one observation."""
    best = float("inf")
    for _ in range(ROUNDS):
        take = make()
        before = time.perf_counter_ns()
        for one in seen:
            take(one)
        best = min(best, (time.perf_counter_ns() - before) / len(seen))
    return best


def observing(rules: RuleSet) -> Callable[[Log], object]:
    return lambda one: rules.observe(one, one.at)


def adding(window: Window) -> Callable[[Log], object]:
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


def main() -> None:
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
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


if __name__ == "__main__":
    main()
