"""What people are notified of about a cycle's plans and waves: which rule, how bad, and the figures."""

from __future__ import annotations

from decimal import Decimal

from relance.alerting import AlertDesk
from relance.domain.alerts.model import Evidence, Rule
from relance.domain.alerts.opening import Sighting
from relance.domain.failures import Severity


async def notify_unreadable(desk: AlertDesk, period: str, count: int) -> None:
    """Fire or clear the alert that plans of a period could not be read and were ended."""
    if count:
        await desk.fire([_about(Rule.PLANS_UNREADABLE, period, Severity.MEDIUM, count)])
    else:
        await desk.clear(Rule.PLANS_UNREADABLE, period)


async def notify_left(desk: AlertDesk, period: str, plans_open: int, *, left: bool) -> None:
    """Fire or clear the alert that a period's cycle has ended, by hand or not, and `plans_open` are left."""
    if left:
        await desk.fire([_about(Rule.CYCLE_LEFT, period, Severity.CRITICAL, plans_open)])
    else:
        await desk.clear(Rule.CYCLE_LEFT, period)


async def notify_waves(desk: AlertDesk, period: str, waves: int, limit: int) -> None:
    """Fire the alert that a cycle has started more waves in an hour than it may, or clear it."""
    if waves:
        await desk.fire([_about(Rule.CYCLE_WAVES, period, Severity.HIGH, waves, limit)])
    else:
        await desk.clear(Rule.CYCLE_WAVES, period)


def _about(rule: Rule, period: str, severity: Severity, value: int, threshold: int = 0) -> Sighting:
    return Sighting(
        rule=rule,
        group=rule,
        subject=period,
        severity=severity,
        labels={"period": period},
        evidence=Evidence(value=Decimal(value), threshold=Decimal(threshold)),
    )
