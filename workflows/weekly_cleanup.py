"""The weekly cleanup (SPEC H1)."""

from __future__ import annotations

from temporalio import workflow

from workflows.common.job_run import run_job
from workflows.common.options import SWEEP

with workflow.unsafe.imports_passed_through():
    from activities.cleanup import Cleanup
    from relance.contracts.jobs import Ended, EndedInput, JobInput, JobOutcome, JobRequest, JobResult, SweepInput
    from relance.contracts.names import JobName
    from relance.domain.jobs.retention import EXPIRED, RetentionStage, Sweep


@workflow.defn
class WeeklyCleanup:
    """Expire, delete, anonymise; id `cleanup-<nominal time>`."""

    @workflow.run
    async def run(self, request: JobInput) -> JobResult:
        """Return how much expired, went and lost its names, by code; a dry run counts the same and writes nothing."""
        return await run_job(JobName.CLEANUP, request, self._clean)

    async def _clean(self, request: JobRequest) -> JobOutcome:
        expired = await workflow.execute_activity_method(
            Cleanup.expire, request, summary="expire what is overdue", **SWEEP
        )
        ended = await workflow.execute_activity_method(
            Cleanup.ended,
            EndedInput(nominal=request.nominal, busy=expired.busy),
            summary="choose the periods that are at rest",
            **SWEEP,
        )
        swept = {sweep.value: await self._sweep(sweep, request, ended) for sweep in Sweep}
        return JobOutcome(counts={EXPIRED: expired.expired, **swept, **ended.held})

    async def _sweep(self, sweep: Sweep, request: JobRequest, ended: Ended) -> int:
        periods = (
            {RetentionStage.DELETED: ended.delete, RetentionStage.ANONYMOUS: ended.anonymise}[sweep.stage]
            if sweep.stage
            else ()
        )
        if sweep.stage is not None and not periods:
            return 0
        return await workflow.execute_activity_method(
            Cleanup.sweep,
            SweepInput(sweep=sweep, nominal=request.nominal, dry_run=request.dry_run, periods=periods),
            summary=sweep.value.replace("_", " ") + (f": {', '.join(periods)}" if periods else ""),
            **SWEEP,
        )
