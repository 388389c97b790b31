"""Slack without alerts: a script that says what it did, and waits until Slack has taken it."""

import os

from otel_alerting import Receipt, SlackNotifier

slack = SlackNotifier(webhook_url=os.environ["OTEL_ALERTING_SLACK_WEBHOOK_URL"], locale="fr-FR")


def main() -> None:
    outcomes = slack.send_batch(
        [
            "Nightly import: *1,204* rows",
            {"template": "ml_model_drift", "data": {"model_name": "ranking", "drift_score": 0.85, "threshold": 0.7}},
        ]
    )
    for outcome in outcomes:
        print("there" if isinstance(outcome, Receipt) else f"not there: {outcome}")
    slack.close()


if __name__ == "__main__":
    main()
