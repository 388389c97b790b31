"""No URL and no token in anything that can be printed, however it fails."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterator

import httpx
import pytest
from notifier_samples import ORDINARY, ordinary

from otel_alerting import context
from otel_alerting.errors import DeliveryError
from otel_alerting.notifiers.slack import Slack
from otel_alerting.testing.slack_simulator import SlackSimulator

TROUBLES = (
    {"status": 500},
    {"status": 404},
    {"status": 302},
    {"garbage": True},
    {"drop": "before"},
    {"hang": 2.0},
    {"word": "invalid_auth"},
    {"word": "no_service"},
    {"retry_after": 1},
    {"word": "invalid_blocks", "times": 4},
)


@pytest.fixture(scope="module")
def slack() -> Iterator[SlackSimulator]:
    with SlackSimulator() as simulator:
        yield simulator


@pytest.fixture
def everything(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """All records of all loggers."""
    caplog.set_level(logging.DEBUG)
    for name in ("httpx", "httpcore", "httpcore.connection", "httpcore.http11"):
        caplog.set_level(logging.DEBUG, logger=name)
    return caplog


def notifiers(slack: SlackSimulator) -> tuple[list[Slack], list[str]]:
    """Both kinds, and what nobody may see of them."""
    webhook = slack.webhook("#ops")
    both = [
        Slack(webhook_url=webhook, timeout=300_000_000),
        Slack(token=slack.token, channel="#ops", api_url=slack.api_url, timeout=300_000_000),
    ]
    return both, [webhook, webhook.rpartition("/")[2], slack.token]


def shown(error: BaseException) -> str:
    """The traceback with every local variable and every exception before it, as error reporters send it."""
    said = traceback.TracebackException.from_exception(error, capture_locals=True)
    chain = [error, error.__cause__, error.__context__]
    return "".join(said.format()) + "".join(repr(one) + repr(getattr(one, "__dict__", "")) for one in chain)


@pytest.mark.parametrize("trouble", TROUBLES, ids=str)
def test_no_failure_shows_a_secret(
    slack: SlackSimulator,
    everything: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    trouble: dict[str, object],
) -> None:
    """Not in the error, its traceback with locals, any log record at DEBUG, or on stderr."""
    both, secrets = notifiers(slack)
    for notifier in both:
        slack.recover()
        slack.fail(**trouble)  # type: ignore[arg-type]
        with pytest.raises(DeliveryError) as caught:
            notifier.notify(ORDINARY)
        seen = frames_of_ours(caught.value) + everything.text + "".join(capfd.readouterr())
        assert not [secret for secret in secrets if secret in seen]


def frames_of_ours(error: DeliveryError) -> str:
    """What `shown` shows from `notify` on: this test's own frame knows the secrets."""
    assert error.__traceback__ is not None
    error.__traceback__ = error.__traceback__.tb_next
    return shown(error)


def test_a_notifier_shows_no_secret(slack: SlackSimulator) -> None:
    """In its repr, its name and its attributes, before and after the first message."""
    both, secrets = notifiers(slack)
    slack.recover()
    for notifier in both:
        for _ in range(2):
            seen = f"{notifier} {notifier!r} {notifier.destination} {vars(notifier)} {notifier.budgets(None)}"
            assert not [secret for secret in secrets if secret in seen]
            notifier.notify(ORDINARY)


def test_our_own_requests_make_no_record(slack: SlackSimulator, everything: pytest.LogCaptureFixture) -> None:
    """On the root logger with httpx at DEBUG each delivery would be one more thing to look at."""
    slack.recover()
    for notifier in notifiers(slack)[0]:
        notifier.notify(ordinary())
    assert everything.records == []


def test_the_programs_own_requests_are_logged_as_before(
    slack: SlackSimulator, everything: pytest.LogCaptureFixture
) -> None:
    """Only what happens while we are at work is dropped."""
    slack.recover()
    notifiers(slack)[0][0].notify(ORDINARY)
    httpx.get(slack.api_url + "auth.test")
    assert any(record.name == "httpx" for record in everything.records)


def test_the_request_is_made_in_quiet(slack: SlackSimulator) -> None:
    """OpenTelemetry's instrumentation of httpx would make a span of it, and that a signal."""
    seen: list[bool] = []
    watch: Callable[[logging.LogRecord], bool] = lambda record: bool(seen.append(context.is_quiet()))  # noqa: E731
    logger = logging.getLogger("httpcore.connection")
    logger.setLevel(logging.DEBUG)
    logger.filters.insert(0, watch)
    try:
        notifiers(slack)[0][0].notify(ORDINARY)
    finally:
        logger.removeFilter(watch)
        logger.setLevel(logging.NOTSET)
    assert seen
    assert all(seen)
