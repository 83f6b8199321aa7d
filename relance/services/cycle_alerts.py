"""What people are notified of about a cycle's plans and waves: which rule, how bad, and the figures."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from relance.domain.alerts.condition import Condition
from relance.domain.alerts.model import Evidence, Rule
from relance.domain.cycle.send_times import INVALID
from relance.domain.failures import Severity
from relance.services.alerts import AlertService


async def notify_unreadable(alert_service: AlertService, period: str, count: int) -> None:
    """Fire or clear the alert that plans of a period could not be read and were ended."""
    if count:
        await alert_service.fire([_about(Rule.PLANS_UNREADABLE, period, Severity.MEDIUM, count)])
    else:
        await alert_service.clear(Rule.PLANS_UNREADABLE, period)


async def notify_too_late(alert_service: AlertService, period: str, users: int, contacts: int) -> None:
    """Fire or clear the alert that users' send times were missed by too long, with all their contacts (SPEC C14)."""
    if users:
        labels = {"users": str(users), "contacts": str(contacts)}
        await alert_service.fire([_about(Rule.TOO_LATE, period, Severity.CRITICAL, users, labels=labels)])
    else:
        await alert_service.clear(Rule.TOO_LATE, period)


async def notify_nobody(alert_service: AlertService, period: str, contacts: int) -> None:
    """Fire or clear the alert that a cycle has ended and wrote to none of so many contacts (SPEC C13)."""
    if contacts:
        await alert_service.fire([_about(Rule.NOBODY, period, Severity.CRITICAL, contacts)])
    else:
        await alert_service.clear(Rule.NOBODY, period)


async def notify_send_times(alert_service: AlertService, period: str, users: int, notes: Mapping[str, int]) -> None:
    """Fire or clear the alert that `users` have no valid day, time or zone; `notes` counts by code (SPEC C3)."""
    if users:
        # All of them: an alert that is seen again keeps the labels that it is not given anew.
        labels = {note.value: str(notes.get(note, 0)) for note in sorted(INVALID)}
        await alert_service.fire([_about(Rule.SEND_TIMES, period, Severity.LOW, users, labels=labels)])
    else:
        await alert_service.clear(Rule.SEND_TIMES, period)


async def notify_left(alert_service: AlertService, period: str, plans_open: int, *, left: bool) -> None:
    """Fire or clear the alert that a period's cycle has ended, by hand or not, and `plans_open` are left."""
    if left:
        await alert_service.fire([_about(Rule.CYCLE_LEFT, period, Severity.CRITICAL, plans_open)])
    else:
        await alert_service.clear(Rule.CYCLE_LEFT, period)


async def notify_waves(alert_service: AlertService, period: str, waves: int, limit: int) -> None:
    """Fire the alert that a cycle has started more waves in an hour than it may, or clear it."""
    if waves:
        await alert_service.fire([_about(Rule.CYCLE_WAVES, period, Severity.HIGH, waves, limit)])
    else:
        await alert_service.clear(Rule.CYCLE_WAVES, period)


def _about(
    rule: Rule,
    period: str,
    severity: Severity,
    value: int,
    threshold: int = 0,
    *,
    labels: Mapping[str, str] = MappingProxyType({}),
) -> Condition:
    return Condition(
        rule=rule,
        group=rule,
        subject=period,
        severity=severity,
        labels={"period": period, **labels},
        evidence=Evidence(value=Decimal(value), threshold=Decimal(threshold)),
    )
