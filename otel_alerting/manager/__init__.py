"""The direct way in: `AlertManager` raises alerts, feeds numbers to rules, and quiets what is known."""

from otel_alerting.manager.raising import SCOPE, AlertManager

__all__ = ["SCOPE", "AlertManager"]
