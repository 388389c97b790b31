"""Every error of otel-alerting.

    AlertingError
    ├── ConfigurationError      what you wrote in a file, variable or argument cannot work; carries every Problem found
    ├── TemplateError           a template cannot be compiled or rendered
    ├── StoreError              the place where state rests does not answer
    │   └── StaleEpoch          somebody else holds the lease by now; what was to be saved is not
    └── DeliveryError           a message is not there yet
        ├── TryLater            nothing was delivered; the same again, not before `after`
        ├── Unknown             it may or may not have been delivered: the answer got lost
        └── Refused             the destination says no and will go on saying no

The three delivery errors say what the sender should do, not what went wrong: a courier needs no list of Slack's words.
Nothing of this is ever raised into a program through a logging handler, a processor or an exporter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class AlertingError(Exception):
    """Anything that otel-alerting raises on purpose."""


@dataclass(frozen=True)
class Problem:
    """One thing wrong in a configuration: where it stands, what was found there, what would be right."""

    where: str
    """File and line, or the name of the variable or argument: `alerting.yaml:12`, `OTEL_ALERTING_LEVEL`."""
    path: str
    """The key's path, as `receivers[0].slack_configs[0].channel`; empty for the whole file."""
    found: str
    """What stands there, in words; never a secret."""
    right: str
    """What would be right."""

    def __str__(self) -> str:
        at = f"{self.where}: {self.path}" if self.path else self.where
        return f"{at}: found {self.found}; expected {self.right}"


class ConfigurationError(AlertingError):
    """What you wrote cannot work. All problems are in `problems`, in the order of the file."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class TemplateError(AlertingError):
    """A template cannot be compiled or rendered; `name` and `line` say where."""

    def __init__(self, name: str, line: int, reason: str) -> None:
        self.name, self.line, self.reason = name, line, reason
        super().__init__(f"{name}:{line}: {reason}" if line else f"{name}: {reason}")


class StoreError(AlertingError):
    """The place where state rests does not answer, or holds what cannot be read."""


class StaleEpoch(StoreError):
    """Somebody else holds the lease by now; what was to be saved is not."""


class DeliveryError(AlertingError):
    """A message is not there yet. `word` is the other side's word for it: `invalid_auth`, `http_503`, `timeout`."""

    def __init__(self, word: str, detail: str = "") -> None:
        self.word, self.detail = word, detail
        super().__init__(f"{word}: {detail}" if detail else word)


class TryLater(DeliveryError):
    """Nothing was delivered; the same message again, not before `after` nanoseconds have passed.

    With `gate` the other side has asked everybody who sends under these budgets to wait, not only this message.
    """

    def __init__(self, word: str, detail: str = "", *, after: int = 0, gate: bool = False) -> None:
        super().__init__(word, detail)
        self.after, self.gate = after, gate


class Unknown(DeliveryError):
    """The request left, the answer got lost: it may or may not have been delivered. Try again once, marked."""


class Refused(DeliveryError):
    """The destination says no and will go on saying no: revoked token, archived channel, unknown webhook."""
