"""A pipeline in the background of your program: `flush` it, read its `account`, or let it end with the program."""

from otel_alerting.background.asking import asked
from otel_alerting.background.register import account, flush, of, seen, start, stop_all
from otel_alerting.background.thread import SystemClock
from otel_alerting.handlers.endings import flush_on_sigterm

__all__ = ["SystemClock", "account", "asked", "flush", "flush_on_sigterm", "of", "seen", "start", "stop_all"]
