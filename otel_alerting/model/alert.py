"""An alert is what a rule says about signals: identity, severity, state and facts. Never sentences."""

from __future__ import annotations

import enum
import operator
from collections.abc import Callable, Mapping
from typing import TypeAlias

import msgspec

from otel_alerting.model.labels import Labels, identity
from otel_alerting.model.severity import Severity
from otel_alerting.model.signal import Failure

Fact: TypeAlias = str | int | float | bool | None


class State(str, enum.Enum):
    """Firing or resolved. A recovering alert is still firing to everybody outside its rule."""

    FIRING = "firing"
    RESOLVED = "resolved"


_HOLDS: Mapping[str, Callable[[float, float], bool]] = {
    "above": operator.gt,
    "at_least": operator.ge,
    "below": operator.lt,
    "at_most": operator.le,
    "equals": operator.eq,
    "not_equals": operator.ne,
}


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """The number behind a threshold alert and what it was held against."""

    value: float
    threshold: float | None = None
    comparison: str = ""
    """`above`, `below`, `at_least`, `at_most`, `equals`, `not_equals`; empty without a threshold."""
    unit: str = ""
    """UCUM (`s`, `By`, `1`), or `ratio` for a share that people read as a percentage."""
    measure: str = ""
    """What was measured: `p99(http.server.request.duration)`."""
    window: int = 0
    """Nanoseconds; 0 where the last value counts."""
    samples: int = 0
    """Observations in the window."""

    @property
    def holds(self) -> bool:
        """Is the number on the wrong side of its threshold? True where there is nothing to hold it against."""
        held = _HOLDS.get(self.comparison)
        return self.threshold is None or held is None or held(self.value, self.threshold)


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong, or was. Its identity is tenant + name + labels; severity is not part of it."""

    tenant: str
    name: str
    labels: Labels = {}
    severity: Severity
    state: State = State.FIRING
    started_at: int
    """When it began to be true."""
    updated_at: int
    """When this value was made."""
    ended_at: int = 0
    """When it stopped; 0 while it fires."""
    ended_because: str = ""
    """Why, when that is not plain: `quiet`, `stale`, `expired`."""
    expires_at: int = 0
    """When it counts as resolved unless somebody raises it again; 0 when its maker will say so."""
    count: int = 1
    """Observations behind it since it started."""
    template: str = "default"
    text: str = ""
    """What the program itself said (its log message, the span's status), verbatim but redacted."""
    facts: Mapping[str, Fact] = {}
    """For words: attributes worth showing, in the order to show them."""
    annotations: Mapping[str, str] = {}
    """The rule author's own templates: `summary`, `description`, `runbook_url`, …"""
    reading: Reading | None = None
    failure: Failure | None = None
    trace_id: str = ""
    correlation_id: str = ""
    identity: str = ""
    """Filled in by itself; see `labels.identity`."""

    def __post_init__(self) -> None:
        if not self.identity:
            msgspec.structs.force_setattr(self, "identity", identity(self.tenant, self.name, self.labels))

    @property
    def firing(self) -> bool:
        """Is it wrong now?"""
        return self.state is State.FIRING

    def label(self, name: str) -> str:
        """A label's value, or one of the virtual `alertname`, `severity`, `tenant`; empty when it has none.

        A label `severity` that its maker gave it stands as it is: other systems have other words (`page`, `none`).
        """
        if name == "alertname":
            return self.name
        if name == "severity":
            return self.labels.get("severity", self.severity.word)
        if name == "tenant":
            return self.tenant
        return self.labels.get(name, "")

    def resolved(self, at: int, because: str = "") -> Alert:
        """The same alert, over."""
        return msgspec.structs.replace(
            self, state=State.RESOLVED, ended_at=at, updated_at=at, ended_because=because, expires_at=0
        )

    def raised_again(self, newer: Alert) -> Alert:
        """The same alert after it was raised once more: its start stays, the counts add up, the rest is the newer's.

        For makers that do not count themselves (a direct call); a rule counts and sends totals.
        """
        return msgspec.structs.replace(
            newer, started_at=min(self.started_at, newer.started_at), count=self.count + newer.count
        )
