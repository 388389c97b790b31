"""A teller makes alerts of groups: the first `limit` of a tenant on their own, the rest as one that counts them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping

import msgspec

from otel_alerting.model import Alert, Reading
from otel_alerting.rules.attributes import failure_of
from otel_alerting.rules.composition import Composition
from otel_alerting.rules.crowd import LABELS as OVERFLOW
from otel_alerting.rules.crowd import Crowd
from otel_alerting.rules.facts import facts_of, text_of
from otel_alerting.rules.group import Group, Look
from otel_alerting.rules.reading import shown_unit
from otel_alerting.rules.rule import Rule
from otel_alerting.rules.subject import SIGHTS
from otel_alerting.rules.threshold import Step


class Teller:
    """Remembers what was told of each group, and says what is news."""

    def __init__(self, rule: Rule, composition: Composition) -> None:
        self._rule = rule
        self._measure = composition.text()
        self._is_bare = rule.measure in SIGHTS and not (rule.given() or isinstance(rule.severity, Mapping))
        """Is its number held against nothing that its author said?"""
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

    def kept(self) -> Mapping[str, tuple[Alert | None, int]]:
        """By tenant: the alert about those beyond the limit, and the observations of those of it that are over."""
        return {tenant: (crowd.told, crowd.ended) for tenant, crowd in self._crowds.items()}

    def resume(self, group: Group) -> None:
        """Go on telling of a group, of which something is told already."""
        if group.crowded:
            severity = group.threshold.steps[group.level].severity
            self._crowds.setdefault(group.tenant, Crowd()).join(group, severity)
        else:
            self._shown[group.tenant] += 1

    def resume_crowd(self, tenant: str, told: Alert | None, ended: int) -> None:
        """Go on from what was kept of a tenant."""
        self._crowds.setdefault(tenant, Crowd()).resume(told, ended)

    def take_over(self, old: Teller) -> None:
        """Go on from another's."""
        self._shown, self._crowds = old._shown, old._crowds

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
        if last is None and told is not None:
            return self._retold(group, told, reached, look, at)
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
            trace_id=self._trace_of(group, at),
            correlation_id=last.correlation_id if last else "",
            identity=told.identity if told else "",
        )

    def _retold(self, group: Group, told: Alert, reached: Step, look: Look, at: int) -> Alert:
        """The alert of a group that nothing was seen of since a restart: its words are those it was told with."""
        return msgspec.structs.replace(
            told,
            severity=reached.severity,
            updated_at=at,
            count=group.count,
            annotations=self._rule.annotations,
            reading=self._reading(group, reached, look),
        )

    def _trace_of(self, group: Group, at: int) -> str:
        """The newest signal's trace; of points, that of any within the window, for few of them have an exemplar."""
        if group.last is not None and group.last.trace_id:
            return group.last.trace_id
        is_near = group.traced is not None and at - group.traced.at < self._rule.window
        return group.traced.trace_id if group.traced is not None and is_near else ""

    def _reading(self, group: Group, reached: Step, look: Look) -> Reading | None:
        if look.value is None or math.isnan(look.value):
            return group.alert.reading if group.alert else None
        comparison, limit, over = look.bound or (reached.comparison, reached.limit, 0)
        return Reading(
            value=look.value,
            threshold=None if self._is_bare else limit,
            comparison="" if self._is_bare else comparison,
            unit=shown_unit(self._rule, group.unit),
            measure=self._measure,
            window=over or (0 if self._rule.measure in ("last", "age") else int(self._rule.window)),
            samples=look.samples,
        )


def _says_the_same(told: Alert, newer: Alert) -> bool:
    return told.severity is newer.severity and told.count == newer.count and told.reading == newer.reading
