"""A button that somebody presses in the simulator: the request that Slack would send, signed as Slack signs it."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from otel_alerting.testing.slack_workspace import Posted


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """What the app answered to a press; Slack wants 200 within three seconds."""

    status: int
    body: bytes
    seconds: float


def signature(secret: str, at: int, body: bytes) -> str:
    """The `X-Slack-Signature` of a body sent at that time (seconds since the epoch)."""
    signed = hmac.new(secret.encode(), b"v0:%d:%s" % (at, body), hashlib.sha256)
    return f"v0={signed.hexdigest()}"


def interaction(posted: Posted, action: str, *, user: str, value: str | None, response_url: str, at: int) -> bytes:
    """The form that Slack posts for an element, which is named by its `action_id` or by the words on it.

    Raises:
        LookupError: the message has no such element.
    """
    block_id, element = _element(posted, action)
    pressed: dict[str, object] = {
        "type": element.get("type"),
        "action_id": element.get("action_id"),
        "block_id": block_id,
        "text": element.get("text"),
        "action_ts": f"{at}.000001",
    }
    if element.get("type") == "static_select":
        pressed["selected_option"] = {"value": value}
    else:
        pressed["value"] = value if value is not None else element.get("value", "")
    payload = {
        "type": "block_actions",
        "api_app_id": "A0SIMULATOR",
        "trigger_id": f"{at}.{posted.ts}",
        "team": {"id": posted.team, "domain": posted.team.lower()},
        "user": {"id": user, "username": user.lower(), "name": user.lower(), "team_id": posted.team},
        "channel": {"id": posted.channel, "name": posted.channel_name.lstrip("#")},
        "container": {"type": "message", "message_ts": posted.ts, "channel_id": posted.channel, "is_ephemeral": False},
        "message": {**posted.payload, "ts": posted.ts},
        "response_url": response_url,
        "actions": [pressed],
    }
    return urlencode({"payload": json.dumps(payload)}).encode()


def send(body: bytes, *, to: str, secret: str, at: int, timeout: float) -> Acknowledged:
    """Post a signed form and wait for the answer, whatever its status."""
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": str(at),
        "X-Slack-Signature": signature(secret, at, body),
    }
    request = urllib.request.Request(to, data=body, headers=headers)  # noqa: S310 - the caller's own app
    began = time.monotonic()
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:  # noqa: S310 - the caller's own app
            return Acknowledged(answer.status, answer.read(), time.monotonic() - began)
    except urllib.error.HTTPError as refused:
        with refused:
            return Acknowledged(refused.code, refused.read(), time.monotonic() - began)


def _element(posted: Posted, action: str) -> tuple[str, Mapping[str, object]]:
    for block_id, element in posted.elements:
        if action in (element.get("action_id"), _words_on(element)):
            return block_id, element
    there = ", ".join(str(element.get("action_id")) for _, element in posted.elements)
    raise LookupError(f"no element {action!r} in this message; there are: {there or 'none'}")


def _words_on(element: Mapping[str, object]) -> object:
    text = element.get("text") or element.get("placeholder")
    return text.get("text") if isinstance(text, dict) else None
