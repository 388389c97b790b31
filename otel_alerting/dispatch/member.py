"""A member is one alert of a group, and what the group's readers know of it."""

from __future__ import annotations

from typing import Final, TypeAlias

from otel_alerting.dispatch.decide import Since
from otel_alerting.dispatch.silences import Silence
from otel_alerting.model import Acknowledgement, Alert, News, Severity

Cause: TypeAlias = tuple[str, str, str]
"""What keeps an alert from being told: (SILENCED, tenant, the silence's id) or (INHIBITED, tenant, the identity)."""

SILENCED: Final = "silenced"
INHIBITED: Final = "inhibited"
NOTHING: Final = Since()


class Member:
    """One alert as it stands, and what its readers were not told of it yet."""

    __slots__ = (
        "absent",
        "acknowledged",
        "alert",
        "cause",
        "heard_at",
        "news",
        "quiet",
        "silenced",
        "since",
        "step",
        "worst",
    )

    def __init__(self, alert: Alert) -> None:
        self.alert = alert
        self.since = NOTHING
        """What readers were not told of yet."""
        self.worst: Severity = alert.severity
        """The severity that readers know, or will be told next."""
        self.news: News | None = None
        self.heard_at: int | None = None
        """When readers were first told of it; None while they do not know it."""
        self.absent = False
        """Were readers who knew it told of the group without it?"""
        self.cause: Cause | None = None
        """What keeps it from being told now."""
        self.quiet = False
        """Was it kept from being told, and not told since?"""
        self.acknowledged: Acknowledgement | None = None
        self.step = 0
        """Steps of escalation that were taken for it."""
        self.silenced: tuple[int, Severity, tuple[Silence, ...]] | None = None
        """The silences about it, and of which version and severity that is the truth."""

    def told(self, now: int) -> None:
        """Its readers were told of the group: with this member, unless it is kept quiet."""
        if self.cause is not None:
            self.absent = not self.unheard
            return
        if self.heard_at is None:
            self.heard_at = now
        self.since, self.news, self.worst = NOTHING, None, self.alert.severity
        self.absent = self.quiet = False

    @property
    def unheard(self) -> bool:
        """Do readers know nothing of it?"""
        return self.heard_at is None

    @property
    def waits(self) -> bool:
        """Does it fire, and nobody has said that they know?"""
        return self.alert.firing and self.acknowledged is None
