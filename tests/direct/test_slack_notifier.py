"""SlackNotifier, which tells Slack directly and waits for the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from otel_alerting import SlackNotifier
from otel_alerting.errors import ConfigurationError, DeliveryError, Refused, TemplateError, TryLater
from otel_alerting.model import Receipt
from otel_alerting.testing import SlackSimulator


@pytest.fixture
def slack() -> Iterator[SlackSimulator]:
    with SlackSimulator(channels=("#ops", "#dev")) as simulator:
        yield simulator


def by_token(slack: SlackSimulator, **more: object) -> SlackNotifier:
    return SlackNotifier(token=slack.token, channel="#ops", api_url=slack.api_url, **more)  # type: ignore[arg-type]


def test_a_text_is_posted_as_it_is_and_calls_nobody(slack: SlackSimulator) -> None:
    """What looks like a mention or a link is shown, not followed."""
    receipt = by_token(slack).send_notification("<!channel> <https://evil.example|safe> & *bold*")
    (message,) = slack.messages("#ops")
    assert message.mentions == ()
    assert message.text == "&lt;!channel&gt; &lt;https://evil.example|safe&gt; &amp; *bold*"
    assert (receipt.channel, receipt.ts) == (message.channel, message.ts)


def test_attachments_go_along_and_a_token_reaches_other_channels(slack: SlackSimulator) -> None:
    """The three arguments that people asked for."""
    by_token(slack).send_notification("see below", "#dev", [{"color": "#D93025", "text": "details"}])
    (message,) = slack.messages("#dev")
    assert message.color == "#D93025"


def test_a_template_is_rendered_in_the_notifiers_language(slack: SlackSimulator) -> None:
    """Words come from templates and catalogues here too."""
    data = {"model_name": "recommendation_v2", "drift_score": 0.85, "threshold": 0.7}
    by_token(slack, locale="de").send_rich_message("ml_model_drift", data)
    (message,) = slack.messages()
    assert "recommendation_v2" in message.words
    assert "0,85" in message.words


def test_a_batch_has_an_outcome_for_every_message(slack: SlackSimulator) -> None:
    """Never half a silence: a receipt or the error, in order."""
    slack.fail(word="invalid_auth", match="second")
    messages = ["first", "second", {"message": "third", "channel": "#dev"}, {"mesage": "typo"}, {"template": "nosuch"}]
    wrong = [3, {"message": None}, {"template": "default", "data": 5}]
    outcomes = by_token(slack).send_batch([*messages, *wrong, {"message": "last"}])  # type: ignore[list-item]
    kinds = [type(outcome) for outcome in outcomes]
    assert kinds[:5] == [Receipt, Refused, Receipt, ValueError, TemplateError]
    assert kinds[5:] == [TypeError, TypeError, TypeError, Receipt]
    assert "mesage" in str(outcomes[3])
    assert "there are" in str(outcomes[4])
    assert "ml_model_drift" in str(outcomes[4])


def test_it_waits_as_long_as_slack_asks(slack: SlackSimulator) -> None:
    """A 429 is waited for; the message arrives once."""
    slack.fail(retry_after=1)
    by_token(slack).send_notification("patience")
    assert len(slack.messages()) == 1
    assert slack.violations == []


def test_it_gives_up_when_its_patience_is_over(slack: SlackSimulator) -> None:
    """The error says what the other side said last."""
    slack.fail(status=503, times=None)
    with pytest.raises(TryLater, match="503"):
        by_token(slack, patience=0.2).send_notification("never")


def test_a_webhook_knows_its_own_channel(slack: SlackSimulator) -> None:
    """Slack would ignore the channel in silence."""
    notifier = SlackNotifier(slack.webhook_url)
    notifier.send_notification("hello")
    with pytest.raises(ValueError, match="own channel"):
        notifier.send_notification("hello", "#dev")


def test_wrong_arguments_are_said_at_once_and_never_with_the_secret() -> None:
    """A configuration error names the argument, not its value."""
    with pytest.raises(ConfigurationError) as caught:
        SlackNotifier(webhook_url="not-a-url-xoxb-secret")
    assert "xoxb-secret" not in str(caught.value)
    with pytest.raises(TypeError, match="token: a text is needed; found a value of type bytes") as mistaken:
        SlackNotifier(token=b"xoxb-secret", channel="#ops")  # type: ignore[arg-type]
    assert "xoxb-secret" not in str(mistaken.value)
    with pytest.raises(ValueError, match="no channel"):
        SlackNotifier(token="xoxb-1").send_notification("hello")
    with pytest.raises(ValueError, match="nothing to say"):
        SlackNotifier(token="xoxb-1", channel="#ops").send_notification(" ")


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda notifier: notifier.send_notification(None), "message: a text is needed; found None"),
        (lambda notifier: notifier.send_notification("x", 5), "channel: a text"),
        (
            lambda notifier: notifier.send_notification("x", attachments={"text": "y"}),
            "attachments: a list of mappings",
        ),
        (lambda notifier: notifier.send_notification("x", attachments=["y"]), "attachments: a mapping"),
        (lambda notifier: notifier.send_rich_message(None, {}), "template: a text"),
        (lambda notifier: notifier.send_rich_message("default", None), "data: a mapping"),
        (lambda notifier: notifier.send_batch("one text"), "messages: a list .* found 'one text'"),
        (lambda notifier: notifier.send_batch(None), "messages: a list"),
        (lambda _: SlackNotifier(webhook_url=5), "webhook_url: a text"),  # type: ignore[arg-type]
        (lambda _: SlackNotifier(token="xoxb-1", patience="1m"), "patience: a number"),  # type: ignore[arg-type]
    ],
)
def test_an_argument_of_another_kind_is_named(call: Callable[[SlackNotifier], object], says: str) -> None:
    """Said by the argument's name before anything is sent, not by what failed with it somewhere below."""
    with pytest.raises(TypeError, match=says):
        call(SlackNotifier(token="xoxb-1", channel="#ops", api_url="http://127.0.0.1:9/"))


def test_closing_lets_go_of_connections_and_is_no_end(slack: SlackSimulator) -> None:
    """As with the handlers: whoever closed it may go on using it."""
    notifier = by_token(slack)
    notifier.send_notification("before")
    notifier.close()
    notifier.close()
    notifier.send_notification("after")
    assert [message.text for message in slack.messages()] == ["before", "after"]


def test_every_delivery_error_is_one_of_three() -> None:
    """Callers need one except clause."""
    assert issubclass(Refused, DeliveryError)
    assert issubclass(TryLater, DeliveryError)
