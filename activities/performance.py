"""The performance watch: the newest run of each job against the ones before it (SPEC H5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from temporalio import activity

from activities.errors import translated
from relance.contracts.jobs import JobOutcome, JobRequest
from relance.domain.alerts.model import AlertRecord, Rule
from relance.domain.jobs.performance import PerformancePolicy, degradations
from relance.domain.jobs.run import DONE, JobRun
from relance.ids import alert_key
from relance.ports import Clock, JobRuns
from relance.services.alerts import AlertService
from relance.services.conditions import worsened
from relance.services.cycle_statistics import run_of_cycle

MONTHS = 13


@dataclass(frozen=True, slots=True)
class PerformanceWatch:
    """Compares the runs; a run that was compared before raises no second alert."""

    jobs: Sequence[str]
    job_runs: JobRuns
    alert_service: AlertService
    policy: PerformancePolicy
    clock: Clock

    @activity.defn
    async def watch_performance(self, request: JobRequest) -> JobOutcome:
        """Return how many jobs were compared and how many figures were clearly worse; a dry run notifies nobody."""
        compared = worse = 0
        with translated():
            known = {alert.key: alert for alert in await self.alert_service.alerts.open(Rule.PERFORMANCE)}
            for runs in [*[await self._runs(job) for job in self.jobs], await self._cycles()]:
                done = [run for run in runs if run.state in DONE and run.figures]
                if not done:
                    continue
                compared += 1
                worse += await self._compare(done[0], done[1:], known, dry_run=request.dry_run)
        return JobOutcome(counts={"compared": compared, "worse": worse})

    async def _compare(
        self, run: JobRun, earlier: Sequence[JobRun], known: dict[str, AlertRecord], *, dry_run: bool
    ) -> int:
        found = degradations(run, earlier, self.policy)
        if dry_run:
            return len(found)
        conditions = {
            alert_key(Rule.PERFORMANCE, condition.subject): condition
            for condition in (worsened(each, run, self.policy.factor) for each in found)
        }
        # What is open and as old as this run was raised by it.
        news = [
            condition
            for key, condition in conditions.items()
            if key not in known or known[key].observation < condition.observation
        ]
        if news:
            await self.alert_service.fire(news)
        for key, alert in known.items():
            if alert.labels.get("job") == run.job and key not in conditions:
                await self.alert_service.clear(Rule.PERFORMANCE, alert.subject, run.nominal.isoformat())
        return len(found)

    async def _runs(self, job: str) -> list[JobRun]:
        return await self.job_runs.runs(job=job, limit=2 * self.policy.runs + 1)

    async def _cycles(self) -> list[JobRun]:
        now = self.clock.now()
        # The cycle of a month may be over before the month begins, where it begins first.
        months = [now.year * 12 + now.month - back for back in range(MONTHS)]
        periods = [f"{month // 12:04}-{month % 12 + 1:02}" for month in months]
        reports = [await self.job_runs.statistics(period) for period in periods]
        return [run for report in reports if report is not None and (run := run_of_cycle(report)) is not None]
