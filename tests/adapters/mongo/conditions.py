"""Conditions that check runs see, and what happens to their alerts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from relance.domain.alerts.condition import Condition
from relance.domain.alerts.model import AlertEvent, Evidence, HistoryEntry
from relance.domain.failures import Severity
from relance.ids import alert_key
from tests.support.alerts import YESTERDAY

AT = datetime(2026, 3, 11, 8, 0, tzinfo=UTC)
MONDAY, TUESDAY, WEDNESDAY = "2026-03-09", "2026-03-10", "2026-03-11"


def later(**duration: float) -> datetime:
    return AT + timedelta(**duration)


def seen(
    subject: str = "0.8.376",
    observation: str = TUESDAY,
    *,
    clicks: int = 63,
    severity: Severity = Severity.HIGH,
    rule: str = "default-lp",
) -> tuple[str, Condition]:
    """Return a key and the sighting of it."""
    sighting = Condition(
        rule=rule,
        group=rule,
        subject=subject,
        severity=severity,
        labels={"partner": f"Partner {subject}"},
        evidence=Evidence(value=Decimal(clicks), threshold=Decimal(50), window=YESTERDAY),
        observation=observation,
    )
    return alert_key(rule, subject), sighting


def entry(event: AlertEvent, at: datetime, detail: str | None = None, by: str | None = None) -> HistoryEntry:
    return HistoryEntry(at=at, event=event, detail=detail, by=by)
