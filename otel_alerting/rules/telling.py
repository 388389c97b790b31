"""A teller makes alerts of groups: the first `limit` of a tenant on their own, the rest as one that counts them."""

from __future__ import annotations

import math
from collections import Counter

from otel_alerting.model import Alert, Reading
from otel_alerting.rules.attributes import failure_of
from otel_alerting.rules.crowd import LABELS as OVERFLOW
from otel_alerting.rules.crowd import Crowd
from otel_alerting.rules.facts import facts_of, text_of
from otel_alerting.rules.group import Group, Look
from otel_alerting.rules.reading import shown_unit, subject_of
from otel_alerting.rules.rule import Rule
from otel_alerting.rules.threshold import Step


class Teller:
    """Remembers what was told of each group, and says what is news."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._labels = {name: value for name, value in rule.labels.items() if name != "severity"}
        self._shown: Counter[str] = Counter()
        self._crowds: dict[str, Crowd] = {}

    def tell(self, group: Group, level: int, look: Look, *, at: int, since: int) -> list[Alert]:
        """The alert of a group that is at a level (-1: it is well), when there is something new to say.

        Args:
            group: whose level this is from now on.
            level: the step that holds.
            look: what it was found out from.
            at: the edge or the event.
            since: when it began, should it begin now.
        """
        was, group.level = group.level, level
        if level < 0:
            return self._ended(group, at, look) if was >= 0 else []
        if was < 0:
            self._began(group, since, look)
        alert = self._alert(group, look, at)
        if group.crowded:
            self._crowds[group.tenant].join(group, alert.severity)
            return []
        if group.alert is not None and _says_the_same(group.alert, alert):
            return []
        group.alert = alert
        return [alert]

    def crowds(self, at: int) -> list[Alert]:
        """The alerts of those beyond the limit that are others than last time."""
        changed = []
        for tenant, crowd in list(self._crowds.items()):
            alert = crowd.tell(self._pattern(tenant, at), at)
            if alert is not None:
                changed.append(alert)
            if crowd.is_over:
                del self._crowds[tenant]
        return changed

    def _began(self, group: Group, since: int, look: Look) -> None:
        """The first `limit` alerts of a tenant are told on their own; who is over it is told with the crowd."""
        group.started_at, group.before = since, max(0, group.total - look.samples)
        group.crowded = group.crowded or self._shown[group.tenant] >= self._rule.limit
        if group.crowded:
            self._crowds.setdefault(group.tenant, Crowd())
        else:
            self._shown[group.tenant] += 1

    def _ended(self, group: Group, at: int, look: Look) -> list[Alert]:
        alert, group.alert = group.alert, None
        if group.crowded:
            self._crowds[group.tenant].leave(group)
            group.crowded = group.is_overflow
            return []
        self._shown[group.tenant] -= 1
        return [alert.resolved(at, "stale" if look.value is None else "")] if alert else []

    def _pattern(self, tenant: str, at: int) -> Alert:
        return Alert(
            tenant=tenant,
            name=self._rule.alert,
            labels={**self._labels, **OVERFLOW},
            severity=self._rule.threshold("").steps[0].severity,
            started_at=at,
            updated_at=at,
            template=self._rule.template or "threshold",
            annotations=self._rule.annotations,
        )

    def _alert(self, group: Group, look: Look, at: int) -> Alert:
        reached = group.threshold.steps[group.level]
        last, told = group.last, group.alert
        return Alert(
            tenant=group.tenant,
            name=self._rule.alert,
            labels=group.labels,
            severity=reached.severity,
            started_at=group.started_at,
            updated_at=at,
            count=group.count,
            template=self._rule.template or "threshold",
            text=text_of(last) if last else "",
            facts=facts_of(last, group.labels) if last else {},
            annotations=self._rule.annotations,
            reading=self._reading(group, reached, look),
            failure=failure_of(last) if last else None,
            trace_id=last.trace_id if last else "",
            correlation_id=last.correlation_id if last else "",
            identity=told.identity if told else "",
        )

    def _reading(self, group: Group, reached: Step, look: Look) -> Reading | None:
        if look.value is None or math.isnan(look.value):
            return group.alert.reading if group.alert else None
        return Reading(
            value=look.value,
            threshold=reached.limit,
            comparison=reached.comparison,
            unit=shown_unit(self._rule, group.unit),
            measure=f"{self._rule.measure}({subject_of(self._rule)})",
            window=0 if self._rule.measure == "last" else int(self._rule.window),
            samples=look.samples,
        )


def _says_the_same(told: Alert, newer: Alert) -> bool:
    return told.severity is newer.severity and told.count == newer.count and told.reading == newer.reading
