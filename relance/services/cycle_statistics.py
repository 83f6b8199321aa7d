"""The balance of a period, drawn from the ledger: by the cycle at its end, by the CLI at any time (SPEC C13)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from relance.contracts.cycle import CycleProgress, CycleStatistics
from relance.domain.alerts.model import Evidence, Rule
from relance.domain.alerts.opening import Sighting
from relance.domain.cycle_report import FAILED, SKIPPED, CycleReport, measured
from relance.domain.eligibility import Refusal
from relance.domain.failures import Severity
from relance.domain.invitation import InvitationStatus
from relance.domain.ledger import Counted, sum_up
from relance.domain.send_times import period_before
from relance.domain.unsent import Nobody, written_to_nobody
from relance.ports import JobRuns, Ledger, Plans, Quarantine


async def balance_period(
    ledger: Ledger,
    plans: Plans,
    period: str,
    progress: CycleProgress | None = None,
    counted: Counted | None = None,
) -> CycleStatistics:
    """Return the period's balance; `eligible` comes from the plans, the outcomes from the ledger.

    Contacts beyond a user's first have no entries: the plans say how many they are.

    What is in `counted` is not counted again.
    """
    beyond = {"status": InvitationStatus.SKIPPED, "reason": Refusal.CONTACT_LIMIT, "sent": False}
    rows = [*await ledger.outcomes(period, counted), {**beyond, "count": await plans.beyond(period)}]
    balance = sum_up((row for row in rows if row["count"]), eligible=await plans.expected(period))
    return CycleStatistics(
        period=period,
        eligible=balance.eligible,
        sent=balance.sent,
        cancelled=balance.cancelled,
        skipped=dict(balance.skipped),
        failed=dict(balance.failed),
        uncertain=balance.uncertain,
        open=balance.open,
        balance=balance.balance,
        plans_open=await plans.open_count(period),
        plans_unreadable=await plans.unreadable_count(period),
        users_too_late=(await plans.too_late(period))[0],
        progress=progress,
    )


async def final_statistics(
    balanced: CycleStatistics, at: datetime, job_runs: JobRuns, quarantine: Quarantine
) -> CycleStatistics:
    """Return a balance with what the cycle measured and could not read, and with the figures of the month before."""
    progress, earlier = balanced.progress, await job_runs.statistics(period_before(balanced.period))
    figures = (
        measured(
            sent=balanced.sent,
            failed=sum(balanced.failed.values()),
            uncertain=balanced.uncertain,
            began=progress.started_at,
            ended=at,
            handed_over=progress.counts.sent,
            sending=progress.sending_time,
            slowest_batch=progress.slowest_batch,
            rss_peak_mb=progress.rss_peak_mb,
        )
        if progress is not None
        else {}
    )
    return balanced.model_copy(
        update={
            "at": at,
            "figures": figures,
            "before_period": earlier.period if earlier else None,
            "before": all_figures(earlier) if earlier else {},
            "documents_unreadable": await quarantine.of_period(balanced.period),
        }
    )


def all_figures(statistics: CycleStatistics) -> dict[str, float]:
    """Return the figures of a cycle by name: outcomes as counts, then what was measured."""
    return {
        "eligible": statistics.eligible,
        "sent": statistics.sent,
        **{f"{SKIPPED}{reason}": count for reason, count in sorted(statistics.skipped.items())},
        **{f"{FAILED}{class_}": count for class_, count in sorted(statistics.failed.items())},
        "uncertain": statistics.uncertain,
        "cancelled": statistics.cancelled,
        **statistics.figures,
    }


def report_of(statistics: CycleStatistics) -> CycleReport:
    """Return what is told of a cycle."""
    return CycleReport(
        period=statistics.period,
        now=all_figures(statistics),
        before_period=statistics.before_period,
        before=statistics.before,
        unaccounted=statistics.balance,
        open=statistics.open,
        plans_open=statistics.plans_open,
        plans_unreadable=statistics.plans_unreadable,
        documents_unreadable=statistics.documents_unreadable,
        users_too_late=statistics.users_too_late,
        nobody=nobody(statistics),
    )


def nobody(statistics: CycleStatistics) -> Nobody:
    """Return whether a cycle has written to nobody, and whether that is a loss."""
    return written_to_nobody(
        eligible=statistics.eligible,
        sent=statistics.sent,
        undecided=statistics.uncertain + statistics.open + statistics.plans_open,
        cancelled=statistics.cancelled,
        failed=sum(statistics.failed.values()),
        skipped=statistics.skipped,
    )


def imbalance(statistics: CycleStatistics, unsent: int = 0) -> Sighting:
    """Return the sighting that a cycle is not balanced: contacts not accounted for, or `unsent` users at its end."""
    accounted = statistics.eligible - statistics.balance
    return Sighting(
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
