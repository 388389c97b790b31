"""An inhibition keeps an alert quiet while another fires that explains it: no slow pages while the host is down.

As in Alertmanager: where `source_matchers` hold for a firing alert, alerts for which `target_matchers` hold are not
told, if both have the same values (or both have none) under all labels in `equal`. An alert on both sides of a rule is
inhibited only by one that is on the source's side alone, so nothing ever inhibits itself. Tenants are strangers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias, cast

import msgspec

from otel_alerting.dispatch.matcher import Matchers
from otel_alerting.model import Alert


class InhibitRule(msgspec.Struct, frozen=True, kw_only=True):
    """While one alert fires, others are not told. What its older keys say is among its matchers once it is made."""

    name: str = ""
    """What it is called where a reason is named."""
    source_matchers: Matchers | tuple[Matchers, ...] = Matchers()
    """The alert that explains: all must hold."""
    target_matchers: Matchers | tuple[Matchers, ...] = Matchers()
    """The alerts that are then not told: all must hold."""
    equal: tuple[str, ...] = ()
    """Labels that both must have the same value of; a missing label is an empty one."""
    source_match: Mapping[str, str] = {}
    """Older form of `source_matchers`, as `{alertname: HostDown}`."""
    source_match_re: Mapping[str, str] = {}
    """The same with regular expressions."""
    target_match: Mapping[str, str] = {}
    """Older form of `target_matchers`."""
    target_match_re: Mapping[str, str] = {}
    """The same with regular expressions."""

    def __post_init__(self) -> None:
        """The older forms become matchers."""
        put = msgspec.structs.force_setattr
        put(self, "source_matchers", Matchers.of(self.source_matchers, self.source_match, self.source_match_re))
        put(self, "target_matchers", Matchers.of(self.target_matchers, self.target_match, self.target_match_re))
        for name in ("source_match", "source_match_re", "target_match", "target_match_re"):
            put(self, name, {})

    def is_source(self, alert: Alert) -> bool:
        """Can it explain others?"""
        return cast("Matchers", self.source_matchers).matches(alert)

    def is_target(self, alert: Alert) -> bool:
        """Can it be explained by others?"""
        return cast("Matchers", self.target_matchers).matches(alert)

    def __str__(self) -> str:
        return self.name or f"{self.source_matchers} keeps {self.target_matchers} quiet"


class Inhibited(NamedTuple):
    """By which alert, and by which rule."""

    source: str
    """The explaining alert's identity."""
    rule: InhibitRule


_Key: TypeAlias = tuple[int, str, tuple[str, ...]]
"""Number of the rule, tenant, values of the labels that must be equal."""


class Inhibitions:
    """The alerts that keep others quiet now, by what both have in common."""

    def __init__(self, rules: Sequence[InhibitRule] = ()) -> None:
        self._rules = tuple(rules)
        self._sources: dict[_Key, dict[str, bool]] = {}  # identity -> is it a target of the same rule too?
        self._kept: dict[tuple[str, str], tuple[_Key, ...]] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def see(self, alert: Alert) -> bool:
        """Take in the newest word about an alert; True when it keeps others quiet no longer, where it did before."""
        before = self._kept.get((alert.tenant, alert.identity), ())
        after = self._keys(alert) if alert.firing else ()
        if before == after:
            return False
        for key in before:
            self._forget(key, alert.identity)
        for key in after:
            self._sources.setdefault(key, {})[alert.identity] = self._rules[key[0]].is_target(alert)
        if after:
            self._kept[alert.tenant, alert.identity] = after
        else:
            self._kept.pop((alert.tenant, alert.identity), None)
        return not set(before) <= set(after)

    def by(self, alert: Alert) -> Inhibited | None:
        """What keeps this alert quiet now."""
        if not self._sources:
            return None
        for number, rule in enumerate(self._rules):
            if rule.is_target(alert):
                sources = self._sources.get(self._key(number, rule, alert))
                source = _first(sources, both_sides=not rule.is_source(alert)) if sources else None
                if source is not None:
                    return Inhibited(source, rule)
        return None

    def _keys(self, alert: Alert) -> tuple[_Key, ...]:
        return tuple(self._key(number, rule, alert) for number, rule in enumerate(self._rules) if rule.is_source(alert))

    def _key(self, number: int, rule: InhibitRule, alert: Alert) -> _Key:
        return number, alert.tenant, tuple(alert.label(name) for name in rule.equal)

    def _forget(self, key: _Key, identity: str) -> None:
        sources = self._sources[key]
        del sources[identity]
        if not sources:
            del self._sources[key]


def _first(sources: Mapping[str, bool], *, both_sides: bool) -> str | None:
    """The source that fires longest; those on both sides of the rule only where `both_sides` allows."""
    return next((identity for identity, both in sources.items() if both_sides or not both), None)
