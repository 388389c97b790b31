"""AlertManager is the direct way in: a program says itself what is worth telling."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from otel_alerting import background, inbox
from otel_alerting.config.arguments import mapping, number, shown, text, whole
from otel_alerting.context import bound, origin
from otel_alerting.dispatch.history import plain
from otel_alerting.errors import AlertingError
from otel_alerting.handlers.settings import KNOWN
from otel_alerting.inbox import Inbox
from otel_alerting.manager.quieting import Quieting
from otel_alerting.model import Alert, Point, Severity
from otel_alerting.model.duration import MINUTE
from otel_alerting.rules.warnings import fingerprint

if TYPE_CHECKING:
    from opentelemetry.metrics import Counter, Histogram, MeterProvider

SCOPE = "otel_alerting.manager"
"""The meter's name: our own metric reader leaves it out, because rules have its numbers already."""

_QUIET = 5 * MINUTE
"""A direct alert that nobody raises again for so long counts as over, as Alertmanager's `resolve_timeout`."""
_LABEL_LENGTH = 128
_INSTRUMENT = re.compile(r"[a-zA-Z][-_./a-zA-Z0-9]{0,254}")
_UNIT = re.compile(r"[!-~]{0,63}")
"""OpenTelemetry's own syntax of both; its SDK raises for anything else."""


class AlertManager(Quieting):
    """Raise alerts and feed numbers to rules, for one tenant or for whichever is bound.

    ```python
    alerts = AlertManager(tenant_id="spotify_tenant_1")
    alerts.send_warning(level="WARNING", message="High latency detected", context={"service": "ml_inference"})
    ```

    Every call puts a value into the process's inbox and returns at once; nothing here waits for Slack. Settings are
    those of `otel_alerting.handlers.AlertHandler` (`config`, `slack_webhook_url`, `locale`, …); without any, the
    environment's hold. Instruments are of `meter_provider`, or of OpenTelemetry's global one. Wrong arguments raise
    `TypeError` or `ValueError`, which name the argument, since a typing error should be seen at once; nothing that
    happens later is ever raised.
    """

    def __init__(
        self,
        tenant_id: str | None = None,
        *,
        inbox: Inbox | None = None,
        meter_provider: MeterProvider | None = None,
        **settings: str,
    ) -> None:
        super().__init__(
            None if tenant_id is None else text("tenant_id", tenant_id, may_be_empty=True),
            inbox if inbox is not None else _shared(settings),
        )
        self._meter_provider = meter_provider
        self._instruments: dict[tuple[str, str, str], Counter | Histogram] = {}
        self._lock = threading.Lock()

    def send_warning(self, level: str | int, message: str, context: Mapping[str, object] | None = None) -> str:
        """Raise an alert for a message.

        Args:
            level: a level or severity in any case: `WARNING`, `ERROR`, `critical`, `high`; or a number of `logging`.
            message: what happened; messages that differ only in numbers and ids are one alert.
            context: facts to show. `service` (or `service.name`) names the service that it is about.

        Returns:
            The alert's identity, as `get_alert_history` and messages name it.
        """
        severity = _level(level)
        text("message", message, may_be_empty=True)
        facts = _facts("context", context)
        labels = {"fingerprint": fingerprint(message)}
        service = facts.get("service.name", facts.get("service"))
        if service:
            labels["service.name"] = str(service)
        name = "LoggedError" if severity >= Severity.HIGH else "LoggedWarning"
        return self._raise(name, "default", severity, labels, facts, text=message)

    def send_custom_alert(self, template: str, severity: str, data: Mapping[str, object]) -> str:
        """Raise an alert that has a template of its own.

        Args:
            template: the template's name, which is also the alert's; `ml_model_drift` is built in. If there is none of
                that name, which is known only when it is told, the default one is used, and stderr says so.
            severity: as for `send_warning`.
            data: what the template shows. Texts say which one it is, so they are the alert's labels; numbers may move
                from one call to the next and are facts.

        Returns:
            The alert's identity.
        """
        text("template", template)
        facts = _facts("data", mapping("data", data))
        labels = {
            name: value for name, value in facts.items() if isinstance(value, str) and len(value) <= _LABEL_LENGTH
        }
        return self._raise(template, template, _severity("severity", severity), labels, facts)

    def track_metric(
        self, metric_name: str, value: float, tags: Mapping[str, object] | None = None, unit: str = ""
    ) -> None:
        """Feed one measurement to metric rules, and to an OpenTelemetry histogram of the same name.

        Args:
            metric_name: letters, digits and `_.-/`, a letter first, as OpenTelemetry has it.
            value: a finite number.
            tags: attributes of the measurement.
            unit: the value's unit in UCUM: `s`, `ms`, `By`, `1`, `{request}`. A rule's `800ms` is converted to it; a
                value without one is taken to be in seconds there, or in bytes.
        """
        self._measure(metric_name, value, tags, unit, monotonic=False)

    def track_counter(
        self, metric_name: str, value: float = 1, tags: Mapping[str, object] | None = None, unit: str = ""
    ) -> None:
        """Count something: for metric rules (`rate`, `sum`), and on an OpenTelemetry counter of the same name.

        The arguments are those of `track_metric`; a counter only grows.
        """
        if number("value", value) < 0:
            raise ValueError(f"value: a counter only grows; found {shown(value)}")
        self._measure(metric_name, value, tags, unit, monotonic=True)

    def get_alert_history(self, tenant_id: str | None = None, limit: int = 50) -> Sequence[Mapping[str, object]]:
        """What happened to a tenant's alerts, newest first: one mapping for each time one began, changed or ended.

        Raises:
            AlertingError: this manager speaks for another tenant.
        """
        whole("limit", limit)
        if tenant_id is not None:
            text("tenant_id", tenant_id, may_be_empty=True)
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
        number("timeout", timeout)
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
            facts={**_facts("bind", here.facts), **facts},
            trace_id=here.trace_id,
            correlation_id=here.correlation_id,
        )
        self._inbox.accept(alert)
        return alert.identity

    def _measure(
        self, name: str, value: float, tags: Mapping[str, object] | None, unit: str, *, monotonic: bool
    ) -> None:
        _named(name, unit)
        measured = number("value", value)
        attributes = {tag: said for tag, said in _facts("tags", tags).items() if said is not None}
        here = origin()
        self._inbox.observe(
            Point(
                at=time.time_ns(),
                tenant=self.tenant_id or here.tenant,
                correlation_id=here.correlation_id,
                trace_id=here.trace_id,
                span_id=here.span_id,
                attributes=attributes,
                scope=SCOPE,
                door="api",
                name=name,
                kind="sum" if monotonic else "gauge",
                unit=unit,
                monotonic=monotonic,
                value=measured,
            )
        )
        if monotonic:
            self._instrument("create_counter", name, unit).add(measured, attributes)  # type: ignore[union-attr]
        else:
            self._instrument("create_histogram", name, unit).record(measured, attributes)  # type: ignore[union-attr]

    def _instrument(self, make: str, name: str, unit: str) -> Counter | Histogram:
        with self._lock:
            if (make, name, unit) not in self._instruments:
                from opentelemetry import metrics

                meter = metrics.get_meter(SCOPE, meter_provider=self._meter_provider)
                self._instruments[make, name, unit] = getattr(meter, make)(name, unit)
            return self._instruments[make, name, unit]

    def _caught_up(self) -> None:
        """Wait until everything put in before is taken in; at most a second."""
        if background.of(self._inbox) is not None:
            taken = threading.Event()
            self._inbox.defer(taken.set)
            taken.wait(1.0)


