"""Trouble is what the simulator was told to do to requests instead of answering them properly."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from otel_alerting.testing.slack_server import Reply, Request

Match: TypeAlias = "str | Callable[[Request], bool] | None"
"""A part of the path (`chat.update`, `/services/`) or of the body, a question, or every request."""

WEBHOOK_STATUS = {
    "invalid_payload": 400,
    "no_text": 400,
    "invalid_blocks": 400,
    "invalid_attachments": 400,
    "too_many_attachments": 400,
    "user_not_found": 400,
    "action_prohibited": 403,
    "posting_to_general_channel_denied": 403,
    "invalid_token": 403,
    "team_disabled": 403,
    "channel_not_found": 404,
    "no_service": 404,
    "no_service_id": 404,
    "no_active_hooks": 404,
    "no_team": 404,
    "channel_is_archived": 410,
    "rollup_error": 500,
}
"""The status that an incoming webhook sends along with each of its words."""
_TOO_FAST = ("ratelimited", "rate_limited")
_PAGE = b"<!doctype html><html><body><h1>Something is wrong here</h1></body></html>"


@dataclass(kw_only=True)
class Trouble:
    """See `SlackSimulator.fail`."""

    status: int | None = None
    word: str = ""
    hang: float = 0
    drop: Literal["", "before", "after"] = ""
    slow: float = 0
    retry_after: int | None = None
    garbage: bool = False
    down_for: float = 0
    times: int | None = 1
    match: Match = None

    def __post_init__(self) -> None:
        self._until = time.monotonic() + self.down_for if self.down_for else None

    def takes(self, request: Request) -> bool:
        """Is this request in for it? Counts it, when it is."""
        if not self._matches(request):
            return False
        if self._until is not None:
            return time.monotonic() < self._until
        if self.times is not None:
            self.times -= 1
            return self.times >= 0
        return True

    @property
    def wait(self) -> float:
        """Seconds before anything happens."""
        return self.hang or self.slow

    @property
    def silent(self) -> bool:
        """Is the connection closed without an answer?"""
        return bool(self.hang or self.drop)

    @property
    def accepts(self) -> bool:
        """Is the request carried out all the same?"""
        return self.drop == "after"

    def reply(self, request: Request) -> Reply | None:
        """The wrong answer; None when it is only late."""
        headers = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
        if self.down_for:
            return Reply(_PAGE, 503, headers=headers)
        if self.garbage:
            return Reply(_PAGE, self.status or 200, headers=headers)
        if self.status == 429 or self.retry_after is not None or (self.word in _TOO_FAST and self.status is None):
            return too_fast(request, 1 if self.retry_after is None else self.retry_after, self.word, self.status)
        if self.word:
            return refused(request, self.word, self.status)
        return Reply(_PAGE, self.status, headers=headers) if self.status else None

    def _matches(self, request: Request) -> bool:
        if self.match is None:
            return True
        if isinstance(self.match, str):
            return self.match in request.path or self.match.encode() in request.body
        return self.match(request)


def gate_of(request: Request) -> str:
    """What a `Retry-After` is about: the webhook, or the method and the channel."""
    try:
        return f"{request.path} {request.arguments.get('channel', '')}"
    except ValueError:
        return request.path


def too_fast(request: Request, seconds: int, word: str = "", status: int | None = None) -> Reply:
    """Slack's 429: a webhook and the Web API spell it differently."""
    headers = {"Retry-After": str(seconds)}
    if request.path.startswith("/services/"):
        body = {"retry_after": seconds, "ok": False, "error": word or "rate_limited"}
        return Reply.json(body, status or 429, headers)
    return Reply.json({"ok": False, "error": word or "ratelimited"}, status or 429, headers)


def refused(request: Request, word: str, status: int | None = None) -> Reply:
    """An error word as a webhook says it (text, with a status) or as the Web API does (200, in JSON)."""
    if request.path.startswith("/services/"):
        return Reply(word.encode(), status or WEBHOOK_STATUS.get(word, 400))
    return Reply.json({"ok": False, "error": word}, status or 200)
