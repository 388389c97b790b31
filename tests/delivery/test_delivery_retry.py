from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from otel_alerting.delivery.breaker import FAILURES, PARKED, PAUSE, Breaker
from otel_alerting.delivery.retry import Backoff, Retry

SECOND = 1_000_000_000


def test_the_interval_grows_to_its_maximum() -> None:
    """1 s, 1.5 s, 2.25 s … 30 s: the Collector's defaults."""
    retry = Retry()
    assert [retry.interval(n) / SECOND for n in (1, 2, 3)] == [1, 1.5, 2.25]
    assert retry.interval(10_000) == 30 * SECOND


@given(st.integers(1, 10**6), st.floats(0, 0.999), st.floats(0.1, 10), st.integers(0, 10**12), st.integers(0, 10**12))
def test_a_pause_is_never_longer_than_the_maximum_and_never_nothing(
    failures: int, drawn: float, multiplier: float, initial: int, longest: int
) -> None:
    """Full jitter draws from the whole range, but a failing destination is never asked without a pause."""
    backoff = Backoff(
        Retry(initial_interval=initial, max_interval=longest, multiplier=multiplier), random=lambda: drawn
    )
    backoff.failures = failures
    assert 0 < backoff.failed() <= max(initial, longest, SECOND // 100)


def test_an_answer_ends_the_failures_in_a_row() -> None:
    """The next failure is the first again."""
    backoff = Backoff(Retry(), random=lambda: 0.999999)
    first = backoff.failed()
    assert backoff.failed() > first
    backoff.answered()
    assert backoff.failed() == first


def test_giving_up_follows_the_clock_of_the_first_attempt() -> None:
    """`max_elapsed_time` 0 never gives up; without `enabled` the first failure is the last."""
    assert not Retry(max_elapsed_time=10).gives_up(tried_at=5, next_at=15)
    assert Retry(max_elapsed_time=10).gives_up(tried_at=5, next_at=16)
    assert not Retry(max_elapsed_time=0).gives_up(tried_at=5, next_at=10**18)
    assert Retry(enabled=False).gives_up(tried_at=5, next_at=5)


def test_a_breaker_opens_after_failures_in_a_row_and_lets_one_attempt_through() -> None:
    """Half open: one attempt decides."""
    breaker = Breaker()
    news = [breaker.failed(now) for now in range(FAILURES)]
    assert news == [False] * (FAILURES - 1) + [True]
    assert breaker.allows_at() == FAILURES - 1 + PAUSE
    assert not breaker.failed(breaker.allows_at())
    assert breaker.allows_at() == FAILURES - 1 + 2 * PAUSE
    assert breaker.answered()
    assert breaker.allows_at() == 0
    assert not breaker.answered()


def test_a_refusal_parks_for_an_hour_and_is_news_once() -> None:
    """73,159 requests to a dead webhook, with nobody told, are the story behind it."""
    breaker = Breaker()
    assert breaker.refused("no_service", 0)
    assert breaker.parked(PARKED - 1)
    assert not breaker.parked(PARKED)
    assert not breaker.refused("no_service", PARKED)
    assert breaker.parked(2 * PARKED - 1)
    assert breaker.answered()
    assert not breaker.parked(0)
