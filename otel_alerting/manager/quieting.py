"""Quieting is what people do about alerts that they know of: silence, acknowledge, and ask why.

It holds in this process, for as long as it runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import msgspec

from otel_alerting import background
from otel_alerting.config.arguments import number, text
from otel_alerting.context import bound
from otel_alerting.dispatch.dispatcher import Dispatcher
from otel_alerting.dispatch.silences import Silence
from otel_alerting.inbox import Inbox

T = TypeVar("T")


class Quieting:
    """The verbs of `AlertManager` that are about what is told; each waits for the answer, and never for the network.

    Every one of them raises `AlertingError` when nobody answers: alerting is switched off, or too busy for seconds.
    """

    def __init__(self, tenant_id: str | None, inbox: Inbox) -> None:
        self.tenant_id = tenant_id
        self._inbox = inbox

    def silence(
        self,
        matchers: str,
        *,
        duration: float = 0.0,
        until_resolved: bool = False,
        time_interval: str = "",
        created_by: str = "",
        comment: str = "",
    ) -> str:
        """Tell nobody of alerts with these labels for a while; what still fires then is told.

        Args:
            matchers: as Alertmanager writes them: `alertname="DiskFull", host=~"web-.*"`; all must hold.
            duration: seconds.
            until_resolved: it ends when all alerts that it is about are over.
            time_interval: the name of a time interval of the configuration: it counts only within, again and again.
            created_by: who says so.
            comment: why.

        Returns:
            The silence's id.

        Raises:
            ValueError: it could not be kept; the text says why.
        """
        number("duration", duration)
        for name, said in (("matchers", matchers), ("created_by", created_by), ("comment", comment)):
            text(name, said, may_be_empty=True)

        def make(dispatcher: Dispatcher, tenant: str, now: int) -> Silence:
            said = Silence(
                tenant=tenant,
                matchers=matchers,
                ends_at=now + int(duration * 1e9) if duration else 0,
                created_by=created_by,
                comment=comment,
                time_interval=time_interval,
                until_resolved=until_resolved,
            )
            return dispatcher.silence(said, now)

        return self._asked(make).id

    def expire_silence(self, silence_id: str) -> None:
        """End a silence now; what fires is told.

        Raises:
            LookupError: the tenant has none of that id.
            ValueError: it has ended already.
        """
        text("silence_id", silence_id)
        self._asked(lambda dispatcher, tenant, now: dispatcher.expire_silence(tenant, silence_id, now))

    def silences(self) -> Sequence[Mapping[str, object]]:
        """The tenant's silences, the latest first, those that ended in the last five days included."""
        found = self._asked(
            lambda dispatcher, tenant, now: [(one, one.state(now)) for one in dispatcher.silences(tenant)]
        )
        return [{**msgspec.structs.asdict(one), "state": state.value} for one, state in found]

    def acknowledge(self, identity: str, by: str, comment: str = "") -> Sequence[str]:
        """Say that somebody knows of an alert, or of a whole group: it is not repeated and not escalated.

        Args:
            identity: the alert's, as `get_alert_history` names it, or a group's.
            by: who knows.
            comment: what they say.

        Returns:
            The identities of the alerts that this is about.

        Raises:
            LookupError: nothing of the tenant fires under that name.
        """
        for name, said in (("identity", identity), ("by", by)):
            text(name, said)
        text("comment", comment, may_be_empty=True)
        return self._asked(lambda dispatcher, tenant, now: dispatcher.acknowledge(tenant, identity, by, now, comment))

    def why(self, identity: str) -> Sequence[Mapping[str, object]]:
        """Why an alert was told, or was not, for each of its receivers: `because`, `by`, `what`, `at`, `until`.

        Moments are nanoseconds since the epoch, 0 where nobody can say. Empty where nothing of the tenant fires so.
        """
        text("identity", identity)
        found = self._asked(lambda dispatcher, tenant, now: dispatcher.why(tenant, identity, now))
        return [{**msgspec.structs.asdict(one), "because": one.because.value} for one in found]

    def _asked(self, question: Callable[[Dispatcher, str, int], T]) -> T:
        """Ask the dispatcher for this tenant: the manager's, whichever is bound here, or the default one."""
        tenant = self.tenant_id or bound().tenant or ""
        return background.asked(
            self._inbox,
            lambda pipeline, now: question(pipeline.dispatcher, tenant or pipeline.default_tenant, now),
        )
