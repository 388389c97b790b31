"""What `init` writes: a configuration that works at once and says in comments what else there is."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

WEBHOOK, TOKEN = "SLACK_WEBHOOK_URL", "SLACK_BOT_TOKEN"
"""Variables of the written `.env`."""


@dataclass(frozen=True)
class Answers:
    """What a new user told us."""

    webhook_url: str = ""
    token: str = ""
    channel: str = ""
    tenant: str = ""
    locale: str = "en"
    timezone: str = "UTC"


def configuration(answers: Answers) -> str:
    """The text of `alerting.yaml`."""
    return _CONFIGURATION.format(
        locale=_quoted(answers.locale),
        timezone=_quoted(answers.timezone),
        tenants=_tenants(answers.tenant),
        receiver=receiver(answers),
        places=_places(answers),
    )


def variables(answers: Answers, file: Path) -> str:
    """The text of `.env`: where the configuration is, and the secrets, which stand nowhere else."""
    lines = [
        "# Secrets of alerting.yaml. Keep this file out of version control.",
        f"OTEL_ALERTING_CONFIG={_literal(str(file.absolute()))}",
    ]
    if answers.webhook_url:
        lines.append(f"{WEBHOOK}={_literal(answers.webhook_url)}")
    if answers.token:
        lines.append(f"{TOKEN}={_literal(answers.token)}")
    if not (answers.webhook_url or answers.token):
        lines += [f"# {WEBHOOK}=https://hooks.slack.com/services/…", f"# {TOKEN}=xoxb-…"]
    return "\n".join(lines) + "\n"


def receiver(answers: Answers) -> str:
    """The name of the one receiver."""
    return "slack" if answers.webhook_url or answers.token else "console"


def _places(answers: Answers) -> str:
    if answers.token:
        return _BOT_PLACE.format(variable=TOKEN, channel=_quoted(answers.channel))
    if answers.webhook_url:
        channel = f", channel: {_quoted(answers.channel)}" if answers.channel else ""
        return _WEBHOOK_PLACE.format(variable=WEBHOOK, channel=channel)
    return _CONSOLE_PLACE


def _tenants(tenant: str) -> str:
    return f"tenants:\n  {_quoted(tenant)}: {{}}\n" if tenant else "# tenants:\n#   acme: {locale: fr-FR}\n"


def _quoted(said: str) -> str:
    """A text as YAML reads it back: JSON's strings are YAML's double-quoted ones."""
    return json.dumps(said, ensure_ascii=False)


def _literal(said: str) -> str:
    """A value of `.env` that a shell and Docker read alike."""
    return said if all(char.isalnum() or char in "-_./:@%+" for char in said) else f"'{said}'"


_CONFIGURATION = """\
# otel-alerting: who is told of what, and in which words.
# Every key: `otel-alerting schema`. Is it right? `otel-alerting check`. Does it arrive? `otel-alerting send "Hello"`.
version: 1

# What holds where nobody says otherwise.
defaults:
  locale: {locale}
  timezone: {timezone}

# Your customers. A signal names its tenant by the attribute `tenant.id`, or by `otel_alerting.bind(tenant=…)`.
# Each may have its own receiver, language, time zone and templates.
{tenants}
# Who can be told. Secrets come from the environment (${{env:NAME}}) or from files (token_file, webhook_url_file).
receivers:
- name: {receiver}
{places}
# Who is told what: a tree, as in Alertmanager.
route:
  receiver: {receiver}
  group_by: [alertname, service.name]   # alerts that share these are one message
  group_wait: 5s                        # how long a new group waits for company; `high` does not wait
  group_interval: 1m                    # the least time between two messages about one group
  repeat_interval: 4h                   # when what still fires is told again
  # routes:
  # - matchers: ['severity >= high']
  #   receiver: {receiver}
  #   repeat_interval: 1h

# Logged warnings and errors, exceptions and failed spans are alerts without any rule.
builtin_rules:
  enabled: true
  level: warning

# Rules on metrics, spans and logs.
rule_files: [rules/*.yaml]

# trace_url: https://tempo.example/trace/{{trace_id}}
# templates: [templates]                # your own, in templates/slack/<name>.j2
# redact: {{keys: [iban], patterns: []}}  # besides passwords, tokens, card numbers and the like
"""

_WEBHOOK_PLACE = """\
  slack_configs:
  - {{webhook_url: "${{env:{variable}}}"{channel}}}
"""
_BOT_PLACE = """\
  slack_configs:
  - {{token: "${{env:{variable}}}", channel: {channel}}}
"""
_CONSOLE_PLACE = """\
  console_configs: [{}]
  # slack_configs:
  # - {webhook_url: "${env:SLACK_WEBHOOK_URL}"}
  # - {token: "${env:SLACK_BOT_TOKEN}", channel: "#ops"}
"""

RULES = """\
# Rules: from metrics, spans and logs to alerts.
version: 1
rules:

# More than one request in twenty fails, per route, once there is traffic to judge by.
- alert: RequestsFailing
  span: {kind: server}
  by: [service.name, http.route]
  aggregate: ratio
  of: {status: error}
  window: 5m
  above: 5%
  recover: 2%
  min_count: 50
  for: 1m
  severity: high

# One request in a hundred takes longer than a second.
- alert: RequestsSlow
  span: {kind: server}
  by: [service.name, http.route]
  aggregate: p99
  window: 5m
  above: 1s
  recover: 800ms
  min_count: 100
  for: 5m
"""
