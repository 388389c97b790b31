"""Slack: through an incoming webhook, or with a bot token, which can also change what it posted."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NoReturn
from urllib.parse import urlsplit

import msgspec

from otel_alerting import inbox
from otel_alerting.errors import ConfigurationError, Problem, Refused, TryLater, Unknown
from otel_alerting.model import Message, Receipt
from otel_alerting.notifiers.blockkit import Rung, payload
from otel_alerting.notifiers.slack_words import ADVICE, Ruling, Verdict, read
from otel_alerting.notifiers.wire import SECOND, Failed, Secret, Wire
from otel_alerting.ports import Budget
from otel_alerting.telemetry import Counters, complain

API_URL = "https://slack.com/api/"
POST_EVERY = SECOND
"""Slack allows a channel one message a second."""
UPDATE_EVERY = 1_250_000_000
"""48 a minute: Slack allows a workspace a little over 50 changes a minute."""
_CHANNEL_ID = re.compile("[CDGU][A-Z0-9]{7,}")
UNSAID = 10 * SECOND
"""How long to wait when Slack says "too fast" and not for how long."""


class Slack:
    """One channel of one workspace.

    Give a `webhook_url`, or a bot `token` and a `channel` (name or id). A message that Slack does not take as it is
    goes out again at once with less in it, down to plain text: see `blockkit.Rung`.

    Raises:
        ConfigurationError: for arguments that cannot work. Nothing is opened before the first message.
    """

    format = "slack"

    def __init__(
        self,
        *,
        webhook_url: str = "",
        token: str = "",
        channel: str = "",
        api_url: str = API_URL,
        timeout: int = 5 * SECOND,
        counters: Counters | None = None,
        now: Callable[[], int] = time.time_ns,
    ) -> None:
        webhook_url, token, channel = webhook_url.strip(), token.strip(), channel.strip()
        _check(webhook_url, token, channel, api_url)
        self._webhook = Secret(webhook_url)
        self._api = api_url.rstrip("/") + "/"
        self._channel = channel
        self._workspace = f"slack:{_digest(webhook_url or self._api + token)}"
        self._counters = counters or Counters()
        self._now = now
        headers = {} if webhook_url else {"Authorization": Secret(f"Bearer {token}")}
        self._wire = Wire(timeout=timeout, headers=headers)

    @property
    def destination(self) -> str:
        """`slack:1f0c9a3b/#ops`; the digits stand for the token or the webhook's URL."""
        return f"{self._workspace}/{'webhook' if self._webhook else _named(self._channel)}"

    @property
    def updates(self) -> bool:
        """A webhook answers no message id, so what it posted cannot be found again."""
        return not self._webhook

    def budgets(self, previous: Receipt | None) -> Sequence[Budget]:
        """One message a second and channel; changes share one budget per workspace."""
        if self._changeable(previous):
            return (Budget(key=f"{self._workspace}/chat.update", every=UPDATE_EVERY),)
        return (Budget(key=self.destination, every=POST_EVERY),)

    def notify(self, message: Message) -> Receipt:
        """Post the message, or change the one in its `previous` receipt.

        Raises:
            TryLater: nothing was delivered; `gate` when Slack asked to slow down.
            Unknown: the request left, the answer got lost.
            Refused: token, webhook or channel is dead, or not even plain text is taken.
        """
        previous, lost, rung = self._changeable(message.previous), None, Rung.FULL
        while True:
            ruling = self._send(message, rung, previous, lost)
            if ruling.verdict is Verdict.DONE:
                return self._receipt(ruling, previous)
            lower = rung.next
            if ruling.verdict is Verdict.ANEW and previous is not None:
                previous, lost = None, previous
            elif ruling.verdict is Verdict.DEGRADE and lower is not None:
                rung = lower
                self._tell_degraded(ruling, rung)
            else:
                _fail(ruling)

    def post(self, body: Mapping[str, object]) -> Receipt:
        """Post a body as somebody made it, without `channel`: it is taken as it is, or not at all.

        Raises:
            TryLater, Unknown: as `notify` does.
            Refused: the destination is dead, or Slack does not take this body; `detail` says why where Slack does.
        """
        ruling = self._exchange(dict(body), None)
        if ruling.verdict is not Verdict.DONE:
            _fail(ruling)
        return self._receipt(ruling, None)

    def close(self) -> None:
        """Let go of connections; the next message opens new ones."""
        self._wire.close()

    def __repr__(self) -> str:
        return f"<Slack {self.destination}>"

    def _changeable(self, previous: Receipt | None) -> Receipt | None:
        return previous if previous is not None and previous.updatable and self.updates else None

    def _send(self, message: Message, rung: Rung, previous: Receipt | None, lost: Receipt | None) -> Ruling:
        with inbox.unforkable:
            body = payload(message, rung=rung, continues=lost)
        return self._exchange(body, previous)

    def _exchange(self, body: dict[str, object], previous: Receipt | None) -> Ruling:
        if previous is not None:
            body = _change(body, previous)
        elif not self._webhook:
            body["channel"] = self._channel
        answer = self._wire.post(self._address(previous), msgspec.json.encode(body))
        if isinstance(answer, Failed):
            return Ruling(verdict=Verdict.UNCLEAR if answer.sent else Verdict.RETRY, word=answer.word)
        return read(answer)

    def _address(self, previous: Receipt | None) -> Secret:
        if self._webhook:
            return self._webhook
        return Secret(self._api + ("chat.postMessage" if previous is None else "chat.update"))

    def _receipt(self, ruling: Ruling, previous: Receipt | None) -> Receipt:
        channel, ts = (ruling.channel, ruling.ts) if previous is None else (previous.channel, previous.ts)
        return Receipt(destination=self.destination, at=self._now(), channel=channel, ts=ts)

    def _tell_degraded(self, ruling: Ruling, rung: Rung) -> None:
        self._counters.add("degraded", destination=self.destination, rung=rung.value, word=ruling.word)
        why = f"{ruling.word}: {ruling.detail}" if ruling.detail else ruling.word
        words = f"{self.destination} does not take a message ({why}); it goes out again with less: {rung.value}"
        complain(words, about=f"{self.destination} {ruling.word} {rung.value}")


