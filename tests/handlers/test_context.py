"""Who and which request: binding, baggage, stamping."""

from __future__ import annotations

import asyncio
import contextvars
import threading

import pytest
from opentelemetry import baggage

from otel_alerting.context import bind, bound, first_of, is_quiet, origin, origin_unless_quiet, quiet, stamp
from otel_alerting.handlers import AlertHandler


def test_inner_values_win_and_what_is_not_named_stays() -> None:
    """Leaving a block brings the outer values back."""
    with bind(tenant="a", correlation_id="1", x=1):
        with bind(tenant="b", y=2) as inner:
            assert (inner.tenant, inner.correlation_id, dict(inner.facts)) == ("b", "1", {"x": 1, "y": 2})
        assert bound().tenant == "a"
    assert bound().tenant == ""


def test_bound_values_travel_as_baggage() -> None:
    """So that calls to other services carry them along."""
    with bind(tenant="a", correlation_id="1"):
        assert baggage.get_all() == {"tenant.id": "a", "correlation_id": "1"}
    assert not baggage.get_all()


def test_one_bind_may_be_used_again_and_inside_itself() -> None:
    """As a decorator is, by a function that calls itself and from many threads."""

    @bind(tenant="a")
    def deep(depth: int) -> str:
        return bound().tenant if depth == 0 else deep(depth - 1)

    assert deep(3) == "a"
    assert bound().tenant == ""


def test_a_coroutine_is_bound_while_it_runs() -> None:
    """Tasks do not see each other's values."""

    @bind(tenant="a")
    async def work() -> str:
        await asyncio.sleep(0)
        return bound().tenant

    async def both() -> tuple[str, str]:
        inside = asyncio.create_task(work())
        await asyncio.sleep(0)
        return bound().tenant, await inside

    assert asyncio.run(both()) == ("", "a")


def test_a_copied_context_tells_its_origin_on_another_thread() -> None:
    """This is how the reader asks whose work a record was."""
    with bind(tenant="a", correlation_id="1"):
        copied = contextvars.copy_context()
    found: list[str] = []
    thread = threading.Thread(target=lambda: found.append(copied.run(origin).tenant))
    thread.start()
    thread.join()
    assert found == ["a"]


def test_a_made_id_holds_for_the_rest_of_its_context() -> None:
    """The records of one request share it, those of another do not."""

    def twice() -> tuple[str, str]:
        return stamp()[1], stamp()[1]

    one, two = contextvars.copy_context().run(twice), contextvars.copy_context().run(twice)
    assert one[0] == one[1] != two[0] == two[1]


def test_quiet_is_of_this_context_only() -> None:
    """And nothing has an origin there."""
    with quiet():
        assert is_quiet()
        assert origin_unless_quiet() is None
    assert not is_quiet()
    assert origin_unless_quiet() is not None


def test_the_first_key_that_says_something_wins() -> None:
    """Empty is not something."""
    assert first_of(("a", "b"), {"a": "", "b": 7}) == "7"
    assert first_of(("a",), {}) == ""


def test_an_exception_carries_what_was_bound_where_it_was_raised() -> None:
    """Servers and queues log it after the block that knew the tenant has ended; the innermost block wins."""
    import logging

    seen: list[object] = []
    logger = logging.Logger("server")
    logger.addHandler(AlertHandler(sink=seen.append))
    try:
        with bind(tenant="outer"), bind(tenant="acme", correlation_id="order-7", region="eu"):
            raise ValueError("declined")
    except ValueError:
        logger.exception("request failed")
        with bind(tenant="globex"):
            logger.exception("again")
    first, second = seen
    assert (first.tenant, first.correlation_id, first.attributes["region"]) == ("acme", "order-7", "eu")
    assert (second.tenant, second.correlation_id) == ("globex", "order-7")


def test_an_exception_without_room_for_a_mark_is_left_alone() -> None:
    """A slotted exception, or none at all, is no reason to fail."""

    class Slotted(Exception):
        __slots__ = ()

    with pytest.raises(KeyboardInterrupt), bind(tenant="acme"):
        raise KeyboardInterrupt
    with pytest.raises(Slotted), bind(tenant="acme"):
        raise Slotted
