"""The maintenance jobs: what they are started with, by their Schedules and by hand (SPEC section 7)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from temporalio.client import Client, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from relance import ids
from relance.contracts.jobs import JobInput, JobResult
from relance.contracts.names import JobName, TaskQueue, Workflow
from relance.settings.jobs import Jobs

RPC_TIMEOUT = timedelta(seconds=10)
SHORTEST_TIMEOUT = timedelta(minutes=15)

WORKFLOWS: Mapping[JobName, Workflow] = {
    JobName.CLEANUP: Workflow.CLEANUP,
    JobName.HEALTH: Workflow.HEALTH,
    JobName.RECONCILE: Workflow.RECONCILE,
    JobName.DIGEST: Workflow.DIGEST,
    JobName.NOISE: Workflow.NOISE,
}
SUMMARIES: Mapping[JobName, str] = {
    JobName.CLEANUP: "Expires, deletes and anonymises what is past its time",
    JobName.HEALTH: "Looks at everything we depend on, and at the jobs themselves",
    JobName.RECONCILE: "Compares follow-ups with the ledger",
    JobName.DIGEST: "Tells of the low alerts of the day",
    JobName.NOISE: "Tells which alerts were only noise",
}
_PREFIXES: Mapping[JobName, str] = {
    JobName.CLEANUP: "cleanup",
    JobName.HEALTH: "health",
    JobName.RECONCILE: "reconcile",
    JobName.DIGEST: "digest",
    JobName.NOISE: "noise_report",
}
"""What the settings of a job begin with."""


def cron_of(job: JobName, settings: Jobs) -> str:
    """Return the cron expression of a job."""
    return str(getattr(settings, f"{_PREFIXES[job]}_cron"))


def catchup_of(job: JobName, settings: Jobs) -> timedelta:
    """Return how late a missed run of a job is made up for."""
    found: timedelta = getattr(settings, f"{_PREFIXES[job]}_catchup")
    return found


def timeout_of(job: JobName, settings: Jobs) -> timedelta:
    """Return after which time a run that hangs is ended, so that it does not keep the next one from running.

    Longer than a run may wait for a worker: one that found none in time records that itself.
    """
    return max(SHORTEST_TIMEOUT, 2 * catchup_of(job, settings))


def job_input(job: JobName, settings: Jobs, nominal: datetime | None = None, *, dry_run: bool = False) -> JobInput:
    """Return what a job is started with; without a nominal time its Schedule's counts."""
    return JobInput(nominal=nominal, max_wait=catchup_of(job, settings), dry_run=dry_run)


async def start_job(
    client: Client, job: JobName, settings: Jobs, nominal: datetime, *, dry_run: bool = False
) -> WorkflowHandle[Any, JobResult]:
    """Start a job for a nominal time; while a run for it goes on, the Schedule's too, that is the one returned."""
    name = ids.dry_run_workflow_id if dry_run else ids.scheduled_workflow_id
    what = "dry run" if dry_run else "by hand"
    return await client.start_workflow(
        WORKFLOWS[job],
        job_input(job, settings, nominal, dry_run=dry_run),
        id=name(job, nominal),
        task_queue=TaskQueue.OPS,
        result_type=JobResult,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        execution_timeout=timeout_of(job, settings),
        static_summary=f"{SUMMARIES[job]}, {what}, for {nominal:%Y-%m-%d %H:%M:%S} UTC",
        rpc_timeout=RPC_TIMEOUT,
    )
