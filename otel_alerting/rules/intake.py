"""An intake is a way into a rule: which signals come to it, and who takes them. A rule has one for each of its terms.

The rule set knows rules by these and by the verbs of `Running`, whatever they do inside.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from otel_alerting.model import Alert, Signal
from otel_alerting.rules.index import Narrow
from otel_alerting.rules.matching import Kind
from otel_alerting.rules.state import RuleState


class Intake(NamedTuple):
    """Signals of one kind, of metrics those of one name."""

    kind: Kind
    metric: str | None
    is_raw: bool
    """Does it take points as they are, and not the steps between them?"""
    narrow: Narrow | None
    """A value that all signals have that come in here; None where they may have any."""
    observe: Callable[[Signal, int], list[Alert]]
    """Takes a signal and the time now; the alerts that changed by it."""


class Running(Protocol):
    """A rule with its moving parts, as a rule set holds it. The same signals at the same times give the same alerts."""

    @property
    def name(self) -> str:
        """Its alert's name, under which its state is kept."""
        ...

    @property
    def intakes(self) -> Sequence[Intake]:
        """Where its signals come in."""
        ...

    def begin(self, tenant: str, now: int) -> None:
        """Somebody looks from now on; `tenant` is meant where something is missed and nobody was ever seen."""
        ...

    @property
    def due_at(self) -> int | None:
        """When there is something to evaluate; None while there is nothing."""
        ...

    def evaluate(self, now: int) -> list[Alert]:
        """Do what is due; the alerts that changed, and those whose numbers moved."""
        ...

    def finish(self, now: int) -> list[Alert]:
        """Evaluate what would be due later, over what was seen until now."""
        ...

    def move(self, by: int, now: int) -> None:
        """Go on after time itself was moved, forward by a sleep of the machine, back by somebody's hand."""
        ...

    def state(self) -> RuleState:
        """What must outlive the process; windows need not."""
        ...

    def restore(self, state: RuleState, now: int, away: int) -> list[Alert]:
        """Go on from a state, before anything was observed; the alerts that are over because the rule changed.

        Args:
            state: of a rule of the same name, which may have been another.
            now: the time now.
            away: for how long nobody looked; timers are moved on by it.
        """
        ...

    def succeed(self, old: Running, now: int) -> list[Alert]:
        """Take over from a running rule of the same name, which may be another; the alerts that are over by it."""
        ...
