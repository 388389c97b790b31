"""What the demo is played with: tenants, the configuration they would write, and the rules."""

from __future__ import annotations

from dataclasses import dataclass

CONFIG = """\
version: 1
defaults: {tenant: operations}
tenants:
  acme: {locale: fr-FR, timezone: Europe/Paris, receiver: acme}
  globex: {locale: de-DE, timezone: Europe/Berlin, receiver: globex}
  hanami: {locale: ja-JP, timezone: Asia/Tokyo, receiver: hanami}
receivers:
- name: operations
  slack_configs: [{token: "${env:OPERATIONS_TOKEN}", channel: "#operations-shop", api_url: "${env:SLACK_API}"}]
- name: acme
  slack_configs: [{token: "${env:ACME_TOKEN}", channel: "#acme-shop", api_url: "${env:SLACK_API}"}]
- name: globex
  slack_configs: [{token: "${env:GLOBEX_TOKEN}", channel: "#globex-shop", api_url: "${env:SLACK_API}"}]
- name: hanami
  slack_configs: [{token: "${env:HANAMI_TOKEN}", channel: "#hanami-shop", api_url: "${env:SLACK_API}"}]
route: {receiver: operations, group_wait: 2s, group_interval: 3s}
builtin_rules: {quiet: 8s, burst: 60}
rule_files: [rules.yaml]
trace_url: "https://traces.example/trace/{trace_id}"
"""

RULES = """\
version: 1
defaults: {interval: 1s, lateness: 0s}
rules:
- alert: SlowSearch
  span: {kind: server}
  where: {http.route: /search}
  by: [http.route]
  aggregate: p95
  window: 5s
  above: 400ms
  recover: 200ms
  min_count: 3
  severity: warning
  annotations: {runbook_url: "https://runbooks.example/slow-search"}
- alert: ModelDrift
  metric: model.drift.score
  by: [model_name]
  severity:
    warning: {above: 0.6, recover: 0.5}
    high: {above: 0.8, recover: 0.7}
  template: ml_model_drift
"""


@dataclass(frozen=True)
class Tenant:
    """One customer of the shop, and what goes wrong for them."""

    name: str
    locale: str
    timezone: str
    language: str
    requests: tuple[tuple[str, str], ...]

    @property
    def channel(self) -> str:
        """Where their people read."""
        return f"#{self.name}-shop"

    @property
    def team(self) -> str:
        """Their workspace."""
        return f"T0{self.name.upper()}"


TENANTS = (
    Tenant("acme", "fr-FR", "Europe/Paris", "français", (("POST", "/pay"), ("GET", "/search"), ("GET", "/search"))),
    Tenant("globex", "de-DE", "Europe/Berlin", "Deutsch", (("POST", "/checkout"), ("GET", "/search"))),
    Tenant("hanami", "ja-JP", "Asia/Tokyo", "日本語", (("GET", "/recommend"), ("POST", "/checkout"), ("POST", "/pay"))),
)
OPERATIONS = Tenant("operations", "en", "UTC", "English", ())
"""Whoever runs the shop: told of what belongs to no tenant."""
EVERYBODY = (*TENANTS, OPERATIONS)
FAULTS = ("search", "stock", "pay", "model")
