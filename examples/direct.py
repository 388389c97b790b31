"""A program says itself what is worth telling: alerts with a template of their own, and numbers for rules."""

from otel_alerting import AlertManager

alerts = AlertManager(tenant_id="acme")


def main() -> None:
    alerts.send_warning("WARNING", "Model answers slowly", context={"service": "ranking", "latency": 1.8})
    alerts.send_custom_alert(
        template="ml_model_drift",
        severity="HIGH",
        data={"model_name": "ranking", "drift_score": 0.85, "threshold": 0.70},
    )
    alerts.track_metric("model.latency", 1.8, tags={"model": "ranking"}, unit="s")
    alerts.track_counter("model.answers", tags={"model": "ranking"})
    for entry in alerts.get_alert_history(limit=10):
        print(entry["alert"], entry["severity"], entry["state"])
    if not alerts.flush(timeout=5):  # otherwise the program's end does it
        print("some alerts could not be told in time")


if __name__ == "__main__":
    main()
