"""The logging handler in real programs: one class name in `dictConfig`, and the message is in Slack."""

from __future__ import annotations

import json
import sys

import pytest
from conftest import Program, command, until

from otel_alerting.testing import SlackSimulator

pytestmark = pytest.mark.process


def webhook(slack: SlackSimulator, **more: str) -> dict[str, str]:
    return {"OTEL_ALERTING_SLACK_WEBHOOK_URL": slack.webhook_url, "OTEL_SERVICE_NAME": "shop", **more}


def said(slack: SlackSimulator) -> str:
    return "\n".join(json.dumps(message.payload, ensure_ascii=False) for message in slack.messages())


def test_a_program_that_only_warns_and_ends_has_told_slack(slack: SlackSimulator, program: Program) -> None:
    """What waits for its group is told at the program's end, in the language of the environment."""
    ended = program.run(
        """
        import logging.config
        logging.config.dictConfig({
            "version": 1, "disable_existing_loggers": False,
            "handlers": {"alerts": {"class": "otel_alerting.handlers.AlertHandler", "level": "WARNING"}},
            "root": {"handlers": ["alerts"]},
        })
        logging.getLogger("shop.pay").warning("card terminal %s does not answer", 7)
        """,
        env=webhook(slack, OTEL_ALERTING_LOCALE="fr"),
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr == ""
    assert len(slack.messages()) == 1
    assert "card terminal 7 does not answer" in said(slack)
    assert "Gravité" in said(slack) or "Sévérité" in said(slack)


def test_without_any_setting_the_alert_is_on_the_console(program: Program) -> None:
    """The first run shows something."""
    ended = program.run(
        """
        import logging
        from otel_alerting.handlers import AlertHandler
        logging.getLogger().addHandler(AlertHandler())
        logging.warning("disk almost full")
        """
    )
    assert ended.returncode == 0
    assert "disk almost full" in ended.stderr


def test_an_error_does_not_wait_for_its_group(slack: SlackSimulator, program: Program) -> None:
    """High and critical alerts are told while the program runs, not after group_wait and not at its end."""
    process = program.start(
        sys.executable,
        "APP",
        code="""
        import logging, sys
        from otel_alerting.handlers import AlertHandler
        logging.getLogger().addHandler(AlertHandler())
        logging.error("the database is gone")
        sys.stdin.read()
        """,
        env=webhook(slack),
    )
    until(lambda: slack.messages(), seconds=15, what="the error in Slack")
    assert process.poll() is None


def test_ten_thousand_repeats_are_one_message_that_counts_them(slack: SlackSimulator, program: Program) -> None:
    """A repeated warning is counted, not told again."""
    ended = program.run(
        """
        import logging
        from otel_alerting.handlers import AlertHandler
        logging.getLogger().addHandler(AlertHandler())
        for number in range(10_000):
            logging.warning("retry %d of the payment provider", number)
        """,
        env=webhook(slack),
    )
    assert ended.returncode == 0, ended.stderr
    assert len(slack.messages()) <= 2  # a burst raises the severity, which is worth a second word
    assert "10,000" in said(slack)


def test_the_process_ends_in_time_although_slack_hangs(slack: SlackSimulator, program: Program) -> None:
    """The end of the program is held up by the configured budget at most, and what was lost is said."""
    slack.fail(hang=60)
    ended = program.run(
        """
        import logging, time, atexit
        from otel_alerting.handlers import AlertHandler
        logging.getLogger().addHandler(AlertHandler())
        logging.error("nobody will hear this")
        atexit.register(lambda: print(time.time()))
        """,
        env=webhook(slack),
    )
    import time

    assert ended.returncode == 0
    assert time.time() - float(ended.stdout) < 30  # and not the 60 that Slack hangs
    assert "1 alert" in ended.stderr


def test_a_secret_is_in_no_message_and_no_output(slack: SlackSimulator, program: Program) -> None:
    """Redaction is on by default, and our own credentials are never printed, not even with httpx at DEBUG."""
    ended = program.run(
        """
        import logging
        logging.basicConfig(level=logging.DEBUG)
        from otel_alerting.handlers import AlertHandler
        logging.getLogger().addHandler(AlertHandler())
        logging.error("login failed for https://bob:hunter2@db/ with password=hunter2")
        """,
        env=webhook(slack),
    )
    assert "hunter2" not in said(slack)
    secret = slack.webhook_url.rsplit("/", 1)[1]
    assert secret not in ended.stderr + ended.stdout


def test_our_own_requests_cause_no_record_and_no_request(slack: SlackSimulator, program: Program) -> None:
    """On the root logger at DEBUG, with httpx logging, one warning is one request."""
    ended = program.run(
        """
        import logging, time
        from otel_alerting.handlers import AlertHandler
        seen = []
        class Seen(logging.Handler):
            def emit(self, record): seen.append(record.name)
        logging.basicConfig(level=logging.DEBUG, handlers=[Seen(), AlertHandler(level="DEBUG")])
        logging.error("once")
        import otel_alerting
        otel_alerting.flush(10)
        print(seen)
        """,
        env=webhook(slack),
    )
    assert ended.stdout.strip() == "['root']"
    assert len(slack.requests) == 1


def test_forked_children_tell_their_own_and_not_their_parents(slack: SlackSimulator, program: Program) -> None:
    """A child begins anew: it has its own thread, and what the parent had not told yet is the parent's to tell."""
    ended = program.run(
        """
        import logging, os
        from otel_alerting.handlers import AlertHandler
        import otel_alerting
        logging.getLogger().addHandler(AlertHandler())
        logging.warning("said by the parent")
        child = os.fork()
        if child == 0:
            logging.warning("said by the child")
            otel_alerting.flush(10)
            os._exit(0)
        os.waitpid(child, 0)
        """,
        env=webhook(slack),
    )
    assert ended.returncode == 0, ended.stderr
    assert said(slack).count("said by the child") >= 1
    assert len(slack.messages()) == 2
    assert sum("said by the parent" in json.dumps(message.payload) for message in slack.messages()) == 1


def test_a_multiprocessing_child_tells_before_it_ends(slack: SlackSimulator, program: Program) -> None:
    """Forked `multiprocessing` children skip the interpreter's exit hooks, and still nothing is lost."""
    ended = program.run(
        """
        import logging, multiprocessing
        from otel_alerting.handlers import AlertHandler
        logging.getLogger().addHandler(AlertHandler())
        def work():
            logging.warning("said by the worker")
        child = multiprocessing.get_context("fork").Process(target=work)
        child.start()
        child.join()
        """,
        env=webhook(slack),
    )
    assert ended.returncode == 0, ended.stderr
    assert "said by the worker" in said(slack)


def test_a_broken_configuration_is_named_and_the_program_runs_on(program: Program) -> None:
    """Every problem is on the real stderr with file and line; the alert is on the console."""
    (program.folder / "alerting.yaml").write_text("version: 1\nreceivers:\n- name: ops\n  slack_confgs: []\n")
    ended = program.run(
        """
        import logging
        from otel_alerting.handlers import AlertHandler
        logging.getLogger().addHandler(AlertHandler())
        logging.error("still here")
        """,
        env={"OTEL_ALERTING_CONFIG": "alerting.yaml"},
    )
    assert ended.returncode == 0
    assert "alerting.yaml:4" in ended.stderr
    assert "slack_configs" in ended.stderr
    assert "still here" in ended.stderr


@pytest.mark.parametrize("workers", ["sync", "gthread"])
def test_gunicorn_workers_each_tell(slack: SlackSimulator, program: Program, workers: str) -> None:
    """The handler is made in the master and copied into every worker by fork."""
    gunicorn = command("gunicorn")
    (program.folder / "web.py").write_text(
        "import logging, os\n"
        "from otel_alerting.handlers import AlertHandler\n"
        "logging.getLogger().addHandler(AlertHandler())\n"
        "logging.warning('said while loading')\n"
        "def app(environ, start_response):\n"
        "    logging.error('said by a worker')\n"
        "    start_response('200 OK', [])\n"
        "    return [str(os.getpid()).encode()]\n"
    )
    import http.client

    process = program.start(
        gunicorn, "web:app", "--preload", "-w", "2", "-k", workers, "-b", "unix:web.sock", env=webhook(slack)
    )
    socket_path = program.folder / "web.sock"

    def ask() -> str:
        """The worker that answers; empty while there is no socket, or nobody listens on it yet."""
        import socket

        connection = http.client.HTTPConnection("localhost")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(10)
        try:
            connection.sock.connect(str(socket_path))
            connection.request("GET", "/")
            return connection.getresponse().read().decode()
        except OSError:
            return ""
        finally:
            connection.close()

    asked: set[str] = set()
    until(lambda: asked.add(ask()) or len(asked - {""}) == 2, what="both workers to answer")
    until(lambda: said(slack).count("said by a worker") >= 2, what="a message from each worker")
    process.terminate()
    assert process.wait(15) == 0
    assert said(slack).count("said while loading") >= 1


def test_a_mistake_in_one_rule_takes_slack_away_from_nobody(slack: SlackSimulator, program: Program) -> None:
    """The program's alerts arrive, and so does what is wrong with the rule."""
    (program.folder / "rules.yaml").write_text("version: 1\nrules: [{alert: X, metric: q, abvoe: 5}]\n")
    ended = program.run(
        """
        import logging
        from otel_alerting.handlers import AlertHandler
        logging.getLogger().addHandler(AlertHandler(rules="rules.yaml"))
        logging.error("the till is broken")
        """,
        env={"OTEL_ALERTING_SLACK_WEBHOOK_URL": slack.webhook_url},
    )
    words = " ".join(str(message.payload) for message in slack.messages())
    assert "the till is broken" in words
    assert "abvoe" in words
    assert "abvoe" in ended.stderr
