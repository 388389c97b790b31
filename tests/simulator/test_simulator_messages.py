"""What the simulator accepts, it keeps as Slack would show it."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator

import httpx
import pytest

from otel_alerting.testing.slack_simulator import SlackSimulator


@pytest.fixture
def slack() -> Iterator[SlackSimulator]:
    with SlackSimulator() as simulator:
        yield simulator


def call(slack: SlackSimulator, method: str, token: str | None = None, **arguments: object) -> dict[str, object]:
    headers = {"Content-Type": "application/json; charset=utf-8"}
    if token != "":
        headers["Authorization"] = f"Bearer {token or slack.token}"
    answer = httpx.post(slack.api_url + method, content=json.dumps(arguments), headers=headers)
    assert answer.status_code == 200
    return dict(answer.json())


def section(text: str, **more: object) -> dict[str, object]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


def test_a_webhook_answers_ok_as_text(slack: SlackSimulator) -> None:
    """And no `ts`."""
    answer = httpx.post(slack.webhook("#ops"), json={"text": "hello"})
    assert (answer.status_code, answer.text, answer.headers["content-type"]) == (200, "ok", "text/html")
    assert [(one.channel_name, one.text, one.via) for one in slack.messages()] == [("#ops", "hello", "webhook")]


def test_a_webhook_takes_a_form_too(slack: SlackSimulator) -> None:
    """`payload=` with JSON in it."""
    httpx.post(slack.webhook_url, data={"payload": json.dumps({"text": "hello"})})
    assert slack.messages("#alerts")[0].text == "hello"


@pytest.mark.parametrize(
    ("path", "content", "status", "word"),
    [
        ("", b"not json", 400, "invalid_payload"),
        ("", b"[]", 400, "invalid_payload"),
        ("", b'{"text":""}', 400, "no_text"),
        ("", b'{"blocks":[{}]}', 400, "invalid_blocks"),
        ("x", b'{"text":"x"}', 404, "no_service"),
    ],
)
def test_a_webhook_refuses_in_one_word(
    slack: SlackSimulator, path: str, content: bytes, status: int, word: str
) -> None:
    """Text with a status; the reasons are kept for whoever runs the simulator."""
    answer = httpx.post(slack.webhook_url + path, content=content, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.text) == (status, word)
    assert slack.messages() == []
    assert slack.refusals[-1].word == word


def test_the_web_api_refuses_with_reasons(slack: SlackSimulator) -> None:
    """Status 200, `ok: false`, and pointers."""
    answer = call(slack, "chat.postMessage", channel="#ops", blocks=[section("x" * 3_001)])
    reason = "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"
    assert answer == {
        "ok": False,
        "error": "invalid_blocks",
        "errors": [reason],
        "response_metadata": {"messages": [f"[ERROR] {reason}"]},
    }


@pytest.mark.parametrize(("token", "word"), [("", "not_authed"), ("xoxb-somebody-else", "invalid_auth")])
def test_a_token_is_checked(slack: SlackSimulator, token: str, word: str) -> None:
    """None, or one that no workspace has."""
    assert call(slack, "auth.test", token=token)["error"] == word


def test_a_revoked_token_is_refused(slack: SlackSimulator) -> None:
    """Whoever removed the app did it at any time."""
    workspace = slack.add_workspace("T1")
    workspace.revoked = True
    assert call(slack, "auth.test", token=workspace.token)["error"] == "token_revoked"


def test_workspaces_see_nothing_of_each_other(slack: SlackSimulator) -> None:
    """The same channel name in two workspaces is two channels."""
    other = slack.add_workspace("T1", channels=["#ops"])
    mine = call(slack, "chat.postMessage", channel="#ops", text="mine")
    theirs = call(slack, "chat.postMessage", token=other.token, channel="#ops", text="theirs")
    assert mine["channel"] != theirs["channel"]
    assert [one.text for one in slack.messages("#ops", team="T1")] == ["theirs"]
    wrong = call(slack, "chat.update", token=other.token, channel=mine["channel"], ts=mine["ts"], text="x")
    assert wrong["error"] == "channel_not_found"


@pytest.mark.parametrize("channel", ["#nowhere", "C0", ""])
def test_an_unknown_channel_is_refused(slack: SlackSimulator, channel: str) -> None:
    """`channel_not_found`."""
    assert call(slack, "chat.postMessage", channel=channel, text="x")["error"] == "channel_not_found"


def test_an_archived_channel_is_refused_in_two_words(slack: SlackSimulator) -> None:
    """The Web API and webhooks name it differently."""
    workspace = slack.add_workspace("T1", channels=["#old"])
    hook = slack.webhook("#old", team="T1")
    workspace.archive("#old")
    assert call(slack, "chat.postMessage", token=workspace.token, channel="#old", text="x")["error"] == "is_archived"
    answer = httpx.post(hook, json={"text": "x"})
    assert (answer.status_code, answer.text) == (410, "channel_is_archived")


def test_a_change_lies_over_what_was_there(slack: SlackSimulator) -> None:
    """Text without blocks removes the blocks; attachments that are left out stay."""
    posted = call(
        slack, "chat.postMessage", channel="#ops", text="a", blocks=[section("b")], attachments=[{"text": "c"}]
    )
    call(slack, "chat.update", channel=posted["channel"], ts=posted["ts"], text="d")
    message = slack.messages("#ops")[0]
    assert (message.text, message.blocks, message.payload["attachments"]) == ("d", [], [{"text": "c"}])
    assert [version["text"] for version in message.versions] == ["a"]


def test_a_change_needs_the_channels_id(slack: SlackSimulator) -> None:
    """Its name is not enough."""
    posted = call(slack, "chat.postMessage", channel="#ops", text="a")
    assert call(slack, "chat.update", channel="#ops", ts=posted["ts"], text="b")["error"] == "channel_not_found"


def test_only_the_bots_own_messages_can_be_changed(slack: SlackSimulator) -> None:
    """A webhook's cannot; one that is not there cannot either."""
    httpx.post(slack.webhook("#ops"), json={"text": "a"})
    there = slack.messages()[0]
    assert call(slack, "chat.update", channel=there.channel, ts=there.ts, text="b")["error"] == "cant_update_message"
    assert call(slack, "chat.update", channel=there.channel, ts="1.000000", text="b")["error"] == "message_not_found"