def _shared(settings: Mapping[str, str]) -> Inbox:
    unknown = sorted(set(settings) - set(KNOWN))
    if unknown:
        raise TypeError(f"AlertManager knows no {', '.join(unknown)}; it knows {', '.join(KNOWN)}")
    return inbox.shared(**settings)


def _level(said: str | int) -> Severity:
    """A number is one of `logging`, since a program writes `logging.WARNING`; a `Severity` is itself."""
    if isinstance(said, int) and not isinstance(said, (bool, Severity)):
        return Severity.of_level(said)
    return _severity("level", said)


def _severity(name: str, said: object) -> Severity:
    return said if isinstance(said, Severity) else Severity.parse(text(name, said))


def _facts(name: str, said: Mapping[str, object] | None) -> dict[str, str | int | float | bool | None]:
    return {
        str(fact): value if isinstance(value, (str, int, float, bool)) or value is None else str(value)
        for fact, value in (mapping(name, said).items() if said is not None else ())
    }


def _named(metric: str, unit: str) -> None:
    if not _INSTRUMENT.fullmatch(text("metric_name", metric)):
        raise ValueError(
            f"metric_name: letters, digits and _ . - / are needed, a letter first, 255 at most; found {shown(metric)}"
        )
    if not _UNIT.fullmatch(text("unit", unit, may_be_empty=True)):
        raise ValueError(f"unit: up to 63 characters of UCUM are needed, as s, ms, By or 1; found {shown(unit)}")
