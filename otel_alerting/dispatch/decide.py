"""Decide whether a group's readers are told now: what they know and what happened go in, a named reason comes out."""

from __future__ import annotations

import msgspec

from otel_alerting.model import Reason
from otel_alerting.model.duration import SECOND


class Since(msgspec.Struct, frozen=True, kw_only=True):
    """What happened in a group since its readers were last told."""

    started: int = 0
    """Alerts that began to fire, once or again."""
    worse: int = 0
    """Rises of severity above what the readers know."""
    ended: int = 0
    """Alerts that stopped."""
    back: int = 0
    """Alerts that readers know, were silent about meanwhile, and that are to be seen again. Not a change."""
    moved: bool = False
    """Did counts, values or facts change, or a severity fall?"""

    @property
    def changes(self) -> int:
        """What somebody must be told of: the unit of the account."""
        return self.started + self.worse + self.ended

    def plus(self, other: Since, times: int = 1) -> Since:
        """Both together; with `times` -1, this without the other."""
        return Since(
            started=self.started + times * other.started,
            worse=self.worse + times * other.worse,
            ended=self.ended + times * other.ended,
            back=self.back + times * other.back,
            moved=self.moved,
        )


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What the readers of a group have heard."""

    at: int
    """When they were last told aloud; an update in place is not heard."""
    heard: bool = True
    """False when every message about the group came to nothing."""
    occurrences: int = 0
    """The number they were last told, aloud or in place."""
    missed: int = 0
    """Messages in a row, up to the last one aloud, that came to nothing."""

    def again_at(self, repeat: int, interval: int) -> int:
        """When what is still wrong is told again although nothing new happened.

        What came to nothing is tried again soon, and then less and less often: behind a proxy that swallows answers it
        was told each time.
        """
        if not self.missed:
            return self.at + repeat
        return self.at + min(repeat, max(interval, _SOON) << min(self.missed - 1, _RARELY))


_SOON = 30 * SECOND
_RARELY = 16
_WORTH_A_WORD = 10
"""Occurrences that nobody was told of, below which a program's last words do not mention them."""


def decide(
    since: Since,
    told: Told | None,
    *,
    firing: int,
    updatable: bool,
    again_at: int,
    now: int,
    acknowledged: bool = False,
    occurrences: int = 0,
    last: bool = False,
) -> Reason | None:
    """Name the reason to tell a group's readers at this moment; None when there is none.

    Args:
        since: What happened since they were last told.
        told: What they have heard; None when nobody was ever told of this group.
        firing: Alerts of the group that fire now.
        updatable: Is there a message that can be changed in place?
        again_at: When what is still wrong is told again, by `Told.again_at`.
        now: The moment to decide for.
        acknowledged: Has somebody said of all that fires that they know? Then it is not repeated.
        occurrences: Observations behind the group by now.
        last: Will nobody be told later? Then the last number is told, where it can be changed in place or has doubled.
    """
    if since.changes or (since.back and firing):
        return _why(since, told, firing)
    if not firing:
        return None
    if not acknowledged and told is not None and now >= again_at:
        return Reason.REPEAT if told.heard else Reason.FIRST
    if last and since.moved and told is not None:
        worth_it = occurrences - told.occurrences >= max(_WORTH_A_WORD, told.occurrences)
        return Reason.REPEAT if updatable or worth_it else None
    return Reason.UPDATED if since.moved and updatable else None


def _why(since: Since, told: Told | None, firing: int) -> Reason:
    """The loudest thing that happened. What began and ended unheard is told as over, not passed by in silence."""
    if not firing:
        return Reason.RESOLVED
    if told is None or not told.heard:
        return Reason.FIRST
    if since.worse:
        return Reason.ESCALATED
    return Reason.MORE if since.started or since.back else Reason.FEWER
