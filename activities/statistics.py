"""The balance of a cycle, and the records of job runs (SPEC C13, H3)."""

from __future__ import annotations

from dataclasses import dataclass

from temporalio import activity

from activities.failures import translated
from relance.alerting import AlertDesk
from relance.balance import balance_period, final_statistics, imbalance
from relance.contracts.cycle import CycleStatistics, JobRunInput, StatisticsInput
from relance.cycle_alerts import notify_unreadable
from relance.domain.alerts.model import Rule
from relance.domain.job_run import JobRun
from relance.ports import JobRuns, Ledger, Meter, Plans


@dataclass(frozen=True, slots=True)
class Statistics:
    """Sum up and record; an account that does not add up is an alert."""

    ledger: Ledger
    plans: Plans
    job_runs: JobRuns
    desk: AlertDesk
    meter: Meter

    @activity.defn
    async def balance(self, request: StatisticsInput) -> CycleStatistics:
        """Balance the period's ledger, store the report and return it."""
        with translated():
            await self.plans.end_unreadable(request.period, request.at)
            balanced = await balance_period(self.ledger, self.plans, request.period, request.progress)
            statistics = await final_statistics(balanced, request.at, self.job_runs)
            await self.job_runs.store_statistics(statistics, request.at)
            await self._notify(statistics, statistics.plans_open if request.last else 0)
        return statistics

    async def _notify(self, statistics: CycleStatistics, unsent: int) -> None:
        if statistics.balance or unsent:
            await self.desk.fire([imbalance(statistics, unsent)])
        else:
            await self.desk.clear(Rule.CYCLE_IMBALANCE, statistics.period)
        await notify_unreadable(self.desk, statistics.period, statistics.plans_unreadable)

    @activity.defn
    async def record_job_run(self, request: JobRunInput) -> bool:
        """Record one run for one nominal time; return False if there was a record."""
        detail = {"period": request.period, **request.detail} if request.period else request.detail
        run = JobRun(
            job=request.job,
            nominal=request.nominal,
            state=request.state,
            at=request.at,
            detail=detail,
            figures=request.figures,
        )
        with translated():
            recorded = await self.job_runs.record(run)
        if recorded:
            self.meter.job_run(run.job, run.state, run.figures.get("duration_s"))
        return recorded
