"""What people do about alerts that they know of, through the direct API."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from otel_alerting import AlertManager
from otel_alerting.testing import SlackSimulator


@pytest.fixture
def slack() -> Iterator[SlackSimulator]:
    with SlackSimulator(channels=("#ops",)) as simulator:
        yield simulator


def manager(slack: SlackSimulator, tenant: str = "acme") -> AlertManager:
    return AlertManager(tenant_id=tenant, slack_webhook_url=slack.webhook_url)


def identity(alerts: AlertManager) -> str:
    return str(alerts.get_alert_history()[0]["identity"])


def test_what_is_silenced_is_not_told_until_the_silence_ends(slack: SlackSimulator) -> None:
    """And then it is, because it still fires; of another tenant it is told at once."""
    ours, others = manager(slack), manager(slack, "globex")
    made = ours.silence('service.name = "till"', duration=3600, created_by="ann", comment="moving house")
    for alerts in (ours, others):
        alerts.send_warning("ERROR", "the till is broken", {"service": "till"})
        assert alerts.flush(5)
    assert [message.metadata["changes"] for message in slack.messages()] == [1]
    (why,) = ours.why(identity(ours))
    assert (why["because"], why["by"]) == ("silenced", made)
    (kept,) = ours.silences()
    assert (kept["state"], kept["created_by"], kept["comment"]) == ("active", "ann", "moving house")
    assert others.silences() == []
    ours.expire_silence(made)
    assert ours.flush(5)
    assert len(slack.messages()) == 2
    assert ours.silences()[0]["state"] == "expired"


def test_what_is_acknowledged_says_by_whom(slack: SlackSimulator) -> None:
    """For as long as it fires."""
    alerts = manager(slack)
    alerts.send_warning("ERROR", "the till is broken")
    assert alerts.flush(5)
    assert alerts.acknowledge(identity(alerts), "ann") == [identity(alerts)]
    assert {"acknowledged"} <= {why["because"] for why in alerts.why(identity(alerts))}


def test_what_cannot_be_is_told_to_the_caller(slack: SlackSimulator) -> None:
    """In the exceptions that the documentation names."""
    alerts = manager(slack)
    with pytest.raises(ValueError, match="ends_at"):
        alerts.silence("a=b")
    with pytest.raises(ValueError, match=r"=\?"):
        alerts.silence("=?", duration=60)
    with pytest.raises(LookupError):
        alerts.expire_silence("nosuch")
    with pytest.raises(LookupError):
        alerts.acknowledge("nosuch", "ann")
    assert alerts.why("nosuch") == []
