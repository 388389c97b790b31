"""SlackNotifier tells Slack directly and waits for the answer: for scripts, and for words that are no alert."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from otel_alerting.config.arguments import mapping, number, shown, text
from otel_alerting.delivery.pace import Pacer
from otel_alerting.delivery.retry import Backoff, Retry
from otel_alerting.errors import DeliveryError, Refused, TemplateError, TryLater, Unknown
from otel_alerting.model import Receipt
from otel_alerting.notifiers.slack import API_URL, Slack

_PATIENCE = 60.0
_REQUEST, _SHORTEST = 5.0, 0.1
"""Seconds that one request may take, at most and at least."""
_TEXT = 4_000
"""More, and Slack may split the message."""

Outcome: TypeAlias = Receipt | DeliveryError | TemplateError | ValueError | TypeError
"""What became of one message of a batch."""


class SlackNotifier:
    """Posts to one workspace, through an incoming webhook or with a bot token; blocks until Slack has answered.

    Calls keep Slack's pace (one message a second and channel), wait as long as Slack asks, and try again what was not
    delivered, for at most `patience` seconds. Safe to share between threads.

    Args:
        webhook_url: an incoming webhook; it knows its channel.
        token: or a bot token, with a `channel`.
        channel: where to post when a call does not say.
        locale: the language of templates, as `fr-FR`.
        timezone: of times in templates, as `Europe/Paris`.
        templates: folders of your own templates, before the built-in ones.
        api_url: Slack's Web API; for proxies and simulators.
        patience: seconds before a call gives up; a request under way then may take 5 more, or `patience` if it is less.

    Raises:
        ConfigurationError: for arguments that cannot work.
        TypeError: for an argument that is not of its kind; so do the verbs.
    """

    def __init__(
        self,
        webhook_url: str = "",
        token: str = "",
        channel: str = "",
        *,
        locale: str = "en",
        timezone: str = "UTC",
        templates: Sequence[Path | str] = (),
        api_url: str = API_URL,
        patience: float = _PATIENCE,
    ) -> None:
        text("webhook_url", webhook_url, may_be_empty=True, secret=True)
        text("token", token, may_be_empty=True, secret=True)
        text("channel", channel, may_be_empty=True)
        number("patience", patience)
        self._webhook = bool(webhook_url)
        timeout = int(min(_REQUEST, max(patience, _SHORTEST)) * 1e9)
        self._open: Callable[[str], Slack] = lambda name: Slack(
            webhook_url=webhook_url, token=token, channel=name, api_url=api_url, timeout=timeout
        )
        self._channel = channel
        self._locale, self._timezone = locale, timezone
        self._templates = tuple(Path(folder) for folder in templates)
        self._patience = patience
        self._pacer = Pacer()
        self._lock = threading.Lock()
        self._places: dict[str, Slack] = {}
        self._open(channel or "#later")  # says at once what cannot work; a channel may come with each call

    def send_notification(
        self, message: str, channel: str = "", attachments: Sequence[Mapping[str, object]] = ()
    ) -> Receipt:
        """Post a text: what looks like a mention or a link is shown and not followed, secrets are taken out.

        Args:
            message: the text; `*bold*` and `` `code` `` are Slack's. Cut, and said so, at 4,000 characters.
            channel: with a token, another channel than the notifier's own.
            attachments: as Slack's API takes them, posted unchanged.

        Raises:
            DeliveryError: it is not there, or it is unknown whether it is: see `otel_alerting.errors`.
            ValueError: nothing to say, or a channel for a webhook.
            TypeError: an argument is not of its kind.
        """
        from otel_alerting.notifiers.clip import cleaned, clipped, escaped
        from otel_alerting.render.redact import Redactor

        text("message", message, may_be_empty=True)
        attached = _attached(attachments)
        if not message.strip() and not attached:
            raise ValueError("nothing to say: a message or attachments are needed")
        body: dict[str, object] = {
            "text": clipped(escaped(Redactor().redact_text(cleaned(message))), _TEXT),
            "unfurl_links": False,
            "unfurl_media": False,
        }
        if attached:
            body["attachments"] = attached
        place = self._place(channel)
        return self._deliver(place, lambda: place.post(body))

    def send_rich_message(self, template: str, data: Mapping[str, object], channel: str = "") -> Receipt:
        """Post what a template makes of some data, in the notifier's language.

        Raises:
            TemplateError: there is no such template.
            DeliveryError: see `send_notification`.
            TypeError: an argument is not of its kind.
        """
        from otel_alerting.render.locales import LocaleManager
        from otel_alerting.render.renderer import Renderer
        from otel_alerting.render.templates import TemplateEngine

        text("template", template)
        mapping("data", data)
        engine = TemplateEngine(self._templates)
        if not engine.has(template, "slack"):
            raise engine.missing(template, "slack")
        renderer = Renderer(engine, LocaleManager())
        message = renderer.render_sample(
            template, data, now=time.time_ns(), locale=self._locale, timezone=self._timezone
        )
        place = self._place(channel)
        return self._deliver(place, lambda: place.notify(message))

    def send_batch(self, messages: Sequence[str | Mapping[str, object]]) -> Sequence[Outcome]:
        """Post several messages in order; for each one its receipt, or the error that kept it from being there.

        A message is a text, or a mapping with the arguments of `send_notification` (`message`, `channel`,
        `attachments`) or of `send_rich_message` (`template`, `data`, `channel`).
        """
        if isinstance(messages, (str, Mapping)) or not isinstance(messages, Iterable):
            raise TypeError(f"messages: a list of texts or mappings is needed; found {shown(messages)}")
        outcomes: list[Outcome] = []
        for message in messages:
            try:
                outcomes.append(self._send_one(message))
            except (DeliveryError, TemplateError, ValueError, TypeError) as error:  # noqa: PERF203 - each has its own outcome
                outcomes.append(error)
        return outcomes

    def close(self) -> None:
        """Let go of connections. It is no end: whoever posts afterwards opens new ones."""
        with self._lock:
            places = list(self._places.values())
        for place in places:
            place.close()

    def __repr__(self) -> str:
        return f"<SlackNotifier {', '.join(place.destination for place in self._places.values())}>"

    def _send_one(self, message: str | Mapping[str, object]) -> Receipt:
        if isinstance(message, str):
            return self.send_notification(message)
        if not isinstance(message, Mapping):
            raise TypeError(f"a message: a text or a mapping is needed; found {shown(message)}")
        if "template" in message:
            return self.send_rich_message(**{"data": {}, **_checked(message, {"template", "data", "channel"})})
        return self.send_notification(**{"message": "", **_checked(message, {"message", "channel", "attachments"})})

    def _place(self, channel: str) -> Slack:
        channel = text("channel", channel, may_be_empty=True) or self._channel
        if channel != self._channel and self._webhook:
            raise ValueError(f"a webhook knows its own channel and cannot post to {channel!r}; use a bot token")
        if not channel and not self._webhook:
            raise ValueError("no channel: give one to the call or to the notifier")
        with self._lock:
            if channel not in self._places:
                self._places[channel] = self._open(channel)
            return self._places[channel]

    def _deliver(self, place: Slack, send: Callable[[], Receipt]) -> Receipt:
        """Keep the pace and try again, until it is there, refused, or the patience is over."""
        give_up = time.monotonic_ns() + int(self._patience * 1e9)
        backoff = Backoff(Retry(), random.random)
        last: DeliveryError | None = None
        while True:
            self._wait_turn(place, give_up, last)
            try:
                return send()
            except Refused:
                raise
            except TryLater as error:
                last, pause = error, error.after or backoff.failed()
                if error.gate:
                    with self._lock:
                        self._pacer.close_gate([place.destination], time.monotonic_ns() + pause)
            except Unknown as error:
                if isinstance(last, Unknown):  # a second doubt could be a third copy
                    raise
                last, pause = error, backoff.failed()
            if time.monotonic_ns() + pause > give_up:
                raise last
            time.sleep(pause / 1e9)

    def _wait_turn(self, place: Slack, give_up: int, last: DeliveryError | None) -> None:
        """Take the next place in the channel's pace and wait for it; when that is too late, say what was wrong last."""
        budgets = place.budgets(None)
        with self._lock:
            now = time.monotonic_ns()
            turn = self._pacer.ready_at(budgets, now)
            if turn > give_up:
                raise last or TryLater("busy", "its turn comes after the patience is over", after=turn - now)
            self._pacer.take(budgets, turn)
        time.sleep((turn - now) / 1e9)


def _checked(message: Mapping[str, Any], names: set[str]) -> Mapping[str, Any]:
    unknown = sorted(str(name) for name in set(message) - names)
    if unknown:
        raise ValueError(f"a message has no {', '.join(unknown)}; it has {', '.join(sorted(names))}")
    return message


def _attached(attachments: object) -> list[dict[str, object]]:
    if isinstance(attachments, (str, Mapping)) or not isinstance(attachments, Iterable):
        raise TypeError(f"attachments: a list of mappings is needed; found {shown(attachments)}")
    return [dict(mapping("attachments", attachment)) for attachment in attachments]
