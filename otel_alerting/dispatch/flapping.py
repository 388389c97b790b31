"""Flapping is coming and going: an alert that begins too often within a window is held as firing, and told once.

Nobody is told that it ended until it has stayed away for a whole window. Pure: every moment is an argument.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta

from otel_alerting.dispatch.deadlines import Deadlines
from otel_alerting.model import Alert
from otel_alerting.model.duration import MINUTE, Duration

FACT = "flapping"
"""The fact of an alert that is held: how often it began within the window."""
_MOST = 50_000
"""Alerts that ended lately and are remembered, about 300 bytes each; the oldest make room."""
_Whose: TypeAlias = tuple[str, str]


class Flapping(msgspec.Struct, frozen=True, kw_only=True):
    """When an alert counts as flapping."""

    times: Annotated[int, Meta(ge=0)] = 5
    """It may begin this often within the window; 0 for as often as it likes."""
    window: Annotated[Duration, Meta(gt=0)] = Duration(30 * MINUTE)
    """The time that counts, and for which it must stay away to be over."""


DAMPED = Flapping()
"""What holds where no route says anything."""


@dataclass(slots=True)
class _Record:
    """What is remembered of an alert that ended within its window."""

    limit: Flapping
    begins: tuple[int, ...]
    held: bool = False
    """Is it flapping, and so fires to everybody?"""
    ended: Alert | None = None
    """How it really ended, where that is held back."""


class Damper:
    """Stands before the groups: what they see of an alert that comes and goes."""

    def __init__(self) -> None:
        self._records: dict[_Whose, _Record] = {}
        self._ends: Deadlines[_Whose] = Deadlines()  # of those that are held
        self._fades: Deadlines[_Whose] = Deadlines()  # of the others: they are forgotten, and nobody need wake for it

    def seen(self, alert: Alert, standing: Alert | None, limit: Flapping, now: int) -> Alert | None:
        """What everybody is to see of the newest word about an alert; None where an end is held back.

        Args:
            alert: The newest word.
            standing: What everybody has seen last; None for nothing.
            limit: When it counts as flapping.
            now: The moment.
        """
        for faded in self._fades.take(now):
            del self._records[faded]
        whose = (alert.tenant, alert.identity)
        fires = standing is not None and standing.firing
        record = self._records.get(whose)
        if not alert.firing:
            return self._ends_now(whose, alert, standing, limit, now) if fires else alert
        if record is None:
            return alert
        if not fires or record.ended is not None:
            self._begins_now(whose, record, now)
        return _held(alert, standing, record) if record.held else alert

    def take(self, now: int) -> list[Alert]:
        """The ends that were held back and are the truth now."""
        ended = [self._records.pop(whose).ended for whose in self._ends.take(now)]
        return [alert for alert in ended if alert is not None]

    def next_at(self) -> int | None:
        """When `take` has something to do next."""
        return self._ends.next_at()

    def held_until(self, whose: _Whose) -> int:
        """Until when an alert is held as firing, if nothing else happens; 0 for one that is not."""
        record = self._records.get(whose)
        return (self._ends.at(whose) or 0) if record is not None and record.held else 0

    def _begins_now(self, whose: _Whose, record: _Record, now: int) -> None:
        window = record.limit.window
        record.begins = (*(at for at in record.begins if at > now - window), now)
        record.held = record.held or len(record.begins) > record.limit.times
        record.ended = None
        self._remember(whose, record, now)

    def _ends_now(self, whose: _Whose, alert: Alert, standing: Alert | None, limit: Flapping, now: int) -> Alert | None:
        record = self._records.get(whose)
        if record is None:
            if not limit.times or standing is None:
                return alert
            self._make_room()
            record = self._records[whose] = _Record(limit, (standing.started_at,))
        if record.ended is not None:
            return None  # said again, an end is no news
        self._remember(whose, record, now)
        if not record.held:
            return alert
        record.ended = alert
        return None

    def _remember(self, whose: _Whose, record: _Record, now: int) -> None:
        until = now + record.limit.window
        self._ends.set(whose, until if record.held else None)
        self._fades.set(whose, None if record.held else until)

    def _make_room(self) -> None:
        if len(self._records) >= _MOST:
            oldest = next((whose for whose, record in self._records.items() if not record.held), None)
            if oldest is not None:
                del self._records[oldest]
                self._fades.set(oldest, None)


def _held(alert: Alert, standing: Alert | None, record: _Record) -> Alert:
    began = min(alert.started_at, standing.started_at) if standing is not None else alert.started_at
    return msgspec.structs.replace(alert, started_at=began, facts={**alert.facts, FACT: len(record.begins)})
