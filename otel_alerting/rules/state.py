"""A state is what of a rule set outlives its process: how each group stands, and which alerts it has told.

Windows are not in it. They are empty after a restart, and say nothing until they are full again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from otel_alerting.model import Alert
from otel_alerting.model.duration import HOUR

FORGOTTEN = HOUR
"""After so long without anybody looking, nothing is restored: what was pending then says nothing about now."""


class RuleState(msgspec.Struct, frozen=True, kw_only=True):
    """Of one rule."""

    alerts: tuple[Alert, ...] = ()
    """Those that fire, as they were last told, overflow alerts and those about the rule itself among them."""
    seen: Mapping[str, Mapping[int, int]] = {}
    """Of a rule about what is new, by tenant and group, when it was last seen; see `Novelty`."""
    kept: msgspec.Raw = msgspec.Raw(b"\xc0")
    """The rest, which only the rule itself can read, as MessagePack."""


class RuleSetState(msgspec.Struct, frozen=True, kw_only=True):
    """Of all rules."""

    at: int
    """When it was taken."""
    rules: Mapping[str, RuleState] = {}
    builtin: tuple[Alert, ...] = ()
    """The alerts of the built-in rules that fire."""

    @classmethod
    def decoded(cls, kept: bytes) -> RuleSetState:
        """Read what `encoded` wrote.

        Raises:
            ValueError: when it is something else.
        """
        try:
            return msgspec.msgpack.decode(kept, type=cls)
        except msgspec.MsgspecError as error:
            raise ValueError(f"no state of rules: {error}") from error

    def redacted(self, redact: Callable[[Alert], Alert]) -> RuleSetState:
        """The same with every alert as it may be shown."""
        rules = {
            name: msgspec.structs.replace(one, alerts=tuple(map(redact, one.alerts)))
            for name, one in self.rules.items()
        }
        return msgspec.structs.replace(self, rules=rules, builtin=tuple(map(redact, self.builtin)))

    def encoded(self) -> bytes:
        """As bytes, for a store."""
        return msgspec.msgpack.encode(self)
