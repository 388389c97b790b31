"""A threshold is what a number is held against, and for how long; a watch is how one number stands against it.

    QUIET -> PENDING -> FIRING -> RECOVERING -> QUIET
               |          ^------------|
               +-> QUIET, without a word

`step` is the whole machine: a watch, a number, a threshold and the time go in, the next watch comes out.
"""

from __future__ import annotations

import enum
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, TypeAlias, get_args

import msgspec

from otel_alerting.model import Severity

Comparison: TypeAlias = Literal["above", "below", "at_least", "at_most", "equals", "not_equals"]
COMPARISONS: tuple[Comparison, ...] = get_args(Comparison)

_HOLDS: Mapping[Comparison, Callable[[float, float], bool]] = {
    "above": operator.gt,
    "below": operator.lt,
    "at_least": operator.ge,
    "at_most": operator.le,
    "equals": operator.eq,
    "not_equals": operator.ne,
}


class Phase(str, enum.Enum):
    """Where a watch is. To everybody outside, recovering is still firing."""

    QUIET = "quiet"
    PENDING = "pending"
    FIRING = "firing"
    RECOVERING = "recovering"


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One severity: the trigger that enters it, the limit that must be passed back to leave it."""

    severity: Severity
    comparison: Comparison
    limit: float
    recover: float | None = None
    """None: the trigger itself."""
    hold: int = 0
    """How long the trigger must hold."""

    def holds(self, value: float) -> bool:
        """Does the trigger hold?"""
        return not math.isnan(value) and _HOLDS[self.comparison](value, self.limit)

    def stays(self, value: float) -> bool:
        """Does what has entered stay?"""
        if self.recover is None:
            return self.holds(value)
        return not math.isnan(value) and (self.holds(value) or _HOLDS[self.comparison](value, self.recover))


class Threshold(msgspec.Struct, frozen=True, kw_only=True):
    """The steps from mild to bad, and how a number that has left them all ends."""

    steps: tuple[Step, ...]
    keep: int = 0
    """`keep_firing_for`."""
    gap: int = 0
    """Time without evaluation after which `for` starts anew; 0 for never."""

    def rises_above(self, value: float) -> bool:
        """Does a step hold that more of the same cannot end?"""
        return any(one.comparison in ("above", "at_least") and one.holds(value) for one in self.steps)


class Watch(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """How one number stands against a threshold, as of `at`."""

    phase: Phase = Phase.QUIET
    level: int = -1
    """The step that fires, or fired until the recovery began; -1 for none."""
    since: tuple[int, ...] = ()
    """By step, since when its trigger has held; 0 where it does not."""
    active_at: int = 0
    """When what fires, or is pending, began to be true."""
    left_at: int = 0
    """When the recovery began."""
    at: int = 0

    @property
    def firing(self) -> bool:
        """Is it firing, seen from outside?"""
        return self.level >= 0


QUIET = Watch()


def step(watch: Watch, value: float | bool | None, threshold: Threshold, now: int) -> Watch:
    """The watch after one evaluation.

    Args:
        watch: as it was.
        value: the number; or True or False where only the verdict is known (True is the lowest step's); or None where
            nothing is known: then everything stays as it is.
        threshold: what the number is held against.
        now: the moment that is evaluated. One before the watch's own changes nothing.
    """
    if now < watch.at:
        return watch
    if threshold.gap and watch.at and now - watch.at > threshold.gap:
        watch = _interrupted(watch)
    if value is None:
        return msgspec.structs.replace(watch, at=now)
    since = _since(watch.since, value, threshold, now)
    level = _level(watch, since, value, threshold, now)
    if level >= 0:
        active_at = watch.active_at if watch.firing else _first(since)
        return Watch(phase=Phase.FIRING, level=level, since=since, active_at=active_at, at=now)
    if watch.firing:
        return _recovered(watch, since, threshold, now)
    return _waiting(since, now)


def moved(watch: Watch, by: int, now: int) -> Watch:
    """The watch after time itself was moved, forward or back: it goes on where it stopped.

    What fires keeps its beginning, which is never in the future. The evaluations missed are no reason for `for` to
    begin anew, so it forgets when the last one was.
    """
    return Watch(
        phase=watch.phase,
        level=watch.level,
        since=tuple(since and since + by for since in watch.since),
        active_at=min(watch.active_at, now) if watch.firing else watch.active_at and watch.active_at + by,
        left_at=watch.left_at and watch.left_at + by,
    )


def graced(watch: Watch, threshold: Threshold, until: int) -> Watch:
    """The watch of which nothing fires before a moment but what does already."""
    held = zip(watch.since, threshold.steps, strict=False)
    since = tuple(
        max(at, until - one.hold) if at and index > watch.level else at for index, (at, one) in enumerate(held)
    )
    return msgspec.structs.replace(watch, since=since)


def rebased(watch: Watch, steps: Sequence[int]) -> Watch:
    """The watch of a threshold with other steps: by step, which one it was; -1 for none."""
    since = tuple(watch.since[index] if 0 <= index < len(watch.since) else 0 for index in steps)
    return msgspec.structs.replace(watch, level=relevelled(watch.level, steps), since=since if any(since) else ())


def relevelled(level: int, steps: Sequence[int]) -> int:
    """The worst of the other steps that is no worse; what fires is at the mildest at least."""
    if level < 0:
        return level
    return max((index for index, before in enumerate(steps) if 0 <= before <= level), default=0)


def _interrupted(watch: Watch) -> Watch:
    """The watch after a time nobody looked: what held has to hold anew, what fires fires on."""
    if not watch.firing:
        return Watch(at=watch.at)
    return msgspec.structs.replace(watch, since=())


def _since(before: tuple[int, ...], value: float | bool, threshold: Threshold, now: int) -> tuple[int, ...]:
    """By step, since when its trigger has held without a break."""
    held = before or (0,) * len(threshold.steps)
    return tuple((held[index] or now) if _holds(one, index, value) else 0 for index, one in enumerate(threshold.steps))


def _level(watch: Watch, since: tuple[int, ...], value: float | bool, threshold: Threshold, now: int) -> int:
    """The highest step that has held for its time, or that was entered and stays.

    Who was at a high step has passed those below; and who is recovering has done its time already.
    """
    for index in range(len(threshold.steps) - 1, -1, -1):
        one = threshold.steps[index]
        if since[index] and (now - since[index] >= one.hold or index <= watch.level):
            return index
        if index <= watch.level and watch.phase is Phase.FIRING and _stays(one, index, value):
            return index
    return -1


def _recovered(watch: Watch, since: tuple[int, ...], threshold: Threshold, now: int) -> Watch:
    left_at = watch.left_at if watch.phase is Phase.RECOVERING else now
    if now - left_at >= threshold.keep:
        return _waiting(since, now)
    return Watch(
        phase=Phase.RECOVERING, level=watch.level, since=since, active_at=watch.active_at, left_at=left_at, at=now
    )


def _waiting(since: tuple[int, ...], now: int) -> Watch:
    if not any(since):
        return Watch(at=now)
    return Watch(phase=Phase.PENDING, since=since, active_at=_first(since), at=now)


def _holds(one: Step, index: int, value: float | bool) -> bool:
    return value is True and index == 0 if isinstance(value, bool) else one.holds(value)


def _stays(one: Step, index: int, value: float | bool) -> bool:
    return value is True and index == 0 if isinstance(value, bool) else one.stays(value)


def _first(since: tuple[int, ...]) -> int:
    return min(filter(None, since), default=0)
