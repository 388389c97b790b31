"""The SDK's log interfaces, whose names OpenTelemetry calls unstable: imported here only, to be followed in one place.

`LogRecordExporter` and `ReadableLogRecord` exist since 1.39.
"""

from __future__ import annotations

from opentelemetry.sdk._logs import LogRecordProcessor, ReadableLogRecord, ReadWriteLogRecord
from opentelemetry.sdk._logs.export import LogRecordExporter, LogRecordExportResult

__all__ = [
    "LogRecordExportResult",
    "LogRecordExporter",
    "LogRecordProcessor",
    "ReadWriteLogRecord",
    "ReadableLogRecord",
]
