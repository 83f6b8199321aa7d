"""The balance of a cycle, and the records of job runs (SPEC C13, H3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from temporalio import activity

from activities import attempt
from activities.errors import translated
from relance.contracts.cycle import CycleStatistics, JobRunInput, StatisticsInput
from relance.domain.alerts.model import Rule
from relance.domain.cycle.balance import CountedOutcomes
from relance.domain.invitations.unsent import Nobody
from relance.domain.jobs.run import JobRun
from relance.errors import DependencyUnavailable
from relance.ports import JobRuns, Ledger, Meter, Plans, Quarantine
from relance.services.alerts import AlertService
from relance.services.conditions import imbalance
from relance.services.cycle_alerts import notify_nobody, notify_too_late, notify_unreadable
from relance.services.cycle_statistics import balance_period, final_statistics, nobody

COUNT_AGAIN = timedelta(hours=1)
"""How old the stored balance of a cycle that only waits for other tries may become."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """Computes and stores the balance; a balance that does not add up raises an alert."""

    ledger: Ledger
    plans: Plans
    job_runs: JobRuns
    alert_service: AlertService
    meter: Meter
    quarantine: Quarantine

    @activity.defn
    async def balance(self, request: StatisticsInput) -> CycleStatistics:
        """Balance the period's ledger, store the report and return it.

        After a crash the next attempt goes on counting from the heartbeat; what came after it is counted again.
        """
        known = activity.info().heartbeat_details
        counted = CountedOutcomes.restored(*known[0]) if known else CountedOutcomes()
        with translated():
            async with attempt.heartbeating(counted.state):
                waiting = await self._still_waiting(request)
                if waiting is not None:
                    return waiting
                await self.plans.end_unreadable(request.period, request.at)
                balanced = await balance_period(self.ledger, self.plans, request.period, request.progress, counted)
                statistics = await final_statistics(balanced, request.at, self.job_runs, self.quarantine)
                await self.job_runs.store_statistics(statistics, request.at)
                await self._notify(statistics, statistics.plans_open if request.last else 0)
        return statistics

    async def _notify(self, statistics: CycleStatistics, unsent: int) -> None:
        if statistics.balance or unsent:
            await self.alert_service.fire([imbalance(statistics, unsent)])
        else:
            await self.alert_service.clear(Rule.CYCLE_IMBALANCE, statistics.period)
        await notify_unreadable(self.alert_service, statistics.period, statistics.plans_unreadable)
        await notify_too_late(self.alert_service, statistics.period, *await self.plans.too_late(statistics.period))
        lost = nobody(statistics) is Nobody.LOST
        await notify_nobody(self.alert_service, statistics.period, statistics.eligible if lost else 0)

    async def _still_waiting(self, request: StatisticsInput) -> CycleStatistics | None:
        """Return the last count with what still waits, without counting millions again; None if that would not do.

        A cycle that settles looks every few minutes for two days, and mails that wait for another try are in an index.
        The answer says that it is `interim`; a caller that gives up waiting asks once more for all of it.
        """
        waiting = await self._put_off(request.period) if request.interim else 0
        if not waiting or await self.plans.open_count(request.period):
            return None
        stored = await self.job_runs.statistics(request.period)
        if stored is None or stored.at is None or not timedelta(0) <= request.at - stored.at < COUNT_AGAIN:
            return None
        if not stored.open or stored.plans_open or stored.balance:
            return None
        return stored.model_copy(update={"open": waiting, "progress": request.progress, "interim": True})

    async def _put_off(self, period: str) -> int:
        try:
            return await self.ledger.put_off(period)
        except DependencyUnavailable:
            # Before `bootstrap` has built its index this is one long command; the count by ranges answers anyway.
            return 0

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
