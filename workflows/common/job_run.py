"""Runs a maintenance job: its work, then exactly one record for its nominal time (SPEC H3)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from workflows.common.nominal_time import nominal_time, punctuality
from workflows.common.options import LOOK_UP

with workflow.unsafe.imports_passed_through():
    from activities.statistics import Statistics
    from relance.contracts.cycle import JobRunInput
    from relance.contracts.jobs import JobInput, JobOutcome, JobRequest, JobResult
    from relance.contracts.names import JobName

NO_WORKER = "skipped(no worker in time)"
Work = Callable[[JobRequest], Awaitable[JobOutcome]]


async def run_job(job: JobName, request: JobInput, work: Work) -> JobResult:
    """Do a job's work for its nominal time and record how it ended; a dry run records nothing."""
    nominal = request.nominal or nominal_time()
    result = await _result(job, request, nominal, work)
    workflow.set_current_details(_details(result))
    if not request.dry_run:
        run = JobRunInput(
            job=job,
            nominal=nominal,
            state=result.state,
            at=workflow.now(),
            detail=result.counts | ({"reason": result.reason} if result.reason else {}),
            figures=result.figures,
        )
        await record_run(run, f"record the run of {nominal:%Y-%m-%d %H:%M} UTC: {result.state}")
    return result


async def record_run(run: JobRunInput, summary: str) -> None:
    """Record one run of a job; `summary` is for who reads Temporal Web."""
    await workflow.execute_activity_method(Statistics.record_job_run, run, summary=summary, **LOOK_UP)


async def _result(job: JobName, request: JobInput, nominal: datetime, work: Work) -> JobResult:
    begun = workflow.now()
    if begun - workflow.info().workflow_start_time > request.max_wait:
        return JobResult(job=job, nominal=nominal, state=NO_WORKER)
    state = punctuality(nominal, request.on_time)
    try:
        outcome = await work(JobRequest(nominal=nominal, dry_run=request.dry_run))
    except (ActivityError, ApplicationError) as error:
        return JobResult(job=job, nominal=nominal, state="failed", reason=_reason(error))
    took = (workflow.now() - begun).total_seconds()
    figures = {"duration_s": took, **outcome.figures}
    return JobResult(job=job, nominal=nominal, state=state, counts=outcome.counts, figures=figures)


def _reason(error: ActivityError | ApplicationError) -> str:
    cause = error.__cause__ if isinstance(error, ActivityError) else error
    return (isinstance(cause, ApplicationError) and cause.type) or type(cause).__name__


def _details(result: JobResult) -> str:
    counts = ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in result.counts.items())
    return f"**{result.state}** {result.reason or counts}"
