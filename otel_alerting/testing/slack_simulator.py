"""A Slack of your own on this machine: as strict as the real one, and it does what you tell it to.

    with SlackSimulator() as slack:
        notifier = Slack(token=slack.token, channel="#alerts", api_url=slack.api_url)
        notifier.notify(message)
        assert slack.messages("#alerts")[0].color == "#D93025"

It plays incoming webhooks, `chat.postMessage`, `chat.update`, `reactions.add`, `auth.test` and the upload of files in
three steps; it refuses what Slack refuses, in Slack's words (`slack_rules`), and keeps what it accepted.

    python -m otel_alerting.testing.slack_simulator --port 8090

serves until it is interrupted and prints each accepted message as one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Literal

from otel_alerting.testing.slack_front import Front
from otel_alerting.testing.slack_limits import Limits
from otel_alerting.testing.slack_methods import accepted
from otel_alerting.testing.slack_press import Acknowledged, interaction, send
from otel_alerting.testing.slack_rules import Refusal
from otel_alerting.testing.slack_server import Reply, Request, Server
from otel_alerting.testing.slack_trouble import Match, Trouble, gate_of
from otel_alerting.testing.slack_workspace import Posted, Workspace

TEAM = "T0SIMULATOR"


class SlackSimulator:
    """A real HTTP server on 127.0.0.1, from `start` to `stop` or in a `with` block. Safe from any thread.

    Args:
        channels: of the first workspace, which is there from the beginning.
        rate_limits: answer 429 as Slack does: one message a second and channel, 50 changes a minute and workspace.
        burst: messages that a channel takes at once.
        port: 0 takes a free one.
        clock: monotonic nanoseconds, for the rate limits.
        heard: called with each message that was accepted or changed, on the server's thread.
    """

    def __init__(
        self,
        *,
        channels: Sequence[str] = ("#alerts", "#ops"),
        rate_limits: bool = False,
        burst: int = 3,
        port: int = 0,
        clock: Callable[[], int] = time.monotonic_ns,
        heard: Callable[[Posted], None] | None = None,
    ) -> None:
        self.signing_secret = "simulator-signing-secret"  # noqa: S105 - that of a simulator
        self._front = Front(limits=Limits(clock) if rate_limits else None, burst=burst, heard=heard)
        self._gates = Limits(clock)
        """Closed by the waits that `fail` made up; those of the rate limits are the front's."""
        self._server = Server(self._handle, port)
        self._changed = threading.Condition(threading.RLock())
        self._stopping = threading.Event()
        self._requests: list[Request] = []
        self._troubles: list[Trouble] = []
        self._first = self.add_workspace(TEAM, channels=channels)

    # Where it is

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT`, known once it was started."""
        return f"http://127.0.0.1:{self._server.port}"

    @property
    def api_url(self) -> str:
        """What to give where `https://slack.com/api/` would stand."""
        return f"{self.url}/api/"

    @property
    def token(self) -> str:
        """The first workspace's bot token."""
        return self._first.token

    @property
    def webhook_url(self) -> str:
        """An incoming webhook into the first workspace's first channel."""
        return self.webhook(self._first.first_channel)

    def webhook(self, channel: str, team: str = TEAM) -> str:
        """An incoming webhook into that channel."""
        with self._changed:
            return self.url + self._front.workspaces[team].webhook(channel)

    def add_workspace(self, team: str, token: str = "", channels: Sequence[str] = ("#alerts", "#ops")) -> Workspace:
        """One more workspace; a token is made from its name where none is given."""
        with self._changed:
            workspace = Workspace(team, token or f"xoxb-simulator-{team}", channels)
            self._front.workspaces[team] = workspace
            return workspace

    # What it saw

    @property
    def requests(self) -> list[Request]:
        """Every request, refused ones too, in the order they came in."""
        with self._changed:
            return list(self._requests)

    @property
    def violations(self) -> list[Request]:
        """Requests that came although their sender had been told to wait: Slack may disable an app for it."""
        with self._changed:
            return list(self._front.violations)

    @property
    def refusals(self) -> list[Refusal]:
        """What was refused for what it was, with the reasons that a webhook would not name."""
        with self._changed:
            return list(self._front.refusals)

    def messages(self, channel: str | None = None, team: str | None = None) -> list[Posted]:
        """The accepted messages in the order of posting, as they stand now; replies in threads too."""
        with self._changed:
            workspaces = [one for one in self._front.workspaces.values() if team in (None, one.team)]
            found = [posted for workspace in workspaces for posted in workspace.messages]
        wanted = channel.lstrip("#") if channel else None
        return [one for one in found if wanted in (None, one.channel, one.channel_name.lstrip("#"))]

    def thread(self, parent: Posted) -> list[Posted]:
        """The replies to a message."""
        return [one for one in self.messages(parent.channel, parent.team) if one.thread_ts == parent.ts]

    def wait_for(self, what: int | Callable[[SlackSimulator], bool], timeout: float = 5.0) -> list[Posted]:
        """Wait until that many messages are there, or until that question is answered with yes; then all messages.

        Raises:
            TimeoutError: says what there was instead.
        """
        enough = what if callable(what) else lambda here: len(here.messages()) >= what
        with self._changed:
            if not self._changed.wait_for(lambda: enough(self), timeout):
                words = [*(posted.text for posted in self.messages()), *map(str, self._front.refusals)]
                raise TimeoutError(f"{len(self.messages())} messages after {timeout} s: {words[-5:]}")
            return self.messages()

    # What it does

    def fail(
        self,
        *,
        status: int | None = None,
        word: str = "",
        hang: float = 0,
        drop: Literal["", "before", "after"] = "",
        slow: float = 0,
        retry_after: int | None = None,
        garbage: bool = False,
        down_for: float = 0,
        times: int | None = 1,
        match: Match = None,
    ) -> None:
        """Do something else to the next requests. What was said first is done first.

        Args:
            status: answer this one, with a page of HTML, or with the word where there is one.
            word: answer this error word, as a webhook or as the Web API would.
            hang: say nothing for so many seconds, then close the connection.
            drop: close the connection without an answer, `before` or `after` the message was accepted.
            slow: wait so many seconds, then do what is right, or whatever else is asked for here.
            retry_after: answer 429 and ask to wait so many seconds.
            garbage: answer a page of HTML with status 200, or with `status`.
            down_for: for so many seconds from now answer 503, however often.
            times: how many requests; None for all that come.
            match: only requests with this in their path or body, or for which this function says yes.
        """
        trouble = Trouble(
            status=status, word=word, hang=hang, drop=drop, slow=slow, retry_after=retry_after, garbage=garbage,
            down_for=down_for, times=times, match=match,
        )  # fmt: skip
        with self._changed:
            self._troubles.append(trouble)

    def recover(self) -> None:
        """Forget every trouble."""
        with self._changed:
            self._troubles.clear()

    def press(
        self,
        posted: Posted,
        action: str,
        *,
        to: str,
        user: str = "U0READER",
        value: str | None = None,
        secret: str | None = None,
        at: int | None = None,
        timeout: float = 3.0,
    ) -> Acknowledged:
        """Press a button (or choose `value` in a menu) of a message, as `user`; your app's URL gets the signed request.

        `action` is the element's `action_id` or the words on it. `secret` signs with another secret than
        `signing_secret`; `at` says that it was sent then, in seconds since the epoch.

        Raises:
            LookupError: the message has no such element.
            OSError: nobody answers at that URL within `timeout` seconds.
        """
        at = int(time.time()) if at is None else at
        with self._changed:
            response_url = self._front.response_url(posted)
        body = interaction(posted, action, user=user, value=value, response_url=response_url, at=at)
        return send(body, to=to, secret=secret or self.signing_secret, at=at, timeout=timeout)

    def start(self) -> SlackSimulator:
        """Listen. After a `stop` on the same port again, with all messages still there."""
        self._stopping.clear()
        self._server.start()
        self._front.url = self.url
        return self

    def stop(self) -> None:
        """Stop listening: connections are refused until the next `start`."""
        self._stopping.set()
        self._server.stop()

    def __enter__(self) -> SlackSimulator:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    # How it answers

    def _handle(self, request: Request) -> Reply | None:
        with self._changed:
            self._requests.append(request)
            if self._gates.is_closed(gate_of(request)):
                self._front.violations.append(request)
            trouble = next((one for one in self._troubles if one.takes(request)), None)
        if trouble is None:
            return self._answer(request)
        if trouble.wait:
            self._stopping.wait(trouble.wait)
        if trouble.accepts:
            self._answer(request)
        reply = trouble.reply(request)
        if reply is not None and "Retry-After" in reply.headers:
            self._gates.close(gate_of(request), int(reply.headers["Retry-After"]))
        return None if trouble.silent else reply or self._answer(request)

    def _answer(self, request: Request) -> Reply:
        with self._changed:
            reply = self._front.answer(request)
            self._changed.notify_all()
            return reply


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until interrupted. The first line says where and with which token; then one line for each message."""
    parser = argparse.ArgumentParser(prog="python -m otel_alerting.testing.slack_simulator", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--channel", action="append", help="may be given more than once; default: #alerts and #ops")
    parser.add_argument("--rate-limits", action="store_true", help="answer 429 as Slack does")
    parser.add_argument("--burst", type=int, default=3, help="messages that a channel takes at once")
    chosen = parser.parse_args(arguments)
    simulator = SlackSimulator(
        channels=chosen.channel or ("#alerts", "#ops"),
        rate_limits=chosen.rate_limits,
        burst=chosen.burst,
        port=chosen.port,
        heard=lambda posted: _say(accepted(posted)),
    )
    with simulator:
        where = {
            name: getattr(simulator, name) for name in ("url", "api_url", "webhook_url", "token", "signing_secret")
        }
        _say({"event": "ready", **where})
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return 0
    return 0


def _say(what: object) -> None:
    sys.stdout.write(json.dumps(what, ensure_ascii=False) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
