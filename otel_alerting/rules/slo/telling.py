"""What an objective's alert tells: how fast the budget burns, over which windows, and what is left of it."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from otel_alerting.model import Alert, Reading
from otel_alerting.model.alert import Fact
from otel_alerting.rules.composition import Composition
from otel_alerting.rules.group import Group, Look
from otel_alerting.rules.rule import Rule
from otel_alerting.rules.slo.budget import Budget
from otel_alerting.rules.slo.objective import Slo
from otel_alerting.rules.telling import Teller


class BurnTeller(Teller):
    """Tells burn rates; who is told, and when, is as for all rules."""

    def __init__(self, rule: Rule, slo: Slo) -> None:
        super().__init__(rule, Composition(rule))
        self._slo = slo

    def _alert(self, group: Group, look: Look, at: int) -> Alert:
        alert, budget = super()._alert(group, look, at), budget_of(group)
        if budget is None:
            return alert
        facts = self._facts(group, budget, at)  # first, and no attribute of the same name in their place
        return msgspec.structs.replace(
            alert, reading=self._burning(group, look), facts={**facts, **alert.facts, **facts}
        )

    def _burning(self, group: Group, look: Look) -> Reading:
        rate = self._slo.rates[group.level]
        return Reading(
            value=look.value or 0.0,
            threshold=rate.factor,
            comparison="above",
            measure="burn rate",
            window=int(rate.long),
            samples=look.samples,
        )

    def _facts(self, group: Group, budget: Budget, at: int) -> Mapping[str, Fact]:
        """Few: a message has room for ten fields. `budget_left` is a number, for authors who write `| percent`."""
        rate = self._slo.rates[group.level]
        return {
            "budget_left": round(budget.left(at), 4),
            "objective": f"{100 * self._slo.objective.value:.10g}% / {self._slo.span}",
            "windows": f"{rate.long} / {rate.short}",
        }


def budget_of(group: Group) -> Budget | None:
    """The budget of a group; None before anything was counted in it."""
    measure = next((one.measure for one in group.series.values()), None)
    return measure if isinstance(measure, Budget) else None
