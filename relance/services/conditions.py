"""Every alert that the system raises about itself: its rule, how bad it is, and the figures that show it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from relance.contracts.cycle import CycleStatistics
from relance.contracts.names import CheckName
from relance.domain.alerts.condition import Condition
from relance.domain.alerts.model import Evidence, Rule
from relance.domain.cycle.error_gate import Trip
from relance.domain.failures import Severity
from relance.domain.health.status import Concern, ProbeRule, ProbeStatus
from relance.domain.invitations.reconciliation import ReconcilePolicy, Repair, repaired
from relance.domain.jobs.performance import Degradation
from relance.domain.jobs.repairs import Restarted, restarted
from relance.domain.jobs.run import JobRun
from relance.domain.reports.rules import (
    CheckRules,
    default_lp_window,
    paused_partner_windows,
)
from relance.domain.zones import Window

WATCHED = "users_watched"
SUBJECT = "follow-ups"
WORKFLOWS = "workflows"


def drift_detected(counts: Mapping[str, int], policy: ReconcilePolicy) -> Condition:
    """Return the condition that ledger and follow-ups differed: `value` were repaired, `current` cannot be."""
    return Condition(
        rule=Rule.RECONCILIATION,
        group=Rule.RECONCILIATION,
        subject=SUBJECT,
        severity=Severity.HIGH,
        labels={kind.value: str(counts.get(kind, 0)) for kind in Repair},
        evidence=Evidence(
            value=Decimal(repaired(counts)),
            threshold=Decimal(policy.alert_above),
            current=Decimal(counts.get(Repair.PLANS_STUCK, 0)),
        ),
    )


def workflows_restarted(counts: Mapping[str, int], policy: ReconcilePolicy) -> Condition:
    """Return the condition that many workflows had been ended by hand: `value` were started again."""
    return Condition(
        rule=Rule.RECONCILIATION,
        group=Rule.RECONCILIATION,
        subject=WORKFLOWS,
        severity=Severity.HIGH,
        labels={kind.value: str(counts.get(kind, 0)) for kind in Restarted},
        evidence=Evidence(value=Decimal(restarted(counts)), threshold=Decimal(policy.alert_above)),
    )


def cycle_stopped(period: str, trip: Trip) -> Condition:
    """Return the condition that a cycle was stopped by its errors."""
    return Condition(
        rule=Rule.CYCLE_STOPPED,
        group=Rule.CYCLE_STOPPED,
        subject=period,
        severity=Severity.CRITICAL,
        labels={"period": period, **({"fault": trip.fault} if trip.fault else {})},
        evidence=Evidence(value=Decimal(trip.failed), baseline=Decimal(trip.results)),
    )


EVERFLOW = "everflow"


def window_of_check(check: CheckName, nominal: datetime, zone: str) -> Window:
    """Return the days a check looks at as of a nominal time (SPEC W3)."""
    if check is CheckName.DEFAULT_LP:
        return default_lp_window(nominal, zone)
    return paused_partner_windows(nominal, zone).current


def without_data(check: CheckName, rules: CheckRules, nominal: datetime, reason: str) -> Condition:
    """Return the condition that a check has no data (SPEC W4)."""
    window = window_of_check(check, nominal, rules.zone)
    return Condition(
        rule=Rule.NO_DATA,
        group=Rule.NO_DATA,
        subject=check,
        severity=rules.no_data_severity,
        labels={"check": check, "reason": reason},
        evidence=Evidence(window=window),
        observation=window.last_day.isoformat(),
    )


def everflow_down(rules: CheckRules) -> Condition:
    """Return the condition that Everflow does not answer. While it is open, no other alert about Everflow is raised."""
    return Condition(
        rule=Rule.EVERFLOW_DOWN,
        group=Rule.EVERFLOW_DOWN,
        subject=EVERFLOW,
        severity=rules.no_data_severity,
        labels={},
        evidence=Evidence(),
    )


def imbalance(statistics: CycleStatistics, unsent: int = 0) -> Condition:
    """Return the condition that a cycle is not balanced: contacts not accounted for, or `unsent` users at its end."""
    accounted = statistics.eligible - statistics.balance
    return Condition(
        rule=Rule.CYCLE_IMBALANCE,
        group=Rule.CYCLE_IMBALANCE,
        subject=statistics.period,
        severity=Severity.CRITICAL,
        labels={"period": statistics.period, "plans_open": str(unsent)},
        evidence=Evidence(
            value=Decimal(abs(statistics.balance) + unsent),
            threshold=Decimal(0),
            baseline=Decimal(statistics.eligible),
            current=Decimal(accounted),
        ),
    )


def worsened(degradation: Degradation, run: JobRun, factor: float) -> Condition:
    """Return the condition that a figure of a job was clearly worse in a run; it names figure, baseline and factor."""
    return Condition(
        rule=Rule.PERFORMANCE,
        group=Rule.PERFORMANCE,
        subject=f"{degradation.job}.{degradation.figure}",
        severity=Severity.MEDIUM,
        labels={"job": degradation.job, "figure": degradation.figure, "unit": degradation.unit},
        evidence=Evidence(
            value=_rounded(degradation.factor),
            threshold=_rounded(factor),
            baseline=_rounded(degradation.baseline),
            current=_rounded(degradation.value),
        ),
        observation=run.nominal.isoformat(),
    )


def _rounded(value: float) -> Decimal:
    return Decimal(str(round(value, 1)))


def probe_unhealthy(standing: ProbeStatus, rule: ProbeRule) -> Condition:
    """Return the condition that a probe is unhealthy."""
    labels = {"detail": standing.detail, "unit": standing.unit, "trouble": standing.trouble or ""}
    value = Decimal(str(round(standing.value, 1))) if standing.value is not None else None
    return Condition(
        rule=rule.alert,
        group=rule.alert,
        subject=subject_of_probe(rule),
        severity=rule.severity,
        labels={name: str(text) for name, text in labels.items() if text},
        evidence=Evidence(
            value=None if standing.trouble else value,
            threshold=Decimal(str(rule.limit)) if rule.limit is not None else None,
        ),
    )


def probe_concern(standing: ProbeStatus, rule: ProbeRule, subject: str) -> Condition:
    """Return the condition that something is wrong with one subject of a probe, or that nobody can look."""
    concern = standing.concerns.get(subject, Concern(code=""))
    labels = {"detail": concern.code, "reason": concern.reason, "trouble": standing.trouble or ""}
    return Condition(
        rule=rule.alert,
        group=rule.alert,
        subject=subject,
        severity=rule.severity,
        labels={name: str(text) for name, text in labels.items()},
        evidence=Evidence(value=Decimal(concern.count) if concern.code else None),
    )


def subject_of_probe(rule: ProbeRule) -> str:
    """Return what an alert about a probe is about."""
    # The checks of the partner desk raise and clear the same alert.
    return EVERFLOW if rule.alert == Rule.EVERFLOW_DOWN else rule.probe


def job_missed(run: JobRun) -> Condition:
    """Return the condition that a job did not run, or failed."""
    reason = run.detail.get("reason")
    return Condition(
        rule=Rule.JOB_MISSED,
        group=Rule.JOB_MISSED,
        subject=run.job,
        severity=Severity.HIGH,
        labels={
            "name": run.job,
            "state": run.state,
            "nominal": f"{run.nominal:%Y-%m-%d %H:%M}",
            **({"reason": str(reason)} if reason else {}),
        },
        evidence=Evidence(),
    )
