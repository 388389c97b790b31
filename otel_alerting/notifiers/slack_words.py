"""What Slack's words mean to whoever sends: each error word belongs to exactly one class.

The word decides, not the status: the Web API answers 200 with an error inside, a webhook answers one word as text.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping

import msgspec

from otel_alerting.notifiers.wire import Answer


class Verdict(enum.Enum):
    """What to do about an answer."""

    DONE = "done"
    RETRY = "retry"
    """Nothing was delivered; the same later."""
    WAIT = "wait"
    """Too fast: everybody who sends there waits."""
    STOP = "stop"
    """The destination is dead until somebody mends it."""
    ANEW = "anew"
    """The earlier message cannot be changed or answered; a new one can be posted."""
    DEGRADE = "degrade"
    """This message is not taken; a simpler one may be."""
    UNCLEAR = "unclear"
    """It looks like success and is not Slack's: nobody knows."""


_RETRY = """
    internal_error fatal_error service_unavailable request_timeout update_failed team_added_to_org rollup_error
    external_channel_migrating
"""
_WAIT = "ratelimited rate_limited"
_STOP = """
    invalid_auth not_authed account_inactive token_revoked token_expired missing_scope no_permission not_in_channel
    is_archived channel_not_found restricted_action restricted_action_read_only_channel
    restricted_action_non_threadable_channel message_limit_exceeded ekm_access_denied not_allowed_token_type
    org_login_required two_factor_setup_required access_denied accesslimited team_access_not_granted team_not_found
    enterprise_is_restricted invalid_token_type channel_type_not_supported messages_tab_disabled
    action_prohibited posting_to_general_channel_denied invalid_token team_disabled
    no_service no_service_id no_active_hooks no_team channel_is_archived
"""
_ANEW = """
    message_not_found cant_update_message edit_window_closed is_inactive block_mismatch
    no_dual_broadcast_content_update cannot_reply_to_message restricted_action_thread_locked
    restricted_action_thread_only_channel thread_not_found
"""
_DEGRADE = """
    invalid_blocks invalid_blocks_format invalid_attachments too_many_attachments only_one_table_allowed
    msg_blocks_too_long msg_too_long metadata_too_large metadata_must_be_sent_from_app invalid_metadata_format
    invalid_metadata_schema invalid_payload no_text user_not_found markdown_text_conflict
    invalid_arguments invalid_array_arg invalid_json
"""
_ADVICE: Mapping[str, str] = {
    "make a new webhook in Slack": "no_service no_service_id no_active_hooks no_team invalid_token action_prohibited",
    "give a bot token that is valid": "invalid_auth not_authed account_inactive token_revoked token_expired",
    "give the app the scope chat:write and install it again": "missing_scope no_permission not_allowed_token_type",
    "invite the app to the channel": "not_in_channel",
    "check the channel's name, and invite the app to it": "channel_not_found",
    "choose another channel": "is_archived channel_is_archived posting_to_general_channel_denied",
}
ADVICE: Mapping[str, str] = {word: advice for advice, words in _ADVICE.items() for word in words.split()}
"""What somebody has to do, by Slack's word."""
WORDS: Mapping[str, Verdict] = {
    word: verdict
    for verdict, words in (
        (Verdict.RETRY, _RETRY),
        (Verdict.WAIT, _WAIT),
        (Verdict.STOP, _STOP),
        (Verdict.ANEW, _ANEW),
        (Verdict.DEGRADE, _DEGRADE),
    )
    for word in words.split()
}
"""Every word that we know, by what it means."""

_WORD = re.compile(r"[a-z][a-z0-9_]{1,80}")
_LATER = frozenset({408, 421, 423, 425})
_TOO_MUCH = frozenset({400, 413, 422})


class Ruling(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer comes down to."""

    verdict: Verdict
    word: str = ""
    detail: str = ""
    """Slack's own reasons, where it gives any; no secret among them."""
    wait: int = 0
    """Nanoseconds that Slack asked for; 0 when it asked for nothing."""
    channel: str = ""
    ts: str = ""


class _ResponseMetadata(msgspec.Struct):
    messages: list[object] = []


class _Body(msgspec.Struct):
    """The part of a Web API answer that matters to us."""

    ok: bool
    error: str = ""
    channel: object = ""
    ts: str = ""
    retry_after: float = 0
    errors: object = None
    response_metadata: _ResponseMetadata | None = None


def read(answer: Answer) -> Ruling:
    """What an answer of a webhook or of the Web API comes down to."""
    body = _json(answer.body)
    wait = answer.retry_after or (_nanoseconds(body.retry_after) if body else 0)
    word = _word(answer, body)
    if answer.status == 429:
        return Ruling(verdict=Verdict.WAIT, word=word or "rate_limited", wait=wait)
    if answer.status == 200 and word == "":
        return _success(answer, body)
    verdict = WORDS.get(word) or _by_status(answer.status)
    return Ruling(verdict=verdict, word=word or f"http_{answer.status}", detail=_detail(body), wait=wait)


def _success(answer: Answer, body: _Body | None) -> Ruling:
    if body is not None and body.ok:
        channel = body.channel if isinstance(body.channel, str) else ""
        return Ruling(verdict=Verdict.DONE, channel=channel, ts=body.ts)
    if answer.body.strip() == b"ok":
        return Ruling(verdict=Verdict.DONE)
    return Ruling(verdict=Verdict.UNCLEAR, word="answer_not_understood")


def _word(answer: Answer, body: _Body | None) -> str:
    """The error word; empty where there is none, and for `ok`."""
    if body is not None:
        return "" if body.ok else body.error or "unnamed_error"
    text = answer.body[:100].decode("utf-8", "replace").strip()
    return text if text != "ok" and _WORD.fullmatch(text) and (answer.status != 200 or text in WORDS) else ""


def _by_status(status: int) -> Verdict:
    """For answers without a word that we know: a proxy's page, a new word of Slack's, somebody else's server.

    Redirects are not followed, they would carry the credential elsewhere; a captive portal goes away by itself.
    """
    if status >= 500 or 300 <= status < 400 or status in _LATER:
        return Verdict.RETRY
    if status == 200 or status in _TOO_MUCH:
        return Verdict.DEGRADE
    return Verdict.UNCLEAR if status < 300 else Verdict.STOP


def _detail(body: _Body | None) -> str:
    if body is None:
        return ""
    reasons = body.errors if isinstance(body.errors, list) else []
    more = body.response_metadata.messages if body.response_metadata else []
    return "; ".join(map(str, [*reasons, *more]))[:500]


def _json(raw: bytes) -> _Body | None:
    try:
        return msgspec.json.decode(raw, type=_Body)
    except msgspec.MsgspecError:
        return None


def _nanoseconds(seconds: float) -> int:
    return int(min(max(seconds, 0), 3_600) * 1_000_000_000)
