"""An objective is what people write under `slo:`: which share must be good, over which period, of what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

import msgspec

from otel_alerting.model.duration import DAY, Duration
from otel_alerting.rules.condition import Problems
from otel_alerting.rules.matching import AttributeMatcher, Kind, LogPattern, SpanPattern, Where, part, unreadable
from otel_alerting.rules.portion import SIDES, Portion
from otel_alerting.rules.quantity import Quantity
from otel_alerting.rules.slo.burn import PERIODS, RATES, BurnRate, Named
from otel_alerting.rules.slo.tiers import FINEST
from otel_alerting.rules.threshold import Step

_LONGEST = Duration(366 * DAY)

Outcome: TypeAlias = Mapping[str, AttributeMatcher | tuple[Mapping[str, AttributeMatcher], ...]]
"""What tells bad from good, as it is written: attributes that must all hold, or under `any` a list of such mappings."""


class Sli(msgspec.Struct, frozen=True, kw_only=True):
    """What is counted, and which of it is bad, or good."""

    metric: str | None = None
    span: SpanPattern | None = None
    log: LogPattern | None = None
    where: Mapping[str, AttributeMatcher] = {}
    any_where: tuple[Mapping[str, AttributeMatcher], ...] | Mapping[str, AttributeMatcher] = ()
    """A list of `where`s of which one must hold; written as one mapping, one of its attributes must."""
    bad: Outcome | None = None
    """Attributes that must all hold, keys of the span or log pattern among them; `{any: […]}` lists such mappings, of
    which one must. Of a metric also its own values, `{above: 300ms}`, or a second counter, `{metric: NAME}`."""
    good: Outcome | None = None
    """The same for what is good; everything else is bad."""

    @property
    def kind(self) -> Kind:
        """The kind of signal it is about."""
        return "metric" if self.metric is not None else "span" if self.span is not None else "log"

    @property
    def alternatives(self) -> tuple[Where, ...]:
        """`any_where` as a list of `where`s."""
        if isinstance(self.any_where, tuple):
            return self.any_where
        return tuple({name: matcher} for name, matcher in self.any_where.items())

    @property
    def outcome(self) -> tuple[Where, ...]:
        """What is bad, or good, as mappings of which one must hold."""
        said: Outcome = (self.bad if self.bad is not None else self.good) or {}
        listed = said.get("any")
        if isinstance(listed, tuple):
            return listed
        return ({name: matcher for name, matcher in said.items() if isinstance(matcher, AttributeMatcher)},)

    @property
    def counter(self) -> str | None:
        """The second metric, which counts what is bad or good."""
        matcher = self.outcome[0].get("metric") if self.kind == "metric" and self.outcome else None
        return str(matcher.equals) if matcher is not None else None

    def problems(self) -> Problems:
        """What the types cannot say."""
        given = [word for word in ("metric", "span", "log") if getattr(self, word) is not None]
        if len(given) != 1:
            yield (given[1] if given else ""), " and ".join(given) or "no signal", "exactly one of metric, span, log"
        if self.metric == "":
            yield "metric", "nothing", "the metric's name"
        for path, where in (("where", self.where), *(("any_where", one) for one in self.alternatives)):
            for name, found, right in unreadable("metric", where):
                yield f"{path}.{name}", found, right
        yield from self._unclear_outcome()

    def _unclear_outcome(self) -> Problems:
        if (self.bad is None) == (self.good is None):
            found = "bad and good" if self.bad is not None else "neither bad nor good"
            yield ("good" if self.bad is not None else ""), found, "one of bad and good"
            return
        word: str = "bad" if self.bad is not None else "good"
        said: Outcome = getattr(self, word)
        if any(isinstance(one, tuple) and name != "any" for name, one in said.items()):
            yield word, "a list", "lists under `any` only"
        elif not self.outcome or not all(self.outcome):
            yield word, "nothing", f"what is {word}, as {{status: error}} or {{any: [{{status: error}}]}}"
        elif "any" in said and len(said) > 1:
            yield word, "any beside " + ", ".join(sorted(set(said) - {"any"})), "any alone, or no any"
        else:
            for index, one in enumerate(self.outcome):
                yield from self._unclear_part(f"{word}.any[{index}]" if "any" in said else word, one)

    def _unclear_part(self, path: str, where: Where) -> Problems:
        try:
            if is_portion(self.kind, where):
                Portion.parse(where)
            else:
                part(self.kind, where)
        except ValueError as error:
            yield path, "a value that cannot be compared", str(error)
            return
        for name, found, right in unreadable(self.kind, where):
            yield f"{path}.{name}", found, right
        if self.kind != "metric" or "metric" not in where:
            return
        if len(self.outcome) > 1 or len(where) > 1:
            yield f"{path}.metric", "a second metric beside other things", "the second metric alone"
        elif not isinstance(where["metric"].equals, str) or where["metric"].equals in ("", self.metric):
            yield f"{path}.metric", repr(where["metric"].equals), "the name of another counter"


class Slo(msgspec.Struct, frozen=True, kw_only=True):
    """How much must be good, and how fast may be used up what need not be."""

    objective: Quantity
    """The share that must be good, as 99.9%."""
    period: Duration | None = None
    """Over which time; 30d by default, with `google-28d` 28d."""
    sli: Sli
    burn_rates: Named | tuple[BurnRate, ...] = "google"
    """How fast is too fast: `google` (2% of 30 days' budget in 1h, 5% in 6h, 10% in 3d), `google-28d`, or a list."""
    name: str = ""
    """The alert's label `slo`; its rule's name by default."""

    @property
    def rates(self) -> tuple[BurnRate, ...]:
        """`burn_rates` in full, from mild to bad."""
        said = self.burn_rates if isinstance(self.burn_rates, tuple) else RATES[self.burn_rates]
        return tuple(sorted(said, key=lambda one: (one.severity, one.factor)))

    @property
    def budget(self) -> float:
        """The share that may be bad; rounded, for 1 - 0.999 is not quite 0.001."""
        return round(1.0 - self.objective.value, 12)

    @property
    def span(self) -> Duration:
        """`period`, said or not."""
        if self.period is not None:
            return self.period
        return PERIODS["google" if isinstance(self.burn_rates, tuple) else self.burn_rates]

    def steps(self, hold: int) -> Iterator[Step]:
        """Its rates as steps of severity, the mildest first; several may be of one severity."""
        for rate in self.rates:
            yield Step(severity=rate.severity, comparison="above", limit=rate.factor, hold=hold)

    def unfit(self, interval: Duration) -> Problems:
        """An interval that its tiers cannot be cut into."""
        if FINEST % interval:
            yield "interval", str(interval), f"for an slo one that divides {Duration(FINEST)}"
        for rate in self.rates:
            if rate.short < interval:
                yield "slo.burn_rates", f"a window of {rate.short}", f"at least the interval, {interval}"

    def problems(self) -> Problems:
        """What the types cannot say."""
        if self.objective.unit not in ("", "ratio") or not 0 < self.objective.value < 1:
            yield "objective", f"{self.objective.value:g}", "a share between 0 and 1, as 99.9%"
        if not 0 < self.span <= _LONGEST:
            yield "period", str(self.period), f"more than 0, and at most {_LONGEST}"
        if not self.rates:
            yield "burn_rates", "nothing", "google, google-28d, or a list of {long, short, factor, severity}"
        for rate in self.rates:
            if rate.long > self.span:
                yield "burn_rates", f"a window of {rate.long}", f"at most the period, {self.span}"
            if 0 < self.budget <= 1 and rate.factor * self.budget >= 1:
                most = f"less than {1 / self.budget:.6g}: at {self.objective.value:.6%} nothing burns faster"
                yield "burn_rates", f"a factor of {rate.factor:g}", most


def is_portion(kind: Kind, where: Where) -> bool:
    """Is it about a metric's own values, as `{above: 300ms}`?"""
    return kind == "metric" and bool(where) and set(where) <= set(SIDES)