def _change(body: dict[str, object], previous: Receipt) -> dict[str, object]:
    """The same body for `chat.update`: parts that are left out would stay as they were, so all are named."""
    kept = {key: value for key, value in body.items() if not key.startswith("unfurl_")}
    return {"blocks": [], "attachments": [], **kept, "channel": previous.channel, "ts": previous.ts}


def _fail(ruling: Ruling) -> NoReturn:
    """Raised from here, where no variable holds a URL or a token: some programs send locals along with tracebacks."""
    if ruling.verdict is Verdict.WAIT:
        raise TryLater(ruling.word, after=ruling.wait or UNSAID, gate=True)
    if ruling.verdict is Verdict.RETRY:
        raise TryLater(ruling.word, ruling.detail, after=ruling.wait)
    if ruling.verdict is Verdict.UNCLEAR:
        raise Unknown(ruling.word, ruling.detail)
    raise Refused(ruling.word, ruling.detail or ADVICE.get(ruling.word, ""))


def _check(webhook_url: str, token: str, channel: str, api_url: str) -> None:
    problems = [Problem("Slack", *problem) for problem in _problems(webhook_url, token, channel, api_url)]
    if problems:
        raise ConfigurationError(problems)


def _problems(webhook_url: str, token: str, channel: str, api_url: str) -> list[tuple[str, str, str]]:
    """Path, what was found (never the value itself), what would be right."""
    if webhook_url and token:
        return [("", "webhook_url and token", "one of them")]
    if webhook_url:
        right = "a URL like https://hooks.slack.com/services/T…/B…/…"
        return [] if _is_url(webhook_url) else [("webhook_url", "something that is no URL", right)]
    if not token:
        return [("", "neither webhook_url nor token", "one of them")]
    problems = []
    if not (token.isascii() and token.isprintable() and " " not in token):
        problems.append(("token", "characters that no token has", "a bot token, which begins with xoxb-"))
    if not channel:
        problems.append(("channel", "nothing", "the channel's name or id, as #ops"))
    if not _is_url(api_url):
        problems.append(("api_url", "something that is no URL", f"a URL like {API_URL}"))
    return problems


def _is_url(said: str) -> bool:
    try:
        parts = urlsplit(said)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and said.isascii() and said.isprintable()


def _named(channel: str) -> str:
    """`ops` and `#ops` are one channel, hence one queue."""
    return channel if channel[:1] in "#@" or _CHANNEL_ID.fullmatch(channel) else f"#{channel}"


def _digest(secret: str) -> str:
    return hashlib.blake2b(secret.encode(), digest_size=4).hexdigest()