def test_replies_stand_in_a_thread(slack: SlackSimulator) -> None:
    """Under the parent's `ts`, never under a reply's."""
    parent = call(slack, "chat.postMessage", channel="#ops", text="parent")
    reply = call(slack, "chat.postMessage", channel="#ops", text="reply", thread_ts=parent["ts"])
    assert [one.text for one in slack.thread(slack.messages()[0])] == ["reply"]
    nested = call(slack, "chat.postMessage", channel="#ops", text="x", thread_ts=reply["ts"])
    assert nested["error"] == "cannot_reply_to_message"


def test_a_reaction_is_put_once(slack: SlackSimulator) -> None:
    """The second time Slack says `already_reacted`."""
    posted = call(slack, "chat.postMessage", channel="#ops", text="a")
    arguments = {"channel": posted["channel"], "timestamp": posted["ts"], "name": "white_check_mark"}
    assert call(slack, "reactions.add", **arguments) == {"ok": True}
    assert call(slack, "reactions.add", **arguments)["error"] == "already_reacted"
    assert slack.messages()[0].reactions == ("white_check_mark",)


def test_a_file_comes_in_three_steps(slack: SlackSimulator) -> None:
    """Then a message can show it."""
    picture = [{"type": "image", "alt_text": "plot", "slack_file": {"id": "F0"}}]
    assert call(slack, "chat.postMessage", channel="#ops", blocks=picture)["error"] == "invalid_blocks"
    begun = call(slack, "files.getUploadURLExternal", filename="plot.png", length=3)
    assert call(slack, "files.completeUploadExternal", files=[{"id": begun["file_id"]}])["error"] == "file_not_found"
    assert httpx.post(str(begun["upload_url"]), content=b"png").status_code == 200
    assert call(slack, "files.completeUploadExternal", files=[{"id": begun["file_id"]}])["ok"]
    picture[0]["slack_file"] = {"id": begun["file_id"]}
    assert call(slack, "chat.postMessage", channel="#ops", blocks=picture)["ok"]


def test_long_text_is_cut_with_a_warning(slack: SlackSimulator) -> None:
    """At 40,000 characters."""
    answer = call(slack, "chat.postMessage", channel="#ops", text="x" * 40_001)
    assert answer["warning"] == "message_truncated"
    assert len(slack.messages()[0].text) == 40_000


def test_json_without_its_charset_is_warned_of(slack: SlackSimulator) -> None:
    """As Slack does."""
    headers = {"Authorization": f"Bearer {slack.token}"}
    answer = httpx.post(slack.api_url + "chat.postMessage", json={"channel": "#ops", "text": "x"}, headers=headers)
    assert answer.json()["warning"] == "missing_charset"


def test_a_message_knows_whom_it_calls(slack: SlackSimulator) -> None:
    """In mrkdwn and in the top-level text; escaped ones and literal ones call nobody."""
    literal = {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "<!here>"}]}
    call(
        slack,
        "chat.postMessage",
        channel="#ops",
        text="<!here> &lt;!channel&gt;",
        blocks=[section("<!subteam^S012AB|ops> <@U024BE7LH>"), {"type": "rich_text", "elements": [literal]}],
    )
    assert slack.messages()[0].mentions == ("<!here>", "<!subteam^S012AB>", "<@U024BE7LH>")


def test_an_unknown_method_is_refused(slack: SlackSimulator) -> None:
    """`files.upload` is gone."""
    assert call(slack, "files.upload")["error"] == "unknown_method"


def test_one_can_wait_for_what_others_send(slack: SlackSimulator) -> None:
    """By number or by question, without polling."""
    hook = slack.webhook("#ops")
    sender = threading.Thread(target=lambda: [httpx.post(hook, json={"text": f"{n}"}) for n in range(3)])
    sender.start()
    assert len(slack.wait_for(2)) >= 2
    assert slack.wait_for(lambda here: any(one.text == "2" for one in here.messages()))[-1].text == "2"
    sender.join()
    with pytest.raises(TimeoutError, match="3 messages"):
        slack.wait_for(4, timeout=0.01)


def test_after_a_stop_it_starts_again_where_it_was() -> None:
    """Same port, same messages: an outage."""
    slack = SlackSimulator().start()
    hook = slack.webhook_url
    httpx.post(hook, json={"text": "before"})
    slack.stop()
    with pytest.raises(httpx.ConnectError):
        httpx.post(hook, json={"text": "during"})
    with slack:
        httpx.post(hook, json={"text": "after"})
    assert [one.text for one in slack.messages()] == ["before", "after"]


@pytest.mark.process
def test_it_runs_on_its_own() -> None:
    """`python -m …slack_simulator` says where it is, then each message as one line of JSON."""
    command = [sys.executable, "-m", "otel_alerting.testing.slack_simulator", "--channel", "#demo"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        where = json.loads(process.stdout.readline())
        httpx.post(where["webhook_url"], json={"text": "héllo"})
        said = json.loads(process.stdout.readline())
        process.terminate()
    assert (said["event"], said["channel"], said["message"]) == ("posted", "#demo", {"text": "héllo"})
