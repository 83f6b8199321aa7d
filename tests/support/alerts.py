"""Alerts for the tests; every field may be given."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from relance.domain.alerts.model import AlertRecord, Evidence, Rule
from relance.domain.failures import Severity
from relance.domain.zones import window_of

FIRED_AT = datetime(2026, 3, 11, 8, 0, tzinfo=UTC)
YESTERDAY = window_of(date(2026, 3, 10), date(2026, 3, 10), "Europe/Amsterdam")


def an_alert(**fields: Any) -> AlertRecord:
    standard: dict[str, Any] = {
        "id": "default-lp/0.8.376@1",
        "key": "default-lp/0.8.376",
        "group": "default-lp",
        "rule": Rule.DEFAULT_LP,
        "subject": "0.8.376",
        "severity": Severity.HIGH,
        "labels": {
            "landing_page": "Default",
            "offer": "Summer Sale NL",
            "partner": "Partner Alpha",
            "match": "Default",
        },
        "evidence": Evidence(value=Decimal(63), threshold=Decimal(50), window=YESTERDAY),
        "fired_at": FIRED_AT,
        "updated_at": FIRED_AT,
    }
    return AlertRecord(**{**standard, **fields})
