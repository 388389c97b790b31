"""A budget is what of one group may be bad: what happened by time, held against what the objective allows."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import msgspec

from otel_alerting.model import Point, Signal
from otel_alerting.rules.frame import whole
from otel_alerting.rules.group import Look
from otel_alerting.rules.rule import Rule
from otel_alerting.rules.slo.burn import BurnRate
from otel_alerting.rules.slo.indicator import Indicate, counter_of, indicator_of
from otel_alerting.rules.slo.objective import Slo
from otel_alerting.rules.slo.tiers import PackedTier, Tally, Tiers, shapes
from otel_alerting.rules.window import Shape


@dataclass(frozen=True, kw_only=True)
class Contract:
    """What an objective asks for, worked out once for all groups of its rule."""

    allowed: float
    """The share that may be bad."""
    period: int
    rates: tuple[BurnRate, ...]
    """From mild to bad."""
    guard: int
    """How many things must have happened in a long window, or it burns nothing."""
    shapes: tuple[Shape, ...]
    indicate: Indicate
    sli: bytes
    """The same for what counts alike: what was counted by another indicator says nothing about this one."""


def contract_of(slo: Slo, rule: Rule) -> Contract:
    """The contract of an objective, as its rule evaluates it."""
    return Contract(
        allowed=slo.budget,
        period=int(slo.span),
        rates=slo.rates,
        guard=rule.min_count or 0,
        shapes=shapes(rule.every, rule.late, int(slo.span)),
        indicate=_indicate(slo),
        sli=msgspec.msgpack.encode(slo.sli, order="deterministic"),
    )


def _indicate(slo: Slo) -> Indicate:
    indicate = indicator_of(slo.sli)
    if (name := slo.sli.counter) is None:
        return indicate
    second = counter_of(slo.sli)
    return lambda signal: (second if isinstance(signal, Point) and signal.name == name else indicate)(signal)


class _State(msgspec.Struct, frozen=True, array_like=True):
    sli: bytes
    tiers: tuple[PackedTier, ...]


class Budget:
    """Counts, and says how fast it burns. It is the measure of an objective's groups."""

    __slots__ = ("_contract", "bad_at", "tiers")

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self.tiers = Tiers(contract.shapes)
        self.bad_at = 0
        """When the newest of what is bad happened."""

    def add(self, at: int, signal: Signal, value: float) -> None:
        """Count what a signal says."""
        total, bad = self._contract.indicate(signal)
        self.tiers.add(at, total, bad)
        if bad > 0 and at > self.bad_at:
            self.bad_at = at

    def kept(self) -> bytes:
        """What it has counted: a month is not forgotten with the process."""
        return zlib.compress(msgspec.msgpack.encode(_State(self._contract.sli, self.tiers.packed())), 1)

    def resume(self, kept: bytes, away: int) -> None:
        """Go on from what was counted, if that was the same; while nobody looked, nothing was counted."""
        try:
            state = msgspec.msgpack.decode(zlib.decompress(kept), type=_State)
        except (msgspec.MsgspecError, zlib.error):  # of another version of this program
            return
        if state.sli == self._contract.sli:
            self.tiers.unpack(state.tiers)

    def bind(self, contract: Contract) -> None:
        """Go on under a contract that counts the same, and may ask for something else."""
        self._contract = contract

    def value(self, at: int) -> float:
        """The burn rate at an edge: of the long window that is nearest to being too fast."""
        return self.look(at, -1).value or 0.0

    def samples(self, at: int) -> int:
        """How much happened in that window."""
        return self.look(at, -1).samples

    def level(self, edge: int) -> int:
        """The worst rate, by its place, that both its windows exceed; -1 for none. The short one is asked first."""
        rates = self._contract.rates
        for index in range(len(rates) - 1, -1, -1):
            rate = rates[index]
            if self.burn(self.tiers.tally(edge, rate.short)) > rate.factor:
                long = self.tiers.tally(edge, rate.long)
                if long.total >= self._contract.guard and self.burn(long) > rate.factor:
                    return index
        return -1

    def look(self, edge: int, level: int) -> Look:
        """The burn rate of a level's long window, and how much happened in it; of the nearest level with -1."""
        rates = self._contract.rates
        if level < 0:
            level = max(range(len(rates)), key=lambda index: self._nearness(rates[index], edge))
        long = self.tiers.tally(edge, rates[level].long)
        return Look(self.burn(long), whole(long.total))

    def burn(self, tally: Tally) -> float:
        """How many times as fast as allowed; 0 of nothing. Rounded, or 1.44% where 0.1% may be were not 14.4 times."""
        return round(tally.share / self._contract.allowed, 9)

    def left(self, edge: int) -> float:
        """The share of the budget that is left, of what happened in the period; negative when more than all is used."""
        return round(1.0 - self.burn(self.tiers.tally(edge, self._contract.period)), 9)

    def _nearness(self, rate: BurnRate, edge: int) -> float:
        burns = (self.burn(self.tiers.tally(edge, window)) for window in (rate.long, rate.short))
        return min(burns) / rate.factor
