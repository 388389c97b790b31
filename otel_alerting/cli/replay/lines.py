"""Lines are a play as machines read it: one JSON object for each change of state, on request for each evaluation."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from otel_alerting.cli.moment import rfc3339
from otel_alerting.rules.play import Change, Evaluation


class Lines:
    """Writes as it is told.

    Args:
        write: takes one line with its end.
        tenant: the one whose name goes without saying.
        values: also a line for each evaluation.
    """

    def __init__(self, write: Callable[[str], object], tenant: str, *, values: bool) -> None:
        self._write, self._tenant, self._values = write, tenant, values

    @property
    def wants_evaluations(self) -> bool:
        """Is it to be told of them?"""
        return self._values

    def found(self, one: Evaluation) -> None:
        """An evaluation."""
        if self._values:
            said = {"at": rfc3339(one.at), "alert": one.alert, "labels": one.labels, "value": one.value}
            self._say(said, one.tenant)

    def changed(self, one: Change) -> None:
        """A change of state."""
        said = {
            "at": rfc3339(one.at),
            "alert": one.alert,
            "labels": one.labels,
            "state": one.state,
            "severity": one.severity.word,
            "value": one.value,
        }
        self._say(said, one.tenant)

    def show(self, began_at: int, until: int, signals: int) -> None:
        """All was said."""

    def _say(self, said: Mapping[str, object], tenant: str) -> None:
        whole = said if tenant == self._tenant else {**said, "tenant": tenant}
        self._write(msgspec.json.encode(whole).decode() + "\n")
