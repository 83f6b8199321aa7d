"""The balance of a period, counted from the ledger: for the cycle at its end, for the CLI at any time (SPEC C13)."""

from __future__ import annotations

from datetime import UTC, datetime

from relance.contracts.cycle import CycleProgress, CycleStatistics
from relance.domain.cycle.balance import CountedOutcomes, sum_up
from relance.domain.cycle.report import FAILED, SKIPPED, CycleFigures, measured
from relance.domain.cycle.send_times import period_before
from relance.domain.invitations.eligibility import Refusal
from relance.domain.invitations.invitation import InvitationStatus
from relance.domain.invitations.unsent import Nobody, written_to_nobody
from relance.domain.jobs.run import RAN, JobRun
from relance.ports import JobRuns, Ledger, Plans, Quarantine


async def balance_period(
    ledger: Ledger,
    plans: Plans,
    period: str,
    progress: CycleProgress | None = None,
    counted: CountedOutcomes | None = None,
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


def report_of(statistics: CycleStatistics) -> CycleFigures:
    """Return the figures of a cycle's report."""
    return CycleFigures(
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


CYCLE = "cycle"


def run_of_cycle(statistics: CycleStatistics) -> JobRun | None:
    """Return a cycle's report as the run of a job, with the figures that are watched; None if it measured nothing."""
    progress = statistics.progress
    sending = progress.sending_time.total_seconds() if progress else 0.0
    if progress is None or not sending:
        return None
    tried = statistics.sent + sum(statistics.failed.values()) + statistics.uncertain
    year, month = statistics.period.split("-")
    nominal = datetime(int(year), int(month), 1, tzinfo=UTC)
    return JobRun(
        job=CYCLE,
        nominal=nominal,
        state=RAN,
        at=nominal,
        figures={
            "duration_s": sending,
            "rate": statistics.sent / sending,
            "rss_mb": progress.rss_peak_mb,
            **({"success_rate": statistics.sent / tried} if tried else {}),
        },
    )
