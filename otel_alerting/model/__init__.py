"""What flows: Signal -> Alert -> Notification -> Message -> Receipt. All frozen; standard library and msgspec only.

Moments are integer nanoseconds since the epoch and end in `_at`; durations are nanoseconds with a bare noun.
"""

from __future__ import annotations

from otel_alerting.model.alert import Alert, Reading, State
from otel_alerting.model.labels import Labels, identity
from otel_alerting.model.message import Action, Field, Message
from otel_alerting.model.notification import Acknowledgement, News, Notification, Reason
from otel_alerting.model.receipt import Delivery, Outcome, Receipt
from otel_alerting.model.severity import Severity
from otel_alerting.model.signal import (
    Attributes,
    Buckets,
    ExponentialBuckets,
    Failure,
    Frame,
    Log,
    Point,
    Signal,
    Span,
    SpanEvent,
)
from otel_alerting.model.tenant import Tenant

__all__ = [
    "Acknowledgement",
    "Action",
    "Alert",
    "Attributes",
    "Buckets",
    "Delivery",
    "ExponentialBuckets",
    "Failure",
    "Field",
    "Frame",
    "Labels",
    "Log",
    "Message",
    "News",
    "Notification",
    "Outcome",
    "Point",
    "Reading",
    "Reason",
    "Receipt",
    "Severity",
    "Signal",
    "Span",
    "SpanEvent",
    "State",
    "Tenant",
    "identity",
]
