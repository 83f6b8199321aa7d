"""The health check: every five minutes it runs all probes and audits the jobs (SPEC H2, H3, H5)."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, WorkflowAlreadyStartedError
from temporalio.workflow import ParentClosePolicy

from workflows.common.job_run import run_job
from workflows.common.options import LOOK, LOOK_UP, SOON
from workflows.database_outage import DatabaseOutage

with workflow.unsafe.imports_passed_through():
    from activities.health import HealthRounds
    from activities.job_audit import JobAudit
    from activities.outages import Outages
    from activities.performance import PerformanceWatch
    from relance import ids
    from relance.contracts.health import HealthVerdict, OutageInput, Round
    from relance.contracts.jobs import JobInput, JobOutcome, JobRequest, JobResult
    from relance.contracts.names import JobName
    from relance.domain.health.probes import ProbeName
    from relance.domain.jobs.performance import FIGURE_OF_PROBE

MOST_ROUNDS = 12
"""What has not settled by then is looked at by the next run."""
LOST = JobOutcome(counts={"database_lost": 1})


@workflow.defn
class HealthCheck:
    """Run the probes, judge them, and run them again while a state is changing; id `health-<nominal time>`."""

    @workflow.init
    def __init__(self, _request: JobInput) -> None:
        self._pause: timedelta | None = None
        self._is_pausing = False

    @workflow.run
    async def run(self, request: JobInput) -> JobResult:
        """Return how many probes are in each state, what the audit recorded, and what was measured."""
        job = asyncio.create_task(run_job(JobName.HEALTH, request, self._check))
        await workflow.wait_condition(lambda: self._pause is not None or job.done())
        while not job.done():
            await workflow.wait([job], timeout=(self._pause or timedelta(0)).total_seconds())
            # MongoDB may go away in the middle: then this run hangs, and no other begins before it is over.
            if not job.done() and not self._is_pausing and not request.dry_run:
                await self._look_after_database()
        return await job

    async def _look_after_database(self) -> None:
        found = await workflow.execute_activity_method(
            Outages.look_at_database, summary="is MongoDB why this run is not over?", **LOOK
        )
        if found.lost:
            await self._hold_outage()

    async def _check(self, request: JobRequest) -> JobOutcome:
        first = await self._look()
        if request.dry_run:
            return JobOutcome(counts={"looks": len(first.looks)}, figures=_figures(first))
        verdict = await self._judge(first)
        if verdict is None:
            return LOST
        audit = await workflow.execute_activity_method(
            JobAudit.audit, request, summary="is there a record for every nominal time?", **LOOK_UP
        )
        watch = await workflow.execute_activity_method(
            PerformanceWatch.watch_performance, request, summary="was any job clearly worse than usual?", **LOOK_UP
        )
        verdict = await self._until_settled(verdict)
        jobs = {f"jobs_{name}": count for name, count in (audit.counts | watch.counts).items()}
        return JobOutcome(counts={**verdict.counts, **jobs}, figures=_figures(first))

    async def _look(self) -> Round:
        found = await workflow.execute_activity_method(
            HealthRounds.look_at_everything, summary="look at everything", **LOOK
        )
        self._pause = found.again
        return found

    async def _judge(self, round_: Round) -> HealthVerdict | None:
        """Return the judgement; None if nothing can be stored: people are then notified without MongoDB."""
        if not round_.database_lost:
            try:
                return await workflow.execute_activity_method(
                    HealthRounds.judge, round_, summary="judge, and tell of what changed", **SOON
                )
            except ActivityError:
                workflow.logger.warning("the looks could not be judged; MongoDB may be away")
        await self._hold_outage()
        return None

    async def _hold_outage(self) -> None:
        try:
            await workflow.start_child_workflow(
                DatabaseOutage.run,
                OutageInput(begun=workflow.now(), bad=1),
                id=ids.outage_workflow_id(ProbeName.MONGODB),
                parent_close_policy=ParentClosePolicy.ABANDON,
                static_summary="Holds an outage of MongoDB until it is over",
            )
        except WorkflowAlreadyStartedError:
            workflow.logger.info("the outage is known")

    async def _until_settled(self, verdict: HealthVerdict) -> HealthVerdict:
        changes = {name: verdict.counts.get(name, 0) for name in ("fired", "over")}
        for _ in range(MOST_ROUNDS):
            if verdict.again is None:
                break
            self._is_pausing = True
            await asyncio.sleep(verdict.again.total_seconds())
            self._is_pausing = False
            later = await self._judge(await self._look())
            if later is None:
                break
            verdict = later
            changes = {name: count + verdict.counts.get(name, 0) for name, count in changes.items()}
        return verdict.model_copy(update={"counts": verdict.counts | changes})


def _figures(round_: Round) -> dict[str, float]:
    measured = {
        FIGURE_OF_PROBE[look.probe]: look.value
        for look in round_.looks
        if look.probe in FIGURE_OF_PROBE and look.value is not None
    }
    # How long the run takes beyond the looks depends on what it finds.
    return {**measured, "duration_s": round_.took.total_seconds()}
