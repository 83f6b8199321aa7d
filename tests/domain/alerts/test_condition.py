from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from relance.domain.alerts.condition import Condition, condition_of_finding
from relance.domain.alerts.lifecycle import Firing
from relance.domain.alerts.model import AlertEvent, AlertState, Rule
from relance.domain.failures import Severity
from relance.domain.reports.rules import Finding, paused_partner_windows
from tests.support.alerts import FIRED_AT

WINDOWS = paused_partner_windows(FIRED_AT, "Europe/Amsterdam")


def seen(drop: str = "75", label: str = "Alpha", severity: Severity = Severity.HIGH) -> Condition:
    finding = Finding("376", {"partner": label}, Decimal(drop), Decimal(50), Decimal(400), Decimal(100))
    return condition_of_finding(
        finding,
        rule=Rule.PAUSED_PARTNER,
        severity=severity,
        currency="EUR",
        window=WINDOWS.current,
        baseline_window=WINDOWS.previous,
        account_status="active",
        observation="2026-03-11T07:00:00Z",
    )


def test_a_finding_becomes_an_open_alert_with_all_its_evidence() -> None:
    alert = seen().opened("id", "paused-partner/376", FIRED_AT)
    assert (alert.id, alert.key, alert.group, alert.state) == (
        "id",
        "paused-partner/376",
        "paused-partner",
        AlertState.FIRING,
    )
    assert alert.labels == {"partner": "Alpha", "account_status": "active"}
    assert (alert.evidence.window, alert.evidence.baseline_window) == (WINDOWS.current, WINDOWS.previous)
    assert (alert.evidence.value, alert.evidence.baseline, alert.evidence.current) == (75, 400, 100)  # type: ignore[comparison-overlap]
    assert [entry.event for entry in alert.history] == [AlertEvent.OPENED]


def test_the_group_hears_key_severity_and_value_only() -> None:
    assert seen().firing("paused-partner/376") == Firing("paused-partner/376", Severity.HIGH, Decimal(75))


def test_seen_again_keeps_when_it_opened_and_takes_the_newest_evidence() -> None:
    alert = seen().opened("id", "k", FIRED_AT).model_copy(update={"state": AlertState.ACKNOWLEDGED})
    again = seen("90", "Alpha Media").seen_again(alert)
    assert (again.fired_at, again.state, again.evidence.value) == (FIRED_AT, AlertState.ACKNOWLEDGED, Decimal(90))
    assert again.labels["partner"] == "Alpha Media"
    assert again.updated_at < FIRED_AT + timedelta(1)


def test_the_severity_of_an_open_alert_only_rises() -> None:
    alert = seen().opened("id", "k", FIRED_AT)
    assert seen(severity=Severity.CRITICAL).seen_again(alert).severity is Severity.CRITICAL
    assert seen(severity=Severity.LOW).seen_again(alert).severity is Severity.HIGH
