"""Conditions: what a rule found, with all that the stored alert and the signal to its group need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from relance.domain.alerts.lifecycle import Firing
from relance.domain.alerts.model import AlertEvent, AlertRecord, Evidence, HistoryEntry
from relance.domain.failures import Severity
from relance.domain.reports.rules import Finding
from relance.domain.zones import Window


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition that a check run saw, with its evidence."""

    rule: str
    group: str
    subject: str
    severity: Severity
    labels: Mapping[str, str]
    evidence: Evidence
    observation: str = ""

    def firing(self, key: str) -> Firing:
        """Return what the group's workflow needs to know."""
        return Firing(key, self.severity, self.evidence.value)

    def opened(self, alert_id: str, key: str, at: datetime) -> AlertRecord:
        """Return the alert that opens with this."""
        return AlertRecord(
            id=alert_id,
            key=key,
            group=self.group,
            rule=self.rule,
            subject=self.subject,
            severity=self.severity,
            labels=dict(self.labels),
            evidence=self.evidence,
            observation=self.observation,
            fired_at=at,
            updated_at=at,
            history=(HistoryEntry(at=at, event=AlertEvent.OPENED),),
        )

    def seen_again(self, alert: AlertRecord) -> AlertRecord:
        """Return an open alert with the newest evidence; its severity never falls while it is open."""
        ranks = list(Severity)
        return alert.model_copy(
            update={
                "labels": {**alert.labels, **self.labels},
                "evidence": self.evidence,
                "observation": self.observation,
                "severity": min(alert.severity, self.severity, key=ranks.index),
            }
        )


def condition_of_finding(
    finding: Finding,
    *,
    rule: str,
    severity: Severity,
    currency: str,
    window: Window,
    baseline_window: Window | None = None,
    account_status: str | None = None,
    observation: str = "",
) -> Condition:
    """Return a finding of a report rule as a condition; all findings of a rule share one group."""
    extra = {"account_status": account_status} if account_status else {}
    return Condition(
        rule=rule,
        group=rule,
        subject=finding.subject,
        severity=severity,
        labels={**finding.labels, **extra},
        evidence=Evidence(
            value=finding.value,
            threshold=finding.threshold,
            baseline=finding.baseline,
            current=finding.current,
            currency=currency,
            window=window,
            baseline_window=baseline_window,
        ),
        observation=observation,
    )
