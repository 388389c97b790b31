"""The methods of Slack's Web API that the simulator plays: arguments in, the answer's body out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from otel_alerting.testing.slack_rules import POST, UPDATE
from otel_alerting.testing.slack_workspace import Posted, SlackError, Upload, Workspace

Body: TypeAlias = dict[str, object]
Method: TypeAlias = Callable[[Workspace, Mapping[str, object], str], Body]
"""The workspace of the token, the arguments, the simulator's own URL."""

MOST_TEXT = 40_000
"""Characters of `text` that are kept, with a warning."""


def post_message(workspace: Workspace, arguments: Mapping[str, object], url: str) -> Body:
    """`chat.postMessage`."""
    channel = workspace.channel(str(arguments.get("channel", "")))
    text = arguments.get("text")
    kept = {**arguments, "text": text[:MOST_TEXT]} if isinstance(text, str) else arguments
    posted = workspace.post(channel, kept)
    return {"channel": posted.channel, "ts": posted.ts, "message": dict(posted.payload)}


def update(workspace: Workspace, arguments: Mapping[str, object], url: str) -> Body:
    """`chat.update`."""
    channel, ts = str(arguments.get("channel", "")), str(arguments.get("ts", ""))
    posted = workspace.update(channel, ts, arguments)
    return {"channel": channel, "ts": ts, "text": posted.text, "message": dict(posted.payload)}


def add_reaction(workspace: Workspace, arguments: Mapping[str, object], url: str) -> Body:
    """`reactions.add`."""
    channel = workspace.channel(str(arguments.get("channel", "")))
    workspace.react(channel, str(arguments.get("timestamp", "")), str(arguments.get("name", "")))
    return {}


def test_auth(workspace: Workspace, arguments: Mapping[str, object], url: str) -> Body:
    """`auth.test`."""
    return {
        "url": f"{url}/",
        "team": workspace.team.lower(),
        "user": "otel-alerting",
        "team_id": workspace.team,
        "user_id": "U0SIMULATOR",
        "bot_id": "B0SIMULATOR",
    }


def get_upload_url(workspace: Workspace, arguments: Mapping[str, object], url: str) -> Body:
    """`files.getUploadURLExternal`, the first of three steps."""
    filename, length = str(arguments.get("filename", "")), str(arguments.get("length", ""))
    if not (filename and length.isdigit() and int(length) > 0) or len(str(arguments.get("alt_txt", ""))) > 1_000:
        raise SlackError("invalid_arguments")
    upload = workspace.begin_upload(filename, int(length))
    return {"upload_url": f"{url}/upload/{upload.id}", "file_id": upload.id}


def complete_upload(workspace: Workspace, arguments: Mapping[str, object], url: str) -> Body:
    """`files.completeUploadExternal`, the last of three steps."""
    files = arguments.get("files")
    if not isinstance(files, list) or not files:
        raise SlackError("invalid_arguments")
    if "markdown" in str(arguments.get("blocks", "")):
        raise SlackError("internal_error")  # what Slack answers to a markdown block here
    uploads = [_arrived(workspace, file) for file in files]
    if arguments.get("channel_id"):
        channel = workspace.channel(str(arguments["channel_id"]))
        for upload in uploads:
            upload.shared_in.append(channel)
    return {"files": [{"id": upload.id, "title": upload.filename} for upload in uploads]}


def _arrived(workspace: Workspace, file: object) -> Upload:
    upload = workspace.uploads.get(str(file.get("id", ""))) if isinstance(file, dict) else None
    if upload is None or upload.content is None:
        raise SlackError("file_not_found")
    return upload


METHODS: Mapping[str, Method] = {
    POST: post_message,
    UPDATE: update,
    "reactions.add": add_reaction,
    "auth.test": test_auth,
    "files.getUploadURLExternal": get_upload_url,
    "files.completeUploadExternal": complete_upload,
}
"""By the name that stands in the URL."""


def accepted(posted: Posted) -> Body:
    """A message as one JSON object, for people who watch."""
    return {
        "event": "changed" if posted.versions else "posted",
        "team": posted.team,
        "channel": posted.channel_name,
        "ts": posted.ts,
        "via": posted.via,
        "message": dict(posted.payload),
    }
