"""A notifier that keeps what it is told in a list."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from otel_alerting.errors import DeliveryError
from otel_alerting.model import Message, Receipt
from otel_alerting.ports import Budget


class CapturingNotifier:
    """A `Notifier` for tests: every message that it was told is in `messages`, in order.

    ```python
    notifier = CapturingNotifier()
    notifier.fail(TryLater("http_503"), times=2)    # the next two are refused, the third one is taken
    ```
    """

    def __init__(
        self,
        destination: str = "captured",
        *,
        format: str = "text",  # noqa: A002 - the door's own name for it
        updates: bool = False,
        budgets: Sequence[Budget] = (),
    ) -> None:
        self.destination = destination
        self.format = format
        self.updates = updates
        self.messages: list[Message] = []
        self.attempts = 0
        """Calls of `notify`, failed ones too."""
        self.closed = False
        self._budgets = tuple(budgets)
        self._failures: deque[DeliveryError] = deque()
        self._always: DeliveryError | None = None

    def fail(self, error: DeliveryError, *, times: int | None = 1) -> None:
        """Raise this for the next `times` messages, after failures asked for before; None: for all that follow."""
        if times is None:
            self._always = error
        else:
            self._failures.extend([error] * times)

    def recover(self) -> None:
        """Take everything again."""
        self._failures.clear()
        self._always = None

    def budgets(self, previous: Receipt | None) -> Sequence[Budget]:  # noqa: D102
        return self._budgets

    def notify(self, message: Message) -> Receipt:
        """Keep a message, or raise what `fail` asked for.

        With `updates` the receipt names a channel and a `ts`, and a message with a `previous` keeps its `ts`.
        """
        self.attempts += 1
        if self._failures:
            raise self._failures.popleft()
        if self._always is not None:
            raise self._always
        self.messages.append(message)
        if not self.updates:
            return Receipt(destination=self.destination, at=message.at)
        ts = message.previous.ts if message.previous else f"{len(self.messages)}.000000"
        return Receipt(destination=self.destination, at=message.at, channel="C0CAPTURED", ts=ts)

    def close(self) -> None:  # noqa: D102
        self.closed = True
