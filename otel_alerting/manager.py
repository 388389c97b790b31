"""AlertManager is the direct way in: a program says itself what is worth telling."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from otel_alerting import background, inbox
from otel_alerting.context import bound, origin
from otel_alerting.dispatch.history import plain
from otel_alerting.errors import AlertingError
from otel_alerting.inbox import Inbox
from otel_alerting.model import Alert, Point, Severity
from otel_alerting.model.duration import MINUTE
from otel_alerting.rules.warnings import fingerprint

if TYPE_CHECKING:
    from opentelemetry.metrics import Counter, Histogram

SCOPE = "otel_alerting.manager"
"""The meter's name: our own metric reader leaves it out, because rules have its numbers already."""

_QUIET = 5 * MINUTE
"""A direct alert that nobody raises again for so long counts as over, as Alertmanager's `resolve_timeout`."""
_LABEL_LENGTH = 128


class AlertManager:
    """Raise alerts and feed numbers to rules, for one tenant or for whichever is bound.

    ```python
    alerts = AlertManager(tenant_id="spotify_tenant_1")
    alerts.send_warning(level="WARNING", message="High latency detected", context={"service": "ml_inference"})
    ```

    Every call puts a value into the process's inbox and returns at once; nothing here waits for Slack. Settings are
    those of `otel_alerting.handlers.AlertHandler` (`config`, `slack_webhook_url`, `locale`, …); without any, the
    environment's hold. Wrong arguments raise `ValueError` or `TypeError`, since a typing error should be seen at once.
    """

    def __init__(self, tenant_id: str | None = None, *, inbox: Inbox | None = None, **settings: str) -> None:
        self.tenant_id = tenant_id
        self._inbox = inbox if inbox is not None else _shared(settings)
        self._instruments: dict[str, Counter | Histogram] = {}
        self._lock = threading.Lock()

    def send_warning(self, level: str, message: str, context: Mapping[str, object] | None = None) -> str:
        """Raise an alert for a message.

        Args:
            level: a level or severity in any case: `WARNING`, `ERROR`, `critical`, `high`.
            message: what happened; messages that differ only in numbers and ids are one alert.
            context: facts to show. `service` (or `service.name`) names the service that it is about.

        Returns:
            The alert's identity, as `get_alert_history` and messages name it.
        """
        severity = Severity.parse(level)
        facts = _facts(context or {})
        labels = {"fingerprint": fingerprint(message)}
        service = facts.get("service.name", facts.get("service"))
        if service:
            labels["service.name"] = str(service)
        name = "LoggedError" if severity >= Severity.HIGH else "LoggedWarning"
        return self._raise(name, "default", severity, labels, facts, text=str(message))

    def send_custom_alert(self, template: str, severity: str, data: Mapping[str, object]) -> str:
        """Raise an alert that has a template of its own.

        Args:
            template: the template's name, which is also the alert's; `ml_model_drift` is built in.
            severity: as for `send_warning`.
            data: what the template shows. Texts say which one it is, so they are the alert's labels; numbers may move
                from one call to the next and are facts.

        Returns:
            The alert's identity.
        """
        facts = _facts(data)
        labels = {
            name: value for name, value in facts.items() if isinstance(value, str) and len(value) <= _LABEL_LENGTH
        }
        return self._raise(template, template, Severity.parse(severity), labels, facts)

    def track_metric(self, metric_name: str, value: float, tags: Mapping[str, object] | None = None) -> None:
        """Feed one measurement to metric rules, and to an OpenTelemetry histogram of the same name."""
        number = _number(value)
        self._observe(metric_name, number, tags, monotonic=False)
        histogram = self._instrument("create_histogram", metric_name)
        histogram.record(number, _tags(tags))  # type: ignore[union-attr]

    def track_counter(self, metric_name: str, value: float = 1, tags: Mapping[str, object] | None = None) -> None:
        """Count something: for metric rules (`rate`, `sum`), and on an OpenTelemetry counter of the same name."""
        number = _number(value)
        if number < 0:
            raise ValueError(f"a counter only grows; found {value!r}")
        self._observe(metric_name, number, tags, monotonic=True)
        counter = self._instrument("create_counter", metric_name)
        counter.add(number, _tags(tags))  # type: ignore[union-attr]

    def get_alert_history(self, tenant_id: str | None = None, limit: int = 50) -> Sequence[Mapping[str, object]]:
        """What happened to a tenant's alerts, newest first: one mapping for each time one began, changed or ended.

        Raises:
            AlertingError: this manager speaks for another tenant.
        """
        if limit < 0:
            raise ValueError(f"limit: 0 or more is needed; found {limit}")
        tenant = tenant_id or self.tenant_id or bound().tenant or "default"
        if self.tenant_id and tenant != self.tenant_id:
            raise AlertingError(f"this AlertManager speaks for {self.tenant_id!r} and cannot read {tenant!r}")
        self._caught_up()
        reader = background.of(self._inbox)
        if reader is None or reader.pipeline is None:
            return []
        return [plain(alert) for alert in reader.pipeline.history.alerts(tenant, limit)]

    def flush(self, timeout: float = 3.0) -> bool:
        """Tell everything raised so far within `timeout` seconds; True when nothing is left to tell."""
        reader = background.of(self._inbox)
        return reader is None or reader.flush(timeout)

    def _raise(
        self,
        name: str,
        template: str,
        severity: Severity,
        labels: Mapping[str, str],
        facts: Mapping[str, str | int | float | bool | None],
        text: str = "",
    ) -> str:
        here = origin()
        now = time.time_ns()
        alert = Alert(
            tenant=self.tenant_id or here.tenant,
            name=name,
            labels=labels,
            severity=severity,
            started_at=now,
            updated_at=now,
            expires_at=now + _QUIET,
            template=template,
            text=text,
            facts={**_facts(here.facts), **facts},
            trace_id=here.trace_id,
            correlation_id=here.correlation_id,
        )
        self._inbox.accept(alert)
        return alert.identity

    def _observe(self, name: str, value: float, tags: Mapping[str, object] | None, *, monotonic: bool) -> None:
        here = origin()
        self._inbox.observe(
            Point(
                at=time.time_ns(),
                tenant=self.tenant_id or here.tenant,
                correlation_id=here.correlation_id,
                trace_id=here.trace_id,
                span_id=here.span_id,
                attributes=_tags(tags),
                scope=SCOPE,
                door="api",
                name=name,
                kind="sum" if monotonic else "gauge",
                monotonic=monotonic,
                value=value,
            )
        )

    def _instrument(self, make: str, name: str) -> Counter | Histogram:
        with self._lock:
            if name not in self._instruments:
                from opentelemetry import metrics

                self._instruments[name] = getattr(metrics.get_meter(SCOPE), make)(name)
            return self._instruments[name]

    def _caught_up(self) -> None:
        """Wait until everything put in before is taken in; at most a second."""
        if background.of(self._inbox) is not None:
            taken = threading.Event()
            self._inbox.defer(taken.set)
            taken.wait(1.0)


def _shared(settings: Mapping[str, str]) -> Inbox:
    return inbox.shared(**settings)


def _facts(said: Mapping[str, object]) -> dict[str, str | int | float | bool | None]:
    if not isinstance(said, Mapping):
        raise TypeError(f"a mapping of names to values is needed; found {said!r}")
    return {
        str(name): value if isinstance(value, (str, int, float, bool)) or value is None else str(value)
        for name, value in said.items()
    }


def _tags(tags: Mapping[str, object] | None) -> dict[str, str | int | float | bool]:
    return {name: value for name, value in _facts(tags or {}).items() if value is not None}


def _number(value: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"a number is needed; found {value!r}")
    return value
