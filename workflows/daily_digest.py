"""The daily digest (SPEC A2)."""

from __future__ import annotations

from temporalio import workflow

from workflows.common.job_run import run_job
from workflows.common.report_delivery import report

with workflow.unsafe.imports_passed_through():
    from relance.contracts.jobs import JobInput, JobOutcome, JobRequest, JobResult
    from relance.contracts.names import JobName


@workflow.defn
class DailyDigest:
    """Post the figures of the day; id `digest-<nominal time>`."""

    @workflow.run
    async def run(self, request: JobInput) -> JobResult:
        """Return the counts of the report, and how many channels have it."""
        return await run_job(JobName.DIGEST, request, self._notify)

    async def _notify(self, request: JobRequest) -> JobOutcome:
        return await report(JobName.DIGEST, request)
