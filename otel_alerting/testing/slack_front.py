"""The front of the simulator: which request is for whom, what it may do there, and the answer it gets."""

from __future__ import annotations

from collections.abc import Callable

from otel_alerting.testing.slack_limits import SECOND, Limits
from otel_alerting.testing.slack_methods import METHODS, MOST_TEXT
from otel_alerting.testing.slack_rules import POST, UPDATE, WEBHOOK, Refusal
from otel_alerting.testing.slack_server import Reply, Request
from otel_alerting.testing.slack_trouble import refused, too_fast
from otel_alerting.testing.slack_workspace import Payload, Posted, SlackError, Workspace

UPDATES_EVERY = 60 * SECOND // 50
RESPONSES = 5
"""Uses of one response URL."""


class Front:
    """Answers requests, one at a time: whoever calls holds a lock."""

    def __init__(self, *, limits: Limits | None, burst: int, heard: Callable[[Posted], None] | None) -> None:
        self.url = ""
        self.workspaces: dict[str, Workspace] = {}
        self.violations: list[Request] = []
        self.refusals: list[Refusal] = []
        self._limits = limits
        self._burst = burst
        self._heard = heard
        self._response_urls: dict[str, tuple[Posted, int]] = {}

    def answer(self, request: Request) -> Reply:
        """Carry a request out, or say no in Slack's words."""
        try:
            return self._carried_out(request)
        except SlackError as error:
            self.refusals.append(error.refusal)
            return _no(request, error.refusal)

    def response_url(self, posted: Posted) -> str:
        """A new URL through which an app can answer a press of this message's button."""
        key = f"{posted.team}-{len(self._response_urls)}"
        self._response_urls[key] = (posted, 0)
        return f"{self.url}/response/{key}"

    def _carried_out(self, request: Request) -> Reply:
        kind, _, rest = request.path.lstrip("/").partition("/")
        if kind == "services":
            return self._incoming_webhook(request)
        if kind == "api":
            return self._method(request, rest)
        if kind == "upload":
            return self._upload(request, rest)
        if kind == "response":
            return self._response(request, rest)
        return Reply(b"<h1>Not Found</h1>", 404)

    def _incoming_webhook(self, request: Request) -> Reply:
        team = request.path.split("/")[2] if request.path.count("/") >= 2 else ""
        workspace = self.workspaces.get(team)
        if workspace is None:
            raise SlackError("no_team")
        channel = workspace.webhook_channel(request.path)
        limited = self._too_fast(request, f"{team}/{channel}")
        if limited is not None:
            return limited
        posted = workspace.post(channel, _arguments(request, "invalid_payload"), method=WEBHOOK)
        self._tell(posted)
        return Reply(b"ok")

    def _method(self, request: Request, name: str) -> Reply:
        if name not in METHODS:
            raise SlackError("unknown_method")
        workspace = self._workspace_of(request.token)
        arguments = _arguments(request, "invalid_json")
        limited = self._limited(request, name, workspace, arguments)
        if limited is not None:
            return limited
        body = {"ok": True, **METHODS[name](workspace, arguments, self.url), **_warnings(request, arguments)}
        if name in (POST, UPDATE):
            self._tell(workspace.message(str(body["channel"]), str(body["ts"])))
        return Reply.json(body)

    def _workspace_of(self, token: str) -> Workspace:
        if not token:
            raise SlackError("not_authed")
        for workspace in self.workspaces.values():
            if workspace.token == token:
                if workspace.revoked:
                    raise SlackError("token_revoked")
                return workspace
        raise SlackError("invalid_auth")

    def _limited(self, request: Request, name: str, workspace: Workspace, arguments: Payload) -> Reply | None:
        if name == POST:
            channel = workspace.channel(str(arguments.get("channel", "")))
            return self._too_fast(request, f"{workspace.team}/{channel}")
        if name == UPDATE:
            return self._too_fast(request, f"{workspace.team}/{UPDATE}", every=UPDATES_EVERY, burst=50)
        return None

    def _too_fast(self, request: Request, key: str, every: int = SECOND, burst: int | None = None) -> Reply | None:
        if self._limits is None:
            return None
        wait, violation = self._limits.ask(key, every=every, burst=burst or self._burst)
        if violation:
            self.violations.append(request)
        return too_fast(request, wait) if wait else None

    def _upload(self, request: Request, file: str) -> Reply:
        for workspace in self.workspaces.values():
            if file in workspace.uploads:
                upload = workspace.uploads[file]
                if len(request.body) != upload.length:
                    return Reply(b"length mismatch", 400)
                upload.content = request.body
                return Reply(b"OK - %d" % upload.length)
        return Reply(b"<h1>Not Found</h1>", 404)

    def _response(self, request: Request, key: str) -> Reply:
        if key not in self._response_urls:
            return Reply.json({"ok": False, "error": "invalid_url"}, 404)
        posted, used = self._response_urls[key]
        if used >= RESPONSES:
            return Reply.json({"ok": False, "error": "used_url"}, 404)
        self._response_urls[key] = (posted, used + 1)
        workspace, said = self.workspaces[posted.team], _arguments(request, "invalid_payload")
        if said.get("delete_original"):
            workspace.delete(posted.channel, posted.ts)
        elif said.get("replace_original"):
            self._tell(workspace.replace(posted, said))
        elif said.get("response_type") == "in_channel":
            self._tell(workspace.post(posted.channel, said, method=WEBHOOK))
        return Reply(b"ok")

    def _tell(self, posted: Posted) -> None:
        if self._heard is not None:
            self._heard(posted)


def _arguments(request: Request, word: str) -> dict[str, object]:
    try:
        return request.arguments
    except ValueError:
        raise SlackError(word) from None


def _warnings(request: Request, arguments: Payload) -> dict[str, object]:
    """What Slack takes and would rather have otherwise."""
    content_type, text = request.headers.get("content-type", ""), arguments.get("text")
    warnings = ["missing_charset"] if "json" in content_type and "charset" not in content_type else []
    warnings += ["message_truncated"] if isinstance(text, str) and len(text) > MOST_TEXT else []
    return {"warning": ",".join(warnings), "response_metadata": {"warnings": warnings}} if warnings else {}


def _no(request: Request, why: Refusal) -> Reply:
    if request.path.startswith("/services/"):
        return refused(request, {"is_archived": "channel_is_archived"}.get(why.word, why.word))
    messages = [f"[ERROR] {fault}" for fault in why.faults] + list(why.messages)
    body: dict[str, object] = {"ok": False, "error": why.word}
    if messages:
        body |= {"errors": [str(fault) for fault in why.faults], "response_metadata": {"messages": messages}}
    return Reply.json(body)
