"""A burn rate is how many times as fast as allowed bad things happen: at 1 the budget lasts exactly its period.

A bad share of 0.1% is all that an objective of 99.9% allows: rate 1. At rate 14.4 a budget of 30 days is gone in two.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec

from otel_alerting.model import Severity
from otel_alerting.model.duration import DAY, HOUR, MINUTE, Duration
from otel_alerting.rules.condition import Problems

Named: TypeAlias = Literal["google", "google-28d"]


class BurnRate(msgspec.Struct, frozen=True, kw_only=True):
    """How fast is too fast: over a long window, and over a short one so that it ends soon after the trouble does."""

    long: Duration
    short: Duration
    factor: float
    """Both windows must burn faster than this."""
    severity: Severity
    """`page` is critical, `ticket` is warning."""

    def problems(self) -> Problems:
        """What the types cannot say."""
        if not self.factor > 0:
            yield "factor", f"{self.factor:g}", "more than 0"
        if self.short <= 0:
            yield "short", str(self.short), "more than 0"
        elif self.short >= self.long:
            yield "short", str(self.short), f"less than the long window, {self.long}"


def _spent(period: int) -> tuple[BurnRate, ...]:
    """Google's rates: a page for 2% of the budget in an hour or 5% in six, a ticket for 10% in three days."""
    return (
        _rate(0.02, period, HOUR, 5 * MINUTE, Severity.CRITICAL),
        _rate(0.05, period, 6 * HOUR, 30 * MINUTE, Severity.CRITICAL),
        _rate(0.10, period, 3 * DAY, 6 * HOUR, Severity.WARNING),
    )


def _rate(share: float, period: int, long: int, short: int, severity: Severity) -> BurnRate:
    """The rate at which a share of a period's budget is spent in a long window; the short one is a twelfth of it."""
    factor = round(share * period / long, 6)  # 14.4 as it is printed, not 14.400000000000002
    return BurnRate(long=Duration(long), short=Duration(short), factor=factor, severity=severity)


RATES: Mapping[Named, tuple[BurnRate, ...]] = {"google": _spent(30 * DAY), "google-28d": _spent(28 * DAY)}
"""By name, the rates that "The Site Reliability Workbook" recommends.

Beyer, Murphy, Rensin, Kawahara, Thorne (editors), O'Reilly 2018, chapter 5, "Alerting on SLOs", method 6, "Multiwindow,
multi-burn-rate alerts", table 5-8, https://sre.google/workbook/alerting-on-slos/: page at 14.4 over 1h and 5m and at 6
over 6h and 30m, ticket at 1 over 3d and 6h. The factor is the share of the budget (2%, 5%, 10%) times period by long
window; with 28 days, four whole weeks, that gives 13.44, 5.6 and 0.933333.
"""
PERIODS: Mapping[Named, Duration] = {"google": Duration(30 * DAY), "google-28d": Duration(28 * DAY)}
