"""The balance of a cycle, and the records of job runs (SPEC C13, H3)."""

from __future__ import annotations

from dataclasses import dataclass

from temporalio import activity

from activities.failures import translated
from relance.balance import balance_period
from relance.contracts.cycle import CycleStatistics, JobRunInput, StatisticsInput
from relance.ports import JobRuns, Ledger, Plans


@dataclass(frozen=True, slots=True)
class Statistics:
    """Sum up and record; needs `Ledger`, `Plans` and `JobRuns`."""

    ledger: Ledger
    plans: Plans
    job_runs: JobRuns

    @activity.defn
    async def balance(self, request: StatisticsInput) -> CycleStatistics:
        """Balance the period's ledger, store the report and return it."""
        with translated():
            statistics = await balance_period(self.ledger, self.plans, request.period, request.progress)
            await self.job_runs.store_statistics(statistics, request.at)
        return statistics

    @activity.defn
    async def record_job_run(self, request: JobRunInput) -> bool:
        """Record one run for one nominal time; return False if there was a record."""
        detail = {"period": request.period, **request.detail} if request.period else request.detail
        with translated():
            return await self.job_runs.record(request.job, request.nominal, request.state, request.at, detail)
