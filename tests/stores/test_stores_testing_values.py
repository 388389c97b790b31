"""What we give people for their tests: a clock that stands still and a notifier that keeps what it was told."""

from __future__ import annotations

import pytest

from otel_alerting import testing
from otel_alerting.errors import Refused, TryLater
from otel_alerting.model import Message, Reason, Receipt, Severity
from otel_alerting.model.duration import MINUTE, SECOND
from otel_alerting.ports import Budget, Clock, Notifier
from otel_alerting.testing import CapturingNotifier, ManualClock


def message(previous: Receipt | None = None) -> Message:
    return Message(
        id="1",
        tenant="acme",
        receiver="ops",
        group="g",
        reason=Reason.FIRST,
        seq=1,
        at=5,
        format="text",
        locale="en",
        severity=Severity.WARNING,
        over=False,
        color="#F9AB00",
        text="slow",
        title="slow",
        previous=previous,
    )


def test_time_passes_when_it_is_told_to() -> None:
    """Both times go on together; a duration may be written out."""
    clock: Clock = (manual := ManualClock(at=100))
    assert (clock.now(), clock.monotonic()) == (100, 0)
    assert manual.advance(5) == 105
    manual.advance("1m")
    assert (clock.now(), clock.monotonic()) == (105 + MINUTE, 5 + MINUTE)
    with pytest.raises(ValueError, match="time goes on"):
        manual.advance(-1)


def test_the_wall_clock_may_be_set() -> None:
    """As NTP does: the monotonic time does not notice."""
    clock = ManualClock()
    clock.advance(SECOND)
    clock.set(7)
    clock.advance(SECOND)
    assert (clock.now(), clock.monotonic()) == (7 + SECOND, 2 * SECOND)


def test_a_capturing_notifier_keeps_what_it_was_told() -> None:
    """In order, and says what any notifier says about itself."""
    budget = Budget(key="k", every=SECOND)
    notifier: Notifier = (kept := CapturingNotifier("here", format="slack", budgets=[budget]))
    assert notifier.notify(message()) == Receipt(destination="here", at=5)
    assert (kept.messages, kept.attempts) == ([message()], 1)
    assert (notifier.destination, notifier.format, notifier.updates) == ("here", "slack", False)
    assert list(notifier.budgets(None)) == [budget]
    notifier.close()
    assert kept.closed


def test_a_capturing_notifier_fails_when_asked_to() -> None:
    """So many times, or until it recovers."""
    notifier = CapturingNotifier()
    notifier.fail(TryLater("http_503"), times=2)
    for _ in range(2):
        with pytest.raises(TryLater):
            notifier.notify(message())
    notifier.notify(message())
    notifier.fail(Refused("channel_not_found"), times=None)
    for _ in range(3):
        with pytest.raises(Refused):
            notifier.notify(message())
    notifier.recover()
    notifier.notify(message())
    assert (len(notifier.messages), notifier.attempts) == (2, 7)


def test_a_message_that_is_changed_keeps_its_place() -> None:
    """With `updates` the receipt can be used to change the message."""
    notifier = CapturingNotifier(updates=True)
    first = notifier.notify(message())
    assert first.updatable
    assert notifier.notify(message()) != first
    assert notifier.notify(message(previous=first)) == first


def test_public_names_of_testing_are_there() -> None:
    """Everything in `__all__` but what another package has to be installed for is loaded by its name."""
    assert testing.StoreSuite.__name__ == "StoreSuite"
    with pytest.raises(AttributeError, match="Nothing"):
        testing.Nothing  # noqa: B018
