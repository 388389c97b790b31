"""An absence is what a rule about what is absent knows beside its groups: who is missed, and who was forgotten.

A group that was seen is missed until `memory` has passed since. A rule without groups misses somebody from the start on
too: each of its `tenants`, or else whoever comes first, who until then has the default tenant's name.
"""

from __future__ import annotations

from otel_alerting.rules.group import Group, Look
from otel_alerting.rules.grouping import Grouping
from otel_alerting.rules.measures.absent import Absent
from otel_alerting.rules.rule import Rule


class Absence:
    """Who is expected is never forgotten: a dead man's switch that has fired fires until somebody comes."""

    def __init__(self, rule: Rule, groups: Grouping) -> None:
        self._rule, self._groups = rule, groups
        self._stand_in: Group | None = None
        """The group of the default tenant, as long as nobody has come."""

    def expect(self, tenant: str, started_at: int) -> bool:
        """Miss, from now on, whom nobody has seen yet; whether there is anybody."""
        if self._rule.by:
            return False
        for one in self._rule.tenants or (tenant,):
            group = self._groups.expect(one, started_at)
            self._stand_in = group if self._rule.tenants is None else None
        return True

    def saw(self, group: Group, at: int) -> None:
        """A group was seen: if it is the first one, it was this one that was missed, and its stand-in is forgotten."""
        stand_in = self._stand_in
        if stand_in is not None:
            self._replace(group)
            if stand_in is not group:
                _see(stand_in, at - self._rule.remembers)  # so long ago that its memory ends now

    def take_over(self, old: Absence) -> None:
        """Go on with whom the same rule missed before it was changed; its groups come with all that is in them."""
        self._stand_in = old._stand_in

    def recall(self) -> None:
        """Windows are empty after a gap or a restart; that a group is known, and how long it is silent, is not lost.

        After a restart it is missed as soon as it is old enough: the window of a day would never be full in a program
        that is deployed every morning.
        """
        for group in self._groups:
            group.cleared_at = group.born_at
            if group.seen_at:
                _see(group, group.seen_at)
            if group.is_expected and group is not self._stand_in and self._stand_in is not None:
                self._replace(group)

    def look(self, group: Group, look: Look) -> Look:
        """What a group holds; who is expected and forgotten, or was never seen, is absent."""
        return Look(1.0, 0) if look.value is None and group.is_expected else look

    def _replace(self, group: Group) -> None:
        stand_in, self._stand_in = self._stand_in, None
        if stand_in is not None:
            stand_in.is_expected = False
        group.is_expected = True


def _see(group: Group, at: int) -> None:
    for series in group.series.values():
        if isinstance(series.measure, Absent):
            series.measure.see(at)
